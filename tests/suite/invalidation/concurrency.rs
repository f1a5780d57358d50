//! Several writers and readers at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use rota_tests::database::Database;

use super::follower::Follower;

const WRITERS: i64 = 8;
const TRANSACTIONS: i64 = 150;

#[tokio::test]
async fn eight_writers_at_once_lose_nothing_for_any_reader() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session
        .batch_execute(
            "CREATE TABLE t (id bigint, transaction bigint DEFAULT pg_current_xact_id()::text::bigint);
             SELECT rota.watch('t', '{id}')",
        )
        .await?;
    let is_done = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for wait_ms in [0, 1, 100] {
        let mut follower = Follower::of(&database).await?;
        let is_done = Arc::clone(&is_done);
        readers.push(tokio::spawn(async move {
            let mut found: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
            loop {
                let was_done = is_done.load(Ordering::Acquire);
                let answer = follower.ask(wait_ms).await?;
                assert!(answer.complete, "{answer:?}");
                follower.position = answer.upto;
                if was_done && answer.events.is_empty() {
                    return anyhow::Ok(found);
                }
                for (transaction, tag) in answer.events {
                    assert!(found.entry(transaction).or_default().insert(tag));
                }
                tokio::task::yield_now().await;
            }
        }));
    }
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let session = database.session().await?;
        writers.push(tokio::spawn(async move {
            for number in 0..TRANSACTIONS {
                let id = writer * TRANSACTIONS + number;
                let end = if number % 10 == 3 { "ROLLBACK" } else { "COMMIT" };
                session.batch_execute(&format!("BEGIN; INSERT INTO t VALUES ({id}); {end}")).await?;
            }
            anyhow::Ok(())
        }));
    }
    for writer in writers {
        writer.await??;
    }
    is_done.store(true, Ordering::Release);

    let mut expected: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    let tags = "SELECT transaction, rota.tag_hash('public.t'), rota.tag_hash('public.t/id=' || id) FROM t";
    for row in session.query(tags, &[]).await? {
        expected.insert(row.get(0), BTreeSet::from([row.get(1), row.get(2)]));
    }
    assert_eq!(expected.len(), usize::try_from(WRITERS * TRANSACTIONS * 9 / 10)?);
    for reader in readers {
        assert_eq!(reader.await??, expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_schema_is_renamed_only_between_transactions_that_write_its_watched_tables() -> Result<()> {
    let database = Database::with_extension().await?;
    let (writer, renamer) = (database.session().await?, database.session().await?);
    writer
        .batch_execute(
            "CREATE SCHEMA old; CREATE TABLE old.t (id bigint); SELECT rota.watch('old.t', '{id}')",
        )
        .await?;
    let mut follower = Follower::of(&database).await?;
    writer.batch_execute("BEGIN; INSERT INTO old.t VALUES (1)").await?;
    let renaming = tokio::spawn(async move { renamer.batch_execute("ALTER SCHEMA old RENAME TO new").await });
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'old.t'::regclass";
    let observer = database.session().await?;
    while observer.text(waiting).await? == "0" {
        tokio::task::yield_now().await;
    }
    writer.batch_execute("COMMIT").await?;
    renaming.await??;
    let old: BTreeSet<i64> = follower.tags().await?.into_values().flatten().collect();
    assert!(old.contains(&follower.hash("old.t/id=1").await?));
    writer.batch_execute("INSERT INTO new.t VALUES (2)").await?;
    follower.expect("after the rename", &["new.t", "new.t/id=2"]).await
}
