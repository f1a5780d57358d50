//! Slow calls: kept in memory, written to the database by a task of their own.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::event::{Phase, RequestEvent};
use crate::database::pool::Pool;
use crate::endpoint::Endpoint;

/// Slow calls kept while the database cannot take them; more are counted and dropped. A thousand are some
/// 300 KiB, and a tenth of what the database keeps.
const KEPT: usize = 1_000;

/// One call over its threshold. Names of arguments only: values may be anybody's secret.
#[derive(Clone, Debug, Serialize)]
pub struct SlowCall {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// The endpoint's method.
    pub method: String,
    /// The endpoint's path.
    pub path: String,
    /// Its function, with schema.
    pub function: String,
    /// The time of the call, in milliseconds.
    pub duration_ms: f64,
    /// The wait for a connection before it, in milliseconds.
    pub pool_wait_ms: f64,
    /// How the server refused, if it did.
    pub sqlstate: Option<String>,
    /// The names of the supplied arguments.
    pub arguments: Vec<String>,
}

impl SlowCall {
    pub(super) fn of(event: &RequestEvent, endpoint: &Endpoint, call: Duration) -> Self {
        let milliseconds = |duration: Duration| (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0;
        let supplied = endpoint.arguments.iter().enumerate();
        Self {
            at: Utc::now(),
            method: endpoint.method.to_string(),
            path: endpoint.path.clone(),
            function: format!("{}.{}", endpoint.schema, endpoint.function),
            duration_ms: milliseconds(call),
            pool_wait_ms: milliseconds(event.phase(Phase::Pool).unwrap_or_default()),
            sqlstate: event.sqlstate.as_deref().map(str::to_owned),
            arguments: supplied
                .filter(|(position, _)| event.supplied & (1 << position) != 0)
                .map(|(_, argument)| argument.name.to_string())
                .collect(),
        }
    }
}

/// The slow calls that wait to be written.
#[derive(Debug, Default)]
pub struct SlowCalls(Mutex<Vec<SlowCall>>);

impl SlowCalls {
    /// Keeps a call; false if there is no room.
    pub fn push(&self, call: SlowCall) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = kept.len() < KEPT;
        if has_room {
            kept.push(call);
        }
        has_room
    }

    /// Writes the kept calls to the database. If it cannot take them they are kept on.
    pub async fn flush(&self, pool: &Pool) {
        let calls = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if calls.is_empty() {
            return;
        }
        if let Err(error) = pool.record_slow_calls(&calls).await {
            tracing::debug!(error, "slow calls could not be written");
            for call in calls {
                self.push(call);
            }
        }
    }
}
