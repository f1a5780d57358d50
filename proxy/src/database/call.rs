//! One call of one function: a prepared statement with typed binary parameters, raw JSON bytes back.

use std::error::Error as StdError;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{TryStreamExt, join};
use tokio_postgres::error::Severity;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Error, Statement};

use super::lease::Lease;
use super::pool::Pooled;
use super::sqlstate;
use crate::endpoint::{StatementText, Value};

/// JSON as it came from the server, unparsed.
struct RawJson<'a>(&'a [u8]);

impl<'a> FromSql<'a> for RawJson<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        // The binary form of jsonb is a version byte and the text.
        if *ty == Type::JSONB {
            raw.get(1..).map(Self).ok_or_else(|| "jsonb without its version".into())
        } else {
            Ok(Self(raw))
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::JSON | Type::JSONB)
    }
}

/// What to call.
#[derive(Debug)]
pub struct Call<'c> {
    /// The statement's text.
    pub text: &'c StatementText,
    /// The catalog's generation that the text belongs to.
    pub generation: u64,
    /// The statement timeout, where it differs from the session's.
    pub statement_timeout: Option<Duration>,
    /// The values of the parameters.
    pub values: &'c [(usize, Value<'c>)],
}

/// Calls and gives the result's JSON, or nothing for SQL NULL.
///
/// One round trip once the statement is prepared. The lease is settled when the call is over; dropped before,
/// it cancels the call.
///
/// # Errors
///
/// The server's refusal, or the loss of the connection.
pub async fn call(lease: &mut Lease, call: &Call<'_>) -> Result<Option<Bytes>, Error> {
    let mut result = attempt(lease, call).await;
    if let Err(error) = &result
        && error.code().is_some_and(|code| sqlstate::asks_to_prepare_again(code.code()))
    {
        // Safe for changes too: a statement that failed has left nothing behind.
        lease.pooled().statements.clear();
        result = attempt(lease, call).await;
    }
    if result.as_ref().err().is_none_or(leaves_session_whole) {
        lease.settle();
    }
    result
}

async fn attempt(lease: &mut Lease, call: &Call<'_>) -> Result<Option<Bytes>, Error> {
    let known = lease.pooled().statements.find(call.text, call.generation);
    let metrics = lease.metrics();
    let looked_up = if known.is_some() { &metrics.statement_hits } else { &metrics.statement_misses };
    looked_up.inc();
    let Pooled { client, statements, driven } = lease.pooled();
    let asked = async {
        let statement = match known {
            Some(statement) => statement,
            None => statements.prepare(client, call.text).await?,
        };
        match call.statement_timeout {
            None => fetch(client, &statement, call.values).await,
            Some(timeout) => fetch_within(client, &statement, call.values, timeout).await,
        }
    };
    driven.drive(asked).await
}

/// The same in a transaction with its own statement timeout; all three messages fly together.
async fn fetch_within(
    client: &Client,
    statement: &Statement,
    values: &[(usize, Value<'_>)],
    timeout: Duration,
) -> Result<Option<Bytes>, Error> {
    let prelude = format!("BEGIN; SET LOCAL statement_timeout = {}", timeout.as_millis());
    // Polled in this order, and each sends at its first poll.
    let (begun, fetched, committed) = join!(
        client.batch_execute(&prelude),
        fetch(client, statement, values),
        client.batch_execute("COMMIT")
    );
    begun?;
    let fetched = fetched?;
    committed?;
    Ok(fetched)
}

async fn fetch(
    client: &Client,
    statement: &Statement,
    values: &[(usize, Value<'_>)],
) -> Result<Option<Bytes>, Error> {
    let mut rows = pin!(client.query_raw(statement, values.iter().map(|(_, value)| value)).await?);
    let mut json = None;
    // To the end, though there is one row: only the end says that the connection is free again.
    while let Some(row) = rows.try_next().await? {
        json = row.try_get::<_, Option<RawJson<'_>>>(0)?.map(|raw| Bytes::copy_from_slice(raw.0));
    }
    Ok(json)
}

/// Whether the session goes on after this error: the server refused one statement, not the session.
fn leaves_session_whole(error: &Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        !matches!(error.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
            && error.severity() != "FATAL"
    })
}
