//! The rows of a key around a place, from the index, downwards.

use pgrx::pg_sys;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;

use super::definition::{Definition, Target};
use super::index::Comparison;
use super::line::{Extent, Limit};
use super::predicate::{Condition, Executor};
use super::quantity::Quantity;
use super::slot::Slot;
use crate::error::ExtensionError;
use crate::unguarded;

/// Rows between two looks for an interrupt.
const ROWS_BETWEEN_INTERRUPTS: u32 = 1_024;

/// What is committed now, and what this transaction wrote: whatever its isolation level, as referential
/// integrity is checked, too.
pub(crate) struct LatestSnapshot(pg_sys::Snapshot);

impl LatestSnapshot {
    /// Takes it. The statement's own rows are in it.
    pub(crate) fn take() -> Self {
        // SAFETY: called inside a transaction. The snapshot stays registered until it is released, or the
        // transaction fails. Nothing has to be dropped inside of the frame.
        unsafe {
            Self(pg_guard_ffi_boundary(|| {
                unguarded::CommandCounterIncrement();
                unguarded::RegisterSnapshot(unguarded::GetLatestSnapshot())
            }))
        }
    }

    /// The server's pointer.
    pub(super) fn as_ptr(&self) -> pg_sys::Snapshot {
        self.0
    }

    /// As [`LatestSnapshot::take`], without what this transaction wrote in a command and after it.
    pub(crate) fn before(command: pg_sys::CommandId) -> Self {
        // SAFETY: as in `take`. The registered snapshot is a copy of our own, so that it may be changed.
        unsafe {
            let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
            (*snapshot).curcid = command;
            Self(snapshot)
        }
    }

    /// Does work whose queries see it. After an error the server takes it away again.
    pub(crate) fn while_active<T>(&self, work: impl FnOnce() -> T) -> T {
        // SAFETY: registered, so it lives meanwhile; it is popped where it was pushed.
        unsafe {
            pg_sys::PushActiveSnapshot(self.0);
            let result = work();
            pg_sys::PopActiveSnapshot();
            result
        }
    }

    /// Lets go of it.
    pub(crate) fn release(self) {
        // SAFETY: registered by `take`, and released once because this takes the value.
        unsafe { pg_sys::UnregisterSnapshot(self.0) };
    }
}

/// A guarded row that is there.
#[derive(Clone, Copy)]
pub(super) struct Found {
    /// Position of its table among the definition's targets.
    pub(super) target: usize,
    /// Where it lies in the table.
    pub(super) place: pg_sys::ItemPointerData,
    /// Where it lies on the line.
    pub(super) extent: Extent,
    /// What it weighs.
    pub(super) load: Quantity,
}

/// Goes through the rows of one key after the other, in all tables of the guard at once.
pub(super) struct Walk<'definition> {
    definition: &'definition Definition,
    leaves: Vec<Leaf<'definition>>,
    counter: u32,
}

impl<'definition> Walk<'definition> {
    /// Opens the tables and indexes.
    pub(super) fn open(
        definition: &'definition Definition,
        snapshot: &LatestSnapshot,
        executor: &Executor,
    ) -> Self {
        let open = |(position, target)| Leaf::open(position, target, snapshot, executor);
        let leaves = definition.targets.iter().enumerate().map(open).collect();
        Self { definition, leaves, counter: 0 }
    }

    /// Goes to the last row of the key that starts within the limit. Rows without a start are not met.
    pub(super) fn seek(&mut self, key: pg_sys::Datum, limit: Limit) {
        for leaf in &mut self.leaves {
            leaf.seek(key, limit);
        }
    }

    /// Goes to the rows of the key that have no start, in any order.
    pub(super) fn seek_unbounded(&mut self, key: pg_sys::Datum) {
        for leaf in &mut self.leaves {
            leaf.seek_unbounded(key);
        }
    }

    /// The next row, with an earlier or the same start.
    ///
    /// # Errors
    /// [`ExtensionError::UnreadableLoad`].
    pub(super) fn next(&mut self) -> Result<Option<Found>, ExtensionError> {
        self.counter = self.counter.wrapping_add(1);
        if self.counter.is_multiple_of(ROWS_BETWEEN_INTERRUPTS) {
            pgrx::check_for_interrupts!();
        }
        if let [leaf] = self.leaves.as_mut_slice() {
            return leaf.next(self.definition);
        }
        let mut latest: Option<(usize, Extent)> = None;
        for (position, leaf) in self.leaves.iter_mut().enumerate() {
            if matches!(leaf.ahead, Ahead::Unknown) {
                leaf.ahead = leaf.next(self.definition)?.map_or(Ahead::End, Ahead::Row);
            }
            let Ahead::Row(row) = leaf.ahead else { continue };
            let is_later = |(_, known): &(usize, Extent)| {
                self.definition.line.compare_starts(known, &row.extent).is_lt()
            };
            if latest.as_ref().is_none_or(is_later) {
                latest = Some((position, row.extent));
            }
        }
        let leaf = latest.and_then(|(position, _)| self.leaves.get_mut(position));
        Ok(leaf.and_then(|leaf| match std::mem::replace(&mut leaf.ahead, Ahead::Unknown) {
            Ahead::Row(row) => Some(row),
            Ahead::Unknown | Ahead::End => None,
        }))
    }

    /// Closes what was opened. After an error the server does.
    pub(super) fn close(self) {
        for leaf in self.leaves {
            leaf.close();
        }
    }
}

/// The next row of a table among several.
enum Ahead {
    Unknown,
    Row(Found),
    End,
}

