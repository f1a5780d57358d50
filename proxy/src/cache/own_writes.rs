//! Writes that pass through this proxy: what `one-proxy` reads have to contain.
//!
//! A change becomes visible to the database's readers a moment before the proxy hears of it. In that moment one
//! reader could miss and get the new state, and the next one hit an entry with the old. So, for reads of this level:
//!
//! - while a write is under way, nothing is hit. Which tables a function writes is not known for sure (triggers and
//!   cascades write more than its text says), so that every write counts for every entry;
//! - after it, an entry has to see the write's transaction, until the reader of announcements has caught up with it;
//!   from then on the words know better, by tag.
//!
//! A write whose end is not known (its client or the connection is gone) may still commit. It counts as
//! under way until the server must have ended it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::snapshot::Snapshot;

/// The writes of this proxy that its words may not know yet.
#[derive(Debug, Default)]
pub struct OwnWrites {
    under_way: AtomicUsize,
    waiting: AtomicUsize,
    ended: Mutex<Vec<Ended>>,
}

#[derive(Clone, Copy, Debug)]
struct Ended {
    transaction: u64,
    at: Instant,
}

impl OwnWrites {
    /// Says that a write begins. `longest` is the time after which the server has ended any write by itself.
    pub fn begin(self: &Arc<Self>, longest: Duration) -> OwnWrite {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        OwnWrite { writes: Some(Arc::clone(self)), longest }
    }

    /// Whether an entry with this stamp contains every write that went through this proxy.
    pub fn all_seen(&self, stamp: &Snapshot) -> bool {
        // In this order: a write enters the second before it leaves the first.
        if self.under_way.load(Ordering::SeqCst) != 0 {
            return false;
        }
        if self.waiting.load(Ordering::SeqCst) == 0 {
            return true;
        }
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.iter().all(|write| stamp.sees(write.transaction))
    }

    /// Says that everything announced before `asked` has been taken in, and these transactions besides.
    pub fn caught_up(&self, asked: Instant, announced: &[u64]) {
        if self.waiting.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|write| write.at >= asked && !announced.contains(&write.transaction));
        self.waiting.store(ended.len(), Ordering::SeqCst);
    }

    fn ends(&self, transaction: Option<u64>) {
        if let Some(transaction) = transaction {
            let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            ended.push(Ended { transaction, at: Instant::now() });
            self.waiting.store(ended.len(), Ordering::SeqCst);
        }
        self.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One write that is under way.
pub struct OwnWrite {
    writes: Option<Arc<OwnWrites>>,
    longest: Duration,
}

impl OwnWrite {
    /// The write is over: the server has told its transaction, or that there was none, or refused it.
    pub fn ended(mut self, transaction: Option<u64>) {
        if let Some(writes) = self.writes.take() {
            writes.ends(transaction);
        }
    }
}

impl Drop for OwnWrite {
    fn drop(&mut self) {
        let Some(writes) = self.writes.take() else { return };
        let longest = self.longest;
        tokio::spawn(async move {
            tokio::time::sleep(longest).await;
            writes.ends(None);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_millis(1);

    fn stamp(xmax: u64) -> Snapshot {
        Snapshot { xmin: xmax, xmax, in_progress: Box::default(), taken_in_recovery: false }
    }

    #[test]
    fn nothing_is_hit_while_a_write_is_under_way_and_afterwards_what_sees_it() {
        let writes = Arc::new(OwnWrites::default());
        assert!(writes.all_seen(&stamp(7)));
        let write = writes.begin(LONGEST);
        assert!(!writes.all_seen(&stamp(7)) && !writes.all_seen(&stamp(9)));
        write.ended(Some(7));
        assert!(!writes.all_seen(&stamp(7)) && writes.all_seen(&stamp(8)));
        writes.begin(LONGEST).ended(None);
        assert!(writes.all_seen(&stamp(8)));
    }

    #[test]
    fn a_write_is_forgotten_once_its_announcement_is_known() {
        let writes = Arc::new(OwnWrites::default());
        let before = Instant::now();
        writes.begin(LONGEST).ended(Some(7));
        writes.begin(LONGEST).ended(Some(8));
        writes.caught_up(before, &[]);
        assert!(!writes.all_seen(&stamp(7)));
        writes.caught_up(before, &[7]);
        assert!(!writes.all_seen(&stamp(7)) && writes.all_seen(&stamp(9)));
        writes.caught_up(Instant::now() + LONGEST, &[]);
        assert!(writes.all_seen(&stamp(7)), "everything announced before that moment is known");
    }

    #[tokio::test]
    async fn a_write_of_unknown_end_counts_until_the_server_must_have_ended_it() {
        let writes = Arc::new(OwnWrites::default());
        drop(writes.begin(Duration::from_millis(20)));
        assert!(!writes.all_seen(&stamp(7)));
        while !writes.all_seen(&stamp(7)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
