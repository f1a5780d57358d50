//! Cutting a span where local days or weeks begin.

use crate::duration::Duration;
use crate::error::EngineError;
use crate::local::{LocalDate, MICROSECONDS_PER_DAY};
use crate::span::Span;
use crate::zone::ZoneRules;

/// The longest span that is cut in one call: a century, more than any working life. It bounds a call to
/// some 100,000 zone look-ups, which are over in milliseconds: no call needs to be interrupted.
pub const LONGEST_SPLIT_DAYS: i64 = 36_600;

/// Where a span is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// At the first instant of each local day.
    Day,
    /// At the first instant of each Monday, where ISO 8601 weeks begin.
    Week,
}

/// A part of a span within one local day or week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The day, or the Monday of the week, also when the piece starts later.
    pub period_start: LocalDate,
    /// The part of the span within that period.
    pub span: Span,
}

impl Boundary {
    /// From the word that SQL uses: `day` or `week`.
    ///
    /// # Errors
    /// [`EngineError::UnknownChoice`], naming `boundary`.
    pub fn from_word(word: &str) -> Result<Self, EngineError> {
        match word {
            "day" => Ok(Self::Day),
            "week" => Ok(Self::Week),
            _ => Err(EngineError::UnknownChoice {
                argument: "boundary",
                value: word.to_owned(),
                choices: "day, week",
            }),
        }
    }

    fn days(self) -> i32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
        }
    }
}

/// Cuts a span at the local days or weeks of a zone. The pieces follow one another and sum to the whole.
///
/// Where the clocks go back over midnight, the repeated hour belongs to the day that had begun: days are
/// contiguous. A day that a zone skipped as a whole has no piece. Cost: one zone look-up a day or week.
///
/// # Errors
/// [`EngineError::UnboundedSpan`] and [`EngineError::SpanTooLong`], naming `during`; those of
/// [`ZoneRules::period_at`].
pub fn split(zone: &dyn ZoneRules, span: Span, boundary: Boundary) -> Result<Vec<Piece>, EngineError> {
    limited_length(span)?;
    let mut pieces = Vec::new();
    let mut period_start = match boundary {
        Boundary::Day => zone.local_at(span.start())?.date(),
        Boundary::Week => zone.local_at(span.start())?.date().monday()?,
    };
    let mut rest = Some(span);
    while let Some(remaining) = rest {
        let next_period = period_start.plus_days(boundary.days())?;
        let next_start = zone.start_of_day(next_period)?;
        if let Some(piece) = Span::new(remaining.start(), remaining.end().min(next_start)) {
            pieces.push(Piece { period_start, span: piece });
        }
        rest = Span::new(remaining.start().max(next_start), remaining.end());
        period_start = next_period;
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
