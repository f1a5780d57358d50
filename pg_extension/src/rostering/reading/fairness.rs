//! What is shared out evenly: nights, weekends, hours.

use rota_engine::rostering::{Counted, Fairness, Share};

use super::Draft;
use super::bounds::value;
use super::sums::{counted, days};
use super::weights::read_weight;
use crate::error::ExtensionError;
use crate::rostering::field::Object;

const MEMBERS: [&str; 9] =
    ["counted", "kind", "from_date", "to_date", "unit", "weight", "people", "team", "shares"];

/// Minutes that are one unit of distance where a document names none: a duty.
const USUAL_MINUTES: i64 = 480;

/// Reads `fairness` of a problem. Who shares: those of `shares`, each with a target; else `people`, else those of
/// `team`, else everybody, in proportion to their contracts.
pub(super) fn read(draft: &mut Draft, problem: &Object<'_>) -> Result<(), ExtensionError> {
    for field in problem.list("fairness")? {
        let object = field.object(&MEMBERS)?;
        let counted = counted(draft, &object)?;
        let days = days(draft, &object)?;
        let usual = if counted == Counted::Minutes { USUAL_MINUTES } else { 1 };
        let unit = object.find("unit").map_or(Ok(usual), |field| value(&field))?;
        if unit == 0 {
            return Err(object.need("unit")?.unfit("at least 1"));
        }
        let weight = read_weight(&object.need("weight")?)?;
        let given = given_shares(draft, &object)?;
        let mut fairness = Fairness { counted, days, unit, weight, shares: Vec::new() };
        fairness.shares = match given {
            Some(shares) => shares,
            None => by_contract(draft, &fairness, &people(draft, &object)?),
        };
        draft.problem.fairness.push(fairness);
    }
    Ok(())
}

fn given_shares(draft: &Draft, object: &Object<'_>) -> Result<Option<Vec<Share>>, ExtensionError> {
    let Some(list) = object.find("shares") else { return Ok(None) };
    let mut shares: Vec<Share> = Vec::new();
    for field in list.list()? {
        let share = field.object(&["person", "target"])?;
        let person = share.need("person")?;
        let number = draft.person(&person)?;
        if shares.iter().any(|other| other.person == number) {
            return Err(person.unfit("somebody who has no share yet"));
        }
        shares.push(Share { person: number, target: value(&share.need("target")?)? });
    }
    Ok(Some(shares))
}

fn people(draft: &Draft, object: &Object<'_>) -> Result<Vec<usize>, ExtensionError> {
    if object.find("people").is_some() {
        let mut people =
            object.list("people")?.iter().map(|id| draft.person(id)).collect::<Result<Vec<_>, _>>()?;
        people.sort_unstable();
        people.dedup();
        return Ok(people);
    }
    let team = object.find("team").map(|team| team.id()).transpose()?;
    let is_of_it = |other: &Option<String>| team.is_none() || *other == team;
    Ok(draft.teams.iter().enumerate().filter(|(_, team)| is_of_it(team)).map(|(person, _)| person).collect())
}

/// What the demand asks of these people together, in proportion to their weekly minutes; where not all have them, to
/// the minutes that they may work at most.
fn by_contract(draft: &Draft, fairness: &Fairness, people: &[usize]) -> Vec<Share> {
    let Fairness { counted, days, unit, weight, .. } = fairness;
    let even = |people: &[usize]| {
        Fairness::even(&draft.problem, *counted, days.clone(), people, *unit, *weight).shares
    };
    let weekly = |person: &usize| draft.weekly_minutes.get(*person).copied().flatten();
    let Some(contracts) = people.iter().map(weekly).collect::<Option<Vec<i64>>>() else {
        return even(people);
    };
    let together: i128 = contracts.iter().map(|minutes| i128::from(*minutes)).sum();
    // One person's even share is all there is.
    let whole = people.first().and_then(|first| even(&[*first]).first().copied());
    let whole = whole.map_or(0, |share| i128::from(share.target));
    let part = |minutes: i64| match together {
        0 => 0,
        _ => (2 * whole * i128::from(minutes) + together) / (2 * together),
    };
    let target = |minutes: i64| i64::try_from(part(minutes)).unwrap_or(i64::MAX);
    people
        .iter()
        .zip(contracts)
        .map(|(person, minutes)| Share { person: *person, target: target(minutes) })
        .collect()
}
