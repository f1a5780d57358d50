//! The event of one request: what its stages found out, and how long each took.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use http::Method;

use super::EndpointMetrics;
use crate::admission::Quota;
use crate::cache::verdict::Verdict;
use crate::endpoint::Endpoint;
use crate::http::accept::Coding;
use crate::http::problem::ProblemKind;
use crate::http::trace::TraceContext;

/// The timed stages of a request, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading the body and checking the arguments.
    Validate,
    /// Waiting for a connection to the database.
    Pool,
    /// The call itself.
    Call,
    /// Compressing and tagging the answer.
    Encode,
}

impl Phase {
    /// All phases with their names in Server-Timing.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Validate, "validate"), (Self::Pool, "pool"), (Self::Call, "db"), (Self::Encode, "encode")];
}

/// Everything that is told of one request.
#[derive(Debug)]
pub struct RequestEvent {
    /// The method.
    pub method: Method,
    /// The endpoint, once there is one.
    pub endpoint: Option<Arc<Endpoint>>,
    /// The path where it is the proxy's own: an import, the description.
    pub own_path: Option<Box<str>>,
    /// The metrics of what answers at that path.
    pub own_metrics: Option<EndpointMetrics>,
    /// What is left of the client's quota, where there is one.
    pub quota: Option<Quota>,
    /// The arguments that were supplied, a bit for each; names only, never values.
    pub supplied: u128,
    /// What the cache did.
    pub cache: Verdict,
    /// The snapshot of the answer, where the caller asked for it.
    pub snapshot: Option<String>,
    /// The age of the oldest change that the answer does not hold, in milliseconds, where answers tell it.
    pub staleness_ms: Option<u64>,
    /// The transaction of a change.
    pub transaction: Option<u64>,
    /// The status of the answer.
    pub status: u16,
    /// Why it was refused, if it was.
    pub problem: Option<ProblemKind>,
    /// What the server said, if it refused.
    pub sqlstate: Option<Box<str>>,
    /// The reason of a failure in the words of the log, never of the answer.
    pub cause: Option<String>,
    /// Bytes of the body as sent.
    pub response_bytes: u64,
    /// Its coding.
    pub coding: Coding,
    /// Used connections of the pool in percent, seen while this request had its own.
    pub pool_used_percent: Option<usize>,
    traceparent: Option<Box<str>>,
    /// Made only where it is logged: a random number a request would cost more than the rest of the event.
    trace: OnceLock<TraceContext>,
    started: Instant,
    mark: Instant,
    phases: [Option<Duration>; 4],
    ended: Option<Duration>,
}

impl RequestEvent {
    /// The event of a request whose head has just been read.
    pub fn start(method: Method, traceparent: Option<Box<str>>) -> Self {
        let now = Instant::now();
        Self {
            method,
            endpoint: None,
            own_path: None,
            own_metrics: None,
            quota: None,
            supplied: 0,
            cache: Verdict::default(),
            snapshot: None,
            staleness_ms: None,
            transaction: None,
            status: 0,
            problem: None,
            sqlstate: None,
            cause: None,
            response_bytes: 0,
            coding: Coding::Identity,
            pool_used_percent: None,
            traceparent,
            trace: OnceLock::new(),
            started: now,
            mark: now,
            phases: [None; 4],
            ended: None,
        }
    }

    /// Ends a phase: everything since the last one ended was its time. A phase that comes again, as when a call
    /// is tried again, adds up.
    pub fn ends(&mut self, phase: Phase) {
        let now = Instant::now();
        let before = self.phases[phase as usize].unwrap_or_default();
        self.phases[phase as usize] = Some(before + (now - self.mark));
        self.mark = now;
    }

    /// Ends what was going on between validation and encoding, when it was cut off: the wait or the call.
    pub fn ends_fetching(&mut self) {
        self.ends(if self.phase(Phase::Pool).is_none() { Phase::Pool } else { Phase::Call });
    }

    /// Ends the request.
    pub fn finish(&mut self) {
        self.ended = Some(self.started.elapsed());
    }

    /// The time of a phase, if it took place.
    pub fn phase(&self, phase: Phase) -> Option<Duration> {
        self.phases[phase as usize]
    }

    /// When the head had been read.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The time of the whole request, or until now.
    pub fn duration(&self) -> Duration {
        self.ended.unwrap_or_else(|| self.started.elapsed())
    }

    /// The trace, continued or new.
    pub fn trace(&self) -> TraceContext {
        *self.trace.get_or_init(|| TraceContext::of(self.traceparent.as_deref()))
    }

    /// The path as declared, or a fixed word: the raw one is the caller's and may hold anything.
    pub fn path(&self) -> &str {
        let own = self.own_path.as_deref().unwrap_or("none");
        self.endpoint.as_ref().map_or(own, |endpoint| &endpoint.path)
    }
}
