//! The part of a span that lies in a daily band of the clock, such as the night.

use crate::duration::Duration;
use crate::error::EngineError;
use crate::instant::Instant;
use crate::local::{LocalDate, TimeOfDay};
use crate::span::Span;
use crate::split::limited_length;
use crate::zone::ZoneRules;

/// A daily stretch of the clock, from `start` up to, but without, `end`.
///
/// An end that is not after the start means the next day: 22:00 to 05:00 crosses midnight, equal readings are
/// the whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    /// The reading at which the band opens.
    pub start: TimeOfDay,
    /// The reading at which it closes.
    pub end: TimeOfDay,
}

impl Band {
    /// The band that opens on a local day. Both instants are the same when the clocks skip all of it.
    fn opened_on(self, zone: &dyn ZoneRules, date: LocalDate) -> Result<Opening, EngineError> {
        let end_date = if self.end <= self.start { date.plus_days(1)? } else { date };
        Ok(Opening {
            opens: zone.first_instant_at(date.at(self.start)?)?,
            closes: zone.first_instant_at(end_date.at(self.end)?)?,
        })
    }
}

/// One day's band on the time line.
struct Opening {
    opens: Instant,
    closes: Instant,
}

/// The elapsed time of a span within a daily band of the clock in a zone. Exact.
///
/// The band's readings become instants ([`ZoneRules::first_instant_at`]) and are intersected with the span.
/// Those instants never run backwards, so no time counts twice, and a band and its complement sum to the
/// span. The band that opened on the evening before the span counts. Cost: two zone look-ups a day.
///
/// # Errors
/// [`EngineError::UnboundedSpan`] and [`EngineError::SpanTooLong`], naming `during`; those of
/// [`ZoneRules::period_at`].
pub fn time_in_band(zone: &dyn ZoneRules, span: Span, band: Band) -> Result<Duration, EngineError> {
    limited_length(span)?;
    // The band of the day before yesterday closes, at the latest, when today starts.
    let mut date = zone.local_at(span.start())?.date().plus_days(-1)?;
    let mut total = Duration::ZERO;
    loop {
        let opening = band.opened_on(zone, date)?;
        if opening.opens >= span.end() {
            return Ok(total);
        }
        let open = Span::new(opening.opens, opening.closes);
        if let Some(within) = open.and_then(|open| open.intersect(span)) {
            total = total.plus(within.elapsed()?)?;
        }
        date = date.plus_days(1)?;
    }
}
