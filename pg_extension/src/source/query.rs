//! One query, row by row, through the server programming interface.

use std::ffi::{CString, c_int, c_long};
use std::fmt;
use std::panic::AssertUnwindSafe;

use pgrx::datum::{FromDatum, IntoDatum};
use pgrx::pg_sys::errcodes::PgSqlErrorCode;
use pgrx::pg_sys::panic::CaughtError;
use pgrx::{PgTryBuilder, pg_sys, spi::Spi};
use rota_engine::Span;

use super::names::Name;
use crate::convert::InstantRange;
use crate::error::ExtensionError;

/// Rows fetched at a time: enough to make a fetch cheap, few enough to keep its copies in some megabytes.
const BATCH_ROWS: c_long = 4_096;

/// The flag as a parameter's field holds it.
#[expect(clippy::cast_possible_truncation, reason = "the flag is 1, the field two bytes")]
const PARAMETER_IS_CONSTANT: u16 = pg_sys::PARAM_FLAG_CONST as u16;

/// The server's query interface, open. Whatever it allocates is freed when it closes.
pub(crate) struct Connection {
    _opened_by_run: (),
}

/// Values for `$1`, `$2` and so on of a query.
#[derive(Default)]
pub(super) struct Parameters {
    types: Vec<pg_sys::Oid>,
    values: Vec<pg_sys::Datum>,
}

/// A row of a result, until the next one is asked for.
pub(super) struct Row<'row> {
    tuple: pg_sys::HeapTuple,
    shape: pg_sys::TupleDesc,
    /// The type of each column.
    types: &'row [pg_sys::Oid],
}

impl Connection {
    /// Opens the interface for the time of `work`.
    ///
    /// # Errors
    /// Those of `work`.
    pub(crate) fn run<T>(work: impl FnOnce(&Self) -> Result<T, ExtensionError>) -> Result<T, ExtensionError> {
        Spi::connect(|_| work(&Self { _opened_by_run: () }))
    }

    /// Runs a read-only query and hands over its rows one by one.
    ///
    /// # Errors
    /// Those of `each`, which end the query. What the server refuses is raised as its own error.
    pub(super) fn for_each(
        &self,
        query: &str,
        mut parameters: Parameters,
        mut each: impl FnMut(&Row<'_>) -> Result<(), ExtensionError>,
    ) -> Result<(), ExtensionError> {
        let text = CString::new(query).map_err(|_| ExtensionError::UnsendableQuery)?;
        let count = c_int::try_from(parameters.types.len()).map_err(|_| ExtensionError::UnsendableQuery)?;
        // SAFETY: the interface is open, or there were no `self`. Text, types and values outlive the call,
        // are `count` many, and agree by `Parameters::push`; a null pointer for nulls says that there are
        // none.
        let portal = unsafe {
            pg_sys::SPI_cursor_open_with_args(
                std::ptr::null(),
                text.as_ptr(),
                count,
                parameters.types.as_mut_ptr(),
                parameters.values.as_mut_ptr(),
                std::ptr::null(),
                true,
                pg_sys::CURSOR_OPT_NO_SCROLL.cast_signed(),
            )
        };
        // SAFETY: the portal was opened above, and knows the shape of its rows from then on.
        let types = unsafe { column_types((*portal).tupDesc) };
        loop {
            pgrx::check_for_interrupts!();
            // SAFETY: the portal was opened above and is closed below only. After a fetch the two globals
            // describe its rows, which stay until their table is freed.
            let (table, rows) = unsafe {
                pg_sys::SPI_cursor_fetch(portal, true, BATCH_ROWS);
                (pg_sys::SPI_tuptable, pg_sys::SPI_processed)
            };
            for position in 0..usize::try_from(rows).unwrap_or_default() {
                // SAFETY: the table has `rows` tuples of its own shape.
                let row = unsafe {
                    Row { tuple: *(*table).vals.add(position), shape: (*table).tupdesc, types: &types }
                };
                each(&row)?;
            }
            // SAFETY: the table came from the fetch, and no row outlives the loop above.
            unsafe { pg_sys::SPI_freetuptable(table) };
            if rows == 0 {
                break;
            }
        }
        // SAFETY: the portal was opened above. After an error, closing the interface closes it.
        unsafe { pg_sys::SPI_cursor_close(portal) };
        Ok(())
    }

    /// As [`Connection::for_each`], for a query that does no more than read an argument.
    ///
    /// # Errors
    /// Those of `each`; [`ExtensionError::RefusedArgument`] for a value that the server refuses. After that
    /// one the transaction is good for nothing but an error.
    pub(super) fn for_each_of(
        &self,
        argument: &'static str,
        query: &str,
        parameters: Parameters,
        each: impl FnMut(&Row<'_>) -> Result<(), ExtensionError>,
    ) -> Result<(), ExtensionError> {
        PgTryBuilder::new(AssertUnwindSafe(|| self.for_each(query, parameters, each)))
            .catch_others(move |caught| match caught {
                CaughtError::PostgresError(report) if is_data_exception(report.sql_error_code()) => {
                    let (message, sqlstate) = (report.message().to_owned(), report.sql_error_code());
                    Err(ExtensionError::RefusedArgument { argument, message, sqlstate })
                }
                other => other.rethrow(),
            })
            .execute()
    }
}

/// Whether a code is of class 22 (`ERRCODE_TO_CATEGORY` in `elog.h`: the first two characters).
fn is_data_exception(sqlstate: PgSqlErrorCode) -> bool {
    const CLASS: i32 = (1 << 12) - 1;
    sqlstate as i32 & CLASS == PgSqlErrorCode::ERRCODE_DATA_EXCEPTION as i32 & CLASS
}

/// The type of each column of a row.
///
/// # Safety
/// The shape is a live one.
unsafe fn column_types(shape: pg_sys::TupleDesc) -> Vec<pg_sys::Oid> {
    // SAFETY: the caller says so; columns are counted from 1.
    unsafe { (1..=(*shape).natts).map(|column| pg_sys::SPI_gettypeid(shape, column)).collect() }
}

/// The place of a value in a query.
pub(super) struct Placeholder(usize);

impl fmt::Display for Placeholder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "${}", self.0)
    }
}

