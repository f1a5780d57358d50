//! A B-tree on its way to the rows of a heap.

use std::ffi::c_int;
use std::ptr::null_mut;

use pgrx::pg_sys;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use rota_engine::Span;

use super::super::stream::Each;
use super::columns::{Columns, Reading, may_overlap, take_apart};
use super::conditions::{Comparison, without_overlap};
use super::heap_rows::HeapRows;
use super::recent_pages::{MOST_ROWS_AHEAD, RecentPages};
use crate::error::ExtensionError;
use crate::unguarded;

/// One scan of a plan: everything that does not change from run to run.
pub(super) struct IndexScan {
    table: pg_sys::Oid,
    index: pg_sys::Oid,
    direction: pg_sys::ScanDirection::Type,
    /// What the index is searched by, and the values of that.
    keys: Vec<pg_sys::ScanKeyData>,
    values: Vec<*mut pg_sys::ExprState>,
    filter: Filter,
    columns: Columns,
    /// Of which part of the query its rows say that they are.
    part: Option<i32>,
    row: *mut pg_sys::TupleTableSlot,
    memory: Memory,
}

/// What is used again from run to run.
#[derive(Default)]
struct Memory {
    recent: RecentPages,
    /// Where the rows lie that the index leads to.
    places: Vec<pg_sys::ItemPointerData>,
    /// Rows of pages that are in use.
    rows: Vec<pg_sys::HeapTupleData>,
}

/// What rows have to fulfil besides what the index is searched by.
#[derive(Clone, Copy)]
struct Filter {
    /// Null for nothing.
    condition: *mut pg_sys::ExprState,
    /// The column, a range, that whoever receives the rows compares with a parameter.
    compared: Option<i16>,
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
            let comparisons = comparisons?.into_iter().map(|Comparison { key, value }| (key, value));
            let (keys, values) = comparisons.unzip();
            let (condition, compared) = without_overlap((*plan).scan.plan.qual, compared);
            let columns = Columns::of((*plan).scan.plan.targetlist, shape, evaluation, compared)?;
            Some(Self {
                table: (*entry).relid,
                index: (*plan).indexid,
                direction: (*plan).indexorderdir,
                keys,
                values,
                filter: Filter { condition: pg_sys::ExecInitQual(condition, null_mut()), compared },
                columns,
                part: Columns::leading_constant((*plan).scan.plan.targetlist),
                row: pg_sys::MakeSingleTupleTableSlot(shape, &raw const pg_sys::TTSOpsHeapTuple),
                memory: Memory::default(),
            })
        }
    }

    /// Of which part of a query of several its rows are.
    pub(super) fn part(&self) -> Option<i32> {
        self.part
    }

    /// Hands over the rows, with the active snapshot. Of those that surely lie apart from a span, where it is
    /// given, some are left out.
    ///
    /// # Errors
    /// Those of `each`, which end it. What the server refuses is raised as its own error.
    ///
    /// # Safety
    /// The plan that it was made of still fits, and its table is locked; the values are in the evaluation's
    /// context, and the span is that of the parameter that rows are compared with.
    pub(super) unsafe fn run(
        &mut self,
        evaluation: *mut pg_sys::ExprContext,
        span: Option<Span>,
        each: Each<'_>,
    ) -> Result<(), ExtensionError> {
        // What is kept from run to run is away meanwhile: after an error it is made anew.
        let Memory { mut recent, mut places, rows: mut found } = std::mem::take(&mut self.memory);
        places.clear();
        // SAFETY: the caller says so. What has to be dropped lies outside of the frames for errors. After an error
        // the server closes what is open.
        let result = unsafe {
            let snapshot = unguarded::GetActiveSnapshot();
            let table = pg_guard_ffi_boundary(|| {
                // What the run before left there.
                unguarded::MemoryContextReset((*evaluation).ecxt_per_tuple_memory);
                self.find(evaluation, snapshot, &mut places)
            });
            let mut rows = HeapRows::of(table, snapshot, &mut recent);
            let mut chunks = places.chunks(MOST_ROWS_AHEAD);
            let result = chunks.try_for_each(|places| {
                pgrx::check_for_interrupts!();
                rows.make_ready(places);
                self.read((&mut rows, &mut found), places, (evaluation, span), each)
            });
            pg_guard_ffi_boundary(|| {
                clear(self.row);
                rows.close();
                unguarded::table_close(table, pg_sys::NoLock.cast_signed());
            });
            result
        };
        self.memory = Memory { recent, places, rows: found };
        result
    }

    /// Opens the table, and notes where the rows lie that the index leads to.
    ///
    /// # Safety
    /// As [`IndexScan::run`]. An error leaps over the caller, as in [`unguarded`].
    unsafe fn find(
        &mut self,
        evaluation: *mut pg_sys::ExprContext,
        snapshot: pg_sys::Snapshot,
        places: &mut Vec<pg_sys::ItemPointerData>,
    ) -> pg_sys::Relation {
        // SAFETY: the caller says so. The values live until the next row is read, and the scan copies the keys.
        unsafe {
            let table = unguarded::table_open(self.table, pg_sys::NoLock.cast_signed());
            for (key, expression) in self.keys.iter_mut().zip(&self.values) {
                match value(*expression, evaluation) {
                    Some(value) => key.sk_argument = value,
                    // Nothing fulfils a comparison with null.
                    None => return table,
                }
            }
            let index = unguarded::index_open(self.index, pg_sys::AccessShareLock.cast_signed());
            let count = c_int::try_from(self.keys.len()).unwrap_or_default();
            #[cfg(not(feature = "pg18"))]
            let scan = unguarded::index_beginscan(table, index, snapshot, count, 0);
            #[cfg(feature = "pg18")]
            let scan = unguarded::index_beginscan(table, index, snapshot, null_mut(), count, 0);
            unguarded::index_rescan(scan, self.keys.as_mut_ptr(), count, null_mut(), 0);
            loop {
                let place = unguarded::index_getnext_tid(scan, self.direction);
                if place.is_null() {
                    break;
                }
                places.push(*place);
            }
            unguarded::index_endscan(scan);
            unguarded::index_close(index, pg_sys::NoLock.cast_signed());
            table
        }
    }

    /// Hands over the rows of some places, those of a few pages at a time.
    ///
    /// # Errors
    /// Those of `each`, which end it.
    ///
    /// # Safety
    /// As [`IndexScan::run`]; the table is open.
    unsafe fn read(
        &mut self,
        (rows, found): (&mut HeapRows<'_>, &mut Vec<pg_sys::HeapTupleData>),
        places: &[pg_sys::ItemPointerData],
        (evaluation, span): (*mut pg_sys::ExprContext, Option<Span>),
        each: Each<'_>,
    ) -> Result<(), ExtensionError> {
        let (slot, filter) = (self.row, self.filter);
        let projection = match self.columns.reading() {
            Reading::Taken(_) => None,
            Reading::Computed(projection) => Some(*projection),
        };
        let is_evaluated = projection.is_some() || !filter.condition.is_null();
        let mut rest = places;
        while !rest.is_empty() {
            // SAFETY: the caller says so. Nothing has to be dropped inside of the frame. Rows stay where they are
            // until the next ones are looked for.
            unsafe {
                let count = pg_guard_ffi_boundary(|| {
                    let count = rows.find(rest, found);
                    if is_evaluated {
                        filter.keep(found, slot, (evaluation, span));
                    }
                    count
                });
                rest = rest.get(count..).unwrap_or_default();
                for row in found.iter_mut() {
                    let row = match projection {
                        None => self.columns.take(row, slot, span),
                        Some(projection) => {
                            pg_guard_ffi_boundary(|| compute(row, slot, (projection, evaluation)));
                            Some(self.columns.filled())
                        }
                    };
                    if let Some(row) = row {
                        each(row)?;
                    }
                }
                if is_evaluated {
                    pg_sys::MemoryContextReset((*evaluation).ecxt_per_tuple_memory);
                }
            }
        }
        Ok(())
    }
}

