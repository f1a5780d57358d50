//! Overtime in each period, or in the mean of several.

use super::{Ceiling, Judge, Making, Take};
use crate::compliance::case::{Case, Comparison};
use crate::compliance::person::Person;
use crate::compliance::record::ClassifiedWork;
use crate::compliance::verdict::{Reason, Unit};
use crate::error::EngineError;
use crate::period::Boundary;
use crate::rule::{OvertimeCounted, OvertimeLimit};

/// No period has more overtime than so much, and no row of periods more in the mean.
#[derive(Debug)]
pub(super) struct OvertimeInPeriods {
    limit: Ceiling,
    mean_of: Vec<u32>,
    overtime: PeriodSums,
}

impl OvertimeInPeriods {
    pub(super) fn of(
        rule: &OvertimeLimit,
        line: usize,
        making: &mut Making<'_>,
    ) -> Result<Self, EngineError> {
        let overtime = PeriodSums::of(rule.period, rule.counted, line, making)?;
        Ok(Self { limit: Ceiling::of(rule.limit), mean_of: rule.mean_of.clone(), overtime })
    }
}

impl Judge for OvertimeInPeriods {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let Some(sums) = self.overtime.sums(person, self.limit.limit, take) else { return };
        let employed = person.employed();
        for mean_of in &self.mean_of {
            let length = usize::try_from(*mean_of).unwrap_or(usize::MAX);
            for row in sums.windows(length) {
                let (Some(first), Some(last)) = (row.first(), row.last()) else { continue };
                // Periods before the employment would thin the mean.
                if !person.frame.judges(first.start, last.end) || first.end <= employed.0 {
                    continue;
                }
                let found = Comparison {
                    measured: row.iter().map(|period| period.time).sum(),
                    limit: self.limit.limit.saturating_mul((*mean_of).into()),
                    scale: (*mean_of).into(),
                    is_below: self.limit.is_below,
                };
                let is_known = person.is_known(first.start, last.end);
                take(Case::at_most(first.start, last.end, found, is_known));
            }
        }
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Minutes, 1)
    }
}

/// Sums of classified work over periods.
#[derive(Debug)]
pub(super) struct PeriodSums {
    /// The number of the days of the frame.
    days: usize,
    /// Each from a day up to, but without, another.
    periods: Vec<(usize, usize)>,
    counted: OvertimeCounted,
    line: usize,
}

/// One period with its time, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct PeriodSum {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) time: i64,
}

impl PeriodSums {
    pub(super) fn of(
        period: Boundary,
        counted: OvertimeCounted,
        line: usize,
        making: &mut Making<'_>,
    ) -> Result<Self, EngineError> {
        let days = making.frame.days_from(making.zone, period.at())?;
        let periods = making.frame.days(days).periods(period, making.frame.needed)?;
        Ok(Self { days, periods, counted, line })
    }

    /// Every period that is known. Where nobody classified the work that there is, that is told.
    pub(super) fn sums(
        &self,
        person: &Person<'_>,
        limit: i64,
        take: &mut Take<'_>,
    ) -> Option<Vec<PeriodSum>> {
        let Some(classified) = person.record.overtime else {
            let (start, end) = person.frame.window;
            if !person.line(self.line).elapsed().meeting(start, end).is_empty() {
                take(Case::open(start, end, limit, Reason::OvertimeNotClassified));
            }
            return None;
        };
        let days = person.frame.days(self.days);
        let mut sums: Vec<PeriodSum> = self
            .periods
            .iter()
            .map(|(first, end)| PeriodSum { start: days.start(*first), end: days.start(*end), time: 0 })
            .collect();
        let counts =
            |work: &&ClassifiedWork| !work.on_holiday || self.counted == OvertimeCounted::WithHolidays;
        for work in classified.iter().filter(counts) {
            let day = days.on(work.day);
            let position = self.periods.partition_point(|(_, end)| *end <= day);
            if self.periods.get(position).is_some_and(|(first, _)| *first <= day)
                && let Some(sum) = sums.get_mut(position)
            {
                sum.time = sum.time.saturating_add(work.worked.microseconds());
            }
        }
        Some(sums)
    }
}
