//! Partitions: what lies above a relation and below it.

use pgrx::{PgList, pg_sys};

/// The relations that a partition belongs to, from its parent upwards; of a partitioned index likewise.
pub(super) fn above(relation: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    unsafe extern "C-unwind" {
        /// `catalog/partition.h`, which the bindings leave out.
        fn get_partition_ancestors(relation: pg_sys::Oid) -> *mut pg_sys::List;
    }
    // SAFETY: the function takes any relation's id, and returns a list of ids in the current memory context. It may
    // raise an error, so it is called as the bindings call theirs.
    unsafe {
        let list = pg_sys::ffi::pg_guard_ffi_boundary(|| get_partition_ancestors(relation));
        PgList::<pg_sys::Oid>::from_pg(list).iter_oid().collect()
    }
}

/// The relation itself and everything below it, locked against being dropped.
pub(super) fn at_and_below(relation: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    unsafe extern "C-unwind" {
        /// `catalog/pg_inherits.h`, which the bindings leave out.
        fn find_all_inheritors(
            parent: pg_sys::Oid,
            lock: pg_sys::LOCKMODE,
            parents_per_relation: *mut *mut pg_sys::List,
        ) -> *mut pg_sys::List;
    }
    // SAFETY: as above; the third argument may be null.
    unsafe {
        let list = pg_sys::ffi::pg_guard_ffi_boundary(|| {
            find_all_inheritors(relation, pg_sys::AccessShareLock.cast_signed(), std::ptr::null_mut())
        });
        PgList::<pg_sys::Oid>::from_pg(list).iter_oid().collect()
    }
}
