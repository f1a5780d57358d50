//! Keeps managed views fresh where no worker of the server does, and tells how they are.
//!
//! One connection of its own, so that no call ever waits for a refresh. Each refresh is one transaction; any number of
//! proxies may ask at once, because the server lets one at a time work on a view. A refresh that the stop of the
//! proxy cuts off is finished by the server, or undone whole: what is pending stays pending.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Settings;
use crate::database::connect::{SessionOptions, connect};
use crate::error::Error;
use crate::observe::Metrics;
use crate::observe::views::{Refreshed, ViewState};

/// Longest pause between two looks whether a view is due. A change is applied so late at most where it is due at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Shortest pause while views are due that somebody else is refreshing.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
/// Pause between two looks at who refreshes here, and how stale the views are.
const OBSERVE_EVERY: Duration = Duration::from_secs(5);
/// First and longest pause between two attempts to connect. A restarted server is found within two seconds.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Whether views can be refreshed here at all, and by this role.
const ABILITY: &str = "
    SELECT
        pg_catalog.pg_is_in_recovery(),
        due.function IS NOT NULL,
        coalesce(pg_catalog.has_function_privilege(due.function, 'EXECUTE'), false)
    FROM (SELECT pg_catalog.to_regprocedure('rota.refresh_due(integer)') AS function) AS due";

/// Whether the server has a worker for this database: one that asks for it sets that for its sessions, and a library
/// that is not preloaded starts none.
const HAS_WORKER: &str = "
    SELECT
        coalesce(pg_catalog.current_setting('rota.refresh_worker', true), 'off') = 'on' AND status.mode = 'ring'
    FROM rota.invalidation_status() AS status";

const NEXT: &str = "SELECT rota.next_refresh_ms()";

const REFRESH: &str = "
    SELECT refreshed.refreshed_view::text, refreshed.mode, refreshed.reason, refreshed.duration_ms, refreshed.error
    FROM rota.refresh_due() AS refreshed";

const STATUS: &str = "
    SELECT status.view::text, status.staleness_ms, status.pending_keys, status.last_duration_ms, status.failures
    FROM rota.view_status AS status";

/// Who refreshes the views, as this proxy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Duty {
    /// This proxy, together with others.
    Mine,
    /// A worker of the server.
    Workers,
    /// Its primary's.
    Standby,
    /// The role may not.
    Refused,
    /// The extension is older than managed views.
    Unknown,
    /// Nobody: there are none.
    Nothing,
}

impl Duty {
    /// The word for it in metrics.
    fn state(self) -> &'static str {
        match self {
            Self::Mine => "driving",
            Self::Workers => "worker",
            Self::Standby => "standby",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Nothing => "none",
        }
    }

    /// Says once what it means for the operator.
    fn tell(self) {
        match self {
            Self::Mine => tracing::info!("managed views are refreshed by this proxy"),
            Self::Workers => tracing::info!("managed views are refreshed by a worker of the server"),
            Self::Standby => tracing::info!("managed views are refreshed on the primary; this is a standby"),
            Self::Refused => tracing::warn!(
                "managed views are not refreshed by this proxy: its role may not call rota.refresh_due(integer); \
                 grant EXECUTE on it, or set refresh_views to false"
            ),
            Self::Unknown => tracing::warn!(
                "managed views are not refreshed: the extension in the database has no rota.refresh_due(integer)"
            ),
            Self::Nothing => tracing::debug!("there are no managed views"),
        }
    }
}

/// The task that refreshes, and its end.
#[derive(Debug, Default)]
pub struct Refreshing {
    stop: CancellationToken,
    running: TaskTracker,
}

impl Refreshing {
    /// Refreshes from now on, until it is stopped.
    pub fn start(&self, settings: &Settings, metrics: &Arc<Metrics>) {
        let driver =
            Driver { settings: settings.announcing(), metrics: Arc::clone(metrics), stop: self.stop.clone() };
        self.running.spawn(driver.run());
    }

    /// Begins no further refresh.
    pub fn stop(&self) {
        self.stop.cancel();
        self.running.close();
    }

    /// Waits for the refresh that is under way.
    pub async fn ended(&self) {
        self.running.wait().await;
    }
}

struct Driver {
    settings: Settings,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
}

impl Driver {
    async fn run(self) {
        let mut pause = BACK_OFF.0;
        let mut told = None;
        while !self.stop.is_cancelled() {
            let begun = Instant::now();
            if let Err(error) = self.follow(&mut told).await {
                self.metrics.views.driver_is("lost");
                if begun.elapsed() > BACK_OFF.1 {
                    pause = BACK_OFF.0;
                }
                if pause == BACK_OFF.0 {
                    tracing::warn!(%error, "managed views cannot be refreshed; trying until they can");
                } else {
                    tracing::debug!(%error, retry_after = ?pause, "managed views still cannot be refreshed");
                }
                self.rest(pause).await;
                pause = (pause * 2).min(BACK_OFF.1);
            }
        }
    }

