//! One person's record, made ready for the judges.

use std::cell::OnceCell;

use super::away::Away;
use super::day_sums::{AllDaySums, DaySums};
use super::frame::{Frame, Wanted};
use super::lines::{Line, Lines};
use super::record::{Duty, PersonRecord};
use super::stretches::Stretches;
use crate::instant::Instant;
use crate::span::Span;
use crate::span_set::SpanSet;

/// One person's record, made ready for the judges.
pub(super) struct Person<'a> {
    pub(super) record: &'a PersonRecord<'a>,
    pub(super) frame: &'a Frame,
    /// The positions of duties by their starts; `None` where they already lie so.
    order: Option<Vec<usize>>,
    lines: Lines,
    sums: AllDaySums,
    away: Vec<Away>,
    /// The leave that averages leave out.
    leaves: Vec<(i64, i64)>,
    known: Known,
    in_rotations: OnceCell<SpanSet>,
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
        let lines = match &order {
            None => Lines::of(&wanted.lines, &duties.iter(), frame.needed, &known.unclear),
            Some(order) => {
                let ordered = order.iter().filter_map(|position| duties.get(*position));
                Lines::of(&wanted.lines, &ordered, frame.needed, &known.unclear)
            }
        };
        let away: Vec<Away> =
            (0..frame.kinds_of_days()).map(|number| Away::of(record, frame.days(number))).collect();
        let sums = AllDaySums::of(&wanted.sums, &lines, &away, frame);
        let leaves = record.leaves.iter().filter(|leave| leave.excluded_from_averages);
        let leaves = leaves.filter_map(|leave| cut(bounds(leave.span), frame.needed)).collect();
        Self { record, frame, order, lines, sums, away, leaves, known, in_rotations: OnceCell::new() }
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

    /// The work of a line, by its number in the book.
    pub(super) fn line(&self, number: usize) -> &Line {
        self.lines.line(number)
    }

    /// When the person is on a duty of a line, not known to be free, or on leave that averages leave out.
    pub(super) fn busy_or_away(&self, number: usize) -> &Stretches {
        self.lines.line(number).busy_or_away(&self.leaves)
    }

    /// Sums by day, by their number in the book.
    pub(super) fn sums(&self, number: usize) -> &DaySums {
        self.sums.sums(number)
    }

    /// The days of leave, by a number of days of the frame.
    pub(super) fn away(&self, days: usize) -> &Away {
        const NONE: &Away = &Away::NONE;
        self.away.get(days).unwrap_or(NONE)
    }

    /// The time in any of the person's own periods.
    pub(super) fn in_rotations(&self) -> &SpanSet {
        self.in_rotations.get_or_init(|| {
            let rotations = self.record.rotations.iter().map(|rotation| rotation.span);
            rotations.filter(|span| span.start() > Instant::NEG_INFINITY).collect()
        })
    }

    /// Whether everything is known that is needed.
    pub(super) fn is_all_known(&self) -> bool {
        self.known.is_all
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
