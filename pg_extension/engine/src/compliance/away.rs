//! Days of leave that averages leave out.

use super::days::Days;
use super::person::{bounds, cut};
use super::record::PersonRecord;
use super::stretches::Stretches;

/// Whole local days of leave: from a day up to, but without, another; ascending, apart.
#[derive(Debug)]
pub(super) struct Away {
    ranges: Vec<(usize, usize)>,
    /// How many there are before each day; empty where there are none.
    before: Vec<usize>,
}

impl Away {
    /// No leave.
    pub(super) const NONE: Self = Self { ranges: Vec::new(), before: Vec::new() };

    /// The leave of a person, in days of one kind.
    pub(super) fn of(record: &PersonRecord<'_>, days: &Days) -> Self {
        let known = (days.start(0), days.start(usize::MAX));
        let leaves = record.leaves.iter().filter(|leave| leave.excluded_from_averages);
        let spans: Vec<(i64, i64)> = leaves.filter_map(|leave| cut(bounds(leave.span), known)).collect();
        if spans.is_empty() {
            return Self::NONE;
        }
        let whole_days = |(start, end): (i64, i64)| {
            let begun = days.at(start);
            let range = (begun + usize::from(days.start(begun) < start), days.at(end));
            (range.0 < range.1).then_some(range)
        };
        let ranges: Vec<(usize, usize)> =
            Stretches::sorted(spans).spans().iter().copied().filter_map(whole_days).collect();
        if ranges.is_empty() {
            return Self::NONE;
        }
        let (mut before, mut total) = (Vec::with_capacity(days.starts().len() + 1), 0);
        for (first, end) in &ranges {
            before.resize(first + 1, total);
            before.extend((1..=end - first).map(|day| total + day));
            total += end - first;
        }
        before.resize(days.starts().len() + 1, total);
        Self { ranges, before }
    }

    /// How many days of leave there are from one day to another.
    pub(super) fn count(&self, first: usize, end: usize) -> usize {
        match (self.before.get(first), self.before.get(end)) {
            (Some(first), Some(end)) => end.saturating_sub(*first),
            _ => 0,
        }
    }

    /// How many days of leave there are before each day; empty where there are none.
    pub(super) fn before(&self) -> &[usize] {
        &self.before
    }

    /// The days of leave from one day to another, as ranges.
    pub(super) fn within(&self, first: usize, end: usize) -> impl Iterator<Item = (usize, usize)> {
        let cut = move |range: &(usize, usize)| (range.0.max(first), range.1.min(end));
        self.ranges.iter().map(cut).filter(|(first, end)| first < end)
    }

    /// Whether there is no leave.
    pub(super) fn is_none(&self) -> bool {
        self.ranges.is_empty()
    }
}
