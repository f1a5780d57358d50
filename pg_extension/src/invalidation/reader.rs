//! Waiting for events.

use std::time::{Duration, Instant};

use pgrx::pg_sys;

use super::ring::Events;
use super::shared::Shared;
use super::tag::Tag;
use crate::error::ExtensionError;

/// The longest wait. A waiting statement holds a snapshot, which holds back vacuum.
const LONGEST_WAIT_MS: i32 = 1_000;

/// What a reader gets.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Number of the server's life that the positions are of.
    pub(crate) epoch: i64,
    /// Where to go on.
    pub(crate) upto: u64,
    /// Whether nothing was lost between the position asked about and `upto`.
    pub(crate) complete: bool,
    /// The transaction of each event.
    pub(crate) transactions: Vec<u64>,
    /// The tag of each event.
    pub(crate) tags: Vec<Tag>,
    /// Microseconds since the first event was announced.
    pub(crate) oldest_age_microseconds: Option<i64>,
}

/// The events of this database behind `after`; waits for one when there is none.
///
/// # Errors
/// [`ExtensionError::WaitOutOfRange`]; as [`Shared::life`].
pub(crate) fn wait_for_events(
    shared: &'static Shared,
    epoch: i64,
    after: i64,
    wait_ms: i32,
) -> Result<Batch, ExtensionError> {
    if !(0..=LONGEST_WAIT_MS).contains(&wait_ms) {
        return Err(ExtensionError::WaitOutOfRange { wait_ms, longest_ms: LONGEST_WAIT_MS });
    }
    let life = shared.life()?;
    let events = match u64::try_from(after) {
        Ok(after) if epoch == life => {
            let deadline = Instant::now() + Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0));
            sleep_until_events(shared, after, deadline)
        }
        _ => Events { upto: shared.newest_position(), ..Events::default() },
    };
    // SAFETY: reads the clock.
    let now = unsafe { pg_sys::GetCurrentTimestamp() };
    Ok(Batch {
        epoch: life,
        upto: events.upto,
        complete: events.complete,
        transactions: events.transactions,
        tags: events.tags,
        oldest_age_microseconds: events.first_entered_at.map(|entered_at| (now - entered_at).max(0)),
    })
}

/// Looks, and sleeps while there is nothing to see. Events of other databases are passed over.
fn sleep_until_events(shared: &Shared, mut after: u64, deadline: Instant) -> Events {
    let arrival = shared.arrival.as_ptr();
    // SAFETY: of the database that this backend is connected to, for good.
    let database = unsafe { pg_sys::MyDatabaseId };
    // SAFETY: the condition variable was initialised with the block. We are on its list before we look, so an
    // event that enters after we looked wakes us. A sleep that an interrupt ends raises an error, and the
    // abort that follows takes us off the list.
    unsafe { pg_sys::ConditionVariablePrepareToSleep(arrival) };
    let events = loop {
        let events = shared.events_after(after, database);
        let left = deadline.saturating_duration_since(Instant::now());
        if !events.complete || !events.tags.is_empty() || left.is_zero() {
            break events;
        }
        after = events.upto;
        let left_ms = i64::try_from(left.as_millis()).unwrap_or(0).max(1);
        // SAFETY: as above.
        unsafe { pg_sys::ConditionVariableTimedSleep(arrival, left_ms, pg_sys::PG_WAIT_EXTENSION) };
    };
    // SAFETY: takes us off the list.
    unsafe { pg_sys::ConditionVariableCancelSleep() };
    events
}
