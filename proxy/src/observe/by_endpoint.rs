//! The metrics that every endpoint has of its own.

use std::sync::Arc;

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec};

use super::event::RequestEvent;
use super::metrics::Maker;
use super::names;
use crate::admission::{Borrower, Lane};

/// The label of what no endpoint answers.
const NO_ENDPOINT: &str = "none";
/// Classes of statuses, as labels.
const STATUS_CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// The metrics of one endpoint or import, resolved once, so that a request looks nothing up.
#[derive(Clone, Debug)]
pub struct EndpointMetrics {
    duration: Histogram,
    statuses: [IntCounter; 4],
    /// Calls over their threshold.
    pub(super) slow: IntCounter,
}

impl EndpointMetrics {
    /// One request is over.
    pub(super) fn request(&self, event: &RequestEvent) {
        let class = usize::from(event.status / 100).clamp(2, 5) - 2;
        self.statuses[class].inc();
        self.duration.observe(event.duration().as_secs_f64());
    }
}

/// The families that have a series for each endpoint.
#[derive(Debug)]
pub(super) struct EndpointFamilies {
    requests: IntCounterVec,
    durations: HistogramVec,
    slow_calls: IntCounterVec,
    pool_waits: HistogramVec,
    pool_uses: HistogramVec,
}

impl EndpointFamilies {
    pub(super) fn new(maker: &Maker) -> prometheus::Result<Self> {
        let endpoint = ["method", "path"];
        let answered = ["method", "path", "status"];
        let borrower = ["method", "path", "lane"];
        Ok(Self {
            requests: maker.counters(names::HTTP_REQUESTS, "Requests answered.", &answered, &[])?,
            durations: maker.durations(
                names::HTTP_DURATION,
                "Time from head to end of answer.",
                &endpoint,
            )?,
            slow_calls: maker.counters(names::SLOW_CALLS, "Calls over their threshold.", &endpoint, &[])?,
            pool_waits: maker.durations(names::POOL_WAIT, "Wait for a database connection.", &borrower)?,
            pool_uses: maker.durations(names::POOL_USE, "Loan of a database connection.", &borrower)?,
        })
    }

    /// The series of requests that no endpoint answers.
    pub(super) fn unmatched(&self) -> EndpointMetrics {
        self.endpoint(NO_ENDPOINT, NO_ENDPOINT)
    }

    /// The borrower that is the proxy itself.
    pub(super) fn own_borrower(&self) -> Arc<Borrower> {
        self.borrower(NO_ENDPOINT, NO_ENDPOINT, Lane::Batch)
    }

    pub(super) fn endpoint(&self, method: &str, path: &str) -> EndpointMetrics {
        EndpointMetrics {
            duration: self.durations.with_label_values(&[method, path]),
            statuses: STATUS_CLASSES.map(|class| self.requests.with_label_values(&[method, path, class])),
            slow: self.slow_calls.with_label_values(&[method, path]),
        }
    }

    pub(super) fn borrower(&self, method: &str, path: &str, lane: Lane) -> Arc<Borrower> {
        let labels = [method, path, lane.name()];
        let (waits, uses) =
            (self.pool_waits.with_label_values(&labels), self.pool_uses.with_label_values(&labels));
        Arc::new(Borrower::new(method, path, lane, waits, uses))
    }
}
