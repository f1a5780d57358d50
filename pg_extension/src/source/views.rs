//! What the source views look like: whether they are there, and the types of their columns.

use std::collections::HashMap;

use super::query::{Connection, Parameters};
use super::streamed_row::IntegerType;
use crate::error::ExtensionError;

/// The columns of every view in `rota_source`, with their types.
pub(crate) struct Views {
    /// By view, then by column: the type's name, schema-qualified where it must be.
    types: HashMap<String, HashMap<String, String>>,
}

impl Views {
    /// Looks at the catalog.
    ///
    /// # Errors
    /// None of its own; what the server refuses is raised.
    pub(crate) fn read(connection: &Connection) -> Result<Self, ExtensionError> {
        const COLUMNS: &str = "
            SELECT
                relation.relname::text,
                attribute.attname::text,
                pg_catalog.format_type(attribute.atttypid, NULL)
            FROM
                pg_catalog.pg_namespace AS namespace
                JOIN pg_catalog.pg_class AS relation ON relation.relnamespace = namespace.oid
                JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = relation.oid
            WHERE
                namespace.nspname = 'rota_source'
                AND relation.relkind IN ('v', 'm', 'r', 'p', 'f')
                AND attribute.attnum > 0
                AND NOT attribute.attisdropped";
        let mut types: HashMap<String, HashMap<String, String>> = HashMap::new();
        connection.for_each(COLUMNS, Parameters::default(), |row| {
            if let (Some(view), Some(column), Some(type_name)) = (row.text(1), row.text(2), row.text(3)) {
                types.entry(view.to_owned()).or_default().insert(column.to_owned(), type_name.to_owned());
            }
            Ok(())
        })?;
        Ok(Self { types })
    }

    /// The name of a column's type.
    ///
    /// # Errors
    /// [`ExtensionError::MissingView`] and [`ExtensionError::MissingColumn`].
    pub(super) fn column_type(
        &self,
        view: &'static str,
        column: &'static str,
    ) -> Result<&str, ExtensionError> {
        self.types
            .get(view)
            .ok_or(ExtensionError::MissingView { view })?
            .get(column)
            .map(String::as_str)
            .ok_or(ExtensionError::MissingColumn { view, column })
    }

    /// Whether a view has a column: not every system has all that rules can ask for.
    pub(super) fn has(&self, view: &'static str, column: &'static str) -> bool {
        self.types.get(view).is_some_and(|columns| columns.contains_key(column))
    }

    /// Whether a column holds integers, which are read as such.
    ///
    /// # Errors
    /// As [`Views::column_type`].
    pub(super) fn is_integer(
        &self,
        view: &'static str,
        column: &'static str,
    ) -> Result<bool, ExtensionError> {
        Ok(matches!(self.column_type(view, column)?, "smallint" | "integer" | "bigint"))
    }

    /// The integer type of a column; `None` for one of another type.
    ///
    /// # Errors
    /// As [`Views::column_type`].
    pub(super) fn integer_type(
        &self,
        view: &'static str,
        column: &'static str,
    ) -> Result<Option<IntegerType>, ExtensionError> {
        Ok(match self.column_type(view, column)? {
            "smallint" => Some(IntegerType::Small),
            "integer" => Some(IntegerType::Plain),
            "bigint" => Some(IntegerType::Big),
            _ => None,
        })
    }

    /// The expression that reads a column of names: integers as they are, anything else as text.
    ///
    /// # Errors
    /// As [`Views::column_type`].
    pub(super) fn name_of(
        &self,
        view: &'static str,
        column: &'static str,
        alias: &str,
    ) -> Result<String, ExtensionError> {
        let read_as = if self.is_integer(view, column)? { "bigint" } else { "text" };
        Ok(format!("{alias}.{column}::{read_as}"))
    }

    /// Checks that a view has the columns that a query names, and that its `during` is a range of instants.
    ///
    /// # Errors
    /// As [`Views::column_type`]; [`ExtensionError::WrongColumnType`].
    pub(super) fn check(&self, view: &'static str, columns: &[&'static str]) -> Result<(), ExtensionError> {
        for column in columns {
            let found = self.column_type(view, column)?;
            if *column == "during" && found != "tstzrange" {
                let found = found.to_owned();
                return Err(ExtensionError::WrongColumnType { view, column, found, wanted: "tstzrange" });
            }
        }
        Ok(())
    }
}
