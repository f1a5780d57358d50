//! Announcements from the ring in the server's shared memory.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Interruption;
use super::status::{Opened, Status, read};
use crate::cache::life::Life;
use crate::cache::lives::Lives;
use crate::cache::tag::Tag;
use crate::cache::words::Words;
use crate::config::Settings;

const NEXT: &str = "SELECT * FROM rota.next_invalidations($1, $2, $3)";
const WORDS: &str = "SELECT epoch, position, words FROM rota.invalidation_words()";

/// The longest wait that the server allows: a longer one would hold back vacuum.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Where the reader stands in the ring.
struct Place {
    life: Arc<Life>,
    position: i64,
}

/// Follows the ring until the connection or the server's life ends.
pub(super) async fn follow(
    lives: &Lives,
    settings: &Settings,
    opened: Opened,
    status: &Status,
) -> Result<Infallible, Interruption> {
    let mut place = start(lives, settings, &opened, status).await?;
    // A third of the limit: a question is answered after its wait, and proves what was before it. So the words are
    // at most twice the wait behind, and a slow answer has another third.
    let wait_ms = i32::try_from((settings.cache_reader_late_ms / 3).min(LONGEST_WAIT).as_millis());
    let wait_ms = wait_ms.unwrap_or(i32::MAX);
    let next = read(opened.client.prepare(NEXT).await)?;
    lives.metrics.cache.reader_is("ring");
    tracing::info!(origin = ?place.life.origin, "announcements are followed in the ring");
    loop {
        let asked = Instant::now();
        let row = opened.ask(&next, &[&place.life.origin.epoch, &place.position, &wait_ms]).await?;
        if read(row.try_get::<_, i64>("epoch"))? != place.life.origin.epoch {
            return Err(Interruption::AnotherLife);
        }
        let transactions: Vec<i64> = read(row.try_get("transactions"))?;
        let tags: Vec<i64> = read(row.try_get("tags"))?;
        let transactions: Vec<u64> = transactions.into_iter().map(i64::cast_unsigned).collect();
        for (transaction, tag) in transactions.iter().zip(&tags) {
            place.life.words.announce(*transaction, Tag::from_sql(*tag));
        }
        if read(row.try_get("complete"))? {
            place.position = read(row.try_get("upto"))?;
            place.life.heard(asked);
            lives.own_writes.caught_up(asked, &transactions);
        } else {
            copy(lives, &opened, &mut place, "overflow").await?;
        }
        lives.metrics.cache.announcements.inc_by(tags.len() as u64);
        if let Some(age_us) = read(row.try_get::<_, Option<i64>>("oldest_age_us"))? {
            let age = Duration::from_micros(age_us.cast_unsigned());
            lives.metrics.cache.invalidation_delay.observe(age.as_secs_f64());
        }
    }
}

/// Takes up the ring: with new words, or, if the server is still in the life that is known, where the words end.
async fn start(
    lives: &Lives,
    settings: &Settings,
    opened: &Opened,
    status: &Status,
) -> Result<Place, Interruption> {
    let origin = status.origin(status.epoch()?);
    if let Some(life) = lives.current().filter(|life| life.origin == origin) {
        let mut place = Place { life, position: 0 };
        copy(lives, opened, &mut place, "reconnected").await?;
        return Ok(place);
    }
    let asked = Instant::now();
    let copied = Copied::ask(opened).await?;
    if copied.epoch != origin.epoch {
        return Err(Interruption::AnotherLife);
    }
    let words = Words::new(&copied.words, status.word_salt, settings.cache_recent_announcements)
        .ok_or(Interruption::Unreadable("the words are not a power of two"))?;
    let life = lives.begin(Life::new(origin, words, asked));
    lives.metrics.cache.copies.with_label_values(&["start"]).inc();
    Ok(Place { life, position: copied.position })
}

/// Copies the words after announcements may have been lost. Everything that is cached stays, and is measured by them.
async fn copy(lives: &Lives, opened: &Opened, place: &mut Place, reason: &str) -> Result<(), Interruption> {
    let asked = Instant::now();
    let copied = Copied::ask(opened).await?;
    if copied.epoch != place.life.origin.epoch {
        return Err(Interruption::AnotherLife);
    }
    place.life.words.copy(&copied.words);
    place.life.heard(asked);
    place.position = copied.position;
    lives.own_writes.caught_up(asked, &[]);
    lives.metrics.cache.copies.with_label_values(&[reason]).inc();
    Ok(())
}

/// The server's words.
struct Copied {
    epoch: i64,
    position: i64,
    words: Vec<u64>,
}

impl Copied {
    async fn ask(opened: &Opened) -> Result<Self, Interruption> {
        let row = opened.ask(WORDS, &[]).await?;
        let raw: &[u8] = read(row.try_get("words"))?;
        let (words, rest) = raw.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(Interruption::Unreadable("the words are cut short"));
        }
        Ok(Self {
            epoch: read(row.try_get("epoch"))?,
            position: read(row.try_get("position"))?,
            words: words.iter().map(|word| u64::from_le_bytes(*word)).collect(),
        })
    }
}
