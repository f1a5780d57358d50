//! CREATE TRIGGER of a trigger of ours replaces the one that is there.
//!
//! A dump makes each trigger on its own, in an order of its choosing. Whoever refreshes or watches meanwhile may
//! have made the same ones already, because a table was not tracked or a partition not watched yet. What the
//! dump says is as right, and it knows the mapping.

#![allow(unreachable_pub, reason = "the server finds these functions by their names in the library")]

use std::ffi::CStr;

use pgrx::pg_sys::Pg_finfo_record;
use pgrx::{is_a, pg_guard, pg_sys};

/// Names of triggers that the engine makes begin with the first and call the second.
const OWN: [(&[u8], &[u8]); 2] =
    [(b"rota_refresh_", b"rota.track_changes"), (b"rota_watch_", b"rota.watch_changes")];

/// Before a trigger is made.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn rota_replace_trigger(call: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: the server calls the function with its call's data. A context that is an event trigger's has the
    // shape of one, and so has a statement of that kind, which is the server's copy to execute.
    unsafe {
        let context = (*call).context;
        // Called by hand, it has nothing to replace.
        if context.is_null() || !is_a(context, pg_sys::NodeTag::T_EventTriggerData) {
            return pg_sys::Datum::null();
        }
        let statement = (*context.cast::<pg_sys::EventTriggerData>()).parsetree;
        if is_a(statement, pg_sys::NodeTag::T_CreateTrigStmt) {
            let statement = &mut *statement.cast::<pg_sys::CreateTrigStmt>();
            if !statement.isconstraint && is_own(statement) {
                statement.replace = true;
            }
        }
    }
    pg_sys::Datum::null()
}

/// Tells the server how the function is called (`PG_FUNCTION_INFO_V1`).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn pg_finfo_rota_replace_trigger() -> &'static Pg_finfo_record {
    static VERSION_1: Pg_finfo_record = Pg_finfo_record { api_version: 1 };
    &VERSION_1
}

/// Whether a statement makes a trigger as the engine makes them.
///
/// # Safety
/// The server parsed the statement.
unsafe fn is_own(statement: &pg_sys::CreateTrigStmt) -> bool {
    // SAFETY: both are C strings: the name as it was written, and what the server makes of a list of names.
    let (name, function) = unsafe {
        (CStr::from_ptr(statement.trigname), CStr::from_ptr(pg_sys::NameListToString(statement.funcname)))
    };
    OWN.iter().any(|(prefix, called)| name.to_bytes().starts_with(prefix) && function.to_bytes() == *called)
}
