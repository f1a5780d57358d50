//! The rows that a statement wrote, as the server hands them to its triggers.

use pgrx::pg_sys;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;

use super::slot::Slot;
use crate::unguarded;

/// A transition table, read from its start; an empty one where the event has none.
pub(crate) struct TransitionTable {
    rows: *mut pg_sys::Tuplestorestate,
    slot: *mut pg_sys::TupleTableSlot,
    /// How many rows are still to be read.
    left: i64,
}

impl TransitionTable {
    /// Opens it at its start.
    ///
    /// # Safety
    /// The store, if it is not null, and the descriptor of its rows live until the value is closed.
    pub(crate) unsafe fn open(rows: *mut pg_sys::Tuplestorestate, shape: pg_sys::TupleDesc) -> Self {
        if rows.is_null() {
            return Self { rows, slot: std::ptr::null_mut(), left: 0 };
        }
        // SAFETY: the caller says so. Other triggers read the same store, so this one has a position of its
        // own. Nothing has to be dropped inside of the frame.
        let (slot, left) = unsafe {
            pg_guard_ffi_boundary(|| {
                let flags = pg_sys::EXEC_FLAG_REWIND.cast_signed();
                let position = unguarded::tuplestore_alloc_read_pointer(rows, flags);
                unguarded::tuplestore_select_read_pointer(rows, position);
                unguarded::tuplestore_rescan(rows);
                let kind = &raw const pg_sys::TTSOpsMinimalTuple;
                let slot = unguarded::MakeSingleTupleTableSlot(shape, kind);
                (slot, unguarded::tuplestore_tuple_count(rows))
            })
        };
        Self { rows, slot, left }
    }

    /// The next row, until the one after it is asked for.
    pub(crate) fn next(&mut self) -> Option<Slot> {
        // The server's function would be called once more to say that there is none.
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        // SAFETY: the store and the slot are open. The old and the new table are two stores, so nobody
        // selects another position between two calls.
        unsafe {
            pg_sys::tuplestore_gettupleslot(self.rows, true, false, self.slot).then(|| Slot::new(self.slot))
        }
    }

    /// Lets go of the row that was read last.
    pub(crate) fn close(self) {
        if !self.slot.is_null() {
            // SAFETY: made by `open`; no row is in use any more.
            unsafe { pg_sys::ExecDropSingleTupleTableSlot(self.slot) };
        }
    }
}
