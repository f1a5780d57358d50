//! An answer before it is written.

use std::fmt::Write;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderValue, StatusCode};
use pingora_http::ResponseHeader;

use super::accept::Coding;
use super::prepared::date;
use super::problem::{Problem, ProblemKind};
use crate::observe::{Phase, RequestEvent};

/// The media type of results.
pub const JSON: &str = "application/json";
/// The media type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The age of the oldest change that the answer does not hold, in milliseconds.
pub const STALENESS: &str = "Rota-Staleness";

/// Bytes that a head takes, about.
const HEAD_BYTES: usize = 512;

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

    /// The head of the answer, timings included, for pingora to write.
    pub fn head(
        &self,
        event: &RequestEvent,
        pool_used_percent: usize,
    ) -> pingora_core::Result<ResponseHeader> {
        // Eighteen headers at most, two more are pingora's.
        let mut head = ResponseHeader::build_no_case(self.status, Some(20))?;
        let mut fault = None;
        self.fields(event, pool_used_percent, |name, value| {
            if let Err(error) = head.insert_header(name, value) {
                fault = Some(error);
            }
        });
        fault.map_or(Ok(head), Err)
    }

    /// The same as bytes, for a connection that goes on.
    pub fn head_bytes(&self, event: &RequestEvent, pool_used_percent: usize) -> BytesMut {
        let mut head = BytesMut::with_capacity(HEAD_BYTES);
        head.put_slice(b"HTTP/1.1 ");
        head.put_slice(self.status.as_str().as_bytes());
        head.put_slice(b" ");
        head.put_slice(self.status.canonical_reason().unwrap_or_default().as_bytes());
        let mut put = |name: &str, value: &[u8]| {
            for part in [b"\r\n", name.as_bytes(), b": ", value] {
                head.put_slice(part);
            }
        };
        self.fields(event, pool_used_percent, &mut put);
        put("Connection", b"keep-alive");
        put("Date", &date());
        head.put_slice(b"\r\n\r\n");
        head
    }

    /// Tells each field of the head.
    fn fields(
        &self,
        event: &RequestEvent,
        pool_used_percent: usize,
        mut put: impl FnMut(&'static str, &[u8]),
    ) {
        // Writing to a String cannot fail.
        let mut text = String::with_capacity(96);
        let has_body = !matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if has_body {
            put("Content-Type", self.media_type.as_bytes());
            let _ = write!(text, "{}", self.body.len());
            put("Content-Length", text.as_bytes());
            text.clear();
        }
        if self.coding != Coding::Identity {
            put("Content-Encoding", self.coding.token().as_bytes());
        }
        if self.varies {
            put("Vary", b"Accept-Encoding");
        }
        if let Some(tag) = &self.entity_tag {
            put("ETag", tag.as_bytes());
            // The answer may be stored, and must be asked for again each time: the data may have changed.
            put("Cache-Control", if self.is_private { b"private, no-cache" } else { b"no-cache" });
        } else {
            put("Cache-Control", b"no-store");
        }
        if let Some(allow) = &self.allow {
            put("Allow", allow.as_bytes());
        }
        if let Some(seconds) = self.retry_after_seconds {
            let _ = write!(text, "{seconds}");
            put("Retry-After", text.as_bytes());
            text.clear();
        }
        // What the cache did (RFC 9211).
        put("Cache-Status", event.cache.header().as_bytes());
        if let Some(snapshot) = &event.snapshot {
            put("Rota-Snapshot", snapshot.as_bytes());
        }
        if let Some(staleness_ms) = event.staleness_ms {
            // RFC 9111, section 5.1. Never younger than it is.
            let _ = write!(text, "{}", staleness_ms.div_ceil(1000));
            put("Age", text.as_bytes());
            text.clear();
            let _ = write!(text, "{staleness_ms}");
            put(STALENESS, text.as_bytes());
            text.clear();
        }
        if let Some(transaction) = event.transaction {
            // For `Rota-After` of a later read.
            let _ = write!(text, "{transaction}");
            put("Rota-Transaction", text.as_bytes());
            text.clear();
        }
        if let Some(quota) = &event.quota {
            // The quota of the client, and what is left of it: draft-ietf-httpapi-ratelimit-headers.
            let _ = write!(text, "\"client\";q={};w={}", quota.requests, quota.window_seconds);
            put("RateLimit-Policy", text.as_bytes());
            text.clear();
            let _ = write!(text, "\"client\";r={};t={}", quota.left, quota.full_in_seconds);
            put("RateLimit", text.as_bytes());
            text.clear();
        }
        let _ = write!(text, "{:.3}ms", event.duration().as_secs_f64() * 1000.0);
        put("X-Response-Time", text.as_bytes());
        text.clear();
        let used_percent = event.pool_used_percent.unwrap_or(pool_used_percent);
        let _ = write!(text, "{}.{:02}", used_percent / 100, used_percent % 100);
        put("X-DB-Pool-Utilization", text.as_bytes());
        text.clear();
        for (phase, name) in Phase::ALL {
            if let Some(duration) = event.phase(phase) {
                let comma = if text.is_empty() { "" } else { ", " };
                let _ = write!(text, "{comma}{name};dur={:.3}", duration.as_secs_f64() * 1000.0);
            }
        }
        if !text.is_empty() {
            put("Server-Timing", text.as_bytes());
        }
    }
}
