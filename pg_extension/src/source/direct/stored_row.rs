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
    /// How many of the first ones begin at the same place in every row that has a value for each of them.
    leading: usize,
    /// Their bits in the head of a row that has nulls.
    leading_bits: u8,
    /// Where the first one after them may begin.
    leading_bytes: usize,
    /// Those of them that are wanted.
    wanted: Vec<WantedColumn>,
}

/// How one column does.
#[derive(Clone, Copy)]
struct StoredColumn {
    form: Form,
    /// In bytes; `None` for a column that tells its own.
    length: Option<usize>,
    /// In bytes, a power of two.
    alignment: usize,
    /// Which byte of the head's bits says whether it is there, and which bit of that.
    byte: usize,
    bit: u8,
    /// Its place in the result, counted from 0; `None` for one that is passed over.
    target: Option<usize>,
    /// Whether it is a range that has to overlap a span.
    is_compared: bool,
}

/// A column that always begins at the same place.
#[derive(Clone, Copy)]
struct WantedColumn {
    /// In bytes from the first column.
    offset: usize,
    form: Form,
    /// Its place in the result, counted from 0.
    target: usize,
}

/// What a column's values are to the server.
#[derive(Clone, Copy)]
enum Form {
    /// No values by themselves.
    Referred,
    /// Of so many bytes.
    One,
    Two,
    Four,
    Eight,
}

/// Columns whose bits lie in the first byte of the head's.
const MOST_LEADING: usize = 8;

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
            let form = match (by_value, length) {
                (false, -1..) => Form::Referred,
                (true, 1) => Form::One,
                (true, 2) => Form::Two,
                (true, 4) => Form::Four,
                (true, 8) => Form::Eight,
                _ => return None,
            };
            let alignment = match alignment {
                b'c' => 1,
                b's' => 2,
                b'i' => 4,
                b'd' => 8,
                _ => return None,
            };
            let (length, is_compared) = (usize::try_from(length).ok(), compared == Some(number));
            let place = usize::try_from(number).ok()?.checked_sub(1)?;
            let (byte, bit) = (place / 8, 1 << (place % 8));
            Some(StoredColumn { form, length, alignment, byte, bit, target: *target, is_compared })
        };
        let columns: Vec<StoredColumn> = (1..).zip(targets).map(column).collect::<Option<_>>()?;
        let (mut leading, mut leading_bits, mut leading_bytes, mut wanted) = (0, 0, 0, Vec::new());
        for StoredColumn { form, length, alignment, target, .. } in columns.iter().take(MOST_LEADING) {
            let Some(length) = length else { break };
            let offset = aligned(leading_bytes, *alignment);
            wanted.extend(target.map(|target| WantedColumn { offset, form: *form, target }));
            leading_bytes = offset + length;
            leading_bits |= 1 << leading;
            leading += 1;
        }
        Some(Self { columns, leading, leading_bits, leading_bytes, wanted })
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
            let (mut offset, mut first) = (0, 0);
            if !has_nulls || *bits & self.leading_bits == self.leading_bits {
                for WantedColumn { offset, form, target } in &self.wanted {
                    *nulls.add(*target) = false;
                    *values.add(*target) = form.read(data.add(*offset));
                }
                (offset, first) = (self.leading_bytes, self.leading);
            }
            for column in self.columns.get(first..).unwrap_or_default() {
                if has_nulls && *bits.add(column.byte) & column.bit == 0 {
                    if column.is_compared && span.is_some() {
                        return Outcome::Apart;
                    }
                    if let Some(target) = column.target {
                        *nulls.add(target) = true;
                    }
                    continue;
                }
                // A value that tells its length follows at once if it is short: where there is a gap before a long
                // one, it is of zeros.
                if column.length.is_some() || *data.add(offset) == 0 {
                    offset = aligned(offset, column.alignment);
                }
                let start = data.add(offset);
                let Some(length) = column.length.or_else(|| length_of(start.cast())) else {
                    return Outcome::Unread;
                };
                offset += length;
                if column.is_compared
                    && let Some(span) = span
                    && surely_lies_apart(Form::Referred.read(start), span)
                {
                    return Outcome::Apart;
                }
                if let Some(target) = column.target {
                    *nulls.add(target) = false;
                    *values.add(target) = column.form.read(start);
                }
            }
            Outcome::Read
        }
    }
}

impl Form {
    /// Reads a value from where it begins.
    ///
    /// # Safety
    /// A value of this form begins there, as aligned as its type wants it.
    #[inline]
    unsafe fn read(self, start: *const u8) -> pg_sys::Datum {
        // SAFETY: the caller says so.
        unsafe {
            match self {
                Self::Referred => pg_sys::Datum::from(start.cast::<std::ffi::c_void>()),
                Self::Eight => pg_sys::Datum::from(start.cast::<i64>().read()),
                Self::Four => pg_sys::Datum::from(start.cast::<i32>().read()),
                Self::Two => pg_sys::Datum::from(start.cast::<i16>().read()),
                Self::One => pg_sys::Datum::from(start.cast::<i8>().read()),
            }
        }
    }
}

/// The next place for what has to be aligned so. The alignment is a power of two.
#[inline]
const fn aligned(offset: usize, alignment: usize) -> usize {
    (offset + alignment - 1) & !(alignment - 1)
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
