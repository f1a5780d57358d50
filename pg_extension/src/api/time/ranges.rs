//! Ranges of one person together.

use pgrx::datum::Array;
use pgrx::iter::SetOfIterator;
use pgrx::{default, pg_extern};
use rota_engine::{Duration, EngineError, SpanSet};

use crate::convert::{InstantRange, NumericMinutes};
use crate::error::OrRaise;

/// The spans of an array, its nulls and empty ranges left out.
///
/// Read through a reference: the owning iterator of pgrx asserts, in debug builds, that no null comes last.
pub(super) fn span_set(ranges: &Array<'_, InstantRange>) -> SpanSet {
    ranges.iter().filter_map(|range| range.and_then(|range| range.0)).collect()
}

fn in_order(set: &SpanSet) -> SetOfIterator<'static, InstantRange> {
    let ranges: Vec<InstantRange> = set.spans().iter().map(|span| InstantRange(Some(*span))).collect();
    SetOfIterator::new(ranges)
}

#[pg_extern(immutable, strict, parallel_safe)]
#[expect(clippy::needless_pass_by_value, reason = "arguments of SQL functions arrive by value")]
fn union_minutes(ranges: Array<'_, InstantRange>) -> NumericMinutes {
    NumericMinutes(span_set(&ranges).total().map_err(|error| error.naming("ranges")).or_raise())
}

#[pg_extern(immutable, strict, parallel_safe)]
#[expect(clippy::needless_pass_by_value, reason = "arguments of SQL functions arrive by value")]
fn merge_ranges(ranges: Array<'_, InstantRange>) -> SetOfIterator<'static, InstantRange> {
    in_order(&span_set(&ranges))
}

#[pg_extern(immutable, strict, parallel_safe)]
#[expect(clippy::needless_pass_by_value, reason = "arguments of SQL functions arrive by value")]
fn merge_duties(
    ranges: Array<'_, InstantRange>,
    gap_minutes: default!(i32, 0),
) -> SetOfIterator<'static, InstantRange> {
    let longest_gap =
        || {
            let minutes = i64::from(gap_minutes);
            Duration::from_minutes(minutes).filter(|gap| *gap >= Duration::ZERO).ok_or(
                EngineError::UnfitNumber { argument: "gap_minutes", value: minutes, wanted: "zero or more" },
            )
        };
    in_order(&span_set(&ranges).bridge(longest_gap().or_raise()))
}
