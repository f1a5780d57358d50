//! Breaks in a long duty.

use super::continuous_duty::{duties, longest};
use super::{Judge, Take};
use crate::compliance::case::Case;
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::rule::RestBreak;

/// Every duty with more work than so much has unpaid breaks of at least so much together.
///
/// Directive 2003/88/EC, article 4; Labour Standards Act of Japan, article 34. Breaks before and after the work
/// are none.
#[derive(Debug)]
pub(super) struct BreaksInDuty {
    after: i64,
    minimum: i64,
    bridged: i64,
    line: usize,
}

impl BreaksInDuty {
    pub(super) fn of(rest: RestBreak, line: usize) -> Self {
        let (after, minimum) = (rest.after.microseconds(), rest.minimum.microseconds());
        Self { after, minimum, bridged: rest.bridged.microseconds(), line }
    }
}

impl Judge for BreaksInDuty {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let work = person.line(self.line).worked();
        for (start, end) in duties(person, self.line, self.bridged) {
            if !person.frame.judges(start, end) {
                continue;
            }
            let stretches = work.meeting(start, end);
            let (Some(first), Some(last)) = (stretches.first(), stretches.last()) else { continue };
            let time = work.time(start, end);
            if time <= self.after {
                continue;
            }
            let breaks = last.1.min(end) - first.0.max(start) - time;
            let is_known = person.is_known(start - self.bridged - 1, end + self.bridged + 1);
            take(Case { start, end, ..Case::rest(0, breaks, self.minimum, is_known) });
        }
    }

    fn is_clearly_kept(&self, person: &Person<'_>) -> bool {
        longest(person, self.line, self.bridged).is_some_and(|longest| longest <= self.after)
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Minutes, 1)
    }

    fn follows_duties(&self) -> bool {
        true
    }
}