    /// One connection, from its beginning to its end or to the stop.
    async fn follow(&self, told: &mut Option<Duty>) -> Result<(), Error> {
        let client = connect(&self.settings, SessionOptions::named("rota refresh")).await?;
        while !self.stop.is_cancelled() {
            let mut duty =
                duty(&client).await.map_err(Error::database("does not tell who refreshes its views"))?;
            if matches!(duty, Duty::Mine | Duty::Workers | Duty::Refused) {
                let views = self.observe(&client).await;
                if views.map_err(Error::database("does not tell the state of its views"))? == 0 {
                    duty = Duty::Nothing;
                }
            }
            if *told != Some(duty) {
                duty.tell();
                *told = Some(duty);
            }
            self.metrics.views.driver_is(duty.state());
            let until = Instant::now() + OBSERVE_EVERY;
            if duty == Duty::Mine {
                self.drive(&client, until).await.map_err(Error::database("does not refresh its views"))?;
            } else {
                self.rest(OBSERVE_EVERY).await;
            }
        }
        Ok(())
    }

    /// Refreshes what becomes due until then.
    async fn drive(&self, client: &Client, until: Instant) -> Result<(), tokio_postgres::Error> {
        while Instant::now() < until && !self.stop.is_cancelled() {
            let next: Option<i64> = client.query_one(NEXT, &[]).await?.try_get(0)?;
            let is_due = next.is_some_and(|next| next <= 0);
            if is_due && self.refresh(client).await? {
                continue;
            }
            let wait = next.and_then(|next| u64::try_from(next).ok()).map(Duration::from_millis);
            self.rest(wait.unwrap_or(LOOK_EVERY).clamp(SHORTEST_PAUSE, LOOK_EVERY)).await;
        }
        Ok(())
    }

    /// Refreshes one view that is due, after those that it reads. Tells whether there was one.
    async fn refresh(&self, client: &Client) -> Result<bool, tokio_postgres::Error> {
        let rows = client.query(REFRESH, &[]).await?;
        for row in &rows {
            let refreshed = Refreshed {
                view: row.try_get(0)?,
                mode: row.try_get(1)?,
                duration: milliseconds(row.try_get(3)?),
            };
            self.metrics.views.refreshed(&refreshed);
            let (view, mode, reason): (&str, &str, &str) = (refreshed.view, refreshed.mode, row.try_get(2)?);
            match row.try_get::<_, Option<&str>>(4)? {
                Some(error) => tracing::warn!(view, reason, error, "a view could not be refreshed"),
                None => tracing::debug!(view, mode, reason, duration = ?refreshed.duration, "view refreshed"),
            }
        }
        Ok(!rows.is_empty())
    }

    /// Brings the gauges to what the views are now. Tells how many there are.
    async fn observe(&self, client: &Client) -> Result<usize, tokio_postgres::Error> {
        let rows = client.query(STATUS, &[]).await?;
        let states = rows.iter().map(|row| {
            Ok(ViewState {
                view: row.try_get(0)?,
                staleness: row
                    .try_get::<_, Option<i64>>(1)?
                    .and_then(|age| u64::try_from(age).ok())
                    .map(Duration::from_millis),
                pending_keys: row.try_get::<_, Option<i64>>(2)?.unwrap_or(0),
                last_duration: row.try_get::<_, Option<f64>>(3)?.map(milliseconds),
                failures: row.try_get(4)?,
            })
        });
        let states = states.collect::<Result<Vec<_>, tokio_postgres::Error>>()?;
        self.metrics.views.observe(&states);
        Ok(states.len())
    }

    async fn rest(&self, pause: Duration) {
        tokio::select! {
            () = sleep(pause) => {}
            () = self.stop.cancelled() => {}
        }
    }
}

async fn duty(client: &Client) -> Result<Duty, tokio_postgres::Error> {
    let row = client.query_one(ABILITY, &[]).await?;
    let [is_standby, exists, is_allowed]: [bool; 3] = [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?];
    if !exists {
        return Ok(Duty::Unknown);
    }
    if is_standby {
        return Ok(Duty::Standby);
    }
    if client.query_one(HAS_WORKER, &[]).await?.try_get(0)? {
        return Ok(Duty::Workers);
    }
    Ok(if is_allowed { Duty::Mine } else { Duty::Refused })
}

fn milliseconds(duration_ms: f64) -> Duration {
    Duration::try_from_secs_f64(duration_ms / 1000.0).unwrap_or_default()
}
