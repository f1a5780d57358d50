//! What an operator sees: one typed event per request, of which log and metrics each make what they want.

mod by_endpoint;
pub mod cache;
pub mod event;
pub mod log;
pub mod metrics;
pub mod names;
pub mod slow;
pub mod views;

pub use by_endpoint::EndpointMetrics;
pub use cache::CacheMetrics;
pub use event::{Phase, RequestEvent};
pub use metrics::Metrics;
pub use slow::{SlowCall, SlowCalls};

use std::sync::Arc;
use std::time::Duration;

use crate::config::{RequestLog, Settings};

/// Takes the events of all requests.
#[derive(Debug)]
pub struct Observer {
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The slow calls that wait to be written to the database.
    pub slow_calls: SlowCalls,
    request_log: RequestLog,
    slow_threshold: Duration,
}

impl Observer {
    /// An observer with the thresholds of the settings.
    pub fn new(settings: &Settings, metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            slow_calls: SlowCalls::default(),
            request_log: settings.request_log,
            slow_threshold: settings.slow_threshold_ms,
        }
    }

    /// One request is over.
    pub fn request(&self, event: &RequestEvent) {
        self.metrics.request(event);
        if let Some(slow) = self.slow_call(event) {
            log::slow_call(&slow, event);
            self.metrics.slow_call(event, self.slow_calls.push(slow));
        }
        let is_logged = match self.request_log {
            RequestLog::None => false,
            RequestLog::Failed => event.status >= 500,
            RequestLog::All => true,
        };
        if is_logged {
            log::request(event);
        }
    }

    fn slow_call(&self, event: &RequestEvent) -> Option<SlowCall> {
        let endpoint = event.endpoint.as_ref()?;
        let call = event.phase(Phase::Call)?;
        let threshold = endpoint.slow_threshold.unwrap_or(self.slow_threshold);
        (call >= threshold).then(|| SlowCall::of(event, endpoint, call))
    }
}
