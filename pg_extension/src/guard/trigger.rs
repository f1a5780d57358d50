//! What the server calls.

#![allow(unreachable_pub, reason = "the server finds these functions by their names in the library")]

use pgrx::pg_sys::Pg_finfo_record;
use pgrx::{is_a, pg_guard, pg_sys};

use super::batch::{self, NewRow};
use super::definition::Definition;
use super::predicate::Executor;
use super::scan::{LatestSnapshot, Walk};
use super::{capacity, definitions, lock, neighbours, violation};
use crate::error::{ExtensionError, OrRaise};

/// After a statement that wrote rows.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn rota_guard_statement(call: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: the server calls the function with its call's data.
    unsafe { trigger_of(call).and_then(|trigger| after_statement(trigger)) }.or_raise();
    pg_sys::Datum::null()
}

/// When a row of a deferred guard is checked.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn rota_guard_row(call: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: the server calls the function with its call's data.
    unsafe { trigger_of(call).and_then(|trigger| check_row(trigger)) }.or_raise();
    pg_sys::Datum::null()
}

/// Tells the server how the function is called (`PG_FUNCTION_INFO_V1`).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn pg_finfo_rota_guard_statement() -> &'static Pg_finfo_record {
    &VERSION_1
}

/// Tells the server how the function is called (`PG_FUNCTION_INFO_V1`).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn pg_finfo_rota_guard_row() -> &'static Pg_finfo_record {
    &VERSION_1
}

static VERSION_1: Pg_finfo_record = Pg_finfo_record { api_version: 1 };

/// The trigger that a function was called for.
///
/// # Safety
/// The call is one of the server's, and goes on while the result is used.
pub(crate) unsafe fn trigger_of<'call>(
    call: pg_sys::FunctionCallInfo,
) -> Result<&'call pg_sys::TriggerData, ExtensionError> {
    // SAFETY: the caller says so. A context that is a trigger's has the shape of one.
    unsafe {
        let context = (*call).context;
        if context.is_null() || !is_a(context, pg_sys::NodeTag::T_TriggerData) {
            return Err(ExtensionError::NoTrigger);
        }
        Ok(&*context.cast())
    }
}

/// Locks the keys of the statement's rows and looks at the rows; of a deferred guard it only notes the keys.
///
/// # Safety
/// The trigger is running.
unsafe fn after_statement(trigger: &pg_sys::TriggerData) -> Result<(), ExtensionError> {
    if trigger.tg_newtable.is_null() {
        return Err(ExtensionError::NoTrigger);
    }
    // SAFETY: the caller says so.
    let definition = unsafe { definitions::definition_of(&*trigger.tg_trigger, trigger.tg_relation)? };
    let executor = Executor::default();
    // SAFETY: the caller says so; the transition table was looked for above.
    let rows = unsafe { batch::of_statement(trigger, &definition, &executor)? };
    if definition.arguments.deferred {
        lock::note(&definition, &rows);
    } else if !rows.is_empty() {
        lock::lock(&definition, &rows);
        check(&definition, &rows, &executor)?;
    }
    executor.close();
    Ok(())
}

/// Locks and looks at one row of a deferred guard.
///
/// # Safety
/// The trigger is running.
unsafe fn check_row(trigger: &pg_sys::TriggerData) -> Result<(), ExtensionError> {
    if trigger.tg_trigtuple.is_null() {
        return Err(ExtensionError::NoTrigger);
    }
    // SAFETY: the caller says so.
    let definition = unsafe { definitions::definition_of(&*trigger.tg_trigger, trigger.tg_relation)? };
    let executor = Executor::default();
    // SAFETY: the caller says so.
    if let Some(row) = unsafe { batch::of_row(trigger, &definition, &executor)? } {
        lock::lock_noted(&definition, &row);
        check(&definition, &[row], &executor)?;
    }
    executor.close();
    Ok(())
}

/// Refuses rows that must not be, sorted by key and start. Their keys are locked, so what is committed or
/// this transaction's own is all that counts.
fn check(definition: &Definition, rows: &[NewRow], executor: &Executor) -> Result<(), ExtensionError> {
    let snapshot = LatestSnapshot::take();
    let mut walk = Walk::open(definition, &snapshot, executor);
    if definition.arguments.is_weighed() {
        let excesses = capacity::find(definition, rows, &mut walk)?;
        if excesses.count > 0 {
            let violation = violation::of_excesses(definition, &excesses, &snapshot);
            return Err(ExtensionError::GuardViolated(Box::new(violation)));
        }
    } else {
        let pairs = neighbours::find(definition, rows, &mut walk)?;
        if pairs.count > 0 {
            let violation = violation::of_pairs(definition, &pairs, &snapshot);
            return Err(ExtensionError::GuardViolated(Box::new(violation)));
        }
    }
    walk.close();
    snapshot.release();
    Ok(())
}
