//! Rows of a heap by their places.

use pgrx::pg_sys;

use super::recent_pages::{RecentPages, block};
use super::unguarded;

/// Rows of one page that are looked for while nobody writes there.
const MOST_ROWS_AT_ONCE: usize = 64;

/// A heap whose rows are looked at with one snapshot, place by place.
pub(in crate::source) struct HeapRows<'pages> {
    table: pg_sys::Relation,
    recent: &'pages mut RecentPages,
    snapshot: pg_sys::Snapshot,
    /// The page that was looked at last, in use.
    page: Option<(pg_sys::BlockNumber, pg_sys::Buffer)>,
    /// Rows of that page.
    rows: [pg_sys::HeapTupleData; MOST_ROWS_AT_ONCE],
    /// Rows that were seen.
    count: i64,
}

impl<'pages> HeapRows<'pages> {
    /// For the rows of these places.
    ///
    /// # Safety
    /// The table is open, a heap, and the snapshot registered, until the value is closed.
    pub(in crate::source) unsafe fn of(
        table: pg_sys::Relation,
        snapshot: pg_sys::Snapshot,
        recent: &'pages mut RecentPages,
        places: &[pg_sys::ItemPointerData],
    ) -> Self {
        recent.make_ready(places);
        let rows = [pg_sys::HeapTupleData::default(); MOST_ROWS_AT_ONCE];
        Self { table, recent, snapshot, page: None, rows, count: 0 }
    }

    /// Hands over the rows of some places: of each that version which the snapshot shows, if it shows one. A row
    /// lies in its page, which stays at least until the next row is handed over. Places that follow one another
    /// in a page are looked for together.
    ///
    /// # Safety
    /// The table is open. An error leaps over the caller, as in [`unguarded`].
    pub(super) unsafe fn visit(
        &mut self,
        places: &[pg_sys::ItemPointerData],
        mut each: impl FnMut(pg_sys::HeapTuple),
    ) {
        let mut rest = places;
        while let Some(first) = rest.first() {
            let block_of_all = block(first);
            let of_page = |place: &&pg_sys::ItemPointerData| block(place) == block_of_all;
            let count = rest.iter().take(MOST_ROWS_AT_ONCE).take_while(of_page).count();
            let (of_page, others) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            rest = others;
            // SAFETY: the caller says so.
            let found = unsafe { self.find(block_of_all, of_page) };
            for row in self.rows.iter_mut().take(found) {
                each(row);
            }
        }
    }

    /// Shows every row of a page that the snapshot shows, while nobody writes there: more may not be done then.
    ///
    /// # Safety
    /// As [`HeapRows::visit`]; the table has that page.
    pub(in crate::source) unsafe fn look_at_page(
        &mut self,
        block: pg_sys::BlockNumber,
        mut look: impl FnMut(&pg_sys::HeapTupleData),
    ) {
        let (high, low) = ((block >> 16) as u16, (block & 0xffff) as u16);
        let mut row = pg_sys::HeapTupleData::default();
        // SAFETY: the caller says that the table is open; the page is in use, and nobody writes there meanwhile.
        unsafe {
            let buffer = self.use_page(block);
            unguarded::LockBuffer(buffer, pg_sys::BUFFER_LOCK_SHARE.cast_signed());
            let last = pg_sys::PageGetMaxOffsetNumber(pg_sys::BufferGetPage(buffer));
            for number in 1..=last {
                let ip_blkid = pg_sys::BlockIdData { bi_hi: high, bi_lo: low };
                let mut place = pg_sys::ItemPointerData { ip_blkid, ip_posid: number };
                // Of versions that follow one another the first place leads to the one that is shown.
                if unguarded::heap_hot_search_buffer(
                    &raw mut place,
                    self.table,
                    buffer,
                    self.snapshot,
                    &raw mut row,
                    std::ptr::null_mut(),
                    true,
                ) {
                    self.count += 1;
                    look(&row);
                }
            }
            unguarded::LockBuffer(buffer, pg_sys::BUFFER_LOCK_UNLOCK.cast_signed());
        }
    }

