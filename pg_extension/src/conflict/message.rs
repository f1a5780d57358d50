//! A conflict in a sentence.

use std::borrow::Cow;

use rota_engine::Duration;
use rota_engine::conflict::{Cause, Conflict, ConflictKind, Quantity};

use crate::source::RosterRows;

/// The sentence of a conflict: who, what, how much.
pub(super) fn of(conflict: &Conflict, rows: &RosterRows) -> String {
    let who = person(conflict, rows);
    let time = length(conflict.time());
    let (measured, limit) = (quantity(conflict.measured), quantity(conflict.limit));
    match conflict.kind {
        ConflictKind::Overlap => format!("{who} is booked twice at once, for {time}"),
        ConflictKind::Duplicate => format!("{who} is on the same shift twice"),
        ConflictKind::InsufficientRest => {
            format!("{who} rests {measured} between duties, {limit} are required")
        }
        ConflictKind::TimeOff => format!("{who} works {time} during time off{}", absence(conflict, rows)),
        ConflictKind::Unavailable => format!("{who} works {time} while unavailable"),
        ConflictKind::MissingQualification => {
            format!("{who} lacks the qualification {} for at least a part of the work", skill(conflict, rows))
        }
        ConflictKind::Understaffed | ConflictKind::Overstaffed => {
            format!("heads on the shift: {measured}, required: {limit}")
        }
    }
}

fn person<'a>(conflict: &Conflict, rows: &'a RosterRows) -> Cow<'a, str> {
    let Some(person) = conflict.person else { return Cow::Borrowed("nobody") };
    match rows.person_names.get(person) {
        Some(Some(name)) => Cow::Borrowed(name),
        _ => Cow::Owned(format!("person {}", rows.person_ids.text(person).unwrap_or_default())),
    }
}

fn absence(conflict: &Conflict, rows: &RosterRows) -> String {
    match conflict.cause {
        Some(Cause::Absence(absence)) => match rows.absence_kinds.get(absence) {
            Some(Some(kind)) => format!(" ({kind})"),
            _ => String::new(),
        },
        _ => String::new(),
    }
}

fn skill(conflict: &Conflict, rows: &RosterRows) -> String {
    match conflict.cause {
        Some(Cause::Skill(skill)) => rows.skill_names.text(skill).unwrap_or_default(),
        _ => String::new(),
    }
}

fn quantity(quantity: Option<Quantity>) -> String {
    match quantity {
        Some(Quantity::Time(time)) => length(Some(time)),
        Some(Quantity::Heads(heads)) => heads.to_string(),
        None => String::new(),
    }
}

fn length(time: Option<Duration>) -> String {
    time.map_or_else(|| "an unbounded time".to_owned(), |time| format!("{} minutes", time.minutes()))
}
