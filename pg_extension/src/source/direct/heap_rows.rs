//! Rows of a heap by their places.

use pgrx::pg_sys;

use super::recent_pages::{RecentPages, block};

/// A heap whose rows are looked at with one snapshot, place by place.
pub(super) struct HeapRows<'pages> {
    table: pg_sys::Relation,
    recent: &'pages mut RecentPages,
    snapshot: pg_sys::Snapshot,
    /// The page that was looked at last, in use.
    page: Option<(pg_sys::BlockNumber, pg_sys::Buffer)>,
    row: pg_sys::HeapTupleData,
    /// Rows that were seen.
    count: i64,
}

/// How the server names the file of a table.
#[cfg(feature = "pg15")]
type Locator = pg_sys::RelFileNode;
#[cfg(not(feature = "pg15"))]
type Locator = pg_sys::RelFileLocator;

/// The server's functions without a frame for errors around each: [`HeapRows::find`] has one around all.
mod unguarded {
    use pgrx::pg_sys;

    unsafe extern "C-unwind" {
        pub(super) fn ReadBuffer(table: pg_sys::Relation, block: pg_sys::BlockNumber) -> pg_sys::Buffer;
        pub(super) fn ReadRecentBuffer(
            table: super::Locator,
            fork: pg_sys::ForkNumber::Type,
            block: pg_sys::BlockNumber,
            buffer: pg_sys::Buffer,
        ) -> bool;
        pub(super) fn ReleaseBuffer(buffer: pg_sys::Buffer);
        pub(super) fn LockBuffer(buffer: pg_sys::Buffer, mode: std::ffi::c_int);
        pub(super) fn heap_hot_search_buffer(
            place: pg_sys::ItemPointer,
            table: pg_sys::Relation,
            buffer: pg_sys::Buffer,
            snapshot: pg_sys::Snapshot,
            row: pg_sys::HeapTuple,
            all_dead: *mut bool,
            first_call: bool,
        ) -> bool;
        pub(super) fn ExecStoreHeapTuple(
            row: pg_sys::HeapTuple,
            slot: *mut pg_sys::TupleTableSlot,
            should_free: bool,
        ) -> *mut pg_sys::TupleTableSlot;
    }
}

impl<'pages> HeapRows<'pages> {
    /// For the rows of these places.
    ///
    /// # Safety
    /// The table is open, a heap, and the snapshot registered, until the value is closed.
    pub(super) unsafe fn of(
        table: pg_sys::Relation,
        snapshot: pg_sys::Snapshot,
        recent: &'pages mut RecentPages,
        places: &[pg_sys::ItemPointerData],
    ) -> Self {
        recent.make_ready(places);
        Self { table, recent, snapshot, page: None, row: pg_sys::HeapTupleData::default(), count: 0 }
    }

    /// Puts the row of a place into a slot: that version of it which the snapshot shows, if it shows one. It lies
    /// in its page, which stays until the next place is asked for.
    ///
    /// # Safety
    /// The slot is one for rows of this table in memory. The value is not moved while the slot holds the row. An
    /// error leaps over the caller, as the server's do: nothing may have to be dropped up to where it is caught.
    pub(super) unsafe fn find(
        &mut self,
        place: &pg_sys::ItemPointerData,
        slot: *mut pg_sys::TupleTableSlot,
    ) -> bool {
        let block = block(place);
        let mut place = *place;
        // SAFETY: the caller of `of` says that the table is open. The page is in use while the row is.
        unsafe {
            let buffer = match self.page {
                Some((known, buffer)) if known == block => buffer,
                other => {
                    if let Some((_, buffer)) = other {
                        unguarded::ReleaseBuffer(buffer);
                    }
                    self.page = None;
                    let buffer = page(self.table, block, self.recent.buffer(block));
                    self.recent.note(block, buffer);
                    self.page = Some((block, buffer));
                    buffer
                }
            };
            unguarded::LockBuffer(buffer, pg_sys::BUFFER_LOCK_SHARE.cast_signed());
            let is_seen = unguarded::heap_hot_search_buffer(
                &raw mut place,
                self.table,
                buffer,
                self.snapshot,
                &raw mut self.row,
                std::ptr::null_mut(),
                true,
            );
            unguarded::LockBuffer(buffer, pg_sys::BUFFER_LOCK_UNLOCK.cast_signed());
            if is_seen {
                self.count += 1;
                unguarded::ExecStoreHeapTuple(&raw mut self.row, slot, false);
            }
            is_seen
        }
    }

    /// Lets go of the page, and adds to the server's statistics. No slot holds a row of the table any more.
    pub(super) fn close(self) {
        // SAFETY: the table is open; where its uses are counted there is a counter, or one is made.
        unsafe {
            if (*self.table).pgstat_info.is_null() && (*self.table).pgstat_enabled {
                pg_sys::pgstat_assoc_relation(self.table);
            }
            if let Some(status) = (*self.table).pgstat_info.as_mut() {
                #[cfg(feature = "pg15")]
                let counter = &mut status.t_counts.t_tuples_fetched;
                #[cfg(not(feature = "pg15"))]
                let counter = &mut status.counts.tuples_fetched;
                *counter += self.count;
            }
        }
        if let Some((_, buffer)) = self.page {
            // SAFETY: taken by `find`, and let go once.
            unsafe { pg_sys::ReleaseBuffer(buffer) };
        }
    }
}

/// The buffer of a page, in use from now on. It may be the one that it was in before.
///
/// # Safety
/// The table is open.
unsafe fn page(table: pg_sys::Relation, block: pg_sys::BlockNumber, noted: pg_sys::Buffer) -> pg_sys::Buffer {
    // SAFETY: the caller says so. A buffer that was one of this server's is one still.
    unsafe {
        #[cfg(feature = "pg15")]
        let file = (*table).rd_node;
        #[cfg(not(feature = "pg15"))]
        let file = (*table).rd_locator;
        let main = pg_sys::ForkNumber::MAIN_FORKNUM;
        if noted != 0 && unguarded::ReadRecentBuffer(file, main, block, noted) {
            return noted;
        }
        unguarded::ReadBuffer(table, block)
    }
}
