//! The query interface of a procedure that ends transactions.

use std::ffi::{CString, c_char, c_int};

use pgrx::datum::{FromDatum, IntoDatum};
use pgrx::{JsonB, pg_sys};
use serde_json::Value;

use crate::convert::Document;
use crate::error::ExtensionError;

/// The server's query interface, open in a procedure that was called outside of a transaction block. Unlike
/// [`super::Connection`] it writes, sees what other sessions committed meanwhile, and commits.
pub(crate) struct Session {
    _opened_by_run: (),
}

impl Session {
    /// Opens the interface for the time of `work`.
    ///
    /// # Errors
    /// [`ExtensionError::InsideTransaction`] where the caller holds a transaction that is not ours to end; those of
    /// `work`.
    ///
    /// # Safety
    /// The call is the one that the server made to the procedure that runs.
    pub(crate) unsafe fn run<T>(
        call: pg_sys::FunctionCallInfo,
        work: impl FnOnce(&Self) -> Result<T, ExtensionError>,
    ) -> Result<T, ExtensionError> {
        // SAFETY: the caller says so; the context of a call is null or a node, and that of CALL is a CallContext.
        let may_commit = unsafe {
            let context = (*call).context;
            !context.is_null()
                && (*context).type_ == pg_sys::NodeTag::T_CallContext
                && !(*context.cast::<pg_sys::CallContext>()).atomic
        };
        if !may_commit {
            return Err(ExtensionError::InsideTransaction);
        }
        // SAFETY: the procedure may end transactions, as was just seen. An error leaves the interface open; the abort
        // that follows closes it.
        unsafe { pg_sys::SPI_connect_ext(pg_sys::SPI_OPT_NONATOMIC.cast_signed()) };
        let result = work(&Self { _opened_by_run: () });
        // SAFETY: opened above.
        unsafe { pg_sys::SPI_finish() };
        result
    }

    /// Runs a statement whose parameters are JSON and gives the JSON that its first row holds, if it holds any.
    ///
    /// # Errors
    /// [`ExtensionError::UnsendableQuery`]; [`ExtensionError::UnreadableRoster`] for an answer that cannot be read, which
    /// only a problem can be; what the server refuses is raised as its own error.
    pub(crate) fn ask(&self, statement: &str, values: &[&Value]) -> Result<Option<Value>, ExtensionError> {
        let text = CString::new(statement).map_err(|_| ExtensionError::UnsendableQuery)?;
        let count = c_int::try_from(values.len()).map_err(|_| ExtensionError::UnsendableQuery)?;
        let datums = values.iter().map(|value| JsonB((*value).clone()).into_datum());
        // A JSON value is never an SQL null.
        let mut datums: Vec<pg_sys::Datum> =
            datums.map(|datum| datum.unwrap_or(pg_sys::Datum::null())).collect();
        let mut types = vec![pg_sys::JSONBOID; values.len()];
        // SAFETY: the interface is open, or there were no `self`. Text, types and values outlive the call, are `count`
        // many and agree; a null pointer for nulls says that there are none. After the call the globals describe its
        // rows, of which the first is read before they are freed. The datums were allocated above and are freed once.
        unsafe {
            let (nulls, writes): (*const c_char, bool) = (std::ptr::null(), false);
            pg_sys::SPI_execute_with_args(
                text.as_ptr(),
                count,
                types.as_mut_ptr(),
                datums.as_mut_ptr(),
                nulls,
                writes,
                1,
            );
            let answer = first_value(pg_sys::SPI_tuptable, pg_sys::SPI_processed);
            pg_sys::SPI_freetuptable(pg_sys::SPI_tuptable);
            for datum in datums {
                pg_sys::pfree(datum.cast_mut_ptr());
            }
            answer.map(|answer| answer.read("problem")).transpose()
        }
    }

    /// Ends the transaction and begins the next.
    pub(crate) fn commit(&self) {
        // SAFETY: the interface was opened for a procedure that may end transactions.
        unsafe { pg_sys::SPI_commit() };
    }
}

/// The JSON of the first column of the first row.
///
/// # Safety
/// The table is null or one of the interface with so many rows; the column is of type jsonb.
unsafe fn first_value(table: *mut pg_sys::SPITupleTable, rows: u64) -> Option<Document> {
    if table.is_null() || rows == 0 {
        return None;
    }
    let mut is_null = false;
    // SAFETY: the caller says so; columns are counted from 1.
    unsafe {
        let datum = pg_sys::SPI_getbinval(*(*table).vals, (*table).tupdesc, 1, &mut is_null);
        Document::from_datum(datum, is_null)
    }
}
