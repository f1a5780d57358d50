//! The distinct keys in the rows of a statement, where keys are plain columns.

use std::collections::HashSet;
use std::ffi::{CString, c_int};

use pgrx::pg_sys;

/// Columns of a table that are the key of a view.
pub(super) struct KeyColumns {
    attributes: Vec<i16>,
    /// Their types.
    pub(super) types: Vec<pg_sys::Oid>,
    /// Whether a value is a datum itself, rather than what one points to.
    by_value: Vec<bool>,
}

/// Keys, each once.
pub(super) struct ChangedKeys<'columns> {
    columns: &'columns KeyColumns,
    known: HashSet<Vec<u8>>,
    datums: Vec<pg_sys::Datum>,
    written: Vec<u8>,
}

impl KeyColumns {
    /// The columns of these names; `None` when one does not exist or has values of a kind that is not compared
    /// here.
    ///
    /// # Safety
    /// The relation is open.
    pub(super) unsafe fn find(relation: pg_sys::Relation, names: &str) -> Option<Self> {
        let mut columns = Self { attributes: Vec::new(), types: Vec::new(), by_value: Vec::new() };
        for name in names.split(',') {
            let name = CString::new(name).ok()?;
            let (mut length, mut by_value) = (0_i16, false);
            // SAFETY: looks up a column of an open relation, and its type.
            let (attribute, type_oid) = unsafe {
                let attribute = pg_sys::get_attnum((*relation).rd_id, name.as_ptr());
                if attribute <= 0 {
                    return None;
                }
                let type_oid = pg_sys::SPI_gettypeid((*relation).rd_att, c_int::from(attribute));
                pg_sys::get_typlenbyval(type_oid, &raw mut length, &raw mut by_value);
                (attribute, type_oid)
            };
            // By value, or of variable length with its length in front.
            if !by_value && length != -1 {
                return None;
            }
            columns.attributes.push(attribute);
            columns.types.push(type_oid);
            columns.by_value.push(by_value);
        }
        Some(columns)
    }

    fn last_attribute(&self) -> i16 {
        self.attributes.iter().copied().max().unwrap_or(0)
    }
}

impl<'columns> ChangedKeys<'columns> {
    /// None yet.
    pub(super) fn new(columns: &'columns KeyColumns) -> Self {
        Self { columns, known: HashSet::new(), datums: Vec::new(), written: Vec::new() }
    }

    /// The keys, in the order in which they were met.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[pg_sys::Datum]> {
        self.datums.chunks(self.columns.attributes.len().max(1))
    }

    /// Adds the keys of the rows of a transition table.
    ///
    /// # Safety
    /// A tuplestore of rows of the columns' relation, or null.
    pub(super) unsafe fn add(&mut self, store: *mut pg_sys::Tuplestorestate, relation: pg_sys::Relation) {
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
            while pg_sys::tuplestore_gettupleslot(store, true, false, slot) {
                self.add_row(slot);
            }
            pg_sys::ExecDropSingleTupleTableSlot(slot);
        }
    }

    /// # Safety
    /// A slot with a row of the columns' relation.
    unsafe fn add_row(&mut self, slot: *mut pg_sys::TupleTableSlot) {
        let columns = self.columns;
        self.written.clear();
        let first = self.datums.len();
        // SAFETY: the columns exist, and are in the slot's arrays once it was asked for them. A value of variable
        // length begins with its length after it was detoasted, and lies in the memory of the row until then:
        // it is copied, since the row goes.
        unsafe {
            pg_sys::slot_getsomeattrs_int(slot, c_int::from(columns.last_attribute()));
            for (attribute, by_value) in columns.attributes.iter().zip(&columns.by_value) {
                let position = usize::try_from(attribute - 1).unwrap_or(0);
                if *(*slot).tts_isnull.add(position) {
                    self.datums.truncate(first);
                    return;
                }
                let datum = *(*slot).tts_values.add(position);
                if *by_value {
                    self.written.extend_from_slice(&datum.value().to_ne_bytes());
                    self.datums.push(datum);
                } else {
                    let plain = pg_sys::pg_detoast_datum_copy(datum.cast_mut_ptr());
                    let bytes = pgrx::varlena::varlena_to_byte_slice(plain);
                    self.written.extend_from_slice(&bytes.len().to_ne_bytes());
                    self.written.extend_from_slice(bytes);
                    self.datums.push(pg_sys::Datum::from(plain));
                }
            }
        }
        if self.known.contains(&self.written) {
            self.datums.truncate(first);
        } else {
            self.known.insert(self.written.clone());
        }
    }
}
