//! How many client connections there are, and that there are never too many.
//!
//! A connection in clear is counted when its first request is awaited. One in TLS is counted before its handshake,
//! which a client may draw out, and its place goes along with the stream.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use pingora_core::listeners::PreTlsProcess;
use pingora_core::protocols::GetProxyDigest;
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::{Error, ErrorType, Result};
use pingora_http::ResponseHeader;
use prometheus::IntGauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a client connection holds for as long as it is open.
pub type Place = Box<dyn Any + Send + Sync>;

/// The places of client connections.
#[derive(Clone)]
pub struct Connections {
    places: Arc<Semaphore>,
    gauge: IntGauge,
}

struct Connected {
    _place: OwnedSemaphorePermit,
    gauge: IntGauge,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

impl Connections {
    /// At most `limit` at once, counted in the gauge.
    pub fn new(limit: usize, gauge: IntGauge) -> Self {
        Self { places: Arc::new(Semaphore::new(limit)), gauge }
    }

    /// The place of a session: the one that it has, or a new one, if there is any.
    pub fn place_of(&self, session: &mut ServerSession) -> Option<Place> {
        if let Some(place) = session.take_connection_user_context() {
            return Some(place);
        }
        let has_place = session.digest().is_some_and(|digest| digest.proxy_digest.is_some());
        // What is passed on from request to request says that there is a place; the stream holds it.
        if has_place { Some(Box::new(())) } else { self.take() }
    }

    fn take(&self) -> Option<Place> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        self.gauge.inc();
        Some(Box::new(Connected { _place: place, gauge: self.gauge.clone() }))
    }
}

#[async_trait]
impl PreTlsProcess for Connections {
    /// Gives the stream its place. Without one it is closed: nothing can be said before the handshake.
    async fn process(&self, stream: &mut Stream) -> Result<()> {
        let place =
            self.take().ok_or_else(|| Error::explain(ErrorType::AcceptError, "too many connections"))?;
        // The one thing of ours that a stream carries. Nobody reads the head.
        let head = Box::new(ResponseHeader::build(200, Some(0))?);
        stream.set_proxy_digest(ProxyDigest::new(head, Some(place)));
        Ok(())
    }
}
