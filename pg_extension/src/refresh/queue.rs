//! The queue of a view, written without a query.
//!
//! Its columns are `queued_at`, `kind`, `source`, `changed` and one for each key. It has no index, no
//! constraint and no trigger unless its owner made one; then, and where a key needs a conversion, the rows
//! are written by a query instead.

use std::ffi::{CString, c_int};

use pgrx::pg_sys;

use super::settings::change_time;
use crate::error::ExtensionError;

/// Columns before the keys.
const FIRST_KEY: usize = 4;

/// A queue, open for writing until it is closed.
pub(super) struct Queue {
    relation: pg_sys::Relation,
}

impl Queue {
    /// Opens the queue of this name in the schema `rota`. The lock stays until the transaction ends, so that
    /// nobody empties the file meanwhile.
    ///
    /// # Errors
    /// [`ExtensionError::MissingQueue`].
    pub(super) fn open(name: &str) -> Result<Self, ExtensionError> {
        let text = CString::new(name).map_err(|_| ExtensionError::UnsendableQuery)?;
        // SAFETY: looks up a schema and a table, and opens what was found.
        unsafe {
            let schema = pg_sys::get_namespace_oid(c"rota".as_ptr(), true);
            let queue = pg_sys::get_relname_relid(text.as_ptr(), schema);
            if queue == pg_sys::InvalidOid {
                return Err(ExtensionError::MissingQueue { queue: name.to_owned() });
            }
            Ok(Self { relation: pg_sys::table_open(queue, pg_sys::RowExclusiveLock.cast_signed()) })
        }
    }

    /// Who owns it, and the view.
    pub(super) fn owner(&self) -> pg_sys::Oid {
        // SAFETY: open, so its catalog row is there.
        unsafe { (*(*self.relation).rd_rel).relowner }
    }

    /// Whether it is as the engine made it: nothing else has to be done when a row is written.
    pub(super) fn is_plain(&self) -> bool {
        // SAFETY: open, so its catalog row is there.
        let class = unsafe { &*(*self.relation).rd_rel };
        !class.relhasindex
            && !class.relhastriggers
            && !class.relhasrules
            && class.relchecks == 0
            && [pg_sys::TIMESTAMPTZOID, pg_sys::CHAROID, pg_sys::OIDOID, pg_sys::JSONBOID]
                .into_iter()
                .enumerate()
                .all(|(position, wanted)| self.type_of(position) == wanted)
    }

    /// Whether rows with keys of these types can be written as they are.
    pub(super) fn takes(&self, key_types: &[pg_sys::Oid]) -> bool {
        // SAFETY: open, so its shape is there.
        let count = usize::try_from(unsafe { (*(*self.relation).rd_att).natts }).unwrap_or(0);
        self.is_plain()
            && count == FIRST_KEY + key_types.len()
            && key_types
                .iter()
                .enumerate()
                .all(|(position, wanted)| self.type_of(FIRST_KEY + position) == *wanted)
    }

    /// The type of a column, counted from 0; none where it was dropped.
    fn type_of(&self, position: usize) -> pg_sys::Oid {
        let number = c_int::try_from(position + 1).unwrap_or(0);
        // SAFETY: open, so its shape is there; a column that it has not gives none.
        unsafe { pg_sys::SPI_gettypeid((*self.relation).rd_att, number) }
    }

    /// Writes rows of a kind: one for each list of keys, which is empty or as long as the queue's.
    pub(super) fn insert<'rows>(
        &self,
        kind: u8,
        source: Option<pg_sys::Oid>,
        rows: impl Iterator<Item = &'rows [pg_sys::Datum]>,
    ) {
        // SAFETY: the slot has the queue's shape, and room for as many columns. A row of it is whole before it
        // is stored: those columns are not null that were given, and are of the queue's types, which the caller
        // asked for. The server copies it.
        unsafe {
            let slot =
                pg_sys::MakeSingleTupleTableSlot((*self.relation).rd_att, &raw const pg_sys::TTSOpsVirtual);
            let count = usize::try_from((*(*self.relation).rd_att).natts).unwrap_or(0);
            let since = change_time();
            for keys in rows {
                if let Some(clear) = (*(*slot).tts_ops).clear {
                    pg_sys::ffi::pg_guard_ffi_boundary(|| clear(slot));
                }
                let values = std::slice::from_raw_parts_mut((*slot).tts_values, count);
                let nulls = std::slice::from_raw_parts_mut((*slot).tts_isnull, count);
                nulls.fill(true);
                let mut set = |column: usize, value: pg_sys::Datum| {
                    if let (Some(place), Some(is_null)) = (values.get_mut(column), nulls.get_mut(column)) {
                        *place = value;
                        *is_null = false;
                    }
                };
                set(0, pg_sys::Datum::from(since));
                set(1, pg_sys::Datum::from(kind));
                if let Some(source) = source {
                    set(2, source.into());
                }
                for (position, key) in keys.iter().enumerate() {
                    set(FIRST_KEY + position, *key);
                }
                pg_sys::ExecStoreVirtualTuple(slot);
                pg_sys::simple_table_tuple_insert(self.relation, slot);
            }
            pg_sys::ExecDropSingleTupleTableSlot(slot);
        }
    }

    /// Closes it and keeps the lock.
    pub(super) fn close(self) {
        // SAFETY: opened by `open`, and closed once because this takes the value.
        unsafe { pg_sys::table_close(self.relation, pg_sys::NoLock.cast_signed()) };
    }
}
