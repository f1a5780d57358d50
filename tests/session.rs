//! A session with a database.

use std::ops::{Deref, DerefMut};

use anyhow::{Context, Result, bail};
use tokio::task::JoinHandle;
use tokio_postgres::error::DbError;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::database::Database;

/// A client with its connection. It is a [`Client`] in every other respect.
pub struct Session {
    client: Client,
    connection: JoinHandle<Result<(), tokio_postgres::Error>>,
    // Keeps the database in existence, also when the test holds nothing but the session.
    _database: Option<Database>,
}

impl Session {
    /// Connects.
    pub async fn connect(url: &str) -> Result<Self> {
        let (client, connection) =
            tokio_postgres::connect(url, NoTls).await.with_context(|| format!("connecting to {url}"))?;
        Ok(Self { client, connection: tokio::spawn(connection), _database: None })
    }

    pub(crate) fn on(self, database: &Database) -> Self {
        Self { _database: Some(database.clone()), ..self }
    }

    /// Whether the server was built with ICU, which collations that call unequal texts equal need.
    pub async fn has_icu(&self) -> Result<bool> {
        let known = "SELECT count(*) FROM pg_collation WHERE collprovider = 'i' AND collname = 'und-x-icu'";
        Ok(self.text(known).await? == "1")
    }

    /// The rows of one or more statements as texts, the way psql shows them; NULL is `None`.
    pub async fn rows(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        let messages = self.client.simple_query(sql).await.with_context(|| format!("in {sql}"))?;
        let row = |message: SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        };
        Ok(messages.into_iter().filter_map(row).collect())
    }

    /// The first column of the first row as text. Fails when there is no row or the value is NULL.
    pub async fn text(&self, sql: &str) -> Result<String> {
        let rows = self.rows(sql).await?;
        let value = rows.into_iter().next().with_context(|| format!("no row from {sql}"))?;
        value.into_iter().next().flatten().with_context(|| format!("NULL from {sql}"))
    }

    /// The error that a statement gives. Fails when it succeeds, or fails for a reason that is
    /// not the server's.
    pub async fn refusal(&self, sql: &str) -> Result<Refusal> {
        match self.client.simple_query(sql).await {
            Ok(_) => bail!("was not refused: {sql}"),
            Err(error) => match error.as_db_error() {
                Some(report) => Ok(Refusal::from(report)),
                None => Err(error).with_context(|| format!("in {sql}")),
            },
        }
    }

    /// Ends the session and waits until the server has heard of it.
    pub async fn close(self) -> Result<()> {
        let Self { client, connection, _database } = self;
        drop(client);
        Ok(connection.await??)
    }
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

/// What the server said when it refused a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Five characters, such as `22023`.
    pub sqlstate: String,
    /// What was wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
    /// Further facts.
    pub detail: Option<String>,
    /// The argument or column in question.
    pub column: Option<String>,
    /// Schema of the table in question.
    pub schema: Option<String>,
    /// The table in question.
    pub table: Option<String>,
    /// The constraint that was violated.
    pub constraint: Option<String>,
}

impl From<&DbError> for Refusal {
    fn from(report: &DbError) -> Self {
        Self {
            sqlstate: report.code().code().to_owned(),
            message: report.message().to_owned(),
            hint: report.hint().map(str::to_owned),
            detail: report.detail().map(str::to_owned),
            column: report.column().map(str::to_owned),
            schema: report.schema().map(str::to_owned),
            table: report.table().map(str::to_owned),
            constraint: report.constraint().map(str::to_owned),
        }
    }
}
