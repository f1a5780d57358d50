//! A row as the executor hands it over.

use pgrx::datum::FromDatum;
use pgrx::pg_sys;
use rota_engine::{LocalDate, Span};

use super::names::Name;
use crate::convert::{DateRange, InstantRange, local_date_bound};
use crate::guard::Slot;

/// The integer types of SQL. A column is cheaper to read as what it is than to cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IntegerType {
    /// `smallint`.
    Small,
    /// `integer`.
    Plain,
    /// `bigint`.
    Big,
}

impl IntegerType {
    /// Its name in SQL.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Small => "smallint",
            Self::Plain => "integer",
            Self::Big => "bigint",
        }
    }
}

/// A row of a query whose columns are of known types. What is read lies in the row and is gone with it.
#[derive(Clone, Copy)]
pub(super) struct StreamedRow<'row> {
    slot: Slot,
    /// How many columns come before the first one.
    skipped: i16,
    _row: std::marker::PhantomData<&'row ()>,
}

impl<'row> StreamedRow<'row> {
    /// # Safety
    /// The slot holds a row, and lives as long as `'row`.
    pub(super) unsafe fn new(slot: *mut pg_sys::TupleTableSlot) -> Self {
        // SAFETY: the caller says so.
        Self { slot: unsafe { Slot::new(slot) }, skipped: 0, _row: std::marker::PhantomData }
    }

    /// The same row without its first columns: column 1 is the one after them.
    #[inline]
    pub(super) fn after(self, columns: i16) -> Self {
        Self { skipped: self.skipped + columns, ..self }
    }

    /// A column of type `text`, counted from 1.
    #[inline]
    pub(super) fn text(self, column: i16) -> Option<&'row str> {
        // SAFETY: the queries of this room cast what they read as text to text.
        unsafe { self.value(column) }
    }

    /// A column of type `bigint`, counted from 1.
    #[inline]
    pub(super) fn integer(self, column: i16) -> Option<i64> {
        // SAFETY: the queries of this room cast what they read as an integer to bigint.
        unsafe { self.value(column) }
    }

    /// A column of an integer type, counted from 1.
    #[inline(always)]
    pub(super) fn whole_number(self, column: i16, integer: IntegerType) -> Option<i64> {
        // SAFETY: the queries of this room name the type that the view's column is of.
        unsafe {
            match integer {
                IntegerType::Small => self.value::<i16>(column).map(i64::from),
                IntegerType::Plain => self.value::<i32>(column).map(i64::from),
                IntegerType::Big => self.value(column),
            }
        }
    }

    /// A column of type `boolean`, counted from 1.
    #[inline]
    pub(super) fn boolean(self, column: i16) -> Option<bool> {
        // SAFETY: the queries of this room cast what they read as a truth value to boolean.
        unsafe { self.value(column) }
    }

    /// A column that names something, counted from 1: a `bigint` or a `text`, as the flag says.
    pub(super) fn name(self, column: i16, is_integer: bool) -> Option<Name<&'row str>> {
        if is_integer { self.integer(column).map(Name::Integer) } else { self.text(column).map(Name::from) }
    }

    /// A column of type `tstzrange`, counted from 1; `None` for null and for a range that holds nothing.
    #[inline]
    pub(super) fn span(self, column: i16) -> Option<Span> {
        // SAFETY: views whose column is no tstzrange are refused before they are read.
        let range: Option<InstantRange> = unsafe { self.value(column) };
        range.and_then(|range| range.0)
    }

    /// A column of type `daterange`, counted from 1, as `[first, end)`; `None` for null and where it is empty.
    pub(super) fn days(self, column: i16) -> Option<(Option<LocalDate>, Option<LocalDate>)> {
        // SAFETY: the queries of this room cast what they read as days to daterange.
        let range: Option<DateRange> = unsafe { self.value(column) };
        range.and_then(|range| range.0)
    }

    /// A column of type `date`, counted from 1; `None` for null and for an infinite one.
    pub(super) fn date(self, column: i16) -> Option<LocalDate> {
        // SAFETY: the queries of this room cast what they read as a day to date, which the server passes as
        // an integer of 4 bytes.
        let days: Option<i32> = unsafe { self.value(column) };
        days.and_then(local_date_bound)
    }

    /// # Safety
    /// The column is of the SQL type that `T` reads.
    #[inline(always)]
    unsafe fn value<T: FromDatum>(self, column: i16) -> Option<T> {
        let datum = self.slot.value(self.skipped + column)?;
        // SAFETY: the caller says so.
        unsafe { T::from_datum(datum, false) }
    }
}
