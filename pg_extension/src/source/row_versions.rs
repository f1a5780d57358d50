//! Which versions of rows small tables have: as long as these are the same, so is all that is made of them.

use pgrx::pg_sys;

/// Tables with more pages than so many are asked by a query: to look at each row would cost more.
const MOST_PAGES: u32 = 8;

/// The access method of heaps, of the catalog `pg_am`.
const HEAP: pg_sys::Oid = pg_sys::Oid::from_u32(2);

/// A version of a row. No other version ever has the same transaction at the same place: a place is given away
/// again only when the transaction that wrote there has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RowVersion {
    block: (u16, u16),
    offset: u16,
    written_by: pg_sys::TransactionId,
}

/// The versions of all rows of some tables that a snapshot shows, table by table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RowVersions(Vec<Vec<RowVersion>>);

impl RowVersions {
    /// Reads them with the active snapshot; `None` where a table is large, or its rows do not lie in it alone.
    pub(crate) fn read(tables: &[pg_sys::Oid]) -> Option<Self> {
        tables.iter().map(|table| versions_of(*table)).collect::<Option<Vec<_>>>().map(Self)
    }
}

fn versions_of(table: pg_sys::Oid) -> Option<Vec<RowVersion>> {
    let lock = pg_sys::AccessShareLock.cast_signed();
    // SAFETY: a table that is gone is raised as an error. It is open and locked until it is closed below, and
    // the lock stays until the transaction ends, as that of a query does. The scan is one of a heap, with the
    // active snapshot, which outlives it; a row is looked at before the next one is asked for.
    unsafe {
        let relation = pg_sys::table_open(table, lock);
        let shape = (*relation).rd_rel;
        let kind = (*shape).relkind.cast_unsigned();
        let is_plain = [pg_sys::RELKIND_RELATION, pg_sys::RELKIND_MATVIEW].contains(&kind)
            && !(*shape).relhassubclass
            && (*shape).relam == HEAP;
        let is_small = is_plain
            && pg_sys::RelationGetNumberOfBlocksInFork(relation, pg_sys::ForkNumber::MAIN_FORKNUM)
                <= MOST_PAGES;
        let versions = is_small.then(|| {
            let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN | pg_sys::ScanOptions::SO_ALLOW_PAGEMODE;
            let nothing = std::ptr::null_mut();
            let scan = pg_sys::heap_beginscan(
                relation,
                pg_sys::GetActiveSnapshot(),
                0,
                nothing,
                std::ptr::null_mut(),
                flags,
            );
            let mut versions = Vec::new();
            loop {
                let row = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
                if row.is_null() {
                    break;
                }
                let place = (*row).t_self;
                versions.push(RowVersion {
                    block: (place.ip_blkid.bi_hi, place.ip_blkid.bi_lo),
                    offset: place.ip_posid,
                    written_by: (*(*row).t_data).t_choice.t_heap.t_xmin,
                });
            }
            pg_sys::heap_endscan(scan);
            versions
        });
        pg_sys::table_close(relation, pg_sys::NoLock.cast_signed());
        versions
    }
}
