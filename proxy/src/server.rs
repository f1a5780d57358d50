//! The listeners and the order of starting and stopping.
//!
//! pingora speaks HTTP. Its own `Server` is left out: its graceful stop is a fixed sleep, and its services either share
//! a runtime or each have one of their own, while here every worker thread has one. What serves nobody in particular
//! (the admin side, the readers of catalog and announcements) runs on the main runtime.

mod public;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pingora_core::apps::ServerApp;
use pingora_core::services::Service as _;
use pingora_core::services::listening::Service;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::public::Public;
use crate::admin::AdminApp;
use crate::cache::{reader, warm};
use crate::config::Settings;
use crate::error::Error;
use crate::http::certificate::Certificate;
use crate::job_runner;
use crate::pipeline::Proxy;
use crate::workers::Workers;

/// Longest wait for each last act of the stop: it must not hang on a database that is away.
const LAST_WAIT: Duration = Duration::from_secs(1);
/// Pause between two looks for clients whose quota is full again: looking costs more than remembering for long.
const FORGET_EVERY: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT, then stops in order: /ready fails, the listener closes, running requests
/// end, slow calls are written, the admin side closes. A second signal ends at once.
pub async fn run(settings: Settings) -> Result<(), Error> {
    let mut signals = Signals::new()?;
    let address = settings.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })?;
    probe(settings.admin_listen)?;
    let proxy = Arc::new(Proxy::new(settings.clone())?);
    let certificate = Certificate::of(&settings)?;
    let public = Arc::new(Public::new(Arc::clone(&proxy), certificate.as_ref())?);
    let workers = Arc::new(Workers::start(settings.worker_threads())?);
    let mut tasks = spawn_tasks(&proxy, &settings);
    tasks.extend(certificate.map(|certificate| tokio::spawn(certificate.follow())));
    let stops = CancellationToken::new();
    let accepting = Arc::clone(&public).accept(listener, Arc::clone(&workers), stops.clone());
    let accepting = tokio::spawn(accepting);
    let (stop_admin, admin) = listen("admin", settings.admin_listen, AdminApp::new(Arc::clone(&proxy)));
    tracing::info!(listen = %settings.listen, admin_listen = %settings.admin_listen, "serving");

    let signal_name = signals.next().await;
    tracing::info!(signal = signal_name, "stopping");
    tokio::select! {
        () = stop(&proxy, &public.running, &stops) => tracing::info!("stopped"),
        signal_name = signals.next() => tracing::warn!(signal = signal_name, "stopped at once"),
    }
    let _ = stop_admin.send(true);
    for task in tasks.into_iter().chain([accepting, admin]) {
        task.abort();
        let _ = task.await;
    }
    if let Ok(workers) = Arc::try_unwrap(workers) {
        workers.end();
    }
    Ok(())
}

async fn stop(proxy: &Proxy, running: &TaskTracker, stops: &CancellationToken) {
    let settings = &proxy.settings;
    proxy.is_stopping.store(true, Ordering::Relaxed);
    proxy.refreshing.stop();
    sleep(settings.drain_delay_ms).await;
    stops.cancel();
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

/// Starts a listener of pingora's. Sending true stops it from accepting.
fn listen<A: ServerApp + Send + Sync + 'static>(
    name: &str,
    address: SocketAddr,
    app: A,
) -> (watch::Sender<bool>, JoinHandle<()>) {
    let (stop, stopped) = watch::channel(false);
    let mut service = Service::new(name.to_owned(), app);
    service.add_tcp(&address.to_string());
    (stop, tokio::spawn(async move { service.start_service(None, stopped, 1).await }))
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
