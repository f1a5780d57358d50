//! What of a range lies in which day, period, band and break.

use pgrx::datum::{Array, Date, Range, RangeBound, Time};
use pgrx::iter::TableIterator;
use pgrx::{default, name, pg_extern};
use rota_engine::attribution::AttributedPiece;
use rota_engine::{
    Attribution, Band, Boundary, BreakPosition, Duration, LocalPolicy, MinutesInParts, SpanSet, split,
    time_in_band,
};

use super::ranges::span_set;
use crate::convert::{
    InstantRange, NumericMinutes, NumericPart, listed_date, local_date, server_date, time_of_day,
};
use crate::error::{ExtensionError, OrRaise};
use crate::zone::ServerZone;

fn band(start: Time, end: Time) -> Result<Band, ExtensionError> {
    Ok(Band { start: time_of_day(start, "band_start")?, end: time_of_day(end, "band_end")? })
}

#[pg_extern(immutable, strict, parallel_safe)]
fn split_shift(
    during: InstantRange,
    time_zone: &str,
    boundary: default!(&str, "'day'"),
    fold: default!(&str, "'earlier'"),
    gap: default!(&str, "'change'"),
) -> TableIterator<
    'static,
    (name!(period_start, Date), name!(piece, InstantRange), name!(minutes, NumericPart)),
> {
    let pieces = || -> Result<Vec<(Date, InstantRange, NumericPart)>, ExtensionError> {
        let boundary = Boundary::from_text(boundary)?;
        let policy = LocalPolicy::from_words(fold, gap)?;
        let zone = ServerZone::named(time_zone)?;
        let Some(span) = during.0 else { return Ok(Vec::new()) };
        let mut minutes = MinutesInParts::default();
        split(&zone, span, boundary, policy)?
            .into_iter()
            .map(|piece| {
                let minutes = NumericPart(minutes.next(piece.span.elapsed()?)?);
                Ok((server_date(piece.period_start), InstantRange(Some(piece.span)), minutes))
            })
            .collect()
    };
    TableIterator::new(pieces().or_raise())
}

/// A row of `rota.shift_pieces`, its columns in order.
type PieceRow = (Date, Date, bool, bool, InstantRange, NumericPart, NumericPart);

