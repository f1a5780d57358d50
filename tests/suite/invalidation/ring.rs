//! Reading the ring: waiting, limits, and what happens to a reader that is too late.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::server::OwnServer;

use super::follower::{Follower, ask};

const TABLE: &str = "CREATE TABLE t (id bigint); SELECT rota.watch('t', '{id}')";

#[tokio::test]
async fn a_waiting_reader_is_woken_by_a_commit_of_its_own_database_only() -> Result<()> {
    let (database, other) = (Database::with_extension().await?, Database::with_extension().await?);
    let (session, elsewhere) = (database.session().await?, other.session().await?);
    session.batch_execute(TABLE).await?;
    elsewhere.batch_execute(TABLE).await?;
    let follower = Follower::of(&database).await?;
    let waiting = tokio::spawn(async move {
        let mut follower = follower;
        loop {
            let answer = follower.ask(1000).await?;
            if !answer.events.is_empty() {
                return anyhow::Ok((answer, follower));
            }
            assert!(answer.complete);
            follower.position = answer.upto;
        }
    });
    elsewhere.batch_execute("INSERT INTO t VALUES (1)").await?;
    session.batch_execute("INSERT INTO t VALUES (2)").await?;
    let (answer, follower) = waiting.await??;
    let here = follower.hash("public.t/id=2").await?;
    assert!(answer.events.iter().any(|(_, tag)| *tag == here), "{answer:?}");
    assert_eq!(answer.events.len(), 2);
    assert!(answer.oldest_age_us.is_some_and(|age| age >= 0));
    Ok(())
}

#[tokio::test]
async fn an_answer_without_events_is_a_heartbeat() -> Result<()> {
    let database = Database::with_extension().await?;
    let follower = Follower::of(&database).await?;
    let answer = follower.ask(1).await?;
    assert!(answer.complete && answer.events.is_empty() && answer.oldest_age_us.is_none(), "{answer:?}");
    assert_eq!(answer.epoch, follower.epoch);
    Ok(())
}

#[tokio::test]
async fn a_wait_is_interrupted_by_a_cancellation_and_leaves_the_session_usable() -> Result<()> {
    let database = Database::with_extension().await?;
    let follower = Follower::of(&database).await?;
    follower.session.batch_execute("SET statement_timeout = 20").await?;
    let refusal = follower
        .session
        .refusal(&format!(
            "SELECT * FROM rota.next_invalidations({}, {}, 1000)",
            follower.epoch, follower.position
        ))
        .await?;
    assert_eq!(refusal.sqlstate, "57014");
    follower.session.batch_execute("RESET statement_timeout").await?;
    assert!(follower.ask(0).await?.complete);
    Ok(())
}

#[tokio::test]
async fn another_epoch_and_a_position_that_never_was_are_incomplete() -> Result<()> {
    let database = Database::with_extension().await?;
    let follower = Follower::of(&database).await?;
    let (session, epoch, position) = (&follower.session, follower.epoch, follower.position);
    for (epoch, position) in [(epoch ^ 1, position), (epoch, position + 1_000_000), (epoch, -1), (0, 0)] {
        let answer = ask(session, epoch, position, 1000).await?;
        assert!(!answer.complete, "{answer:?}");
        assert_eq!(answer.epoch, follower.epoch);
        assert!(answer.events.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn a_reader_that_is_too_late_is_told_and_goes_on_from_the_words() -> Result<()> {
    let server = OwnServer::start(&[("rota.invalidation_ring_events", "1000")]).await?;
    let database = server.migrated().await?;
    let session = database.session().await?;
    session.batch_execute(TABLE).await?;
    assert_eq!(session.text("SELECT ring_events FROM rota.invalidation_status()").await?, "1024");
    let mut follower = Follower::of(&database).await?;

    // 512 transactions of two events fill it to the last place.
    let fill = "DO $$ BEGIN FOR id IN 1..512 LOOP INSERT INTO t VALUES (id); COMMIT; END LOOP; END $$";
    session.batch_execute(fill).await?;
    assert_eq!(follower.ask(0).await?.events.len(), 1024);
    session.batch_execute("INSERT INTO t VALUES (0)").await?;
    let late = follower.ask(1000).await?;
    assert!(!late.complete && late.events.is_empty(), "{late:?}");

    let row = session.query_one("SELECT * FROM rota.invalidation_words()", &[]).await?;
    (follower.epoch, follower.position) = (row.get("epoch"), row.get("position"));
    session.batch_execute("INSERT INTO t VALUES (-1)").await?;
    follower.expect("after the words", &["public.t", "public.t/id=-1"]).await
}

#[tokio::test]
async fn the_events_of_a_transaction_come_in_one_answer() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(TABLE).await?;
    let follower = Follower::of(&database).await?;
    for statement in [
        "SET rota.invalidation_key_limit = 10000",
        "INSERT INTO t VALUES (0)",
        "INSERT INTO t SELECT generate_series(1, 9500)",
        "INSERT INTO t VALUES (0)",
    ] {
        session.batch_execute(statement).await?;
    }
    let first = follower.ask(0).await?;
    assert_eq!(first.events.len(), 2 + 9501);
    let second = ask(&follower.session, first.epoch, first.upto, 0).await?;
    assert_eq!(second.events.len(), 2);
    Ok(())
}
