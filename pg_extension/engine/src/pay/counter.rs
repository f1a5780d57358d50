//! How much of each limit is used up.

use super::rules::{CountedOn, Limit, PayKind, PayRules, Reason};
use crate::duration::Duration;
use crate::error::EngineError;
use crate::local::LocalDate;

/// What has been worked before the first duty, in the periods in which that lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Opening {
    /// Regular time of the week.
    pub weekly_regular: Duration,
    /// Overtime of the pay period.
    pub overtime: Duration,
}

/// Counts work in the order of time, and says of each stretch what it is paid as.
#[derive(Debug)]
pub(super) struct Counter<'a> {
    rules: &'a PayRules,
    day: Tally,
    week: Tally,
    pay_period: Tally,
}

/// What has been counted in the current period.
#[derive(Debug, Default)]
struct Tally {
    period_start: Option<LocalDate>,
    time: Duration,
}

/// The days to which a stretch of work belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Belonging {
    /// The day on which its duty began.
    pub(super) duty_day: LocalDate,
    /// Its own local day.
    pub(super) local_day: LocalDate,
    /// The first day of the weekly limit's period in which it lies itself.
    pub(super) period_start: LocalDate,
}

/// What the next work is paid as, and for how long that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) kind: PayKind,
    pub(super) reason: Reason,
    /// Never zero.
    pub(super) time: Duration,
}

impl<'a> Counter<'a> {
    pub(super) fn new(rules: &'a PayRules, opening: Opening) -> Self {
        let opened = |time| Tally { period_start: None, time };
        let (week, pay_period) = (opened(opening.weekly_regular), opened(opening.overtime));
        Self { rules, day: Tally::default(), week, pay_period }
    }

    /// Judges the next work, of which `worked` is left, and counts what it judged.
    pub(super) fn count(&mut self, belonging: Belonging, worked: Duration) -> Result<Verdict, EngineError> {
        self.enter(belonging)?;
        let verdict = self.judge(belonging, worked);
        self.day.time = self.day.time.plus(verdict.time)?;
        let tally = match verdict.kind {
            PayKind::Regular => &mut self.week,
            PayKind::Overtime(_) => &mut self.pay_period,
            PayKind::Holiday => return Ok(verdict),
        };
        tally.time = tally.time.plus(verdict.time)?;
        Ok(verdict)
    }

    /// Starts over what a new day, week or pay period begins.
    fn enter(&mut self, belonging: Belonging) -> Result<(), EngineError> {
        let Belonging { duty_day, local_day, period_start } = belonging;
        self.day.enter(match self.rules.daily.map(|limit| limit.counted_on) {
            Some(CountedOn::Instant) => local_day,
            _ => duty_day,
        });
        self.week.enter(match self.rules.weekly {
            Some(Limit { counted_on: CountedOn::Instant, .. }) => period_start,
            Some(Limit { boundary, .. }) => boundary.period_of(duty_day)?.0,
            None => duty_day,
        });
        self.pay_period.enter(self.rules.pay_period.period_of(duty_day)?.0);
        Ok(())
    }

    fn judge(&self, belonging: Belonging, worked: Duration) -> Verdict {
        if self.rules.is_holiday(belonging.local_day) {
            return Verdict { kind: PayKind::Holiday, reason: Reason::StatutoryHoliday, time: worked };
        }
        let in_day = left(self.rules.daily, self.day.time);
        let in_week = left(self.rules.weekly, self.week.time);
        let (reason, time) = match (in_day, in_week) {
            (None, _) => (Reason::DailyLimit, worked),
            (Some(in_day), None) => (Reason::WeeklyLimit, worked.min(in_day)),
            (Some(in_day), Some(in_week)) => {
                let time = worked.min(in_day).min(in_week);
                return Verdict { kind: PayKind::Regular, reason: Reason::WithinLimits, time };
            }
        };
        let (tier, in_tier) = self.tier();
        Verdict { kind: PayKind::Overtime(tier), reason, time: time.min(in_tier) }
    }

    /// The tier of overtime that is reached, and how much is left in it.
    fn tier(&self) -> (usize, Duration) {
        let reached = self.pay_period.time;
        let begun = self.rules.overtime.partition_point(|tier| tier.after <= reached);
        let in_tier = self.rules.overtime.get(begun).map_or(Duration::MAX, |next| minus(next.after, reached));
        (begun.saturating_sub(1), in_tier)
    }
}

impl Tally {
    /// A period other than the current one starts from nothing. The first takes over what was counted before.
    fn enter(&mut self, period_start: LocalDate) {
        if self.period_start.is_some_and(|current| current != period_start) {
            self.time = Duration::ZERO;
        }
        self.period_start = Some(period_start);
    }
}

/// What is left of a limit; `None` when nothing is. Without a limit there is always more.
fn left(limit: Option<Limit>, used: Duration) -> Option<Duration> {
    let Some(limit) = limit else { return Some(Duration::MAX) };
    Some(minus(limit.time, used)).filter(|left| *left > Duration::ZERO)
}

/// The difference of two lengths that are not negative: it cannot overflow.
fn minus(greater: Duration, smaller: Duration) -> Duration {
    Duration::from_microseconds(greater.microseconds().saturating_sub(smaller.microseconds()))
}
