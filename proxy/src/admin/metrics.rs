//! /metrics, in the text format of Prometheus.

use http::StatusCode;
use prometheus::TextEncoder;

use crate::http::problem::{Problem, ProblemKind};
use crate::http::reply::Reply;
use crate::pipeline::Proxy;

/// The media type of the text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) fn answer(proxy: &Proxy) -> Reply {
    proxy.pool.observe();
    proxy.observe_places();
    proxy.cache.observe();
    match TextEncoder::new().encode_to_string(&proxy.observer.metrics.registry.gather()) {
        Ok(text) => Reply::new(StatusCode::OK, TEXT_FORMAT, text),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be encoded");
            Reply::problem(&Problem::new(ProblemKind::Internal, "the metrics cannot be encoded"), 1)
        }
    }
}
