//! A row of a heap, taken apart where it lies.
//!
//! As the server's `slot_deform_heap_tuple` does it, for the columns that are wanted.

use pgrx::pg_sys;
use pgrx::varlena::{varatt_is_1b, varatt_is_1b_e, varsize_1b, varsize_4b};
use rota_engine::Span;

use crate::convert::surely_lies_apart;
use crate::guard::attribute;

/// How the first columns of a table lie in its rows, and which of them are wanted.
pub(super) struct Layout {
    columns: Vec<StoredColumn>,
}

/// How one column does.
#[derive(Clone, Copy)]
struct StoredColumn {
    /// In bytes; -1 for a column that tells its own.
    length: i16,
    /// In bytes, a power of two.
    alignment: usize,
    by_value: bool,
    /// Its place in the result, counted from 0; `None` for one that is passed over.
    target: Option<usize>,
    /// Whether it is a range that has to overlap a span.
    is_compared: bool,
}

/// What came of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// What is wanted of it stands in the result.
    Read,
    /// It lies apart from the span. The result holds anything.
    Apart,
    /// The server has to take it apart. The result holds anything.
    Unread,
}

impl Layout {
    /// Of so many columns of a table, each with its place in the result, if it is wanted, and of that which is compared
    /// with a span; `None` where one is stored as nothing that rows are read for here.
    ///
    /// # Safety
    /// The shape is a live one, and has the columns.
    pub(super) unsafe fn of(
        shape: pg_sys::TupleDesc,
        targets: &[Option<usize>],
        compared: Option<i16>,
    ) -> Option<Self> {
        let column = |(number, target): (i16, &Option<usize>)| {
            // SAFETY: the caller says so.
            let (length, alignment, by_value) = unsafe {
                let attribute = attribute(shape, number);
                ((*attribute).attlen, (*attribute).attalign.cast_unsigned(), (*attribute).attbyval)
            };
            let alignment = match alignment {
                b'c' => 1,
                b's' => 2,
                b'i' => 4,
                b'd' => 8,
                _ => return None,
            };
            let is_compared = compared == Some(number);
            let column = StoredColumn { length, alignment, by_value, target: *target, is_compared };
            (length >= -1).then_some(column)
        };
        Some(Self { columns: (1..).zip(targets).map(column).collect::<Option<_>>()? })
    }

    /// Takes a row apart, into arrays with a place for each column of the result. What is no value by itself lies in
    /// the row. A row whose compared column is null lies apart.
    ///
    /// # Safety
    /// The row is one of the table, the arrays are as long, and the row's page is in use.
    pub(super) unsafe fn read(
        &self,
        row: &pg_sys::HeapTupleData,
        span: Option<Span>,
        (values, nulls): (*mut pg_sys::Datum, *mut bool),
    ) -> Outcome {
        // SAFETY: the caller says so. A row holds as many columns as its head says, each where the ones before it
        // end, at its alignment; a bit of the head says of each whether it is there.
        unsafe {
            let head = row.t_data;
            let count = usize::from((*head).t_infomask2) & pg_sys::HEAP_NATTS_MASK as usize;
            if count < self.columns.len() {
                return Outcome::Unread;
            }
            let has_nulls = u32::from((*head).t_infomask) & pg_sys::HEAP_HASNULL != 0;
            let (bits, data) = ((*head).t_bits.as_ptr(), head.cast::<u8>().add(usize::from((*head).t_hoff)));
            let mut offset = 0_usize;
            for (place, column) in self.columns.iter().enumerate() {
                if has_nulls && *bits.add(place / 8) & (1 << (place % 8)) == 0 {
                    if column.is_compared && span.is_some() {
                        return Outcome::Apart;
                    }
                    if let Some(target) = column.target {
                        *nulls.add(target) = true;
                    }
                    continue;
                }
                let start = if let Ok(length) = usize::try_from(column.length) {
                    offset = (offset + column.alignment - 1) & !(column.alignment - 1);
                    let start = data.add(offset);
                    offset += length;
                    start
                } else {
                    // A short value follows at once: where there is a gap before a long one, it is of zeros.
                    if *data.add(offset) == 0 {
                        offset = (offset + column.alignment - 1) & !(column.alignment - 1);
                    }
                    let start = data.add(offset);
                    let Some(length) = length_of(start.cast()) else { return Outcome::Unread };
                    offset += length;
                    start
                };
                if column.is_compared
                    && let Some(span) = span
                    && surely_lies_apart(pg_sys::Datum::from(start.cast::<std::ffi::c_void>()), span)
                {
                    return Outcome::Apart;
                }
                let Some(target) = column.target else { continue };
                *nulls.add(target) = false;
                *values.add(target) = match (column.by_value, column.length) {
                    (false, _) => pg_sys::Datum::from(start.cast::<std::ffi::c_void>()),
                    (true, 8) => pg_sys::Datum::from(start.cast::<i64>().read()),
                    (true, 4) => pg_sys::Datum::from(start.cast::<i32>().read()),
                    (true, 2) => pg_sys::Datum::from(start.cast::<i16>().read()),
                    (true, 1) => pg_sys::Datum::from(start.cast::<i8>().read()),
                    _ => return Outcome::Unread,
                };
            }
            Outcome::Read
        }
    }
}

/// How long a value is that tells it; `None` for one that is stored elsewhere.
///
/// # Safety
/// It is such a value.
#[inline]
unsafe fn length_of(value: *const pg_sys::varlena) -> Option<usize> {
    // SAFETY: the caller says so.
    unsafe {
        if varatt_is_1b_e(value) {
            return None;
        }
        Some(if varatt_is_1b(value) { varsize_1b(value) } else { varsize_4b(value) })
    }
}
