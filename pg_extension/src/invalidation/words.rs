//! The highest transaction that was announced per tag.
//!
//! Tags share words: the low bits of the hash choose one, after a salt of the database was mixed in (XOR),
//! since the words are of the whole cluster and tags of databases are alike. A word only ever rises. Words
//! are raised before the transaction becomes visible, so whoever has seen a change finds it in them; one that
//! is rolled back after all leaves a word higher than needed, which costs a miss.

use std::sync::atomic::{AtomicU64, Ordering};

use pgrx::pg_sys;

use super::shared::Shared;
use super::tag::Tag;

/// What the tags of this backend's database are mixed with to choose their words: the hash of its id's four
/// little-endian bytes.
pub(crate) fn word_salt() -> i64 {
    // SAFETY: of the database that this backend is connected to, for good.
    let database = unsafe { pg_sys::MyDatabaseId };
    Tag::of(database.to_u32().to_le_bytes()).to_bigint()
}

impl Shared {
    /// Notes that a transaction is about to change what the tags name.
    pub(super) fn raise_words(&self, transaction: u64, tags: &[Tag]) {
        let salt = word_salt();
        for tag in tags {
            if let Some(word) = self.word(*tag, salt) {
                word.fetch_max(transaction, Ordering::AcqRel);
            }
        }
    }

    /// The highest transaction announced for each tag, or for one that shares its word.
    pub(crate) fn words_of(&self, tags: impl Iterator<Item = Tag>) -> Vec<u64> {
        let salt = word_salt();
        let word = |tag| self.word(tag, salt).map_or(u64::MAX, |word| word.load(Ordering::Acquire));
        tags.map(word).collect()
    }

    /// All words, and a position of the ring: every event at or before it is in them.
    pub(crate) fn copy_words(&self) -> (u64, Vec<u8>) {
        // The position first. An event that enters meanwhile may be in the words already, which is as well.
        let position = self.newest_position();
        let words = self.word_array().iter().flat_map(|word| word.load(Ordering::Acquire).to_le_bytes());
        (position, words.collect())
    }

    /// Number of words.
    pub(crate) fn word_count(&self) -> usize {
        self.word_array().len()
    }

    /// Length of the ring.
    pub(crate) fn ring_length(&self) -> usize {
        self.event_array().len()
    }

    fn word(&self, tag: Tag, salt: i64) -> Option<&AtomicU64> {
        let words = self.word_array();
        #[expect(clippy::cast_possible_truncation, reason = "the mask keeps what fits")]
        let low = (tag.bits() ^ salt.cast_unsigned()) as usize;
        words.get(low & (words.len() - 1))
    }
}
