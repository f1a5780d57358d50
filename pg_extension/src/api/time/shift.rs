//! From what was planned on the wall clock to instants and exact minutes.

use pgrx::datum::{Date, Time};
use pgrx::{default, pg_extern};
use rota_engine::{Duration, LocalPolicy, ShiftIntent, Span, shift_lasting as lasting, worked_time};

use crate::convert::{DateRange, InstantRange, NumericMinutes, local_date, time_of_day};
use crate::error::{ExtensionError, OrRaise};
use crate::zone::ServerZone;

#[pg_extern(immutable, strict, parallel_safe)]
fn shift_range(
    day: Date,
    start_time: Time,
    end_time: Time,
    time_zone: &str,
    fold: default!(&str, "'earlier'"),
    gap: default!(&str, "'later'"),
) -> InstantRange {
    let span = || -> Result<Span, ExtensionError> {
        let policy = LocalPolicy::from_words(fold, gap)?;
        let intent = ShiftIntent {
            date: local_date(day, "day")?,
            start_time: time_of_day(start_time, "start_time")?,
            end_time: time_of_day(end_time, "end_time")?,
        };
        Ok(intent.span(&ServerZone::named(time_zone)?, policy).map_err(|error| error.naming("day"))?)
    };
    InstantRange(Some(span().or_raise()))
}

#[pg_extern(immutable, strict, parallel_safe)]
fn shift_lasting(
    day: Date,
    start_time: Time,
    elapsed_minutes: i32,
    time_zone: &str,
    fold: default!(&str, "'earlier'"),
    gap: default!(&str, "'later'"),
) -> InstantRange {
    let span = || -> Result<Span, ExtensionError> {
        let policy = LocalPolicy::from_words(fold, gap)?;
        let zone = ServerZone::named(time_zone)?;
        let start = local_date(day, "day")?.at(time_of_day(start_time, "start_time")?);
        let span = start.and_then(|start| lasting(&zone, start, i64::from(elapsed_minutes), policy));
        Ok(span.map_err(|error| error.naming("day"))?)
    };
    InstantRange(Some(span().or_raise()))
}

#[pg_extern(immutable, strict, parallel_safe)]
fn local_days(
    days: DateRange,
    time_zone: &str,
    fold: default!(&str, "'earlier'"),
    gap: default!(&str, "'change'"),
) -> InstantRange {
    let span = || -> Result<Option<Span>, ExtensionError> {
        let policy = LocalPolicy::from_words(fold, gap)?;
        let zone = ServerZone::named(time_zone)?;
        let Some((first, end)) = days.0 else { return Ok(None) };
        Ok(rota_engine::local_days(&zone, first, end, policy).map_err(|error| error.naming("days"))?)
    };
    InstantRange(span().or_raise())
}

#[pg_extern(immutable, strict, parallel_safe)]
fn worked_minutes(during: InstantRange, break_minutes: default!(i32, 0)) -> NumericMinutes {
    NumericMinutes(match during.0 {
        Some(span) => worked_time(span, i64::from(break_minutes)).or_raise(),
        None => Duration::ZERO,
    })
}
