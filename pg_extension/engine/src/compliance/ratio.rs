//! Exact numbers.

use std::cmp::Ordering;
use std::fmt;

/// An exact quotient of whole numbers. The denominator is positive.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    /// A whole number.
    #[must_use]
    pub const fn whole(number: i128) -> Self {
        Self { numerator: number, denominator: 1 }
    }

    /// A quotient in lowest terms; a denominator below one counts as one.
    #[must_use]
    pub fn new(numerator: i128, denominator: i128) -> Self {
        let denominator = denominator.max(1);
        let common = greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
        let common = i128::try_from(common).unwrap_or(1).max(1);
        Self { numerator: numerator / common, denominator: denominator / common }
    }

    /// What is divided.
    #[must_use]
    pub const fn numerator(self) -> i128 {
        self.numerator
    }

    /// By what, one or more.
    #[must_use]
    pub const fn denominator(self) -> i128 {
        self.denominator
    }
}

fn greatest_common_divisor(one: u128, other: u128) -> u128 {
    let (mut one, mut other) = (one, other);
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        // Minutes of centuries by days of centuries: far within an i128.
        (self.numerator.saturating_mul(other.denominator))
            .cmp(&other.numerator.saturating_mul(self.denominator))
    }
}

impl fmt::Display for Ratio {
    /// A decimal number, of those that do not end the first six decimals.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (numerator, denominator) = (self.numerator.unsigned_abs(), self.denominator.unsigned_abs());
        let millionths = numerator % denominator * 1_000_000 / denominator;
        let sign = if self.numerator < 0 { "-" } else { "" };
        let decimals = format!("{millionths:06}");
        let decimals = decimals.trim_end_matches('0');
        let point = if decimals.is_empty() { "" } else { "." };
        write!(formatter, "{sign}{}{point}{decimals}", numerator / denominator)
    }
}
