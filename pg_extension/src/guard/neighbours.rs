//! Rows that overlap, found by looking at neighbours.
//!
//! Sorted by start, rows are disjoint exactly if each is disjoint from the next. The old rows are; so if there is an
//! overlap at all, a new row overlaps a neighbour.
//!
//! New rows are taken from the last to the first of a key. The walk goes to the last row that starts before
//! the new one ends, and from there downwards: first it meets the new row itself, and then the one before it. Two
//! rows of the index tell that all is well. From one new row to the next the walk goes on while that is near, and
//! else descends the index again.

use pgrx::pg_sys;

use super::batch::NewRow;
use super::definition::Definition;
use super::line::{Extent, Line};
use super::scan::{Found, Walk};
use crate::error::ExtensionError;

/// Rows that are walked over before it is cheaper to descend the index again.
const NEAR_ROWS: usize = 16;

/// Pairs that are kept to be named.
const NAMED_PAIRS: usize = 5;

/// Pairs that are counted: there can be quadratically many, and nobody waits for their number.
pub(super) const COUNTED_PAIRS: usize = 1_000;

/// Rows that overlap.
#[derive(Default)]
pub(super) struct Pairs {
    /// The first of them. The new row comes first, or the earlier one where both are new.
    pub(super) named: Vec<(Found, Found)>,
    /// How many there are, up to [`COUNTED_PAIRS`].
    pub(super) count: usize,
}

/// Finds what the new rows overlap. They are sorted by key and start.
///
/// # Errors
/// Those of [`Walk::next`].
pub(super) fn find(
    definition: &Definition,
    rows: &[NewRow],
    walk: &mut Walk<'_>,
) -> Result<Pairs, ExtensionError> {
    let mut pairs = Pairs::default();
    for run in rows.chunk_by(|one, other| definition.key_type.compare(&one.key, &other.key).is_eq()) {
        if pairs.count < COUNTED_PAIRS && !is_clean(&definition.line, run, walk)? {
            explain(&definition.line, run, walk, &mut pairs)?;
        }
    }
    Ok(pairs)
}

/// Whether the new rows of one key overlap nothing.
fn is_clean(line: &Line, run: &[NewRow], walk: &mut Walk<'_>) -> Result<bool, ExtensionError> {
    let Some(last) = run.last() else { return Ok(true) };
    let key = last.key.datum;
    walk.seek(key, line.limit_after(&last.extent));
    let mut place = Place::default();
    for row in run.iter().rev() {
        let mut steps = 0;
        while !place.is_before(&row.extent, line) {
            if steps == NEAR_ROWS && place.is_past(&row.extent, line) {
                walk.seek(key, line.limit_after(&row.extent));
                place = Place::default();
            }
            steps += 1;
            match walk.next()? {
                Some(found) if place.arrive(found, line) => {}
                Some(_) => return Ok(false),
                // Nothing starts earlier but what has no start. The new rows before this one were met, too, or are
                // among those.
                None => return is_clean_of_unbounded(line, key, walk, &place),
            }
        }
    }
    Ok(true)
}

/// Whether the rows without a start overlap nothing. Any two of them do, and each reaches to the first of the others.
fn is_clean_of_unbounded(
    line: &Line,
    key: pg_sys::Datum,
    walk: &mut Walk<'_>,
    place: &Place,
) -> Result<bool, ExtensionError> {
    walk.seek_unbounded(key);
    let Some(found) = walk.next()? else { return Ok(true) };
    let is_disjoint = place.first().is_none_or(|first| !line.overlaps(&found.extent, &first.extent));
    Ok(is_disjoint && walk.next()?.is_none())
}

/// Adds every pair of one key that a new row is in. It reads on until nothing more can reach a new row.
fn explain(
    line: &Line,
    run: &[NewRow],
    walk: &mut Walk<'_>,
    pairs: &mut Pairs,
) -> Result<(), ExtensionError> {
    let (Some(first), Some(last)) =
        (run.first(), run.iter().max_by(|one, other| line.compare_ends(&one.extent, &other.extent)))
    else {
        return Ok(());
    };
    let mut there = Vec::new();
    walk.seek(first.key.datum, line.limit_after(&last.extent));
    while let Some(found) = walk.next()? {
        there.push(found);
        let starts_before = line.compare_starts(&found.extent, &first.extent).is_lt();
        if starts_before && !line.start_at_one_value(&found.extent, &first.extent) {
            break;
        }
    }
    walk.seek_unbounded(first.key.datum);
    while let Some(found) = walk.next()? {
        there.push(found);
    }
    there.sort_by(|one, other| line.compare_starts(&one.extent, &other.extent));
    let is_new = |found: &Found| {
        let first = run.partition_point(|row| line.compare_starts(&row.extent, &found.extent).is_lt());
        let same_start =
            run.iter().skip(first).take_while(|row| line.compare_starts(&row.extent, &found.extent).is_eq());
        let mut ends = same_start.map(|row| line.compare_ends(&row.extent, &found.extent));
        ends.any(std::cmp::Ordering::is_eq)
    };
    let mut running: Vec<(Found, bool)> = Vec::new();
    for found in there {
        pgrx::check_for_interrupts!();
        let found_is_new = is_new(&found);
        running.retain(|(other, _)| line.reaches(&other.extent, &found.extent));
        for (other, other_is_new) in &running {
            if !found_is_new && !other_is_new || !line.overlaps(&found.extent, &other.extent) {
                continue;
            }
            pairs.count += 1;
            if pairs.count == COUNTED_PAIRS {
                return Ok(());
            }
            if pairs.named.len() < NAMED_PAIRS {
                pairs.named.push(if *other_is_new { (*other, found) } else { (found, *other) });
            }
        }
        running.push((found, found_is_new));
    }
    Ok(())
}

/// Where the walk is: the rows that it met last.
///
/// The index keeps `[5,5]` and `(5,9)` under one start, in any order. Of such rows one with an inclusive and
/// one with an exclusive start can be disjoint, so one of each kind is kept; a second one of a kind overlaps the
/// first.
#[derive(Default)]
struct Place {
    inclusive: Option<Found>,
    exclusive: Option<Found>,
    /// The first row of those that start later.
    beyond: Option<Found>,
}

impl Place {
    /// The row met last that starts first.
    fn first(&self) -> Option<Found> {
        self.inclusive.or(self.exclusive)
    }

    /// Whether the walk has met a row that starts before another.
    fn is_before(&self, extent: &Extent, line: &Line) -> bool {
        self.first().is_some_and(|met| {
            line.compare_starts(&met.extent, extent).is_lt() && !line.start_at_one_value(&met.extent, extent)
        })
    }

    /// Whether everything that the walk has met lies after another row.
    fn is_past(&self, extent: &Extent, line: &Line) -> bool {
        self.first().is_some_and(|met| !line.reaches(extent, &met.extent))
    }

    /// Goes on to the next row downwards, and tells whether it overlaps none of those before.
    fn arrive(&mut self, found: Found, line: &Line) -> bool {
        if self.first().is_some_and(|met| !line.start_at_one_value(&met.extent, &found.extent)) {
            self.beyond = self.first();
            (self.inclusive, self.exclusive) = (None, None);
        }
        let mut met = [self.inclusive, self.exclusive, self.beyond].into_iter().flatten();
        let is_disjoint = !met.any(|met| line.overlaps(&found.extent, &met.extent));
        let kind =
            if line.starts_inclusive(&found.extent) { &mut self.inclusive } else { &mut self.exclusive };
        kind.get_or_insert(found);
        is_disjoint
    }
}
