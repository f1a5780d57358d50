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
        Minutes(self)
    }
}

/// A length written in minutes, in the syntax of a Postgres `numeric`.
///
/// Multiples of 3 microseconds are exact: every whole second that is a multiple of 3, and every half minute.
/// For the others no finite decimal exists (20 s are a third of a minute); they are rounded to 12 decimals,
/// so that `round(minutes * 60000000)` gives back the very microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minutes(Duration);

impl fmt::Display for Minutes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ONE: u128 = 1_000_000_000_000;
        let per_minute = u128::from(MICROSECONDS_PER_MINUTE.unsigned_abs());
        let scaled = (u128::from(self.0.0.unsigned_abs()) * ONE + per_minute / 2) / per_minute;
        let (whole, rest) = (scaled / ONE, scaled % ONE);
        let sign = if self.0.0 < 0 { "-" } else { "" };
        if rest == 0 {
            return write!(formatter, "{sign}{whole}");
        }
        let decimals = format!("{rest:012}");
        write!(formatter, "{sign}{whole}.{}", decimals.trim_end_matches('0'))
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
    fn sums_that_no_integer_holds_are_refused() {
        assert!(Duration::from_microseconds(i64::MAX).plus(Duration::from_microseconds(1)).is_err());
        assert_eq!(Duration::from_minutes(i64::MAX), None);
    }
}
