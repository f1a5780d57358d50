//! The pool of connections for calls: deadpool with clients of deadpool-postgres, and what those lack: lanes, age
//! and idle limits, a ping after silence, metrics, a bound on prepared statements, connections that are driven by
//! whoever asks, and leases that never give back a connection in doubt.
//!
//! The manager is ours because that of deadpool-postgres hands each connection to a task of its own, and there is a
//! pool of deadpool for each thread, because a connection is best used where it was opened.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{PoolError, TimeoutType};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_postgres::types::Json;
use tokio_util::task::TaskTracker;

use super::connect::{SessionOptions, configuration};
use super::lease::{Keeper, Lease};
use super::manager::{Manager, NotMade, Pooled};
use super::shelves::Shelves;
use super::tls;
use crate::admission::{Admission, Borrower, Lane, Place};
use crate::config::Settings;
use crate::error::Error;
use crate::observe::{Metrics, SlowCall};

/// Longest time for one writing of slow calls; later is as good.
const RECORD_WITHIN: Duration = Duration::from_secs(5);

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
    shelves: Arc<Shelves>,
    /// Connections on loan at once, of all lanes.
    loans: Arc<Semaphore>,
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
        let manager = |rooms| Manager {
            config: configuration(settings, session),
            connector: connector.clone(),
            ping_after: settings.pool_ping_after_ms,
            lifetime: settings.pool_lifetime_ms,
            statement_limit: settings.statement_limit,
            metrics: Arc::clone(&metrics),
            rooms,
        };
        let running = TaskTracker::new();
        let shelves = Shelves::new(settings.worker_threads(), settings.pool_size, running.clone(), manager)?;
        metrics.pool_limit.set(i64::try_from(settings.pool_size).unwrap_or(i64::MAX));
        Ok(Self {
            shelves: Arc::new(shelves),
            loans: Arc::new(Semaphore::new(settings.pool_size)),
            admission,
            own: metrics.own_borrower(),
            keeper: Arc::new(Keeper { connector, running, metrics: Arc::clone(&metrics) }),
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
        let Ok(Ok(loan)) = timeout(wait.left(), Arc::clone(&self.loans).acquire_owned()).await else {
            return failed("wait_timeout", busy());
        };
        match self.shelves.take(self.connect_timeout).await {
            Ok(object) => Ok(Lease::new(object, (loan, wait.ends_with(seat)), Arc::clone(&self.keeper))),
            Err(PoolError::Backend(NotMade::Refused(error))) => {
                failed("connect", NoConnection::Refused(error))
            }
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
        (self.limit, self.shelves.open())
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
        let idle = self.shelves.open().saturating_sub(used + ending);
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
            let retired = self.shelves.retain(|uses| {
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
            for pooled in retired {
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
