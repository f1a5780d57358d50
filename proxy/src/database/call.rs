//! One call of one function: a prepared statement with typed binary parameters, raw JSON bytes back.

use std::error::Error as StdError;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{TryStreamExt, join};
use tokio_postgres::error::Severity;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Error, Statement};

use super::lease::Lease;
use super::manager::Pooled;
use super::sqlstate;
use crate::cache::snapshot::{Snapshot, Stamp};
use crate::endpoint::{Shape, StatementText, Value};

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

/// What the server answered to a call.
#[derive(Debug)]
pub struct Answered {
    /// The result's JSON, or nothing for SQL NULL.
    pub json: Option<Bytes>,
    /// What a read saw. Of a write, nothing is known to be seen.
    pub stamp: Snapshot,
    /// The life of the server that answered a read; none on a standby, or where lives are not counted.
    pub life: Option<i64>,
    /// The transaction of a write, if it wrote.
    pub transaction: Option<u64>,
    /// The age of the oldest change that the result does not hold, in milliseconds; 0 where it holds all that the
    /// statement saw.
    pub staleness_ms: u64,
}

/// A transaction id, 64 bits wide.
pub(crate) struct TransactionId(pub(crate) u64);

impl<'a> FromSql<'a> for TransactionId {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(u64::from_be_bytes(raw.try_into()?)))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::XID8
    }
}

/// What to call.
#[derive(Debug)]
pub struct Call<'c> {
    /// The statement's text.
    pub text: &'c Arc<StatementText>,
    /// The catalog's generation that the text belongs to.
    pub generation: u64,
    /// The statement timeout, where it differs from the session's.
    pub statement_timeout: Option<Duration>,
    /// The claims that the function may see, as a JSON object; empty if it declares none.
    pub claims: &'c str,
    /// The values of the parameters.
    pub values: &'c [(usize, Value<'c>)],
}

/// Calls and gives the server's answer.
///
/// One round trip once the statement is prepared. The lease is settled when the call is over; dropped before,
/// it cancels the call.
///
/// # Errors
///
/// The server's refusal, or the loss of the connection.
pub async fn call(lease: &mut Lease, call: &Call<'_>) -> Result<Answered, Error> {
    let mut result = attempt(lease, call).await;
    if let Err(error) = &result
        && error.code().is_some_and(|code| sqlstate::asks_to_prepare_again(code.code()))
    {
        // Safe for changes too: a statement that failed has left nothing behind.
        let Pooled { client, statements, .. } = lease.pooled();
        statements.clear(client);
        result = attempt(lease, call).await;
    }
    if result.as_ref().err().is_none_or(leaves_session_whole) {
        lease.settle();
    }
    result
}

async fn attempt(lease: &mut Lease, call: &Call<'_>) -> Result<Answered, Error> {
    let Pooled { client, statements, .. } = lease.pooled();
    let is_known = statements.knows(client, call.text, call.generation);
    let metrics = lease.metrics();
    let looked_up = if is_known { &metrics.statement_hits } else { &metrics.statement_misses };
    looked_up.inc();
    let Pooled { client, statements, driven, .. } = lease.pooled();
    let asked = async {
        let statement = statements.prepare(client, call.text).await?;
        match call.statement_timeout {
            None => fetch(client, &statement, call).await,
            Some(timeout) => fetch_within(client, &statement, call, timeout).await,
        }
    };
    driven.drive(asked).await
}

/// The same in a transaction with its own statement timeout; all three messages fly together. Should the
/// first fail, the call runs by itself under the session's timeout, and its own outcome counts.
async fn fetch_within(
    client: &Client,
    statement: &Statement,
    call: &Call<'_>,
    timeout: Duration,
) -> Result<Answered, Error> {
    let prelude = format!("BEGIN; SET LOCAL statement_timeout = {}", timeout.as_millis());
    // Polled in this order, and each sends at its first poll.
    let (_, fetched, committed) =
        join!(client.batch_execute(&prelude), fetch(client, statement, call), client.batch_execute("COMMIT"));
    let fetched = fetched?;
    committed?;
    Ok(fetched)
}

async fn fetch(client: &Client, statement: &Statement, call: &Call<'_>) -> Result<Answered, Error> {
    let claims = Value::Text(call.claims.into());
    let claims = (!call.claims.is_empty()).then_some(&claims);
    let values: Vec<&Value<'_>> = call.values.iter().map(|(_, value)| value).chain(claims).collect();
    let mut rows = pin!(client.query_raw(statement, values).await?);
    let stamp = Snapshot::of_nothing();
    let mut answered = Answered { json: None, stamp, life: None, transaction: None, staleness_ms: 0 };
    // To the end, though there is one row: only the end says that the connection is free again.
    while let Some(row) = rows.try_next().await? {
        answered.json = row.try_get::<_, Option<RawJson<'_>>>(0)?.map(|raw| Bytes::copy_from_slice(raw.0));
        match call.text.shape {
            Shape::Read => {
                Stamp { snapshot: answered.stamp, life: answered.life } = row.try_get(1)?;
                if call.text.tells_staleness {
                    let told: Option<i64> = row.try_get(2)?;
                    answered.staleness_ms = told.and_then(|told| u64::try_from(told).ok()).unwrap_or(0);
                }
            }
            Shape::Write => {
                answered.transaction = row.try_get::<_, Option<TransactionId>>(1)?.map(|id| id.0);
            }
        }
    }
    Ok(answered)
}

/// Whether the session goes on after this error: the server refused one statement, not the session.
fn leaves_session_whole(error: &Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        !matches!(error.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
            && error.severity() != "FATAL"
    })
}
