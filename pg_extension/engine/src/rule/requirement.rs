//! What a rule asks of rests, sums and rows of days: the part of the vocabulary that conflicts are found by.

use super::kind::{Limit, TimeInWindow};
use super::window::Window;
use crate::duration::Duration;
use crate::local::MICROSECONDS_PER_DAY;
use crate::period::Boundary;

/// What a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// `rest_period`: at least so much rest between two duties.
    Rest(Duration),
    /// `maximum_minutes`: at most so much time in each period.
    Time(TimeLimit),
    /// `consecutive_days`: at most so many days in a row.
    Days(DayLimit),
}

/// At most so much time in each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimit {
    /// More than this is too much.
    pub maximum: Duration,
    /// In what.
    pub period: Period,
    /// Which time.
    pub counted: CountedTime,
}

/// What time is summed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Each local day.
    Day,
    /// Each local week.
    Week {
        /// The day of the week on which it begins: 0 for Monday to 6 for Sunday.
        days_after_monday: u8,
    },
    /// Any so many local days in a row that begin with a day of work.
    Days(u32),
    /// Any stretch of this length. The fullest ones begin where work begins: those are judged.
    Time(Duration),
}

/// Which time is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CountedTime {
    /// Booked time without the unpaid breaks.
    #[default]
    Worked,
    /// Booked time.
    Elapsed,
    /// From the first start to the last end, gaps included. Of days only.
    Spread,
}

/// At most so many days in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayLimit {
    /// More than this is too much.
    pub maximum: u32,
    /// Which days.
    pub counted: CountedDays,
}

/// Which local days count as days of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CountedDays {
    /// Days on which a duty begins, and days that one fills from end to end. A night belongs to its first day.
    #[default]
    Begun,
    /// Days with any work: only a calendar day without a minute of it ends the row.
    Worked,
}

impl Requirement {
    /// Minutes of daily rest where no rule is given: 11 hours (Directive 2003/88/EC, article 3).
    pub const DEFAULT_REST_MINUTES: i32 = 660;

    /// How far from a window work has to be known, so that the rule can be judged in it. A row of days may
    /// reach on from there.
    #[must_use]
    pub fn reach(&self) -> Duration {
        // A day or two more than the count: local days are not all of 24 hours.
        let days = |count: i64| Duration::from_microseconds(MICROSECONDS_PER_DAY * count);
        match self {
            Self::Rest(minimum) => *minimum,
            Self::Time(TimeLimit { period: Period::Day, .. }) => days(2),
            Self::Time(TimeLimit { period: Period::Week { .. }, .. }) => days(9),
            Self::Time(TimeLimit { period: Period::Days(count), .. }) => days(i64::from(*count) + 2),
            // Where work begins, and once more as far to where it began before.
            Self::Time(TimeLimit { period: Period::Time(length), .. }) => {
                Duration::from_microseconds(length.microseconds().saturating_mul(2))
            }
            Self::Days(limit) => days(i64::from(limit.maximum) + 4),
        }
    }

    /// Whether local days have to be known to judge it.
    #[must_use]
    pub fn needs_days(&self) -> bool {
        match self {
            Self::Rest(_) | Self::Time(TimeLimit { period: Period::Time(_), .. }) => false,
            Self::Time(_) | Self::Days(_) => true,
        }
    }

    /// Whether unpaid breaks have to be known to judge it.
    #[must_use]
    pub fn needs_breaks(&self) -> bool {
        matches!(self, Self::Time(TimeLimit { counted: CountedTime::Worked, .. }))
    }
}

impl TimeInWindow {
    /// The same as conflicts know it; `None` where they know none such.
    pub(super) fn of_roster(&self) -> Option<TimeLimit> {
        let Limit::AtMost(maximum) = self.limit else { return None };
        let period = match self.window {
            Window::Fixed(boundary) => Period::of(boundary)?,
            Window::Days(days) => Period::Days(days),
            Window::Time(length) => Period::Time(length),
            Window::Rotation { .. } => return None,
        };
        Some(TimeLimit { maximum, period, counted: self.counted })
    }
}

impl Period {
    /// Days and weeks that begin at midnight.
    fn of(boundary: Boundary) -> Option<Self> {
        if boundary == Boundary::DAY {
            return Some(Self::Day);
        }
        let days_after_monday = (0..7).find(|weekday| Boundary::week_from(*weekday) == boundary)?;
        Some(Self::Week { days_after_monday })
    }
}
