//! Ids that callers write in an argument.

use super::query::{Connection, Parameters};
use super::views::Views;
use crate::error::ExtensionError;

/// The ids of an argument, as the server writes those of a view's column.
///
/// # Errors
/// As [`Views::column_type`]; [`ExtensionError::RefusedArgument`] for an id that is none of the column's type.
pub(crate) fn read_ids(
    connection: &Connection,
    views: &Views,
    argument: &'static str,
    (view, column): (&'static str, &'static str),
    ids: &[String],
) -> Result<Vec<String>, ExtensionError> {
    let id_type = views.column_type(view, column)?;
    let mut read = Vec::with_capacity(ids.len());
    let mut parameters = Parameters::default();
    let query = format!(
        "SELECT given.id::text
        FROM pg_catalog.unnest({}::{id_type}[]) AS given (id)",
        parameters.texts(ids)
    );
    connection.for_each_of(argument, &query, parameters, |row| {
        read.extend(row.text(1).map(str::to_owned));
        Ok(())
    })?;
    Ok(read)
}
