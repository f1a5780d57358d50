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
        let duties = person.line(self.line).elapsed().spans();
        let (Some(first), Some(last)) = (duties.first(), duties.last()) else { return };
        for pair in duties.windows(2) {
            if let [before, after] = pair
                && person.frame.judges(before.1, after.0)
            {
                let is_known = person.is_known(before.1, after.0);
                take(Case::rest(before.1, after.0, self.minimum, is_known));
            }
        }
        // Before the first duty and after the last there is rest enough, if that is known.
        for (start, end) in [(first.0 - self.minimum, first.0), (last.1, last.1 + self.minimum)] {
            if !person.is_known(start, end) {
                take(Case::rest(start, end, self.minimum, false));
            }
        }
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Minutes, 1)
    }

    fn contributing(&self) -> Contributing {
        Contributing::Beside
    }
}
