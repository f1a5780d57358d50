//! What is said of one window by one rule.

use std::fmt;

use super::ratio::Ratio;
use crate::rule::Level;
use crate::span::Span;

/// A rule is broken in a window, or it cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The position of the rule.
    pub rule: usize,
    /// The window, the rest, the row of days, or the duty.
    pub window: Span,
    /// What there is; `None` where too little is known to say a number.
    pub measured: Option<Ratio>,
    /// What there may be at most, or has to be at least.
    pub limit: Ratio,
    /// Of what both are numbers.
    pub unit: Unit,
    /// The rule's own level, or [`Level::Unknown`].
    pub level: Level,
    /// Whether the time of any of the duties is a guess.
    pub estimated: bool,
    /// The positions of the duties that count in the window, ascending; of a rest those on both sides of it. Of
    /// [`Unit::DaysPosted`] those of the postings.
    pub duties: Vec<usize>,
    /// Why.
    pub reason: Reason,
}

/// How much is left of what a rule allows, in the window that comes nearest to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headroom {
    /// The position of the rule.
    pub rule: usize,
    /// The window that comes nearest.
    pub window: Span,
    /// What there is in it.
    pub measured: Ratio,
    /// What there may be.
    pub limit: Ratio,
    /// Of what both are numbers.
    pub unit: Unit,
    /// How many more minutes, days, nights, rests, duties or periods it takes to reach the limit; negative
    /// where it is broken. Of averages these are minutes in the window, not on average.
    pub left: Ratio,
}

/// Of what something is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Minutes.
    Minutes,
    /// Minutes for each so many days, on average.
    MinutesPerDays(u32),
    /// Days in a row.
    Days,
    /// Nights in a row.
    Nights,
    /// Rests.
    Rests,
    /// Free stretches of 24 hours.
    DaysOff,
    /// Duties.
    Duties,
    /// Periods.
    Periods,
    /// Days since a posting began.
    DaysPosted,
}

/// Why a verdict was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// More than the limit.
    TooMuch,
    /// Less than the limit.
    TooLittle,
    /// Work that is no extension after the time at which only extensions may go on.
    NoExtension,
    /// Work that is forbidden.
    Forbidden,
    /// The posting goes on after its end.
    TermOver,
    /// The posting comes to its end.
    TermEnds,
    /// Not all of the window is known.
    RecordIncomplete,
    /// There is work in no rotation, so nothing says over what to average.
    RotationMissing,
    /// Nothing is stated about the condition on which the rule depends.
    ConditionNotStated,
    /// The age on which the rule depends is not known.
    BirthDateMissing,
    /// Nobody classified the work, so overtime is not known.
    OvertimeNotClassified,
}

impl Reason {
    /// The word that SQL uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooMuch => "too_much",
            Self::TooLittle => "too_little",
            Self::NoExtension => "no_extension",
            Self::Forbidden => "forbidden",
            Self::TermOver => "term_over",
            Self::TermEnds => "term_ends",
            Self::RecordIncomplete => "record_incomplete",
            Self::RotationMissing => "rotation_missing",
            Self::ConditionNotStated => "condition_not_stated",
            Self::BirthDateMissing => "birth_date_missing",
            Self::OvertimeNotClassified => "overtime_not_classified",
        }
    }

    /// A sentence for people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::TooMuch => "There is more than the limit.",
            Self::TooLittle => "There is less than the limit.",
            Self::NoExtension => "Work goes on that is none of the kinds by which a duty may be extended.",
            Self::Forbidden => "This work is forbidden.",
            Self::TermOver => "The posting goes on after the last day that is allowed.",
            Self::TermEnds => "The posting comes to the last day that is allowed.",
            Self::RecordIncomplete => "Not all of this time is known, so the limit may be broken.",
            Self::RotationMissing => {
                "There is work outside of any rotation, so nothing says what to average over."
            }
            Self::ConditionNotStated => "The rule depends on a condition of which nothing is stated.",
            Self::BirthDateMissing => "The rule depends on the age, and the date of birth is not known.",
            Self::OvertimeNotClassified => "Overtime is not known, because the work has not been classified.",
        }
    }
}

impl fmt::Display for Unit {
    /// `minutes`, `minutes per 7 days`, …
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Minutes => "minutes",
            Self::MinutesPerDays(1) => "minutes per day",
            Self::MinutesPerDays(days) => return write!(formatter, "minutes per {days} days"),
            Self::Days => "days in a row",
            Self::Nights => "nights in a row",
            Self::Rests => "rests",
            Self::DaysOff => "days off",
            Self::Duties => "duties",
            Self::Periods => "periods",
            Self::DaysPosted => "days posted",
        })
    }
}
