//! The rest between two duties.

use super::{Contributing, Judge, Take};
use crate::compliance::case::Case;
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::duration::Duration;

/// Every rest between two duties is at least so long.
#[derive(Debug)]
pub(super) struct RestBetween {
    minimum: i64,
    line: usize,
}

impl RestBetween {
    pub(super) fn of(minimum: Duration, line: usize) -> Self {
        Self { minimum: minimum.microseconds(), line }
    }
}

impl Judge for RestBetween {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let busy = person.line(self.line).busy().spans();
        for pair in busy.windows(2) {
            if let [before, after] = pair
                && person.frame.judges(before.1, after.0)
            {
                // What is not known may be work or rest: beside it a short rest is no breach for certain.
                let is_long = after.0 - before.1 >= self.minimum;
                let are_duties =
                    person.is_known(before.1 - 1, before.1) && person.is_known(after.0, after.0 + 1);
                take(Case::rest(before.1, after.0, self.minimum, is_long || are_duties));
            }
        }
    }

    fn is_clearly_kept(&self, person: &Person<'_>) -> bool {
        person.line(self.line).busy().shortest_gap() >= self.minimum
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
