//! Loads that exceed the capacity, where several rows may be there at once.
//!
//! Rows may overlap here, so that any earlier one may reach into the time in question: the rows of a key are read
//! from the last new row's end down to the first of all. Then a sweep adds and takes away loads from bound to bound.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use pgrx::pg_sys;

use super::batch::NewRow;
use super::definition::Definition;
use super::line::{Extent, Line};
use super::quantity::Quantity;
use super::scan::{Found, Walk};
use crate::error::ExtensionError;

/// Stretches that are kept to be named.
const NAMED_STRETCHES: usize = 5;

/// Rows of a stretch that are named.
const NAMED_ROWS: usize = 5;

/// Where the capacity is exceeded.
#[derive(Default)]
pub(super) struct Excesses {
    /// The first of them.
    pub(super) named: Vec<Excess>,
    /// How many there are.
    pub(super) count: usize,
}

/// A stretch of a key, and some of the rows that are there.
pub(super) struct Excess {
    /// The key.
    pub(super) key: pg_sys::Datum,
    /// The stretch.
    pub(super) stretch: Stretch,
    /// Some of the rows.
    pub(super) rows: Vec<Found>,
}

/// A stretch during which the same rows exceed the capacity.
pub(super) struct Stretch {
    /// The sum of the loads.
    pub(super) load: Quantity,
    /// From where.
    pub(super) start: Edge,
    /// Up to where.
    pub(super) end: Edge,
    /// Positions of some of the rows that are there.
    pub(super) rows: Vec<usize>,
}

/// A start or an end of rows.
#[derive(Clone, Copy)]
pub(super) enum Edge {
    /// A half point.
    Point(i128),
    /// A bound as the server has it.
    Bound(pg_sys::RangeBound),
}

impl Edge {
    /// The edge as the lower or the upper bound of a range.
    pub(super) fn as_bound(self, line: &Line, lower: bool) -> pg_sys::RangeBound {
        match self {
            Self::Point(point) => line.bound_at(point, lower),
            Self::Bound(bound) if bound.lower == lower => bound,
            // A stretch that ends where another row starts, or starts where one ends: the other kind of bound.
            Self::Bound(bound) => {
                pg_sys::RangeBound { lower, inclusive: !bound.inclusive && !bound.infinite, ..bound }
            }
        }
    }
}

/// What happens at an edge.
#[derive(Clone, Copy)]
struct Event {
    edge: Edge,
    is_start: bool,
    /// A row that is there; else only where to look.
    row: Option<usize>,
}

/// Finds where the rows that are there exceed the capacity while a new one is there. The new rows are sorted by
/// key and start.
///
/// # Errors
/// Those of [`Walk::next`].
pub(super) fn find(
    definition: &Definition,
    rows: &[NewRow],
    walk: &mut Walk<'_>,
) -> Result<Excesses, ExtensionError> {
    let mut excesses = Excesses::default();
    let (line, capacity) = (&definition.line, definition.arguments.capacity);
    for run in rows.chunk_by(|one, other| definition.key_type.compare(&one.key, &other.key).is_eq()) {
        let Some(first) = run.first() else { continue };
        let found = rows_of_key(line, run, walk)?;
        let there: Vec<(Extent, Quantity)> = found.iter().map(|row| (row.extent, row.load)).collect();
        sweep(line, capacity, run.iter().map(|row| &row.extent), &there, |stretch| {
            excesses.count += 1;
            if excesses.named.len() < NAMED_STRETCHES {
                let rows = stretch.rows.iter().filter_map(|row| found.get(*row)).copied().collect();
                excesses.named.push(Excess { key: first.key.datum, stretch, rows });
            }
        });
    }
    Ok(excesses)
}