#[pg_extern(immutable, parallel_safe)]
#[expect(clippy::needless_pass_by_value, reason = "arguments of SQL functions arrive by value")]
#[expect(clippy::too_many_arguments, reason = "the arguments of a SQL function, most of them with a default")]
fn shift_pieces(
    during: Option<InstantRange>,
    time_zone: Option<&str>,
    boundary: default!(Option<&str>, "'day'"),
    band_start: default!(Option<Time>, "NULL"),
    band_end: default!(Option<Time>, "NULL"),
    breaks: default!(Option<Array<'_, InstantRange>>, "NULL"),
    break_minutes: default!(Option<i32>, 0),
    break_position: default!(Option<&str>, "'middle'"),
    fold: default!(Option<&str>, "'earlier'"),
    gap: default!(Option<&str>, "'change'"),
) -> TableIterator<
    'static,
    (
        name!(local_day, Date),
        name!(period_start, Date),
        name!(in_band, bool),
        name!(is_break, bool),
        name!(piece, InstantRange),
        name!(minutes, NumericPart),
        name!(worked_minutes, NumericPart),
    ),
> {
    let pieces = || -> Result<Vec<PieceRow>, ExtensionError> {
        let band = match (band_start, band_end) {
            (None, None) => None,
            (Some(start), Some(end)) => Some(band(start, end)?),
            (None, Some(_)) => return Err(ExtensionError::MissingArgument { argument: "band_start" }),
            (Some(_), None) => return Err(ExtensionError::MissingArgument { argument: "band_end" }),
        };
        let attribution = Attribution {
            boundary: Boundary::from_text(given(boundary, "boundary")?)?,
            band,
            breaks: breaks.as_ref().map(span_set).unwrap_or_default(),
            break_minutes: i64::from(break_minutes.unwrap_or_default()),
            break_position: BreakPosition::from_word(given(break_position, "break_position")?)?,
            policy: LocalPolicy::from_words(given(fold, "fold")?, given(gap, "gap")?)?,
        };
        let zone = ServerZone::named(given(time_zone, "time_zone")?)?;
        // Nothing is known of a shift that is NULL, and nothing is left of one that is empty.
        let Some(span) = during.and_then(|during| during.0) else { return Ok(Vec::new()) };
        let (mut minutes, mut worked) = (MinutesInParts::default(), MinutesInParts::default());
        attribution.pieces(&zone, span)?.iter().map(|piece| row(piece, &mut minutes, &mut worked)).collect()
    };
    TableIterator::new(pieces().or_raise())
}

fn given<T>(value: Option<T>, argument: &'static str) -> Result<T, ExtensionError> {
    value.ok_or(ExtensionError::MissingArgument { argument })
}

fn row(
    piece: &AttributedPiece,
    minutes: &mut MinutesInParts,
    worked: &mut MinutesInParts,
) -> Result<PieceRow, ExtensionError> {
    Ok((
        server_date(piece.local_day),
        server_date(piece.period_start),
        piece.is_in_band,
        piece.is_break,
        InstantRange(Some(piece.span)),
        NumericPart(minutes.next(piece.span.elapsed()?)?),
        NumericPart(worked.next(piece.worked)?),
    ))
}

#[pg_extern(immutable, strict, parallel_safe)]
fn period_days(day: Date, boundary: &str) -> Range<Date> {
    let period = || -> Result<Range<Date>, ExtensionError> {
        let period = Boundary::from_text(boundary)?.period_of(local_date(day, "day")?);
        let (first, next) = period.map_err(|error| error.naming("day"))?;
        let [first, next] = [first, next].map(|date| listed_date(date, "day"));
        Ok(Range::new(RangeBound::Inclusive(first?), RangeBound::Exclusive(next?)))
    };
    period().or_raise()
}

#[pg_extern(immutable, strict, parallel_safe)]
fn minutes_in_band(
    during: InstantRange,
    time_zone: &str,
    band_start: Time,
    band_end: Time,
    fold: default!(&str, "'earlier'"),
    gap: default!(&str, "'change'"),
) -> NumericMinutes {
    let within = || -> Result<Duration, ExtensionError> {
        let band = band(band_start, band_end)?;
        let policy = LocalPolicy::from_words(fold, gap)?;
        let zone = ServerZone::named(time_zone)?;
        match during.0 {
            Some(span) => Ok(time_in_band(&zone, span, band, policy)?),
            None => Ok(Duration::ZERO),
        }
    };
    NumericMinutes(within().or_raise())
}

#[pg_extern(immutable, strict, parallel_safe)]
#[expect(clippy::needless_pass_by_value, reason = "arguments of SQL functions arrive by value")]
fn clock_ranges(
    during: InstantRange,
    time_zone: &str,
    band_starts: Array<'_, Time>,
    band_ends: Array<'_, Time>,
    fold: default!(&str, "'earlier'"),
    gap: default!(&str, "'change'"),
) -> Vec<InstantRange> {
    let within = || -> Result<SpanSet, ExtensionError> {
        let policy = LocalPolicy::from_words(fold, gap)?;
        let zone = ServerZone::named(time_zone)?;
        if band_starts.len() != band_ends.len() {
            return Err(ExtensionError::UnequalArrays { argument: "band_ends", other: "band_starts" });
        }
        let mut ranges = SpanSet::default();
        for (start, end) in band_starts.iter().zip(band_ends.iter()) {
            let band = band(given(start, "band_starts")?, given(end, "band_ends")?)?;
            if let Some(span) = during.0 {
                ranges = ranges.union(&band.within(&zone, span, policy)?);
            }
        }
        Ok(ranges)
    };
    within().or_raise().spans().iter().map(|span| InstantRange(Some(*span))).collect()
}
