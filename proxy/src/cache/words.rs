//! Which changes have been announced, and whether an answer contains all of them.
//!
//! A word per tag hash holds the highest transaction announced for it. Below the words stands a bounded list
//! of recent announcements, for snapshots that saw a high transaction but not a lower one that was still
//! running. Nothing here assumes that announcements come in the order of transactions, or of commits.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use super::snapshot::Snapshot;
use super::tag::Tag;

/// The announced changes of one life of the server.
#[derive(Debug)]
pub struct Words {
    /// A power of two of words; a tag's is at its salted hash modulo their number.
    words: Box<[AtomicU64]>,
    /// The same for everybody who follows one database, and another one for each database of a server.
    salt: u64,
    recent: RwLock<Recent>,
}

/// What had been announced for some tags at one moment.
#[derive(Clone, Debug)]
pub struct Announced(Box<[(Tag, u64)]>);

/// The last announcements, exactly.
#[derive(Debug)]
struct Recent {
    limit: usize,
    order: VecDeque<(u64, Tag)>,
    known: HashSet<(u64, Tag)>,
    /// No announcement of a transaction above this one is missing from the list.
    forgotten: u64,
}

impl Recent {
    /// Whether the transaction has, or may have, been announced for the tag.
    fn may_have(&self, transaction: u64, tag: Tag) -> bool {
        transaction <= self.forgotten || self.known.contains(&(transaction, tag))
    }

    fn add(&mut self, transaction: u64, tag: Tag) {
        if !self.known.insert((transaction, tag)) {
            return;
        }
        self.order.push_back((transaction, tag));
        if self.order.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
            self.forgotten = self.forgotten.max(oldest.0);
        }
    }
}

impl Words {
    /// Words copied from the server. Whatever was announced up to the highest of them may have been missed,
    /// so that the list of recent announcements begins above it. Nothing if their number is no power of two.
    pub fn new(copied: &[u64], salt: u64, recent_limit: usize) -> Option<Self> {
        if !copied.len().is_power_of_two() {
            return None;
        }
        let words = copied.iter().copied().map(AtomicU64::new).collect();
        let recent = Recent {
            limit: recent_limit,
            order: VecDeque::new(),
            known: HashSet::new(),
            forgotten: copied.iter().copied().fold(0, u64::max),
        };
        Some(Self { words, salt, recent: RwLock::new(recent) })
    }

    /// Takes in announcements, each a transaction and a tag.
    pub fn announce(&self, announced: impl Iterator<Item = (u64, Tag)>) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        for (transaction, tag) in announced {
            // Either of the two alone refuses an entry that lacks the transaction, so their order does not
            // matter.
            recent.add(transaction, tag);
            self.word(tag).fetch_max(transaction, Ordering::Release);
        }
    }

    /// Takes in words copied from the same life of the server, after announcements may have been lost.
    pub fn copy(&self, copied: &[u64]) {
        self.forget_up_to(copied.iter().copied().fold(0, u64::max));
        for (word, copied) in self.words.iter().zip(copied) {
            word.fetch_max(*copied, Ordering::Release);
        }
    }

    /// Asks every entry to contain everything up to this transaction.
    pub fn announce_all(&self, transaction: u64) {
        self.forget_up_to(transaction);
        for word in &self.words {
            word.fetch_max(transaction, Ordering::Release);
        }
    }

    fn forget_up_to(&self, transaction: u64) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        recent.forgotten = recent.forgotten.max(transaction);
    }

    /// Whether every change that has been announced for the tags is contained in the snapshot: the validity
    /// of an entry. Two loads and compares a tag where nothing happened since the snapshot's oldest
    /// transaction.
    pub fn all_seen(&self, tags: &[Tag], snapshot: &Snapshot) -> bool {
        tags.iter().all(|tag| self.is_seen_up_to(self.highest(*tag), *tag, snapshot))
    }

    /// The highest transaction announced so far for each of the tags.
    pub fn announced_for(&self, tags: &[Tag]) -> Announced {
        Announced(tags.iter().map(|tag| (*tag, self.highest(*tag))).collect())
    }

    /// Whether everything that had been announced then is contained in the snapshot, whatever was announced since.
    pub fn contains(&self, announced: &Announced, snapshot: &Snapshot) -> bool {
        announced.0.iter().all(|(tag, highest)| self.is_seen_up_to(*highest, *tag, snapshot))
    }

    fn highest(&self, tag: Tag) -> u64 {
        self.word(tag).load(Ordering::Acquire)
    }

    fn is_seen_up_to(&self, highest: u64, tag: Tag, snapshot: &Snapshot) -> bool {
        if highest < snapshot.xmin {
            return true;
        }
        if highest >= snapshot.xmax {
            return false;
        }
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        let mut running = snapshot.in_progress.iter().take_while(|transaction| **transaction <= highest);
        !running.any(|transaction| recent.may_have(*transaction, tag))
    }

    fn word(&self, tag: Tag) -> &AtomicU64 {
        // The number of words is a power of two, and the lower bits choose, as on the server.
        #[expect(clippy::cast_possible_truncation, reason = "the mask keeps the lower bits only")]
        let index = (tag.0 ^ self.salt) as usize & (self.words.len() - 1);
        &self.words[index]
    }
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