/// The rows of a key that share an instant with the time from the first new row to the last.
fn rows_of_key(line: &Line, run: &[NewRow], walk: &mut Walk<'_>) -> Result<Vec<Found>, ExtensionError> {
    let (Some(first), Some(last)) =
        (run.first(), run.iter().max_by(|one, other| line.compare_ends(&one.extent, &other.extent)))
    else {
        return Ok(Vec::new());
    };
    let mut there = Vec::new();
    walk.seek(first.key.datum, line.limit_after(&last.extent));
    while let Some(found) = walk.next()? {
        if line.reaches(&found.extent, &first.extent) {
            there.push(found);
        }
    }
    walk.seek_unbounded(first.key.datum);
    while let Some(found) = walk.next()? {
        if line.reaches(&found.extent, &first.extent) {
            there.push(found);
        }
    }
    Ok(there)
}

/// Hands over every stretch during which rows of one key weigh more than the capacity, as far as it lies in the
/// places to look at. O(n log n).
pub(super) fn sweep<'extent>(
    line: &Line,
    capacity: Quantity,
    places: impl Iterator<Item = &'extent Extent>,
    there: &[(Extent, Quantity)],
    mut emit: impl FnMut(Stretch),
) {
    let rows = there.iter().enumerate().map(|(position, (extent, _))| (extent, Some(position)));
    let mut events = Vec::with_capacity(4 * there.len());
    for (extent, row) in places.map(|extent| (extent, None)).chain(rows) {
        events.push(Event { edge: start_of(extent), is_start: true, row });
        events.push(Event { edge: end_of(extent), is_start: false, row });
    }
    events.sort_by(|one, other| compare_events(line, one, other));

    let mut load = Quantity::default();
    let mut places = 0_usize;
    let mut running: BTreeSet<usize> = BTreeSet::new();
    let mut events = events.into_iter().peekable();
    while let Some(event) = events.next() {
        match event {
            Event { row: None, is_start: true, .. } => places += 1,
            Event { row: None, .. } => places = places.saturating_sub(1),
            Event { row: Some(row), is_start, .. } => {
                let weight = there.get(row).map_or(Quantity::default(), |(_, weight)| *weight);
                if is_start {
                    load = load.plus(weight);
                    running.insert(row);
                } else {
                    load = load.minus(weight);
                    running.remove(&row);
                }
            }
        }
        let Some(next) = events.peek() else { break };
        // The load of a stretch is known when everything at its start has been counted.
        if places > 0 && load > capacity && !is_nothing_between(line, &event, next) {
            let rows = running.iter().copied().take(NAMED_ROWS).collect();
            emit(Stretch { load, start: event.edge, end: next.edge, rows });
        }
    }
}

/// Whether no value lies between two events: both at one point of a half-open line.
fn is_nothing_between(line: &Line, event: &Event, next: &Event) -> bool {
    match (event.edge, next.edge) {
        (Edge::Point(one), Edge::Point(other)) => one == other,
        // A start and an end at one inclusive value have that value between them.
        (one, other) => (next.is_start || !event.is_start) && compare(line, one, other).is_eq(),
    }
}

fn start_of(extent: &Extent) -> Edge {
    match extent {
        Extent::Points { start, .. } => Edge::Point(*start),
        Extent::Bounds { start, .. } => Edge::Bound(*start),
    }
}

fn end_of(extent: &Extent) -> Edge {
    match extent {
        Extent::Points { end, .. } => Edge::Point(*end),
        Extent::Bounds { end, .. } => Edge::Bound(*end),
    }
}

fn compare(line: &Line, one: Edge, other: Edge) -> Ordering {
    match (one, other) {
        (Edge::Point(one), Edge::Point(other)) => one.cmp(&other),
        (Edge::Bound(one), Edge::Bound(other)) => line.compare_bounds(&one, &other),
        _ => Ordering::Equal,
    }
}

/// The order of events. Extents of points are half-open: at one point ends come first. Of the server's bounds an end
/// and a start are equal only if both are inclusive: starts come first, since they share that value.
fn compare_events(line: &Line, one: &Event, other: &Event) -> Ordering {
    let starts_first = matches!(one.edge, Edge::Bound(_));
    compare(line, one.edge, other.edge)
        .then_with(|| (one.is_start != starts_first).cmp(&(other.is_start != starts_first)))
}
