//! A zone whose changes within some time are at hand.

use std::cell::Cell;

use rota_engine::{EngineError, Instant, OffsetPeriod, Span, ZoneRules};

use super::ServerZone;

/// The most changes that are kept: a zone has two a year, and asked for centuries it is asked each time.
const MOST_PERIODS: usize = 1_024;

/// A zone with its offsets over a span, so that work without end is not asked of the server's database.
#[derive(Debug)]
pub(crate) struct ZonePeriods {
    zone: ServerZone,
    /// Where each offset begins, in order; the first at the span's start.
    periods: Vec<(Instant, OffsetPeriod)>,
    /// The place in `periods` that was asked for last: work comes in the order of time.
    last: Cell<usize>,
}

impl ZonePeriods {
    /// Reads the offsets of a zone over a span. Where a side has no bound, the server is asked each time.
    ///
    /// # Errors
    /// Those of [`ZoneRules::period_at`].
    pub(crate) fn over(zone: ServerZone, span: Span) -> Result<Self, EngineError> {
        let mut periods = Vec::new();
        let mut at = span.start();
        while at.is_finite() && at < span.end() && periods.len() < MOST_PERIODS {
            let period = zone.period_at(at)?;
            periods.push((at, period));
            at = period.until;
        }
        Ok(Self { zone, periods, last: Cell::new(0) })
    }
}

impl ZoneRules for ZonePeriods {
    fn period_at(&self, instant: Instant) -> Result<OffsetPeriod, EngineError> {
        let holds = |(start, period): &&(Instant, OffsetPeriod)| *start <= instant && instant < period.until;
        if let Some((_, period)) = self.periods.get(self.last.get()).filter(holds) {
            return Ok(*period);
        }
        let after = self.periods.partition_point(|(start, _)| *start <= instant);
        let place = after.wrapping_sub(1);
        match self.periods.get(place).filter(holds) {
            Some((_, period)) => {
                self.last.set(place);
                Ok(*period)
            }
            None => self.zone.period_at(instant),
        }
    }
}
