//! What is known to have happened, and what a read must therefore contain.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Counters, one for each writer.
pub(in crate::cache) const COUNTERS: usize = 4;

/// A write that its writer was told of.
#[derive(Clone, Copy)]
pub(in crate::cache) struct Acknowledged {
    pub(in crate::cache) value: i64,
    pub(in crate::cache) transaction: Option<u64>,
    pub(in crate::cache) at: Instant,
}

/// All that clients and faults share.
pub(in crate::cache) struct Record {
    /// Set when the operations are used up, or one has failed the test.
    pub(in crate::cache) over: AtomicBool,
    /// Set while the primary of a standby is away: nobody knows then how old the standby's answers are.
    pub(in crate::cache) unmeasured: AtomicBool,
    operations: AtomicU64,
    limit: u64,
    hits: AtomicU64,
    /// The writes of each counter, in their order.
    writes: [Mutex<Vec<Acknowledged>>; COUNTERS],
    /// The highest value that a finished read of the highest level has told.
    read: [AtomicI64; COUNTERS],
    staleness: Mutex<Vec<Duration>>,
}

impl Record {
    pub(in crate::cache) fn new(limit: u64) -> Self {
        Self {
            over: AtomicBool::new(false),
            unmeasured: AtomicBool::new(false),
            operations: AtomicU64::new(0),
            limit,
            hits: AtomicU64::new(0),
            writes: Default::default(),
            read: Default::default(),
            staleness: Mutex::default(),
        }
    }

    /// Counts an operation; false when there are enough.
    pub(in crate::cache) fn goes_on(&self) -> bool {
        if self.operations.fetch_add(1, Ordering::Relaxed) >= self.limit {
            self.over.store(true, Ordering::SeqCst);
        }
        !self.over.load(Ordering::SeqCst)
    }

    fn writes(&self, counter: usize) -> MutexGuard<'_, Vec<Acknowledged>> {
        self.writes[counter].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A writer was told of its write.
    pub(in crate::cache) fn acknowledge(&self, counter: usize, value: i64, transaction: Option<u64>) {
        self.writes(counter).push(Acknowledged { value, transaction, at: Instant::now() });
    }

    /// The last write of a counter that was acknowledged before a moment.
    pub(in crate::cache) fn last_before(&self, counter: usize, moment: Instant) -> Option<Acknowledged> {
        self.writes(counter).iter().rev().find(|write| write.at < moment).copied()
    }

    /// What a linearizable read has told: no later one of its kind may tell less.
    pub(in crate::cache) fn told(&self, counter: usize) -> i64 {
        self.read[counter].load(Ordering::SeqCst)
    }

    /// A linearizable read has told this.
    pub(in crate::cache) fn tell(&self, counter: usize, value: i64) {
        self.read[counter].fetch_max(value, Ordering::SeqCst);
    }

    /// A read told a value that was overtaken before it was asked for, or not.
    pub(in crate::cache) fn observe(&self, counter: usize, value: i64, asked: Instant, is_hit: bool) {
        if is_hit {
            self.hits.fetch_add(1, Ordering::Relaxed);
        }
        let overtaken = self.writes(counter).iter().find(|write| write.value > value).map(|write| write.at);
        let age = overtaken.map_or(Duration::ZERO, |at| asked.saturating_duration_since(at));
        self.staleness.lock().unwrap_or_else(PoisonError::into_inner).push(age);
    }

    /// Answers from the cache.
    pub(in crate::cache) fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut staleness = self.staleness.lock().unwrap_or_else(PoisonError::into_inner);
        staleness.sort_unstable();
        let at = |thousandths: usize| {
            staleness.get(staleness.len() * thousandths / 1000).copied().unwrap_or_default()
        };
        let writes: usize = (0..COUNTERS).map(|counter| self.writes(counter).len()).sum();
        write!(
            formatter,
            "{writes} writes, {} reads, {} from the cache; staleness p50 {:.1?}, p99 {:.1?}, p99.9 {:.1?}, most {:.1?}",
            staleness.len(),
            self.hits(),
            at(500),
            at(990),
            at(999),
            staleness.last().copied().unwrap_or_default()
        )
    }
}
