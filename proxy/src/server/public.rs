//! The public side: connections are accepted, dealt to the workers, and each answers its requests one by one.

use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use http::header;
use pingora_core::ErrorType;
use pingora_core::apps::ReusedHttpStream;
use pingora_core::listeners::tls::{Acceptor, TlsSettings};
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::l4::stream::Stream as Socket;
use pingora_core::protocols::{GetSocketDigest, SocketDigest, Stream};
use rustls::server::ResolvesServerCert;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::Error;
use crate::http::certificate::Certificate;
use crate::http::connections::{Connections, Place};
use crate::http::exchange::Exchange;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::reply::Reply;
use crate::observe::RequestEvent;
use crate::pipeline::Proxy;
use crate::workers::Workers;

/// Pause after a connection could not be accepted: most likely there are no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What all public connections share.
pub(super) struct Public {
    proxy: Arc<Proxy>,
    connections: Connections,
    tls: Option<Acceptor>,
    /// The requests that are being answered.
    pub(super) running: TaskTracker,
}

impl Public {
    /// The public side of a proxy, in TLS if there is a certificate.
    pub(super) fn new(proxy: Arc<Proxy>, certificate: Option<&Arc<Certificate>>) -> Result<Self, Error> {
        let gauge = proxy.observer.metrics.connections.clone();
        Ok(Self {
            connections: Connections::new(proxy.settings.connection_limit, gauge),
            tls: certificate.map(encrypting).transpose()?,
            running: TaskTracker::new(),
            proxy,
        })
    }

