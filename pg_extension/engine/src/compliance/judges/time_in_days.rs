//! Time in windows of local days.

use super::{Ceiling, Judge, Take};
use crate::compliance::case::{Case, Comparison};
use crate::compliance::frame::WantedSums;
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::compliance::windows::DayWindows;

/// No window of local days has more time than so much.
#[derive(Debug)]
pub(super) struct TimeInDays {
    pub(super) windows: DayWindows,
    pub(super) limit: Ceiling,
    pub(super) sums: (usize, WantedSums),
}

impl Judge for TimeInDays {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let Ceiling { limit, is_below } = self.limit;
        self.windows.each(person, |window| {
            let found = Comparison { measured: window.time(person, self.sums), limit, scale: 1, is_below };
            let is_known = person.is_known(window.start, window.end);
            take(Case::at_most(window.start, window.end, found, is_known));
        });
    }

    fn is_clearly_kept(&self, person: &Person<'_>) -> bool {
        let most = self.windows.most_in_rolling(person.sums(self.sums.0).before());
        most.is_some_and(|most| self.limit.allows(most, (1, 1)))
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Minutes, 1)
    }

    fn is_rolling(&self) -> bool {
        self.windows.is_rolling()
    }

    fn needs_rotations(&self) -> bool {
        self.windows.is_rotation()
    }
}
