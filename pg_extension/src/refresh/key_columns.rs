//! Columns of a table that are the key of a view.

use std::ffi::{CString, c_int};

use pgrx::pg_sys;

/// One of them.
pub(super) struct KeyColumn {
    /// Its place in a row, from 0.
    pub(super) position: usize,
    /// Bytes of a value; -1 when each says its own length in front.
    pub(super) length: i16,
    /// Whether a value is a datum itself, rather than what one points to.
    pub(super) by_value: bool,
}

/// Columns of a table that are the key of a view.
pub(super) struct KeyColumns {
    pub(super) columns: Vec<KeyColumn>,
    /// Their types.
    pub(super) types: Vec<pg_sys::Oid>,
    /// The highest number of one.
    pub(super) last_attribute: c_int,
}

impl KeyColumns {
    /// The columns of these names; `None` when one does not exist or has values of a kind that is not compared
    /// here.
    ///
    /// # Safety
    /// The relation is open.
    pub(super) unsafe fn find(relation: pg_sys::Relation, names: &str) -> Option<Self> {
        let mut found = Self { columns: Vec::new(), types: Vec::new(), last_attribute: 0 };
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
            // By value, of a fixed length, or with its length in front.
            if length < -1 {
                return None;
            }
            let position = usize::try_from(attribute - 1).ok()?;
            found.columns.push(KeyColumn { position, length, by_value });
            found.types.push(type_oid);
            found.last_attribute = found.last_attribute.max(c_int::from(attribute));
        }
        Some(found)
    }
}
