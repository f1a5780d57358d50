//! The reader's connection, and how the server announces changes.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Row};

use super::Interruption;
use crate::cache::key::Origin;
use crate::config::Settings;
use crate::database::connect::{SessionOptions, open as open_connection};
use crate::error::Error;

/// Longest time for one answer of the server, the wait for announcements included.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Notifications that wait to be read. A reader that is further behind loses its connection and begins anew.
const WAITING_NOTIFICATIONS: usize = 4096;

const STATUS: &str = "
    SELECT
        mode, epoch, timeline, system_identifier, word_salt, pg_is_in_recovery() AS is_standby
    FROM rota.invalidation_status()";

/// How the server announces.
#[derive(Debug)]
pub(super) struct Status {
    /// Whether it is a standby.
    pub(super) is_standby: bool,
    mode: String,
    epoch: Option<i64>,
    system_identifier: u64,
    timeline: u32,
    /// What is mixed into tags to find their words: another number for each database of the server.
    pub(super) word_salt: u64,
}

impl Status {
    pub(super) fn has_ring(&self) -> bool {
        self.mode == "ring"
    }

    /// The server in this life of it.
    pub(super) fn origin(&self, epoch: i64) -> Origin {
        Origin { system_identifier: self.system_identifier, timeline: self.timeline, epoch }
    }

    /// The number of the life, where the server counts them.
    pub(super) fn epoch(&self) -> Result<i64, Interruption> {
        self.epoch.ok_or(Interruption::Unreadable("the epoch is missing"))
    }

    fn of(row: &Row) -> Result<Self, tokio_postgres::Error> {
        let identifier: String = row.try_get("system_identifier")?;
        let timeline: i32 = row.try_get("timeline")?;
        Ok(Self {
            is_standby: row.try_get("is_standby")?,
            mode: row.try_get("mode")?,
            epoch: row.try_get("epoch")?,
            system_identifier: identifier.parse().unwrap_or_default(),
            timeline: timeline.cast_unsigned(),
            word_salt: row.try_get::<_, i64>("word_salt")?.cast_unsigned(),
        })
    }
}

/// The reader's connection.
pub(super) struct Opened {
    pub(super) client: Client,
    /// The payloads of notifications; ends with the connection.
    pub(super) notifications: mpsc::Receiver<String>,
}

/// Connects.
pub(super) async fn open(settings: &Settings) -> Result<Opened, Interruption> {
    let session =
        SessionOptions { application_name: "rota announcements", statement_timeout: Some(ANSWER_WITHIN) };
    let (client, mut connection) = open_connection(settings, session).await?;
    let (heard, notifications) = mpsc::channel(WAITING_NOTIFICATIONS);
    tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message
                && heard.try_send(notification.payload().to_owned()).is_err()
            {
                break;
            }
        }
    });
    Ok(Opened { client, notifications })
}

impl Opened {
    /// Asks for one row, no longer than [`ANSWER_WITHIN`].
    pub(super) async fn ask(
        &self,
        statement: &(impl tokio_postgres::ToStatement + ?Sized),
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, Interruption> {
        match tokio::time::timeout(ANSWER_WITHIN, self.client.query_one(statement, values)).await {
            Ok(answer) => Ok(answer.map_err(Error::database("does not tell its announcements"))?),
            Err(_) => Err(Error::ConnectTimeout(ANSWER_WITHIN).into()),
        }
    }

    /// How the server announces.
    pub(super) async fn status(&mut self) -> Result<Status, Interruption> {
        read(Status::of(&self.ask(STATUS, &[]).await?))
    }
}

/// A column of an answer, or the fault that it has not the type that it should have.
pub(super) fn read<T>(column: Result<T, tokio_postgres::Error>) -> Result<T, Interruption> {
    Ok(column.map_err(Error::database("tells its announcements in another form"))?)
}
