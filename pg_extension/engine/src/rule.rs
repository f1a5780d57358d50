//! The rules that work is held against, and the one place that knows their words.
//!
//! A rule is a type and parameters. Conflicts of a roster are found by the three types of [`Requirement`];
//! [`crate::compliance`] judges by all of [`RuleKind`].
//!
//! | type | asks for | parameters |
//! |---|---|---|
//! | `rest_period` | rest between two duties | `minimum_minutes` |
//! | `maximum_minutes` | at most so much time in each window | `maximum_minutes` or `below_minutes`, window, `counts` |
//! | `minimum_minutes` | at least so much | `minimum_minutes`, window, `counts` |
//! | `average_minutes` | at most so much on average | `maximum_minutes` or `below_minutes`, `per_days`, window, `leave`, `leave_weekdays`, `counts` |
//! | `rest_within` | rest in the time from each start of duty | `minimum_minutes`, `within_minutes` |
//! | `weekly_rest` | long rests in each window | `minimum_minutes`, `minimum_rests`, window |
//! | `days_off` | free stretches of 24 hours in each window | `minimum_days`, `per_days`, `rounding`, `except_after_kinds`, window |
//! | `continuous_duty` | an end of duty | `maximum_minutes`, `extension_minutes`, `extension_kinds`, `bridged_minutes`, `clock` |
//! | `rest_after_duty` | rest after a long duty | `after_minutes`, `minimum_minutes`, `bridged_minutes`, `clock` |
//! | `rest_break` | unpaid breaks in a long duty | `after_minutes`, `minimum_minutes`, `bridged_minutes` |
//! | `consecutive_days` | at most so many days in a row | `maximum_days`, `counts` |
//! | `consecutive_nights` | at most so many nights in a row | `maximum_nights`, `night_from`, `night_to`, `minimum_night_minutes` |
//! | `maximum_duties` | at most so many duties in each window | `maximum_duties`, `per_days`, window |
//! | `maximum_overtime` | at most so much overtime in each period, or in the mean of several | `maximum_minutes` or `below_minutes`, `period`, `mean_of`, `counts` |
//! | `exceeded_periods` | at most so many periods with more overtime | `more_than_minutes`, `period`, `within`, `maximum_periods`, `counts` |
//! | `forbidden_work` | no work | `night_from`, `night_to` |
//! | `assignment_term` | an end of a posting | `maximum_months`, `cooling_off_months`, `notice_months`, `place` |
//!
//! The *window* is named by `per`:
//!
//! | `per` | windows | further parameters |
//! |---|---|---|
//! | `day` | each local day | |
//! | `week` | each local week | `week_starts_on`: `monday`, … |
//! | `period` | what [`Boundary::from_text`] reads: pay months, anchored blocks, weeks at any hour | `period` |
//! | `window` | any so many local days in a row, or any stretch of so many minutes | `window_days` or `window_minutes` |
//! | `rotation` | the person's own periods | `longest_days` |
//!
//! Who and what a rule is about is said by [`Applies`], with the same parameters for every type.
//!
//! Every parameter is understood or refused: a rule that is read otherwise than it was meant would be a rule
//! that is silently not applied.
//!
//! [`Boundary::from_text`]: crate::Boundary::from_text

mod applies;
mod kind;
mod level;
mod parameters;
mod reading;
mod requirement;
mod window;

pub use applies::Applies;
pub use kind::{
    AverageTime, Clock, ConsecutiveNights, ContinuousDuty, DaysOff, DutyCount, ExceededPeriods,
    ForbiddenWork, LeaveTreatment, Limit, OvertimeCounted, OvertimeLimit, Place, RestAfterDuty, RestBreak,
    RestWithin, Rounding, RuleKind, TermLimit, TimeInWindow, WeeklyRest,
};
pub use level::{Level, Mode};
pub use requirement::{CountedDays, CountedTime, DayLimit, Period, Requirement, TimeLimit};
pub use window::Window;

use crate::error::EngineError;
use crate::span::Span;

/// A rule of working-time law, or of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The caller's name of it.
    pub id: String,
    /// What it asks for.
    pub kind: RuleKind,
    /// Of which work and of whom.
    pub applies: Applies,
    /// What breaking it is.
    pub level: Level,
    /// What is done about it. [`Mode::Off`] is not judged; the others are for the caller to act upon.
    pub mode: Mode,
    /// It applies to windows that begin within this span.
    pub valid: Span,
    /// Where it comes from: the law and article, or the agreement.
    pub source: String,
}

impl Rule {
    /// A violation in mode `warn`, always valid, without a source. Each parameter is a name and its value as
    /// text; lists as JSON arrays, or with commas.
    ///
    /// # Errors
    /// As [`RuleKind::read`].
    pub fn read(id: &str, rule_type: &str, parameters: &[(String, String)]) -> Result<Self, EngineError> {
        let (kind, applies) = RuleKind::read(rule_type, parameters)?;
        Ok(Self {
            id: id.to_owned(),
            kind,
            applies,
            level: Level::Violation,
            mode: Mode::Warn,
            valid: Span::ALWAYS,
            source: String::new(),
        })
    }

    /// The kinds of duties that it tells apart.
    pub fn kinds_of_duties(&self) -> impl Iterator<Item = &str> {
        let of_type = match &self.kind {
            RuleKind::ContinuousDuty(duty) => duty.extension_kinds.as_slice(),
            RuleKind::DaysOff(days) => days.except_after_kinds.as_slice(),
            _ => &[],
        };
        let of_all = self.applies.kinds.iter().flatten().chain(&self.applies.except_kinds);
        of_all.chain(of_type).map(String::as_str)
    }
}
