//! One person's record, made ready for the judges.

use super::days::Days;
use super::frame::{Counted, Frame, Wanted};
use super::record::{Duty, PersonRecord};
use super::stretches::Stretches;
use crate::span::Span;

/// One person's record, made ready for the judges.
pub(super) struct Person<'a> {
    pub(super) record: &'a PersonRecord<'a>,
    pub(super) frame: &'a Frame,
    /// The positions of duties by their starts; `None` where they already lie so.
    order: Option<Vec<usize>>,
    lines: Vec<Line>,
    sums: Vec<DaySums>,
    away: Vec<Away>,
    known: Known,
}

/// Work of the kinds that a rule is about.
pub(super) struct Line {
    /// On duty, breaks included.
    elapsed: Stretches,
    /// Without unpaid breaks; `None` where there are none.
    worked: Option<Stretches>,
    /// On duty, or not known; `None` where all is known.
    busy: Option<Stretches>,
}

/// Time before each local day.
pub(super) struct DaySums {
    /// All of it.
    pub(super) before: Vec<i64>,
    /// Without that of days of leave; `None` where there are none.
    kept: Option<Vec<i64>>,
}

/// Whole local days of leave: from a day up to, but without, another; ascending, apart.
pub(super) struct Away {
    ranges: Vec<(usize, usize)>,
    /// How many there are before each day; empty where there are none.
    before: Vec<usize>,
}

/// The time of which everything is known.
struct Known {
    span: (i64, i64),
    /// Ascending.
    unclear: Vec<(i64, i64)>,
    /// Whether that is all that is needed.
    is_all: bool,
}

impl<'a> Person<'a> {
    pub(super) fn of(record: &'a PersonRecord<'a>, frame: &'a Frame, wanted: &Wanted) -> Self {
        let duties = record.duties;
        let is_sorted = duties.is_sorted_by_key(|duty| duty.span.start());
        let order = (!is_sorted).then(|| {
            let mut order: Vec<usize> = (0..duties.len()).collect();
            order.sort_by_key(|position| duties.get(*position).map(|duty| duty.span.start()));
            order
        });
        let known = Known::of(record, frame.needed);
        let mut person =
            Self { record, frame, order, lines: Vec::new(), sums: Vec::new(), away: Vec::new(), known };
        person.lines = wanted.lines.iter().map(|counted| person.line_of(counted)).collect();
        person.away = (0..frame.kinds_of_days()).map(|number| Away::of(record, frame.days(number))).collect();
        person.sums = wanted
            .sums
            .iter()
            .map(|sums| {
                let line = person.line(sums.line);
                let stretches = if sums.is_elapsed { line.elapsed() } else { line.worked() };
                let before = stretches.time_before_each(frame.days(sums.days).starts());
                let kept = person.away(sums.days).without(&before);
                DaySums { before, kept }
            })
            .collect();
        person
    }

    /// Every duty with its position, by start.
    pub(super) fn duties(&self) -> impl Iterator<Item = (usize, &'a Duty)> {
        let duties = self.record.duties;
        (0..duties.len()).filter_map(move |place| {
            let position = match &self.order {
                None => place,
                Some(order) => order.get(place).copied()?,
            };
            Some((position, duties.get(position)?))
        })
    }

    pub(super) fn line(&self, number: usize) -> &Line {
        const NONE: &Line = &Line { elapsed: Stretches::NONE, worked: None, busy: None };
        self.lines.get(number).unwrap_or(NONE)
    }

    pub(super) fn sums(&self, number: usize) -> &DaySums {
        const NONE: &DaySums = &DaySums { before: Vec::new(), kept: None };
        self.sums.get(number).unwrap_or(NONE)
    }

    /// The days of leave, by a number of days of the frame.
    pub(super) fn away(&self, days: usize) -> &Away {
        const NONE: &Away = &Away { ranges: Vec::new(), before: Vec::new() };
        self.away.get(days).unwrap_or(NONE)
    }

    /// Whether everything is known of a span; what is not needed counts as known.
    pub(super) fn is_known(&self, start: i64, end: i64) -> bool {
        let Known { span, unclear, is_all } = &self.known;
        let (start, end) = (start.max(self.frame.needed.0), end.min(self.frame.needed.1));
        *is_all
            || (span.0 <= start
                && end <= span.1
                && !unclear.iter().any(|part| part.0 < end && start < part.1))
    }

    /// The time of which duties are known.
    pub(super) fn known(&self) -> (i64, i64) {
        self.known.span
    }

    /// The ends of the employment, in microseconds.
    pub(super) fn employed(&self) -> (i64, i64) {
        bounds(self.record.employed)
    }

