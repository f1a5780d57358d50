//! The pool of connections: deadpool-postgres, with what it lacks: age and idle limits, a ping after silence,
//! metrics, a bound on prepared statements, and leases that never give back a connection in doubt.
//!
//! Its manager makes and checks connections; ours wraps it, because its statement cache has no bound and a
//! connection of it no room for state of our own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{
    self, Metrics as UseMetrics, PoolError, QueueMode, RecycleError, RecycleResult, TimeoutType,
};
use deadpool_postgres::{ClientWrapper, ManagerConfig, RecyclingMethod};
use tokio_postgres::NoTls;
use tokio_postgres::types::Json;

use super::connect::{SessionOptions, configuration};
use super::lease::Lease;
use super::statements::Statements;
use crate::config::Settings;
use crate::error::Error;
use crate::observe::{Metrics, SlowCall};

/// One connection of the pool.
#[derive(Debug)]
pub struct Pooled {
    /// The driver's client.
    pub(super) client: ClientWrapper,
    /// Its prepared statements.
    pub(super) statements: Statements,
}

/// Makes and checks connections.
pub struct Manager {
    connections: deadpool_postgres::Manager,
    ping_after: Duration,
    lifetime: Duration,
    statement_limit: usize,
    metrics: Arc<Metrics>,
}

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = tokio_postgres::Error;

    async fn create(&self) -> Result<Pooled, Self::Error> {
        let client = self.connections.create().await?;
        self.metrics.pool_opened.inc();
        Ok(Pooled { client, statements: Statements::new(self.statement_limit) })
    }

    async fn recycle(&self, pooled: &mut Pooled, uses: &UseMetrics) -> RecycleResult<Self::Error> {
        let given_up = |reason: &'static str| {
            self.metrics.pool_closed.with_label_values(&[reason]).inc();
            Err(RecycleError::message(reason))
        };
        if pooled.client.is_closed() {
            return given_up("lost");
        }
        if uses.age() > self.lifetime {
            return given_up("age");
        }
        if uses.last_used() > self.ping_after
            && self.connections.recycle(&mut pooled.client, uses).await.is_err()
        {
            return given_up("ping");
        }
        Ok(())
    }

    fn detach(&self, pooled: &mut Pooled) {
        self.connections.detach(&mut pooled.client);
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
    in_use: Arc<AtomicUsize>,
    limit: usize,
    idle_timeout: Duration,
    lifetime: Duration,
    metrics: Arc<Metrics>,
}

impl Pool {
    /// An empty pool; connections are made when they are needed, so no database has to be there yet.
    pub fn new(settings: &Settings, metrics: Arc<Metrics>) -> Result<Self, Error> {
        let session = SessionOptions {
            application_name: "rota",
            statement_timeout: Some(settings.statement_timeout_ms),
        };
        let manager = Manager {
            connections: deadpool_postgres::Manager::from_config(
                configuration(settings, session),
                NoTls,
                // Its recycling is our ping; ours decides when.
                ManagerConfig { recycling_method: RecyclingMethod::Verified },
            ),
            ping_after: settings.pool_ping_after_ms,
            lifetime: settings.pool_lifetime_ms,
            statement_limit: settings.statement_limit,
            metrics: Arc::clone(&metrics),
        };
        let inner = managed::Pool::builder(manager)
            .max_size(settings.pool_size)
            .wait_timeout(Some(settings.pool_wait_timeout_ms))
            .create_timeout(Some(settings.connect_timeout_ms))
            .recycle_timeout(Some(settings.connect_timeout_ms))
            // The last one back is the warmest; the others may grow idle and be closed.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Error::Start(error.to_string()))?;
        metrics.pool_limit.set(i64::try_from(settings.pool_size).unwrap_or(i64::MAX));
        Ok(Self {
            inner,
            in_use: Arc::default(),
            limit: settings.pool_size,
            idle_timeout: settings.pool_idle_timeout_ms,
            lifetime: settings.pool_lifetime_ms,
            metrics,
        })
    }

    /// Waits for a connection, no longer than the settings allow.
    pub async fn lease(&self) -> Result<Lease, NoConnection> {
        let asked = Instant::now();
        let failed = |reason: &str, error: NoConnection| {
            self.metrics.pool_failures.with_label_values(&[reason]).inc();
            Err(error)
        };
        match self.inner.get().await {
            Ok(object) => Ok(Lease::new(object, Arc::clone(&self.in_use), Arc::clone(&self.metrics))),
            Err(PoolError::Backend(error)) => failed("connect", NoConnection::Refused(error)),
            Err(PoolError::Timeout(TimeoutType::Wait)) => {
                let waited_ms = asked.elapsed().as_millis();
                failed("wait_timeout", NoConnection::Busy { limit: self.limit, waited_ms })
            }
            Err(_) => failed("connect_timeout", NoConnection::Silent),
        }
    }

    /// Used connections in percent of the limit.
    pub fn used_percent(&self) -> usize {
        self.in_use.load(Ordering::Relaxed) * 100 / self.limit
    }

    /// Brings the gauges to what the pool is now.
    pub fn observe(&self) {
        let status = self.inner.status();
        let gauge = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let used = self.in_use.load(Ordering::Relaxed);
        self.metrics.pool_connections.with_label_values(&["used"]).set(gauge(used));
        self.metrics
            .pool_connections
            .with_label_values(&["idle"])
            .set(gauge(status.size.saturating_sub(used)));
        self.metrics.pool_waiting.set(gauge(status.waiting));
        self.metrics.pool_utilization.set(used as f64 / self.limit as f64);
    }

    /// Closes connections that are idle for too long or too old, for as long as the proxy runs.
    pub async fn retire(self) {
        // A tenth of the limits: nothing outlives its limit by more than that.
        let pause = (self.idle_timeout.min(self.lifetime) / 10)
            .clamp(Duration::from_millis(20), Duration::from_secs(30));
        loop {
            tokio::time::sleep(pause).await;
            self.inner.retain(|_, uses| {
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
        }
    }

    /// Writes slow calls to the database.
    pub async fn record_slow_calls(&self, calls: &[SlowCall]) -> Result<(), String> {
        let mut lease = self.lease().await.map_err(|error| error.to_string())?;
        let statement = "SELECT rota.record_slow_calls($1)";
        let written =
            lease.client().execute(statement, &[&Json(calls)]).await.map_err(|error| error.to_string());
        lease.settle();
        written.map(drop)
    }
}
