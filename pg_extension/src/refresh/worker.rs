//! The background worker of a database: calls `rota.refresh_due()` when something is due.
//!
//! Each call is a transaction of its own. An error in a refresh is caught and noted by the function itself;
//! any other one is reported, and the worker goes on.

#![allow(unreachable_pub, reason = "the server finds these functions by their names in the library")]

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use pgrx::bgworkers::BackgroundWorker;
use pgrx::pg_sys::panic::CaughtError;
use pgrx::{FromDatum, PgTryBuilder, Spi, pg_guard, pg_sys};

use super::launcher::{handle_signals, reload_settings};
use super::settings;
use crate::invalidation::{Shared, Tag, await_tag, newest_position};

/// The longest sleep: what nobody announced, such as a prepared transaction, is found so late.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// The lock that lets one worker in per database: one of the last in the room of locks that are ours.
const WORKER_LOCK: i64 = 0x726f_7461_776f_726b;

/// What a look at the views came to.
enum Look {
    /// A view was refreshed; there may be another one.
    Refreshed,
    /// Nothing is due before so long.
    Idle(Duration),
    /// No worker is wanted any more, or another one is there.
    Unwanted,
}

/// What the server runs as a worker. The argument is the id of its database.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn rota_refresh_worker(argument: pg_sys::Datum) {
    handle_signals();
    // SAFETY: the launcher passes the id of a database.
    let database = unsafe { pg_sys::Oid::from_datum(argument, false) };
    BackgroundWorker::connect_worker_to_spi_by_oid(database, None);
    let Some(shared) = Shared::attached() else { return };
    // A refresh that a crash takes back is made good by the next one: the crash empties the queue, too.
    // SAFETY: no transaction is open; both texts are C strings.
    unsafe {
        pg_sys::SetConfigOption(
            c"synchronous_commit".as_ptr(),
            c"off".as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
        );
    }
    let mut position = newest_position(shared);
    loop {
        reload_settings();
        // What is announced after this may concern what the look does not see.
        let outcome = PgTryBuilder::new(AssertUnwindSafe(|| Some(look())))
            .catch_others(|error| {
                report(&error);
                None
            })
            .execute();
        let sleep = match outcome {
            Some(Look::Refreshed) => continue,
            Some(Look::Idle(sleep)) => sleep,
            Some(Look::Unwanted) => return,
            None => {
                // SAFETY: an error left its transaction open.
                unsafe { pg_sys::AbortCurrentTransaction() };
                LONGEST_SLEEP
            }
        };
        // SAFETY: tells the statistics what was done; no transaction is open.
        unsafe { pg_sys::pgstat_report_stat(false) };
        let woken = PgTryBuilder::new(AssertUnwindSafe(|| {
            await_tag(shared, position, Tag::pending_changes(), sleep.min(LONGEST_SLEEP)).ok()
        }))
        .catch_others(|_| None)
        .execute();
        position = woken.unwrap_or_else(|| newest_position(shared));
    }
}

/// Refreshes a view that is due.
fn look() -> Look {
    BackgroundWorker::transaction(|| {
        if !settings::is_worker_wanted() || !is_asked_for() || !holds_lock() {
            return Look::Unwanted;
        }
        if Spi::get_one("SELECT to_regprocedure('rota.refresh_due(integer)') IS NULL") != Ok(Some(false)) {
            return Look::Idle(LONGEST_SLEEP);
        }
        let refreshed: Option<i64> =
            Spi::get_one("SELECT pg_catalog.count(*) FROM rota.refresh_due()").ok().flatten();
        if refreshed.is_some_and(|count| count > 0) {
            return Look::Refreshed;
        }
        let left_ms: Option<i64> = Spi::get_one("SELECT rota.next_refresh_ms()").ok().flatten();
        let left_ms = left_ms.and_then(|left_ms| u64::try_from(left_ms).ok());
        // What is due and was not refreshed is being worked on by somebody else.
        Look::Idle(left_ms.map_or(LONGEST_SLEEP, |left_ms| Duration::from_millis(left_ms.max(5))))
    })
}

/// Whether the database still asks for a worker: what it asked for when this one connected may have changed.
fn is_asked_for() -> bool {
    let setting = Spi::get_one::<bool>(
        "SELECT EXISTS (
            SELECT
            FROM pg_catalog.pg_db_role_setting AS setting
                CROSS JOIN LATERAL pg_catalog.unnest(setting.setconfig) AS option
            WHERE setting.setrole = 0
                AND setting.setdatabase = (
                    SELECT database.oid FROM pg_catalog.pg_database AS database
                    WHERE database.datname = pg_catalog.current_database()
                )
                AND pg_catalog.lower(option) IN (
                    'rota.refresh_worker=on', 'rota.refresh_worker=true', 'rota.refresh_worker=yes',
                    'rota.refresh_worker=1'
                )
        )",
    );
    setting == Ok(Some(true))
}

/// Takes the lock of the database's worker for as long as this process lives, or finds it taken.
fn holds_lock() -> bool {
    let question = format!(
        "SELECT EXISTS (
            SELECT FROM pg_catalog.pg_locks AS held
            WHERE held.locktype = 'advisory' AND held.pid = pg_catalog.pg_backend_pid() AND held.granted
                AND held.objsubid = 1
        ) OR pg_catalog.pg_try_advisory_lock({WORKER_LOCK})"
    );
    Spi::get_one::<bool>(&question) == Ok(Some(true))
}

/// Tells the server's log of an error that is none of a refresh.
fn report(error: &CaughtError) {
    let message = match error {
        CaughtError::PostgresError(report)
        | CaughtError::ErrorReport(report)
        | CaughtError::RustPanic { ereport: report, .. } => report.message(),
    };
    pgrx::log!("rota refresh worker: {message}");
}
