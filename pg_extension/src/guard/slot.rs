//! A row, wherever the server put it.

use pgrx::pg_sys;

/// A live tuple slot.
#[derive(Clone, Copy)]
pub(crate) struct Slot(*mut pg_sys::TupleTableSlot);

impl Slot {
    /// # Safety
    /// The slot lives, and its descriptor with it, as long as the value is used.
    pub(crate) unsafe fn new(slot: *mut pg_sys::TupleTableSlot) -> Self {
        Self(slot)
    }

    /// The server's pointer.
    pub(super) fn as_ptr(self) -> *mut pg_sys::TupleTableSlot {
        self.0
    }

    /// The value of a column, counted from 1; `None` for a null. It lies in the row, and is gone with it.
    ///
    /// Ask for the last column first: the server takes rows apart up to the column that is wanted.
    #[inline(always)]
    pub(crate) fn value(self, column: i16) -> Option<pg_sys::Datum> {
        let position = usize::try_from(column).ok()?.checked_sub(1)?;
        // SAFETY: the slot is live by `new` and holds a row of its own descriptor; columns come from the
        // catalog's entry of that relation. Once taken apart up to a column, both arrays hold it.
        unsafe {
            if (*self.0).tts_nvalid < column {
                pg_sys::slot_getsomeattrs_int(self.0, i32::from(column));
            }
            (!*(*self.0).tts_isnull.add(position)).then(|| *(*self.0).tts_values.add(position))
        }
    }

    /// Where the row lies in its table.
    pub(super) fn place(self) -> pg_sys::ItemPointerData {
        // SAFETY: the slot is live by `new`.
        unsafe { (*self.0).tts_tid }
    }
}

/// What the server knows of a column of a table, counted from 1.
///
/// # Safety
/// The shape is a live one, and has that column.
pub(crate) unsafe fn attribute(
    shape: pg_sys::TupleDesc,
    column: i16,
) -> *const pg_sys::FormData_pg_attribute {
    // SAFETY: the caller says so; the server counts from 0.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        return (*shape).attrs.as_ptr().add(usize::try_from(column - 1).unwrap_or_default());
        #[cfg(feature = "pg18")]
        return pg_sys::TupleDescAttr(shape, i32::from(column) - 1);
    }
}