    /// Accepts connections and deals them out, until told to stop. The listener closes then.
    pub(super) async fn accept(
        self: Arc<Self>,
        listener: TcpListener,
        workers: Arc<Workers>,
        stops: CancellationToken,
    ) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stops.cancelled() => return,
            };
            // Out of this runtime: the one that it is dealt to takes it up.
            match accepted.and_then(|(socket, peer)| Ok((socket.into_std()?, peer))) {
                Ok((socket, peer)) => {
                    // Taken here, so that a handshake counts too, which a client may draw out.
                    let place = self.connections.take();
                    workers.deal(Arc::clone(&self).visit(socket, peer, place));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// One connection, from its beginning to its end.
    async fn visit(self: Arc<Self>, socket: std::net::TcpStream, peer: SocketAddr, place: Option<Place>) {
        let stream = match self.open(socket, peer, place.is_some()).await {
            Ok(stream) => stream,
            Err(error) => return tracing::debug!(%error, "a connection ended before its first request"),
        };
        let mut reused = Some(ReusedHttpStream::new(stream, None));
        while let Some((stream, kept)) = reused.map(ReusedHttpStream::consume) {
            let mut session = ServerSession::new_http1(stream);
            // Without a timeout of its own: idling and the head have a common one.
            session.set_keepalive(Some(0));
            session.set_pipelining_enabled(true);
            if let Some(kept) = kept {
                kept.apply_to_session(&mut session);
            }
            reused = self.request(session, place.is_some()).await;
        }
    }

    async fn open(
        &self,
        socket: std::net::TcpStream,
        peer: SocketAddr,
        has_place: bool,
    ) -> pingora_core::Result<Stream> {
        let refused = |error: std::io::Error| {
            pingora_core::Error::because(ErrorType::AcceptError, "taking up a connection", error)
        };
        let socket = TcpStream::from_std(socket).map_err(refused)?;
        socket.set_nodelay(true).map_err(refused)?;
        let digest = SocketDigest::from_raw_fd(socket.as_raw_fd());
        // Just made, so it is empty.
        let _ = digest.peer_addr.set(Some(peer.into()));
        let mut stream = Socket::from(socket);
        stream.set_socket_digest(digest);
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        if !has_place {
            // Nothing can be said before the handshake.
            return Err(pingora_core::Error::explain(ErrorType::AcceptError, "too many connections"));
        }
        match timeout(self.proxy.settings.read_timeout_ms, tls.tls_handshake(stream)).await {
            Ok(stream) => Ok(Box::new(stream?)),
            Err(_) => Err(pingora_core::Error::explain(ErrorType::TLSHandshakeTimedout, "handshake")),
        }
    }

    /// Reads one request and answers it. Nothing is left of the connection if it cannot be used again.
    async fn request(&self, mut session: ServerSession, has_place: bool) -> Option<ReusedHttpStream> {
        let settings = &self.proxy.settings;
        session.set_read_timeout(Some(settings.read_timeout_ms));
        session.set_write_timeout(Some(settings.write_timeout_ms));
        session.set_total_drain_timeout(Some(settings.read_timeout_ms));
        // One bound for idling and for the whole head: a head that trickles in byte by byte ends too.
        match timeout(settings.keepalive_timeout_ms + settings.read_timeout_ms, session.read_request()).await
        {
            Ok(Ok(true)) => {}
            Ok(Err(error)) if matches!(error.etype(), ErrorType::InvalidHTTPHeader) => {
                self.refuse_head(session).await;
                return None;
            }
            _ => return None,
        }
        let _running = self.running.token();
        // Where a chunked body ends depends on how leniently its chunks are read (an empty size line counts as
        // the last chunk here). Whatever follows it on this connection is never taken for a request.
        if session.get_header(header::TRANSFER_ENCODING).is_some() {
            session.set_keepalive(None);
        }
        self.answer(session, has_place).await
    }

    /// Answers one request and tells of it.
    async fn answer(&self, session: ServerSession, has_place: bool) -> Option<ReusedHttpStream> {
        let mut exchange = Exchange::new(session);
        let traceparent = exchange.session.get_header("traceparent").and_then(|value| value.to_str().ok());
        let mut event = RequestEvent::start(exchange.method.clone(), traceparent.map(Into::into));
        let reply = if has_place {
            self.proxy.answer(&mut exchange, &mut event).await
        } else {
            let limit = self.proxy.settings.connection_limit;
            let detail = format!("the limit of {limit} connections at once is reached");
            let problem = Problem::new(ProblemKind::Overloaded, detail).closing();
            event.problem = Some(problem.kind);
            Some(Reply::problem(&problem, self.proxy.settings.retry_after_seconds))
        };
        if self.proxy.stops() {
            // Told while there is still somebody to tell: the next request goes elsewhere.
            exchange.session.set_keepalive(None);
        }
        let stream = match reply {
            Some(reply) => exchange.end(reply, &mut event, self.proxy.pool.used_percent()).await,
            None => None,
        };
        event.finish();
        self.proxy.observer.request(&event);
        stream
    }

    /// Answers a head that is no HTTP.
    async fn refuse_head(&self, mut session: ServerSession) {
        let detail =
            "the head of the request is not HTTP/1.1, or larger than 1 MiB, or has more than 256 headers";
        let problem = Problem::new(ProblemKind::MalformedRequest, detail).closing();
        let mut event = RequestEvent::start(http::Method::GET, None);
        event.problem = Some(problem.kind);
        let reply = Reply::problem(&problem, self.proxy.settings.retry_after_seconds);
        event.status = reply.status.as_u16();
        if let Ok(mut head) = reply.head(&event, self.proxy.pool.used_percent()) {
            // Framing is unknown: whatever follows on this connection cannot be trusted.
            let _ = head.insert_header(header::CONNECTION, "close");
            session.set_keepalive(None);
            // A client that speaks no HTTP may not listen either.
            let _ = session.write_response_header(Box::new(head)).await;
            let _ = session.write_response_body(reply.body, true).await;
        }
        event.finish();
        self.proxy.observer.request(&event);
    }
}

/// TLS with a certificate that may change. HTTP/1.1 is what is spoken in it.
fn encrypting(certificate: &Arc<Certificate>) -> Result<Acceptor, Error> {
    // No file names: the certificate comes from the resolver.
    let mut tls = TlsSettings::intermediate("", "").map_err(|error| Error::Tls(error.to_string()))?;
    tls.set_cert_resolver(Arc::clone(certificate) as Arc<dyn ResolvesServerCert>);
    Ok(tls.build())
}
