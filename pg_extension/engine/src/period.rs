//! Periods that follow one another: days, weeks, pay periods, months.

use crate::calendar::{Month, month_and_day};
use crate::error::EngineError;
use crate::local::{LocalDate, LocalDateTime, MICROSECONDS_PER_DAY, TimeOfDay};

/// The longest period of a fixed number of days: ten years.
const LONGEST_PERIOD_DAYS: i32 = 3_660;

/// What [`Boundary::from_text`] reads.
const CHOICES: &str = "day, week, week from sunday, 14 days from 2025-01-06, 12 months from 2025-04-01, month, \
                       month to 25, half-month, month to 10 and 25, any of them at 06:00";

/// The longest period of months: ten years.
const LONGEST_PERIOD_MONTHS: i64 = 120;

/// The days on which one period ends and the next begins, and the reading of the clock at which it does.
///
/// Periods leave no day out, and each has at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boundary {
    periods: Periods,
    at: TimeOfDay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Periods {
    /// So many days each, one of them starting on the anchor.
    Days { anchor: LocalDate, length_days: i32 },
    /// So many calendar months each, one of them starting on this day of that month, from 1 to 28.
    Months { anchor: Month, day: i64, length_months: i64 },
    /// Up to and including the cut-off days of each month, as a set of bits: bit 25 is the 25th. A month that
    /// has no such day is cut off with its last.
    CutOffDays(u32),
}

impl Boundary {
    /// Each local day.
    pub const DAY: Self = Self::days(LocalDate::from_days(0), 1);
    /// Each week from Monday, as in ISO 8601: 2000-01-03 was one.
    pub const WEEK: Self = Self::days(LocalDate::from_days(2), 7);

    /// What [`Boundary::from_text`] reads, in words.
    pub(crate) const CHOICES: &'static str = CHOICES;

    /// Each week from so many days after Monday, at most 6.
    pub(crate) fn week_from(days_after_monday: u8) -> Self {
        Self::days(LocalDate::from_days(2 + i32::from(days_after_monday)), 7)
    }

    const fn days(anchor: LocalDate, length_days: i32) -> Self {
        Self { periods: Periods::Days { anchor, length_days }, at: TimeOfDay::MIDNIGHT }
    }

    /// From the text that SQL uses.
    ///
    /// | text | periods |
    /// |---|---|
    /// | `day` | local days |
    /// | `week`, `week from sunday` | weeks from Monday, or from another day |
    /// | `14 days from 2025-01-06` | of so many days, one of them starting on that day |
    /// | `12 months from 2025-04-01` | of so many months, one of them starting on that day, the 28th at the latest |
    /// | `month`, `month to 25` | calendar months, or months that end with the cut-off day |
    /// | `half-month`, `month to 10 and 25` | to the 15th and the last, or to other cut-off days |
    ///
    /// A cut-off day that a month has not is its last day. Each may be followed by the reading of the clock at
    /// which periods begin: `week from sunday at 22:00`.
    ///
    /// # Errors
    /// [`EngineError::UnknownChoice`], naming `boundary`.
    pub fn from_text(text: &str) -> Result<Self, EngineError> {
        // Nearly every call asks for one of these.
        match text {
            "day" => return Ok(Self::DAY),
            "week" => return Ok(Self::WEEK),
            _ => {}
        }
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let read = || {
            let (words, at) = match words.as_slice() {
                [words @ .., "at", time] => (words, read_start(time)?),
                words => (words, TimeOfDay::MIDNIGHT),
            };
            Some(Self { periods: Periods::read(words)?, at })
        };
        read().ok_or_else(|| EngineError::UnknownChoice {
            argument: "boundary",
            value: text.to_owned(),
            choices: CHOICES,
        })
    }

