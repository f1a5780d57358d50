//! The metrics of the cache.

use std::time::Duration;

use prometheus::{Gauge, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts};

use super::metrics::Maker;
use super::names;
use crate::cache::verdict::{Reason, Verdict};

/// Buckets of the time from a change to its invalidation, in seconds.
const DELAY_BUCKETS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_2, 0.000_35, 0.000_5, 0.000_75, 0.001, 0.002, 0.003_5, 0.005, 0.01, 0.025, 0.05,
    0.1, 0.25, 0.5, 1.0,
];
/// Where a hit came from, as labels.
const LEVELS: [&str; 2] = ["memory", "shared"];
/// What became of a computed answer, as labels.
pub const FILL_OUTCOMES: [&str; 4] = ["stored", "overtaken", "stale", "too-large"];
/// How the reader of announcements stands, as labels.
pub const READER_STATES: [&str; 4] = ["ring", "notify", "standby", "lost"];
/// What can go wrong with the shared level, as labels.
pub const SHARED_FAILURES: [&str; 4] = ["read", "write", "timeout", "damaged"];
/// Why words are copied, as labels.
pub const COPY_REASONS: [&str; 3] = ["start", "reconnected", "overflow"];

/// The metrics of the cache.
#[derive(Debug)]
pub struct CacheMetrics {
    /// Entries of the first level that gave way to others.
    pub evictions: IntCounter,
    /// Bytes of the first level.
    pub bytes: IntGauge,
    /// Most bytes of the first level.
    pub bytes_limit: IntGauge,
    /// Entries of the first level.
    pub entries: IntGauge,
    /// Computed answers, by what became of them.
    pub fills: IntCounterVec,
    /// Requests that were answered by another one's call.
    pub collapsed: IntCounter,
    /// From a change becoming visible to its announcement being known here.
    pub invalidation_delay: Histogram,
    /// Announcements taken in.
    pub announcements: IntCounter,
    /// Copies of the words, by reason.
    pub copies: IntCounterVec,
    /// How old the newest moment is up to which all announcements are known.
    pub staleness_bound: Gauge,
    /// 1 for the state of the reader.
    pub reader_state: IntGaugeVec,
    /// Troubles with the shared level, by kind.
    pub shared_failures: IntCounterVec,
    hits: [IntCounter; 2],
    misses: [IntCounter; Reason::ALL.len()],
    uncacheable: IntCounter,
}

impl CacheMetrics {
    pub(super) fn new(maker: &Maker) -> prometheus::Result<Self> {
        let hits = maker.counters(names::CACHE_HITS, "Answers from the cache.", &["level"], &LEVELS)?;
        let reasons = Reason::ALL.map(Reason::name);
        let misses =
            maker.counters(names::CACHE_MISSES, "Answers not from the cache.", &["reason"], &reasons)?;
        let delay = HistogramOpts::new(names::CACHE_INVALIDATION_DELAY, "From a change to its invalidation.")
            .buckets(DELAY_BUCKETS.to_vec());
        let state = Opts::new(names::CACHE_READER_STATE, "1 for the state of the reader of announcements.");
        let metrics = Self {
            evictions: maker.counter(names::CACHE_EVICTIONS, "Entries that gave way to others.")?,
            bytes: maker.gauge(names::CACHE_BYTES, "Bytes of entries in memory.")?,
            bytes_limit: maker.gauge(names::CACHE_BYTES_LIMIT, "Most bytes of entries in memory.")?,
            entries: maker.gauge(names::CACHE_ENTRIES, "Entries in memory.")?,
            fills: maker.counters(
                names::CACHE_FILLS,
                "Answers computed for the cache.",
                &["outcome"],
                &FILL_OUTCOMES,
            )?,
            collapsed: maker
                .counter(names::CACHE_COLLAPSED, "Requests answered by another request's call.")?,
            invalidation_delay: maker.registered(Histogram::with_opts(delay)?)?,
            announcements: maker.counter(names::CACHE_ANNOUNCEMENTS, "Announced changes taken in.")?,
            copies: maker.counters(
                names::CACHE_COPIES,
                "Copies of all words.",
                &["reason"],
                &COPY_REASONS,
            )?,
            staleness_bound: maker
                .registered(Gauge::new(names::CACHE_STALENESS_BOUND, "No hit is older than this.")?)?,
            reader_state: maker.registered(IntGaugeVec::new(state, &["state"])?)?,
            shared_failures: maker.counters(
                names::CACHE_SHARED_FAILURES,
                "Troubles with the shared level.",
                &["kind"],
                &SHARED_FAILURES,
            )?,
            hits: LEVELS.map(|level| hits.with_label_values(&[level])),
            misses: reasons.map(|reason| misses.with_label_values(&[reason])),
            uncacheable: maker
                .counter(names::CACHE_UNCACHEABLE, "Reads of endpoints that are not cached.")?,
        };
        metrics.reader_is("lost");
        Ok(metrics)
    }

    /// The reader of announcements is in this state now.
    pub fn reader_is(&self, now: &str) {
        for state in READER_STATES {
            self.reader_state.with_label_values(&[state]).set(i64::from(state == now));
        }
    }

    /// Sets the bound on the age of hits; without any announcements known there are no hits, and no bound.
    pub fn staleness_is(&self, staleness: Option<Duration>) {
        self.staleness_bound.set(staleness.map_or(0.0, |staleness| staleness.as_secs_f64()));
    }

    pub(super) fn verdict(&self, verdict: &Verdict) {
        match verdict {
            Verdict::Hit => self.hits[0].inc(),
            Verdict::SharedHit => self.hits[1].inc(),
            Verdict::Miss { reason, collapsed, .. } => {
                self.misses[*reason as usize].inc();
                if *collapsed {
                    self.collapsed.inc();
                }
            }
            Verdict::Uncacheable(_) => self.uncacheable.inc(),
            Verdict::NotAsked | Verdict::Write => {}
        }
    }
}
