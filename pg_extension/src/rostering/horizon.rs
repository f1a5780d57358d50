//! The days of a roster: instants as minutes from the first midnight, dates as numbers of days.

use rota_engine::{EngineError, Instant, LocalDate, Span, ZoneRules};

use super::field::{Field, Object};
use crate::error::ExtensionError;
use crate::zone::ServerZone;

const MICROSECONDS_PER_MINUTE: i64 = 60_000_000;
const MICROSECONDS_PER_SECOND: i64 = 1_000_000;

/// The longest horizon, ten years: the engine's own limit.
const MOST_DAYS: i32 = 3_660;

/// Days around the horizon that are looked at, at most: no rule reaches further than a year and a day.
const MOST_DAYS_AROUND: i32 = 400;

/// Local days in a row, and the known days before and after them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Horizon {
    zone: ServerZone,
    first: LocalDate,
    /// The first instant of the first day. Minutes are counted from here as they elapse, so lengths and rests are
    /// exact across changes of the clocks.
    midnight: Instant,
    /// How many days.
    pub(super) days: usize,
    /// Known days before the first.
    pub(super) before: usize,
    /// Known days after the last.
    pub(super) after: usize,
}

impl Horizon {
    /// Reads `from_date`, `to_date`, `time_zone`, `known_from` and `known_to` of a problem.
    pub(super) fn read(problem: &Object<'_>) -> Result<Self, ExtensionError> {
        let zone = match problem.find("time_zone") {
            None => ServerZone::named("UTC")?,
            Some(field) => ServerZone::named(field.text()?)
                .map_err(|_| field.unfit("a name of pg_timezone_names, such as Europe/Berlin,"))?,
        };
        let first = date(&problem.need("from_date")?)?;
        let to_date = problem.need("to_date")?;
        let length = |from: LocalDate, to: LocalDate| to.days().saturating_sub(from.days());
        let end = date(&to_date)?;
        let days = length(first, end);
        if days < 0 {
            return Err(to_date.unfit("a date not before from_date"));
        }
        if days > MOST_DAYS {
            return Err(to_date.excess(format!("makes {days} days, at most {MOST_DAYS} are one roster")));
        }
        let around = |name: &str, known: &dyn Fn(LocalDate) -> i32| match problem.find(name) {
            None => Ok(0),
            Some(field) => match known(date(&field)?) {
                days @ 0..=MOST_DAYS_AROUND => Ok(days),
                _ => Err(field.unfit(&format!("a date up to {MOST_DAYS_AROUND} days beyond the horizon"))),
            },
        };
        let before = around("known_from", &|known| length(known, first))?;
        let after = around("known_to", &|known| length(end, known))?;
        let count = |days: i32| usize::try_from(days).unwrap_or(0);
        let midnight = zone.start_of_day(first)?;
        Ok(Self { zone, first, midnight, days: count(days), before: count(before), after: count(after) })
    }

    /// The weekday of the first day, 0 for Monday. 2000-01-01 was a Saturday.
    pub(super) fn first_weekday(&self) -> usize {
        usize::try_from((i64::from(self.first.days()) + 5).rem_euclid(7)).unwrap_or(0)
    }

    /// The date of a day, which may lie outside of the horizon.
    ///
    /// # Errors
    /// [`EngineError::OutOfRange`] beyond the calendar.
    pub(super) fn local_date(&self, day: i64) -> Result<LocalDate, EngineError> {
        self.first.plus_days(i32::try_from(day).unwrap_or(i32::MAX))
    }

    /// The date of a day, as text.
    pub(super) fn date(&self, day: usize) -> String {
        let day = i64::try_from(day).unwrap_or(i64::MAX);
        self.local_date(day).map(|date| date.to_string()).unwrap_or_default()
    }

    /// Minutes worked after the midnight that ends the day on which work begins. Its break lies in the middle, as for
    /// conflicts.
    pub(super) fn late_minutes(
        &self,
        day: i64,
        span: Span,
        worked_minutes: i64,
    ) -> Result<i64, ExtensionError> {
        let midnight = self.zone.start_of_day(self.local_date(day + 1)?)?;
        if span.end() <= midnight {
            return Ok(0);
        }
        let midnight = self.minute(midnight);
        let (start, end) = self.minutes(span);
        let length_of_break = end - start - worked_minutes;
        let break_start = start + (end - start - length_of_break) / 2;
        let break_end = break_start + length_of_break;
        let after = |from: i64, to: i64| (to - from.max(midnight)).max(0);
        Ok(after(start, end) - after(break_start, break_end))
    }

    /// The number of a date, which may lie outside of the horizon.
    pub(super) fn day_of_date(&self, date: LocalDate) -> i64 {
        i64::from(date.days()) - i64::from(self.first.days())
    }

