//! The changes of a zone's offset, by which two time zone databases are compared.

use crate::error::EngineError;
use crate::instant::Instant;
use crate::span::Span;
use crate::zone::ZoneRules;

/// From an instant on, the clock is so far from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetChange {
    /// The instant of the change; the first of all is the start of the span that was asked about.
    pub at: Instant,
    /// Seconds to add to UTC to read local time.
    pub offset_seconds: i32,
}

/// The offset at the start of a span and every change of it within. What changes only in name is left out.
///
/// # Errors
/// [`EngineError::UnboundedSpan`], naming `during`; those of [`ZoneRules::period_at`].
pub fn offset_changes(zone: &dyn ZoneRules, during: Span) -> Result<Vec<OffsetChange>, EngineError> {
    if !during.is_bounded() {
        return Err(EngineError::UnboundedSpan { argument: "during" });
    }
    let mut changes: Vec<OffsetChange> = Vec::new();
    let mut at = during.start();
    while at < during.end() {
        let period = zone.period_at(at)?;
        if changes.last().is_none_or(|last| last.offset_seconds != period.offset_seconds) {
            changes.push(OffsetChange { at, offset_seconds: period.offset_seconds });
        }
        if period.until <= at {
            return Err(EngineError::BrokenZoneRules);
        }
        at = period.until;
    }
    Ok(changes)
}
