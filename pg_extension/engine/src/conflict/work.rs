//! What one person's assignments are together.
//!
//! Assignments that overlap count once, those that touch are one duty. An unpaid break has no place of its
//! own: it is taken to lie in the middle of its assignment, so that every piece of a shift has its own part.

use std::cell::OnceCell;

use super::days::{Day, LocalDays};
use super::input::Assignment;
use super::sweep::Placed;
use crate::duration::Duration;
use crate::instant::Instant;
use crate::rule::CountedTime;
use crate::span::Span;
use crate::span_set::SpanSet;

/// One person's work, each part of it made when a rule first asks for it.
pub(super) struct Work<'a> {
    pub(super) person: usize,
    pub(super) days: &'a LocalDays,
    assignments: &'a [Placed<'a>],
    duties: OnceCell<SpanSet>,
    paid: OnceCell<SpanSet>,
    elapsed_by_day: OnceCell<Vec<DayOfWork>>,
    paid_by_day: OnceCell<Vec<DayOfWork>>,
}

/// A local day with work in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DayOfWork {
    pub(super) day: Day,
    pub(super) time: Duration,
    pub(super) first_start: Instant,
    pub(super) last_end: Instant,
}

impl<'a> Work<'a> {
    /// Of assignments that are all one person's.
    pub(super) fn of(person: usize, assignments: &'a [Placed<'a>], days: &'a LocalDays) -> Self {
        Self {
            person,
            days,
            assignments,
            duties: OnceCell::new(),
            paid: OnceCell::new(),
            elapsed_by_day: OnceCell::new(),
            paid_by_day: OnceCell::new(),
        }
    }

    /// When the person is on duty, breaks included.
    pub(super) fn duties(&self) -> &SpanSet {
        self.duties.get_or_init(|| self.assignments.iter().map(|(_, assignment)| assignment.span).collect())
    }

    /// The time that counts. A spread is between the ends of duties.
    pub(super) fn counted(&self, counted: CountedTime) -> &SpanSet {
        match counted {
            CountedTime::Elapsed | CountedTime::Spread => self.duties(),
            CountedTime::Worked => self.paid.get_or_init(|| {
                self.assignments.iter().flat_map(|(_, assignment)| paid_parts(assignment)).flatten().collect()
            }),
        }
    }

    /// The time that counts by local day, days without any left out.
    pub(super) fn by_day(&self, counted: CountedTime) -> &[DayOfWork] {
        let made = match counted {
            CountedTime::Elapsed | CountedTime::Spread => &self.elapsed_by_day,
            CountedTime::Worked => &self.paid_by_day,
        };
        made.get_or_init(|| split_by_day(self.counted(counted), self.days))
    }
}

/// What is paid of an assignment: the part before its break and the part after it.
fn paid_parts(assignment: &Assignment) -> [Option<Span>; 2] {
    let (span, unpaid) = (assignment.span, assignment.unpaid);
    // Work without end has no middle.
    let Ok(length) = span.elapsed() else { return [Some(span), None] };
    if unpaid <= Duration::ZERO {
        return [Some(span), None];
    }
    if unpaid >= length {
        return [None, None];
    }
    let before = (length.microseconds() - unpaid.microseconds()) / 2;
    let break_start = Instant::from_microseconds(span.start().microseconds() + before);
    let break_end = Instant::from_microseconds(break_start.microseconds() + unpaid.microseconds());
    [Span::new(span.start(), break_start), Span::new(break_end, span.end())]
}

fn split_by_day(set: &SpanSet, days: &LocalDays) -> Vec<DayOfWork> {
    let mut split: Vec<DayOfWork> = Vec::new();
    let Some(covered) = days.covered() else { return split };
    for span in set.spans().iter().filter_map(|span| span.intersect(covered)) {
        let mut next = days.at(span.start());
        while let Some(day) = next
            && let Some(part) = days.span(day, day + 1).and_then(|day| day.intersect(span))
        {
            let time = Duration::from_microseconds(part.end().microseconds() - part.start().microseconds());
            match split.last_mut() {
                Some(last) if last.day == day => {
                    last.time = Duration::from_microseconds(last.time.microseconds() + time.microseconds());
                    last.last_end = part.end();
                }
                _ => split.push(DayOfWork { day, time, first_start: part.start(), last_end: part.end() }),
            }
            next = Some(day + 1);
        }
    }
    split
}