    /// The period of a day: its first day, and the first of the next. What the clock shows does not matter.
    ///
    /// # Errors
    /// [`EngineError::OutOfRange`] past what an `i32` of days holds.
    pub fn period_of(self, day: LocalDate) -> Result<(LocalDate, LocalDate), EngineError> {
        match self.periods {
            Periods::Days { anchor, length_days } => {
                let past = (i64::from(day.days()) - i64::from(anchor.days())).rem_euclid(length_days.into());
                let first = i32::try_from(i64::from(day.days()) - past)
                    .map_err(|_| EngineError::OutOfRange { argument: "date" })?;
                let first = LocalDate::from_days(first);
                Ok((first, first.plus_days(length_days)?))
            }
            Periods::Months { anchor, day: number, length_months } => {
                let (month, number_of_day) = month_and_day(day);
                let months = anchor.months_until(month) - i64::from(number_of_day < number);
                let first = anchor.plus(months - months.rem_euclid(length_months));
                Ok((first.day(number)?, first.plus(length_months).day(number)?))
            }
            Periods::CutOffDays(days) => {
                let (month, _) = month_and_day(day);
                let (mut first, mut next) = (None, None);
                // A period spans at most the end of one month and the start of the next.
                for month in [month.plus(-1), month, month.plus(1)] {
                    for cut_off in (1..=31_u8).filter(|cut_off| days >> cut_off & 1 == 1) {
                        let start = month.day(i64::from(cut_off).min(month.length_days()))?.plus_days(1)?;
                        if start <= day {
                            first = Some(start);
                        } else {
                            next = next.or(Some(start));
                        }
                    }
                }
                first.zip(next).ok_or(EngineError::OutOfRange { argument: "date" })
            }
        }
    }

    /// What the clock shows where periods begin.
    #[must_use]
    pub const fn at(self) -> TimeOfDay {
        self.at
    }

    /// The days of the longest period that there can be.
    pub(crate) fn longest_days(self) -> i64 {
        match self.periods {
            Periods::Days { length_days, .. } => length_days.into(),
            Periods::Months { length_months, .. } => 31 * length_months,
            Periods::CutOffDays(days) if days.count_ones() > 1 => 31,
            // The cut-off day may be the last of a short month, and a later one of a long month.
            Periods::CutOffDays(_) => 34,
        }
    }

    /// What the clock shows where the period that starts on a day begins.
    pub(crate) fn reading_on(self, first_day: LocalDate) -> Result<LocalDateTime, EngineError> {
        first_day.at(self.at)
    }
}

impl Periods {
    fn read(words: &[&str]) -> Option<Self> {
        match words {
            ["day"] => Some(Boundary::DAY.periods),
            ["week"] => Some(Boundary::WEEK.periods),
            ["week", "from", weekday] => Some(Self::Days { anchor: read_weekday(weekday)?, length_days: 7 }),
            [length_days, "days", "from", anchor] => {
                let length_days = length_days.parse().ok()?;
                let is_sensible = (1..=LONGEST_PERIOD_DAYS).contains(&length_days);
                is_sensible.then_some(Self::Days { anchor: LocalDate::from_text(anchor)?, length_days })
            }
            [length_months, "months", "from", anchor] => {
                let length_months = length_months.parse().ok()?;
                let (anchor, day) = month_and_day(LocalDate::from_text(anchor)?);
                let is_sensible = (1..=LONGEST_PERIOD_MONTHS).contains(&length_months) && day <= 28;
                is_sensible.then_some(Self::Months { anchor, day, length_months })
            }
            ["month"] => Some(Self::CutOffDays(1 << 31)),
            ["half-month"] => Some(Self::CutOffDays(1 << 15 | 1 << 31)),
            ["month", "to", first, further @ ..] => {
                let mut days = read_day_of_month(first)?;
                for pair in further.chunks(2) {
                    let ["and", cut_off] = pair else { return None };
                    days |= read_day_of_month(cut_off)?;
                }
                Some(Self::CutOffDays(days))
            }
            _ => None,
        }
    }
}

/// The first such day from 2000-01-03 on, a Monday.
fn read_weekday(text: &str) -> Option<LocalDate> {
    const WEEKDAYS: [&str; 7] =
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let days_after_monday = (2..).zip(WEEKDAYS).find(|(_, weekday)| text.eq_ignore_ascii_case(weekday))?.0;
    Some(LocalDate::from_days(days_after_monday))
}

/// `06:00`. A day that began at 24:00 would be the next.
fn read_start(text: &str) -> Option<TimeOfDay> {
    TimeOfDay::from_text(text).filter(|time| time.microseconds() < MICROSECONDS_PER_DAY)
}

