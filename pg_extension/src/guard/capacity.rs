//! Loads that exceed the capacity, where several rows may be there at once.
//!
//! Rows may overlap here, so that any earlier one may reach into the time in question: the rows of a key are read
//! from the last new row's end down to the first of all. Then a sweep adds and takes away loads from bound to bound.

use std::cmp::Ordering;

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

/// A stretch during which the same rows exceed the capacity.
pub(super) struct Excess {
    /// The key.
    pub(super) key: pg_sys::Datum,
    /// The sum of the loads.
    pub(super) load: Quantity,
    /// From where.
    pub(super) start: Edge,
    /// Up to where.
    pub(super) end: Edge,
    /// Some of the rows.
    pub(super) rows: Vec<Found>,
}

/// A start or an end of rows.
#[derive(Clone, Copy)]
pub(super) enum Edge {
    /// A half point.
    Point(i128),
    /// A bound as the server has it.
    Bound(pg_sys::RangeBound),
}

/// What happens at an edge.
#[derive(Clone, Copy)]
struct Event {
    edge: Edge,
    is_start: bool,
    /// A row that is there; else a new row, which only says where to look.
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
    for run in rows.chunk_by(|one, other| definition.key_type.compare(&one.key, &other.key).is_eq()) {
        let Some(first) = run.first() else { continue };
        let there = rows_of_key(&definition.line, run, walk)?;
        sweep(definition, first.key.datum, run, &there, &mut excesses);
    }
    Ok(excesses)
}

/// The rows of a key that share an instant with the time from the first new row to the last.
fn rows_of_key(line: &Line, run: &[NewRow], walk: &mut Walk<'_>) -> Result<Vec<Found>, ExtensionError> {
    let (Some(first), Some(last)) = (
        run.first(),
        run.iter().max_by(|one, other| compare(line, end_of(&one.extent), end_of(&other.extent))),
    ) else {
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

fn sweep(
    definition: &Definition,
    key: pg_sys::Datum,
    run: &[NewRow],
    there: &[Found],
    excesses: &mut Excesses,
) {
    let line = &definition.line;
    let capacity = definition.arguments.capacity;
    let mut events = Vec::with_capacity(2 * (run.len() + there.len()));
    let extents = run
        .iter()
        .map(|row| (&row.extent, None))
        .chain(there.iter().enumerate().map(|(position, found)| (&found.extent, Some(position))));
    for (extent, row) in extents {
        events.push(Event { edge: start_of(extent), is_start: true, row });
        events.push(Event { edge: end_of(extent), is_start: false, row });
    }
    events.sort_by(|one, other| compare_events(line, one, other));

    let mut load = Quantity::default();
    let mut new_rows = 0_usize;
    let mut running: Vec<usize> = Vec::new();
    let mut events = events.into_iter().peekable();
    while let Some(event) = events.next() {
        match event {
            Event { row: None, is_start: true, .. } => new_rows += 1,
            Event { row: None, .. } => new_rows = new_rows.saturating_sub(1),
            Event { row: Some(row), is_start, .. } => {
                let weight = there.get(row).map_or(Quantity::default(), |found| found.load);
                if is_start {
                    load = load.plus(weight);
                    running.push(row);
                } else {
                    load = load.minus(weight);
                    running.retain(|other| *other != row);
                }
            }
        }
        let Some(next) = events.peek() else { break };
        // The load of a stretch is known when everything at its start has been counted.
        if new_rows == 0 || load <= capacity || compare(line, event.edge, next.edge).is_eq() {
            continue;
        }
        excesses.count += 1;
        if excesses.named.len() < NAMED_STRETCHES {
            let rows = running.iter().rev().take(NAMED_ROWS).filter_map(|row| there.get(*row)).copied();
            excesses.named.push(Excess {
                key,
                load,
                start: event.edge,
                end: next.edge,
                rows: rows.collect(),
            });
        }
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
