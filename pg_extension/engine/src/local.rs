//! Readings of a wall clock and a calendar, without a zone.

use std::fmt;

use crate::error::EngineError;

/// Microseconds of a day of 24 hours.
pub(crate) const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// A calendar day: days since 2000-01-01, as in a Postgres `date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDate(i32);

/// A reading of the clock: microseconds since midnight, from 0 to 24:00 inclusive, as in a Postgres `time`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(i64);

/// A calendar day and a reading of the clock: microseconds since 2000-01-01 00:00 local time, as in a
/// Postgres `timestamp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDateTime(i64);

impl LocalDate {
    /// From days since 2000-01-01.
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 2000-01-01.
    #[must_use]
    pub const fn days(self) -> i32 {
        self.0
    }

    /// The day so many days later, or earlier when negative.
    ///
    /// # Errors
    /// [`EngineError::OutOfRange`] past the last date of an `i32`.
    pub fn plus_days(self, days: i32) -> Result<Self, EngineError> {
        self.0.checked_add(days).map(Self).ok_or(EngineError::OutOfRange { argument: "date" })
    }

    /// This day at a reading of the clock; 24:00 is the next day's midnight.
    ///
    /// # Errors
    /// [`EngineError::OutOfRange`] some 292,000 years from now, and for the infinite dates of Postgres.
    pub fn at(self, time: TimeOfDay) -> Result<LocalDateTime, EngineError> {
        i64::from(self.0)
            .checked_mul(MICROSECONDS_PER_DAY)
            .and_then(|midnight| midnight.checked_add(time.0))
            .map(LocalDateTime)
            .ok_or(EngineError::OutOfRange { argument: "date" })
    }
}

impl TimeOfDay {
    /// 00:00.
    pub const MIDNIGHT: Self = Self(0);

    /// From microseconds since midnight; `None` outside of 0 to 24:00.
    #[must_use]
    pub const fn from_microseconds(microseconds: i64) -> Option<Self> {
        if microseconds < 0 || microseconds > MICROSECONDS_PER_DAY { None } else { Some(Self(microseconds)) }
    }

    /// From hours and minutes; `None` outside of 00:00 to 24:00.
    #[must_use]
    pub const fn from_hours_and_minutes(hours: u8, minutes: u8) -> Option<Self> {
        if minutes > 59 {
            return None;
        }
        Self::from_microseconds((hours as i64 * 60 + minutes as i64) * 60_000_000)
    }

    /// Reads `06:00`, up to `24:00`; `None` for anything else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let number = |part: &str| {
            let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse::<u8>().ok())?
        };
        Self::from_hours_and_minutes(number(hours)?, number(minutes)?)
    }

    /// Microseconds since midnight.
    #[must_use]
    pub const fn microseconds(self) -> i64 {
        self.0
    }
}

impl LocalDateTime {
    /// From microseconds since 2000-01-01 00:00 local time.
    #[must_use]
    pub const fn from_microseconds(microseconds: i64) -> Self {
        Self(microseconds)
    }

    /// Microseconds since 2000-01-01 00:00 local time.
    #[must_use]
    pub const fn microseconds(self) -> i64 {
        self.0
    }

    /// The calendar day.
    #[must_use]
    pub fn date(self) -> LocalDate {
        // An i64 of microseconds is at most 106,751,991 days: it always fits.
        LocalDate(i32::try_from(self.0.div_euclid(MICROSECONDS_PER_DAY)).unwrap_or(i32::MAX))
    }

    /// The reading of the clock, below 24:00.
    #[must_use]
    pub const fn time(self) -> TimeOfDay {
        TimeOfDay(self.0.rem_euclid(MICROSECONDS_PER_DAY))
    }
}

impl fmt::Display for TimeOfDay {
    /// `HH:MM`, with seconds and microseconds only when there are any.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, microseconds) = (self.0 / 1_000_000, self.0 % 1_000_000);
        write!(formatter, "{:02}:{:02}", seconds / 3_600, seconds / 60 % 60)?;
        if seconds % 60 != 0 || microseconds != 0 {
            write!(formatter, ":{:02}", seconds % 60)?;
        }
        if microseconds != 0 {
            write!(formatter, ".{microseconds:06}")?;
        }
        Ok(())
    }
}

impl fmt::Display for LocalDateTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.date(), self.time())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_show_seconds_only_when_they_have_some() {
        let written = |microseconds| TimeOfDay::from_microseconds(microseconds).unwrap().to_string();
        assert_eq!(written(0), "00:00");
        assert_eq!(written(MICROSECONDS_PER_DAY), "24:00");
        assert_eq!(written(3_661_000_000), "01:01:01");
        assert_eq!(written(5), "00:00:00.000005");
        assert_eq!(TimeOfDay::from_microseconds(MICROSECONDS_PER_DAY + 1), None);
        assert_eq!(TimeOfDay::from_microseconds(-1), None);
        assert_eq!(TimeOfDay::from_hours_and_minutes(24, 1), None);
        assert_eq!(TimeOfDay::from_hours_and_minutes(12, 60), None);
    }

    #[test]
    fn extreme_readings_neither_overflow_nor_panic() {
        for microseconds in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX] {
            let local = LocalDateTime::from_microseconds(microseconds);
            assert!(!local.to_string().is_empty());
        }
        assert!(LocalDate::from_days(i32::MAX).plus_days(1).is_err());
        assert!(LocalDate::from_days(i32::MAX).at(TimeOfDay::MIDNIGHT).is_err());
    }
}
