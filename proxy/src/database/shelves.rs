//! The open connections, on a shelf for each thread that serves.
//!
//! A connection wakes the thread that opened it, so it is best used by that thread. Each shelf is a pool of deadpool;
//! together they hold no more connections than one pool would. A thread takes from its own shelf, opens a connection
//! up to its share, and borrows from another shelf only then. One that it would rather have had itself is closed, so
//! that shares even out.

use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Object, Pool, PoolError, QueueMode, Timeouts};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::manager::{Manager, NotMade, Pooled};
use crate::error::Error;
use crate::workers;

/// Pause before the next look where all connections are open and none is free yet: one is being closed.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// The shelves of all threads.
pub(super) struct Shelves {
    /// One for each worker, and one for all other threads.
    shelves: Box<[Pool<Manager>]>,
    rooms: Arc<Semaphore>,
    /// How many connections of all are a worker's.
    share: usize,
    closing: TaskTracker,
}

impl Shelves {
    /// Empty shelves for so many workers, with `limit` connections at most. What they close is tracked.
    pub(super) fn new(
        workers: usize,
        limit: usize,
        closing: TaskTracker,
        manager: impl Fn(Arc<Semaphore>) -> Manager,
    ) -> Result<Self, Error> {
        let rooms = Arc::new(Semaphore::new(limit));
        let shelf = |_| {
            Pool::builder(manager(Arc::clone(&rooms)))
                .max_size(limit)
                // The last one back is the warmest; the others may grow idle and be closed.
                .queue_mode(QueueMode::Lifo)
                .runtime(Runtime::Tokio1)
                .build()
                .map_err(|error| Error::Start(error.to_string()))
        };
        let shelves = (0..=workers).map(shelf).collect::<Result<_, _>>()?;
        Ok(Self { shelves, share: limit.div_ceil(workers), rooms, closing })
    }

    /// A connection that is free, or a new one. The caller is one of those who may have one: there is one free, or
    /// about to be, or room for it. Each step takes `timeout` at most.
    pub(super) async fn take(&self, timeout: Duration) -> Result<Object<Manager>, PoolError<NotMade>> {
        let timeouts = Timeouts { wait: Some(timeout), create: Some(timeout), recycle: Some(timeout) };
        let others = self.shelves.len() - 1;
        let own = workers::current().map_or(others, |number| number.min(others));
        // The last shelf has no share: what is opened elsewhere than on a worker is everybody's.
        let share = if own == others { 0 } else { self.share };
        loop {
            let (opened, free) = self.count(own);
            let has_room = self.rooms.available_permits() > 0;
            let lender = if free > 0 || (opened < share && has_room) { None } else { self.lender(own) };
            let taken = match lender {
                None if free == 0 && !has_room => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                    continue;
                }
                None => self.shelves[own].timeout_get(&timeouts).await,
                Some(other) => self.shelves[other].timeout_get(&timeouts).await,
            };
            match (taken, lender) {
                // Somebody was faster.
                (Err(PoolError::Backend(NotMade::NoRoom)), _) => tokio::task::yield_now().await,
                (Ok(object), Some(other)) if opened < share && self.has_more_than_its_share(other) => {
                    self.closing.spawn(Object::take(object).close());
                }
                (taken, _) => return taken,
            }
        }
    }

    /// Another shelf with a free connection.
    fn lender(&self, own: usize) -> Option<usize> {
        (0..self.shelves.len()).find(|other| *other != own && self.count(*other).1 > 0)
    }

    fn has_more_than_its_share(&self, shelf: usize) -> bool {
        let share = if shelf == self.shelves.len() - 1 { 0 } else { self.share };
        self.count(shelf).0 > share
    }

    /// The connections of a shelf: those that are open, and those that are free.
    fn count(&self, shelf: usize) -> (usize, usize) {
        let status = self.shelves[shelf].status();
        (status.size, status.available.min(status.size))
    }

    /// Open connections.
    pub(super) fn open(&self) -> usize {
        (0..self.shelves.len()).map(|shelf| self.count(shelf).0).sum()
    }

    /// Takes those out that are free and no longer to be kept, for the caller to close.
    pub(super) fn retain(&self, mut keeps: impl FnMut(&deadpool::managed::Metrics) -> bool) -> Vec<Pooled> {
        self.shelves.iter().flat_map(|shelf| shelf.retain(|_, uses| keeps(&uses)).removed).collect()
    }
}
