//! The pool of connections for calls: deadpool with clients of deadpool-postgres, and what those lack: lanes, age
//! and idle limits, a ping after silence, metrics, a bound on prepared statements, connections that are driven by
//! whoever asks, and leases that never give back a connection in doubt.
//!
//! The manager is ours because that of deadpool-postgres hands each connection to a task of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{
    self, Metrics as UseMetrics, PoolError, QueueMode, RecycleError, RecycleResult, TimeoutType, Timeouts,
};
use deadpool_postgres::ClientWrapper;
use tokio_postgres::Config;
use tokio_postgres::types::Json;
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::task::TaskTracker;

use super::connect::{SessionOptions, configuration};
use super::driven::Driven;
use super::lease::{Keeper, Lease};
use super::statements::Statements;
use super::tls;
use crate::admission::{Admission, Borrower, Lane, Place};
use crate::config::Settings;
use crate::error::Error;
use crate::observe::{Metrics, SlowCall};

/// Longest time for one writing of slow calls; later is as good.
const RECORD_WITHIN: Duration = Duration::from_secs(5);

/// One connection of the pool.
pub struct Pooled {
    /// The driver's client with its prepared statements.
    pub(super) client: ClientWrapper,
    /// Which of those are kept.
    pub(super) statements: Statements,
    /// The connection itself, which goes on only while somebody drives it.
    pub(super) driven: Driven,
}

impl Pooled {
    /// Says goodbye to the server. Its session ends at once, whatever else is going on.
    pub(super) async fn close(self) {
        drop(self.client);
        self.driven.finish().await;
    }
}

/// Makes and checks connections.
pub struct Manager {
    config: Config,
    connector: MakeRustlsConnect,
    ping_after: Duration,
    lifetime: Duration,
    statement_limit: usize,
    metrics: Arc<Metrics>,
}

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = tokio_postgres::Error;

    async fn create(&self) -> Result<Pooled, Self::Error> {
        let (client, connection) = self.config.connect(self.connector.clone()).await?;
        self.metrics.pool_opened.inc();
        // The wrapper ends the task that drives its client. There is none to end.
        let client = ClientWrapper::new(client, tokio::spawn(std::future::ready(())));
        let statements = Statements::new(self.statement_limit);
        Ok(Pooled { client, statements, driven: Driven::new(connection) })
    }

    async fn recycle(&self, pooled: &mut Pooled, uses: &UseMetrics) -> RecycleResult<Self::Error> {
        let given_up = |reason: &'static str| {
            self.metrics.pool_closed.with_label_values(&[reason]).inc();
            Err(RecycleError::message(reason))
        };
        if !pooled.driven.is_open() {
            return given_up("lost");
        }
        if uses.age() > self.lifetime {
            return given_up("age");
        }
        if uses.last_used() > self.ping_after {
            let Pooled { client, driven, .. } = pooled;
            if driven.drive(client.batch_execute("")).await.is_err() {
                return given_up("ping");
            }
        }
        Ok(())
    }
}

/// Why there is no connection for a request.
#[derive(Debug, thiserror::Error)]
pub enum NoConnection {
    /// All connections stayed in use.
    #[error("all {limit} connections stayed in use for {waited_ms} ms")]
    Busy {
        /// The pool's size.
        limit: usize,
        /// The wait.
        waited_ms: u128,
    },
    /// The server did not answer.
    #[error("the server did not answer in time")]
    Silent,
    /// The server refused, or nothing listens.
    #[error("{0}")]
    Refused(#[source] tokio_postgres::Error),
}

/// The pool.
#[derive(Clone)]
pub struct Pool {
    inner: managed::Pool<Manager>,
    pub(super) admission: Arc<Admission>,
    /// The proxy as a borrower for its own records.
    own: Arc<Borrower>,
    keeper: Arc<Keeper>,
    limit: usize,
    connect_timeout: Duration,
    idle_timeout: Duration,
    lifetime: Duration,
    metrics: Arc<Metrics>,
}

impl Pool {
    /// An empty pool; connections are made when they are needed, so no database has to be there yet.
    ///
    /// # Errors
    ///
    /// Files of certificates that cannot be used.
    pub fn new(settings: &Settings, admission: Arc<Admission>, metrics: Arc<Metrics>) -> Result<Self, Error> {
        let session = SessionOptions {
            application_name: "rota",
            statement_timeout: Some(settings.statement_timeout_ms),
        };
        let connector = tls::connector(settings)?;
        let manager = Manager {
            config: configuration(settings, session),
            connector: connector.clone(),
            ping_after: settings.pool_ping_after_ms,
            lifetime: settings.pool_lifetime_ms,
            statement_limit: settings.statement_limit,
            metrics: Arc::clone(&metrics),
        };
        let inner = managed::Pool::builder(manager)
            .max_size(settings.pool_size)
            // The last one back is the warmest; the others may grow idle and be closed.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Error::Start(error.to_string()))?;
        metrics.pool_limit.set(i64::try_from(settings.pool_size).unwrap_or(i64::MAX));
        Ok(Self {
            inner,
            admission,
            own: metrics.own_borrower(),
            keeper: Arc::new(Keeper {
                connector,
                running: TaskTracker::new(),
                metrics: Arc::clone(&metrics),
            }),
            limit: settings.pool_size,
            connect_timeout: settings.connect_timeout_ms,
            idle_timeout: settings.pool_idle_timeout_ms,
            lifetime: settings.pool_lifetime_ms,
            metrics,
        })
    }

