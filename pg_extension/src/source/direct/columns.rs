//! What a scan reads of its rows.
//!
//! Most columns of a result are columns of the table as they are, or constants. Those are taken over without the
//! server's expressions, from where they lie.

use std::ffi::c_int;
use std::ptr::null_mut;

use pgrx::datum::FromDatum;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::{PgList, pg_sys};
use rota_engine::Span;

use super::stored_row::{Layout, Outcome};
use super::unguarded;

/// The columns of a scan's result.
pub(super) struct Columns {
    /// The slot of the result. What is constant stands in it from the beginning.
    result: *mut pg_sys::TupleTableSlot,
    count: i16,
    reading: Reading,
}

/// How a row becomes one of the result.
pub(super) enum Reading {
    /// By taking columns over.
    Taken(TakenColumns),
    /// By the server's expressions.
    Computed(*mut pg_sys::ProjectionInfo),
}

/// Columns of rows that are those of the result.
pub(super) struct TakenColumns {
    layout: Layout,
    /// By the place in the table: the place in the result, both counted from 0. As many as the layout has.
    targets: Vec<Option<usize>>,
}

impl Columns {
    /// Makes them ready, in the current memory context. `shape` is that of the table's rows, of which the column
    /// `compared`, a range, has to overlap a span.
    ///
    /// # Safety
    /// The columns, a plan's, live as long as the value, with the shape.
    pub(super) unsafe fn of(
        columns: *mut pg_sys::List,
        shape: pg_sys::TupleDesc,
        evaluation: *mut pg_sys::ExprContext,
        compared: Option<i16>,
    ) -> Option<Self> {
        // SAFETY: the caller says so.
        unsafe {
            let descriptor = pg_sys::ExecTypeFromTL(columns);
            let count = i16::try_from((*descriptor).natts).ok()?;
            let result = pg_sys::MakeSingleTupleTableSlot(descriptor, &raw const pg_sys::TTSOpsVirtual);
            let reading = match TakenColumns::of(columns, (shape, compared), result) {
                Some(taken) => Reading::Taken(taken),
                None => Reading::Computed(pg_sys::ExecBuildProjectionInfo(
                    columns,
                    evaluation,
                    result,
                    null_mut(),
                    shape,
                )),
            };
            Some(Self { result, count, reading })
        }
    }

    /// The first column, where it is a constant of type `integer`.
    ///
    /// # Safety
    /// As [`Columns::of`].
    pub(super) unsafe fn leading_constant(columns: *mut pg_sys::List) -> Option<i32> {
        // SAFETY: the caller says so. The node is asked for its tag; a value of this type is one by itself.
        unsafe {
            let first = PgList::<pg_sys::TargetEntry>::from_pg(columns).get_ptr(0)?;
            let node = (*first).expr;
            if (*node).type_ != pg_sys::NodeTag::T_Const {
                return None;
            }
            let constant = node.cast::<pg_sys::Const>();
            let is_one = (*constant).consttype == pg_sys::INT4OID && !(*constant).constisnull;
            is_one.then(|| i32::from_datum((*constant).constvalue, false))?
        }
    }

    /// How rows are read.
    pub(super) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Takes a row over from where it lies; null where it surely lies apart from the span. What needs the server to
    /// take it apart is put into the slot first.
    ///
    /// # Safety
    /// The row is one of the table, its page is in use, and the slot is one for such. The result's row is gone with the
    /// page, and with the next row.
    pub(super) unsafe fn taken(
        &mut self,
        taken: &TakenColumns,
        (row, slot): (&mut pg_sys::HeapTupleData, *mut pg_sys::TupleTableSlot),
        span: Option<Span>,
    ) -> *mut pg_sys::TupleTableSlot {
    }

    /// The result's row, whose columns were written.
    ///
    /// # Safety
    /// They were.
    pub(super) unsafe fn filled(&mut self) -> *mut pg_sys::TupleTableSlot {
        // SAFETY: the slot is ours; as the server's `ExecStoreVirtualTuple`.
        unsafe {
            (*self.result).tts_flags &= !EMPTY;
            (*self.result).tts_nvalid = self.count;
        }
        self.result
    }

    /// How many rows were taken over.
    pub(super) fn copied_rows(&self) -> usize {
        match &self.reading {
            Reading::Copied(copied) => copied.rows,
            Reading::Computed(_) => 0,
        }
    }

