//! Every overlap in a table or view, and every stretch over a capacity.

use pgrx::iter::TableIterator;
use pgrx::{name, pg_extern, pg_sys};
use rota_engine::{Duration, OverlappingPairs};

use super::capacity::{self, Edge};
use super::line::{Extent, Line, Unit};
use super::quantity::Quantity;
use super::relation_rows::{RelationRows, Source};
use super::scan::LatestSnapshot;
use super::witness;
use crate::convert::NumericMinutes;
use crate::error::{ExtensionError, OrRaise, naming_argument};

/// Rows of a result that are kept in memory: some hundred megabytes.
const MOST_ROWS: usize = 1_000_000;

/// Pairs between two looks for an interrupt.
const PAIRS_BETWEEN_INTERRUPTS: usize = 65_536;

/// Key, row, other row, what they share, its minutes.
type OverlapRow = (String, String, Option<String>, String, Option<NumericMinutes>);

/// Every pair of rows of one key that overlap, or lie closer than a gap, which is in the range's units. The rows are
/// those of the statement's snapshot, or the latest.
#[pg_extern]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the SQL function from this type")]
fn relation_overlaps(
    relation: pg_sys::Oid,
    key_column: &str,
    range_column: &str,
    predicate: Option<&str>,
    gap_units: i64,
    latest: bool,
) -> TableIterator<
    'static,
    (
        name!(key, String),
        name!(row_identity, String),
        name!(other_row_identity, Option<String>),
        name!(overlap, String),
        name!(minutes, Option<NumericMinutes>),
    ),
> {
    let source = Source { relation, key: key_column, range: range_column, load: None, predicate };
    let found = with_snapshot(latest, || pairs(&source, gap_units)).or_raise();
    TableIterator::new(found)
}

/// Every stretch during which the rows of one key weigh more than the capacity. The rows are the latest.
#[pg_extern]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the SQL function from this type")]
fn relation_excesses(
    relation: pg_sys::Oid,
    key_column: &str,
    range_column: &str,
    predicate: Option<&str>,
    capacity: &str,
    load_column: Option<&str>,
) -> TableIterator<
    'static,
    (
        name!(key, String),
        name!(row_identity, String),
        name!(other_row_identity, Option<String>),
        name!(overlap, String),
        name!(minutes, Option<NumericMinutes>),
    ),
> {
    let source = Source { relation, key: key_column, range: range_column, load: load_column, predicate };
    let found = with_snapshot(true, || excesses(&source, capacity)).or_raise();
    TableIterator::new(found)
}

/// Works with the statement's snapshot, or with the latest one as the active.
fn with_snapshot<T>(latest: bool, work: impl FnOnce() -> T) -> T {
    if !latest {
        return work();
    }
    let snapshot = LatestSnapshot::take();
    // SAFETY: the snapshot is registered, and is active only for the time of the work. After an error the server
    // takes both back.
    unsafe { pg_sys::PushActiveSnapshot(snapshot.as_ptr()) };
    let result = work();
    // SAFETY: pushed above.
    unsafe { pg_sys::PopActiveSnapshot() };
    snapshot.release();
    result
}

fn pairs(source: &Source<'_>, gap_units: i64) -> Result<Vec<OverlapRow>, ExtensionError> {
    let types = source.types(gap_units)?;
    let rows = naming_argument("predicate", || RelationRows::read(source, &types))?;
    let line = &types.line;
    let mut found = Vec::new();
    let pairs = OverlappingPairs::among(rows.spans());
    for (counter, (one, other)) in pairs.enumerate() {
        if counter % PAIRS_BETWEEN_INTERRUPTS == 0 {
            pgrx::check_for_interrupts!();
        }
        let (Some(extent), Some(other_extent)) = (rows.extent(one), rows.extent(other)) else { continue };
        if !rows.do_overlap(one, other) {
            continue;
        }
        if found.len() == MOST_ROWS {
            return Err(ExtensionError::TooManyOverlaps { limit: MOST_ROWS });
        }
        let (overlap, minutes) = shared(line, extent, other_extent);
        found.push((rows.key(one), rows.identity(one), Some(rows.identity(other)), overlap, minutes));
    }
    Ok(found)
}

