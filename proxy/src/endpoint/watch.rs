//! Keeps the catalog as the database has it: read at the start, after every change, after every reconnection.
//!
//! A standby cannot be listened to. Where its primary is known, that is listened to, and the standby is read until it
//! has replayed what was announced; else it is read now and then.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};
use tokio_postgres::{AsyncMessage, Client};

use super::Catalog;
use crate::cache::snapshot::{Snapshot, Stamp};
use crate::config::Settings;
use crate::database::connect::{SessionOptions, connect, open};
use crate::error::Error;
use crate::http::problem::{Problem, ProblemKind};
use crate::observe::Metrics;

/// What the changes of the catalog are announced on.
const LISTEN: &str = "LISTEN rota_catalog";
/// Changes come in bursts (one per exposed function): one reading serves those of this time.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// Pause before a reading that a failed call asked for, so that such calls cause one reading a second at most.
const DOUBT_PAUSE: Duration = Duration::from_secs(1);
/// First and longest pause between two attempts to connect. A restarted server is found within two seconds.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// Silence after which the listening connection is tried: a dead peer sends nothing, not even an end.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Pause before a standby is read again that has not replayed a change.
const STANDBY_PAUSE: Duration = Duration::from_millis(250);
/// What is committed where changes are announced.
const COMMITTED: &str = "SELECT rota.stamp()";
/// Longest time for a heartbeat or a reading of the catalog.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The catalog, or why there is none.
#[derive(Debug)]
pub enum CatalogState {
    /// Never read, or no longer there.
    Absent(String),
    /// The last reading.
    Read(Arc<Catalog>),
}

/// Holds the current catalog and keeps it current.
#[derive(Debug)]
pub struct CatalogWatch {
    state: ArcSwap<CatalogState>,
    generations: AtomicU64,
    doubted: Notify,
    metrics: Arc<Metrics>,
}

