//! A query that is asked once, or kept with its plan and asked often.

use std::ffi::c_int;

use pgrx::pg_sys;

use super::prepared::{Halt, Prepared};
use super::query::{Connection, Parameters};
use super::streamed_row::StreamedRow;
use crate::error::ExtensionError;

/// A read-only query with placeholders.
pub(super) struct Question {
    query: String,
    prepared: Option<Prepared>,
}

impl Question {
    /// A query that has not been asked yet.
    pub(super) fn new(query: String) -> Self {
        Self { query, prepared: None }
    }

    /// Has the server keep the plan for values of these types.
    ///
    /// # Errors
    /// As [`Prepared::of`].
    pub(super) fn prepare(
        &mut self,
        connection: &Connection,
        like: &Parameters,
    ) -> Result<(), ExtensionError> {
        self.prepared = Some(Prepared::of(connection, &self.query, like.types(), None)?);
        Ok(())
    }

    /// As [`Question::prepare`], for a few rows that are found by an index, and compared with a parameter, a range,
    /// where they are received.
    ///
    /// # Errors
    /// As [`Prepared::of`].
    pub(super) fn prepare_comparing(
        &mut self,
        connection: &Connection,
        like: &Parameters,
        compared: c_int,
    ) -> Result<(), ExtensionError> {
        self.prepared = Some(Prepared::of(connection, &self.query, like.types(), Some(compared))?);
        Ok(())
    }

    /// As [`Prepared::relations`]; `None` for a query whose plan is not kept.
    pub(super) fn relations(&self) -> Option<Vec<pg_sys::Oid>> {
        self.prepared.as_ref().and_then(Prepared::relations)
    }

    /// As [`Prepared::is_valid`]; not so for a query whose plan is not kept.
    pub(super) fn is_valid(&self) -> bool {
        self.prepared.as_ref().is_some_and(Prepared::is_valid)
    }

    /// Hands over the rows one by one, with the active snapshot.
    ///
    /// # Errors
    /// Those of `each`, which end the query. What the server refuses is raised as its own error.
    pub(super) fn ask(
        &self,
        connection: &Connection,
        parameters: &Parameters,
        each: &mut dyn FnMut(StreamedRow<'_>) -> Result<(), ExtensionError>,
    ) -> Result<(), ExtensionError> {
        // SAFETY: the slot holds a row, and lives for the time of the call.
        let mut each = |slot| each(unsafe { StreamedRow::new(slot) });
        match &self.prepared {
            Some(prepared) => prepared.stream(connection, parameters, &mut each),
            None => connection.stream_with(&self.query, parameters, &mut each),
        }
    }

    /// As [`Question::ask`], without a query; `None` where that cannot be. It may end before the last part.
    pub(super) fn ask_directly(
        &self,
        parameters: &Parameters,
        each: &mut dyn FnMut(StreamedRow<'_>) -> Result<(), ExtensionError>,
        halt: Halt<'_>,
    ) -> Option<Result<(), ExtensionError>> {
        // SAFETY: as in `ask`.
        let mut each = |slot| each(unsafe { StreamedRow::new(slot) });
        self.prepared.as_ref()?.stream_directly(parameters, &mut each, halt)
    }
}
