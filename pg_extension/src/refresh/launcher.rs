//! Starts a worker for each database that asks for one.
//!
//! A database asks by `ALTER DATABASE … SET rota.refresh_worker = on`, which every database of the cluster can
//! read in `pg_db_role_setting`. The launcher looks once a second. It does nothing else.

#![allow(unreachable_pub, reason = "the server finds these functions by their names in the library")]

use std::collections::HashMap;
use std::ffi::c_int;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use pgrx::bgworkers::{
    BackgroundWorker, BackgroundWorkerBuilder, BackgroundWorkerStatus, DynamicBackgroundWorker,
};
use pgrx::{IntoDatum, PgTryBuilder, Spi, pg_guard, pg_sys};

use super::settings;

/// How often it looks. Somebody who turns a worker on or off waits so long.
const LOOK: Duration = Duration::from_secs(1);

/// How long after the end of a worker the server starts it again.
const RESTART: Duration = Duration::from_secs(1);

/// What `pg_stat_activity` calls a worker.
const WORKER_TYPE: &str = "rota refresh worker";

unsafe extern "C-unwind" {
    fn die(signal: c_int);
    fn SignalHandlerForConfigReload(signal: c_int);
}

/// Has the server start the launcher, if it is starting with this library preloaded. A standby starts it when
/// it is promoted.
pub(super) fn register() {
    // SAFETY: a flag of the server that only its own start sets.
    if unsafe { pg_sys::process_shared_preload_libraries_in_progress } {
        BackgroundWorkerBuilder::new("rota refresh launcher")
            .set_type("rota refresh launcher")
            .set_function("rota_refresh_launcher")
            .set_library("rota")
            .enable_spi_access()
            .set_restart_time(Some(RESTART))
            .load();
    }
}

/// Handles signals as a session does: SIGTERM ends the process where an interrupt may, SIGHUP has it read the
/// settings anew, SIGINT cancels what runs.
pub(super) fn handle_signals() {
    // SAFETY: the handlers are the server's own; signals are blocked until they are in place.
    unsafe {
        set_handler(pg_sys::SIGTERM.cast_signed(), die);
        set_handler(pg_sys::SIGHUP.cast_signed(), SignalHandlerForConfigReload);
        pg_sys::BackgroundWorkerUnblockSignals();
    }
}

/// # Safety
/// The handler does only what a signal handler may.
unsafe fn set_handler(signal: c_int, handler: unsafe extern "C-unwind" fn(c_int)) {
    // SAFETY: as the caller promises.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        pg_sys::pqsignal(signal, Some(handler));
        #[cfg(feature = "pg18")]
        pg_sys::pqsignal_be(signal, Some(handler));
    }
}

/// Reads the settings anew, if somebody asked for it.
pub(super) fn reload_settings() {
    // SAFETY: a flag that the handler of SIGHUP sets; no transaction is open.
    unsafe {
        if (&raw const pg_sys::ConfigReloadPending).read_volatile() != 0 {
            (&raw mut pg_sys::ConfigReloadPending).write_volatile(0);
            pg_sys::ProcessConfigFile(pg_sys::GucContext::PGC_SIGHUP);
        }
    }
}

/// What the server runs as the launcher.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn rota_refresh_launcher(_argument: pg_sys::Datum) {
    handle_signals();
    BackgroundWorker::connect_worker_to_spi(Some(&settings::launcher_database()), None);
    let mut workers = HashMap::new();
    loop {
        reload_settings();
        start_missing(&mut workers);
        if !BackgroundWorker::wait_latch(Some(LOOK)) {
            // The postmaster is gone; nobody else would end this process.
            return;
        }
    }
}

/// Starts workers for the databases that ask and have none.
fn start_missing(workers: &mut HashMap<pg_sys::Oid, DynamicBackgroundWorker>) {
    let asking = PgTryBuilder::new(AssertUnwindSafe(asking_databases)).catch_others(|_| None).execute();
    let Some(asking) = asking else {
        // SAFETY: an error left its transaction open.
        unsafe { pg_sys::AbortCurrentTransaction() };
        return;
    };
    workers.retain(|_, worker| {
        // One that waits for its restart has not ended.
        !matches!(worker.pid(), Err(BackgroundWorkerStatus::Stopped | BackgroundWorkerStatus::PostmasterDied))
    });
    for database in asking {
        if workers.contains_key(&database) {
            continue;
        }
        let started = BackgroundWorkerBuilder::new("rota refresh worker")
            .set_type(WORKER_TYPE)
            .set_function("rota_refresh_worker")
            .set_library("rota")
            .set_argument(database.into_datum())
            .enable_spi_access()
            .set_restart_time(Some(RESTART))
            .load_dynamic();
        match started {
            Ok(worker) => {
                workers.insert(database, worker);
            }
            Err(_) => pgrx::warning!(
                "no refresh worker for database {}: all max_worker_processes are taken",
                database.to_u32()
            ),
        }
    }
}

/// The databases that ask for a worker and have none that runs.
fn asking_databases() -> Option<Vec<pg_sys::Oid>> {
    BackgroundWorker::transaction(|| {
        Spi::connect(|client| {
            let rows = client
                .select(
                    "SELECT database.oid
                    FROM pg_catalog.pg_database AS database
                        JOIN pg_catalog.pg_db_role_setting AS setting ON
                            setting.setdatabase = database.oid AND setting.setrole = 0
                    WHERE database.datallowconn
                        AND EXISTS (
                            SELECT FROM pg_catalog.unnest(setting.setconfig) AS option
                            WHERE pg_catalog.lower(option) IN (
                                'rota.refresh_worker=on', 'rota.refresh_worker=true',
                                'rota.refresh_worker=yes', 'rota.refresh_worker=1'
                            )
                        )
                        AND NOT EXISTS (
                            SELECT FROM pg_catalog.pg_stat_activity AS activity
                            WHERE activity.datid = database.oid
                                AND activity.backend_type = 'rota refresh worker'
                        )",
                    None,
                    &[],
                )
                .ok()?;
            Some(rows.filter_map(|row| row.get::<pg_sys::Oid>(1).ok().flatten()).collect())
        })
    })
}
