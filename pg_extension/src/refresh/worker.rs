//! The background worker of a database: calls `rota.refresh_due()` when something is due.
//!
//! Each call is a transaction of its own. An error in a refresh is caught and noted by the function itself;
//! any other one is reported, and the worker goes on.

#![allow(unreachable_pub, reason = "the server finds these functions by their names in the library")]

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use pgrx::bgworkers::BackgroundWorker;
use pgrx::pg_sys::panic::CaughtError;
use pgrx::{FromDatum, PgTryBuilder, Spi, pg_guard, pg_sys};

use super::launcher::{handle_signals, reload_settings};
use super::settings;
use crate::invalidation::{Bell, Shared};

/// The longest sleep: what nobody announced, such as a prepared transaction, is found so late.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// After a look in vain the queues are left alone for so many times as long as it took, within bounds: writers
/// whose changes have to wait for a quiet period would else keep the worker looking at an ever longer queue.
const REST: u32 = 3;
const SHORTEST_REST: Duration = Duration::from_millis(2);
const LONGEST_REST: Duration = Duration::from_millis(100);

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
    let Some(database) = (unsafe { pg_sys::Oid::from_datum(argument, false) }) else { return };
    BackgroundWorker::connect_worker_to_spi_by_oid(Some(database), None);
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
    let mut bell: Option<&Bell> = None;
    loop {
        reload_settings();
        if let Some(bell) = bell {
            bell.listen();
        }
        let begun = Instant::now();
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
                if !slept(LONGEST_SLEEP) {
                    return;
                }
                continue;
            }
        };
        let rest = (begun.elapsed() * REST).clamp(SHORTEST_REST, LONGEST_REST);
        let rested = Instant::now() + rest;
        // SAFETY: tells the statistics what was done; no transaction is open.
        unsafe { pg_sys::pgstat_report_stat(false) };
        if bell.is_none() {
            // This is the one worker of the database: it holds the lock.
            bell = shared.bells.take(database);
            if bell.is_some() {
                continue;
            }
        }
        if !bell.is_some_and(Bell::has_rung) && !slept(sleep.min(LONGEST_SLEEP)) {
            return;
        }
        std::thread::sleep(rested.saturating_duration_since(Instant::now()));
    }
}

/// Sleeps until something wakes this process, at most so long. Returns whether the postmaster is still there:
/// without it, nobody else would end this process. An error that an interrupt raises ends the sleep alone.
fn slept(longest: Duration) -> bool {
    PgTryBuilder::new(AssertUnwindSafe(|| BackgroundWorker::wait_latch(Some(longest))))
        .catch_others(|_| true)
        .execute()
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
