//! The listeners and the order of starting and stopping.
//!
//! pingora accepts and speaks HTTP. Its own `Server` is left out: it gives each service a runtime of its own,
//! while the pool and its tasks must live in the runtime that uses them, and its graceful stop is a fixed sleep.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use http::header;
use pingora_core::apps::{HttpServerApp, ReusedHttpStream, ServerApp};
use pingora_core::listeners::tls::TlsSettings;
use pingora_core::protocols::http::ServerSession;
use pingora_core::server::ShutdownWatch;
use pingora_core::services::Service as _;
use pingora_core::services::listening::Service;
use rustls::server::ResolvesServerCert;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::admin::AdminApp;
use crate::cache::{reader, warm};
use crate::config::Settings;
use crate::error::Error;
use crate::http::certificate::Certificate;
use crate::http::connections::{Connections, Place};
use crate::http::exchange::Exchange;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::reply::Reply;
use crate::job_runner;
use crate::observe::RequestEvent;
use crate::pipeline::Proxy;

/// Longest wait for each last act of the stop: it must not hang on a database that is away.
const LAST_WAIT: Duration = Duration::from_secs(1);
/// Pause between two looks for clients whose quota is full again: looking costs more than remembering for long.
const FORGET_EVERY: Duration = Duration::from_secs(10);

/// The public side: one call per request.
pub struct PublicApp {
    proxy: Arc<Proxy>,
    connections: Connections,
    running: TaskTracker,
}

#[async_trait]
impl HttpServerApp for PublicApp {
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let place = self.connections.place_of(&mut session);
        let settings = &self.proxy.settings;
        session.set_pipelining_enabled(true);
        session.set_read_timeout(Some(settings.read_timeout_ms));
        session.set_write_timeout(Some(settings.write_timeout_ms));
        session.set_total_drain_timeout(Some(settings.read_timeout_ms));
        // One bound for idling and for the whole head: a head that trickles in byte by byte ends too.
        match timeout(settings.keepalive_timeout_ms + settings.read_timeout_ms, session.read_request()).await
        {
            Ok(Ok(true)) => {}
            Ok(Err(error)) if matches!(error.etype(), pingora_core::ErrorType::InvalidHTTPHeader) => {
                self.refuse_head(session).await;
                return None;
            }
            _ => return None,
        }
        let _running = self.running.token();
        // Where a chunked body ends depends on how leniently its chunks are read (an empty size line counts as
        // the last chunk here). Whatever follows it on this connection is never taken for a request.
        let is_chunked = session.get_header(header::TRANSFER_ENCODING).is_some();
        if is_chunked || *shutdown.borrow() {
            session.set_keepalive(None);
        } else if session.get_keepalive().is_some() {
            session.set_keepalive(Some(settings.keepalive_timeout_ms.as_secs().max(1)));
        }
        self.serve(session, place).await
    }
}

