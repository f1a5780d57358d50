//! Rows that overlap, found by looking at neighbours.
//!
//! Sorted by start, rows are disjoint exactly if each is disjoint from the next. The old rows are; so if there is an
//! overlap at all, a new row overlaps a neighbour.
//!
//! New rows are taken from the last to the first of a key. The walk goes to the last row that starts before
//! the new one ends, and from there downwards: first it meets the new row itself, and then the one before it. Two
//! rows of the index tell that all is well. From one new row to the next the walk goes on while that is near, and
//! else descends the index again.

use super::batch::NewRow;
use super::definition::Definition;
use super::line::{Extent, Line};
use super::scan::{Found, Walk};
use crate::error::ExtensionError;

/// Rows that are walked over before it is cheaper to descend the index again.
const NEAR_ROWS: usize = 16;

/// Pairs that are kept to be named.
const NAMED_PAIRS: usize = 5;

/// Rows that overlap.
#[derive(Default)]
pub(super) struct Pairs {
    /// The first of them, the later row second.
    pub(super) named: Vec<(Found, Found)>,
    /// How many there are.
    pub(super) count: usize,
}

impl Pairs {
    fn add(&mut self, earlier: Found, later: Found) {
        self.count += 1;
        if self.named.len() < NAMED_PAIRS {
            self.named.push((earlier, later));
        }
    }
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
        look_at_key(&definition.line, run, walk, &mut pairs)?;
    }
    Ok(pairs)
}

fn look_at_key(
    line: &Line,
    run: &[NewRow],
    walk: &mut Walk<'_>,
    pairs: &mut Pairs,
) -> Result<(), ExtensionError> {
    let Some(last) = run.last() else { return Ok(()) };
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
                Some(found) => place.arrive(found, line, pairs),
                // Nothing starts earlier but what has no start. The new rows before this one were met, too, or are
                // among those.
                None => return look_at_unbounded(line, key, walk, &place, pairs),
            }
        }
    }
    Ok(())
}

/// The rows without a start: each reaches to the first of the others.
fn look_at_unbounded(
    line: &Line,
    key: pgrx::pg_sys::Datum,
    walk: &mut Walk<'_>,
    place: &Place,
    pairs: &mut Pairs,
) -> Result<(), ExtensionError> {
    walk.seek_unbounded(key);
    let mut before = None;
    while let Some(found) = walk.next()? {
        if let Some(first) = place.first().filter(|first| line.overlaps(&found.extent, &first.extent)) {
            pairs.add(found, first);
        }
        if let Some(other) = before.replace(found) {
            pairs.add(other, found);
        }
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

    /// Goes on to the next row downwards.
    fn arrive(&mut self, found: Found, line: &Line, pairs: &mut Pairs) {
        let starts_here = |met: &Found| line.start_at_one_value(&met.extent, &found.extent);
        if self.first().is_some_and(|met| !starts_here(&met)) {
            self.beyond = self.first();
            (self.inclusive, self.exclusive) = (None, None);
        }
        for met in [self.inclusive, self.exclusive, self.beyond].into_iter().flatten() {
            if line.overlaps(&found.extent, &met.extent) {
                pairs.add(found, met);
                // One conflict per row is enough to tell, and a row in the midst of many would have many.
                break;
            }
        }
        let kind =
            if line.starts_inclusive(&found.extent) { &mut self.inclusive } else { &mut self.exclusive };
        kind.get_or_insert(found);
    }
}
