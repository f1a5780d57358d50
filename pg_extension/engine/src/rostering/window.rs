//! The days that a piece of the search may change.

use std::ops::Range;

/// Days from `start` to `end`, but for a gap between them whose days stay as they stand. Two stretches far apart can
/// trade what is scarce over the whole horizon, such as weekends, which one stretch cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: usize,
    pub(super) end: usize,
    gap_start: usize,
    gap_end: usize,
}

impl From<Range<usize>> for Window {
    fn from(days: Range<usize>) -> Self {
        Self { start: days.start, end: days.end, gap_start: days.end, gap_end: days.end }
    }
}

impl Window {
    /// Two stretches, in any order; one if they meet.
    pub(super) fn of_two(one: Range<usize>, other: Range<usize>) -> Self {
        let (first, second) = if one.start <= other.start { (one, other) } else { (other, one) };
        if second.start <= first.end {
            return Self::from(first.start..second.end.max(first.end));
        }
        Self { start: first.start, end: second.end, gap_start: first.end, gap_end: second.start }
    }

    /// All days from the first to the last, those of the gap too.
    pub(super) fn days(&self) -> Range<usize> {
        self.start..self.end
    }

    /// How many days there are from the first to the last.
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether a day may change.
    #[inline]
    pub(super) fn is_open(&self, day: usize) -> bool {
        (self.start..self.end).contains(&day) && !(self.gap_start..self.gap_end).contains(&day)
    }

    /// Whether some days lie between its first and its last day, those of the gap too.
    pub(super) fn meets(&self, days: &Range<usize>) -> bool {
        days.start < self.end && self.start < days.end
    }

    /// Whether nothing stands between the first and the last day.
    pub(super) fn is_whole(&self) -> bool {
        self.gap_start >= self.gap_end
    }

    /// The stretches of days that may change; the second is empty if there is but one.
    pub(super) fn stretches(&self) -> [Range<usize>; 2] {
        [self.start..self.gap_start, self.gap_end..self.end]
    }

    /// The days that may change.
    pub(super) fn open_days(&self) -> impl Iterator<Item = usize> + use<> {
        let [first, second] = self.stretches();
        first.chain(second)
    }

    /// Lengths of the two stretches, as far as they lie within some days.
    pub(super) fn open_within(&self, days: &Range<usize>) -> [usize; 2] {
        self.stretches()
            .map(|stretch| stretch.end.min(days.end).saturating_sub(stretch.start.max(days.start)))
    }
}
