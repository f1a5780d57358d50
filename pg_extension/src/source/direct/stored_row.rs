//! A row of a heap, taken apart where it lies.
//!
//! As the server's `slot_deform_heap_tuple` does it, for the columns that are wanted.

use pgrx::pg_sys;
use pgrx::varlena::{varatt_is_1b, varatt_is_1b_e, varsize_1b, varsize_4b};

use crate::guard::attribute;

/// How the first columns of a table lie in its rows.
pub(super) struct Layout {
    columns: Vec<StoredColumn>,
}

/// How one column does.
#[derive(Clone, Copy)]
struct StoredColumn {
    /// In bytes; -1 for a column that tells its own.
    length: i16,
    /// In bytes, a power of two.
    alignment: usize,
    by_value: bool,
}

impl Layout {
    /// Of so many columns of a table; `None` where one is stored as nothing that rows are read for here.
    ///
    /// # Safety
    /// The shape is a live one, and has the columns.
    pub(super) unsafe fn of(shape: pg_sys::TupleDesc, columns: i16) -> Option<Self> {
        let column = |number| {
            // SAFETY: the caller says so.
            let (length, alignment, by_value) = unsafe {
                let attribute = attribute(shape, number);
                ((*attribute).attlen, (*attribute).attalign.cast_unsigned(), (*attribute).attbyval)
            };
            let alignment = match alignment {
                b'c' => 1,
                b's' => 2,
                b'i' => 4,
                b'd' => 8,
                _ => return None,
            };
            (length >= -1).then_some(StoredColumn { length, alignment, by_value })
        };
        Some(Self { columns: (1..=columns).map(column).collect::<Option<_>>()? })
    }

    /// Takes a row apart, into arrays with a place for each column; `false` where the server has to do it. What is
    /// no value by itself lies in the row.
    ///
    /// # Safety
    /// The row is one of the table, the arrays are as long, and the row's page is in use.
    pub(super) unsafe fn read(
        &self,
        row: pg_sys::HeapTuple,
        values: *mut pg_sys::Datum,
        nulls: *mut bool,
    ) -> bool {
        // SAFETY: the caller says so. A row holds as many columns as its head says, each where the ones before it
        // end, at its alignment; a bit of the head says of each whether it is there.
        unsafe {
            let head = (*row).t_data;
            let count = usize::from((*head).t_infomask2) & pg_sys::HEAP_NATTS_MASK as usize;
            if count < self.columns.len() {
                return false;
            }
            let has_nulls = u32::from((*head).t_infomask) & pg_sys::HEAP_HASNULL != 0;
            let (bits, data) = ((*head).t_bits.as_ptr(), head.cast::<u8>().add(usize::from((*head).t_hoff)));
            let mut offset = 0_usize;
            for (place, column) in self.columns.iter().enumerate() {
                let is_null = has_nulls && *bits.add(place / 8) & (1 << (place % 8)) == 0;
                *nulls.add(place) = is_null;
                if is_null {
                    *values.add(place) = pg_sys::Datum::null();
                    continue;
                }
                // A short value follows at once: where there is a gap before a long one, it is of zeros.
                if column.length >= 0 || *data.add(offset) == 0 {
                    offset = offset.next_multiple_of(column.alignment);
                }
                let start = data.add(offset);
                if column.by_value {
                    *values.add(place) = match column.length {
                        1 => pg_sys::Datum::from(start.cast::<i8>().read()),
                        2 => pg_sys::Datum::from(start.cast::<i16>().read()),
                        4 => pg_sys::Datum::from(start.cast::<i32>().read()),
                        8 => pg_sys::Datum::from(start.cast::<i64>().read()),
                        _ => return false,
                    };
                } else {
                    *values.add(place) = pg_sys::Datum::from(start.cast::<std::ffi::c_void>());
                }
                offset += match usize::try_from(column.length) {
                    Ok(length) => length,
                    Err(_) => match length_of(start.cast()) {
                        Some(length) => length,
                        None => return false,
                    },
                };
            }
            true
        }
    }
}

/// How long a value is that tells it; `None` for one that is stored elsewhere.
///
/// # Safety
/// It is such a value.
unsafe fn length_of(value: *const pg_sys::varlena) -> Option<usize> {
    // SAFETY: the caller says so.
    unsafe {
        if varatt_is_1b_e(value) {
            return None;
        }
        Some(if varatt_is_1b(value) { varsize_1b(value) } else { varsize_4b(value) })
    }
}