/// One table and its index.
struct Leaf<'definition> {
    position: usize,
    target: &'definition Target,
    condition: Condition,
    table: pg_sys::Relation,
    index: pg_sys::Relation,
    scan: pg_sys::IndexScanDesc,
    slot: Slot,
    /// The key equals; templates of what the start may be.
    same_key: pg_sys::ScanKeyData,
    before: pg_sys::ScanKeyData,
    up_to: pg_sys::ScanKeyData,
    direction: pg_sys::ScanDirection::Type,
    ahead: Ahead,
}

impl<'definition> Leaf<'definition> {
    fn open(
        position: usize,
        target: &'definition Target,
        snapshot: &LatestSnapshot,
        executor: &Executor,
    ) -> Self {
        let lock = pg_sys::AccessShareLock.cast_signed();
        // SAFETY: both ids are from the catalog, and a change of either would have been told before now: the
        // definition is then found again. The scan and the slot are closed before their relations.
        unsafe {
            let table = pg_sys::table_open(target.table, lock);
            let index = pg_sys::index_open(target.index, lock);
            Self {
                position,
                target,
                condition: target.predicate.prepare(executor),
                scan: begin_scan(table, index, snapshot),
                slot: Slot::new(pg_sys::table_slot_create(table, std::ptr::null_mut())),
                same_key: compare_with(&target.comparisons.same_key),
                before: compare_with(&target.comparisons.before),
                up_to: compare_with(&target.comparisons.up_to),
                direction: pg_sys::ScanDirection::BackwardScanDirection,
                ahead: Ahead::Unknown,
                table,
                index,
            }
        }
    }

    fn seek(&mut self, key: pg_sys::Datum, limit: Limit) {
        let start = match limit {
            Limit::None => null_test(pg_sys::SK_SEARCHNOTNULL),
            Limit::Before(value) => pg_sys::ScanKeyData { sk_argument: value, ..self.before },
            Limit::UpTo(value) => pg_sys::ScanKeyData { sk_argument: value, ..self.up_to },
        };
        self.rescan(key, start, pg_sys::ScanDirection::BackwardScanDirection);
    }

    fn seek_unbounded(&mut self, key: pg_sys::Datum) {
        let direction = pg_sys::ScanDirection::ForwardScanDirection;
        self.rescan(key, null_test(pg_sys::SK_SEARCHNULL), direction);
    }

    fn rescan(
        &mut self,
        key: pg_sys::Datum,
        start: pg_sys::ScanKeyData,
        direction: pg_sys::ScanDirection::Type,
    ) {
        let mut keys = [pg_sys::ScanKeyData { sk_argument: key, ..self.same_key }, start];
        self.direction = direction;
        self.ahead = Ahead::Unknown;
        // SAFETY: the scan is open and was begun for two keys, which it copies. Their arguments are copies,
        // too, or values of this statement's rows, which live until the check ends.
        unsafe { pg_sys::index_rescan(self.scan, keys.as_mut_ptr(), 2, std::ptr::null_mut(), 0) };
    }

    /// The next guarded row that is not empty.
    fn next(&mut self, definition: &Definition) -> Result<Option<Found>, ExtensionError> {
        loop {
            // SAFETY: scan and slot are open, and the slot is one of the table's kind.
            if !unsafe { pg_sys::index_getnext_slot(self.scan, self.direction, self.slot.as_ptr()) } {
                return Ok(None);
            }
            if !self.condition.holds(self.slot) {
                continue;
            }
            let load = self.target.columns.load.and_then(|column| self.slot.value(column));
            let Some(range) = self.slot.value(self.target.columns.range) else { continue };
            // SAFETY: the column is of the definition's range type.
            let Some(extent) = (unsafe { definition.line.read(range) }) else { continue };
            // SAFETY: the column is of the definition's load type.
            let load = unsafe { definition.load_type.read(&definition.arguments.guard, load)? };
            return Ok(Some(Found { target: self.position, place: self.slot.place(), extent, load }));
        }
    }

    fn close(self) {
        // SAFETY: all of them were opened by `open`, and are closed once because this takes the value.
        unsafe {
            pg_sys::index_endscan(self.scan);
            pg_sys::ExecDropSingleTupleTableSlot(self.slot.as_ptr());
            pg_sys::index_close(self.index, pg_sys::NoLock.cast_signed());
            pg_sys::table_close(self.table, pg_sys::NoLock.cast_signed());
        }
    }
}

/// # Safety
/// Table and index are open, the snapshot is registered, and all stay so until the scan ends.
unsafe fn begin_scan(
    table: pg_sys::Relation,
    index: pg_sys::Relation,
    snapshot: &LatestSnapshot,
) -> pg_sys::IndexScanDesc {
    // SAFETY: the caller says so.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        return pg_sys::index_beginscan(table, index, snapshot.as_ptr(), 2, 0);
        #[cfg(feature = "pg18")]
        return pg_sys::index_beginscan(table, index, snapshot.as_ptr(), std::ptr::null_mut(), 2, 0);
    }
}

/// A comparison still without a value to compare with.
///
/// # Safety
/// The function is one that compares.
unsafe fn compare_with(comparison: &Comparison) -> pg_sys::ScanKeyData {
    let mut key = pg_sys::ScanKeyData::default();
    // SAFETY: the caller says so; the key is written to.
    unsafe {
        pg_sys::ScanKeyEntryInitialize(
            &raw mut key,
            0,
            comparison.column,
            comparison.strategy,
            pg_sys::InvalidOid,
            comparison.collation,
            comparison.function,
            pg_sys::Datum::null(),
        );
    }
    key
}

/// Whether the start is null, or is not.
fn null_test(which: u32) -> pg_sys::ScanKeyData {
    pg_sys::ScanKeyData {
        sk_flags: (pg_sys::SK_ISNULL | which).cast_signed(),
        sk_attno: 2,
        ..pg_sys::ScanKeyData::default()
    }
}
