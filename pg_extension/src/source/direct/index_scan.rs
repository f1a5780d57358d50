//! A B-tree on its way to the rows of a heap.

use std::ffi::c_int;
use std::ptr::null_mut;

use pgrx::pg_sys;

use super::super::stream::Each;
use super::conditions::{Comparison, without_overlap};
use super::heap_rows::HeapRows;
use super::recent_pages::RecentPages;
use crate::error::ExtensionError;

/// Rows between two looks for an interrupt.
const ROWS_BETWEEN_INTERRUPTS: usize = 1_024;

/// One scan of a plan: everything that does not change from run to run.
pub(super) struct IndexScan {
    table: pg_sys::Oid,
    index: pg_sys::Oid,
    direction: pg_sys::ScanDirection::Type,
    comparisons: Vec<Comparison>,
    /// What rows have to fulfil besides; null for nothing.
    condition: *mut pg_sys::ExprState,
    /// The columns of the result.
    projection: *mut pg_sys::ProjectionInfo,
    /// How many they are.
    columns: i16,
    row: *mut pg_sys::TupleTableSlot,
    recent: RecentPages,
}

impl IndexScan {
    /// Makes a scan ready, in the current memory context; `None` where it is not one of a B-tree over a heap, or
    /// its conditions are more than comparisons.
    ///
    /// # Safety
    /// The plan lives, with the tables that it names, which are locked.
    pub(super) unsafe fn of(
        plan: *mut pg_sys::IndexScan,
        tables: *mut pg_sys::List,
        evaluation: *mut pg_sys::ExprContext,
        compared: Option<c_int>,
    ) -> Option<Self> {
        // SAFETY: the caller says so; a scan's number is that of an entry of the list. Expressions and slots are
        // made in the current context. Table and index are closed, their locks kept.
        unsafe {
            let place = c_int::try_from((*plan).scan.scanrelid).ok()? - 1;
            let entry: *mut pg_sys::RangeTblEntry = pg_sys::list_nth(tables, place).cast();
            if (*entry).rtekind != pg_sys::RTEKind::RTE_RELATION || !(*plan).indexorderby.is_null() {
                return None;
            }
            let table = pg_sys::table_open((*entry).relid, pg_sys::NoLock.cast_signed());
            let index = pg_sys::index_open((*plan).indexid, pg_sys::AccessShareLock.cast_signed());
            let is_known = (*(*table).rd_rel).relam == pg_sys::HEAP_TABLE_AM_OID
                && (*(*index).rd_rel).relam == pg_sys::BTREE_AM_OID;
            let comparisons = if is_known { Comparison::all((*plan).indexqual, index) } else { None };
            let shape = pg_sys::CreateTupleDescCopyConstr((*table).rd_att);
            pg_sys::index_close(index, pg_sys::NoLock.cast_signed());
            pg_sys::table_close(table, pg_sys::NoLock.cast_signed());
            let comparisons = comparisons?;
            let columns = (*plan).scan.plan.targetlist;
            let result = pg_sys::ExecTypeFromTL(columns);
            let count = i16::try_from((*result).natts).ok()?;
            let result = pg_sys::MakeSingleTupleTableSlot(result, &raw const pg_sys::TTSOpsVirtual);
            let condition = without_overlap((*plan).scan.plan.qual, compared);
            Some(Self {
                table: (*entry).relid,
                index: (*plan).indexid,
                direction: (*plan).indexorderdir,
                comparisons,
                condition: pg_sys::ExecInitQual(condition, null_mut()),
                projection: pg_sys::ExecBuildProjectionInfo(columns, evaluation, result, null_mut(), shape),
                columns: count,
                row: pg_sys::MakeSingleTupleTableSlot(shape, &raw const pg_sys::TTSOpsHeapTuple),
                recent: RecentPages::default(),
            })
        }
    }