fn excesses(source: &Source<'_>, capacity: &str) -> Result<Vec<OverlapRow>, ExtensionError> {
    let types = source.types(0)?;
    let capacity = Quantity::parse(capacity)
        .ok_or_else(|| ExtensionError::UnreadableLoad { guard: String::new(), load: capacity.to_owned() })?;
    let rows = RelationRows::read(source, &types)?;
    let mut spans = rows.spans();
    spans.sort_unstable_by_key(|row| (row.group, row.index));
    let mut found = Vec::new();
    for group in spans.chunk_by(|one, other| one.group == other.group) {
        pgrx::check_for_interrupts!();
        let weighed: Vec<(Extent, Quantity, u32)> = group
            .iter()
            .filter_map(|row| Some((*rows.extent(row.index)?, rows.load(row.index), row.index)))
            .collect();
        let there: Vec<(Extent, Quantity)> =
            weighed.iter().map(|(extent, load, _)| (*extent, *load)).collect();
        let everywhere = there.iter().map(|(extent, _)| extent);
        let mut failure = None;
        capacity::sweep(&types.line, capacity, everywhere, &there, |stretch| {
            if found.len() == MOST_ROWS {
                failure = Some(ExtensionError::TooManyOverlaps { limit: MOST_ROWS });
                return;
            }
            let first = stretch.rows.first().and_then(|position| weighed.get(*position));
            let identity = first.map_or_else(String::new, |(_, _, index)| rows.identity(*index));
            let (overlap, minutes) = between(&types.line, stretch.start, stretch.end);
            let key = group.first().map_or_else(String::new, |row| rows.key(row.index));
            found.push((key, identity, None, overlap, minutes));
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
    }
    Ok(found)
}

/// What two rows share, as text and in minutes; nothing and none when they only lie too close.
fn shared(line: &Line, one: &Extent, other: &Extent) -> (String, Option<NumericMinutes>) {
    match (one, other) {
        (
            Extent::Points { start: one_start, end: one_end },
            Extent::Points { start: other_start, end: other_end },
        ) => {
            let end = one_end.min(other_end) - 2 * line.gap();
            between(line, Edge::Point(*one_start.max(other_start)), Edge::Point(end))
        }
        (
            Extent::Bounds { start: one_start, end: one_end },
            Extent::Bounds { start: other_start, end: other_end },
        ) => {
            let later = line.compare_bounds(one_start, other_start).is_ge();
            let earlier = line.compare_bounds(one_end, other_end).is_le();
            let start = if later { one_start } else { other_start };
            let end = if earlier { one_end } else { other_end };
            between(line, Edge::Bound(*start), Edge::Bound(*end))
        }
        _ => (String::new(), None),
    }
}

/// A stretch of the line as text, and its length where the line is one of time.
fn between(line: &Line, start: Edge, end: Edge) -> (String, Option<NumericMinutes>) {
    const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;
    if let (Edge::Point(start), Edge::Point(end)) = (start, end)
        && end <= start
    {
        let none = line.unit().filter(|unit| *unit != Unit::Ones).map(|_| minutes(0));
        return ("empty".to_owned(), none);
    }
    let text = witness::range_between(line, start.as_bound(line, true), end.as_bound(line, false));
    let (Edge::Point(start), Edge::Point(end)) = (start, end) else { return (text, None) };
    let is_bounded =
        !start_or_end_is_unbounded(line, start, true) && !start_or_end_is_unbounded(line, end, false);
    let points = i64::try_from((end - start) >> 1).ok().filter(|_| is_bounded);
    let microseconds = match line.unit() {
        Some(Unit::Microseconds) => points,
        Some(Unit::Days) => points.and_then(|days| days.checked_mul(MICROSECONDS_PER_DAY)),
        Some(Unit::Ones) | None => None,
    };
    (text, microseconds.map(minutes))
}

fn start_or_end_is_unbounded(line: &Line, half_point: i128, lower: bool) -> bool {
    line.bound_at(half_point, lower).infinite
}

fn minutes(microseconds: i64) -> NumericMinutes {
    NumericMinutes(Duration::from_microseconds(microseconds))
}
