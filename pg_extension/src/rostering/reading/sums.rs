//! What is added up, and over which days.

use std::ops::Range;

use rota_engine::rostering::Counted;

use super::Draft;
use crate::error::ExtensionError;
use crate::rostering::field::Object;
use crate::rostering::horizon::date;

/// Reads `counted`, with `kind` where that is counted.
pub(super) fn counted(draft: &mut Draft, object: &Object<'_>) -> Result<Counted, ExtensionError> {
    let counted = object.need("counted")?;
    match counted.text()? {
        "minutes" => Ok(Counted::Minutes),
        "days" => Ok(Counted::Days),
        "weekends" => Ok(Counted::Weekends),
        "kind" => Ok(Counted::Kind(draft.kinds.number(object.need("kind")?.text()?))),
        _ => Err(counted.unfit("minutes, days, weekends or kind")),
    }
}

/// Reads `from_date` and `to_date`, half-open; the whole horizon where they are missing.
pub(super) fn days(draft: &Draft, object: &Object<'_>) -> Result<Range<usize>, ExtensionError> {
    let horizon = &draft.horizon;
    let place =
        |name: &str, usual: usize, wanted: &str, allowed: &dyn Fn(usize) -> bool| match object.find(name) {
            None => Ok(usual),
            Some(field) => usize::try_from(horizon.day_of_date(date(&field)?))
                .ok()
                .filter(|day| allowed(*day))
                .ok_or_else(|| field.unfit(wanted)),
        };
    let start = place("from_date", 0, "a date of the horizon", &|day| day < horizon.days)?;
    let end = place("to_date", horizon.days, "a date of the horizon after from_date", &|day| {
        (start..=horizon.days).contains(&day)
    })?;
    Ok(start..end)
}
