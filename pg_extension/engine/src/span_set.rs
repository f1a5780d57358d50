//! Unions of spans, and their algebra.

use crate::duration::Duration;
use crate::error::EngineError;
use crate::instant::Instant;
use crate::span::Span;

/// A set of instants as the fewest spans: sorted, none overlapping or touching another.
///
/// Two sets of the same instants are equal. Collect it from spans in any order: O(n log n).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SpanSet {
    spans: Vec<Span>,
}

impl SpanSet {
    /// The spans, sorted, with gaps between them.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whether it holds no instant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The elapsed time of all spans together; what overlapped counts once.
    ///
    /// # Errors
    /// As [`Span::elapsed`].
    pub fn total(&self) -> Result<Duration, EngineError> {
        self.spans.iter().try_fold(Duration::ZERO, |total, span| total.plus(span.elapsed()?))
    }

    /// Whether every instant of the span lies within. O(log n).
    #[must_use]
    pub fn covers(&self, span: Span) -> bool {
        let after = self.spans.partition_point(|own| own.start() <= span.start());
        after.checked_sub(1).and_then(|last| self.spans.get(last)).is_some_and(|own| own.covers(span))
    }

    /// The same set with its gaps of at most this length filled.
    #[must_use]
    pub fn bridge(&self, longest_gap: Duration) -> Self {
        let mut spans: Vec<Span> = Vec::with_capacity(self.spans.len());
        for span in &self.spans {
            let bridged = spans.last_mut().and_then(|last| {
                let gap = Span::new(last.end(), span.start())?.elapsed().ok()?;
                (gap <= longest_gap).then_some((last, *span))
            });
            match bridged.and_then(|(last, span)| Some((Span::new(last.start(), span.end())?, last))) {
                Some((joined, last)) => *last = joined,
                None => spans.push(*span),
            }
        }
        Self { spans }
    }

    /// The instants that lie at least so far into the set, and less than `length` further; what lies between
    /// the spans does not count. Linear.
    ///
    /// # Errors
    /// As [`SpanSet::total`].
    pub fn stretch(&self, after: Duration, length: Duration) -> Result<Self, EngineError> {
        let (first, end) = (after, after.plus(length)?);
        let mut passed = Duration::ZERO;
        let mut spans = Vec::new();
        for span in &self.spans {
            let until = passed.plus(span.elapsed()?)?;
            let at = |into: Duration| {
                let microseconds = into.max(passed).min(until).microseconds() - passed.microseconds();
                Instant::from_microseconds(span.start().microseconds() + microseconds)
            };
            spans.extend(Span::new(at(first), at(end)));
            passed = until;
        }
        Ok(Self { spans })
    }

    /// The instants of either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.spans.iter().chain(&other.spans).copied().collect()
    }

    /// The instants of both sets. Linear.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.spans.iter().peekable(), other.spans.iter().peekable());
        let mut spans = Vec::new();
        while let (Some(one), Some(two)) = (left.peek(), right.peek()) {
            spans.extend(one.intersect(**two));
            // The span that ends first can meet nothing further on.
            if one.end() <= two.end() {
                left.next();
            } else {
                right.next();
            }
        }
        Self { spans }
    }

    /// The instants of no span of the set.
    #[must_use]
    pub fn complement(&self) -> Self {
        let starts = std::iter::once(Instant::NEG_INFINITY).chain(self.spans.iter().map(|span| span.end()));
        let ends = self.spans.iter().map(|span| span.start()).chain(std::iter::once(Instant::INFINITY));
        Self { spans: starts.zip(ends).filter_map(|(start, end)| Span::new(start, end)).collect() }
    }

    /// The instants of this set that are not in the other. Linear.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        self.intersect(&other.complement())
    }

    /// The instants of `span` that are not in the set: its gaps, the ones at both ends included.
    #[must_use]
    pub fn gaps_within(&self, span: Span) -> Self {
        Self::from_iter([span]).subtract(self)
    }
}

impl FromIterator<Span> for SpanSet {
    fn from_iter<I: IntoIterator<Item = Span>>(spans: I) -> Self {
        let mut sorted: Vec<Span> = spans.into_iter().collect();
        sorted.sort_unstable();
        let mut spans: Vec<Span> = Vec::with_capacity(sorted.len());
        for span in sorted {
            match spans.last_mut() {
                Some(last) if span.start() <= last.end() => {
                    if let Some(joined) = Span::new(last.start(), last.end().max(span.end())) {
                        *last = joined;
                    }
                }
                _ => spans.push(span),
            }
        }
        Self { spans }
    }
}
