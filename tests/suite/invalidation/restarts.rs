//! The server ends and begins again.

use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use rota_harness::process;
use rota_tests::database::Database;
use rota_tests::server::OwnServer;
use rota_tests::session::Session;

use super::follower::{Follower, ask};

const TABLE: &str = "CREATE TABLE t (id bigint); SELECT rota.watch('t', '{id}')";

/// A session of another life of the server, as soon as it takes one.
async fn session_of_another_life(database: &Database, epoch: i64) -> Session {
    loop {
        if let Ok(session) = database.session().await
            && let Ok(row) = session.query_one("SELECT epoch FROM rota.invalidation_status()", &[]).await
            && row.get::<_, Option<i64>>(0) != Some(epoch)
        {
            return session;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What holds at the beginning of each life: another epoch, and words that refuse everything older.
async fn begins_anew(database: &Database, before: &Follower) -> Result<Follower> {
    let session = session_of_another_life(database, before.epoch).await;
    let late = ask(&session, before.epoch, before.position, 1000).await?;
    assert!(!late.complete && late.events.is_empty(), "{late:?}");
    let tag = table_tag(&session).await?;
    let words: Vec<i64> = session.query_one("SELECT rota.words_of($1)", &[&vec![tag, 1, 2, 3]]).await?.get(0);
    let oldest: i64 =
        session.query_one("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint", &[]).await?.get(0);
    assert!(words.iter().all(|word| *word == oldest - 1), "{words:?}, the next transaction is {oldest}");

    let mut follower = Follower::of(database).await?;
    session.batch_execute("INSERT INTO t VALUES (42)").await?;
    follower.expect("the new life", &["public.t", "public.t/id=42"]).await?;
    Ok(follower)
}

async fn table_tag(session: &Session) -> Result<i64> {
    Ok(session.query_one("SELECT rota.tag_hash('public.t')", &[]).await?.get(0))
}

#[tokio::test]
async fn each_life_of_the_server_begins_with_another_epoch_and_words_that_refuse_the_past() -> Result<()> {
    let mut server = OwnServer::start(&[("autovacuum", "off")]).await?;
    let database = server.migrated().await?;
    let session = database.session().await?;
    session.batch_execute(TABLE).await?;
    session.batch_execute("INSERT INTO t VALUES (1)").await?;
    let mut follower = Follower::of(&database).await?;

    server.stop().await?;
    server.start_again().await?;
    follower = begins_anew(&database, &follower).await?;

    server.crash().await?;
    server.start_again().await?;
    follower = begins_anew(&database, &follower).await?;

    // One backend is killed: the postmaster makes shared memory anew under the same process.
    let doomed = database.session().await?;
    let victim = doomed.text("SELECT pg_backend_pid()").await?;
    process::signal(victim.parse().context("a process id")?, Signal::SIGKILL)?;
    begins_anew(&database, &follower).await?;
    Ok(())
}
