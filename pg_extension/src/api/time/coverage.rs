//! How many heads are there, over time and by slots of the clock.

use pgrx::datum::{Array, Timestamp};
use pgrx::iter::TableIterator;
use pgrx::{default, name, pg_extern};
use rota_engine::{EngineError, HeadCount};

use crate::convert::{InstantRange, NumericMinutes, server_timestamp};
use crate::error::{ExtensionError, OrRaise};
use crate::zone::ServerZone;

/// The heads of ranges, one each unless told otherwise. A null range, or an empty one, brings nobody.
fn head_count(
    ranges: &Array<'_, InstantRange>,
    heads: Option<&Array<'_, i64>>,
) -> Result<HeadCount, ExtensionError> {
    if heads.is_some_and(|heads| heads.len() != ranges.len()) {
        return Err(ExtensionError::UnequalArrays { argument: "heads", other: "ranges" });
    }
    let mut count = HeadCount::default();
    let mut each = heads.map(Array::iter);
    for range in ranges.iter() {
        let heads = match &mut each {
            Some(each) => each.next().flatten().unwrap_or_default(),
            None => 1,
        };
        if let Some(span) = range.and_then(|range| range.0) {
            count.add(span, heads);
        }
    }
    Ok(count)
}

#[pg_extern(immutable, parallel_safe)]
#[expect(clippy::needless_pass_by_value, reason = "arguments of SQL functions arrive by value")]
fn coverage(
    ranges: Option<Array<'_, InstantRange>>,
    within: default!(Option<InstantRange>, "NULL"),
    heads: default!(Option<Array<'_, i64>>, "NULL"),
) -> TableIterator<'static, (name!(during, InstantRange), name!(heads, i64))> {
    let steps = || -> Result<Vec<(InstantRange, i64)>, ExtensionError> {
        let Some(ranges) = ranges else { return Ok(Vec::new()) };
        let mut count = head_count(&ranges, heads.as_ref())?;
        let steps = match within {
            None => count.steps(None),
            Some(InstantRange(Some(window))) => count.steps(Some(window)),
            Some(InstantRange(None)) => Vec::new(),
        };
        Ok(steps.into_iter().map(|step| (InstantRange(Some(step.span)), step.heads)).collect())
    };
    TableIterator::new(steps().or_raise())
}

/// A row of `rota.coverage_slots`, its columns in order.
type SlotRow = (InstantRange, Timestamp, i64, i64, NumericMinutes);

#[pg_extern(immutable, parallel_safe)]
#[expect(clippy::needless_pass_by_value, reason = "arguments of SQL functions arrive by value")]
fn coverage_slots(
    ranges: Option<Array<'_, InstantRange>>,
    within: Option<InstantRange>,
    time_zone: Option<&str>,
    slot_minutes: default!(Option<i32>, 60),
    heads: default!(Option<Array<'_, i64>>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(slot, InstantRange),
        name!(local_start, Timestamp),
        name!(fewest, i64),
        name!(most, i64),
        name!(head_minutes, NumericMinutes),
    ),
> {
    let slots = || -> Result<Vec<SlotRow>, ExtensionError> {
        let missing = |argument| ExtensionError::MissingArgument { argument };
        let zone = ServerZone::named(time_zone.ok_or(missing("time_zone"))?)?;
        let slot_minutes = slot_minutes.ok_or(missing("slot_minutes"))?;
        let Some(window) = within.ok_or(missing("within"))?.0 else { return Ok(Vec::new()) };
        // Nobody at all is still a number of heads.
        let mut count = match &ranges {
            Some(ranges) => head_count(ranges, heads.as_ref())?,
            None => HeadCount::default(),
        };
        let slots = count.slots(&zone, window, slot_minutes).map_err(naming_within)?;
        let row = |slot: rota_engine::head_count::Slot| {
            (
                InstantRange(Some(slot.span)),
                server_timestamp(slot.local_start),
                slot.fewest,
                slot.most,
                NumericMinutes(slot.head_time),
            )
        };
        Ok(slots.into_iter().map(row).collect())
    };
    TableIterator::new(slots().or_raise())
}

fn naming_within(error: EngineError) -> EngineError {
    match error.argument() {
        Some("during") => error.naming("within"),
        _ => error,
    }
}
