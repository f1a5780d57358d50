//! The cheapest path through one person's days, exactly, by dynamic programming.
//!
//! The state of a day is discrete (run of work or rest, class of the last shift) times a dense vector: counters of
//! limits × minutes used. A step is "shift the vector by a constant, add a constant, keep the smaller", which the
//! compiler turns into vector instructions. No predecessor is stored: the way back is found by equal values, and ties
//! are broken at random, which gives the search different rosters of equal cost.

mod classes;
pub(super) mod counters;
mod course;
pub(super) mod forward;
pub(super) mod groups;
mod limits;
pub(super) mod relaxed;
pub(super) mod request;
pub(super) mod retrace;
pub(super) mod solve;
pub(super) mod steps;
pub(super) mod suffix;

/// A number that costs are kept in: 32 bits where they suffice, as twice as many fit a vector register then.
pub(super) trait Cost:
    Copy + Default + Ord + std::ops::Add<Output = Self> + std::ops::Sub<Output = Self> + Send + Sync + 'static
{
    /// More than any real cost, with room to add any real cost to it.
    const UNREACHABLE: Self;
    /// Real costs lie strictly between minus this and this.
    const CEILING: i64;
    /// Zero.
    const ZERO: Self;

    /// Takes a cost below the ceiling.
    fn of(value: i64) -> Self;
    /// Gives it back.
    fn value(self) -> i64;
    /// Whether it is a real cost.
    fn is_real(self) -> bool {
        self.value() < Self::CEILING
    }
}

impl Cost for i32 {
    const UNREACHABLE: Self = 1 << 30;
    const CEILING: i64 = 1 << 28;
    const ZERO: Self = 0;

    fn of(value: i64) -> Self {
        value as Self
    }

    fn value(self) -> i64 {
        i64::from(self)
    }
}

impl Cost for i64 {
    const UNREACHABLE: Self = 1 << 62;
    const CEILING: i64 = 1 << 60;
    const ZERO: Self = 0;

    fn of(value: i64) -> Self {
        value
    }

    fn value(self) -> i64 {
        self
    }
}