    /// Finds rows of a page and tells how many; they lie in it as long as it is in use.
    ///
    /// # Safety
    /// As [`HeapRows::visit`].
    unsafe fn find(&mut self, block: pg_sys::BlockNumber, places: &[pg_sys::ItemPointerData]) -> usize {
        let mut found = 0;
        // SAFETY: the caller says that the table is open; the page is in use from here on.
        unsafe {
            let buffer = self.use_page(block);
            unguarded::LockBuffer(buffer, pg_sys::BUFFER_LOCK_SHARE.cast_signed());
            let page = pg_sys::BufferGetPage(buffer);
            let is_all_visible = is_all_visible(page, self.snapshot);
            for place in places {
                let mut place = *place;
                let Some(row) = self.rows.get_mut(found) else { break };
                if is_all_visible && let Some(head) = head_at(page, place) {
                    let table = (*self.table).rd_id;
                    let length = (*pg_sys::PageGetItemId(page, place.ip_posid)).lp_len();
                    *row = pg_sys::HeapTupleData {
                        t_len: length,
                        t_self: place,
                        t_tableOid: table,
                        t_data: head,
                    };
                    found += 1;
                    continue;
                }
                let is_seen = unguarded::heap_hot_search_buffer(
                    &raw mut place,
                    self.table,
                    buffer,
                    self.snapshot,
                    row,
                    std::ptr::null_mut(),
                    true,
                );
                found += usize::from(is_seen);
            }
            unguarded::LockBuffer(buffer, pg_sys::BUFFER_LOCK_UNLOCK.cast_signed());
        }
        self.count += i64::try_from(found).unwrap_or_default();
        found
    }

    /// The buffer of a page, in use instead of the one before. It may be the one that the page was in before.
    ///
    /// # Safety
    /// As [`HeapRows::visit`].
    unsafe fn use_page(&mut self, block: pg_sys::BlockNumber) -> pg_sys::Buffer {
        match self.page.take() {
            Some((known, buffer)) if known == block => {
                self.page = Some((block, buffer));
                return buffer;
            }
            // SAFETY: taken below, and let go once.
            Some((_, buffer)) => unsafe { unguarded::ReleaseBuffer(buffer) },
            None => {}
        }
        let noted = self.recent.buffer(block);
        // SAFETY: the caller says that the table is open. A buffer that was one of this server's is one still.
        let buffer = unsafe {
            #[cfg(feature = "pg15")]
            let file = (*self.table).rd_node;
            #[cfg(not(feature = "pg15"))]
            let file = (*self.table).rd_locator;
            let main = pg_sys::ForkNumber::MAIN_FORKNUM;
            if noted != 0 && unguarded::ReadRecentBuffer(file, main, block, noted) {
                noted
            } else {
                unguarded::ReadBuffer(self.table, block)
            }
        };
        self.recent.note(block, buffer);
        self.page = Some((block, buffer));
        buffer
    }

    /// Lets go of the page, and adds to the server's statistics. No slot holds a row of the table any more.
    ///
    /// # Safety
    /// As [`HeapRows::visit`].
    pub(in crate::source) unsafe fn close(&mut self) {
        // SAFETY: the table is open; where its uses are counted there is a counter, or one is made. The page was
        // taken by `use_page`, and is let go once.
        unsafe {
            if (*self.table).pgstat_info.is_null() && (*self.table).pgstat_enabled {
                unguarded::pgstat_assoc_relation(self.table);
            }
            if let Some(status) = (*self.table).pgstat_info.as_mut() {
                #[cfg(feature = "pg15")]
                let counter = &mut status.t_counts.t_tuples_fetched;
                #[cfg(not(feature = "pg15"))]
                let counter = &mut status.counts.tuples_fetched;
                *counter += std::mem::take(&mut self.count);
            }
            if let Some((_, buffer)) = self.page.take() {
                unguarded::ReleaseBuffer(buffer);
            }
        }
    }
}

/// Whether the server says of a page that every row of it is shown by every snapshot, as a sequential scan asks it.
/// Serializable transactions have each row looked at: the server notes which they saw.
///
/// # Safety
/// The page is in use, and nobody writes there.
unsafe fn is_all_visible(page: pg_sys::Page, snapshot: pg_sys::Snapshot) -> bool {
    // SAFETY: the caller says so.
    unsafe {
        let flags = u32::from((*page.cast::<pg_sys::PageHeaderData>()).pd_flags);
        flags & pg_sys::PD_ALL_VISIBLE != 0
            && !(*snapshot).takenDuringRecovery
            && pg_sys::XactIsoLevel < pg_sys::XACT_SERIALIZABLE.cast_signed()
    }
}

/// The head of the row at a place, if one lies there that is not a later version of another.
///
/// # Safety
/// As [`is_all_visible`].
unsafe fn head_at(page: pg_sys::Page, place: pg_sys::ItemPointerData) -> Option<pg_sys::HeapTupleHeader> {
    // SAFETY: the caller says so; the page says how many places it has, and where the row of each begins.
    unsafe {
        if place.ip_posid == 0 || place.ip_posid > pg_sys::PageGetMaxOffsetNumber(page) {
            return None;
        }
        let item = pg_sys::PageGetItemId(page, place.ip_posid);
        if (*item).lp_flags() != pg_sys::LP_NORMAL {
            return None;
        }
        let head: pg_sys::HeapTupleHeader = pg_sys::PageGetItem(page, item).cast();
        let is_later = u32::from((*head).t_infomask2) & pg_sys::HEAP_ONLY_TUPLE != 0;
        (!is_later).then_some(head)
    }
}
