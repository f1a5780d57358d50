//! What shifts are to the rules.

use std::collections::HashMap;

use super::query::{Connection, Parameters};
use super::selection::one_of;
use super::views::Views;
use crate::error::ExtensionError;

/// The word by which rules know the work of each shift; none where the view does not show it.
///
/// # Errors
/// As [`Views::check`].
pub(crate) fn read_natures(
    connection: &Connection,
    views: &Views,
    shifts: &[String],
) -> Result<HashMap<String, String>, ExtensionError> {
    let mut natures = HashMap::new();
    if shifts.is_empty() || !views.has("shifts", "nature") {
        return Ok(natures);
    }
    let mut parameters = Parameters::default();
    let query = format!(
        "SELECT shift.shift_id::text, shift.nature::text FROM rota_source.shifts AS shift WHERE {}",
        one_of(views, ("shifts", "shift_id"), "shift", shifts, &mut parameters)?
    );
    connection.for_each(&query, parameters, |row| {
        if let (Some(shift), Some(nature)) = (row.text(1), row.text(2)) {
            natures.insert(shift.to_owned(), nature.to_owned());
        }
        Ok(())
    })?;
    Ok(natures)
}