    /// One of the rows that were taken over, as one of the result.
    ///
    /// # Safety
    /// What was copied is still there.
    pub(super) unsafe fn copied_row(&mut self, number: usize) -> *mut pg_sys::TupleTableSlot {
        if let Reading::Copied(copied) = &self.reading {
            let width = copied.columns.len();
            let values = copied.values.get(number * width..).unwrap_or_default();
            for (column, (value, is_null)) in copied.columns.iter().zip(values) {
                // SAFETY: the result has a place for each of its columns.
                unsafe {
                    *(*self.result).tts_values.add(column.target) = *value;
                    *(*self.result).tts_isnull.add(column.target) = *is_null;
                }
            }
        }
        // SAFETY: the other columns are constant.
        unsafe { self.filled() }
    }
}

impl CopiedColumns {
    /// Those of a result that has none but such, and constants, which are written.
    ///
    /// # Safety
    /// As [`Columns::of`]; the slot is that of the result.
    unsafe fn of(
        columns: *mut pg_sys::List,
        shape: pg_sys::TupleDesc,
        result: *mut pg_sys::TupleTableSlot,
    ) -> Option<Self> {
        let mut copied = Vec::new();
        // SAFETY: the caller says so. Nodes are asked for their tags; the result has a place for each column.
        unsafe {
            for (target, entry) in PgList::<pg_sys::TargetEntry>::from_pg(columns).iter_ptr().enumerate() {
                let mut node = (*entry).expr;
                while (*node).type_ == pg_sys::NodeTag::T_RelabelType {
                    node = (*node.cast::<pg_sys::RelabelType>()).arg;
                }
                match (*node).type_ {
                    pg_sys::NodeTag::T_Const => {
                        let constant = node.cast::<pg_sys::Const>();
                        *(*result).tts_values.add(target) = (*constant).constvalue;
                        *(*result).tts_isnull.add(target) = (*constant).constisnull;
                    }
                    pg_sys::NodeTag::T_Var => {
                        let number @ 1.. = (*node.cast::<pg_sys::Var>()).varattno else { return None };
                        let column = attribute(shape, number);
                        let (by_value, length) = ((*column).attbyval, c_int::from((*column).attlen));
                        let source = usize::try_from(number - 1).ok()?;
                        copied.push(CopiedColumn { source, target, by_value, length });
                    }
                    _ => return None,
                }
            }
        }
        let last = copied.iter().map(|column| column.source + 1).max().unwrap_or_default();
        Some(Self { columns: copied, last: c_int::try_from(last).ok()?, values: Vec::new(), rows: 0 })
    }

    /// Forgets the rows that were taken over.
    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.rows = 0;
    }

    /// The number of the last one that it takes.
    pub(super) fn last(&self) -> c_int {
        self.last
    }

    /// Takes a row over.
    ///
    /// # Safety
    /// The slot has these columns of a row of the table. An error leaps over the caller, as in [`unguarded`].
    pub(super) unsafe fn copy(&mut self, row: *mut pg_sys::TupleTableSlot, memory: pg_sys::MemoryContext) {
        // SAFETY: the caller says so; both arrays hold them.
        unsafe {
            for column in &self.columns {
                let is_null = *(*row).tts_isnull.add(column.source);
                let mut value = *(*row).tts_values.add(column.source);
                if !is_null && !column.by_value {
                    let before = pg_sys::CurrentMemoryContext;
                    pg_sys::CurrentMemoryContext = memory;
                    value = unguarded::datumCopy(value, false, column.length);
                    pg_sys::CurrentMemoryContext = before;
                }
                self.values.push((value, is_null));
            }
        }
        self.rows += 1;
    }
}

/// Takes a row apart up to a column, counted from 1.
///
/// # Safety
/// The slot holds a row with that column. An error leaps over the caller, as in [`unguarded`].
pub(super) unsafe fn take_apart(row: *mut pg_sys::TupleTableSlot, last: c_int) {
    // SAFETY: the caller says so.
    unsafe {
        if c_int::from((*row).tts_nvalid) < last {
            unguarded::slot_getsomeattrs_int(row, last);
        }
    }
}

/// The flag of a slot without a row, as wide as a slot's flags.
#[expect(clippy::cast_possible_truncation, reason = "the flag is 2")]
const EMPTY: u16 = pg_sys::TTS_FLAG_EMPTY as u16;
