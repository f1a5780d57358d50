//! What an administrator may choose.

use std::ffi::CString;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};
use pgrx::pg_sys;

/// Whether a database has a worker: `ALTER DATABASE … SET rota.refresh_worker = on`.
static REFRESH_WORKER: GucSetting<bool> = GucSetting::<bool>::new(false);

/// The database that the launcher connects to, only to read which databases ask for a worker.
static LAUNCHER_DATABASE: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"postgres"));

/// Set by the engine while it makes and drops triggers, so that its own event triggers leave it alone.
static MANAGING: GucSetting<bool> = GucSetting::<bool>::new(false);

/// Microseconds since 2000 of the oldest change that the running refresh applies, in digits: what it writes is
/// as old for the views that read it.
static CHANGES_SINCE: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c""));

/// Defines the settings.
pub(super) fn register() {
    GucRegistry::define_bool_guc(
        c"rota.refresh_worker",
        c"Whether a background worker refreshes the managed views of a database.",
        c"Set it by ALTER DATABASE. Needs the library in shared_preload_libraries.",
        &REFRESH_WORKER,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_bool_guc(
        c"rota.managing",
        c"Set by the extension while it changes definitions itself.",
        c"Not meant to be set.",
        &MANAGING,
        GucContext::Suset,
        GucFlags::NO_SHOW_ALL,
    );
    GucRegistry::define_string_guc(
        c"rota.changes_since",
        c"Set by a refresh: when the oldest change that it applies was made.",
        c"Not meant to be set.",
        &CHANGES_SINCE,
        GucContext::Suset,
        GucFlags::NO_SHOW_ALL,
    );
    // SAFETY: a flag of the server that only its own start sets.
    if unsafe { pg_sys::process_shared_preload_libraries_in_progress } {
        GucRegistry::define_string_guc(
            c"rota.launcher_database",
            c"The database that the launcher of refresh workers connects to.",
            c"It reads there which databases ask for a worker.",
            &LAUNCHER_DATABASE,
            GucContext::Postmaster,
            GucFlags::default(),
        );
    }
}

/// Whether this database has a worker.
pub(super) fn is_worker_wanted() -> bool {
    REFRESH_WORKER.get()
}

/// The time that a change counts from, in microseconds since 2000: now, or that of the oldest change that the
/// running refresh applies.
pub(crate) fn change_time() -> pg_sys::TimestampTz {
    // SAFETY: reads the clock.
    let now = unsafe { pg_sys::GetCurrentTimestamp() };
    let since = CHANGES_SINCE.get().and_then(|digits| digits.to_str().ok()?.parse().ok());
    since.map_or(now, |since: i64| since.min(now))
}

/// The database that the launcher connects to.
pub(super) fn launcher_database() -> String {
    LAUNCHER_DATABASE.get().map_or_else(|| "postgres".to_owned(), |name| name.to_string_lossy().into_owned())
}
