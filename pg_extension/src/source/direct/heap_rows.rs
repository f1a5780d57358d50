//! Rows of a heap by their places.

use pgrx::pg_sys;

use super::recent_pages::{MOST_ROWS_AHEAD, RecentPages, block};
use crate::unguarded;

/// Pages in use at a time. The server counts up to eight uses of pages in an array, more in a table.
const MOST_PAGES_AT_ONCE: usize = 4;

/// A heap whose rows are looked at with one snapshot, place by place.
pub(in crate::source) struct HeapRows<'pages> {
    table: pg_sys::Relation,
    recent: &'pages mut RecentPages,
    snapshot: pg_sys::Snapshot,
    /// Pages that are in use.
    pages: [Option<(pg_sys::BlockNumber, pg_sys::Buffer)>; MOST_PAGES_AT_ONCE],
    /// Rows that were seen.
    count: i64,
}

impl<'pages> HeapRows<'pages> {
    /// For rows of a table.
    ///
    /// # Safety
    /// The table is open, a heap, and the snapshot registered, until the value is closed.
    pub(in crate::source) unsafe fn of(
        table: pg_sys::Relation,
        snapshot: pg_sys::Snapshot,
        recent: &'pages mut RecentPages,
    ) -> Self {
        Self { table, recent, snapshot, pages: [None; MOST_PAGES_AT_ONCE], count: 0 }
    }

    /// Fetches what is known of the pages of these places, at most [`MOST_ROWS_AHEAD`].
    pub(super) fn make_ready(&mut self, places: &[pg_sys::ItemPointerData]) {
        self.recent.make_ready(places);
    }

    /// Finds the rows of the first places: of each that version which the snapshot shows, if it shows one. Tells how
    /// many places were looked at, at least one. The rows lie in their pages, which stay until others are looked for.
    /// Places that follow one another in a page are looked for together.
    ///
    /// # Safety
    /// The table is open. An error leaps over the caller, as in [`unguarded`].
    pub(super) unsafe fn find(
        &mut self,
        places: &[pg_sys::ItemPointerData],
        found: &mut Vec<pg_sys::HeapTupleData>,
    ) -> usize {
        // SAFETY: the caller says so; rows of the pages of before are forgotten.
        unsafe { self.let_go() };
        found.clear();
        found.reserve(MOST_ROWS_AHEAD);
        let mut rest = places;
        while let Some(first) = rest.first() {
            let block_of_all = block(first);
            // SAFETY: the caller says so.
            let Some(buffer) = (unsafe { self.use_page(block_of_all) }) else { break };
            let count = rest.iter().take_while(|place| block(place) == block_of_all).count();
            let (of_page, others) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            rest = others;
            // SAFETY: as above; the page is in use.
            unsafe { self.find_in_page(buffer, of_page, found) };
        }
        self.count += i64::try_from(found.len()).unwrap_or_default();
        places.len() - rest.len()
    }

    /// Shows every row of a page that the snapshot shows, while nobody writes there: more may not be done then.
    ///
    /// # Safety
    /// As [`HeapRows::find`]; the table has that page.
    pub(in crate::source) unsafe fn look_at_page(
        &mut self,
        block: pg_sys::BlockNumber,
        mut look: impl FnMut(&pg_sys::HeapTupleData),
    ) {
        let (high, low) = ((block >> 16) as u16, (block & 0xffff) as u16);
        // SAFETY: the caller says that the table is open; the page is in use, and nobody writes there meanwhile.
        unsafe {
            self.let_go();
            let Some(buffer) = self.use_page(block) else { return };
            unguarded::LockBuffer(buffer, pg_sys::BUFFER_LOCK_SHARE.cast_signed());
            let last = pg_sys::PageGetMaxOffsetNumber(pg_sys::BufferGetPage(buffer));
            for number in 1..=last {
                let ip_blkid = pg_sys::BlockIdData { bi_hi: high, bi_lo: low };
                if let Some(row) =
                    self.version_at(buffer, pg_sys::ItemPointerData { ip_blkid, ip_posid: number })
                {
                    self.count += 1;
                    look(&row);
                }
            }
            unguarded::LockBuffer(buffer, pg_sys::BUFFER_LOCK_UNLOCK.cast_signed());
        }
    }

