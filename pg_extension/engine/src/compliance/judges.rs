//! One judge for each kind of rule.
//!
//! A judge is made once for a book. For one person after another it measures every window that the book
//! judges; whether that is told, and as what, is not its business.

mod average;
mod consecutive_days;
mod consecutive_nights;
mod continuous_duty;
mod days_off;
mod duties;
mod exceeded_periods;
mod forbidden_work;
mod minimum_time;
mod overtime;
mod rest_after_duty;
mod rest_between;
mod rest_break;
mod rest_within;
mod spread;
mod term;
mod time_in_days;
mod time_in_stretch;
mod weekly_rest;

use super::case::Case;
use super::frame::{Frame, Wanted};
use super::person::Person;
use super::verdict::Unit;
use super::vocabulary::Vocabulary;
use super::windows::DayWindows;
use crate::error::EngineError;
use crate::rule::{CountedTime, Limit, Rule, RuleKind, TimeInWindow};
use crate::zone::ZoneRules;

pub(super) use term::span_of;
pub use term::{Term, terms};

/// Takes what a judge finds.
pub(super) type Take<'a> = dyn FnMut(Case) + 'a;

/// Measures one kind of rule.
pub(super) trait Judge: std::fmt::Debug {
    /// Measures every window of a person that the book judges.
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>);

    /// Whether a glance shows that it is kept in every window, of a person of whom all is known that is needed.
    /// `false` says nothing: who is far from a limit is dismissed without measuring each window.
    fn is_clearly_kept(&self, _person: &Person<'_>) -> bool {
        false
    }

    /// Of what it measures, and by how much what is left is multiplied.
    fn unit(&self) -> (Unit, i64);

    /// Which duties count in a window.
    fn contributing(&self) -> Contributing {
        Contributing::Overlapping
    }

    /// Whether windows slide, so that one breach is found in many of them.
    fn is_rolling(&self) -> bool {
        false
    }

    /// Whether it averages over the person's own periods.
    fn needs_rotations(&self) -> bool {
        false
    }

    /// Whether it looks only where there are duties. Where nothing is known, it sees nothing.
    fn follows_duties(&self) -> bool {
        false
    }

    /// Whether how much is left means anything.
    fn has_headroom(&self) -> bool {
        true
    }
}

/// Which duties, or postings, count in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contributing {
    /// Duties that overlap it.
    Overlapping,
    /// Duties that touch it on either side.
    Beside,
    /// Postings that overlap it.
    Postings,
}

/// What judges are made from.
pub(super) struct Making<'a> {
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) zone: &'a dyn ZoneRules,
    pub(super) frame: &'a mut Frame,
    pub(super) wanted: &'a mut Wanted,
}

impl Making<'_> {
    /// The judge of a rule, and the number of the line of work that the rule is about.
    ///
    /// # Errors
    /// Those of [`super::days::Days::of`].
    pub(super) fn judge(&mut self, rule: &Rule) -> Result<(Box<dyn Judge>, usize), EngineError> {
        let line = self.wanted.line(self.vocabulary, &rule.applies, &[]);
        Ok((self.judge_of(rule, line)?, line))
    }

    fn judge_of(&mut self, rule: &Rule, line: usize) -> Result<Box<dyn Judge>, EngineError> {
        Ok(match &rule.kind {
            RuleKind::Rest(minimum) => Box::new(rest_between::RestBetween::of(*minimum, line)),
            RuleKind::MaximumTime(time) => self.maximum(*time, line)?,
            RuleKind::MinimumTime(time) => Box::new(minimum_time::MinimumTime::of(*time, line, self)?),
            RuleKind::Average(average) => Box::new(average::Average::of(*average, line, self)?),
            RuleKind::RestWithin(rest) => Box::new(rest_within::LongestRest::of(*rest, line)),
            RuleKind::WeeklyRest(rest) => Box::new(weekly_rest::LongRests::of(*rest, line, self)?),
            RuleKind::DaysOff(days) => Box::new(days_off::FreeDays::of(days, line, self)?),
            RuleKind::ContinuousDuty(duty) => {
                let plain = self.wanted.line(self.vocabulary, &rule.applies, &duty.extension_kinds);
                Box::new(continuous_duty::LongestDuty::of(duty, (line, plain)))
            }
            RuleKind::RestAfterDuty(rest) => Box::new(rest_after_duty::RestAfter::of(*rest, line)),
            RuleKind::RestBreak(rest) => Box::new(rest_break::BreaksInDuty::of(*rest, line)),
            RuleKind::ConsecutiveDays(days) => Box::new(consecutive_days::DaysInRow::of(*days, line)),
            RuleKind::ConsecutiveNights(nights) => {
                Box::new(consecutive_nights::NightsInRow::of(*nights, line, self)?)
            }
            RuleKind::MaximumDuties(duties) => Box::new(duties::DutiesInWindow::of(*duties, line, self)?),
            RuleKind::MaximumOvertime(overtime) => {
                Box::new(overtime::OvertimeInPeriods::of(overtime, line, self)?)
            }
            RuleKind::ExceededPeriods(periods) => {
                Box::new(exceeded_periods::PeriodsOver::of(*periods, line, self)?)
            }
            RuleKind::ForbiddenWork(work) => Box::new(forbidden_work::AnyWork::of(*work, line, self)?),
            RuleKind::AssignmentTerm(limit) => Box::new(term::TermOfPosting::of(*limit)),
        })
    }

    fn maximum(&mut self, time: TimeInWindow, line: usize) -> Result<Box<dyn Judge>, EngineError> {
        let limit = Ceiling::of(time.limit);
        Ok(match DayWindows::of(time.window, self.frame, self.zone)? {
            None => Box::new(time_in_stretch::TimeInStretch::of(time, limit, line)),
            Some(windows) if time.counted == CountedTime::Spread => {
                Box::new(spread::Spread { windows, limit, line })
            }
            Some(windows) => {
                let sums = self.sums(line, time.counted, windows.days());
                Box::new(time_in_days::TimeInDays { windows, limit, sums })
            }
        })
    }

    /// The sums by day of a line of work.
    pub(super) fn sums(
        &mut self,
        line: usize,
        counted: CountedTime,
        days: usize,
    ) -> (usize, super::frame::WantedSums) {
        let number = self.wanted.sums(line, counted, days);
        let is_elapsed = counted != CountedTime::Worked;
        (number, super::frame::WantedSums { line, is_elapsed, days })
    }

    /// The windows of a rule that has no stretches of minutes; no windows for one that has.
    ///
    /// # Errors
    /// Those of [`DayWindows::of`].
    pub(super) fn windows(&mut self, window: crate::rule::Window) -> Result<DayWindows, EngineError> {
        DayWindows::of(window, self.frame, self.zone).map(Option::unwrap_or_default)
    }
}

/// The most that is allowed, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ceiling {
    pub(super) limit: i64,
    /// Whether reaching it breaks it.
    pub(super) is_below: bool,
}

impl Ceiling {
    /// Whether so much is allowed where both it and the limit were multiplied.
    pub(super) fn allows(self, measured: i64, (times, limit_times): (i64, i64)) -> bool {
        let left = self.limit * limit_times - measured * times;
        left > 0 || (left == 0 && !self.is_below)
    }

    pub(super) fn of(limit: Limit) -> Self {
        match limit {
            Limit::AtMost(limit) => Self { limit: limit.microseconds(), is_below: false },
            Limit::Below(limit) => Self { limit: limit.microseconds(), is_below: true },
        }
    }
}
