//! A stored answer: what it says, what it saw, and what it depends on.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderValue;

use super::snapshot::Snapshot;
use super::tag::Tag;
use crate::http::accept::Coding;

/// A body in one coding, with the entity tag of that coding.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The body as sent.
    pub body: Bytes,
    /// The entity tag, quotes included.
    pub entity_tag: HeaderValue,
    head: OnceLock<Bytes>,
}

impl Encoded {
    /// A body with its tag.
    pub fn new(body: Bytes, entity_tag: HeaderValue) -> Self {
        Self { body, entity_tag, head: OnceLock::new() }
    }

    /// The unchanging part of the head of its hits, made by the first one.
    pub fn head(&self, make: impl FnOnce() -> Bytes) -> Bytes {
        self.head.get_or_init(make).clone()
    }
}

/// A body in the codings that were asked for so far. Identity is always there.
#[derive(Clone, Debug)]
pub struct Variants {
    identity: Encoded,
    /// By the position in [`Coding::ALL`], identity left out.
    compressed: [Option<Encoded>; Coding::ALL.len() - 1],
}

impl Variants {
    /// A body that nobody has asked for compressed yet.
    pub fn new(identity: Encoded) -> Self {
        Self { identity, compressed: [const { None }; Coding::ALL.len() - 1] }
    }

    /// The body as it came from the server.
    pub fn identity(&self) -> &Encoded {
        &self.identity
    }

    /// The body in a coding, if it was made.
    pub fn get(&self, coding: Coding) -> Option<&Encoded> {
        match self.compressed.get(coding as usize) {
            Some(made) => made.as_ref(),
            None => Some(&self.identity),
        }
    }

    /// The same with one more coding.
    #[must_use]
    pub fn with(mut self, coding: Coding, encoded: Encoded) -> Self {
        if let Some(place) = self.compressed.get_mut(coding as usize) {
            *place = Some(encoded);
        }
        self
    }

    fn bytes(&self) -> usize {
        let made = self.compressed.iter().flatten().chain([&self.identity]);
        made.map(|encoded| encoded.body.len() + encoded.entity_tag.len() + HEAD_BYTES).sum()
    }
}

/// A stored answer. It never changes: an entry with one more coding is another one.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What the function returned; nothing for NULL, which is answered 404.
    pub answer: Option<Variants>,
    /// What the statement saw.
    pub stamp: Snapshot,
    /// What the answer depends on.
    pub tags: Arc<[Tag]>,
    /// When the statement had been answered.
    pub filled: Instant,
    /// How long it may be given out, even if nothing changes.
    pub lifetime: Duration,
    /// The age, when it was filled, of the oldest change that it does not hold although its statement saw it, in
    /// milliseconds. Only entries without any such change are stored.
    pub staleness_ms: u64,
}

/// Bytes of a head, about.
const HEAD_BYTES: usize = 256;
/// Bytes that an entry takes besides key, body, stamp and tags: the structures themselves, their allocations'
/// heads, and its place in the cache.
const FIXED_BYTES: usize = size_of::<Entry>() + 192;

impl Entry {
    /// Whether its time is over.
    pub fn is_expired(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.filled) >= self.lifetime
    }

    /// The age, at this moment, of the oldest change that it does not hold, in milliseconds: it grows with the clock.
    /// 0 where nothing was missing.
    pub fn staleness_ms(&self, now: Instant) -> u64 {
        match self.staleness_ms {
            0 => 0,
            told => {
                let since = now.saturating_duration_since(self.filled).as_millis();
                told.saturating_add(u64::try_from(since).unwrap_or(u64::MAX))
            }
        }
    }

    /// Bytes that it takes in memory, without its key.
    pub fn bytes(&self) -> usize {
        FIXED_BYTES
            + self.answer.as_ref().map_or(0, Variants::bytes)
            + self.stamp.heap_bytes()
            + self.tags.len() * size_of::<Tag>()
    }

    /// The same entry with its answer in one more coding.
    #[must_use]
    pub fn with_coding(&self, coding: Coding, encoded: Encoded) -> Self {
        let answer = self.answer.clone().map(|variants| variants.with(coding, encoded));
        Self { answer, ..self.clone() }
    }
}
