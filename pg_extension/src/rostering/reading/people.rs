//! The people, with what holds for them alone.

use std::collections::BTreeMap;

use rota_engine::Span;
use rota_engine::rostering::{Person, Wish};

use super::Draft;
use super::bounds::value;
use super::skills::{Holding, settle};
use super::terms::{TERMS, Terms};
use super::weights::read_weight;
use super::work::{self, OtherWork, StandingWork};
use crate::error::ExtensionError;
use crate::rostering::field::{Field, Object};
use crate::rostering::horizon::{date, span};

/// What is said of one person alone, beside [`TERMS`].
const MEMBERS: [&str; 9] =
    ["id", "team", "hired_on", "skills", "absences", "availability", "work", "wishes", "weekly_minutes"];

/// What was read of each person.
#[derive(Default)]
struct Read {
    people: Vec<Person>,
    holdings: Vec<Holding>,
    work: Vec<Vec<StandingWork>>,
}

/// Reads `people` of a problem.
pub(super) fn read(draft: &mut Draft, fields: &[Field<'_>], everybody: &Terms) -> Result<(), ExtensionError> {
    let mut read = Read::default();
    for field in fields {
        read_person(draft, field, everybody, &mut read)?;
    }
    let Read { mut people, holdings, work } = read;
    let demand =
        (draft.problem.shifts.as_mut_slice(), draft.demand.spans.as_slice(), draft.demand.skills.as_slice());
    let free_skill = settle(&holdings, demand, &mut people);
    let mut other_work: Vec<Vec<OtherWork>> = Vec::with_capacity(people.len());
    for (number, (person, work)) in people.iter_mut().zip(&work).enumerate() {
        other_work.push(work::settle(draft, work, free_skill + number, person));
    }
    draft.first_free_skill = free_skill + people.len();
    draft.other_work = other_work;
    draft.problem.people = people;
    Ok(())
}

fn read_person(
    draft: &mut Draft,
    field: &Field<'_>,
    everybody: &Terms,
    read: &mut Read,
) -> Result<(), ExtensionError> {
    let object = field.object(&[MEMBERS.as_slice(), &TERMS].concat())?;
    let id = object.need("id")?;
    let number = read.people.len();
    if draft.people.number(&id.id()?) < number {
        return Err(id.unfit("an id that nobody else has"));
    }
    draft.teams.push(object.find("team").map(|team| team.id()).transpose()?);
    let hired_on = object.find("hired_on").map(|field| date(&field)).transpose()?;
    draft.hired_on.push(hired_on.map(|date| draft.horizon.day_of_date(date)));
    for skill in object.list("skills")? {
        read.holdings.push(holding(number, &skill)?);
    }
    draft.weekly_minutes.push(object.find("weekly_minutes").map(|field| value(&field)).transpose()?);
    let mut person = Terms::read(draft, &object)?.person(everybody);
    if let Some(hired_on) = hired_on {
        person.unavailable.push(i64::MIN..draft.horizon.day_start(draft.horizon.day_of_date(hired_on))?);
    }
    for absence in object.list("absences")? {
        let (start, end) = draft.horizon.minutes(span(&absence.object(&["starts_at", "ends_at"])?)?);
        person.unavailable.push(start..end);
    }
    wishes(draft, &object, &mut person)?;
    read.work.push(work::read(draft, &object.list("work")?)?);
    read.people.push(person);
    Ok(())
}

/// A skill: its name, or `{"skill": "nurse", "starts_at": …, "ends_at": …}`.
fn holding(person: usize, field: &Field<'_>) -> Result<Holding, ExtensionError> {
    if field.value().is_string() {
        return Ok(Holding { person, skill: field.text()?.to_owned(), valid: Span::ALWAYS });
    }
    let object = field.object(&["skill", "starts_at", "ends_at"])?;
    Ok(Holding { person, skill: object.need("skill")?.text()?.to_owned(), valid: span(&object)? })
}

/// Wishes for single shifts, and what the person said about their time.
fn wishes(draft: &Draft, object: &Object<'_>, person: &mut Person) -> Result<(), ExtensionError> {
    for field in object.list("wishes")? {
        let wish = field.object(&["shift", "work", "weight"])?;
        let shift = draft.shift(&wish.need("shift")?)?;
        let weight = read_weight(&wish.need("weight")?)?;
        let work = wish.find("work").map_or(Ok(true), |field| field.truth())?;
        person.wishes.push(Wish { shifts: vec![shift], work, weight });
    }
    for field in object.list("availability")? {
        let told = field.object(&["starts_at", "ends_at", "preference", "weight"])?;
        let preference = told.need("preference")?;
        let (work, usual) = match preference.text()? {
            "available" => continue,
            "unavailable" => (false, draft.weights.unavailable),
            "preferred" => (true, draft.weights.preferred),
            _ => return Err(preference.unfit("available, preferred or unavailable")),
        };
        let weight = told.find("weight").map_or(Ok(usual), |field| read_weight(&field))?;
        let span = span(&told)?;
        // A preferred time wants, day by day, a shift that lies in it; an unavailable one wants none that meets it.
        let concerned = |shift: &Span| if work { span.covers(*shift) } else { span.overlaps(*shift) };
        let shifts = draft.demand.spans.iter().enumerate().filter(|(_, shift)| concerned(shift));
        let mut by_day: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (shift, _) in shifts {
            let day = draft.demand.shifts.get(shift).map_or(0, |shift| shift.day);
            by_day.entry(day).or_default().push(shift);
        }
        person.wishes.extend(by_day.into_values().map(|shifts| Wish { shifts, work, weight }));
    }
    Ok(())
}
