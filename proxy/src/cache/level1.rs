//! The first level: entries in this process, bounded in bytes.
//!
//! quick_cache keeps the bound exactly, at every insertion and without a task of its own, compares whole
//! keys, and a look-up is one read lock and one counter. moka exceeds its bound until its maintenance runs,
//! and a look-up in it costs several times as much; TinyUFO keeps only hashes of keys.

use std::hash::BuildHasherDefault;
use std::sync::Arc;

use prometheus::IntCounter;
use quick_cache::sync::Cache;
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};

use super::entry::Entry;
use super::key::{Key, KeyHasher};
use crate::error::Error;

/// An answer with some thousand bytes is the usual one; within two orders of magnitude is good enough.
const USUAL_ENTRY_BYTES: usize = 4096;
/// Parts with a lock and a share of the bound each. Few, because no entry can be larger than its part.
const SHARDS: usize = 8;

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Arc<Entry>> for Bytes {
    fn weight(&self, key: &Key, entry: &Arc<Entry>) -> u64 {
        (key.bytes().len() + size_of::<Key>() + entry.bytes()) as u64
    }
}

#[derive(Clone)]
struct CountEvictions(IntCounter);

impl Lifecycle<Key, Arc<Entry>> for CountEvictions {
    type RequestState = ();

    fn on_evict(&self, (): &mut (), _: Key, _: Arc<Entry>) {
        self.0.inc();
    }
}

/// The entries of this process.
pub struct Level1(Cache<Key, Arc<Entry>, Bytes, BuildHasherDefault<KeyHasher>, CountEvictions>);

impl Level1 {
    /// An empty level of at most `limit_bytes`.
    pub fn new(limit_bytes: usize, evictions: IntCounter) -> Result<Self, Error> {
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity((limit_bytes / USUAL_ENTRY_BYTES).max(1))
            .weight_capacity(limit_bytes as u64)
            .build()
            .map_err(|error| Error::Start(error.to_string()))?;
        Ok(Self(Cache::with_options(
            options,
            Bytes,
            BuildHasherDefault::default(),
            CountEvictions(evictions),
        )))
    }

    /// The entry of this key, valid or not.
    pub fn get(&self, key: &Key) -> Option<Arc<Entry>> {
        self.0.get(key)
    }

    /// Stores an entry in place of any other of its key. One that is larger than a part of the level is not
    /// kept.
    pub fn put(&self, key: Key, entry: Arc<Entry>) {
        self.0.insert(key, entry);
    }

    /// The largest entry that would be kept, in bytes.
    pub fn entry_limit_bytes(&self) -> u64 {
        self.0.shard_capacity()
    }

    /// Bytes of all entries.
    pub fn bytes(&self) -> u64 {
        self.0.weight()
    }

    /// Number of entries.
    pub fn entries(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use http::HeaderValue;

    use super::*;
    use crate::cache::claims::Claims;
    use crate::cache::entry::{Encoded, Variants};
    use crate::cache::key::{Origin, Viewpoint};
    use crate::cache::snapshot::Snapshot;
    use crate::endpoint::samples::endpoint;
    use crate::endpoint::{Arguments, Value};

    fn key(number: i64) -> Key {
        let origin = Origin { system_identifier: 1, timeline: 1, epoch: 1 };
        let viewpoint = Viewpoint { database: "rota".to_owned(), role: "web".to_owned(), generation: 1 };
        let arguments = Arguments {
            supplied: 1,
            values: vec![(0, Value::BigInteger(number))],
            claims: Claims::default(),
        };
        Key::of(origin, &viewpoint, &endpoint("GET", "/api/a", &[]), &arguments)
    }

    fn entry(length: usize) -> Arc<Entry> {
        let encoded = Encoded::new(vec![b'x'; length].into(), HeaderValue::from_static("\"t\""));
        Arc::new(Entry {
            answer: Some(Variants::new(encoded)),
            stamp: Snapshot { xmin: 3, xmax: 3, in_progress: Box::default(), taken_in_recovery: false },
            tags: [].into(),
            filled: Instant::now(),
            lifetime: Duration::from_secs(1),
            staleness_ms: 0,
        })
    }

    #[test]
    fn the_bound_in_bytes_holds_after_every_insertion() {
        let evictions = IntCounter::new("evictions", "Evictions.").unwrap();
        let level = Level1::new(1 << 20, evictions.clone()).unwrap();
        for number in 0..2000 {
            level.put(key(number), entry(usize::try_from(number % 5000).unwrap()));
            assert!(level.bytes() <= 1 << 20, "{}", level.bytes());
        }
        assert!(level.entries() > 100);
        assert!(evictions.get() > 0);
        level.put(key(-1), entry(1 << 20));
        assert!(level.get(&key(-1)).is_none(), "larger than its part");
    }
}
