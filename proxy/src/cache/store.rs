//! The two levels, the flights and the tests that an entry has to pass: the cache as the pipeline sees it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::checker::Checker;
use super::entry::{Encoded, Entry, Variants};
use super::flight::{Flights, Ticket};
use super::key::Key;
use super::level1::Level1;
use super::level2::Level2;
use super::life::Life;
use super::lives::Lives;
use super::snapshot::Snapshot;
use super::tag::Tag;
use super::verdict::{Reason, Verdict};
use super::wish::{Consistency, Wish};
use super::words::Announced;
use crate::config::Settings;
use crate::database::call::Answered;
use crate::endpoint::{Arguments, Catalog, Endpoint};
use crate::error::Error;
use crate::http::accept::Coding;
use crate::http::entity_tag::entity_tag;
use crate::observe::Metrics;

/// What one request asks of the cache.
#[derive(Debug)]
pub struct Question {
    /// What the answer is found by.
    pub key: Key,
    /// How fresh it has to be.
    pub wish: Wish,
    /// When the request arrived, among the flights.
    pub arrived: Ticket,
    asked: Instant,
    catalog: Arc<Catalog>,
    life: Arc<Life>,
    tags: Arc<[Tag]>,
    lifetime: Duration,
}

impl Question {
    /// What is announced so far for what the answer depends on.
    pub fn announced(&self) -> Announced {
        self.life.words.announced_for(&self.tags)
    }

    /// The age that a hit may have at most, in milliseconds: changes up to so long ago are known, and none where the
    /// server was asked.
    pub fn hit_age_ms(&self, now: Instant) -> u64 {
        if self.wish.consistency == Consistency::Checked {
            return 0;
        }
        u64::try_from(self.life.staleness(now).as_micros().div_ceil(1000)).unwrap_or(u64::MAX)
    }

    /// Whether everything that had been announced then is contained in an answer.
    pub fn is_contained(&self, announced: &Announced, stamp: &Snapshot) -> bool {
        self.life.words.contains(announced, stamp)
    }
}

/// The cache.
pub struct Cache {
    /// The flights under way.
    pub flights: Flights,
    /// The announcements.
    pub lives: Arc<Lives>,
    /// The shared level, if there is one.
    pub level2: Option<Arc<Level2>>,
    /// Asks the server that announces.
    pub checker: Checker,
    level1: Option<Level1>,
    lifetime: Duration,
    late: Duration,
    metrics: Arc<Metrics>,
}

impl Cache {
    /// An empty cache that knows of no announcements yet.
    pub fn new(settings: &Settings, metrics: Arc<Metrics>) -> Result<Self, Error> {
        let level1 = (settings.cache_bytes > 0)
            .then(|| Level1::new(settings.cache_bytes, metrics.cache.evictions.clone()))
            .transpose()?;
        let level2 = settings
            .redis_url
            .as_ref()
            .map(|address| Level2::new(address, settings, Arc::clone(&metrics)).map(Arc::new))
            .transpose()?;
        metrics.cache.bytes_limit.set(i64::try_from(settings.cache_bytes).unwrap_or(i64::MAX));
        Ok(Self {
            flights: Flights::default(),
            lives: Arc::new(Lives::new(Arc::clone(&metrics))),
            level1,
            level2,
            checker: Checker::new(settings),
            lifetime: settings.cache_lifetime_ms,
            late: settings.cache_reader_late_ms,
            metrics,
        })
    }

    /// What a request asks of the cache, or why it asks nothing.
    pub fn question(
        &self,
        endpoint: &Endpoint,
        arguments: &Arguments<'_>,
        catalog: &Arc<Catalog>,
        wish: Wish,
        asked: Instant,
    ) -> Result<Question, Verdict> {
        let rules = endpoint.cache.as_ref().map_err(Clone::clone)?;
        if self.level1.is_none() {
            return Err(Verdict::uncacheable("the cache is off"));
        }
        let arrived = self.flights.arrive();
        let Some(life) = self.lives.current() else {
            return Err(Verdict::Miss { reason: Reason::ReaderLate, collapsed: false, stored: false });
        };
        if !is_current(catalog, &life) {
            return Err(Verdict::Miss { reason: Reason::CatalogChanged, collapsed: false, stored: false });
        }
        Ok(Question {
            key: Key::of(life.origin, &catalog.viewpoint, endpoint, arguments),
            catalog: Arc::clone(catalog),
            wish,
            arrived,
            asked,
            life,
            tags: rules.tags(arguments),
            lifetime: rules.lifetime.unwrap_or(self.lifetime),
        })
    }

