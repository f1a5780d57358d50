//! Checked reads: the server is asked, on every hit, which changes it knows of.
//!
//! The server raises its words before a change becomes visible to anybody. So an entry that the words do not
//! refuse is what a statement of this moment would have returned: the read is linearizable, whoever wrote.
//!
//! A connection of its own, over which the questions of all requests fly together: a checked hit waits for
//! one round trip and takes no place in the pool.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_postgres::{Client, Statement};

use super::entry::Entry;
use super::key::Origin;
use super::snapshot::{Snapshot, Stamp};
use super::tag::Tag;
use crate::config::Settings;
use crate::database::connect::{SessionOptions, connect};

/// Longest time for an answer. Past it, the database is asked for the answer itself.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);

const STAMP: &str = "SELECT rota.stamp()";
const WORDS: &str = "SELECT (SELECT epoch FROM rota.invalidation_status()), rota.words_of($1)";

/// Asks the server about the tags of entries.
pub struct Checker {
    settings: Settings,
    connected: Mutex<Option<Connected>>,
}

#[derive(Clone)]
struct Connected {
    client: Arc<Client>,
    words: Statement,
    stamp: Statement,
}

impl Checker {
    /// A checker that connects when it is first asked.
    pub fn new(settings: &Settings) -> Self {
        Self { settings: settings.announcing(), connected: Mutex::default() }
    }

    /// Whether the server, in the life that the entry belongs to, knows of no change that the entry lacks,
    /// and of none that the catalog lacks under which it was filled. No answer counts as no.
    pub async fn confirms(&self, entry: &Entry, catalog: &Snapshot, origin: Origin) -> bool {
        matches!(timeout(ANSWER_WITHIN, self.ask(entry, catalog, origin)).await, Ok(Some(true)))
    }

    /// What is committed on the server that announces, at this moment. Nothing if it does not answer, or is a
    /// standby itself.
    pub async fn committed(&self) -> Option<Snapshot> {
        let asked = async {
            let Connected { client, stamp, .. } = self.connected().await?;
            let Stamp { snapshot, .. } = client.query_one(&stamp, &[]).await.ok()?.try_get(0).ok()?;
            (!snapshot.taken_in_recovery).then_some(snapshot)
        };
        timeout(ANSWER_WITHIN, asked).await.ok()?
    }

    async fn ask(&self, entry: &Entry, catalog: &Snapshot, origin: Origin) -> Option<bool> {
        let Connected { client, words, .. } = self.connected().await?;
        let tags: Vec<i64> = entry.tags.iter().map(|tag| tag.to_sql()).collect();
        let row = client.query_one(&words, &[&tags]).await.ok()?;
        let (epoch, words): (Option<i64>, Vec<i64>) = (row.try_get(0).ok()?, row.try_get(1).ok()?);
        // A word tells only the highest transaction: one below it that was running may have been announced
        // too.
        let is_seen = |(tag, word): (&Tag, i64)| {
            let word = word.cast_unsigned();
            word < entry.stamp.xmin && (*tag != Tag::catalog() || word < catalog.xmin)
        };
        let is_whole = epoch == Some(origin.epoch) && words.len() == tags.len();
        Some(is_whole && entry.tags.iter().zip(words).all(is_seen))
    }

    async fn connected(&self) -> Option<Connected> {
        let mut connected = self.connected.lock().await;
        if let Some(connected) = connected.as_ref().filter(|connected| !connected.client.is_closed()) {
            return Some(connected.clone());
        }
        let session =
            SessionOptions { application_name: "rota checks", statement_timeout: Some(ANSWER_WITHIN) };
        let client = connect(&self.settings, session).await.ok()?;
        let (words, stamp) = (client.prepare(WORDS).await.ok()?, client.prepare(STAMP).await.ok()?);
        let made = Connected { client: Arc::new(client), words, stamp };
        *connected = Some(made.clone());
        Some(made)
    }
}
