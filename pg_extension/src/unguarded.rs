//! The server's functions without a frame for errors around each: whoever calls them has one around all.
//!
//! An error leaps over the callers, as the server's do, up to that frame: nothing between may have to be dropped.

use std::ffi::c_int;

use pgrx::pg_sys;

/// How the server names the file of a table.
#[cfg(feature = "pg15")]
pub(crate) type Locator = pg_sys::RelFileNode;
#[cfg(not(feature = "pg15"))]
pub(crate) type Locator = pg_sys::RelFileLocator;

unsafe extern "C-unwind" {
    pub(crate) fn CommandCounterIncrement();
    pub(crate) fn GetLatestSnapshot() -> pg_sys::Snapshot;
    pub(crate) fn RegisterSnapshot(snapshot: pg_sys::Snapshot) -> pg_sys::Snapshot;
    /// Raises no error.
    pub(crate) fn GetActiveSnapshot() -> pg_sys::Snapshot;
    pub(crate) fn MemoryContextReset(memory: pg_sys::MemoryContext);
    pub(crate) fn tuplestore_alloc_read_pointer(rows: *mut pg_sys::Tuplestorestate, flags: c_int) -> c_int;
    pub(crate) fn tuplestore_select_read_pointer(rows: *mut pg_sys::Tuplestorestate, position: c_int);
    pub(crate) fn tuplestore_tuple_count(rows: *mut pg_sys::Tuplestorestate) -> i64;
    pub(crate) fn tuplestore_rescan(rows: *mut pg_sys::Tuplestorestate);
    pub(crate) fn MakeSingleTupleTableSlot(
        shape: pg_sys::TupleDesc,
        kind: *const pg_sys::TupleTableSlotOps,
    ) -> *mut pg_sys::TupleTableSlot;
    pub(crate) fn RelationGetNumberOfBlocksInFork(
        table: pg_sys::Relation,
        fork: pg_sys::ForkNumber::Type,
    ) -> pg_sys::BlockNumber;
    pub(crate) fn LockRelationOid(table: pg_sys::Oid, mode: pg_sys::LOCKMODE);
    pub(crate) fn table_open(table: pg_sys::Oid, mode: pg_sys::LOCKMODE) -> pg_sys::Relation;
    pub(crate) fn table_close(table: pg_sys::Relation, mode: pg_sys::LOCKMODE);
    pub(crate) fn index_open(index: pg_sys::Oid, mode: pg_sys::LOCKMODE) -> pg_sys::Relation;
    pub(crate) fn index_close(index: pg_sys::Relation, mode: pg_sys::LOCKMODE);
    #[cfg(not(feature = "pg18"))]
    pub(crate) fn index_beginscan(
        table: pg_sys::Relation,
        index: pg_sys::Relation,
        snapshot: pg_sys::Snapshot,
        keys: c_int,
        orders: c_int,
    ) -> pg_sys::IndexScanDesc;
    #[cfg(feature = "pg18")]
    pub(crate) fn index_beginscan(
        table: pg_sys::Relation,
        index: pg_sys::Relation,
        snapshot: pg_sys::Snapshot,
        counters: *mut pg_sys::IndexScanInstrumentation,
        keys: c_int,
        orders: c_int,
    ) -> pg_sys::IndexScanDesc;
    pub(crate) fn index_rescan(
        scan: pg_sys::IndexScanDesc,
        keys: *mut pg_sys::ScanKeyData,
        key_count: c_int,
        orders: *mut pg_sys::ScanKeyData,
        order_count: c_int,
    );
    pub(crate) fn index_getnext_tid(
        scan: pg_sys::IndexScanDesc,
        direction: pg_sys::ScanDirection::Type,
    ) -> pg_sys::ItemPointer;
    pub(crate) fn index_endscan(scan: pg_sys::IndexScanDesc);
    pub(crate) fn ReadBuffer(table: pg_sys::Relation, block: pg_sys::BlockNumber) -> pg_sys::Buffer;
    pub(crate) fn ReadRecentBuffer(
        table: Locator,
        fork: pg_sys::ForkNumber::Type,
        block: pg_sys::BlockNumber,
        buffer: pg_sys::Buffer,
    ) -> bool;
    pub(crate) fn ReleaseBuffer(buffer: pg_sys::Buffer);
    pub(crate) fn LockBuffer(buffer: pg_sys::Buffer, mode: c_int);
    pub(crate) fn heap_hot_search_buffer(
        place: pg_sys::ItemPointer,
        table: pg_sys::Relation,
        buffer: pg_sys::Buffer,
        snapshot: pg_sys::Snapshot,
        row: pg_sys::HeapTuple,
        all_dead: *mut bool,
        first_call: bool,
    ) -> bool;
    pub(crate) fn pgstat_assoc_relation(table: pg_sys::Relation);
    pub(crate) fn ExecStoreHeapTuple(
        row: pg_sys::HeapTuple,
        slot: *mut pg_sys::TupleTableSlot,
        should_free: bool,
    ) -> *mut pg_sys::TupleTableSlot;
    pub(crate) fn slot_getsomeattrs_int(slot: *mut pg_sys::TupleTableSlot, last: c_int);
}
