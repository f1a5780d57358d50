//! What a rule asks for.

use super::requirement::{CountedTime, DayLimit};
use super::window::Window;
use crate::band::Band;
use crate::duration::Duration;
use crate::period::Boundary;

/// What a rule asks for, by its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleKind {
    /// `rest_period`: at least so much rest between two duties.
    Rest(Duration),
    /// `maximum_minutes`: at most so much time in each window.
    MaximumTime(TimeInWindow),
    /// `minimum_minutes`: at least so much.
    MinimumTime(TimeInWindow),
    /// `average_minutes`: at most so much on average.
    Average(AverageTime),
    /// `rest_within`: a rest in the time from each start of duty.
    RestWithin(RestWithin),
    /// `weekly_rest`: long rests in each window.
    WeeklyRest(WeeklyRest),
    /// `days_off`: free stretches of 24 hours in each window.
    DaysOff(DaysOff),
    /// `continuous_duty`: an end of duty.
    ContinuousDuty(ContinuousDuty),
    /// `rest_after_duty`: rest after a long duty.
    RestAfterDuty(RestAfterDuty),
    /// `rest_break`: unpaid breaks in a long duty.
    RestBreak(RestBreak),
    /// `consecutive_days`: at most so many days in a row.
    ConsecutiveDays(DayLimit),
    /// `consecutive_nights`: at most so many nights in a row.
    ConsecutiveNights(ConsecutiveNights),
    /// `maximum_duties`: at most so many duties in each window.
    MaximumDuties(DutyCount),
    /// `maximum_overtime`: at most so much overtime in each period, or in the mean of several.
    MaximumOvertime(OvertimeLimit),
    /// `exceeded_periods`: at most so many periods with more overtime.
    ExceededPeriods(ExceededPeriods),
    /// `forbidden_work`: none at all.
    ForbiddenWork(ForbiddenWork),
    /// `assignment_term`: postings come to an end.
    AssignmentTerm(TermLimit),
}

/// The most that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// `maximum_minutes`: this and less.
    AtMost(Duration),
    /// `below_minutes`: less than this.
    Below(Duration),
}

/// Time in each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeInWindow {
    /// The most; of a minimum the least, as [`Limit::AtMost`].
    pub limit: Limit,
    /// In what.
    pub window: Window,
    /// Which time.
    pub counted: CountedTime,
}

/// Time on average.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AverageTime {
    /// The most for each `per_days`.
    pub limit: Limit,
    /// The days of which the limit speaks: 7 for hours a week.
    pub per_days: u32,
    /// Over what it is averaged: no stretch of minutes.
    pub window: Window,
    /// What leave does to it.
    pub leave: LeaveTreatment,
    /// Which time.
    pub counted: CountedTime,
}

/// What days of leave do to an average.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LeaveTreatment {
    /// `excluded`: whole local days of leave leave the time and the days by which it is divided.
    #[default]
    Excluded,
    /// `counted`: they count as any other day.
    Counted,
    /// `replaced`: the time of as many days worked after the window is added, and the days stay. Of leave,
    /// the days of these weekdays count; bit 0 is Monday.
    Replaced(u8),
}

/// A rest in the time from each start of duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestWithin {
    /// How long it is at least.
    pub minimum: Duration,
    /// In how much time from the start.
    pub within: Duration,
}

/// Long rests in each window. A rest counts in the window in which it begins; one that began before counts
/// with what lies within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeeklyRest {
    /// How long each is at least.
    pub minimum: Duration,
    /// How many there are at least.
    pub minimum_rests: u32,
    /// In what: no stretch of minutes.
    pub window: Window,
}

/// Free stretches of 24 hours in each window. Each counts in the window in which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaysOff {
    /// How many for each `per_days`.
    pub minimum_days: u32,
    /// The days of which the limit speaks.
    pub per_days: u32,
    /// What a share of a day is.
    pub rounding: Rounding,
    /// Right after duties of these kinds, such as a night on call, the first 24 hours are no day off.
    pub except_after_kinds: Vec<String>,
    /// In what: no stretch of minutes.
    pub window: Window,
}

/// What a share of a day is, where days do not divide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rounding {
    /// `down`: nothing. 31 days want 4 days off.
    #[default]
    Down,
    /// `exact`: more than the whole. 31 days want 4.43, so 5.
    Exact,
}

/// By what a duty is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clock {
    /// `elapsed`: by the time that passes.
    #[default]
    Elapsed,
    /// `nominal`: by what the clock on the wall shows, so that a duty over a clock change is as long as any.
    Nominal,
}

/// An end of duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContinuousDuty {
    /// The most, of any work.
    pub maximum: Duration,
    /// How much longer it may be by work of the kinds of extension.
    pub extension: Duration,
    /// Those kinds.
    pub extension_kinds: Vec<String>,
    /// Gaps of this length and less are no end of duty.
    pub bridged: Duration,
    /// By what it is measured.
    pub clock: Clock,
}

/// Rest after a long duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestAfterDuty {
    /// The length from which a duty is long.
    pub after: Duration,
    /// How long the rest is at least.
    pub minimum: Duration,
    /// Gaps of this length and less are no end of duty.
    pub bridged: Duration,
    /// By what the duty is measured.
    pub clock: Clock,
}

/// Unpaid breaks in a long duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestBreak {
    /// A duty with more work than this has to have breaks.
    pub after: Duration,
    /// How long they are together at least.
    pub minimum: Duration,
    /// Gaps of this length and less are breaks and no end of duty.
    pub bridged: Duration,
}

/// At most so many nights in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsecutiveNights {
    /// More than this is too much.
    pub maximum: u32,
    /// What of the clock is night.
    pub night: Band,
    /// So much time in it makes a night of work; at least a minute.
    pub minimum: Duration,
}

/// At most so many duties in each window. What touches is one duty, and counts where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DutyCount {
    /// The most for each `per_days`, or in a window where that is `None`.
    pub maximum: u32,
    /// The days of which the limit speaks; days of leave are left out.
    pub per_days: Option<u32>,
    /// In what: no stretch of minutes.
    pub window: Window,
}

/// Overtime in each period, or in the mean of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OvertimeLimit {
    /// The most.
    pub limit: Limit,
    /// In what.
    pub period: Boundary,
    /// Over how many periods in a row the mean is taken; `[1]` for each by itself.
    pub mean_of: Vec<u32>,
    /// Which time.
    pub counted: OvertimeCounted,
}

/// At most so many periods with more overtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExceededPeriods {
    /// A period with more than this counts.
    pub more_than: Duration,
    /// The periods.
    pub period: Boundary,
    /// The longer periods in which they are counted, each where it begins.
    pub within: Boundary,
    /// The most.
    pub maximum: u32,
    /// Which time.
    pub counted: OvertimeCounted,
}

/// What of classified work is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OvertimeCounted {
    /// `overtime`: without work on statutory holidays.
    #[default]
    Overtime,
    /// `overtime_and_holidays`: with it.
    WithHolidays,
}

/// No work at all, of the kinds and people that the rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForbiddenWork {
    /// Only in this band of the clock; `None` at any time.
    pub night: Option<Band>,
}

/// Postings come to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermLimit {
    /// How long one may last.
    pub maximum_months: u32,
    /// Only a gap of more than this begins anew.
    pub cooling_off_months: u32,
    /// From so many months before the end on, it is told as advisory.
    pub notice_months: u32,
    /// Which postings are one.
    pub place: Place,
}

/// Which postings of a person are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// `unit`: those in the same organisational unit.
    #[default]
    Unit,
    /// `establishment`: those at the same establishment.
    Establishment,
}
