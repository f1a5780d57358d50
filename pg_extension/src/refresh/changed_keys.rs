//! The distinct keys in the rows of a statement, where keys are plain columns.
//!
//! A statement may change a million rows of a few keys, so a row costs little here: one call of the server gives
//! the next one with its key columns at hand, and where its key is that of the row before, nothing else is done.

use std::collections::HashSet;
use std::ffi::c_int;

use pgrx::{pg_sys, varlena};

use super::key_columns::{KeyColumn, KeyColumns};

unsafe extern "C-unwind" {
    /// As the server's headers say.
    fn tuplestore_gettupleslot(
        store: *mut pg_sys::Tuplestorestate,
        forward: bool,
        copy: bool,
        slot: *mut pg_sys::TupleTableSlot,
    ) -> bool;
    fn slot_getsomeattrs_int(slot: *mut pg_sys::TupleTableSlot, attribute: c_int);
}

/// Keys, each once.
pub(super) struct ChangedKeys {
    /// Where values are kept that are not datums themselves.
    memory: pg_sys::MemoryContext,
    known: HashSet<Box<[u8]>>,
    /// The bytes of the last key, and of the one that is looked at.
    previous: Vec<u8>,
    written: Vec<u8>,
    datums: Vec<pg_sys::Datum>,
}

impl ChangedKeys {
    /// None yet. They are good as long as this memory is.
    pub(super) fn new(memory: pg_sys::MemoryContext) -> Self {
        Self { memory, known: HashSet::new(), previous: Vec::new(), written: Vec::new(), datums: Vec::new() }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.datums.is_empty()
    }

    /// The keys of these columns, in the order in which they were met.
    pub(super) fn rows(&self, columns: &KeyColumns) -> impl ExactSizeIterator<Item = &[pg_sys::Datum]> {
        self.datums.chunks(columns.columns.len().max(1))
    }

    /// Adds the keys of the rows of a transition table.
    ///
    /// # Safety
    /// A tuplestore of rows of the columns' relation, which is open, or null.
    pub(super) unsafe fn add_all(
        &mut self,
        columns: &KeyColumns,
        store: *mut pg_sys::Tuplestorestate,
        relation: pg_sys::Relation,
    ) {
        if store.is_null() {
            return;
        }
        // SAFETY: a read pointer of our own, so that others who read the store are not disturbed; the slot is of
        // the relation's row type and for tuples as the server stores them in row sets.
        unsafe {
            let pointer =
                pg_sys::tuplestore_alloc_read_pointer(store, pg_sys::EXEC_FLAG_REWIND.cast_signed());
            pg_sys::tuplestore_select_read_pointer(store, pointer);
            pg_sys::tuplestore_rescan(store);
            let slot =
                pg_sys::MakeSingleTupleTableSlot((*relation).rd_att, &raw const pg_sys::TTSOpsMinimalTuple);
            while next_row(store, slot, columns.last_attribute) {
                self.add(columns, slot);
            }
            pg_sys::ExecDropSingleTupleTableSlot(slot);
        }
    }

    /// Adds the key of a row that was written.
    ///
    /// # Safety
    /// A slot with a row of the columns' relation. Callers up to the server hold nothing that is to be dropped.
    pub(super) unsafe fn add_written(&mut self, columns: &KeyColumns, slot: *mut pg_sys::TupleTableSlot) {
        // SAFETY: the row has these columns. What is at hand is not asked for again. No guard, as this is called for
        // each row: an error jumps over this frame and its callers up to the server's, which hold nothing to be
        // dropped.
        unsafe {
            if c_int::from((*slot).tts_nvalid) < columns.last_attribute {
                slot_getsomeattrs_int(slot, columns.last_attribute);
            }
            self.add(columns, slot);
        }
    }

