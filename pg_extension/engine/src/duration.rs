//! Elapsed time and its exact minutes.

use std::fmt;

use crate::error::EngineError;

/// Microseconds of a minute.
pub(crate) const MICROSECONDS_PER_MINUTE: i64 = 60_000_000;

/// Elapsed time, in microseconds. Never a difference of clock readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(i64);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// More than any length that is measured.
    pub(crate) const MAX: Self = Self(i64::MAX);

    /// From microseconds.
    #[must_use]
    pub const fn from_microseconds(microseconds: i64) -> Self {
        Self(microseconds)
    }

    /// From whole minutes; `None` past what an `i64` of microseconds holds (292,000 years).
    #[must_use]
    pub const fn from_minutes(minutes: i64) -> Option<Self> {
        match minutes.checked_mul(MICROSECONDS_PER_MINUTE) {
            Some(microseconds) => Some(Self(microseconds)),
            None => None,
        }
    }

    /// Microseconds: the exact length.
    #[must_use]
    pub const fn microseconds(self) -> i64 {
        self.0
    }

    /// Both lengths together.
    ///
    /// # Errors
    /// [`EngineError::OutOfRange`] past what an `i64` of microseconds holds.
    pub fn plus(self, other: Self) -> Result<Self, EngineError> {
        self.0.checked_add(other.0).map(Self).ok_or(EngineError::OutOfRange { argument: "minutes" })
    }

    /// The length in minutes, as a decimal number without trailing zeros: `480`, `479.5`.
    ///
    /// [`Minutes`] says how exact it is.
    #[must_use]
    pub const fn minutes(self) -> Minutes {
        const HALF: i128 = MICROSECONDS_PER_MINUTE as i128 / 2;
        let scaled = self.0 as i128 * Minutes::ONE;
        let half = if scaled < 0 { -HALF } else { HALF };
        Minutes((scaled + half) / MICROSECONDS_PER_MINUTE as i128)
    }
}

/// A length written in minutes, in the syntax of a Postgres `numeric`.
///
/// Multiples of 3 microseconds are exact: every whole second that is a multiple of 3, and every half minute.
/// For the others no finite decimal exists (20 s are a third of a minute); they are rounded to 12 decimals,
/// so that `round(minutes * 60000000)` gives back the very microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minutes(i128);

impl Minutes {
    /// A minute, in units of the last decimal.
    const ONE: i128 = 1_000_000_000_000;

    /// The number without its point, and how many of its digits are decimals: as few as there can be.
    /// 479.5 is (4795, 1).
    #[must_use]
    pub const fn digits(self) -> (i128, u32) {
        if self.0 % Self::ONE == 0 {
            return (self.0 / Self::ONE, 0);
        }
        let (mut digits, mut decimals) = (self.0, 12);
        while digits % 10 == 0 {
            digits /= 10;
            decimals -= 1;
        }
        (digits, decimals)
    }
}

impl fmt::Display for Minutes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (digits, decimals) = self.digits();
        if decimals == 0 {
            return write!(formatter, "{digits}");
        }
        let one = 10_u128.pow(decimals);
        let (whole, rest) = (digits.unsigned_abs() / one, digits.unsigned_abs() % one);
        let sign = if digits < 0 { "-" } else { "" };
        write!(formatter, "{sign}{whole}.{rest:0width$}", width = decimals as usize)
    }
}

/// Minutes of parts that follow one another, such that they sum to the minutes of the whole to the last
/// decimal: each is what it adds to the minutes of all before it.
///
/// The minutes of a part are those of its own length, but for one in the last decimal where neither has a
/// finite decimal.
#[derive(Debug, Clone, Copy, Default)]
pub struct MinutesInParts {
    so_far: Duration,
}

impl MinutesInParts {
    /// The minutes of the next part.
    ///
    /// # Errors
    /// As [`Duration::plus`].
    pub fn next(&mut self, part: Duration) -> Result<Minutes, EngineError> {
        let before = self.so_far;
        self.so_far = before.plus(part)?;
        Ok(Minutes(self.so_far.minutes().0 - before.minutes().0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_exact_and_trimmed() {
        let written = |microseconds| Duration::from_microseconds(microseconds).minutes().to_string();
        assert_eq!(written(0), "0");
        assert_eq!(written(480 * MICROSECONDS_PER_MINUTE), "480");
        assert_eq!(written(28_770_000_000), "479.5");
        assert_eq!(written(-30_000_000), "-0.5");
        assert_eq!(written(3), "0.00000005");
        assert_eq!(written(20_000_000), "0.333333333333");
        assert_eq!(written(40_000_000), "0.666666666667");
        assert_eq!(written(i64::MIN), "-153722867280.912930133333");
    }

    #[test]
    fn minutes_in_parts_sum_to_the_minutes_of_the_whole() {
        let mut parts = MinutesInParts::default();
        let thirds = [20_000_000, 20_000_000, 20_000_000];
        let minutes = thirds.map(|part| parts.next(Duration::from_microseconds(part)).unwrap().to_string());
        assert_eq!(minutes, ["0.333333333333", "0.333333333334", "0.333333333333"]);
    }

    #[test]
    fn sums_that_no_integer_holds_are_refused() {
        assert!(Duration::from_microseconds(i64::MAX).plus(Duration::from_microseconds(1)).is_err());
        assert_eq!(Duration::from_minutes(i64::MAX), None);
    }
}