impl Parameters {
    /// With room for so many values.
    pub(super) fn with_room(values: usize) -> Self {
        Self { types: Vec::with_capacity(values), values: Vec::with_capacity(values) }
    }

    /// Adds a list of texts and returns its placeholder.
    pub(super) fn texts(&mut self, texts: &[String]) -> Placeholder {
        self.push(texts.iter().map(String::as_str).collect::<Vec<&str>>(), pg_sys::TEXTARRAYOID)
    }

    /// Adds a range and returns its placeholder.
    pub(super) fn range(&mut self, span: Span) -> Placeholder {
        self.push(InstantRange(Some(span)), pg_sys::TSTZRANGEOID)
    }

    /// Adds a JSON value and returns its placeholder.
    pub(super) fn json(&mut self, value: pgrx::JsonB) -> Placeholder {
        self.push(value, pg_sys::JSONBOID)
    }

    /// Adds a text and returns its placeholder.
    pub(super) fn text(&mut self, text: &str) -> Placeholder {
        self.push(text, pg_sys::TEXTOID)
    }

    /// The types of the values, in order.
    pub(super) fn types(&self) -> &[pg_sys::Oid] {
        &self.types
    }

    /// The values as the server's executor takes them, in the current memory context; null when there are
    /// none.
    pub(super) fn for_server(&self) -> pg_sys::ParamListInfo {
        let Ok(count @ 1..) = c_int::try_from(self.types.len()) else { return std::ptr::null_mut() };
        // SAFETY: the list is made with room for so many values, each of which is written.
        unsafe {
            let list = pg_sys::makeParamList(count);
            let places = (*list).params.as_mut_ptr();
            for (position, (value, ptype)) in self.values.iter().zip(&self.types).enumerate() {
                places.add(position).write(pg_sys::ParamExternData {
                    value: *value,
                    isnull: false,
                    pflags: PARAMETER_IS_CONSTANT,
                    ptype: *ptype,
                });
            }
            list
        }
    }

    fn push(&mut self, value: impl IntoDatum, type_oid: pg_sys::Oid) -> Placeholder {
        // None of the three kinds of value is ever null.
        self.values.push(value.into_datum().unwrap_or(pg_sys::Datum::null()));
        self.types.push(type_oid);
        Placeholder(self.types.len())
    }
}

impl<'row> Row<'row> {
    /// A column of type `text`, counted from 1.
    pub(super) fn text(&self, column: c_int) -> Option<&'row str> {
        // SAFETY: the queries of this room cast what they read as text to text.
        unsafe { self.value(column) }
    }

    /// A column that names something, counted from 1, as [`super::views::Views::name_of`] reads it.
    pub(super) fn name(&self, column: c_int) -> Option<Name<&'row str>> {
        match self.type_of(column)? {
            pg_sys::INT8OID => self.integer(column).map(Name::Integer),
            _ => self.text(column).map(Name::from),
        }
    }

    /// A column of type `text[]`, counted from 1; nulls in it are left out.
    pub(super) fn texts(&self, column: c_int) -> Vec<String> {
        // SAFETY: the queries of this room cast what they read as a list to text[].
        let texts: Option<Vec<Option<String>>> = unsafe { self.value(column) };
        texts.unwrap_or_default().into_iter().flatten().collect()
    }

    /// A column of type `bigint`, counted from 1.
    pub(super) fn integer(&self, column: c_int) -> Option<i64> {
        // SAFETY: the queries of this room cast what they read as an integer to bigint.
        unsafe { self.value(column) }
    }

    /// A column of type `tstzrange`, counted from 1; `None` for null and for a range that holds nothing.
    pub(super) fn span(&self, column: c_int) -> Option<Span> {
        // SAFETY: views whose column is no tstzrange are refused before they are read.
        let range: Option<InstantRange> = unsafe { self.value(column) };
        range.and_then(|range| range.0)
    }

    fn type_of(&self, column: c_int) -> Option<pg_sys::Oid> {
        self.types.get(usize::try_from(column).ok()?.checked_sub(1)?).copied()
    }

    /// # Safety
    /// The column is of the SQL type that `T` reads.
    unsafe fn value<T: FromDatum>(&self, column: c_int) -> Option<T> {
        self.type_of(column)?;
        let mut is_null = false;
        // SAFETY: the tuple has this shape, with this column, and lives as long as `'row`.
        let datum = unsafe { pg_sys::heap_getattr(self.tuple, column, self.shape, &mut is_null) };
        // SAFETY: the caller says so.
        unsafe { T::from_datum(datum, is_null) }
    }
}
