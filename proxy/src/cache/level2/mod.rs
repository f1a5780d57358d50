//! The second level: entries in a Redis that several proxies share. Off unless an address is set.
//!
//! An entry carries the stamp and the tags that it has in memory, and is measured by the same test when it is read:
//! what Redis holds is never trusted to be current. Losing it, or finding it slow, full or emptied, is a miss.
//! The driver's own client-side cache is not used; it loses invalidations.

mod link;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use self::link::Link;
use super::entry::Entry;
use super::key::Key;
use crate::config::{RedisAddress, Settings};
use crate::error::Error;
use crate::observe::Metrics;

/// Questions in a row without an answer in time, after which Redis is left alone until it answers a ping.
const SILENCES: u32 = 8;
/// Pause between two pings of a Redis that does not answer.
const PING_PAUSE: Duration = Duration::from_millis(250);
/// Longest time for a write or a ping; nobody waits for them.
const BACKGROUND_TIME: Duration = Duration::from_secs(1);

/// The shared level.
pub struct Level2 {
    link: Link,
    budget: Duration,
    /// Whether Redis is asked at all.
    answers: AtomicBool,
    silences: AtomicU32,
    doubted: Notify,
    metrics: Arc<Metrics>,
}

impl Level2 {
    /// The shared level at this address. Redis need not be there yet.
    pub fn new(address: &RedisAddress, settings: &Settings, metrics: Arc<Metrics>) -> Result<Self, Error> {
        Ok(Self {
            link: Link::new(address).map_err(|error| Error::Start(format!("redis_url: {error}")))?,
            budget: settings.redis_budget_ms,
            answers: AtomicBool::new(false),
            silences: AtomicU32::new(0),
            doubted: Notify::new(),
            metrics,
        })
    }

    /// The entry of this key, valid or not; nothing if Redis does not have it or does not give it in time.
    pub async fn get(&self, key: &Key) -> Option<Entry> {
        if !self.answers.load(Ordering::Relaxed) {
            return None;
        }
        match timeout(self.budget, self.link.get(&wire::name(key))).await {
            Ok(Ok(found)) => {
                self.silences.store(0, Ordering::Relaxed);
                let read = wire::read(&Bytes::from(found?), key);
                if read.is_none() {
                    self.failed("damaged");
                }
                read
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "redis could not be read");
                self.failed("read");
                self.doubt();
                None
            }
            Err(_) => {
                self.failed("timeout");
                if self.silences.fetch_add(1, Ordering::Relaxed) >= SILENCES {
                    self.doubt();
                }
                None
            }
        }
    }

    /// Stores an entry, unless one with a newer stamp is there. Nobody waits for it.
    pub fn put(self: &Arc<Self>, key: &Key, entry: &Entry) {
        if !self.answers.load(Ordering::Relaxed) {
            return;
        }
        let level = Arc::clone(self);
        let (name, value) = (wire::name(key), wire::written(key, entry));
        let lifetime = entry.lifetime;
        tokio::spawn(async move {
            match timeout(BACKGROUND_TIME, level.link.put(&name, &value, lifetime)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::debug!(%error, "redis could not be written");
                    level.failed("write");
                    level.doubt();
                }
                Err(_) => {
                    level.failed("timeout");
                    level.doubt();
                }
            }
        });
    }

    /// Connects, and after each trouble tries until Redis answers again, for as long as the proxy runs.
    pub async fn run(self: Arc<Self>) {
        loop {
            while !matches!(timeout(BACKGROUND_TIME, self.link.ping()).await, Ok(Ok(()))) {
                sleep(PING_PAUSE).await;
            }
            self.silences.store(0, Ordering::Relaxed);
            if !self.answers.swap(true, Ordering::Relaxed) {
                tracing::info!("redis answers");
            }
            self.doubted.notified().await;
        }
    }

    fn doubt(&self) {
        if self.answers.swap(false, Ordering::Relaxed) {
            tracing::warn!("redis does not answer; answers come from memory and the database");
            self.doubted.notify_one();
        }
    }

    fn failed(&self, kind: &str) {
        self.metrics.cache.shared_failures.with_label_values(&[kind]).inc();
    }
}
