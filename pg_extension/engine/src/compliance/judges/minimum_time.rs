//! At least so much time in each window.

use super::{Judge, Making, Take};
use crate::compliance::case::{Case, Comparison};
use crate::compliance::frame::WantedSums;
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::compliance::windows::DayWindows;
use crate::error::EngineError;
use crate::rule::{Limit, TimeInWindow};

/// Every window has at least so much time, if the person is employed for all of it.
#[derive(Debug)]
pub(super) struct MinimumTime {
    minimum: i64,
    windows: DayWindows,
    sums: (usize, WantedSums),
}

impl MinimumTime {
    pub(super) fn of(time: TimeInWindow, line: usize, making: &mut Making<'_>) -> Result<Self, EngineError> {
        let windows = making.windows(time.window)?;
        let sums = making.sums(line, time.counted, windows.days());
        let (Limit::AtMost(minimum) | Limit::Below(minimum)) = time.limit;
        Ok(Self { minimum: minimum.microseconds(), windows, sums })
    }
}

impl Judge for MinimumTime {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let employed = person.employed();
        self.windows.each(person, |window| {
            if employed.0 <= window.start && window.end <= employed.1 {
                let found = Comparison::of(window.time(person, self.sums), self.minimum);
                let is_known = person.is_known(window.start, window.end);
                take(Case::at_least(window.start, window.end, found, is_known));
            }
        });
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
