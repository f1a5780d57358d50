//! One flight per key: of those who miss the same answer at once, one asks the database, the others wait for it.
//!
//! **Freshness of a joiner.** What a flight brings may be older than the joiner's request, since the flight's
//! statement may have begun before. So a joiner takes it in two cases only. Either the entry passes, at that moment,
//! the very test that a hit has to pass; then it is a hit. Or the flight's statement began after the joiner arrived;
//! then it is as fresh as a statement of the joiner's own. In a row of flights the second case comes with the second
//! flight at the latest, so that nobody waits for more than two.
//!
//! **Hand-over.** A leader that fails or is dropped lets its flight end without a result. Its followers try
//! again, and one of them becomes the next leader. Errors are never shared: each caller gets its own.

use std::collections::HashMap;
use std::collections::hash_map;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::entry::Entry;
use super::key::{Key, KeyHasher};

/// Parts with a lock each.
const SHARDS: usize = 16;

/// A moment in the order of arrivals and of beginnings of flights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// What a flight brought.
#[derive(Clone, Debug)]
pub struct Landing {
    /// The answer.
    pub entry: Arc<Entry>,
    /// When its statement began; nothing if the answer came from the shared level.
    pub begun: Option<Ticket>,
}

impl Landing {
    /// Whether the statement began after this arrival.
    pub fn began_after(&self, arrived: Ticket) -> bool {
        self.begun.is_some_and(|begun| begun > arrived)
    }
}

type Outcome = watch::Receiver<Option<Landing>>;
type Shard = HashMap<Key, Outcome, BuildHasherDefault<KeyHasher>>;

/// The flights that are under way.
#[derive(Debug, Default)]
pub struct Flights {
    shards: [Mutex<Shard>; SHARDS],
    tickets: AtomicU64,
}

/// The part of one request in a flight.
pub enum Role<'f> {
    /// Asks the database.
    Leader(Leader<'f>),
    /// Waits for the one who does.
    Follower(Follower),
}

impl Flights {
    /// The moment of an arrival.
    pub fn arrive(&self) -> Ticket {
        Ticket(self.tickets.load(Ordering::SeqCst))
    }

    /// Joins the flight of a key, or starts it.
    pub fn join(&self, key: &Key) -> Role<'_> {
        match self.shard(key).entry(key.clone()) {
            hash_map::Entry::Occupied(flight) => Role::Follower(Follower(flight.get().clone())),
            hash_map::Entry::Vacant(place) => {
                let (outcome, follower) = watch::channel(None);
                place.insert(follower);
                Role::Leader(Leader { flights: self, key: key.clone(), outcome, begun: None })
            }
        }
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        let index = (key.hash() >> 32) as usize % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leads a flight. Dropped before it lands, the flight ends and a follower takes over.
pub struct Leader<'f> {
    flights: &'f Flights,
    key: Key,
    outcome: watch::Sender<Option<Landing>>,
    begun: Option<Ticket>,
}

impl Leader<'_> {
    /// Says that the statement begins now.
    pub fn begin(&mut self) {
        self.begun = Some(Ticket(self.flights.tickets.fetch_add(1, Ordering::SeqCst) + 1));
    }

    /// Ends the flight with an answer for all who wait.
    pub fn land(self, entry: Arc<Entry>) {
        self.outcome.send_replace(Some(Landing { entry, begun: self.begun }));
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        self.flights.shard(&self.key).remove(&self.key);
    }
}

/// Waits for a flight.
pub struct Follower(Outcome);

impl Follower {
    /// What the flight brought; nothing if it ended without an answer.
    pub async fn landing(mut self) -> Option<Landing> {
        // An error means that the leader is gone; it may have landed just before.
        let _ = self.0.wait_for(Option::is_some).await;
        self.0.borrow().clone()
    }
}

#[cfg(test)]
#[path = "flight_tests.rs"]
mod tests;
