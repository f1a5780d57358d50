//! Time in any stretch of a length.

use super::{Ceiling, Judge, Take};
use crate::compliance::case::{Case, Comparison};
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::rule::{CountedTime, TimeInWindow, Window};

/// No stretch of such a length has more time than so much.
///
/// The fullest stretch anywhere begins where counted time does: moved to the right from elsewhere, it loses
/// nothing until it does.
#[derive(Debug)]
pub(super) struct TimeInStretch {
    length: i64,
    limit: Ceiling,
    is_elapsed: bool,
    line: usize,
}

impl TimeInStretch {
    pub(super) fn of(time: TimeInWindow, limit: Ceiling, line: usize) -> Self {
        let length = match time.window {
            Window::Time(length) => length.microseconds(),
            Window::Fixed(_) | Window::Days(_) | Window::Rotation { .. } => 0,
        };
        Self { length, limit, is_elapsed: time.counted != CountedTime::Worked, line }
    }
}

impl Judge for TimeInStretch {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let line = person.line(self.line);
        let work = if self.is_elapsed { line.elapsed() } else { line.worked() };
        let spans = work.spans();
        let Ceiling { limit, is_below } = self.limit;
        let mut last = 0;
        for (position, (start, _)) in spans.iter().enumerate() {
            let (start, end) = (*start, start + self.length);
            while spans.get(last).is_some_and(|span| span.0 < end) {
                last += 1;
            }
            if !person.frame.judges(start, end) {
                continue;
            }
            // The last stretch that begins within is the only one that may reach out.
            let beyond = spans.get(last.saturating_sub(1)).map_or(0, |span| (span.1 - end).max(0));
            let measured = work.time_until(last) - work.time_until(position) - beyond;
            let found = Comparison { measured, limit, scale: 1, is_below };
            take(Case::at_most(start, end, found, person.is_known(start, end)));
        }
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Minutes, 1)
    }

    fn follows_duties(&self) -> bool {
        true
    }

    fn is_rolling(&self) -> bool {
        true
    }
}
