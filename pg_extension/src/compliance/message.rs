//! A verdict in a sentence that a planner understands.

use rota_engine::compliance::{Ratio, Reason, Unit, Verdict};
use rota_engine::{Instant, LocalDateTime, ZoneRules};

use super::case::{Case, last_instant};
use crate::source::RuleRow;

/// The sentence of a verdict: who, what, how much, by which rule.
pub(super) fn of(verdict: &Verdict, case: &Case<'_>, rule: &RuleRow) -> String {
    let who = match &case.person.name {
        Some(name) => name.to_string(),
        None => format!("person {}", case.person.id),
    };
    let when = window(verdict, case);
    let limit = quantity(verdict.limit, verdict.unit);
    let measured = verdict.measured.map(|measured| quantity(measured, verdict.unit));
    let said = match (verdict.reason, measured) {
        (Reason::TooMuch, Some(measured)) => format!("{who} has {measured} {when}, {limit} at most"),
        (Reason::TooLittle, Some(measured)) => {
            format!("{who} has {measured} {when}, {limit} at least are required")
        }
        (Reason::NoExtension, Some(measured)) => {
            format!("{who} works {measured} {when}, after {limit} only what may extend a duty")
        }
        (Reason::Forbidden, Some(measured)) => format!("{who} works {measured} {when}, which is forbidden"),
        (reason, _) => format!("{who}, {when}: {}", reason.sentence()),
    };
    let guess = if verdict.estimated { ", estimated" } else { "" };
    format!("{said}{guess}{}", name_of(rule))
}

/// ` (A1: At most 80 hours a week)`.
fn name_of(rule: &RuleRow) -> String {
    match (&rule.name, &rule.title) {
        (Some(name), Some(title)) => format!(" ({name}: {title})"),
        (Some(text), None) | (None, Some(text)) => format!(" ({text})"),
        (None, None) => format!(" (rule {})", rule.rule.id),
    }
}

/// The window as the person's clock and calendar show it: whole days as such.
fn window(verdict: &Verdict, case: &Case<'_>) -> String {
    const MIDNIGHT: i64 = 0;
    const DAY: i64 = 86_400_000_000;
    let local = |instant: Instant| {
        let shown = case.zone.local_at(instant).ok();
        shown.unwrap_or_else(|| LocalDateTime::from_microseconds(instant.microseconds()))
    };
    let (start, end) = (verdict.window.start(), verdict.window.end());
    if !start.is_finite() || !end.is_finite() {
        return "in a time without end".to_owned();
    }
    let (from, to) = (local(start), local(end));
    let is_midnight = |shown: LocalDateTime| shown.microseconds().rem_euclid(DAY) == MIDNIGHT;
    if is_midnight(from) && is_midnight(to) {
        let last = local(last_instant(verdict.window)).date();
        if last == from.date() { format!("on {last}") } else { format!("from {} to {last}", from.date()) }
    } else {
        format!("from {from} to {to}")
    }
}

/// `80 h 15 min a week`, `3 days off`.
fn quantity(value: Ratio, unit: Unit) -> String {
    match unit {
        Unit::Minutes => length(value),
        Unit::MinutesPerDays(1) => format!("{} a day", length(value)),
        Unit::MinutesPerDays(7) => format!("{} a week", length(value)),
        Unit::MinutesPerDays(days) => format!("{} in {days} days", length(value)),
        _ if value == Ratio::whole(1) => format!("1 {}", singular(unit)),
        _ => format!("{value} {unit}"),
    }
}

fn singular(unit: Unit) -> &'static str {
    match unit {
        Unit::Days => "day in a row",
        Unit::Nights => "night in a row",
        Unit::Rests => "rest",
        Unit::DaysOff => "day off",
        Unit::Duties => "duty",
        Unit::Periods => "period",
        Unit::DaysPosted => "day posted",
        Unit::Minutes | Unit::MinutesPerDays(_) => "minute",
    }
}

/// `8 h`, `13 h 30 min`, `45.5 min`.
fn length(minutes: Ratio) -> String {
    let (numerator, denominator) = (minutes.numerator(), minutes.denominator());
    let hours = numerator.div_euclid(denominator.saturating_mul(60));
    let rest = Ratio::new(numerator - hours.saturating_mul(denominator).saturating_mul(60), denominator);
    match (hours, rest == Ratio::whole(0)) {
        (0, _) => format!("{rest} min"),
        (_, true) => format!("{hours} h"),
        _ => format!("{hours} h {rest} min"),
    }
}
