//! One connection of the pool: how it is made, and whether it may be used once more.

use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::{self, Metrics as UseMetrics, RecycleError, RecycleResult};
use deadpool_postgres::ClientWrapper;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::driven::Driven;
use super::statements::Statements;
use crate::observe::Metrics;

/// One connection of the pool.
pub(super) struct Pooled {
    /// The driver's client with its prepared statements.
    pub(super) client: ClientWrapper,
    /// Which of those are kept.
    pub(super) statements: Statements,
    /// The connection itself, which goes on only while somebody drives it.
    pub(super) driven: Driven,
    _room: OwnedSemaphorePermit,
}

impl Pooled {
    /// Says goodbye to the server. Its session ends at once, whatever else is going on.
    pub(super) async fn close(self) {
        drop(self.client);
        self.driven.finish().await;
    }
}

/// Makes and checks connections.
pub(super) struct Manager {
    pub(super) config: Config,
    pub(super) connector: MakeRustlsConnect,
    pub(super) ping_after: Duration,
    pub(super) lifetime: Duration,
    pub(super) statement_limit: usize,
    pub(super) metrics: Arc<Metrics>,
    /// Room for connections, of all threads together.
    pub(super) rooms: Arc<Semaphore>,
}

/// Why there is no new connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotMade {
    /// There are as many as there may be: one of them is free, or about to be.
    #[error("there are as many connections as there may be")]
    NoRoom,
    /// The server refused, or nothing listens.
    #[error(transparent)]
    Refused(#[from] tokio_postgres::Error),
}

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = NotMade;

    async fn create(&self) -> Result<Pooled, NotMade> {
        let room = Arc::clone(&self.rooms).try_acquire_owned().map_err(|_| NotMade::NoRoom)?;
        let (client, connection) = self.config.connect(self.connector.clone()).await?;
        self.metrics.pool_opened.inc();
        // The wrapper ends the task that drives its client. There is none to end.
        let client = ClientWrapper::new(client, tokio::spawn(std::future::ready(())));
        let statements = Statements::new(self.statement_limit);
        Ok(Pooled { client, statements, driven: Driven::new(connection), _room: room })
    }

    async fn recycle(&self, pooled: &mut Pooled, uses: &UseMetrics) -> RecycleResult<NotMade> {
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
