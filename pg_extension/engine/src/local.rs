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

    /// The Monday on or before this day: the start of its ISO 8601 week.
    ///
    /// # Errors
    /// [`EngineError::OutOfRange`] before the first date of an `i32`.
    pub fn monday(self) -> Result<Self, EngineError> {
        // 2000-01-01 was a Saturday: five days after a Monday.
        let days_after_monday = (i64::from(self.0) + 5).rem_euclid(7);
        i32::try_from(i64::from(self.0) - days_after_monday)
            .map(Self)
            .map_err(|_| EngineError::OutOfRange { argument: "date" })
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

    /// The proleptic Gregorian year, month and day.
    ///
    /// Algorithm: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    fn year_month_day(self) -> (i64, i64, i64) {
        const DAYS_FROM_0000_03_01_TO_2000_01_01: i64 = 730_425;
        let days = i64::from(self.0) + DAYS_FROM_0000_03_01_TO_2000_01_01;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, month, day)
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

impl fmt::Display for LocalDate {
    /// ISO 8601, years before 1 with `BC` as Postgres writes them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.year_month_day();
        if year > 0 {
            write!(formatter, "{year:04}-{month:02}-{day:02}")
        } else {
            write!(formatter, "{:04}-{month:02}-{day:02} BC", 1 - year)
        }
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
    fn dates_are_written_as_people_read_them() {
        let written = |days| LocalDate::from_days(days).to_string();
        assert_eq!(written(0), "2000-01-01");
        assert_eq!(written(59), "2000-02-29");
        assert_eq!(written(60), "2000-03-01");
        assert_eq!(written(-1), "1999-12-31");
        assert_eq!(written(9_131), "2024-12-31");
        assert_eq!(written(9_220), "2025-03-30");
        assert_eq!(written(-730_119), "0001-01-01");
        assert_eq!(written(-730_120), "0001-12-31 BC");
    }

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
    fn every_day_belongs_to_the_week_of_the_monday_before_it() {
        for days in -1_000..1_000 {
            let date = LocalDate::from_days(days);
            let monday = date.monday().unwrap();
            assert!((0..7).contains(&(days - monday.days())));
            assert_eq!(monday.days().rem_euclid(7), 2, "2000-01-03 was a Monday");
        }
    }

    #[test]
    fn extreme_readings_neither_overflow_nor_panic() {
        for microseconds in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX] {
            let local = LocalDateTime::from_microseconds(microseconds);
            assert!(!local.to_string().is_empty());
        }
        assert!(LocalDate::from_days(i32::MAX).plus_days(1).is_err());
        assert!(LocalDate::from_days(i32::MIN).monday().is_err());
        assert!(LocalDate::from_days(i32::MAX).at(TimeOfDay::MIDNIGHT).is_err());
    }
}
