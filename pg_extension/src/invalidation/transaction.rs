//! What happens at the end of a transaction.
//!
//! In `CommitTransaction` of the server's `xact.c`: `XACT_EVENT_PRE_COMMIT` comes when no user code can run
//! any more and an error still aborts; then the commit record is written and flushed;
//! `ProcArrayEndTransaction` makes the transaction visible; `XACT_EVENT_COMMIT` comes next, and the client
//! hears of its commit after all of it. An error in that last callback would take the server down, so
//! everything that can fail is done in the first.
//!
//! A parallel worker neither writes nor ends a transaction of its own: it announces nothing.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;

use pgrx::{pg_guard, pg_sys};

use super::pending::{Level, Pending};
use super::shared::Shared;
use super::tag::Tag;
use super::{notify, settings};
use crate::error::{ExtensionError, OrRaise};

thread_local! {
    /// What the running transaction announces if it commits.
    static PENDING: RefCell<Pending> = RefCell::new(Pending::default());
    /// What it announces now that nothing can stop it any more.
    static OUTGOING: Cell<Option<Outgoing>> = const { Cell::new(None) };
    /// Whether it queued changes for a managed view. A savepoint that is rolled back leaves it set: the worker
    /// then looks in vain.
    static HAS_QUEUED: Cell<bool> = const { Cell::new(false) };
}

struct Outgoing {
    shared: &'static Shared,
    transaction: u64,
    database: pg_sys::Oid,
    tags: Vec<Tag>,
}

/// Has the server call us at the end of transactions and subtransactions.
pub(super) fn register() {
    // SAFETY: both functions live as long as the library, which is never unloaded, and need no argument.
    unsafe {
        pg_sys::RegisterXactCallback(Some(on_transaction), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(on_subtransaction), std::ptr::null_mut());
    }
}

/// Announces by the running transaction, at its present level.
pub(super) fn with_pending<R>(announce: impl FnOnce(&mut Pending, Level) -> R) -> R {
    // SAFETY: reads the state of the running transaction.
    let level = unsafe { pg_sys::GetCurrentTransactionNestLevel() };
    PENDING.with_borrow_mut(|pending| announce(pending, level))
}

/// Announces a tag that is of no table.
pub(crate) fn announce(tag: Tag) {
    with_pending(|pending, level| pending.add(level, pg_sys::InvalidOid, tag));
}

/// Wakes the refresh worker of the database if the running transaction commits.
pub(crate) fn wake_worker_at_commit() {
    HAS_QUEUED.set(true);
}

/// Whether the running transaction announces a tag already.
pub(crate) fn is_announced(tag: Tag) -> bool {
    PENDING.with_borrow(|pending| pending.contains(tag))
}

#[pg_guard]
unsafe extern "C-unwind" fn on_transaction(event: pg_sys::XactEvent::Type, _argument: *mut c_void) {
    match event {
        pg_sys::XactEvent::XACT_EVENT_PRE_COMMIT => prepare().or_raise(),
        pg_sys::XactEvent::XACT_EVENT_PRE_PREPARE => refuse_two_phases().or_raise(),
        pg_sys::XactEvent::XACT_EVENT_COMMIT => {
            publish();
            wake_worker();
            forget();
        }
        pg_sys::XactEvent::XACT_EVENT_ABORT | pg_sys::XactEvent::XACT_EVENT_PREPARE => forget(),
        _ => {}
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_subtransaction(
    event: pg_sys::SubXactEvent::Type,
    _own: pg_sys::SubTransactionId,
    _parent: pg_sys::SubTransactionId,
    _argument: *mut c_void,
) {
    match event {
        pg_sys::SubXactEvent::SUBXACT_EVENT_COMMIT_SUB => end_level(Pending::commit_level),
        pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB => end_level(Pending::abort_level),
        _ => {}
    }
}

/// Ends the present level, which the server leaves only after it called.
fn end_level(end: impl FnOnce(&mut Pending, Level)) {
    // SAFETY: reads the state of the running transaction.
    let level = unsafe { pg_sys::GetCurrentTransactionNestLevel() };
    // What a process does that is exiting has no thread-local values any more.
    let _ = PENDING.try_with(|pending| end(&mut pending.borrow_mut(), level));
}

/// Everything that may fail: finds what to announce, raises the words.
fn prepare() -> Result<(), ExtensionError> {
    let tags = PENDING.with_borrow(Pending::tags);
    if tags.is_empty() {
        return Ok(());
    }
    // SAFETY: a transaction is running and may still get an id; whoever changed a row has one.
    let (transaction, database) = unsafe { (pg_sys::GetTopFullTransactionId().value, pg_sys::MyDatabaseId) };
    match Shared::attached() {
        Some(shared) => {
            shared.life()?;
            shared.raise_words(transaction, &tags);
            OUTGOING.set(Some(Outgoing { shared, transaction, database, tags }));
        }
        None => notify::queue(transaction, &tags),
    }
    Ok(())
}

/// A prepared transaction may be committed by another session, after a restart even: nobody could announce
/// it. NOTIFY is refused there for the same reason.
fn refuse_two_phases() -> Result<(), ExtensionError> {
    let is_quiet = PENDING.with_borrow(|pending| pending.tags().is_empty());
    if is_quiet { Ok(()) } else { Err(ExtensionError::PreparedAnnouncement) }
}

/// Tells the readers. The transaction is visible to every snapshot that is taken from now on.
fn publish() {
    let Ok(Some(outgoing)) = OUTGOING.try_with(Cell::take) else { return };
    let delay = settings::announce_delay_microseconds();
    if delay > 0 {
        // SAFETY: sleeps.
        unsafe { pg_sys::pg_usleep(delay) };
    }
    outgoing.shared.publish(outgoing.transaction, outgoing.database, &outgoing.tags);
}

/// Wakes the refresh worker, which sees the transaction from now on.
fn wake_worker() {
    let has_queued = HAS_QUEUED.try_with(Cell::take).unwrap_or_default();
    if let (true, Some(shared)) = (has_queued, Shared::attached()) {
        // SAFETY: of the database that this backend is connected to, for good.
        shared.bells.ring(unsafe { pg_sys::MyDatabaseId });
    }
}

/// Begins anew.
fn forget() {
    let _ = HAS_QUEUED.try_with(Cell::take);
    let _ = OUTGOING.try_with(Cell::take);
    let _ = PENDING.try_with(|pending| pending.borrow_mut().clear());
}
