//! One migration at a time.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_postgres::Client;

use super::steps::{Event, Steps};
use crate::error::Error;

/// Key of the session's advisory lock. Advisory locks are kept per database.
const KEY: i64 = i64::from_be_bytes(*b"rotamigr");

/// Pause between two tries.
///
/// A blocking `pg_advisory_lock` would wait inside a statement, and a statement holds a snapshot. The
/// holder's `CREATE INDEX CONCURRENTLY` waits for every older snapshot: each would wait for the other.
const TRY_EVERY: Duration = Duration::from_millis(200);

/// First word about a wait comes after a second, the next ones rarely: a large index takes hours.
const FIRST_WORD_AFTER: Duration = Duration::from_secs(1);
const NEXT_WORD_AFTER: Duration = Duration::from_secs(30);

const HOLDER_QUERY: &str = "
    SELECT
        format(
            'process %s (%s%s), connected since %s',
            activity.pid,
            coalesce(nullif(activity.application_name, ''), 'no name'),
            ' from ' || host(activity.client_addr),
            date_trunc('second', activity.backend_start)
        )
    FROM
        pg_catalog.pg_locks AS lock
        JOIN pg_catalog.pg_stat_activity AS activity USING (pid)
    WHERE
        lock.locktype = 'advisory'
        AND lock.granted
        AND lock.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
        AND lock.objsubid = 1
        AND (lock.classid::bigint << 32) | lock.objid::bigint = $1";

/// Waits until no other session migrates this database.
pub(super) async fn acquire(client: &Client, steps: &mut Steps<'_>) -> Result<(), Error> {
    let mut next_word = Instant::now() + FIRST_WORD_AFTER;
    while !try_acquire(client).await? {
        if Instant::now() >= next_word {
            next_word = Instant::now() + NEXT_WORD_AFTER;
            if let Some(holder) = holder(client).await? {
                steps.tell(Event::Waiting { holder });
            }
        }
        sleep(TRY_EVERY).await;
    }
    Ok(())
}

/// Gives the lock back. The end of the session would do so too.
pub(super) async fn release(client: &Client) -> Result<(), Error> {
    client.execute("SELECT pg_catalog.pg_advisory_unlock($1)", &[&KEY]).await.map(drop).map_err(failed)
}

async fn try_acquire(client: &Client) -> Result<bool, Error> {
    let row =
        client.query_one("SELECT pg_catalog.pg_try_advisory_lock($1)", &[&KEY]).await.map_err(failed)?;
    row.try_get(0).map_err(failed)
}

async fn holder(client: &Client) -> Result<Option<String>, Error> {
    let row = client.query_opt(HOLDER_QUERY, &[&KEY]).await.map_err(failed)?;
    row.map(|row| row.try_get(0)).transpose().map_err(failed)
}

fn failed(source: tokio_postgres::Error) -> Error {
    Error::database("refused the lock of migrations")(source)
}
