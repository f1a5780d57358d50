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

/// Rows that are handed to the server at once: some pages of them.
const BATCH: usize = 256;

/// A queue, open for writing until it is closed.
pub(super) struct Queue {
    relation: pg_sys::Relation,
}

impl Queue {
    /// The id of the queue of this name in the schema `rota`.
    ///
    /// # Errors
    /// [`ExtensionError::MissingQueue`].
    pub(super) fn find(name: &str) -> Result<pg_sys::Oid, ExtensionError> {
        let text = CString::new(name).map_err(|_| ExtensionError::UnsendableQuery)?;
        // SAFETY: looks up a schema and a table.
        let queue = unsafe {
            let schema = pg_sys::get_namespace_oid(c"rota".as_ptr(), true);
            pg_sys::get_relname_relid(text.as_ptr(), schema)
        };
        if queue == pg_sys::InvalidOid {
            return Err(ExtensionError::MissingQueue { queue: name.to_owned() });
        }
        Ok(queue)
    }

    /// Opens a queue, if it exists. The lock stays until the transaction ends, so that nobody empties the file
    /// meanwhile.
    pub(super) fn open(queue: pg_sys::Oid) -> Option<Self> {
        // SAFETY: gives null for a table that does not exist.
        let relation = unsafe { pg_sys::try_table_open(queue, pg_sys::RowExclusiveLock.cast_signed()) };
        (!relation.is_null()).then_some(Self { relation })
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
        self.is_plain()
            && self.number_of_columns() == FIRST_KEY + key_types.len()
            && key_types
                .iter()
                .enumerate()
                .all(|(position, wanted)| self.type_of(FIRST_KEY + position) == *wanted)
    }

    fn number_of_columns(&self) -> usize {
        // SAFETY: open, so its shape is there.
        usize::try_from(unsafe { (*(*self.relation).rd_att).natts }).unwrap_or(0)
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
        rows: impl ExactSizeIterator<Item = &'rows [pg_sys::Datum]>,
    ) {
        let since = change_time();
        let mut slots = Vec::with_capacity(rows.len().min(BATCH));
        let mut filled = 0;
        for keys in rows {
            if filled == slots.len() {
                // SAFETY: makes a slot of the queue's shape.
                slots.push(unsafe { pg_sys::table_slot_create(self.relation, std::ptr::null_mut()) });
            }
            // SAFETY: the slot is of the queue's shape, and empty.
            unsafe { self.fill(slots[filled], kind, source, since, keys) };
            filled += 1;
            if filled == BATCH {
                self.write(&mut slots);
                filled = 0;
            }
        }
        self.write(&mut slots[..filled]);
        for slot in slots {
            // SAFETY: made above, and used by nobody any more.
            unsafe { pg_sys::ExecDropSingleTupleTableSlot(slot) };
        }
    }

    /// Puts a row into a slot.
    ///
    /// # Safety
    /// The slot is of the queue's shape, and empty. The keys are of the queue's types.
    unsafe fn fill(
        &self,
        slot: *mut pg_sys::TupleTableSlot,
        kind: u8,
        source: Option<pg_sys::Oid>,
        since: pg_sys::TimestampTz,
        keys: &[pg_sys::Datum],
    ) {
        let count = self.number_of_columns();
        // SAFETY: the slot has room for as many columns. The row is whole before it is stored: those columns are
        // not null that were given.
        unsafe {
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
        }
    }

    /// Writes the rows in slots, and empties these.
    fn write(&self, slots: &mut [*mut pg_sys::TupleTableSlot]) {
        let Ok(count @ 1..) = c_int::try_from(slots.len()) else { return };
        // SAFETY: a table has a way to write rows, which takes as many slots as it is told, of the table's shape
        // and filled. The closures hold nothing that is to be dropped.
        unsafe {
            let command = pg_sys::GetCurrentCommandId(true);
            let methods = &*(*self.relation).rd_tableam;
            let (relation, first) = (self.relation, slots.as_mut_ptr());
            if let Some(write) = methods.multi_insert {
                pg_sys::submodules::ffi::pg_guard_ffi_boundary(|| {
                    write(relation, first, count, command, 0, std::ptr::null_mut());
                });
            }
            for slot in slots {
                if let Some(clear) = (*(**slot).tts_ops).clear {
                    let slot = *slot;
                    pg_sys::submodules::ffi::pg_guard_ffi_boundary(|| clear(slot));
                }
            }
        }
    }

    /// Closes it and keeps the lock.
    pub(super) fn close(self) {
        // SAFETY: opened by `open`, and closed once because this takes the value.
        unsafe { pg_sys::table_close(self.relation, pg_sys::NoLock.cast_signed()) };
    }
}
