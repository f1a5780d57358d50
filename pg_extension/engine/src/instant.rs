//! Points on the UTC line.

/// A point in time: microseconds since 2000-01-01 00:00 UTC, as in a Postgres `timestamptz`.
///
/// The extreme integers are the infinities, as in Postgres. They stand for "no bound" in a [`crate::Span`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// Before every other instant.
    pub const NEG_INFINITY: Self = Self(i64::MIN);
    /// After every other instant.
    pub const INFINITY: Self = Self(i64::MAX);
    /// The first instant that Postgres can hold: 4714-11-24 BC (`MIN_TIMESTAMP` of its
    /// `datatype/timestamp.h`).
    pub const FIRST: Self = Self(-211_813_488_000_000_000);
    /// The first instant that Postgres can no longer hold: 294277-01-01 (`END_TIMESTAMP`).
    pub const END: Self = Self(9_223_371_331_200_000_000);

    /// From microseconds since 2000-01-01 00:00 UTC.
    #[must_use]
    pub const fn from_microseconds(microseconds: i64) -> Self {
        Self(microseconds)
    }

    /// Microseconds since 2000-01-01 00:00 UTC.
    #[must_use]
    pub const fn microseconds(self) -> i64 {
        self.0
    }

    /// Whether this is an instant that Postgres can hold, and no infinity.
    #[must_use]
    pub fn is_finite(self) -> bool {
        self >= Self::FIRST && self < Self::END
    }

    /// This instant moved by some microseconds; `None` when either is no finite instant.
    #[must_use]
    pub fn checked_add_microseconds(self, microseconds: i64) -> Option<Self> {
        if !self.is_finite() {
            return None;
        }
        self.0.checked_add(microseconds).map(Self).filter(|moved| moved.is_finite())
    }
}