impl CatalogWatch {
    /// A watch that has not read anything yet.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        let state = CatalogState::Absent("the database has not been reached yet".to_owned());
        Self {
            state: ArcSwap::from_pointee(state),
            generations: AtomicU64::new(0),
            doubted: Notify::new(),
            metrics,
        }
    }

    /// The catalog, or a 503 while there is none.
    pub fn current(&self) -> Result<Arc<Catalog>, Problem> {
        match &**self.state.load() {
            CatalogState::Read(catalog) => Ok(Arc::clone(catalog)),
            CatalogState::Absent(_) => Err(Problem::new(
                ProblemKind::Unavailable,
                "the endpoints have not been read from the database yet",
            )),
        }
    }

    /// Says that the catalog seems to be out of date: it is read again soon.
    pub fn doubt(&self) {
        self.doubted.notify_one();
    }

    /// The catalog or the reason for its absence, for operators.
    pub fn state(&self) -> Arc<CatalogState> {
        self.state.load_full()
    }

    /// Listens and reads, for as long as the proxy runs.
    pub async fn run(self: Arc<Self>, settings: Settings) {
        let mut pause = BACK_OFF.0;
        loop {
            let ended = self.follow(&settings, &mut pause).await;
            self.metrics.catalog_listening.set(0);
            let Err(error) = ended;
            if pause == BACK_OFF.0 {
                tracing::warn!(%error, "the catalog cannot be followed; trying until it can");
            } else {
                tracing::debug!(%error, retry_after = ?pause, "the catalog still cannot be followed");
            }
            sleep(pause).await;
            pause = (pause * 2).min(BACK_OFF.1);
        }
    }

    /// One listening connection, from its beginning to its end.
    async fn follow(
        &self,
        settings: &Settings,
        pause: &mut Duration,
    ) -> Result<std::convert::Infallible, Error> {
        let session =
            SessionOptions { application_name: "rota catalog", statement_timeout: Some(ANSWER_WITHIN) };
        // Another server than the one that is listened to, if that is a standby's primary.
        let reader = match &settings.announcements_url {
            Some(_) => Some(connect(settings, session).await.inspect_err(|error| self.still_absent(error))?),
            None => None,
        };
        let (listener, mut connection) = match open(&settings.announcing(), session).await {
            Ok(opened) => opened,
            Err(error) => {
                match &reader {
                    Some(reader) => drop(self.read(reader).await),
                    None => self.still_absent(&error),
                }
                return Err(error);
            }
        };
        // One place is enough: what counts is that there was a change, not how many.
        let (changed, mut changes) = mpsc::channel::<()>(1);
        let driver = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(_) = message {
                    // Full means that a reading is due already.
                    let _ = changed.try_send(());
                }
            }
        });
        let followed = self.follow_changes(&listener, reader.as_ref(), &mut changes, pause).await;
        driver.abort();
        followed
    }

    async fn follow_changes(
        &self,
        listener: &Client,
        reader: Option<&Client>,
        changes: &mut mpsc::Receiver<()>,
        pause: &mut Duration,
    ) -> Result<std::convert::Infallible, Error> {
        // Listening comes before reading, so that no change falls between them.
        if let Err(refused) = answered(listener.batch_execute(LISTEN)).await {
            // A standby, and no primary is named. Its endpoints are there all the same.
            drop(self.read(reader.unwrap_or(listener)).await);
            return Err(refused);
        }
        let mut awaited = self.read_after(listener, reader, None).await?;
        self.metrics.catalog_listening.set(1);
        *pause = BACK_OFF.0;
        loop {
            let changed = async {
                tokio::select! {
                    changed = changes.recv() => changed,
                    () = self.doubted.notified() => {
                        sleep(DOUBT_PAUSE).await;
                        Some(())
                    }
                }
            };
            let silence = if awaited.is_some() { STANDBY_PAUSE } else { HEARTBEAT };
            match timeout(silence, changed).await {
                Ok(Some(())) => {
                    sleep(DEBOUNCE).await;
                    while changes.try_recv().is_ok() {}
                    awaited = self.read_after(listener, reader, None).await?;
                }
                Ok(None) => return Err(Error::ConnectionLost),
                Err(_) if awaited.is_some() => awaited = self.read_after(listener, reader, awaited).await?,
                Err(_) => {
                    for client in reader.into_iter().chain([listener]) {
                        answered(client.batch_execute("")).await?;
                    }
                }
            }
        }
    }

    /// Reads the catalog. Gives what is still awaited from a standby: everything that had been committed where
    /// changes are announced, unless something from before is awaited already.
    async fn read_after(
        &self,
        listener: &Client,
        reader: Option<&Client>,
        awaited: Option<Snapshot>,
    ) -> Result<Option<Snapshot>, Error> {
        let Some(reader) = reader else { return self.read(listener).await.map(|_| None) };
        let awaited = match awaited {
            Some(awaited) => awaited,
            None => committed(listener).await?,
        };
        let seen = self.read(reader).await?.stamp.clone();
        Ok((seen.taken_in_recovery && !seen.contains(&awaited)).then_some(awaited))
    }

    async fn read(&self, client: &Client) -> Result<Arc<Catalog>, Error> {
        let generation = self.generations.fetch_add(1, Ordering::Relaxed) + 1;
        let read = timeout(ANSWER_WITHIN, Catalog::read(client, generation, &self.metrics))
            .await
            .unwrap_or(Err(Error::ConnectTimeout(ANSWER_WITHIN)));
        match read {
            Ok(catalog) => {
                let (endpoints, imports) = (catalog.endpoints.len(), catalog.imports.len());
                self.metrics.catalog_reads.with_label_values(&["read"]).inc();
                self.metrics.catalog_endpoints.set(i64::try_from(endpoints).unwrap_or(i64::MAX));
                let catalog = Arc::new(catalog);
                self.state.store(Arc::new(CatalogState::Read(Arc::clone(&catalog))));
                tracing::info!(generation, endpoints, imports, "catalog read");
                Ok(catalog)
            }
            Err(error) => {
                self.metrics.catalog_reads.with_label_values(&["failed"]).inc();
                // The server answered that there is no catalog: the endpoints are gone, and so is what we knew.
                if client.is_closed() {
                    self.still_absent(&error);
                } else {
                    self.metrics.catalog_endpoints.set(0);
                    self.state.store(Arc::new(CatalogState::Absent(error.to_string())));
                }
                Err(error)
            }
        }
    }

    /// Tells why there is no catalog yet; one that was read stays, since the database may be back any moment.
    fn still_absent(&self, error: &Error) {
        if matches!(**self.state.load(), CatalogState::Absent(_)) {
            self.state.store(Arc::new(CatalogState::Absent(error.to_string())));
        }
    }
}

async fn committed(listener: &Client) -> Result<Snapshot, Error> {
    let asked = async { listener.query_one(COMMITTED, &[]).await?.try_get::<_, Stamp>(0) };
    match timeout(ANSWER_WITHIN, asked).await {
        Ok(answer) => Ok(answer.map_err(Error::database("does not tell what it has committed"))?.snapshot),
        Err(_) => Err(Error::ConnectTimeout(ANSWER_WITHIN)),
    }
}

async fn answered(asked: impl Future<Output = Result<(), tokio_postgres::Error>>) -> Result<(), Error> {
    match timeout(ANSWER_WITHIN, asked).await {
        Ok(answer) => answer.map_err(Error::database("does not answer the catalog's listener")),
        Err(_) => Err(Error::ConnectTimeout(ANSWER_WITHIN)),
    }
}