    /// Hands over the rows, with the active snapshot.
    ///
    /// # Errors
    /// Those of `each`, which end it. What the server refuses is raised as its own error.
    ///
    /// # Safety
    /// The plan that it was made of still fits, and its table is locked; the values are in the evaluation's
    /// context.
    pub(super) unsafe fn run(
        &mut self,
        evaluation: *mut pg_sys::ExprContext,
        each: Each<'_>,
    ) -> Result<(), ExtensionError> {
        // SAFETY: the caller says so. After an error the server closes what is open.
        unsafe {
            let Some(mut keys) = self.keys(evaluation) else { return Ok(()) };
            let table = pg_sys::table_open(self.table, pg_sys::NoLock.cast_signed());
            let index = pg_sys::index_open(self.index, pg_sys::AccessShareLock.cast_signed());
            let scan = self.begin(table, index, &mut keys);
            let mut places = Vec::new();
            loop {
                let place = pg_sys::index_getnext_tid(scan, self.direction);
                if place.is_null() {
                    break;
                }
                places.push(*place);
            }
            let mut recent = std::mem::take(&mut self.recent);
            let mut rows = HeapRows::of(table, pg_sys::GetActiveSnapshot(), &mut recent, &places);
            let mut result = Ok(());
            for (number, place) in places.iter().enumerate() {
                if number % ROWS_BETWEEN_INTERRUPTS == ROWS_BETWEEN_INTERRUPTS - 1 {
                    pgrx::check_for_interrupts!();
                }
                // Nothing in it has to be dropped.
                let row = pg_sys::ffi::pg_guard_ffi_boundary(|| self.take(&mut rows, place, evaluation));
                if !row.is_null() {
                    result = each(row);
                }
                let memory = (*evaluation).ecxt_per_tuple_memory;
                if !(*memory).isReset {
                    pg_sys::MemoryContextReset(memory);
                }
                if result.is_err() {
                    break;
                }
            }
            pg_sys::ExecClearTuple(self.row);
            rows.close();
            self.recent = recent;
            pg_sys::index_endscan(scan);
            pg_sys::index_close(index, pg_sys::NoLock.cast_signed());
            pg_sys::table_close(table, pg_sys::NoLock.cast_signed());
            result
        }
    }

    /// The comparisons with their values; `None` where one is with null, which nothing fulfils.
    ///
    /// # Safety
    /// As [`IndexScan::run`].
    unsafe fn keys(&self, evaluation: *mut pg_sys::ExprContext) -> Option<Vec<pg_sys::ScanKeyData>> {
        let with_value = |comparison: &Comparison| {
            // SAFETY: the caller says so. The value lives until the next row.
            let argument =
                unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| value(comparison.value, evaluation))? };
            Some(pg_sys::ScanKeyData { sk_argument: argument, ..comparison.key })
        };
        self.comparisons.iter().map(with_value).collect()
    }

    /// # Safety
    /// Table and index are open, and stay so until the scan ends.
    unsafe fn begin(
        &self,
        table: pg_sys::Relation,
        index: pg_sys::Relation,
        keys: &mut [pg_sys::ScanKeyData],
    ) -> pg_sys::IndexScanDesc {
        let count = c_int::try_from(keys.len()).unwrap_or_default();
        // SAFETY: the caller says so; the scan copies the keys.
        unsafe {
            let snapshot = pg_sys::GetActiveSnapshot();
            #[cfg(not(feature = "pg18"))]
            let scan = pg_sys::index_beginscan(table, index, snapshot, count, 0);
            #[cfg(feature = "pg18")]
            let scan = pg_sys::index_beginscan(table, index, snapshot, null_mut(), count, 0);
            pg_sys::index_rescan(scan, keys.as_mut_ptr(), count, null_mut(), 0);
            scan
        }
    }

    /// The result's row for a place; null where no row is to be seen there that fulfils the condition.
    ///
    /// # Safety
    /// As [`IndexScan::run`]; the table is open. An error leaps over the caller, as in [`HeapRows::find`].
    unsafe fn take(
        &self,
        rows: &mut HeapRows<'_>,
        place: &pg_sys::ItemPointerData,
        evaluation: *mut pg_sys::ExprContext,
    ) -> *mut pg_sys::TupleTableSlot {
        // SAFETY: the caller says so. The row stays where it is until the next one is asked for.
        unsafe {
            if !rows.find(place, self.row) {
                return null_mut();
            }
            (*evaluation).ecxt_scantuple = self.row;
            if !self.condition.is_null() {
                let holds = value(self.condition, evaluation).is_some_and(|holds| holds.value() != 0);
                if !holds {
                    return null_mut();
                }
            }
            // As the server's `ExecProject`: the columns are written into the slot.
            let columns = &raw mut (*self.projection).pi_state;
            value(columns, evaluation);
            let result = (*columns).resultslot;
            (*result).tts_flags &= !EMPTY;
            (*result).tts_nvalid = self.columns;
            result
        }
    }
}

/// The flag of a slot without a row, as wide as a slot's flags.
#[expect(clippy::cast_possible_truncation, reason = "the flag is 2")]
const EMPTY: u16 = pg_sys::TTS_FLAG_EMPTY as u16;

/// The value of an expression; `None` for null.
///
/// # Safety
/// The expression was made ready for this context, whose row and values are there. An error leaps over the caller,
/// as in [`HeapRows::find`].
unsafe fn value(
    expression: *mut pg_sys::ExprState,
    evaluation: *mut pg_sys::ExprContext,
) -> Option<pg_sys::Datum> {
    // SAFETY: the caller says so. The server sets the context back after an error.
    unsafe {
        let function = (*expression).evalfunc?;
        let before = pg_sys::CurrentMemoryContext;
        pg_sys::CurrentMemoryContext = (*evaluation).ecxt_per_tuple_memory;
        let mut is_null = false;
        let value = function(expression, evaluation, &raw mut is_null);
        pg_sys::CurrentMemoryContext = before;
        (!is_null).then_some(value)
    }
}
