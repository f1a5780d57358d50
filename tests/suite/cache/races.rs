//! The race that caches lose: an answer computed before a change, stored after it was announced.

use anyhow::Result;
use http::Method;
use rota_tests::http::{Call, send};

use super::stage::{Stage, metric, number, verdict};
use crate::proxy::waiting::until;

#[tokio::test]
async fn an_answer_that_was_computed_before_a_change_and_comes_after_it_is_refused() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    stage.session.batch_execute("SELECT pg_advisory_lock(1)").await?;
    let address = proxy.address();
    let frozen = tokio::spawn(async move { send(address, &Call::new(Method::GET, "/slow_total")).await });
    until("the answer is computed and held back", async || {
        let waiting = "SELECT count(*) FROM pg_locks AS held
            WHERE held.locktype = 'advisory' AND NOT held.granted
                AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        Ok(stage.session.text(waiting).await? == "1")
    })
    .await?;
    let known = metric(&proxy, "rota_cache_announcements_total").await?;
    stage.raise(1).await?;
    until("the change is known to the proxy", async || {
        Ok(metric(&proxy, "rota_cache_announcements_total").await? > known)
    })
    .await?;
    stage.session.batch_execute("SELECT pg_advisory_unlock(1)").await?;
    let frozen = frozen.await??;
    // It began before the change, so it may answer what was before; but nobody else gets it.
    assert_eq!((number(&frozen)?, verdict(&frozen)), (0, "Rota; fwd=miss"));
    assert_eq!(metric(&proxy, "rota_cache_fills_total{outcome=\"overtaken\"}").await?, 1.0);
    let next = proxy.get("/slow_total").await?;
    assert_eq!((number(&next)?, verdict(&next)), (1, "Rota; fwd=miss; stored"));
    Ok(())
}

#[tokio::test]
async fn an_answer_filled_while_a_writer_was_running_is_refused_once_it_commits() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    let writer = stage.database.session().await?;
    writer.batch_execute("BEGIN; UPDATE counters SET value = 10 WHERE id = 1").await?;
    let transaction = writer.text("SELECT pg_current_xact_id()").await?;
    // Later transactions come and go: the entry's snapshot sees them, and not the writer.
    for _ in 0..3 {
        stage.raise(2).await?;
    }
    assert_eq!(number(&proxy.get("/total").await?)?, 3);
    writer.batch_execute("COMMIT").await?;
    let read = super::stage::get(&proxy, "/total", &[("Rota-After", &transaction)]).await?;
    assert_eq!(number(&read)?, 13);
    until("the change is seen without a token", async || Ok(number(&proxy.get("/total").await?)? == 13)).await
}

#[tokio::test]
async fn a_change_of_one_key_leaves_the_answers_of_others() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    for target in ["/counters/1", "/counters/2", "/total"] {
        super::stage::until_hit(&proxy, target).await?;
    }
    stage.raise(1).await?;
    until("the change is seen", async || Ok(number(&proxy.get("/counters/1").await?)? == 1)).await?;
    assert_eq!(verdict(&proxy.get("/counters/2").await?), "Rota; hit");
    assert_eq!(number(&proxy.get("/total").await?)?, 1);
    Ok(())
}

#[tokio::test]
async fn a_change_that_is_undone_changes_no_answer() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    super::stage::until_hit(&proxy, "/counters/3").await?;
    stage
        .session
        .batch_execute(
            "BEGIN; UPDATE counters SET value = 7 WHERE id = 3; ROLLBACK;
             BEGIN; SAVEPOINT a; UPDATE counters SET value = 7 WHERE id = 3; ROLLBACK TO a; COMMIT;",
        )
        .await?;
    stage.raise(4).await?;
    until("a later change is seen", async || Ok(number(&proxy.get("/counters/4").await?)? == 1)).await?;
    let answer = proxy.get("/counters/3").await?;
    assert_eq!((number(&answer)?, verdict(&answer)), (0, "Rota; hit"));
    Ok(())
}

#[tokio::test]
async fn emptying_the_table_is_a_change_of_every_key() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    super::stage::until_hit(&proxy, "/counters/3").await?;
    stage.session.batch_execute("TRUNCATE counters").await?;
    until("the counter is gone", async || Ok(proxy.get("/counters/3").await?.status == 404)).await
}
