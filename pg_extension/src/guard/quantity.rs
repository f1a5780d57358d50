//! Exact loads and capacities.

use std::fmt;

/// A decimal number with 36 places.
///
/// Sums of loads must be exact: ten tenths are one, and whatever is above it by the last digit that was written is
/// above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Quantity {
    /// The greatest whole number that is not above it.
    whole: i128,
    /// What is above that, in units of the last place.
    fraction: u128,
}

/// Digits kept, before the point and after it: as many as an `i128` holds and a sum of many may still add to.
const DIGITS: usize = 36;

/// One, in units of the last place.
const ONE: u128 = 10_u128.pow(36);

impl Quantity {
    /// What a row without a load column weighs.
    pub(super) const ONE: Self = Self { whole: 1, fraction: 0 };

    /// Reads the server's text of a number; `None` when it has more than 36 digits on either side of the point, or is
    /// none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let fits = !whole.is_empty() && whole.len() <= DIGITS && fraction.len() <= DIGITS;
        if !fits || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let magnitude =
            Self { whole: whole.parse().ok()?, fraction: format!("{fraction:0<DIGITS$}").parse().ok()? };
        Some(if is_negative { magnitude.negated() } else { magnitude })
    }

    /// Whether it is below zero.
    pub(super) fn is_negative(self) -> bool {
        self.whole < 0
    }

    /// Whether it is zero.
    pub(super) fn is_zero(self) -> bool {
        self == Self::default()
    }

    /// The sum.
    pub(super) fn plus(self, other: Self) -> Self {
        let fraction = self.fraction + other.fraction;
        let carry = i128::from(fraction >= ONE);
        Self { whole: self.whole.saturating_add(other.whole).saturating_add(carry), fraction: fraction % ONE }
    }

    /// The difference.
    pub(super) fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    fn negated(self) -> Self {
        if self.fraction == 0 {
            Self { whole: -self.whole, fraction: 0 }
        } else {
            Self { whole: -self.whole - 1, fraction: ONE - self.fraction }
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_negative() {
            return write!(formatter, "-{}", self.negated());
        }
        let fraction = format!("{:0DIGITS$}", self.fraction);
        match fraction.trim_end_matches('0') {
            "" => write!(formatter, "{}", self.whole),
            fraction => write!(formatter, "{}.{fraction}", self.whole),
        }
    }
}
