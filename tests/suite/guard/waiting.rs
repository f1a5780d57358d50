//! Two sessions at once: the second waits for the first and then sees what it did, whatever its
//! own snapshot is.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

use super::duties::{clash, duties, duty, guarded, somebody_waits};

const LEVELS: [&str; 3] = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"];

/// A session in a transaction whose snapshot is taken.
async fn with_snapshot(database: &Database, level: &str) -> Result<Session> {
    let session = database.session().await?;
    session.batch_execute(&format!("BEGIN ISOLATION LEVEL {level}; SELECT count(*) FROM duties")).await?;
    Ok(session)
}

#[tokio::test]
async fn the_second_waits_and_is_refused_when_the_first_commits() -> Result<()> {
    for level in LEVELS {
        let (database, first) = guarded().await?;
        let second = with_snapshot(&database, level).await?;
        first.batch_execute(&format!("BEGIN; {}", duty(1, 7, 8, 16))).await?;
        let late = tokio::spawn(async move { second.refusal(&duty(2, 7, 15, 20)).await });
        somebody_waits(&first).await?;
        first.batch_execute("COMMIT").await?;
        assert_eq!(late.await??.sqlstate, "23P01", "{level}");
        assert_eq!(duties(&first).await?, ["1 7 8-16"]);
    }
    Ok(())
}

#[tokio::test]
async fn the_second_waits_and_is_taken_when_the_first_gives_up() -> Result<()> {
    for level in LEVELS {
        let (database, first) = guarded().await?;
        let second = with_snapshot(&database, level).await?;
        first.batch_execute(&format!("BEGIN; {}", duty(1, 7, 8, 16))).await?;
        let late = tokio::spawn(async move {
            second.batch_execute(&duty(2, 7, 15, 20)).await?;
            second.batch_execute("COMMIT").await
        });
        somebody_waits(&first).await?;
        first.batch_execute("ROLLBACK").await?;
        late.await??;
        assert_eq!(duties(&first).await?, ["2 7 15-20"], "{level}");
    }
    Ok(())
}

#[tokio::test]
async fn an_older_snapshot_is_held_against_what_was_committed_since() -> Result<()> {
    for level in LEVELS {
        let (database, first) = guarded().await?;
        first.batch_execute(&duty(1, 7, 8, 16)).await?;
        let second = with_snapshot(&database, level).await?;
        first.batch_execute(&duty(2, 7, 16, 20)).await?;
        first.batch_execute("DELETE FROM duties WHERE duty_id = 1").await?;
        // It still sees the deleted duty, and not the new one. What counts is what is there.
        second.batch_execute(&duty(3, 7, 8, 16)).await?;
        second.batch_execute("SAVEPOINT here").await?;
        clash(&second, &duty(4, 7, 19, 24)).await?;
        second.batch_execute("ROLLBACK TO here; COMMIT").await?;
        assert_eq!(duties(&first).await?, ["2 7 16-20", "3 7 8-16"], "{level}");
    }
    Ok(())
}

#[tokio::test]
async fn a_transaction_sees_its_own_rows_at_every_level() -> Result<()> {
    for level in LEVELS {
        let (database, first) = guarded().await?;
        let second = with_snapshot(&database, level).await?;
        second.batch_execute(&duty(1, 7, 8, 16)).await?;
        second.batch_execute("SAVEPOINT here").await?;
        clash(&second, &duty(2, 7, 15, 20)).await?;
        second.batch_execute("ROLLBACK TO here; DELETE FROM duties WHERE duty_id = 1").await?;
        second.batch_execute(&duty(2, 7, 15, 20)).await?;
        second.batch_execute("COMMIT").await?;
        assert_eq!(duties(&first).await?, ["2 7 15-20"], "{level}");
    }
    Ok(())
}

#[tokio::test]
async fn writers_of_other_people_do_not_wait() -> Result<()> {
    let (database, first) = guarded().await?;
    first.batch_execute(&format!("BEGIN; {}", duty(1, 7, 8, 16))).await?;
    let second = database.session().await?;
    second.batch_execute("SET lock_timeout = '20s'").await?;
    for person in (0..200).filter(|person| *person != 7) {
        second.batch_execute(&duty(1000 + person, person, 8, 16)).await?;
    }
    first.batch_execute("COMMIT").await?;
    Ok(())
}

