//! The innermost counter, minutes used, and how a step moves along it.
//!
//! Only a narrow band of minutes matters on each day: below it the least can no longer be reached, above it nobody
//! can have worked yet.

use std::ops::Range;

use crate::rostering::periods::Period;
use crate::rostering::person_space::PersonSpace;
use crate::rostering::window::Window;

/// Vectors are moved in pieces of this many costs. Rows end in as many cells that may hold anything unreachable.
pub(crate) const LANES: usize = 8;

/// The band of minutes of each day of a window, in the person's units.
#[derive(Debug, Default)]
pub(crate) struct Band {
    /// First value kept before each day, and after the last.
    lowest: Vec<usize>,
    /// Values kept before each day, and after the last.
    length: Vec<usize>,
    /// Cells of a row: the longest band, rounded up to whole vectors, and one vector more.
    pub(crate) row: usize,
}

/// A move from one row to a later one: positions and a whole number of vectors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shift {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) length: usize,
}

impl Band {
    /// Lays out the band; `outside_minutes` are used outside of the window. False if no path can keep the limit.
    pub(crate) fn lay_out(&mut self, space: &PersonSpace, window: Window, outside_minutes: i64) -> bool {
        let unit = space.unit_minutes;
        let limit = space.minutes.as_ref();
        let already = limit.map_or(0, |limit| limit.already);
        let room = |bound: i64| bound - already - outside_minutes;
        let most = limit.and_then(Period::hard_most).map(|most| room(most).div_euclid(unit));
        let least = limit.and_then(Period::hard_least).map_or(0, |least| (room(least) + unit - 1) / unit);
        if most.is_some_and(|most| most < 0) {
            return false;
        }
        let longest = if limit.is_some() { space.longest_shift_units } else { 0 };
        let reach = |days: &Range<usize>| {
            window.open_within(days).iter().map(|&days| space.workable[days]).sum::<usize>() * longest
        };
        let least = least.max(0) as usize;
        self.lowest.clear();
        self.length.clear();
        for day in window.start..=window.end {
            let before = window.start..day;
            let lowest = least.saturating_sub(reach(&(day..window.end)));
            // Before a day at most the days before it are worked, whatever came before the window.
            let open: usize = window.open_within(&before).iter().sum();
            let highest = (open * longest)
                .min(reach(&before) + longest)
                .min(most.map_or(usize::MAX, |most| most as usize));
            if lowest > highest {
                return false;
            }
            self.lowest.push(lowest);
            self.length.push(highest - lowest + 1);
        }
        let widest = self.length.iter().copied().max().unwrap_or(1);
        self.row = widest.next_multiple_of(LANES) + LANES;
        true
    }

    /// How a step that takes `units` on a day of the window moves a row; none if nothing of it stays in the band.
    pub(crate) fn shift(&self, offset: usize, units: usize) -> Option<Shift> {
        let moved = self.lowest[offset] + units;
        let next = self.lowest[offset + 1];
        let (from, to) = if moved < next { (next - moved, 0) } else { (0, moved - next) };
        let length = self.length[offset].checked_sub(from)?.min(self.length[offset + 1].checked_sub(to)?);
        (length > 0).then(|| Shift { from, to, length: length.next_multiple_of(LANES) })
    }

    /// Units used at a position before a day of the window.
    pub(crate) fn units(&self, offset: usize, position: usize) -> usize {
        self.lowest[offset] + position
    }

    /// Values kept before a day of the window.
    pub(crate) fn length(&self, offset: usize) -> usize {
        self.length[offset]
    }
}

/// Cost of so many minutes over the horizon; none if a limit forbids them.
pub(crate) fn minutes_cost(space: &PersonSpace, minutes: i64) -> Option<i64> {
    let Some(limit) = &space.minutes else { return Some(0) };
    limit.cost(limit.already, limit.already + minutes)
}
