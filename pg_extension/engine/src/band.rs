//! The part of a span that lies in a daily band of the clock, such as the night.

use crate::duration::Duration;
use crate::error::EngineError;
use crate::local::TimeOfDay;
use crate::policy::LocalPolicy;
use crate::span::Span;
use crate::span_set::SpanSet;
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
    /// The parts of a span within the band, in order.
    ///
    /// The band's readings become instants under the policy and are intersected with the span. The band that
    /// opened on the evening before the span counts; a band of which the clocks skip everything is empty.
    /// With [`LocalPolicy::BOUNDARY`] those instants never run backwards, so a band and its complement are
    /// the span. Cost: two zone look-ups a day.
    ///
    /// # Errors
    /// [`EngineError::UnboundedSpan`] and [`EngineError::SpanTooLong`], naming `during`;
    /// [`EngineError::SkippedLocalTime`] and [`EngineError::RepeatedLocalTime`], naming `band_start` or
    /// `band_end`, where the policy rejects a reading inside of the span; those of
    /// [`ZoneRules::period_at`].
    pub fn within(
        self,
        zone: &dyn ZoneRules,
        span: Span,
        policy: LocalPolicy,
    ) -> Result<SpanSet, EngineError> {
        limited_length(span)?;
        // A band closes on the next day at the latest, and a policy moves that by no more than a day.
        let mut date = zone.local_at(span.start())?.date().plus_days(-2)?;
        let mut parts = Vec::new();
        loop {
            let next_date = date.plus_days(1)?;
            let end_date = if self.end <= self.start { next_date } else { date };
            let opens = policy.boundary(zone, date.at(self.start)?, span, "band_start")?;
            if opens >= span.end() {
                return Ok(parts.into_iter().collect());
            }
            let closes = policy.boundary(zone, end_date.at(self.end)?, span, "band_end")?;
            parts.extend(Span::new(opens, closes).and_then(|open| open.intersect(span)));
            date = next_date;
        }
    }
}

/// The elapsed time of a span within a daily band of the clock in a zone. Exact.
///
/// # Errors
/// As [`Band::within`].
pub fn time_in_band(
    zone: &dyn ZoneRules,
    span: Span,
    band: Band,
    policy: LocalPolicy,
) -> Result<Duration, EngineError> {
    band.within(zone, span, policy)?.total()
}
