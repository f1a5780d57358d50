//! The newest events, in the order in which their transactions were announced.
//!
//! A transaction's events stand side by side, since they enter under one lock; a reader never gets a part of
//! them. Positions count events since the server's life began: position `p` is behind the first `p` of them.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use pgrx::pg_sys;

use super::shared::Shared;
use super::tag::Tag;

/// Events that one answer holds, or a few more to end with a transaction: 128 KiB on the wire, and a
/// millisecond of a reader.
const ANSWER_EVENTS: usize = 8_192;

/// That a transaction changed what a tag names.
#[repr(C)]
#[derive(Default)]
pub(super) struct Event {
    transaction: AtomicU64,
    tag: AtomicU64,
    /// When it entered the ring, in microseconds of the server's clock.
    entered_at: AtomicI64,
    database: AtomicU32,
}

/// What a reader gets.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// Position behind the last event that was looked at.
    pub(super) upto: u64,
    /// Whether nothing between the reader's position and `upto` was lost.
    pub(super) complete: bool,
    /// The transaction of each event.
    pub(super) transactions: Vec<u64>,
    /// The tag of each event.
    pub(super) tags: Vec<Tag>,
    /// When the first event entered the ring, in microseconds of the server's clock.
    pub(super) first_entered_at: Option<i64>,
}

impl Shared {
    /// Writes a transaction's events and wakes the readers.
    ///
    /// Runs after the commit, where an error would take the whole server down: nothing here allocates, panics
    /// or raises.
    pub(super) fn publish(&self, transaction: u64, database: pg_sys::Oid, tags: &[Tag]) {
        // SAFETY: reads the clock.
        let now = unsafe { pg_sys::GetCurrentTimestamp() };
        let events = self.event_array();
        let held = self.lock_exclusively();
        let mut position = self.position.load(Ordering::Relaxed);
        for tag in tags {
            if let Some(event) = events.get(place(position, events.len())) {
                event.transaction.store(transaction, Ordering::Relaxed);
                event.tag.store(tag.bits(), Ordering::Relaxed);
                event.entered_at.store(now, Ordering::Relaxed);
                event.database.store(database.to_u32(), Ordering::Relaxed);
            }
            position += 1;
        }
        self.position.store(position, Ordering::Relaxed);
        drop(held);
        // SAFETY: the condition variable was initialised with the block. Takes its spinlock and sets latches.
        unsafe { pg_sys::ConditionVariableBroadcast(self.arrival.as_ptr()) };
    }

    /// The events of a database behind a position, as many as an answer holds.
    pub(super) fn events_after(&self, after: u64, database: pg_sys::Oid) -> Events {
        let ring = self.event_array();
        let mut found = Events { upto: after, complete: true, ..Events::default() };
        let _held = self.lock_shared();
        let position = self.position.load(Ordering::Relaxed);
        let oldest = position.saturating_sub(u64::try_from(ring.len()).unwrap_or(u64::MAX));
        if after < oldest || after > position {
            return Events { upto: position, complete: false, ..found };
        }
        while found.upto < position {
            let Some(event) = ring.get(place(found.upto, ring.len())) else { break };
            if event.database.load(Ordering::Relaxed) == database.to_u32() {
                let transaction = event.transaction.load(Ordering::Relaxed);
                if found.transactions.len() >= ANSWER_EVENTS
                    && found.transactions.last() != Some(&transaction)
                {
                    break;
                }
                found.first_entered_at.get_or_insert(event.entered_at.load(Ordering::Relaxed));
                found.transactions.push(transaction);
                found.tags.push(Tag::from_bits(event.tag.load(Ordering::Relaxed)));
            }
            found.upto += 1;
        }
        found
    }

    /// The position behind the newest event.
    pub(super) fn newest_position(&self) -> u64 {
        let _held = self.lock_shared();
        self.position.load(Ordering::Relaxed)
    }
}

/// Where the event behind a position stands in a ring whose length is a power of two.
fn place(position: u64, length: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "the mask keeps what fits")]
    let low = position as usize;
    low & (length - 1)
}
