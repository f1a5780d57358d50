//! Arguments that several functions take alike.

use pgrx::datum::TimestampWithTimeZone;
use rota_engine::{Instant, Span};

use crate::error::ExtensionError;

/// The time in question.
///
/// # Errors
/// [`ExtensionError::MissingArgument`]; [`ExtensionError::EmptyWindow`].
pub(super) fn window(
    start: Option<TimestampWithTimeZone>,
    end: Option<TimestampWithTimeZone>,
) -> Result<Span, ExtensionError> {
    let start = start.ok_or(ExtensionError::MissingArgument { argument: "window_start" })?;
    let end = end.ok_or(ExtensionError::MissingArgument { argument: "window_end" })?;
    let instant = |timestamp: TimestampWithTimeZone| Instant::from_microseconds(timestamp.into_inner());
    Span::new(instant(start), instant(end)).ok_or(ExtensionError::EmptyWindow)
}

/// A list without its nulls.
pub(super) fn without_nulls(texts: Vec<Option<String>>) -> Vec<String> {
    texts.into_iter().flatten().collect()
}
