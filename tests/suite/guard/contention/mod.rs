//! Many sessions write to few keys at once, at every isolation level: no overlap ever stands in
//! the table, no row is lost, and nobody is refused without a reason.

mod draw;
mod history;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use rota_tests::database::Database;
use rota_tests::session::Session;

use draw::Booking;
use history::History;
use writer::{Manners, Writer};

const SESSIONS: i32 = 8;

/// Statements of each session. The two plain tests run 200,000 together.
const OPERATIONS: usize = 12_600;

/// Statements of each session whose transactions are judged at their end.
const DEFERRED_OPERATIONS: usize = 3_000;

const TABLE: &str = "
    CREATE TABLE bookings (
        id integer PRIMARY KEY, key integer NOT NULL, during int4range NOT NULL, version integer NOT NULL DEFAULT 1
    )";

/// Pairs that no snapshot may ever show.
const OVERLAPS: &str = "SELECT count(*) FROM bookings AS one
    JOIN bookings AS other ON other.key = one.key AND other.id > one.id AND other.during && one.during";

#[tokio::test]
async fn writers_of_one_key_at_a_time_never_deadlock_and_never_overlap() -> Result<()> {
    let history = write(Manners::OneKey, OPERATIONS).await?;
    assert_eq!(history.failures("40P01"), 0, "{history}");
    assert!(history.operations() >= 100_000, "{history}");
    Ok(())
}

#[tokio::test]
async fn writers_of_anything_in_any_order_never_overlap() -> Result<()> {
    let history = write(Manners::Anything, OPERATIONS).await?;
    assert!(history.operations() >= 100_000, "{history}");
    Ok(())
}

#[tokio::test]
async fn writers_judged_at_the_end_of_their_transactions_never_deadlock_and_never_overlap() -> Result<()> {
    let history = write(Manners::Deferred, DEFERRED_OPERATIONS).await?;
    assert_eq!(history.failures("40P01"), 0, "{history}");
    Ok(())
}

async fn write(manners: Manners, operations: usize) -> Result<History> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(TABLE).await?;
    let deferred = manners == Manners::Deferred;
    session
        .batch_execute(&format!(
            "SELECT rota.guard_overlaps('bookings', 'key', 'during', deferred => {deferred})"
        ))
        .await?;
    let mut writers = Vec::new();
    for number in 0..SESSIONS {
        let writer = Writer::connect(&database, number, manners).await?;
        writers.push(tokio::spawn(writer.write(operations)));
    }
    let done = Arc::new(AtomicBool::new(false));
    let watch = tokio::spawn(watch(database.session().await?, done.clone()));
    let mut history = History::default();
    for writer in writers {
        history.append(writer.await??);
    }
    done.store(true, Ordering::Relaxed);
    watch.await??;

    history.check_refusals()?;
    assert_eq!(stored(&session).await?, history.remaining()?, "rows were lost or came back");
    session
        .batch_execute(
            "CREATE EXTENSION btree_gist;
            ALTER TABLE bookings ADD EXCLUDE USING gist (key WITH =, during WITH &&)",
        )
        .await
        .context("the table does not satisfy the exclusion constraint")?;
    assert!(session.rows("SELECT * FROM rota.verify_guard('bookings')").await?.is_empty());
    assert!(history.failures("23P01") > 500, "little was tried: {history}");
    Ok(history)
}

/// Looks at what is committed until told to stop.
async fn watch(session: Session, done: Arc<AtomicBool>) -> Result<()> {
    while !done.load(Ordering::Relaxed) {
        assert_eq!(session.text(OVERLAPS).await?, "0", "an overlap was committed");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    Ok(())
}

/// What the table holds, in order of ids.
async fn stored(session: &Session) -> Result<Vec<Booking>> {
    let rows = session
        .query("SELECT id, version, key, lower(during), upper(during) FROM bookings ORDER BY id", &[])
        .await?;
    Ok(rows
        .iter()
        .map(|row| Booking {
            id: row.get(0),
            version: row.get(1),
            key: row.get(2),
            first: row.get(3),
            last: row.get(4),
        })
        .collect())
}
