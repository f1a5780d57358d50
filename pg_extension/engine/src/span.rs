//! The half-open interval, and the only overlap test of the project.

use std::ops::Bound;

use crate::duration::Duration;
use crate::error::EngineError;
use crate::instant::Instant;

/// The instants from `start` up to, but without, `end`. Never empty.
///
/// A span may be unbounded: its start [`Instant::NEG_INFINITY`], its end [`Instant::INFINITY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    start: Instant,
    end: Instant,
}

impl Span {
    /// Every instant.
    pub const ALWAYS: Self = Self { start: Instant::NEG_INFINITY, end: Instant::INFINITY };

    /// `[start, end)`; `None` when that holds no instant.
    #[must_use]
    pub fn new(start: Instant, end: Instant) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// The span of a range with any kind of bounds; `None` when that holds no instant.
    ///
    /// Postgres keeps `tstzrange` bounds as they were written. Instants are whole microseconds, so an
    /// excluded start or an included end is the half-open one a microsecond later.
    #[must_use]
    pub fn from_bounds(start: Bound<Instant>, end: Bound<Instant>) -> Option<Self> {
        let next = |instant: Instant| Instant::from_microseconds(instant.microseconds().saturating_add(1));
        let start = match start {
            Bound::Included(start) => start,
            Bound::Excluded(Instant::NEG_INFINITY) | Bound::Unbounded => Instant::NEG_INFINITY,
            Bound::Excluded(start) => next(start),
        };
        let end = match end {
            Bound::Excluded(end) => end,
            Bound::Included(end) => next(end),
            Bound::Unbounded => Instant::INFINITY,
        };
        Self::new(start, end)
    }

    /// The first instant.
    #[must_use]
    pub const fn start(self) -> Instant {
        self.start
    }

    /// The first instant after the span.
    #[must_use]
    pub const fn end(self) -> Instant {
        self.end
    }

    /// Whether start and end are instants, neither of them infinite.
    #[must_use]
    pub fn is_bounded(self) -> bool {
        self.start > Instant::NEG_INFINITY && self.end < Instant::INFINITY
    }

    /// The shortest span that covers both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether both share an instant. Spans that only touch do not.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether one ends where the other starts.
    #[must_use]
    pub fn touches(self, other: Self) -> bool {
        self.end == other.start || other.end == self.start
    }

    /// Whether the instant lies within.
    #[must_use]
    pub fn contains(self, instant: Instant) -> bool {
        self.start <= instant && instant < self.end
    }

    /// Whether every instant of `other` lies within.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// What both share; `None` when they do not overlap.
    #[must_use]
    pub fn intersect(self, other: Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end))
    }

    /// The elapsed time from start to end.
    ///
    /// # Errors
    /// [`EngineError::UnboundedSpan`], naming `during`; [`EngineError::OutOfRange`] past 292,000 years.
    pub fn elapsed(self) -> Result<Duration, EngineError> {
        if !self.is_bounded() {
            return Err(EngineError::UnboundedSpan { argument: "during" });
        }
        self.end
            .microseconds()
            .checked_sub(self.start.microseconds())
            .map(Duration::from_microseconds)
            .ok_or(EngineError::OutOfRange { argument: "during" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(microseconds: i64) -> Instant {
        Instant::from_microseconds(microseconds)
    }

    #[test]
    fn every_kind_of_bound_becomes_half_open() {
        let span = |start, end| Span::new(at(start), at(end));
        assert_eq!(Span::from_bounds(Bound::Excluded(at(1)), Bound::Included(at(5))), span(2, 6));
        assert_eq!(Span::from_bounds(Bound::Included(at(1)), Bound::Included(at(1))), span(1, 2));
        assert_eq!(Span::from_bounds(Bound::Excluded(at(1)), Bound::Excluded(at(2))), None);
        assert_eq!(Span::from_bounds(Bound::Unbounded, Bound::Unbounded), Some(Span::ALWAYS));
        assert_eq!(
            Span::from_bounds(Bound::Excluded(Instant::NEG_INFINITY), Bound::Included(Instant::INFINITY)),
            Some(Span::ALWAYS)
        );
    }

    #[test]
    fn an_unbounded_span_has_no_length() {
        let refused = Err(EngineError::UnboundedSpan { argument: "during" });
        assert_eq!(Span::ALWAYS.elapsed(), refused);
        assert_eq!(Span::new(at(0), Instant::INFINITY).unwrap().elapsed(), refused);
        assert_eq!(Span::new(at(3), at(10)).unwrap().elapsed(), Ok(Duration::from_microseconds(7)));
        let too_long = Span::new(at(i64::MIN + 1), at(i64::MAX - 1)).unwrap();
        assert_eq!(too_long.elapsed(), Err(EngineError::OutOfRange { argument: "during" }));
    }

    #[test]
    fn touching_is_not_overlapping() {
        let (morning, noon) = (Span::new(at(0), at(5)).unwrap(), Span::new(at(5), at(9)).unwrap());
        assert!(morning.touches(noon) && noon.touches(morning));
        assert!(!morning.overlaps(noon) && !noon.overlaps(morning));
        assert_eq!(morning.intersect(noon), None);
        assert!(!morning.contains(at(5)) && noon.contains(at(5)));
    }
}
