//! Rest after a long duty.

use super::continuous_duty::{duties, length, longest};
use super::{Contributing, Judge, Take};
use crate::compliance::case::Case;
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::rule::{Clock, RestAfterDuty};

/// After a duty of such a length there is at least so much rest, counted from its actual end.
#[derive(Debug)]
pub(super) struct RestAfter {
    after: i64,
    minimum: i64,
    bridged: i64,
    clock: Clock,
    line: usize,
}

impl RestAfter {
    pub(super) fn of(rest: RestAfterDuty, line: usize) -> Self {
        Self {
            after: rest.after.microseconds(),
            minimum: rest.minimum.microseconds(),
            bridged: rest.bridged.microseconds(),
            clock: rest.clock,
            line,
        }
    }
}

impl Judge for RestAfter {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let mut duties = duties(person, self.line, self.bridged).peekable();
        while let Some((start, end)) = duties.next() {
            // Only what follows a long duty is looked at; most duties are none.
            if length(person, self.clock, start, end) < self.after {
                continue;
            }
            let next = duties.peek().map_or(end + self.minimum, |next| next.0);
            if person.frame.judges(end, next) {
                let is_short = next - end < self.minimum;
                let is_known = is_short || person.is_known(end, end + self.minimum);
                take(Case::rest(end, next, self.minimum, is_known));
            }
        }
    }

    fn is_clearly_kept(&self, person: &Person<'_>) -> bool {
        self.clock == Clock::Elapsed
            && longest(person, self.line, self.bridged).is_some_and(|longest| longest < self.after)
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Minutes, 1)
    }

    fn follows_duties(&self) -> bool {
        true
    }

    fn contributing(&self) -> Contributing {
        Contributing::Beside
    }
}
