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
    /// Numbers of the columns that they consist of or are computed from.
    depend_on: Vec<i16>,
}

impl KeyColumns {
    /// The columns of these names; `None` when one does not exist or has values of a kind that is not compared
    /// here.
    ///
    /// # Safety
    /// The relation is open.
    pub(super) unsafe fn find(relation: pg_sys::Relation, names: &str) -> Option<Self> {
        let mut found =
            Self { columns: Vec::new(), types: Vec::new(), last_attribute: 0, depend_on: Vec::new() };
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
            found.depend_on.push(attribute);
            // SAFETY: as the caller promises; the column exists.
            found.depend_on.extend(unsafe { read_by_expression(relation, attribute) });
        }
        Some(found)
    }

    /// Whether an UPDATE of these columns leaves the key of each row as it is.
    ///
    /// # Safety
    /// A set of columns of the table as the server numbers them, or null.
    pub(super) unsafe fn are_kept_by(&self, updated: *const pg_sys::Bitmapset) -> bool {
        !self.depend_on.iter().any(|attribute| {
            let member = c_int::from(*attribute) - pg_sys::FirstLowInvalidHeapAttributeNumber;
            // SAFETY: as the caller promises.
            unsafe { pg_sys::bms_is_member(member, updated) }
        })
    }
}

/// Numbers of the columns that a generated column is computed from; none for any other column.
///
/// # Safety
/// The relation is open, and has the column.
unsafe fn read_by_expression(relation: pg_sys::Relation, attribute: i16) -> Vec<i16> {
    let mut numbers = Vec::new();
    // SAFETY: looks the column up; the shape of an open relation names as many expressions as it says, each a C
    // string that the server wrote and reads back. The set is the server's, and walked as it says.
    unsafe {
        let constraints = (*(*relation).rd_att).constr;
        if constraints.is_null() || pg_sys::get_attgenerated((*relation).rd_id, attribute) == 0 {
            return numbers;
        }
        for position in 0..usize::from((*constraints).num_defval) {
            let default = &*(*constraints).defval.add(position);
            if default.adnum != attribute {
                continue;
            }
            let mut read: *mut pg_sys::Bitmapset = std::ptr::null_mut();
            // The one relation of such an expression has number 1.
            pg_sys::pull_varattnos(pg_sys::stringToNode(default.adbin).cast(), 1, &raw mut read);
            let mut member = pg_sys::bms_next_member(read, -1);
            while member >= 0 {
                numbers.extend(i16::try_from(member + pg_sys::FirstLowInvalidHeapAttributeNumber));
                member = pg_sys::bms_next_member(read, member);
            }
        }
    }
    numbers
}
