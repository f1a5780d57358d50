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
use crate::convert::surely_lies_apart;
use crate::unguarded;

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
    /// The column, counted from 1, that has to overlap a span.
    compared: Option<i16>,
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

    /// Takes a row over from where it lies; `None` where it surely lies apart from the span. The slot is for what the
    /// server has to take apart.
    ///
    /// # Safety
    /// The reading is [`Reading::Taken`]. The row is one of the table, its page is in use, and the slot is one for
    /// such. The result is gone with the page, and with the next row.
    pub(super) unsafe fn take(
        &mut self,
        row: &mut pg_sys::HeapTupleData,
        slot: *mut pg_sys::TupleTableSlot,
        span: Option<Span>,
    ) -> Option<*mut pg_sys::TupleTableSlot> {
        let Reading::Taken(taken) = &self.reading else { return None };
        // SAFETY: the caller says so; the result has a place for each of its columns.
        unsafe {
            let places = ((*self.result).tts_values, (*self.result).tts_isnull);
            let is_there = match taken.layout.read(row, span, places) {
                Outcome::Read => true,
                Outcome::Apart => false,
                Outcome::Unread => taken.by_server((row, slot), span, places),
            };
            is_there.then(|| self.filled())
        }
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
}

impl TakenColumns {
    /// Those of a result that has none but such, each once, and constants, which are written.
    ///
    /// # Safety
    /// As [`Columns::of`]; the slot is that of the result.
    unsafe fn of(
        columns: *mut pg_sys::List,
        (shape, compared): (pg_sys::TupleDesc, Option<i16>),
        result: *mut pg_sys::TupleTableSlot,
    ) -> Option<Self> {
        let last = usize::try_from(compared.unwrap_or_default()).ok()?;
        let mut targets = vec![None; last];
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
                        let source =
                            usize::try_from((*node.cast::<pg_sys::Var>()).varattno).ok()?.checked_sub(1)?;
                        targets.resize(targets.len().max(source + 1), None);
                        if targets.get_mut(source)?.replace(target).is_some() {
                            return None;
                        }
                    }
                    _ => return None,
                }
            }
            Some(Self { layout: Layout::of(shape, &targets, compared)?, compared, targets })
        }
    }

    /// Has the server take a row apart; tells whether it may overlap the span.
    ///
    /// # Safety
    /// As [`Columns::take`]; the places are those of the result.
    unsafe fn by_server(
        &self,
        (row, slot): (&mut pg_sys::HeapTupleData, *mut pg_sys::TupleTableSlot),
        span: Option<Span>,
        (values, nulls): (*mut pg_sys::Datum, *mut bool),
    ) -> bool {
        let last = c_int::try_from(self.targets.len()).unwrap_or_default();
        // SAFETY: the caller says so. What the server takes apart lies in the row, or is as old as the table's shape.
        unsafe {
            pg_guard_ffi_boundary(|| {
                unguarded::ExecStoreHeapTuple(&raw mut *row, slot, false);
                take_apart(slot, last);
            });
            for (source, target) in self.targets.iter().enumerate() {
                if let Some(target) = *target {
                    *values.add(target) = *(*slot).tts_values.add(source);
                    *nulls.add(target) = *(*slot).tts_isnull.add(source);
                }
            }
            may_overlap(slot, self.compared, span)
        }
    }
}

/// Whether a column, counted from 1, may overlap a span, where both are given.
///
/// # Safety
/// The slot was taken apart up to the column, a `tstzrange`.
pub(super) unsafe fn may_overlap(
    slot: *mut pg_sys::TupleTableSlot,
    compared: Option<i16>,
    span: Option<Span>,
) -> bool {
    let (Some(column), Some(span)) = (compared, span) else { return true };
    let place = usize::try_from(column - 1).unwrap_or_default();
    // SAFETY: the caller says so.
    unsafe { !*(*slot).tts_isnull.add(place) && !surely_lies_apart(*(*slot).tts_values.add(place), span) }
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
