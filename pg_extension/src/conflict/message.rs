//! A conflict in a sentence that a planner understands.

use std::borrow::Cow;

use rota_engine::conflict::{
    Cause, Conflict, ConflictKind, CountedTime, Load, Period, Quantity, Requirement,
};
use rota_engine::{Duration, Instant, LocalDateTime, ZoneRules};

use crate::source::{RosterRows, Rules};

/// The sentence of a conflict: who, what, how much.
pub(super) fn of(conflict: &Conflict, rows: &RosterRows, rules: &Rules) -> String {
    let who = person(conflict, rows);
    let time = length(conflict.time());
    let (measured, limit) = (quantity(conflict.measured), quantity(conflict.limit));
    match conflict.kind {
        ConflictKind::Overlap => format!("{who} is booked twice at once, for {time}"),
        ConflictKind::Duplicate => format!("{who} is on the same shift twice"),
        ConflictKind::OverAllocated => {
            format!("{who} is booked for {measured} of their time at once, {limit} at most")
        }
        ConflictKind::InsufficientRest => {
            format!("{who} rests {measured} between duties, {limit} are required")
        }
        ConflictKind::ExcessiveHours => {
            format!("{who} {}, {limit} at most", hours(conflict, &measured, rows, rules))
        }
        ConflictKind::ConsecutiveDays => {
            let first = local(conflict, rows, conflict.during.start());
            let last = local(conflict, rows, before(conflict.during.end()));
            let (first, last) = (first.date(), last.date());
            format!("{who} works {measured} in a row, {first} to {last}, {limit} at most")
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

/// What somebody does for too long, and when.
fn hours(conflict: &Conflict, measured: &str, rows: &RosterRows, rules: &Rules) -> String {
    let rule = match conflict.cause {
        Some(Cause::Rule(rule)) => rules.rules.get(rule),
        _ => None,
    };
    let Some(Requirement::Time(limit)) = rule.map(|rule| rule.requirement) else {
        return format!("works {measured}");
    };
    let start = local(conflict, rows, conflict.during.start());
    let date = start.date();
    let does = match limit.counted {
        CountedTime::Worked => "works",
        CountedTime::Elapsed => "is on duty",
        CountedTime::Spread => return format!("has duties over {measured} on {date}"),
    };
    match limit.period {
        Period::Day => format!("{does} {measured} on {date}"),
        Period::Week { .. } => format!("{does} {measured} in the week from {date}"),
        Period::Days(count) => format!("{does} {measured} in the {count} days from {date}"),
        Period::Time(window) => format!("{does} {measured} in the {} from {start}", length(Some(window))),
    }
}

/// What the person's clock shows.
fn local(conflict: &Conflict, rows: &RosterRows, instant: Instant) -> LocalDateTime {
    let person = conflict.person.and_then(|person| rows.people.get(person)).copied().unwrap_or_default();
    let local = rows.zones.get(person.zone).and_then(|zone| zone.local_at(instant).ok());
    // UTC where no zone is at hand.
    local.unwrap_or_else(|| LocalDateTime::from_microseconds(instant.microseconds()))
}

/// The last instant before another.
fn before(instant: Instant) -> Instant {
    instant.checked_add_microseconds(-1).unwrap_or(instant)
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
        Some(Quantity::Days(1)) => "1 day".to_owned(),
        Some(Quantity::Days(days)) => format!("{days} days"),
        Some(Quantity::Load(load)) => {
            format!("{} %", Load::from_billionths(load.billionths().saturating_mul(100)))
        }
        None => String::new(),
    }
}

/// `8 h`, `13 h 30 min`, `45.5 min`.
fn length(time: Option<Duration>) -> String {
    const HOUR: i64 = 3_600_000_000;
    let Some(time) = time else { return "an unbounded time".to_owned() };
    let (hours, rest) = (time.microseconds() / HOUR, time.microseconds() % HOUR);
    let minutes = Duration::from_microseconds(rest).minutes();
    match (hours, rest) {
        (0, _) => format!("{minutes} min"),
        (_, 0) => format!("{hours} h"),
        _ => format!("{hours} h {minutes} min"),
    }
}
