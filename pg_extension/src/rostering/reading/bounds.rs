//! Bounds, and the proof that no sum of costs can overflow.

use rota_engine::rostering::{Bound, Counted, Force, Problem};

use super::weights::read_weight;
use crate::error::ExtensionError;
use crate::rostering::field::{Field, Object};

/// Largest value of a bound: a hundred years of minutes, the engine's own limit.
const MOST_VALUE: i64 = 60 * 24 * 366 * 100;

/// Everything that could be broken at once must cost less than this: whole numbers up to here are exact in JSON.
const MOST_COST: i128 = 1 << 53;

/// Reads a bound: a number that may never be broken, or `{"value": 5, "weight": 100}` for one that costs so much for
/// each unit; with `"level": "medium"` before all soft costs.
pub(super) fn bound(field: &Field<'_>) -> Result<Bound, ExtensionError> {
    let allowed = 0..=MOST_VALUE;
    if field.value().is_number() {
        return Ok(Bound::hard(field.whole(&allowed)?));
    }
    let object = field.object(&["value", "weight", "level"])?;
    Ok(Bound { value: object.need("value")?.whole(&allowed)?, force: force(&object)? })
}

/// Reads `weight` and `level` of a rule, which may never be broken where there is no weight.
pub(super) fn force(rule: &Object<'_>) -> Result<Force, ExtensionError> {
    let weight = rule.find("weight").map(|field| read_weight(&field)).transpose()?;
    let Some(level) = rule.find("level") else {
        return Ok(weight.map_or(Force::Hard, Force::Soft));
    };
    let force = match level.text()? {
        "hard" if weight.is_some() => {
            return Err(level.fault("is \"hard\" beside a weight, medium or soft would be right".into()));
        }
        "hard" => return Ok(Force::Hard),
        "medium" => Force::Medium,
        "soft" => Force::Soft,
        _ => return Err(level.unfit("hard, medium or soft")),
    };
    rule.need("weight")?;
    Ok(force(weight.unwrap_or(0)))
}

/// Reads a value that is counted.
pub(super) fn value(field: &Field<'_>) -> Result<i64, ExtensionError> {
    field.whole(&(0..=MOST_VALUE))
}

/// Of two upper bounds the one to keep: a hard one before a soft one, then the lower.
pub(super) fn stricter(one: Bound, other: Bound) -> Bound {
    match (one.force == Force::Hard, other.force == Force::Hard) {
        (true, false) => one,
        (false, true) => other,
        _ if one.value <= other.value => one,
        _ => other,
    }
}

/// Refuses weights that together could sum beyond what is exact.
pub(super) fn no_sum_overflows(problem: &Problem, field: &Field<'_>) -> Result<(), ExtensionError> {
    let (days, people) = (problem.days as i128, problem.people.len() as i128);
    let weight = |force: Force| i128::from(force.weight().unwrap_or(0));
    let longest = problem.shifts.iter().map(|shift| shift.worked_minutes).max().unwrap_or(0);
    let mut most: i128 = 0;
    for shift in &problem.shifts {
        most += i128::from(shift.short_weight) * i128::from(shift.required);
        most += i128::from(shift.surplus_weight) * people;
    }
    for person in &problem.people {
        for limit in &person.limits {
            let unit = if limit.counted == Counted::Minutes { i128::from(longest) } else { 1 };
            for bound in [limit.least, limit.most].into_iter().flatten() {
                let units = i128::from(bound.value) + i128::from(limit.already) + unit * days;
                most += weight(bound.force) * units;
            }
        }
        for run in [person.longest_work, person.shortest_work, person.shortest_rest].into_iter().flatten() {
            most += weight(run.force) * (i128::from(run.value) + days) * (days + 1);
        }
        if let Some(rotation) = &person.rotation {
            most += weight(rotation.force) * days;
        }
        most += person.wishes.iter().map(|wish| i128::from(wish.weight)).sum::<i128>();
        most += person.kind_costs.iter().map(|cost| i128::from(cost.1)).sum::<i128>() * days;
    }
    let rests = [problem.minimum_rest, problem.minimum_day_off].into_iter().flatten();
    let each_day = problem.successions.iter().map(|rule| weight(rule.force)).sum::<i128>()
        + rests.map(|rest| weight(rest.force)).sum::<i128>();
    most += each_day * days * people;
    most += problem.pairings.iter().map(|pairing| i128::from(pairing.weight)).sum::<i128>() * days * 2;
    for fairness in &problem.fairness {
        let unit = if fairness.counted == Counted::Minutes { i128::from(longest) } else { 1 };
        for share in &fairness.shares {
            let distance = i128::from(share.target).max(unit * days) / i128::from(fairness.unit.max(1));
            most += i128::from(fairness.weight) * distance * distance;
        }
    }
    if most > MOST_COST {
        return Err(field.excess(format!(
            "has weights that could sum to {most}, at most {MOST_COST} is exact; smaller weights would be right"
        )));
    }
    Ok(())
}
