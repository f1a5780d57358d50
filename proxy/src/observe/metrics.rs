//! The metrics and what the events make of them.

use std::sync::Arc;

use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use super::by_endpoint::{EndpointFamilies, EndpointMetrics};
use super::cache::CacheMetrics;
use super::event::RequestEvent;
use super::names;
use super::views::ViewMetrics;
use crate::admission::{Borrower, Lane};
use crate::http::accept::Coding;
use crate::http::problem::ProblemKind;

/// Buckets of durations in seconds. The usual ones begin at 5 ms; an answer of this proxy begins below 200 µs.
const DURATION_BUCKETS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_2, 0.000_35, 0.000_5, 0.000_75, 0.001, 0.002, 0.003_5, 0.005, 0.01, 0.025, 0.05,
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Classes of SQLSTATEs that are counted by themselves; all others count as `other`.
const SQLSTATE_CLASSES: [&str; 14] =
    ["08", "22", "23", "25", "28", "40", "42", "53", "54", "55", "57", "58", "P0", "XX"];
/// Reasons why a connection was given up.
pub const CLOSE_REASONS: [&str; 5] = ["lost", "age", "idle", "doubt", "ping"];
/// Reasons why a request got no connection.
pub const POOL_FAILURE_REASONS: [&str; 3] = ["wait_timeout", "connect_timeout", "connect"];
/// The failures after which a call is tried again: serialization_failure and deadlock_detected.
pub const RETRIED_CODES: [&str; 2] = ["40001", "40P01"];

/// All metrics of the proxy.
#[derive(Debug)]
pub struct Metrics {
    /// What /metrics shows.
    pub registry: Registry,
    /// Open client connections.
    pub connections: IntGauge,
    /// Requests past validation.
    pub in_flight: IntGauge,
    /// Clients that left.
    pub abandoned: IntCounter,
    /// Connections of the pool, by state.
    pub pool_connections: IntGaugeVec,
    /// The pool's limit.
    pub pool_limit: IntGauge,
    /// Requests waiting for a connection, by lane.
    pub pool_waiting: IntGaugeVec,
    /// Requests refused before they waited, by lane and reason.
    pub shed: IntCounterVec,
    /// Calls tried again, by SQLSTATE.
    pub retries: IntCounterVec,
    /// Requests beyond the rate limit of their client.
    pub rate_limited: IntCounter,
    /// Used over limit.
    pub pool_utilization: prometheus::Gauge,
    /// Connections opened.
    pub pool_opened: IntCounter,
    /// Connections given up, by reason.
    pub pool_closed: IntCounterVec,
    /// Requests without a connection, by reason.
    pub pool_failures: IntCounterVec,
    /// Prepared statements found.
    pub statement_hits: IntCounter,
    /// Prepared statements made.
    pub statement_misses: IntCounter,
    /// Catalog readings, by outcome.
    pub catalog_reads: IntCounterVec,
    /// Endpoints served.
    pub catalog_endpoints: IntGauge,
    /// Whether the catalog is listened to.
    pub catalog_listening: IntGauge,
    /// The cache.
    pub cache: CacheMetrics,
    /// The managed views.
    pub views: ViewMetrics,
    /// Rows of imports, by outcome.
    pub import_rows: IntCounterVec,
    /// Imports, by outcome.
    pub imports: IntCounterVec,
    endpoints: EndpointFamilies,
    /// The metrics of requests that no endpoint answers.
    unmatched: EndpointMetrics,
    problems: IntCounterVec,
    /// By the position of their coding in [`Coding::ALL`].
    response_bytes: [IntCounter; Coding::ALL.len()],
    database_errors: IntCounterVec,
    slow_calls_dropped: IntCounter,
}

/// Makes and registers metrics.
pub(super) struct Maker(Registry);

impl Maker {
    pub(super) fn registered<C: prometheus::core::Collector + Clone + 'static>(
        &self,
        made: C,
    ) -> prometheus::Result<C> {
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    pub(super) fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        self.registered(IntCounter::new(name, help)?)
    }

    pub(super) fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        self.registered(IntGauge::new(name, help)?)
    }

    /// A counter over one label; with known values given, all of them start at zero.
    pub(super) fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        known: &[&str],
    ) -> prometheus::Result<IntCounterVec> {
        let made = self.registered(IntCounterVec::new(Opts::new(name, help), labels)?)?;
        for value in known {
            drop(made.with_label_values(&[value]));
        }
        Ok(made)
    }

    /// A histogram of durations.
    pub(super) fn durations(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<HistogramVec> {
        let options = HistogramOpts::new(name, help).buckets(DURATION_BUCKETS.to_vec());
        self.registered(HistogramVec::new(options, labels)?)
    }
}

