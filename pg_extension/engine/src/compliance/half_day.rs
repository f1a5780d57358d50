//! Half days, for rosters that know mornings and afternoons and no clock.

use super::record::Duty;
use crate::duration::Duration;
use crate::error::EngineError;
use crate::local::{LocalDate, TimeOfDay};
use crate::policy::LocalPolicy;
use crate::span::Span;
use crate::zone::ZoneRules;

/// What half days are taken to be. Nothing of it can be known from such a roster, so all of it has to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HalfDays {
    /// How long each is.
    pub length: Duration,
    /// When mornings begin.
    pub morning: TimeOfDay,
    /// When afternoons begin.
    pub afternoon: TimeOfDay,
}

/// A half of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Half {
    /// Before noon.
    Morning,
    /// After noon.
    Afternoon,
}

impl HalfDays {
    /// The duty of a half day, of no kind; its verdicts say that they are estimated. It lasts as long as said,
    /// also where the clocks change.
    ///
    /// # Errors
    /// [`EngineError::UnfitNumber`] for a length of zero or less, naming `minutes_per_half_day`; those of
    /// [`LocalPolicy::instant`].
    pub fn duty(&self, zone: &dyn ZoneRules, date: LocalDate, half: Half) -> Result<Duty, EngineError> {
        let reading = match half {
            Half::Morning => self.morning,
            Half::Afternoon => self.afternoon,
        };
        let start = LocalPolicy::default().instant(zone, date.at(reading)?, "date")?;
        let end = start
            .checked_add_microseconds(self.length.microseconds())
            .ok_or(EngineError::OutOfRange { argument: "date" })?;
        let span = Span::new(start, end).ok_or(EngineError::UnfitNumber {
            argument: "minutes_per_half_day",
            value: self.length.microseconds() / 60_000_000,
            wanted: "one or more",
        })?;
        Ok(Duty { estimated: true, ..Duty::of(span) })
    }
}
