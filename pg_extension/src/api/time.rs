//! Exact hours: instants of shifts, their length, their pieces.

use pgrx::datum::{Array, Date, Time};
use pgrx::iter::{SetOfIterator, TableIterator};
use pgrx::{default, name, pg_extern};
use rota_engine::{
    Band, Boundary, Duration, EngineError, FoldPolicy, GapPolicy, LocalPolicy, ShiftIntent, Span, SpanSet,
    split, time_in_band, worked_time,
};

use crate::convert::{DateRange, InstantRange, NumericMinutes, local_date, server_date, time_of_day};
use crate::error::{ExtensionError, OrRaise};
use crate::zone::ServerZone;

/// Has an error of range name the argument of a SQL function.
fn out_of_range(argument: &'static str) -> impl Fn(EngineError) -> EngineError {
    move |error| match error {
        EngineError::OutOfRange { .. } => EngineError::OutOfRange { argument },
        other => other,
    }
}

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
        let policy = LocalPolicy { fold: FoldPolicy::from_word(fold)?, gap: GapPolicy::from_word(gap)? };
        let intent = ShiftIntent {
            date: local_date(day, "day")?,
            start_time: time_of_day(start_time, "start_time")?,
            end_time: time_of_day(end_time, "end_time")?,
        };
        Ok(intent.span(&ServerZone::named(time_zone)?, policy).map_err(out_of_range("day"))?)
    };
    InstantRange(Some(span().or_raise()))
}

#[pg_extern(immutable, strict, parallel_safe)]
fn local_days(days: DateRange, time_zone: &str) -> InstantRange {
    let span = || -> Result<Option<Span>, ExtensionError> {
        let zone = ServerZone::named(time_zone)?;
        match days.0 {
            Some((first, end)) => {
                Ok(rota_engine::local_days(&zone, first, end).map_err(out_of_range("days"))?)
            }
            None => Ok(None),
        }
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

#[pg_extern(immutable, strict, parallel_safe)]
fn split_shift(
    during: InstantRange,
    time_zone: &str,
    boundary: default!(&str, "'day'"),
) -> TableIterator<
    'static,
    (name!(period_start, Date), name!(piece, InstantRange), name!(minutes, NumericMinutes)),
> {
    let pieces = || -> Result<Vec<(Date, InstantRange, NumericMinutes)>, ExtensionError> {
        let boundary = Boundary::from_word(boundary)?;
        let zone = ServerZone::named(time_zone)?;
        let Some(span) = during.0 else { return Ok(Vec::new()) };
        split(&zone, span, boundary)?
            .into_iter()
            .map(|piece| {
                let minutes = NumericMinutes(piece.span.elapsed()?);
                Ok((server_date(piece.period_start), InstantRange(Some(piece.span)), minutes))
            })
            .collect()
    };
    TableIterator::new(pieces().or_raise())
}

#[pg_extern(immutable, strict, parallel_safe)]
fn minutes_in_band(
    during: InstantRange,
    time_zone: &str,
    band_start: Time,
    band_end: Time,
) -> NumericMinutes {
    let within = || -> Result<Duration, ExtensionError> {
        let band =
            Band { start: time_of_day(band_start, "band_start")?, end: time_of_day(band_end, "band_end")? };
        let zone = ServerZone::named(time_zone)?;
        match during.0 {
            Some(span) => Ok(time_in_band(&zone, span, band)?),
            None => Ok(Duration::ZERO),
        }
    };
    NumericMinutes(within().or_raise())
}

/// The spans of an array, its nulls and empty ranges left out.
///
/// Read through a reference: the owning iterator of pgrx asserts, in debug builds, that no null comes last.
#[expect(clippy::needless_pass_by_value, reason = "arguments of SQL functions arrive by value")]
fn union(ranges: Array<'_, InstantRange>) -> SpanSet {
    ranges.iter().filter_map(|range| range.and_then(|range| range.0)).collect()
}

#[pg_extern(immutable, strict, parallel_safe)]
fn union_minutes(ranges: Array<'_, InstantRange>) -> NumericMinutes {
    let total = || -> Result<Duration, EngineError> {
        let union = union(ranges);
        if union.spans().iter().all(|span| span.is_bounded()) {
            union.total().map_err(out_of_range("ranges"))
        } else {
            Err(EngineError::UnboundedSpan { argument: "ranges" })
        }
    };
    NumericMinutes(total().or_raise())
}

#[pg_extern(immutable, strict, parallel_safe)]
fn merge_ranges(ranges: Array<'_, InstantRange>) -> SetOfIterator<'static, InstantRange> {
    let merged: Vec<InstantRange> =
        union(ranges).spans().iter().map(|span| InstantRange(Some(*span))).collect();
    SetOfIterator::new(merged)
}
