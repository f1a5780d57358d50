//! Exact loads and capacities.

use std::fmt;

/// A decimal number with 18 places.
///
/// Sums of loads must be exact: three thirds of a capacity, written as 0.333, are not more than it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Quantity(i128);

/// Decimal places kept.
const PLACES: usize = 18;

/// One, in units of the last place.
const ONE: i128 = 1_000_000_000_000_000_000;

impl Quantity {
    /// What a row without a load column weighs.
    pub(super) const ONE: Self = Self(ONE);

    /// Reads the server's text of a number; `None` when it has more than 18 places or digits, or is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > PLACES
            || fraction.len() > PLACES
            || !is_number(whole)
            || !is_number(fraction)
        {
            return None;
        }
        let whole: i128 = whole.parse().ok()?;
        let fraction: i128 = format!("{fraction:0<PLACES$}").parse().ok()?;
        let magnitude = whole * ONE + fraction;
        Some(Self(if negative { -magnitude } else { magnitude }))
    }

    /// Whether it is below zero.
    pub(super) fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether it is zero.
    pub(super) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum. Capacities are so far from the limits that saturating is never seen.
    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference.
    pub(super) fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let (whole, fraction) = (magnitude / ONE.unsigned_abs(), magnitude % ONE.unsigned_abs());
        let sign = if self.is_negative() { "-" } else { "" };
        let fraction = format!("{fraction:0PLACES$}");
        match fraction.trim_end_matches('0') {
            "" => write!(formatter, "{sign}{whole}"),
            fraction => write!(formatter, "{sign}{whole}.{fraction}"),
        }
    }
}
