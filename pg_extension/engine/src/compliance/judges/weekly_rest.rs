//! Long rests in each window.

use super::{Judge, Making, Take};
use crate::compliance::case::{Case, Comparison};
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::compliance::windows::DayWindows;
use crate::error::EngineError;
use crate::rule::WeeklyRest;

/// Every window has so many long rests.
///
/// A rest counts in the window in which it begins, also where it ends in the next; of one that began before the
/// window counts what lies in it and after. So a free Sunday counts for its week, though it ends on Monday.
#[derive(Debug)]
pub(super) struct LongRests {
    minimum: i64,
    minimum_rests: i64,
    line: usize,
    windows: DayWindows,
}

impl LongRests {
    pub(super) fn of(rest: WeeklyRest, line: usize, making: &mut Making<'_>) -> Result<Self, EngineError> {
        let windows = making.windows(rest.window)?;
        let minimum = rest.minimum.microseconds();
        Ok(Self { minimum, minimum_rests: rest.minimum_rests.into(), line, windows })
    }
}

impl Judge for LongRests {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let busy = person.line(self.line).busy();
        let is_long = |gap: &(i64, i64)| gap.1 - gap.0 >= self.minimum;
        let gaps: Vec<(i64, i64)> = busy.gaps(person.known()).filter(is_long).collect();
        self.windows.each(person, |window| {
            let first = gaps.partition_point(|gap| gap.1 <= window.start);
            let meeting = gaps.get(first..).unwrap_or_default().iter();
            let rests: i64 = meeting
                .map(|gap| (gap.0.max(window.start), gap.1))
                .take_while(|(from, _)| *from < window.end)
                .map(|(from, to)| {
                    let begun = (window.end - from + self.minimum - 1) / self.minimum;
                    begun.min((to - from) / self.minimum)
                })
                .sum();
            let found = Comparison::of(rests, self.minimum_rests);
            let is_known = person.is_known(window.start, window.end + self.minimum);
            take(Case::at_least(window.start, window.end, found, is_known));
        });
    }

    fn is_clearly_kept(&self, person: &Person<'_>) -> bool {
        let Some(extent) = self.windows.extent().filter(|_| self.minimum_rests <= 1) else { return false };
        let gaps = person.line(self.line).busy().gaps(person.known());
        let long = gaps.filter(|gap| gap.1 - gap.0 >= self.minimum);
        extent.is_served(long.map(|gap| (gap.0, gap.1 - self.minimum)))
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Rests, 1)
    }

    fn is_rolling(&self) -> bool {
        self.windows.is_rolling()
    }

    fn needs_rotations(&self) -> bool {
        self.windows.is_rotation()
    }
}
