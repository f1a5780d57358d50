//! The spread of a day, from the first start to the last end.

use super::{Ceiling, Judge, Take};
use crate::compliance::case::{Case, Comparison};
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::compliance::windows::DayWindows;

/// No day has a longer spread than so much, breaks and gaps included.
#[derive(Debug)]
pub(super) struct Spread {
    pub(super) windows: DayWindows,
    pub(super) limit: Ceiling,
    pub(super) line: usize,
}

impl Judge for Spread {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let Ceiling { limit, is_below } = self.limit;
        let elapsed = person.line(self.line).elapsed();
        self.windows.each(person, |window| {
            let meeting = elapsed.meeting(window.start, window.end);
            let measured = match (meeting.first(), meeting.last()) {
                (Some(first), Some(last)) => last.1.min(window.end) - first.0.max(window.start),
                _ => 0,
            };
            let found = Comparison { measured, limit, scale: 1, is_below };
            let is_known = person.is_known(window.start, window.end);
            take(Case::at_most(window.start, window.end, found, is_known));
        });
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Minutes, 1)
    }
}
