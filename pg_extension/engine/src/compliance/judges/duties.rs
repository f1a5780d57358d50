//! Duties in each window, such as nights on call.

use super::{Judge, Making, Take};
use crate::compliance::case::{Case, Comparison, count};
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::compliance::windows::{DayWindow, DayWindows};
use crate::error::EngineError;
use crate::rule::DutyCount;

/// No window has more duties than so many, or than so many for each so many days that are not leave.
#[derive(Debug)]
pub(super) struct DutiesInWindow {
    maximum: i64,
    per_days: Option<i64>,
    windows: DayWindows,
    line: usize,
}

impl DutiesInWindow {
    pub(super) fn of(rule: DutyCount, line: usize, making: &mut Making<'_>) -> Result<Self, EngineError> {
        let windows = making.windows(rule.window)?;
        Ok(Self { maximum: rule.maximum.into(), per_days: rule.per_days.map(Into::into), windows, line })
    }

    /// The duties that begin in a window, but for those on days of leave where these are left out.
    fn count(&self, person: &Person<'_>, window: DayWindow) -> i64 {
        let elapsed = person.line(self.line).elapsed();
        let all = elapsed.beginning(window.start, window.end);
        if self.per_days.is_none() {
            return count(all);
        }
        let days = person.frame.days(self.windows.days());
        let away = person.away(self.windows.days()).within(window.first, window.last);
        let on_leave = away.map(|(first, end)| elapsed.beginning(days.start(first), days.start(end)));
        count(all) - count(on_leave.sum())
    }
}

impl Judge for DutiesInWindow {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        self.windows.each(person, |window| {
            let duties = self.count(person, window);
            let found = match self.per_days {
                None => Comparison::of(duties, self.maximum),
                Some(per_days) => Comparison {
                    measured: duties * per_days,
                    limit: self.maximum * window.length_kept(person, self.windows.days()),
                    scale: per_days,
                    is_below: false,
                },
            };
            let is_known = person.is_known(window.start, window.end);
            take(Case::at_most(window.start, window.end, found, is_known));
        });
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Duties, self.per_days.unwrap_or(1))
    }

    fn is_rolling(&self) -> bool {
        self.windows.is_rolling()
    }

    fn needs_rotations(&self) -> bool {
        self.windows.is_rotation()
    }
}