    /// # Safety
    /// A slot with a row of the columns' relation, whose key columns are at hand.
    unsafe fn add(&mut self, columns: &KeyColumns, slot: *mut pg_sys::TupleTableSlot) {
        self.written.clear();
        for column in &columns.columns {
            // SAFETY: the column exists, and is in the slot's arrays, as the caller promises.
            let (is_null, value) = unsafe {
                (*(*slot).tts_isnull.add(column.position), *(*slot).tts_values.add(column.position))
            };
            if is_null {
                return;
            }
            // SAFETY: a value of the column, and not null.
            unsafe { write_value(column, value, &mut self.written) };
        }
        if self.written == self.previous {
            return;
        }
        std::mem::swap(&mut self.written, &mut self.previous);
        if self.known.contains(self.previous.as_slice()) {
            return;
        }
        self.known.insert(self.previous.as_slice().into());
        for column in &columns.columns {
            // SAFETY: as above.
            self.datums.push(unsafe {
                let value = *(*slot).tts_values.add(column.position);
                if column.by_value { value } else { copied(column, value, self.memory) }
            });
        }
    }
}

/// A copy of what a datum points to, since that lies in the memory of a row, which goes.
///
/// # Safety
/// A value of the column, not null and not by value.
unsafe fn copied(column: &KeyColumn, value: pg_sys::Datum, memory: pg_sys::MemoryContext) -> pg_sys::Datum {
    // SAFETY: as many bytes as the type says; else the server finds out and copies as many.
    unsafe {
        if let Ok(length) = usize::try_from(column.length) {
            let copy: *mut u8 = pg_sys::MemoryContextAlloc(memory, length).cast();
            copy.copy_from_nonoverlapping(value.cast_mut_ptr(), length);
            return pg_sys::Datum::from(copy);
        }
        let former = pg_sys::CurrentMemoryContext;
        pg_sys::CurrentMemoryContext = memory;
        let copy = pg_sys::pg_detoast_datum_copy(value.cast_mut_ptr());
        pg_sys::CurrentMemoryContext = former;
        pg_sys::Datum::from(copy)
    }
}

/// Puts the next row of a store into a slot, with its columns up to a number at hand. Returns whether there is one.
///
/// # Safety
/// The slot is for rows of the store, which have as many columns.
unsafe fn next_row(
    store: *mut pg_sys::Tuplestorestate,
    slot: *mut pg_sys::TupleTableSlot,
    last_attribute: c_int,
) -> bool {
    // SAFETY: as the caller promises. The server declares both functions like this; an error in one jumps over
    // nothing but this closure, which holds nothing that is to be dropped. One guard for both: they are called
    // for each row. The slot has no column at hand when it got a tuple, as the second one wants it.
    unsafe {
        pg_sys::submodules::ffi::pg_guard_ffi_boundary(|| {
            let is_found = tuplestore_gettupleslot(store, true, false, slot);
            if is_found {
                slot_getsomeattrs_int(slot, last_attribute);
            }
            is_found
        })
    }
}

/// Appends bytes that are equal for equal values alone.
///
/// # Safety
/// A value of the column, not null.
unsafe fn write_value(column: &KeyColumn, value: pg_sys::Datum, written: &mut Vec<u8>) {
    if column.by_value {
        written.extend_from_slice(&value.value().to_ne_bytes());
        return;
    }
    // SAFETY: what a datum that is none by value points to: as many bytes as the type says, or a value that
    // begins with its length once it was detoasted.
    unsafe {
        let Ok(length) = usize::try_from(column.length) else {
            let mut plain: *const pg_sys::varlena = value.cast_mut_ptr();
            let is_compressed_or_elsewhere = varlena::varatt_is_1b_e(plain) || varlena::varatt_is_4b_c(plain);
            if is_compressed_or_elsewhere {
                plain = pg_sys::pg_detoast_datum_copy(plain.cast_mut());
            }
            let bytes = varlena::varlena_to_byte_slice(plain);
            written.extend_from_slice(&bytes.len().to_ne_bytes());
            written.extend_from_slice(bytes);
            return;
        };
        written.extend_from_slice(std::slice::from_raw_parts(value.cast_mut_ptr::<u8>(), length));
    }
}
