//! The nights of a zone.

use super::days::{Days, Readings};
use crate::band::Band;
use crate::error::EngineError;
use crate::zone::ZoneRules;

/// The stretches in which a band of the clock is open, one for each local day on which it opens. One of which the
/// clocks skip everything is empty.
///
/// # Errors
/// Those of [`ZoneRules::period_at`].
pub(super) fn nights(band: Band, days: &Days, zone: &dyn ZoneRules) -> Result<Vec<(i64, i64)>, EngineError> {
    let (mut opening, mut closing) = (Readings::of(zone), Readings::of(zone));
    let mut nights = Vec::new();
    for day in 0..days.starts().len() {
        let Some(date) = days.date(day) else { continue };
        let end_date = if band.end <= band.start { date.plus_days(1)? } else { date };
        let opens = opening.first_instant_at(date.at(band.start)?)?;
        nights.push((opens, closing.first_instant_at(end_date.at(band.end)?)?));
    }
    Ok(nights)
}