    /// Finds rows of a page.
    ///
    /// # Safety
    /// As [`HeapRows::find`]; the page is in use.
    unsafe fn find_in_page(
        &self,
        buffer: pg_sys::Buffer,
        places: &[pg_sys::ItemPointerData],
        found: &mut Vec<pg_sys::HeapTupleData>,
    ) {
        // SAFETY: the caller says so; nobody writes to the page meanwhile.
        unsafe {
            unguarded::LockBuffer(buffer, pg_sys::BUFFER_LOCK_SHARE.cast_signed());
            let page = pg_sys::BufferGetPage(buffer);
            let is_all_visible = is_all_visible(page, self.snapshot);
            let (table, last) = ((*self.table).rd_id, pg_sys::PageGetMaxOffsetNumber(page));
            for place in places {
                if is_all_visible
                    && (1..=last).contains(&place.ip_posid)
                    && let Some((t_data, t_len)) = head_at(page, *place)
                {
                    found.push(pg_sys::HeapTupleData { t_len, t_self: *place, t_tableOid: table, t_data });
                } else {
                    found.extend(self.version_at(buffer, *place));
                }
            }
            unguarded::LockBuffer(buffer, pg_sys::BUFFER_LOCK_UNLOCK.cast_signed());
        }
    }

    /// The version that the snapshot shows of the row at a place, if it shows one. Of versions that follow one another
    /// the first place leads to it.
    ///
    /// # Safety
    /// As [`HeapRows::find`]; the page is in use, and nobody writes there.
    #[inline]
    unsafe fn version_at(
        &self,
        buffer: pg_sys::Buffer,
        mut place: pg_sys::ItemPointerData,
    ) -> Option<pg_sys::HeapTupleData> {
        let mut row = pg_sys::HeapTupleData::default();
        // SAFETY: the caller says so; place and row are written to.
        let is_seen = unsafe {
            unguarded::heap_hot_search_buffer(
                &raw mut place,
                self.table,
                buffer,
                self.snapshot,
                &raw mut row,
                std::ptr::null_mut(),
                true,
            )
        };
        is_seen.then_some(row)
    }

    /// The buffer of a page, in use from then on; `None` where too many are. It may be the one that the page was in
    /// before.
    ///
    /// # Safety
    /// As [`HeapRows::find`].
    unsafe fn use_page(&mut self, block: pg_sys::BlockNumber) -> Option<pg_sys::Buffer> {
        let is_it = |(known, _): &&(pg_sys::BlockNumber, pg_sys::Buffer)| *known == block;
        if let Some((_, buffer)) = self.pages.iter().flatten().find(is_it) {
            return Some(*buffer);
        }
        let free = self.pages.iter_mut().find(|page| page.is_none())?;
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
        *free = Some((block, buffer));
        Some(buffer)
    }

    /// Lets go of all pages.
    ///
    /// # Safety
    /// As [`HeapRows::find`]; no row of theirs is read any more.
    unsafe fn let_go(&mut self) {
        for (_, buffer) in self.pages.iter_mut().filter_map(Option::take) {
            // SAFETY: taken by `use_page`, and let go once.
            unsafe { unguarded::ReleaseBuffer(buffer) };
        }
    }

    /// Lets go of all pages, and adds to the server's statistics. No slot holds a row of the table any more.
    ///
    /// # Safety
    /// As [`HeapRows::find`].
    pub(in crate::source) unsafe fn close(&mut self) {
        // SAFETY: the table is open; where its uses are counted there is a counter, or one is made.
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
            self.let_go();
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

/// The head of the row at a place, and its length in bytes, if one lies there that is not a later version of another.
///
/// # Safety
/// As [`is_all_visible`]; the page has so many places.
unsafe fn head_at(
    page: pg_sys::Page,
    place: pg_sys::ItemPointerData,
) -> Option<(pg_sys::HeapTupleHeader, u32)> {
    // SAFETY: the caller says so; the page says where the row of each place begins.
    unsafe {
        let item = pg_sys::PageGetItemId(page, place.ip_posid);
        if (*item).lp_flags() != pg_sys::LP_NORMAL {
            return None;
        }
        let head: pg_sys::HeapTupleHeader = pg_sys::PageGetItem(page, item).cast();
        let is_later = u32::from((*head).t_infomask2) & pg_sys::HEAP_ONLY_TUPLE != 0;
        (!is_later).then(|| (head, (*item).lp_len()))
    }
}
