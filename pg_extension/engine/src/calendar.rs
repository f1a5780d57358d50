//! The proleptic Gregorian calendar.
//!
//! Algorithms: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil` and
//! `civil_from_days`. Both count years from March, so that the leap day is the last of a year.

use std::fmt;

use crate::error::EngineError;
use crate::local::LocalDate;

/// Days from 0000-03-01 to 2000-01-01.
const DAYS_BEFORE_2000: i64 = 730_425;

/// A month of a year; years before 1 as astronomers count them, 0 being 1 BC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month {
    year: i64,
    /// 1 to 12.
    month: i64,
}

impl Month {
    /// The month so many months later, or earlier when negative.
    pub(crate) fn plus(self, months: i64) -> Self {
        let count = self.year * 12 + self.month - 1 + months;
        Self { year: count.div_euclid(12), month: count.rem_euclid(12) + 1 }
    }

    /// How many months later another one is; negative when earlier.
    pub(crate) fn months_until(self, other: Self) -> i64 {
        (other.year - self.year) * 12 + other.month - self.month
    }

    /// How many days it has.
    pub(crate) fn length_days(self) -> i64 {
        self.plus(1).first_day() - self.first_day()
    }

    /// Its day of this number, from 1.
    ///
    /// # Errors
    /// [`EngineError::OutOfRange`] for a day that no `i32` of days reaches.
    pub(crate) fn day(self, number: i64) -> Result<LocalDate, EngineError> {
        i32::try_from(self.first_day() + number - 1)
            .map(LocalDate::from_days)
            .map_err(|_| EngineError::OutOfRange { argument: "date" })
    }

    /// Days from 2000-01-01 to its first.
    fn first_day(self) -> i64 {
        let year_from_march = self.year - i64::from(self.month <= 2);
        let month_from_march = (self.month + 9) % 12;
        let era = year_from_march.div_euclid(400);
        let year_of_era = year_from_march.rem_euclid(400);
        let day_of_year = (153 * month_from_march + 2) / 5;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - DAYS_BEFORE_2000
    }
}

/// The month of a date, and the number of its day within, from 1.
pub(crate) fn month_and_day(date: LocalDate) -> (Month, i64) {
    let days = i64::from(date.days()) + DAYS_BEFORE_2000;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (Month { year: year_of_era + era * 400 + i64::from(month <= 2), month }, day)
}

impl fmt::Display for LocalDate {
    /// ISO 8601, years before 1 with `BC` as Postgres writes them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Month { year, month }, day) = month_and_day(*self);
        if year > 0 {
            write!(formatter, "{year:04}-{month:02}-{day:02}")
        } else {
            write!(formatter, "{:04}-{month:02}-{day:02} BC", 1 - year)
        }
    }
}

impl LocalDate {
    /// Reads `2025-01-06`; `None` for anything else, and for days that do not exist.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut number = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i64>().ok())?
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let month = (1..=12).contains(&month).then_some(Month { year, month })?;
        (parts.next().is_none() && (1..=month.length_days()).contains(&day)).then(|| month.day(day).ok())?
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
    fn every_day_is_found_again_by_its_month_and_number() {
        let mut before = month_and_day(LocalDate::from_days(-800_001));
        for days in -800_000..800_000 {
            let date = LocalDate::from_days(days);
            let (month, number) = month_and_day(date);
            assert_eq!(month.day(number), Ok(date));
            assert!((1..=month.length_days()).contains(&number));
            let follows = if number == 1 { before.0.plus(1) == month } else { before == (month, number - 1) };
            assert!(follows, "{date}");
            before = (month, number);
        }
    }

    #[test]
    fn only_days_that_exist_are_read() {
        assert_eq!(LocalDate::from_text("2000-01-01"), Some(LocalDate::from_days(0)));
        assert_eq!(LocalDate::from_text("2024-02-29"), Some(LocalDate::from_days(8_825)));
        for text in [
            "",
            "2025-02-29",
            "2025-13-01",
            "2025-00-01",
            "2025-01-00",
            "2025-1-1",
            "2025-01-01-",
            "+025-01-01",
            "2025/01/01",
            "20250101",
        ] {
            assert_eq!(LocalDate::from_text(text), None, "{text}");
        }
    }
}
