//! The reader of announcements: a task with a connection of its own that keeps the words current.
//!
//! Each question to the server is a heartbeat too. Its answer proves that everything announced before the question
//! was sent is known; the time of the answer proves nothing, since an answer may lie in a buffer while this
//! process is stopped. A reader that is behind by more than its limit turns hits off until it has caught up.

mod notifications;
mod ring;
mod status;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::lives::Lives;
use crate::config::Settings;
use crate::error::Error;

/// First and longest pause between two attempts. A restarted server is found within two seconds.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Why the reader had to begin anew.
#[derive(Debug, thiserror::Error)]
enum Interruption {
    /// The connection or the server failed.
    #[error(transparent)]
    Failed(#[from] Error),
    /// The server is a standby: nothing is announced there.
    #[error("the server is a standby, where no changes are announced; set announcements_url to its primary")]
    Standby,
    /// The server's answer makes no sense.
    #[error("the server's announcements cannot be read: {0}")]
    Unreadable(&'static str),
    /// The server has been restarted.
    #[error("the server has begun another life")]
    AnotherLife,
}

/// Reads announcements for as long as the proxy runs.
pub async fn run(lives: Arc<Lives>, settings: Settings) {
    let settings = settings.announcing();
    let mut pause = BACK_OFF.0;
    loop {
        let begun = Instant::now();
        let Err(interruption) = follow(&lives, &settings).await;
        let state = if matches!(interruption, Interruption::Standby) { "standby" } else { "lost" };
        lives.metrics.cache.reader_is(state);
        if matches!(interruption, Interruption::AnotherLife) {
            tracing::info!("the server has begun another life; its cache begins empty");
            continue;
        }
        if begun.elapsed() > BACK_OFF.1 || pause == BACK_OFF.0 {
            pause = BACK_OFF.0;
            tracing::warn!(%interruption, "announcements cannot be followed; answers come from the database");
        } else {
            tracing::debug!(%interruption, retry_after = ?pause, "announcements still cannot be followed");
        }
        sleep(pause).await;
        pause = (pause * 2).min(BACK_OFF.1);
    }
}

async fn follow(lives: &Lives, settings: &Settings) -> Result<Infallible, Interruption> {
    let mut opened = status::open(settings).await?;
    let status = opened.status().await?;
    if status.is_standby {
        return Err(Interruption::Standby);
    }
    if status.has_ring() {
        ring::follow(lives, settings, opened, &status).await
    } else {
        notifications::follow(lives, settings, opened, &status).await
    }
}