    /// The number of the local day that an instant is in, which may lie outside of the horizon.
    pub(super) fn day_of(&self, instant: Instant) -> Result<i64, ExtensionError> {
        Ok(self.day_of_date(self.zone.local_at(instant)?.date()))
    }

    /// A span in minutes from the first midnight, rounded outwards: never less than the span is.
    pub(super) fn minutes(&self, span: Span) -> (i64, i64) {
        let elapsed = |instant: Instant| instant.microseconds().saturating_sub(self.midnight.microseconds());
        let is_whole = elapsed(span.end()).rem_euclid(MICROSECONDS_PER_MINUTE) == 0;
        (self.minute(span.start()), self.minute(span.end()) + i64::from(!is_whole))
    }

    /// The whole minutes from the first midnight to an instant.
    fn minute(&self, instant: Instant) -> i64 {
        let elapsed = instant.microseconds().saturating_sub(self.midnight.microseconds());
        elapsed.div_euclid(MICROSECONDS_PER_MINUTE)
    }
}

/// Reads a date.
pub(super) fn date(field: &Field<'_>) -> Result<LocalDate, ExtensionError> {
    LocalDate::from_text(field.text()?).ok_or_else(|| field.unfit("a date such as 2026-03-02"))
}

/// Reads `starts_at` and `ends_at`. A side that is missing has no bound.
pub(super) fn span(object: &Object<'_>) -> Result<Span, ExtensionError> {
    let side = |name: &str, unbounded: Instant| match object.find(name) {
        None => Ok(unbounded),
        Some(field) => instant(field.text()?)
            .ok_or_else(|| field.unfit("an instant with its offset, such as 2026-03-02T06:00:00+01:00,")),
    };
    let (start, end) = (side("starts_at", Instant::NEG_INFINITY)?, side("ends_at", Instant::INFINITY)?);
    Span::new(start, end).ok_or_else(|| {
        object.field().fault("ends at or before its start, a later ends_at would be right".into())
    })
}

/// Reads a span that has both sides.
pub(super) fn bounded_span(object: &Object<'_>) -> Result<Span, ExtensionError> {
    object.need("starts_at")?;
    object.need("ends_at")?;
    span(object)
}

/// Reads an instant of ISO 8601 with its offset: what the server writes into JSON.
fn instant(text: &str) -> Option<Instant> {
    if !text.is_ascii() {
        return None;
    }
    let date = LocalDate::from_text(text.get(..10)?)?;
    if !matches!(text.as_bytes().get(10)?, b'T' | b' ') {
        return None;
    }
    let clock = text.get(11..)?;
    let offset_at = clock.find(['Z', '+', '-'])?;
    let (clock, offset) = clock.split_at(offset_at);
    let local_microseconds = clock_microseconds(clock)?;
    let offset_seconds = match offset.strip_prefix(['+', '-']) {
        None => (offset == "Z").then_some(0)?,
        Some(length) => {
            let seconds = offset_seconds(length)?;
            if offset.starts_with('-') { -seconds } else { seconds }
        }
    };
    let days = i64::from(date.days()) * 86_400_000_000;
    let instant =
        Instant::from_microseconds(days + local_microseconds - offset_seconds * MICROSECONDS_PER_SECOND);
    instant.is_finite().then_some(instant)
}

/// Reads `06:00`, `06:00:30` or `06:00:30.5`, up to `24:00`.
fn clock_microseconds(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let numbers = two_digit_numbers(clock)?;
    let &[hours, minutes, ref rest @ ..] = numbers.as_slice() else { return None };
    let seconds = match rest {
        [] => 0,
        &[seconds] => seconds,
        _ => return None,
    };
    let is_digits = (1..=6).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let fraction: i64 = is_digits.then(|| format!("{fraction:0<6}").parse().ok())??;
    if minutes > 59 || seconds > 59 {
        return None;
    }
    let whole = ((hours * 60 + minutes) * 60 + seconds) * MICROSECONDS_PER_SECOND + fraction;
    (whole <= 24 * 3_600 * MICROSECONDS_PER_SECOND).then_some(whole)
}

/// Reads `01`, `01:00` or `01:00:30`.
fn offset_seconds(text: &str) -> Option<i64> {
    let numbers = two_digit_numbers(text)?;
    (numbers.len() <= 3).then_some(())?;
    let of = |position: usize| numbers.get(position).copied().unwrap_or(0);
    Some(of(0) * 3_600 + of(1) * 60 + of(2))
}

/// Numbers of two digits with colons between them.
fn two_digit_numbers(text: &str) -> Option<Vec<i64>> {
    let number = |part: &str| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
    };
    text.split(':').map(number).collect()
}