    /// Waits for a connection, no longer than the place allows: for a seat of the lane first, then for one of
    /// the connections that all lanes share.
    pub async fn lease(&self, place: &Place<'_>) -> Result<Lease, NoConnection> {
        let wait = place.wait();
        let failed = |reason: &str, error: NoConnection| {
            self.metrics.pool_failures.with_label_values(&[reason]).inc();
            Err(error)
        };
        let busy = || NoConnection::Busy { limit: self.limit, waited_ms: wait.waited().as_millis() };
        let Some(seat) = wait.seat().await else { return failed("wait_timeout", busy()) };
        let timeouts = Timeouts {
            wait: Some(wait.left()),
            create: Some(self.connect_timeout),
            recycle: Some(self.connect_timeout),
        };
        match self.inner.timeout_get(&timeouts).await {
            Ok(object) => Ok(Lease::new(object, wait.ends_with(seat), Arc::clone(&self.keeper))),
            Err(PoolError::Backend(error)) => failed("connect", NoConnection::Refused(error)),
            Err(PoolError::Timeout(TimeoutType::Wait)) => failed("wait_timeout", busy()),
            Err(_) => failed("connect_timeout", NoConnection::Silent),
        }
    }

    /// Used connections in percent of the limit.
    pub fn used_percent(&self) -> usize {
        self.admission.on_loan() * 100 / self.limit
    }

    /// The most connections, and those that are open.
    pub fn size(&self) -> (usize, usize) {
        (self.limit, self.inner.status().size)
    }

    /// Brings the gauges to what the pool is now.
    pub fn observe(&self) {
        let gauge = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let (mut used, mut ending) = (0, 0);
        for lane in Lane::ALL {
            let state = self.admission.state(lane);
            used += state.used;
            ending += state.ending;
            self.metrics.pool_waiting.with_label_values(&[lane.name()]).set(gauge(state.waiting));
        }
        let idle = self.inner.status().size.saturating_sub(used + ending);
        for (state, number) in [("used", used), ("ending", ending), ("idle", idle)] {
            self.metrics.pool_connections.with_label_values(&[state]).set(gauge(number));
        }
        self.metrics.pool_utilization.set((used + ending) as f64 / self.limit as f64);
    }

    /// Closes connections that are idle for too long or too old, for as long as the proxy runs.
    pub async fn retire(self) {
        let pause = retirement_pause(self.idle_timeout, self.lifetime);
        loop {
            tokio::time::sleep(pause).await;
            let retired = self.inner.retain(|_, uses| {
                let reason = if uses.age() > self.lifetime {
                    "age"
                } else if uses.last_used() > self.idle_timeout {
                    "idle"
                } else {
                    return true;
                };
                self.metrics.pool_closed.with_label_values(&[reason]).inc();
                false
            });
            for pooled in retired.removed {
                self.keeper.running.spawn(pooled.close());
            }
        }
    }

    /// Returns once every call of a request that is gone has ended in the server.
    pub async fn settled(&self) {
        self.keeper.running.close();
        self.keeper.running.wait().await;
        self.keeper.running.reopen();
    }

    /// Writes slow calls to the database.
    pub async fn record_slow_calls(&self, calls: &[SlowCall]) -> Result<(), String> {
        let deadline = Instant::now() + RECORD_WITHIN;
        let place = self.admission.enter(&self.own, deadline).map_err(|shed| shed.to_string())?;
        let mut lease = self.lease(&place).await.map_err(|error| error.to_string())?;
        let Pooled { client, driven, .. } = lease.pooled();
        let statement = "SELECT rota.record_slow_calls($1)";
        let written =
            driven.drive(client.execute(statement, &[&Json(calls)])).await.map_err(|error| error.to_string());
        lease.settle();
        written.map(drop)
    }
}

/// Pause between two looks for connections that are to be closed: a tenth of their limits, so that nothing outlives
/// its limit by more than that.
pub(super) fn retirement_pause(idle_timeout: Duration, lifetime: Duration) -> Duration {
    (idle_timeout.min(lifetime) / 10).clamp(Duration::from_millis(20), Duration::from_secs(30))
}