    /// The answer from memory, or why there is none that may be given.
    pub async fn find(&self, question: &Question) -> Result<Arc<Entry>, Reason> {
        let found = self.level1.as_ref().and_then(|level1| level1.get(&question.key));
        let entry = found.ok_or(Reason::Absent)?;
        self.judge(question, &entry).await.map(|()| entry)
    }

    /// The answer from the shared level, if there is one that may be given. It is kept in memory from then
    /// on.
    pub async fn find_shared(&self, question: &Question) -> Option<Arc<Entry>> {
        let entry = Arc::new(self.level2.as_ref()?.get(&question.key).await?);
        self.judge(question, &entry).await.ok()?;
        self.keep(question, &entry);
        Some(entry)
    }

    /// Whether what has been announced lately is known.
    pub fn is_followed(&self, question: &Question) -> bool {
        question.life.is_current(question.asked, self.late)
    }

    /// Whether an entry may be given to this request: the one test that hits of both levels and joiners of
    /// flights have to pass, at the moment when they are given.
    pub async fn judge(&self, question: &Question, entry: &Entry) -> Result<(), Reason> {
        let wish = &question.wish;
        let refused = if !self.is_followed(question) {
            Some(Reason::ReaderLate)
        } else if wish.consistency == Consistency::AfterToken && wish.after.is_empty() {
            Some(Reason::NoToken)
        } else if !wish.is_met_by(&entry.stamp) {
            Some(Reason::Token)
        } else if entry.is_expired(question.asked) {
            Some(Reason::Expired)
        } else if wish.consistency == Consistency::OneProxy && !self.lives.own_writes.all_seen(&entry.stamp) {
            Some(Reason::InFlux)
        } else if !question.life.words.all_seen(&entry.tags, &entry.stamp) {
            Some(Reason::Changed)
        } else {
            None
        };
        if let Some(reason) = refused {
            return Err(reason);
        }
        if wish.consistency == Consistency::Checked
            && !self.checker.confirms(entry, &question.catalog.stamp, question.life.origin).await
        {
            return Err(Reason::Unconfirmed);
        }
        Ok(())
    }

    /// Makes an entry of what the database answered, and stores it unless it is overtaken already. Tells
    /// whether it was stored.
    pub fn store(&self, question: &Question, answered: Answered) -> (Arc<Entry>, bool) {
        let answer = answered.json.map(|body| {
            let entity_tag = entity_tag(&body, Coding::Identity);
            Variants::new(Encoded::new(body, entity_tag))
        });
        let entry = Arc::new(Entry {
            answer,
            stamp: answered.stamp,
            tags: Arc::clone(&question.tags),
            filled: Instant::now(),
            lifetime: question.lifetime,
            staleness_ms: answered.staleness_ms,
        });
        let limit_bytes = self.level1.as_ref().map_or(0, Level1::entry_limit_bytes);
        let is_overtaken = !question.life.words.all_seen(&entry.tags, &entry.stamp);
        // A standby that was promoted writes a history of its own, which is not announced in this life.
        let is_foreign = answered.life.is_some_and(|life| life != question.life.origin.epoch);
        let outcome = if is_overtaken || is_foreign || !is_current(&question.catalog, &question.life) {
            "overtaken"
        } else if entry.staleness_ms > 0 {
            // What is stored is justified by the changes of tables, and so has to hold what they hold.
            "stale"
        } else if entry.bytes() as u64 > limit_bytes {
            "too-large"
        } else {
            self.keep(question, &entry);
            if let Some(level2) = &self.level2 {
                level2.put(&question.key, &entry);
            }
            "stored"
        };
        self.metrics.cache.fills.with_label_values(&[outcome]).inc();
        (entry, outcome == "stored")
    }

    /// Keeps an entry in memory in place of the one of its key.
    pub fn keep(&self, question: &Question, entry: &Arc<Entry>) {
        if let Some(level1) = &self.level1 {
            level1.put(question.key.clone(), Arc::clone(entry));
        }
    }

    /// Brings the gauges to what the cache is now.
    pub fn observe(&self) {
        let gauge = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        if let Some(level1) = &self.level1 {
            self.metrics.cache.bytes.set(gauge(level1.bytes()));
            self.metrics.cache.entries.set(gauge(level1.entries() as u64));
        }
        self.lives.observe();
    }
}

/// Whether no change of the catalog has been announced that this reading of it lacks. A function that was
/// replaced may read other tables than its tags say.
fn is_current(catalog: &Catalog, life: &Life) -> bool {
    life.words.all_seen(&[Tag::catalog()], &catalog.stamp)
}