impl Filter {
    /// Forgets the rows that are not taken.
    ///
    /// # Safety
    /// As [`Filter::takes`], for each row.
    unsafe fn keep(
        self,
        rows: &mut Vec<pg_sys::HeapTupleData>,
        slot: *mut pg_sys::TupleTableSlot,
        (evaluation, span): (*mut pg_sys::ExprContext, Option<Span>),
    ) {
        let mut kept = 0;
        for place in 0..rows.len() {
            let Some(row) = rows.get_mut(place) else { break };
            // SAFETY: the caller says so.
            if unsafe { self.takes(row, slot, evaluation, span) } {
                rows.swap(kept, place);
                kept += 1;
            }
        }
        rows.truncate(kept);
    }

    /// Puts a row into a slot, where the evaluation finds it, and tells whether it is taken.
    ///
    /// # Safety
    /// The row is one of the table, and the slot one for such. An error leaps over the caller, as in [`unguarded`].
    unsafe fn takes(
        self,
        row: pg_sys::HeapTuple,
        slot: *mut pg_sys::TupleTableSlot,
        evaluation: *mut pg_sys::ExprContext,
        span: Option<Span>,
    ) -> bool {
        // SAFETY: the caller says so; the compared column is a range of the parameter's type.
        unsafe {
            unguarded::ExecStoreHeapTuple(row, slot, false);
            if let Some(column) = self.compared {
                take_apart(slot, c_int::from(column));
            }
            if !may_overlap(slot, self.compared, span) {
                return false;
            }
            (*evaluation).ecxt_scantuple = slot;
            self.condition.is_null()
                || value(self.condition, evaluation).is_some_and(|holds| holds.value() != 0)
        }
    }
}

/// Writes the columns of a row into the result's slot, as the server's `ExecProject` does.
///
/// # Safety
/// The row is one of the table, and the slot one for such; the projection is of this context. An error leaps over the
/// caller, as in [`unguarded`].
unsafe fn compute(
    row: pg_sys::HeapTuple,
    slot: *mut pg_sys::TupleTableSlot,
    (projection, evaluation): (*mut pg_sys::ProjectionInfo, *mut pg_sys::ExprContext),
) {
    // SAFETY: the caller says so.
    unsafe {
        unguarded::ExecStoreHeapTuple(row, slot, false);
        (*evaluation).ecxt_scantuple = slot;
        value(&raw mut (*projection).pi_state, evaluation);
    }
}

/// Empties a slot, whose row is about to go.
///
/// # Safety
/// The slot lives. An error leaps over the caller, as in [`unguarded`].
unsafe fn clear(slot: *mut pg_sys::TupleTableSlot) {
    // SAFETY: the caller says so; every kind of slot has this function.
    unsafe {
        if let Some(clear) = (*(*slot).tts_ops).clear {
            clear(slot);
        }
    }
}

/// The value of an expression; `None` for null.
///
/// # Safety
/// The expression was made ready for this context, whose row and values are there. An error leaps over the caller,
/// as in [`unguarded`].
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
