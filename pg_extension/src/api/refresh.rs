//! Managed refresh: the trigger, and statements in a view owner's name.

use std::convert::Infallible;

use pgrx::datum::TimestampWithTimeZone;
use pgrx::heap_tuple::PgHeapTuple;
use pgrx::{AllocatedByPostgres, JsonB, PgTrigger, default, pg_extern, pg_sys, pg_trigger, search_path};

use crate::error::{ExtensionError, OrRaise};
use crate::refresh::{self, Terms};

#[pg_trigger]
fn track_changes<'a>(
    trigger: &'a PgTrigger<'a>,
) -> Result<Option<PgHeapTuple<'a, AllocatedByPostgres>>, Infallible> {
    // SAFETY: the server called us as a trigger, with this data.
    unsafe { refresh::queue_changes(trigger.trigger_data()) }.or_raise();
    Ok(None)
}

#[pg_extern(volatile, strict, parallel_restricted)]
fn change_time() -> Option<TimestampWithTimeZone> {
    TimestampWithTimeZone::try_from(refresh::change_time()).ok()
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn act_on_view(action: &str, managed_view: Option<pg_sys::Oid>, arguments: JsonB) -> JsonB {
    let view = managed_view.ok_or(ExtensionError::MissingArgument { argument: "managed_view" }).or_raise();
    JsonB(refresh::act_on_view(action, view, arguments).or_raise())
}

#[pg_extern(volatile, strict, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn execute_as(
    role_id: pg_sys::Oid,
    statement: &str,
    parameters: default!(Vec<Option<String>>, "'{}'"),
    timeout_ms: default!(i32, 0),
    restricted: default!(bool, true),
) -> Option<String> {
    let terms = Terms { timeout_ms, is_restricted: restricted, is_read_only: false };
    refresh::run_as(role_id, statement, parameters, terms).or_raise()
}

#[pg_extern(stable, strict, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn read_as(role_id: pg_sys::Oid, statement: &str) -> Option<String> {
    let terms = Terms { timeout_ms: 0, is_restricted: true, is_read_only: true };
    refresh::run_as(role_id, statement, Vec::new(), terms).or_raise()
}
