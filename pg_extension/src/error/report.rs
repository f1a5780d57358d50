//! How an error becomes a report of the server's.

use std::ffi::{c_char, c_void};

use pgrx::pg_sys::errcodes::PgSqlErrorCode;
use pgrx::pg_sys::panic::{ErrorReport, ErrorReportable};
use pgrx::pg_sys::{self, AsPgCStr};
use pgrx::{function_name, pg_guard};

use super::ExtensionError;

/// Ends a SQL function with its value or with an error report.
pub(crate) trait OrRaise {
    /// What is left when nothing was refused.
    type Value;

    /// The value; or the error, raised. Called where a SQL function ends, when nothing is left to clean up.
    fn or_raise(self) -> Self::Value;
}

impl<T, E: Into<ExtensionError>> OrRaise for Result<T, E> {
    type Value = T;

    fn or_raise(self) -> T {
        self.map_err(|error| report(&error.into())).unwrap_or_report()
    }
}

/// The report of an error that is raised next.
fn report(error: &ExtensionError) -> ErrorReport {
    for (field, text) in error.fields() {
        add_field(field, text);
    }
    let mut report = ErrorReport::new(error.sqlstate(), error.to_string(), function_name!());
    if let Some(detail) = error.detail() {
        report = report.set_detail(detail);
    }
    match error.hint() {
        Some(hint) => report.set_hint(hint),
        None => report,
    }
}

/// A field of an error report that a pgrx report does not have. The numbers are those of
/// `PG_DIAG_SCHEMA_NAME` and the like in the server's `postgres_ext.h`.
#[derive(Clone, Copy)]
pub(super) enum ReportField {
    Schema = b's' as isize,
    Table = b't' as isize,
    Column = b'c' as isize,
    Constraint = b'n' as isize,
}

/// What a callback adds to a report.
struct Addition {
    field: ReportField,
    text: *const c_char,
}

/// Has the error that is about to be raised carry a field.
///
/// The server asks the callbacks of `error_context_stack` for additions while it finishes an error, so one
/// is pushed. It is not popped: whoever catches the error sets the stack back.
fn add_field(field: ReportField, text: &str) {
    // SAFETY: the allocations lie in the current memory context, which lives until the error is handled, and
    // are aligned for any type. The backend has one thread, so nobody else touches the stack.
    unsafe {
        let addition: *mut Addition = pg_sys::palloc(size_of::<Addition>()).cast();
        addition.write(Addition { field, text: text.as_pg_cstr() });
        let callback: *mut pg_sys::ErrorContextCallback =
            pg_sys::palloc(size_of::<pg_sys::ErrorContextCallback>()).cast();
        callback.write(pg_sys::ErrorContextCallback {
            previous: pg_sys::error_context_stack,
            callback: Some(add_to_report),
            arg: addition.cast(),
        });
        pg_sys::error_context_stack = callback;
    }
}

/// Does work that reads an argument: an error that the server raises meanwhile names it in its COLUMN field.
pub(crate) fn naming_argument<T>(argument: &str, work: impl FnOnce() -> T) -> T {
    // SAFETY: the backend has one thread. The stack is set back where the work ends; after an error,
    // whoever catches it does.
    unsafe {
        let before = pg_sys::error_context_stack;
        add_field(ReportField::Column, argument);
        let result = work();
        pg_sys::error_context_stack = before;
        result
    }
}

/// Called by the server while it finishes an error; the argument is an [`Addition`].
#[pg_guard]
unsafe extern "C-unwind" fn add_to_report(argument: *mut c_void) {
    // SAFETY: the argument is what `add_field` wrote. The server calls this only between the start and the
    // end of an error, where adding a field is allowed; it copies the string.
    unsafe {
        let addition = &*argument.cast::<Addition>();
        pg_sys::err_generic_string(addition.field as i32, addition.text);
    }
}

/// The server's number of a SQLSTATE: six bits for each of its five characters (`MAKE_SQLSTATE` in `elog.h`).
pub(super) fn pack_sqlstate(sqlstate: &str) -> PgSqlErrorCode {
    let packed = sqlstate.bytes().zip((0..).step_by(6)).fold(0, |packed, (character, shift)| {
        packed | (i32::from(character.wrapping_sub(b'0') & 0x3F) << shift)
    });
    PgSqlErrorCode::from(packed)
}
