//! The admin side, on its own port: /live, /ready, /metrics, /admin/pool.

mod metrics;
mod pool;
mod ready;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use pingora_core::apps::{HttpPersistentSettings, HttpServerApp, ReusedHttpStream};
use pingora_core::protocols::http::ServerSession;
use pingora_core::server::ShutdownWatch;
use tokio::time::timeout;

use crate::http::exchange::Exchange;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::reply::{JSON, Reply};
use crate::observe::RequestEvent;
use crate::pipeline::Proxy;

/// Idle time of an admin connection: longer than the usual pause between two scrapes.
const KEEPALIVE: Duration = Duration::from_secs(75);

/// Answers operators.
pub struct AdminApp {
    proxy: Arc<Proxy>,
}

impl AdminApp {
    /// The admin side of this proxy.
    pub fn new(proxy: Arc<Proxy>) -> Self {
        Self { proxy }
    }

    async fn answer(&self, exchange: &Exchange) -> Reply {
        let path = exchange.target.path();
        if !matches!(path, "/live" | "/ready" | "/metrics" | "/admin/pool") {
            let detail = "the admin port has /live, /ready, /metrics and /admin/pool";
            let problem = Problem::new(ProblemKind::UnknownPath, detail);
            return Reply::problem(&problem, 1);
        }
        if !matches!(exchange.method, Method::GET | Method::HEAD) {
            let problem = Problem::new(ProblemKind::MethodNotAllowed, "this path has GET and HEAD");
            return Reply::problem(&Problem { allow: Some("GET, HEAD".into()), ..problem }, 1);
        }
        match path {
            "/admin/pool" => pool::answer(&self.proxy),
            "/metrics" => metrics::answer(&self.proxy),
            "/ready" => ready::answer(&self.proxy).await,
            // Answering at all is being alive: a hung process answers nothing.
            _ => Reply::new(StatusCode::OK, JSON, &b"{\"live\":true}"[..]),
        }
    }
}

#[async_trait]
impl HttpServerApp for AdminApp {
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        if !matches!(timeout(KEEPALIVE, session.read_request()).await, Ok(Ok(true))) {
            return None;
        }
        if *shutdown.borrow() {
            session.set_keepalive(None);
        }
        let mut exchange = Exchange::new(session);
        let mut event = RequestEvent::start(exchange.method.clone(), None);
        let reply = self.answer(&exchange).await;
        exchange.write(reply, &mut event, self.proxy.pool.used_percent()).await.ok()?;
        let kept = HttpPersistentSettings::for_session(&exchange.session);
        let stream = exchange.session.finish().await.ok()??;
        Some(ReusedHttpStream::from_reusable_stream(stream, kept))
    }
}