#[tokio::test]
async fn a_row_rolled_back_to_a_savepoint_holds_nobody_up() -> Result<()> {
    let (database, first) = guarded().await?;
    first.batch_execute(&format!("BEGIN; SAVEPOINT one; {}; ROLLBACK TO one", duty(1, 7, 8, 16))).await?;
    let second = database.session().await?;
    second.batch_execute(&format!("SET lock_timeout = '20s'; {}", duty(2, 7, 8, 16))).await?;
    first.batch_execute("COMMIT").await?;
    assert_eq!(duties(&first).await?, ["2 7 8-16"]);
    Ok(())
}

#[tokio::test]
async fn a_large_batch_and_single_rows_wait_for_each_other() -> Result<()> {
    let batch = |id: i32, first: i32| {
        format!(
            "SET LOCAL rota.guard_key_lock_limit = 10;
            INSERT INTO duties (duty_id, person, during)
            SELECT {id} + n, n, hours({first}, {first} + 8) FROM generate_series(1, 50) AS n"
        )
    };
    // The batch first, then a single row of one of its people.
    let (database, first) = guarded().await?;
    first.batch_execute(&format!("BEGIN; {}", batch(0, 8))).await?;
    let second = database.session().await?;
    let late = tokio::spawn(async move { second.refusal(&duty(1000, 7, 15, 20)).await });
    somebody_waits(&first).await?;
    first.batch_execute("COMMIT").await?;
    assert_eq!(late.await??.sqlstate, "23P01");
    // The single row first, then a batch over its person.
    first.batch_execute(&format!("BEGIN; {}", duty(1000, 7, 16, 20))).await?;
    let second = database.session().await?;
    second.batch_execute("BEGIN").await?;
    let late = tokio::spawn(async move { second.refusal(&batch(100, 16)).await });
    somebody_waits(&first).await?;
    first.batch_execute("COMMIT").await?;
    assert_eq!(late.await??.sqlstate, "23P01");
    // Two batches.
    first.batch_execute(&format!("BEGIN; {}", batch(200, 24))).await?;
    let second = database.session().await?;
    second.batch_execute("BEGIN").await?;
    let late = tokio::spawn(async move { second.refusal(&batch(300, 31)).await });
    somebody_waits(&first).await?;
    first.batch_execute("COMMIT").await?;
    assert_eq!(late.await??.sqlstate, "23P01");
    assert_eq!(duties(&first).await?.len(), 101);
    Ok(())
}

#[tokio::test]
async fn a_guard_waits_for_writers_that_came_before_it() -> Result<()> {
    let (database, first) = super::duties::unguarded().await?;
    first.batch_execute(&format!("BEGIN; {}; {}", duty(1, 7, 8, 16), duty(2, 7, 15, 20))).await?;
    let second = database.session().await?;
    let late = tokio::spawn(async move {
        second.refusal("SELECT rota.guard_overlaps('duties', 'person', 'during')").await
    });
    somebody_waits(&first).await?;
    first.batch_execute("COMMIT").await?;
    assert_eq!(late.await??.sqlstate, "23P01");
    Ok(())
}

#[tokio::test]
async fn deferred_transactions_that_wrote_people_in_opposite_order_do_not_deadlock() -> Result<()> {
    let (database, first) = super::duties::guarded_with("deferred => true").await?;
    for round in 0..20 {
        let hour = round * 10;
        let second = database.session().await?;
        first
            .batch_execute(&format!(
                "BEGIN; {}; {}",
                duty(round * 4, 7, hour, hour + 4),
                duty(round * 4 + 1, 8, hour, hour + 4)
            ))
            .await?;
        second
            .batch_execute(&format!(
                "BEGIN; {}; {}",
                duty(round * 4 + 2, 8, hour + 4, hour + 8),
                duty(round * 4 + 3, 7, hour + 4, hour + 8)
            ))
            .await?;
        let late = tokio::spawn(async move { second.batch_execute("COMMIT").await });
        first.batch_execute("COMMIT").await?;
        late.await??;
    }
    assert_eq!(duties(&first).await?.len(), 80);
    Ok(())
}