impl PublicApp {
    /// Answers one request and tells of it. Nothing is left of the connection if the client has left.
    async fn serve(&self, session: ServerSession, place: Option<Place>) -> Option<ReusedHttpStream> {
        let mut exchange = Exchange::new(session);
        let traceparent = exchange.session.get_header("traceparent").and_then(|value| value.to_str().ok());
        let mut event = RequestEvent::start(exchange.method.clone(), traceparent.map(Into::into));
        let reply = if place.is_some() {
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
            Some(reply) => exchange.end(reply, &mut event, self.proxy.pool.used_percent(), place).await,
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

/// Serves until SIGTERM or SIGINT, then stops in order: /ready fails, the listener closes, running requests
/// end, slow calls are written, the admin side closes. A second signal ends at once.
pub async fn run(settings: Settings) -> Result<(), Error> {
    let mut signals = Signals::new()?;
    for address in [settings.listen, settings.admin_listen] {
        probe(address)?;
    }
    let proxy = Arc::new(Proxy::new(settings.clone())?);
    let certificate = Certificate::of(&settings)?;
    let mut tasks = spawn_tasks(&proxy, &settings);
    tasks.extend(certificate.clone().map(|certificate| tokio::spawn(certificate.follow())));
    let running = TaskTracker::new();
    let public = PublicApp {
        proxy: Arc::clone(&proxy),
        connections: Connections::new(settings.connection_limit, proxy.observer.metrics.connections.clone()),
        running: running.clone(),
    };
    let tls = match &certificate {
        Some(certificate) => Some((encrypting(certificate)?, public.connections.clone())),
        None => None,
    };
    let (stop_public, public) = listen("public", settings.listen, tls, public, settings.accept_tasks);
    let admin = AdminApp::new(Arc::clone(&proxy));
    let (stop_admin, admin) = listen("admin", settings.admin_listen, None, admin, 1);
    tracing::info!(listen = %settings.listen, admin_listen = %settings.admin_listen, "serving");

    let signal_name = signals.next().await;
    tracing::info!(signal = signal_name, "stopping");
    tokio::select! {
        () = stop(&proxy, &running, &stop_public) => tracing::info!("stopped"),
        signal_name = signals.next() => tracing::warn!(signal = signal_name, "stopped at once"),
    }
    let _ = stop_admin.send(true);
    for task in tasks.into_iter().chain([public, admin]) {
        task.abort();
    }
    Ok(())
}

async fn stop(proxy: &Proxy, running: &TaskTracker, stop_public: &watch::Sender<bool>) {
    let settings = &proxy.settings;
    proxy.is_stopping.store(true, Ordering::Relaxed);
    proxy.refreshing.stop();
    sleep(settings.drain_delay_ms).await;
    let _ = stop_public.send(true);
    running.close();
    if timeout(settings.drain_timeout_ms, running.wait()).await.is_err() {
        tracing::warn!(requests = running.len(), "running requests are cut off");
        proxy.cut_off.cancel();
        let _ = timeout(LAST_WAIT, running.wait()).await;
    }
    let _ = timeout(LAST_WAIT, proxy.refreshing.ended()).await;
    let _ = timeout(LAST_WAIT, proxy.pool.settled()).await;
    let _ = timeout(LAST_WAIT, proxy.observer.slow_calls.flush(&proxy.pool)).await;
}

/// Starts a listener. Sending true stops it from accepting.
fn listen<A: ServerApp + Send + Sync + 'static>(
    name: &str,
    address: SocketAddr,
    tls: Option<(TlsSettings, Connections)>,
    app: A,
    accept_tasks: usize,
) -> (watch::Sender<bool>, JoinHandle<()>) {
    let (stop, stopped) = watch::channel(false);
    let mut service = Service::new(name.to_owned(), app);
    match tls {
        Some((tls, connections)) => {
            service.endpoints().set_pre_tls_callback(Arc::new(connections));
            service.add_tls_with_settings(&address.to_string(), None, tls);
        }
        None => service.add_tcp(&address.to_string()),
    }
    let task = tokio::spawn(async move { service.start_service(None, stopped, accept_tasks).await });
    (stop, task)
}

/// TLS with a certificate that may change. HTTP/1.1 is what is spoken in it.
fn encrypting(certificate: &Arc<Certificate>) -> Result<TlsSettings, Error> {
    // No file names: the certificate comes from the resolver.
    let mut tls = TlsSettings::intermediate("", "").map_err(|error| Error::Tls(error.to_string()))?;
    tls.set_cert_resolver(Arc::clone(certificate) as Arc<dyn ResolvesServerCert>);
    Ok(tls)
}

/// Tries an address before pingora does: it would try for half a minute and then panic.
fn probe(address: SocketAddr) -> Result<(), Error> {
    std::net::TcpListener::bind(address).map(drop).map_err(|source| Error::Listen { address, source })
}

fn spawn_tasks(proxy: &Arc<Proxy>, settings: &Settings) -> Vec<JoinHandle<()>> {
    let mut tasks = vec![
        tokio::spawn(Arc::clone(&proxy.catalog).run(settings.clone())),
        tokio::spawn(proxy.pool.clone().retire()),
        tokio::spawn(proxy.imports.clone().retire()),
        tokio::spawn(flush_slow_calls(Arc::clone(proxy))),
        tokio::spawn(forget_clients(Arc::clone(proxy))),
    ];
    if settings.cache_bytes > 0 {
        tasks.push(tokio::spawn(reader::run(Arc::clone(&proxy.cache.lives), settings.clone())));
        tasks.push(tokio::spawn(warm::run(Arc::clone(proxy))));
    }
    for _ in 0..settings.job_runners {
        tasks.push(tokio::spawn(job_runner::run(Arc::clone(proxy))));
    }
    if settings.refresh_views {
        proxy.refreshing.start(settings, &proxy.observer.metrics);
    }
    if let Some(level2) = &proxy.cache.level2 {
        tasks.push(tokio::spawn(Arc::clone(level2).run()));
    }
    tasks
}

async fn flush_slow_calls(proxy: Arc<Proxy>) {
    loop {
        sleep(proxy.settings.slow_flush_ms).await;
        proxy.observer.slow_calls.flush(&proxy.pool).await;
    }
}

async fn forget_clients(proxy: Arc<Proxy>) {
    while let Some(limit) = &proxy.rate_limit {
        sleep(FORGET_EVERY).await;
        limit.forget();
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, Error> {
        let listen = |kind| signal(kind).map_err(|error| Error::Start(error.to_string()));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
