//! Which versions of rows small tables have: as long as these are the same, so is all that is made of them.

use pgrx::pg_sys;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;

use super::direct::{HeapRows, RecentPages};
use crate::unguarded;

/// Tables with more pages than so many are asked by a query: to look at each row would cost more.
const MOST_PAGES: u32 = 8;

/// Rows that most such tables have.
const USUAL_ROWS: usize = 16;

/// The access method of heaps, of the catalog `pg_am`.
const HEAP: pg_sys::Oid = pg_sys::Oid::from_u32(2);

/// A version of a row. No other version ever has the same transaction at the same place: a place is given away
/// again only when the transaction that wrote there has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RowVersion {
    table: pg_sys::Oid,
    block: (u16, u16),
    offset: u16,
    written_by: pg_sys::TransactionId,
}

/// The versions of all rows of some tables that a snapshot shows, table by table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RowVersions(Vec<RowVersion>);

impl RowVersions {
    /// Reads them with the active snapshot; `None` where a table is large, or its rows do not lie in it alone.
    pub(crate) fn read(tables: &[pg_sys::Oid]) -> Option<Self> {
        let (mut recent, mut versions) = (RecentPages::default(), Vec::with_capacity(USUAL_ROWS));
        // SAFETY: a snapshot is active. What has to be dropped lies outside of the frame for errors.
        let are_read = unsafe {
            pg_guard_ffi_boundary(|| {
                let snapshot = unguarded::GetActiveSnapshot();
                tables.iter().all(|table| read_table(*table, snapshot, &mut recent, &mut versions))
            })
        };
        are_read.then_some(Self(versions))
    }
}

/// Adds the rows of a table; tells whether that could be.
///
/// # Safety
/// The snapshot is registered. An error leaps over the caller, as in [`unguarded`].
unsafe fn read_table(
    table: pg_sys::Oid,
    snapshot: pg_sys::Snapshot,
    recent: &mut RecentPages,
    versions: &mut Vec<RowVersion>,
) -> bool {
    // SAFETY: a table that is gone is raised as an error. It is open and locked until it is closed below, and
    // the lock stays until the transaction ends, as that of a query does. Pages that it has it keeps meanwhile.
    unsafe {
        let relation = unguarded::table_open(table, pg_sys::AccessShareLock.cast_signed());
        let shape = (*relation).rd_rel;
        let kind = (*shape).relkind.cast_unsigned();
        let is_plain = [pg_sys::RELKIND_RELATION, pg_sys::RELKIND_MATVIEW].contains(&kind)
            && !(*shape).relhassubclass
            && (*shape).relam == HEAP;
        let main = pg_sys::ForkNumber::MAIN_FORKNUM;
        let pages = if is_plain {
            unguarded::RelationGetNumberOfBlocksInFork(relation, main)
        } else {
            pg_sys::InvalidBlockNumber
        };
        let is_small = pages <= MOST_PAGES;
        if is_small {
            let mut rows = HeapRows::of(relation, snapshot, recent);
            for page in 0..pages {
                rows.look_at_page(page, |row| versions.push(RowVersion::of(table, row)));
            }
            rows.close();
        }
        unguarded::table_close(relation, pg_sys::NoLock.cast_signed());
        is_small
    }
}

impl RowVersion {
    /// # Safety
    /// The row lies in its page.
    unsafe fn of(table: pg_sys::Oid, row: &pg_sys::HeapTupleData) -> Self {
        let place = row.t_self;
        Self {
            table,
            block: (place.ip_blkid.bi_hi, place.ip_blkid.bi_lo),
            offset: place.ip_posid,
            // SAFETY: the caller says so.
            written_by: unsafe { (*row.t_data).t_choice.t_heap.t_xmin },
        }
    }
}
