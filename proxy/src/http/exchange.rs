//! One request and its answer over a pingora session.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderName, Method, StatusCode, Uri, header};
use pingora_core::apps::{HttpPersistentSettings, ReusedHttpStream};
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::l4::socket::SocketAddr;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::prepared;
use super::problem::{Problem, ProblemKind};
use super::reply::Reply;
use crate::observe::RequestEvent;

/// What is still read of a body after a refusal, so that the client reads the refusal instead of a reset
/// connection: what is in flight on a fast line.
const LINGER_BYTES: usize = 4 * 1024 * 1024;
/// The longest such reading.
const LINGER_TIME: Duration = Duration::from_secs(2);

/// A request whose head has been read.
pub struct Exchange {
    /// The session; its head has been read.
    pub session: ServerSession,
    /// The method.
    pub method: Method,
    /// The target.
    pub target: Uri,
}

impl Exchange {
    /// An exchange over a session whose head has been read.
    pub fn new(session: ServerSession) -> Self {
        let head = session.req_header();
        let (method, target) = (head.method.clone(), head.uri.clone());
        Self { session, method, target }
    }

    /// A header's value, if there is one and it is text.
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.session.get_header(name)?.to_str().ok()
    }

    /// Who asks, for its quota: the value of the header of this name, else the address of the peer.
    pub fn client(&self, header: &str) -> String {
        let named = (!header.is_empty()).then(|| self.session.get_header(header)).flatten();
        match named {
            Some(value) => String::from_utf8_lossy(value.as_bytes()).into_owned(),
            None => self.session.client_addr().map(peer).unwrap_or_default(),
        }
    }

    /// The length that the client announces for its body.
    pub fn announced_length(&self) -> Option<u64> {
        self.header(header::CONTENT_LENGTH)?.parse().ok()
    }

    /// Whether the request comes with a body, even an empty chunked one.
    pub fn has_body(&mut self) -> bool {
        !self.session.is_body_empty()
    }

    /// Tells a client that waits for leave to send its body.
    pub async fn invite_body(&mut self) -> Result<(), Problem> {
        let waits =
            self.header(header::EXPECT).is_some_and(|value| value.eq_ignore_ascii_case("100-continue"));
        if waits { self.session.write_continue_response().await.map_err(|_| client_left()) } else { Ok(()) }
    }

    /// The next piece of the body, or nothing at its end.
    pub async fn next_piece(&mut self) -> Result<Option<Bytes>, Problem> {
        self.session.read_request_body().await.map_err(|_| client_left())
    }

    /// The whole body, no longer than `limit_bytes`.
    pub async fn body(&mut self, limit_bytes: u64) -> Result<Bytes, Problem> {
        if !self.has_body() {
            return Ok(Bytes::new());
        }
        if self.announced_length().is_some_and(|length| length > limit_bytes) {
            return Err(too_large(limit_bytes));
        }
        self.invite_body().await?;
        let Some(first) = self.next_piece().await? else { return Ok(Bytes::new()) };
        let mut whole: Option<BytesMut> = None;
        let mut length = first.len() as u64;
        while let Some(piece) = self.next_piece().await? {
            length += piece.len() as u64;
            if length > limit_bytes {
                break;
            }
            whole.get_or_insert_with(|| BytesMut::from(&first[..])).extend_from_slice(&piece);
        }
        if length > limit_bytes {
            return Err(too_large(limit_bytes));
        }
        Ok(whole.map_or(first, BytesMut::freeze))
    }

    /// Returns once the client has left; never, as long as it stays.
    pub async fn client_leaves(&mut self) {
        while self.session.read_body_or_idle(true).await.is_ok() {}
    }

    /// Writes the answer and gives back the connection, if it can be used again.
    pub async fn end(
        mut self,
        reply: Reply,
        event: &mut RequestEvent,
        pool_used_percent: usize,
    ) -> Option<ReusedHttpStream> {
        if !reply.closes && self.goes_on() {
            let head = match &reply.prepared {
                Some(unchanging) if event.quota.is_none() && event.snapshot.is_none() => {
                    prepared::head(unchanging, event, pool_used_percent)
                }
                _ => reply.head_bytes(event, pool_used_percent),
            };
            event.status = reply.status.as_u16();
            event.coding = reply.coding;
            // A body behind such a head would be read as the head of the next answer.
            let is_bodiless = self.method == Method::HEAD
                || matches!(reply.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
            let body = if is_bodiless { Bytes::new() } else { reply.body };
            event.response_bytes = body.len() as u64;
            return self.write_at_once(head, body).await;
        }
        self.write(reply, event, pool_used_percent).await.ok()?;
        let kept = HttpPersistentSettings::for_session(&self.session);
        let stream = self.session.finish().await.ok()??;
        Some(ReusedHttpStream::from_reusable_stream(stream, kept))
    }

    /// Whether the connection can be used again once the answer is written: nothing of the request is left on it.
    fn goes_on(&mut self) -> bool {
        self.session.get_keepalive().is_some()
            && self.session.is_body_done()
            && matches!(self.session, ServerSession::H1(_))
    }

    /// Writes head and body in one system call, past pingora's own writing.
    async fn write_at_once(self, head: BytesMut, body: Bytes) -> Option<ReusedHttpStream> {
        let kept = HttpPersistentSettings::for_session(&self.session);
        let ServerSession::H1(session) = self.session else { return None };
        let longest = session.get_write_timeout();
        let reused = ReusedHttpStream::from_reusable_stream(session.reuse().await.ok()??, kept);
        let (mut stream, kept) = reused.consume();
        let mut whole = head.chain(body);
        let writing = async {
            stream.write_all_buf(&mut whole).await?;
            stream.flush().await
        };
        match longest {
            Some(longest) => timeout(longest, writing).await.ok()?.ok()?,
            None => writing.await.ok()?,
        }
        Some(ReusedHttpStream::new(stream, kept))
    }

    /// Writes the answer in one go. The session remembers whether it can be used again.
    pub async fn write(
        &mut self,
        reply: Reply,
        event: &mut RequestEvent,
        pool_used_percent: usize,
    ) -> pingora_core::Result<()> {
        // A body that nobody read would be taken for the next request.
        let closes = reply.closes || !self.session.is_body_done();
        if closes {
            self.session.set_keepalive(None);
        }
        let head = reply.head(event, pool_used_percent)?;
        let sends_body = self.method != Method::HEAD && !reply.body.is_empty();
        event.status = reply.status.as_u16();
        event.coding = reply.coding;
        self.session.write_response_header(Box::new(head)).await?;
        if sends_body {
            event.response_bytes = reply.body.len() as u64;
            self.session.write_response_body(reply.body, true).await?;
        } else {
            self.session.finish_body().await?;
        }
        if closes {
            self.linger().await;
        }
        Ok(())
    }

    /// Reads on for a little while after a refusal: closing over unread bytes would reset the connection and
    /// take the answer with it.
    async fn linger(&mut self) {
        let reading = async {
            let mut read = 0;
            while read < LINGER_BYTES && !self.session.is_body_done() {
                match self.session.read_request_body().await {
                    Ok(Some(piece)) => read += piece.len(),
                    _ => break,
                }
            }
        };
        // Time is up: then the client has had its chance.
        let _ = timeout(LINGER_TIME, reading).await;
    }
}

/// The problem of a body beyond its limit. The limit is stated; the connection ends, the rest is not read.
pub fn too_large(limit_bytes: u64) -> Problem {
    Problem::new(ProblemKind::TooLarge, format!("the body is larger than the limit of {limit_bytes} bytes"))
        .closing()
}

/// The client's connection broke inside the body, or fell silent. Rarely read by anybody.
pub fn client_left() -> Problem {
    Problem::new(
        ProblemKind::MalformedRequest,
        "the body ended before its announced end, or paused for too long",
    )
    .closing()
}

/// The host of a peer's address: its port changes with every connection.
fn peer(address: &SocketAddr) -> String {
    address.as_inet().map(|address| address.ip().to_string()).unwrap_or_default()
}