    fn line_of(&self, counted: &Counted) -> Line {
        let needed = self.frame.needed;
        let duties = || self.duties().map(|(_, duty)| duty).filter(|duty| counted.counts(duty));
        let elapsed = Stretches::of(duties().filter_map(|duty| cut(bounds(duty.span), needed)));
        let worked = duties().any(|duty| duty.unpaid.is_some()).then(|| {
            let parts = duties().flat_map(|duty| {
                let (start, end) = bounds(duty.span);
                let (from, to) = duty.unpaid.map_or((end, end), bounds);
                [(start, from.min(end)), (to.max(start), end)]
            });
            Stretches::sorted(parts.filter_map(|part| cut(part, needed)).collect())
        });
        let busy = (!self.known.unclear.is_empty()).then(|| {
            let unclear = self.known.unclear.iter().copied();
            Stretches::sorted(elapsed.spans().iter().copied().chain(unclear).collect())
        });
        Line { elapsed, worked, busy }
    }
}

impl Line {
    /// On duty, breaks included.
    pub(super) fn elapsed(&self) -> &Stretches {
        &self.elapsed
    }

    /// Without unpaid breaks.
    pub(super) fn worked(&self) -> &Stretches {
        self.worked.as_ref().unwrap_or(&self.elapsed)
    }

    /// On duty, or not known to be free.
    pub(super) fn busy(&self) -> &Stretches {
        self.busy.as_ref().unwrap_or(&self.elapsed)
    }
}

impl DaySums {
    /// The time from one day to another.
    pub(super) fn time(&self, first: usize, end: usize) -> i64 {
        difference(&self.before, first, end)
    }

    /// The same without days of leave.
    pub(super) fn kept(&self, first: usize, end: usize) -> i64 {
        difference(self.kept.as_ref().unwrap_or(&self.before), first, end)
    }
}

fn difference(before: &[i64], first: usize, end: usize) -> i64 {
    match (before.get(first), before.get(end)) {
        (Some(first), Some(end)) => end - first,
        _ => 0,
    }
}

impl Away {
    fn of(record: &PersonRecord<'_>, days: &Days) -> Self {
        let none = Self { ranges: Vec::new(), before: Vec::new() };
        let known = (days.start(0), days.start(usize::MAX));
        let leaves = record.leaves.iter().filter(|leave| leave.excluded_from_averages);
        let spans: Vec<(i64, i64)> = leaves.filter_map(|leave| cut(bounds(leave.span), known)).collect();
        if spans.is_empty() {
            return none;
        }
        let whole_days = |(start, end): (i64, i64)| {
            let begun = days.at(start);
            let range = (begun + usize::from(days.start(begun) < start), days.at(end));
            (range.0 < range.1).then_some(range)
        };
        let ranges: Vec<(usize, usize)> =
            Stretches::sorted(spans).spans().iter().copied().filter_map(whole_days).collect();
        if ranges.is_empty() {
            return none;
        }
        let mut before = vec![0];
        for day in 0..days.starts().len() {
            let is_away = ranges.iter().any(|(first, end)| (*first..*end).contains(&day));
            before.push(before.last().copied().unwrap_or_default() + usize::from(is_away));
        }
        Self { ranges, before }
    }

    /// How many days of leave there are from one day to another.
    pub(super) fn count(&self, first: usize, end: usize) -> usize {
        match (self.before.get(first), self.before.get(end)) {
            (Some(first), Some(end)) => end.saturating_sub(*first),
            _ => 0,
        }
    }

    /// The days of leave from one day to another, as ranges.
    pub(super) fn within(&self, first: usize, end: usize) -> impl Iterator<Item = (usize, usize)> {
        let cut = move |range: &(usize, usize)| (range.0.max(first), range.1.min(end));
        self.ranges.iter().map(cut).filter(|(first, end)| first < end)
    }

    pub(super) fn is_none(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Time before each day without that of the days of leave; `None` where there are none.
    fn without(&self, before: &[i64]) -> Option<Vec<i64>> {
        if self.is_none() {
            return None;
        }
        let mut total = 0;
        let mut kept = vec![0];
        for (day, pair) in before.windows(2).enumerate() {
            if let ([start, end], 0) = (pair, self.count(day, day + 1)) {
                total += end - start;
            }
            kept.push(total);
        }
        Some(kept)
    }
}

impl Known {
    fn of(record: &PersonRecord<'_>, needed: (i64, i64)) -> Self {
        let known = bounds(record.known);
        let span = (known.0.max(needed.0), known.1.min(needed.1));
        let mut unclear: Vec<(i64, i64)> =
            record.unclear.iter().filter_map(|part| cut(bounds(*part), needed)).collect();
        unclear.sort_unstable();
        let is_all = unclear.is_empty() && span == needed;
        Self { span, unclear, is_all }
    }
}

/// Start and end in microseconds.
pub(super) fn bounds(span: Span) -> (i64, i64) {
    (span.start().microseconds(), span.end().microseconds())
}

/// What of a part lies within another.
pub(super) fn cut(part: (i64, i64), within: (i64, i64)) -> Option<(i64, i64)> {
    let both = (part.0.max(within.0), part.1.min(within.1));
    (both.0 < both.1).then_some(both)
}
