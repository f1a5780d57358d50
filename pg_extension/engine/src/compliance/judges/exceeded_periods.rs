//! How many periods have more overtime than so much.

use super::overtime::PeriodSums;
use super::{Judge, Making, Take};
use crate::compliance::case::{Case, Comparison, count};
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::compliance::windows::DayWindows;
use crate::error::EngineError;
use crate::rule::{ExceededPeriods, Window};

/// No longer period has more than so many periods with more overtime than so much.
#[derive(Debug)]
pub(super) struct PeriodsOver {
    more_than: i64,
    maximum: i64,
    overtime: PeriodSums,
    within: DayWindows,
}

impl PeriodsOver {
    pub(super) fn of(
        rule: ExceededPeriods,
        line: usize,
        making: &mut Making<'_>,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            more_than: rule.more_than.microseconds(),
            maximum: rule.maximum.into(),
            overtime: PeriodSums::of(rule.period, rule.counted, line, making)?,
            within: making.windows(Window::Fixed(rule.within))?,
        })
    }
}

impl Judge for PeriodsOver {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let Some(sums) = self.overtime.sums(person, self.maximum, take) else { return };
        self.within.each(person, |window| {
            let in_it =
                sums.iter().filter(|period| window.start <= period.start && period.start < window.end);
            let over = count(in_it.filter(|period| period.time > self.more_than).count());
            let is_known = person.is_known(window.start, window.end);
            take(Case::at_most(window.start, window.end, Comparison::of(over, self.maximum), is_known));
        });
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Periods, 1)
    }
}
