//! Cutting a span where local days, weeks or pay periods begin.

use crate::duration::Duration;
use crate::error::EngineError;
use crate::instant::Instant;
use crate::local::{LocalDate, MICROSECONDS_PER_DAY};
use crate::period::Boundary;
use crate::policy::LocalPolicy;
use crate::span::Span;
use crate::zone::ZoneRules;

/// The longest span that is cut in one call: a century, more than any working life. It bounds a call to
/// some 100,000 zone look-ups, which are over in milliseconds: no call needs to be interrupted.
pub const LONGEST_SPLIT_DAYS: i64 = 36_600;

/// A part of a span within one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The first day of the period, also when the piece starts later.
    pub period_start: LocalDate,
    /// The part of the span within that period.
    pub span: Span,
}

/// Cuts a span at the boundaries of a zone's local periods. The pieces follow one another and sum to the
/// whole.
///
/// With [`LocalPolicy::BOUNDARY`] a period begins at the first instant at which the clock shows its reading or
/// a later one. Where the clocks go back over midnight, the repeated hour then belongs to the day that had
/// begun. A period that a zone skipped as a whole has no piece. Under other policies a boundary never lies
/// before the one that precedes it. Cost: two zone look-ups, and one for each piece.
///
/// # Errors
/// [`EngineError::UnboundedSpan`] and [`EngineError::SpanTooLong`], naming `during`;
/// [`EngineError::SkippedLocalTime`] and [`EngineError::RepeatedLocalTime`], naming `boundary`, where the
/// policy rejects a boundary inside of the span; those of [`ZoneRules::period_at`].
pub fn split(
    zone: &dyn ZoneRules,
    span: Span,
    boundary: Boundary,
    policy: LocalPolicy,
) -> Result<Vec<Piece>, EngineError> {
    limited_length(span)?;
    let begins = |first_day| policy.boundary(zone, boundary.reading_on(first_day)?, span, "boundary");
    let (mut first_day, mut next_first_day) = boundary.period_of(zone.local_at(span.start())?.date())?;
    // Before the day's boundary, the period that the day is in has not begun.
    while begins(first_day)? > span.start() {
        (first_day, next_first_day) = boundary.period_of(first_day.plus_days(-1)?)?;
    }
    let mut pieces = Vec::new();
    let mut rest = Some(span);
    while let Some(remaining) = rest {
        let next: Instant = begins(next_first_day)?;
        if let Some(piece) = Span::new(remaining.start(), remaining.end().min(next)) {
            pieces.push(Piece { period_start: first_day, span: piece });
        }
        rest = Span::new(remaining.start().max(next), remaining.end());
        (first_day, next_first_day) = (next_first_day, boundary.period_of(next_first_day)?.1);
    }
    Ok(pieces)
}

/// The length of a span that is bounded and short enough to be worked through day by day.
///
/// # Errors
/// [`EngineError::UnboundedSpan`] and [`EngineError::SpanTooLong`], naming `during`.
pub(crate) fn limited_length(span: Span) -> Result<Duration, EngineError> {
    let elapsed = span.elapsed()?;
    let days = elapsed.microseconds().div_euclid(MICROSECONDS_PER_DAY);
    if days >= LONGEST_SPLIT_DAYS {
        return Err(EngineError::SpanTooLong {
            argument: "during",
            days: days + 1,
            limit_days: LONGEST_SPLIT_DAYS,
        });
    }
    Ok(elapsed)
}