/// The bit of a day of a month, 1 to 31.
fn read_day_of_month(text: &str) -> Option<u32> {
    let day = text.parse().ok().filter(|day| (1..=31_u32).contains(day))?;
    Some(1 << day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(boundary: &str, day: &str) -> String {
        let (first, next) =
            Boundary::from_text(boundary).unwrap().period_of(LocalDate::from_text(day).unwrap()).unwrap();
        format!("{first} {next}")
    }

    #[test]
    fn periods_begin_and_end_where_the_text_says() {
        for (boundary, day, expected) in [
            ("day", "2025-03-30", "2025-03-30 2025-03-31"),
            ("week", "2025-03-30", "2025-03-24 2025-03-31"),
            ("week from monday", "2025-03-31", "2025-03-31 2025-04-07"),
            ("week from sunday", "2025-03-30", "2025-03-30 2025-04-06"),
            ("week from Saturday at 22:00", "2025-03-28", "2025-03-22 2025-03-29"),
            ("14 days from 2025-01-06", "2025-01-19", "2025-01-06 2025-01-20"),
            ("14 days from 2025-01-06", "2025-01-20", "2025-01-20 2025-02-03"),
            ("14 days from 2025-01-06", "2025-01-05", "2024-12-23 2025-01-06"),
            ("month", "2024-02-29", "2024-02-01 2024-03-01"),
            ("month to 25", "2025-01-25", "2024-12-26 2025-01-26"),
            ("month to 25", "2025-01-26", "2025-01-26 2025-02-26"),
            ("month to 30", "2025-02-28", "2025-01-31 2025-03-01"),
            ("month to 30", "2025-03-30", "2025-03-01 2025-03-31"),
            ("month to 30", "2025-03-31", "2025-03-31 2025-05-01"),
            ("month to 31", "2025-02-28", "2025-02-01 2025-03-01"),
            ("12 months from 2025-04-01", "2025-03-31", "2024-04-01 2025-04-01"),
            ("12 months from 2025-04-01", "2026-04-01", "2026-04-01 2027-04-01"),
            ("4 months from 2025-01-15", "2025-05-14", "2025-01-15 2025-05-15"),
            ("4 months from 2025-01-15", "2024-12-31", "2024-09-15 2025-01-15"),
            ("half-month", "2025-02-15", "2025-02-01 2025-02-16"),
            ("half-month", "2025-02-16", "2025-02-16 2025-03-01"),
            ("month to 10 and 25", "2025-02-26", "2025-02-26 2025-03-11"),
            ("month to 30 and 31", "2025-02-28", "2025-02-01 2025-03-01"),
            ("month to 30 and 31", "2025-03-31", "2025-03-31 2025-04-01"),
        ] {
            assert_eq!(period(boundary, day), expected, "{boundary}, {day}");
        }
    }

    #[test]
    fn periods_leave_no_day_out_and_share_none() {
        for text in [
            "day",
            "week from sunday",
            "9 days from 1999-12-24",
            "12 months from 2025-04-01",
            "5 months from 2024-02-28",
            "month",
            "month to 1",
            "month to 28",
            "month to 29",
            "month to 30",
            "half-month",
            "month to 1 and 2 and 30",
        ] {
            let boundary = Boundary::from_text(text).unwrap();
            for days in -20_000..20_000 {
                let day = LocalDate::from_days(days);
                let (first, next) = boundary.period_of(day).unwrap();
                assert!(first <= day && day < next, "{text} {day}");
                assert_eq!(boundary.period_of(first).unwrap().0, first, "{text} {day}");
                assert_eq!(boundary.period_of(next).unwrap().0, next, "{text} {day}");
            }
        }
    }

    #[test]
    fn text_that_says_no_period_is_refused_with_the_choices() {
        for text in [
            "",
            "days",
            "year",
            "week from",
            "week from funday",
            "0 days from 2025-01-06",
            "3661 days from 2025-01-06",
            "-7 days from 2025-01-06",
            "14 days from 2025-02-30",
            "14 days",
            "0 months from 2025-01-06",
            "121 months from 2025-01-06",
            "12 months from 2025-01-29",
            "month to",
            "month to 0",
            "month to 32",
            "month to 10 and",
            "month to 10 25",
            "day at",
            "day at 6",
            "day at 24:00",
            "at 06:00",
            "day at 06:60",
            "day at 06:00 at 07:00",
        ] {
            let refusal = Boundary::from_text(text).unwrap_err();
            assert_eq!((refusal.sqlstate(), refusal.argument()), ("22023", Some("boundary")), "{text}");
            assert!(refusal.to_string().contains("month to 25"), "{refusal}");
        }
    }

    #[test]
    fn days_at_the_end_of_time_are_refused_and_never_overflow() {
        for text in
            ["day", "week", "14 days from 2025-01-06", "5 months from 2025-01-06", "month", "month to 10"]
        {
            let boundary = Boundary::from_text(text).unwrap();
            for days in [i32::MIN, i32::MIN + 1, i32::MAX - 1, i32::MAX] {
                let _ = boundary.period_of(LocalDate::from_days(days));
            }
        }
        assert!(Boundary::DAY.period_of(LocalDate::from_days(i32::MAX)).is_err());
    }
}
