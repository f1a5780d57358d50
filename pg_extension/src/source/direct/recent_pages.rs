//! Where pages of a table were found before.

use pgrx::pg_sys;

/// Pages of a table that are remembered: those of a gigabyte.
const MOST_PAGES: usize = 131_072;

/// Rows that are fetched ahead, and looked at together: more loads do not go on at the same time.
pub(super) const MOST_ROWS_AHEAD: usize = 128;

/// In which buffers pages of a table were. One that is still there is found without a look-up.
#[derive(Default)]
pub(in crate::source) struct RecentPages {
    /// By the number of a page, or of another that lies far from it; 0 for none.
    buffers: Vec<pg_sys::Buffer>,
}

impl RecentPages {
    /// Fetches what it knows of the pages of these rows, at most [`MOST_ROWS_AHEAD`], and makes room for them.
    ///
    /// A person's rows lie all over the table, and to look at one after the other is to wait for the memory four
    /// times each. Loads that do not depend on each other go on at the same time.
    pub(super) fn make_ready(&mut self, rows: &[pg_sys::ItemPointerData]) {
        let (mut items, mut last) = ([Item::NOWHERE; MOST_ROWS_AHEAD], 0);
        for (item, row) in items.iter_mut().zip(rows) {
            let block = block(row);
            last = last.max(block);
            *item = Item::of(self.buffer(block), row.ip_posid);
        }
        for item in items.iter().take(rows.len()) {
            item.fetch_row();
        }
        let pages = usize::try_from(last).unwrap_or(MOST_PAGES).saturating_add(1).min(MOST_PAGES);
        if self.buffers.len() < pages {
            self.buffers.resize(pages.next_power_of_two(), 0);
        }
    }

    /// The buffer of a page, as far as it is known; 0 if not.
    pub(super) fn buffer(&self, block: pg_sys::BlockNumber) -> pg_sys::Buffer {
        self.buffers.get(place(block)).copied().unwrap_or_default()
    }

    /// Remembers the buffer of a page.
    pub(super) fn note(&mut self, block: pg_sys::BlockNumber, buffer: pg_sys::Buffer) {
        if let Some(place) = self.buffers.get_mut(place(block)) {
            *place = buffer;
        }
    }
}

/// The number of a row's page.
pub(super) fn block(row: &pg_sys::ItemPointerData) -> pg_sys::BlockNumber {
    u32::from(row.ip_blkid.bi_hi) << 16 | u32::from(row.ip_blkid.bi_lo)
}

/// Where a page is noted.
fn place(block: pg_sys::BlockNumber) -> usize {
    usize::try_from(block).unwrap_or_default() % MOST_PAGES
}

/// A page of the server's, and what it says of a row. It may be another page by now: nothing depends on it.
#[derive(Clone, Copy)]
struct Item {
    page: *const u8,
    pointer: u32,
}

/// Bytes of a page, of its head, and of what it says of each row (`bufpage.h`, `itemid.h`).
const PAGE_BYTES: usize = pg_sys::BLCKSZ as usize;
const HEAD_BYTES: usize = 24;
const POINTER_BYTES: usize = 4;

/// Bytes that the processor fetches together, on most machines.
const LINE_BYTES: usize = 64;

impl Item {
    const NOWHERE: Self = Self { page: std::ptr::null(), pointer: 0 };

    /// Reads what the page in a buffer says of a row, without keeping anybody from writing there.
    fn of(buffer: pg_sys::Buffer, number: pg_sys::OffsetNumber) -> Self {
        let place = HEAD_BYTES + POINTER_BYTES * usize::from(number.saturating_sub(1));
        let Ok(position @ 1..) = usize::try_from(buffer) else { return Self::NOWHERE };
        if place >= PAGE_BYTES {
            return Self::NOWHERE;
        }
        // SAFETY: the number of a buffer was one of the server's shared buffers, which lie one after the other as long
        // as the server runs. The four bytes lie in the page, aligned as the page is. Others may write them
        // meanwhile: whatever is read only says what to fetch.
        unsafe {
            let page = pg_sys::BufferBlocks.cast_const().cast::<u8>().add((position - 1) * PAGE_BYTES);
            std::ptr::read_volatile(page);
            Self { page, pointer: std::ptr::read_volatile(page.add(place).cast()) }
        }
    }

    /// Has the processor fetch the row.
    fn fetch_row(&self) {
        // The lowest 15 bits say where the row begins, or the highest do.
        let start = if cfg!(target_endian = "big") { self.pointer >> 17 } else { self.pointer & 0x7fff };
        let start = usize::try_from(start).unwrap_or_default();
        if self.page.is_null() || start == 0 || start + LINE_BYTES >= PAGE_BYTES {
            return;
        }
        // SAFETY: both bytes lie in the page, as above.
        unsafe {
            std::ptr::read_volatile(self.page.add(start));
            std::ptr::read_volatile(self.page.add(start + LINE_BYTES));
        }
    }
}
