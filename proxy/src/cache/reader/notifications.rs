//! Announcements over NOTIFY, where the extension's library is not preloaded.
//!
//! Nothing is known of what was announced before the listening began. So each connection begins a life of its
//! own, with a floor: a snapshot taken once listening, of which every entry has to contain all that was over.

use std::convert::Infallible;
use std::time::{Instant, SystemTime};

use super::Interruption;
use super::status::{Opened, Status, read};
use crate::cache::life::Life;
use crate::cache::lives::Lives;
use crate::cache::snapshot::Snapshot;
use crate::cache::tag::Tag;
use crate::cache::words::Words;
use crate::config::Settings;
use crate::error::Error;

/// As many words as the server has by default: 4 MiB.
const WORDS: usize = 524_288;

const FLOOR: &str = "SELECT pg_current_snapshot() AS floor";
/// The heartbeat. The server passes on what was notified before it answers, and the function asked fails
/// where the listener's queue can no longer be read.
const HEARTBEAT: &str = "SELECT pg_notification_queue_usage()";

/// Listens until the connection ends.
pub(super) async fn follow(
    lives: &Lives,
    settings: &Settings,
    mut opened: Opened,
    status: &Status,
) -> Result<Infallible, Interruption> {
    read(opened.client.batch_execute("LISTEN rota_invalidation").await)?;
    let asked = Instant::now();
    let floor: Snapshot = read(opened.ask(FLOOR, &[]).await?.try_get("floor"))?;
    let words = Words::new(&vec![0; WORDS], status.word_salt, settings.cache_recent_announcements)
        .ok_or(Interruption::Unreadable("the words are not a power of two"))?;
    words.announce_all(floor.xmax.saturating_sub(1));
    // No two connections share a life, whatever happened to the server between them.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let epoch = i64::try_from(now.as_nanos()).unwrap_or(i64::MAX);
    let life = lives.begin(Life::new(status.origin(epoch), words, asked));
    let heartbeat = read(opened.client.prepare(HEARTBEAT).await)?;
    lives.metrics.cache.reader_is("notify");
    tracing::warn!(
        "the server's library is not preloaded: changes are announced by NOTIFY, which makes commits wait \
         for each other; add rota to shared_preload_libraries"
    );
    let pause = settings.cache_reader_late_ms / 3;
    loop {
        match tokio::time::timeout(pause, opened.notifications.recv()).await {
            Ok(Some(payload)) => take_in(lives, &life, &payload)?,
            Ok(None) => return Err(Error::ConnectionLost.into()),
            Err(_) => {}
        }
        let asked = Instant::now();
        opened.ask(&heartbeat, &[]).await?;
        // Everything notified before the question has been handed over before its answer.
        while let Ok(payload) = opened.notifications.try_recv() {
            take_in(lives, &life, &payload)?;
        }
        life.heard(asked);
        lives.own_writes.caught_up(asked, &[]);
    }
}

/// Takes in one message: a transaction and its tags, or a transaction alone, which may have changed anything.
fn take_in(lives: &Lives, life: &Life, payload: &str) -> Result<(), Interruption> {
    let numbers: Vec<i64> = serde_json::from_str(payload)
        .map_err(|_| Interruption::Unreadable("a notification is no list of numbers"))?;
    let Some((transaction, tags)) = numbers.split_first() else {
        return Err(Interruption::Unreadable("a notification names no transaction"));
    };
    let transaction = transaction.cast_unsigned();
    life.words.announce(tags.iter().map(|tag| (transaction, Tag::from_sql(*tag))));
    if tags.is_empty() {
        life.words.announce_all(transaction);
    }
    lives.metrics.cache.announcements.inc_by(tags.len().max(1) as u64);
    Ok(())
}