impl Metrics {
    /// All metrics, registered, known series at zero.
    ///
    /// # Errors
    ///
    /// Two metrics of one name, or a name that is none: found by any test that calls this.
    pub fn new() -> prometheus::Result<Self> {
        let maker = Maker(Registry::new());
        let endpoints = EndpointFamilies::new(&maker)?;
        let unmatched = endpoints.unmatched();
        let build = maker
            .registered(IntGaugeVec::new(Opts::new(names::BUILD_INFO, "The program."), &["version"])?)?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let states =
            IntGaugeVec::new(Opts::new(names::POOL_CONNECTIONS, "Database connections."), &["state"])?;
        let waiting = IntGaugeVec::new(
            Opts::new(names::POOL_WAITING, "Requests that wait for a connection."),
            &["lane"],
        )?;
        let outcomes = ["hit", "miss"];
        let statements =
            maker.counters(names::STATEMENTS, "Look-ups of prepared statements.", &["outcome"], &outcomes)?;
        let utilization =
            prometheus::Gauge::new(names::POOL_UTILIZATION, "Used database connections over the limit.")?;
        let bytes = maker.counters(
            names::HTTP_RESPONSE_BYTES,
            "Bytes of bodies sent.",
            &["coding"],
            &Coding::ALL.map(Coding::token),
        )?;
        Ok(Self {
            connections: maker.gauge(names::HTTP_CONNECTIONS, "Open client connections.")?,
            in_flight: maker.gauge(names::HTTP_IN_FLIGHT, "Requests past validation.")?,
            abandoned: maker.counter(names::HTTP_ABANDONED, "Clients that left before their answer.")?,
            pool_connections: maker.registered(states)?,
            pool_limit: maker.gauge(names::POOL_LIMIT, "Most database connections.")?,
            pool_waiting: maker.registered(waiting)?,
            shed: maker.counters(
                names::SHED,
                "Requests refused before they waited.",
                &["lane", "reason"],
                &[],
            )?,
            retries: maker.counters(names::RETRIES, "Calls tried again.", &["code"], &RETRIED_CODES)?,
            rate_limited: maker
                .counter(names::RATE_LIMITED, "Requests beyond the rate limit of their client.")?,
            pool_utilization: maker.registered(utilization)?,
            pool_opened: maker.counter(names::POOL_OPENED, "Database connections opened.")?,
            pool_closed: maker.counters(
                names::POOL_CLOSED,
                "Connections given up.",
                &["reason"],
                &CLOSE_REASONS,
            )?,
            pool_failures: maker.counters(
                names::POOL_FAILURES,
                "Requests that got no connection.",
                &["reason"],
                &POOL_FAILURE_REASONS,
            )?,
            statement_hits: statements.with_label_values(&["hit"]),
            statement_misses: statements.with_label_values(&["miss"]),
            catalog_reads: maker.counters(
                names::CATALOG_READS,
                "Readings of the catalog.",
                &["outcome"],
                &["read", "failed"],
            )?,
            catalog_endpoints: maker.gauge(names::CATALOG_ENDPOINTS, "Endpoints served.")?,
            catalog_listening: maker
                .gauge(names::CATALOG_LISTENING, "Whether catalog changes are listened for.")?,
            cache: CacheMetrics::new(&maker)?,
            views: ViewMetrics::new(&maker)?,
            import_rows: maker.counters(
                names::IMPORT_ROWS,
                "Rows of imports.",
                &["outcome"],
                &["inserted", "updated", "unchanged", "refused"],
            )?,
            imports: maker.counters(names::IMPORTS, "Imports.", &["outcome"], &["done", "failed"])?,
            problems: maker.counters(
                names::HTTP_PROBLEMS,
                "Problems answered.",
                &["kind"],
                &ProblemKind::ALL.map(ProblemKind::name),
            )?,
            response_bytes: Coding::ALL.map(|coding| bytes.with_label_values(&[coding.token()])),
            database_errors: maker.counters(
                names::DATABASE_ERRORS,
                "Errors of the server.",
                &["class"],
                &[&SQLSTATE_CLASSES[..], &["other"]].concat(),
            )?,
            slow_calls_dropped: maker.counter(names::SLOW_CALLS_DROPPED, "Slow calls that found no room.")?,
            endpoints,
            unmatched,
            registry: maker.0,
        })
    }

    /// The metrics of one endpoint or import. The labels come from the catalog, so their number is bounded by it.
    pub fn endpoint(&self, method: &str, path: &str) -> EndpointMetrics {
        self.endpoints.endpoint(method, path)
    }

    /// An endpoint as a borrower of connections, with its histograms.
    pub fn borrower(&self, method: &str, path: &str, lane: Lane) -> Arc<Borrower> {
        self.endpoints.borrower(method, path, lane)
    }

    /// The proxy itself as a borrower.
    pub fn own_borrower(&self) -> Arc<Borrower> {
        self.endpoints.own_borrower()
    }

    pub(super) fn request(&self, event: &RequestEvent) {
        let own = event.own_metrics.as_ref().unwrap_or(&self.unmatched);
        event.endpoint.as_ref().map_or(own, |endpoint| &endpoint.metrics).request(event);
        self.cache.verdict(&event.cache);
        if let Some(kind) = event.problem {
            self.problems.with_label_values(&[kind.name()]).inc();
        }
        if let Some(code) = &event.sqlstate {
            let class = code.get(..2).filter(|class| SQLSTATE_CLASSES.contains(class)).unwrap_or("other");
            self.database_errors.with_label_values(&[class]).inc();
        }
        if event.response_bytes > 0 {
            self.response_bytes[event.coding as usize].inc_by(event.response_bytes);
        }
    }

    pub(super) fn slow_call(&self, event: &RequestEvent, kept: bool) {
        if let Some(endpoint) = &event.endpoint {
            endpoint.metrics.slow.inc();
        }
        if !kept {
            self.slow_calls_dropped.inc();
        }
    }
}
