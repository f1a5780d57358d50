//! An answer before it is written.

use std::fmt::Write;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use pingora_http::ResponseHeader;

use super::accept::Coding;
use super::problem::{Problem, ProblemKind};
use crate::cache::wish::SNAPSHOT;
use crate::observe::{Phase, RequestEvent};

/// The media type of results.
pub const JSON: &str = "application/json";
/// The media type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What the cache did (RFC 9211).
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// The age of the oldest change that the answer does not hold, in milliseconds.
pub const STALENESS: HeaderName = HeaderName::from_static("rota-staleness");
/// The transaction of a change, for `Rota-After` of a later read.
const TRANSACTION: HeaderName = HeaderName::from_static("rota-transaction");
const RESPONSE_TIME: HeaderName = HeaderName::from_static("x-response-time");
const POOL_UTILIZATION: HeaderName = HeaderName::from_static("x-db-pool-utilization");
/// The quota of the client, and what is left of it: draft-ietf-httpapi-ratelimit-headers.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// An answer: status, the headers that vary, and the whole body.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The body as sent, in its coding.
    pub body: Bytes,
    /// The media type of the body.
    pub media_type: &'static str,
    /// The coding of the body.
    pub coding: Coding,
    /// Whether another Accept-Encoding would get another answer.
    pub varies: bool,
    /// Whether the answer depends on who asks: no cache that several share may store it.
    pub is_private: bool,
    /// The entity tag, quotes included.
    pub entity_tag: Option<HeaderValue>,
    /// The Allow header.
    pub allow: Option<Box<str>>,
    /// The Retry-After header, in seconds.
    pub retry_after_seconds: Option<u64>,
    /// Whether the connection ends after the answer.
    pub closes: bool,
    /// The unchanging part of the head, where it is made already. The other fields say the same.
    pub prepared: Option<Bytes>,
}

impl Reply {
    /// An answer with a body as it is.
    pub fn new(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            body: body.into(),
            media_type,
            coding: Coding::Identity,
            varies: false,
            is_private: false,
            entity_tag: None,
            allow: None,
            retry_after_seconds: None,
            closes: false,
            prepared: None,
        }
    }

    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self::new(status, JSON, Bytes::new())
    }

    /// The answer to OPTIONS.
    pub fn options(allow: &str) -> Self {
        Self { allow: Some(allow.into()), ..Self::empty(StatusCode::NO_CONTENT) }
    }

    /// The answer that tells a problem.
    pub fn problem(problem: &Problem, retry_after_seconds: u64) -> Self {
        // All statuses of problems are written in one table and valid.
        let status = StatusCode::from_u16(problem.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let is_for_now = matches!(problem.kind, ProblemKind::Overloaded | ProblemKind::Unavailable);
        Self {
            allow: problem.allow.clone(),
            retry_after_seconds: problem
                .retry_after_seconds
                .or_else(|| is_for_now.then_some(retry_after_seconds)),
            closes: problem.closes,
            ..Self::new(status, PROBLEM_JSON, problem.body())
        }
    }

    /// The head of the answer, timings included.
    pub fn head(
        &self,
        event: &RequestEvent,
        pool_used_percent: usize,
    ) -> pingora_core::Result<ResponseHeader> {
        // Eighteen headers at most, two more are pingora's.
        let mut head = ResponseHeader::build_no_case(self.status, Some(20))?;
        let has_body = !matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if has_body {
            head.insert_header(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type))?;
            head.insert_header(header::CONTENT_LENGTH, HeaderValue::from(self.body.len()))?;
        }
        if self.coding != Coding::Identity {
            head.insert_header(header::CONTENT_ENCODING, HeaderValue::from_static(self.coding.token()))?;
        }
        if self.varies {
            head.insert_header(header::VARY, HeaderValue::from_static("Accept-Encoding"))?;
        }
        if let Some(tag) = &self.entity_tag {
            head.insert_header(header::ETAG, tag.clone())?;
            // The answer may be stored, and must be asked for again each time: the data may have changed.
            let control = if self.is_private { "private, no-cache" } else { "no-cache" };
            head.insert_header(header::CACHE_CONTROL, HeaderValue::from_static(control))?;
        } else {
            head.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))?;
        }
        if let Some(allow) = &self.allow {
            head.insert_header(header::ALLOW, &**allow)?;
        }
        if let Some(seconds) = self.retry_after_seconds {
            head.insert_header(header::RETRY_AFTER, HeaderValue::from(seconds))?;
        }
        head.insert_header(CACHE_STATUS, event.cache.header())?;
        if let Some(snapshot) = &event.snapshot {
            head.insert_header(SNAPSHOT, snapshot.as_str())?;
        }
        if let Some(staleness_ms) = event.staleness_ms {
            // RFC 9111, section 5.1. Never younger than it is.
            head.insert_header(header::AGE, HeaderValue::from(staleness_ms.div_ceil(1000)))?;
            head.insert_header(STALENESS, HeaderValue::from(staleness_ms))?;
        }
        if let Some(transaction) = event.transaction {
            head.insert_header(TRANSACTION, HeaderValue::from(transaction))?;
        }
        // Writing to a String cannot fail.
        let mut text = String::with_capacity(96);
        if let Some(quota) = &event.quota {
            let _ = write!(text, "\"client\";q={};w={}", quota.requests, quota.window_seconds);
            head.insert_header(RATE_LIMIT_POLICY, text.as_str())?;
            text.clear();
            let _ = write!(text, "\"client\";r={};t={}", quota.left, quota.full_in_seconds);
            head.insert_header(RATE_LIMIT, text.as_str())?;
            text.clear();
        }
        let _ = write!(text, "{:.3}ms", event.duration().as_secs_f64() * 1000.0);
        head.insert_header(RESPONSE_TIME, text.as_str())?;
        text.clear();
        let used_percent = event.pool_used_percent.unwrap_or(pool_used_percent);
        let _ = write!(text, "{}.{:02}", used_percent / 100, used_percent % 100);
        head.insert_header(POOL_UTILIZATION, text.as_str())?;
        text.clear();
        for (phase, name) in Phase::ALL {
            if let Some(duration) = event.phase(phase) {
                let comma = if text.is_empty() { "" } else { ", " };
                let _ = write!(text, "{comma}{name};dur={:.3}", duration.as_secs_f64() * 1000.0);
            }
        }
        if !text.is_empty() {
            head.insert_header(SERVER_TIMING, text.as_str())?;
        }
        Ok(head)
    }
}
