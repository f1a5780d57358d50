//! Reads from a streaming standby, with the announcements of its primary: behind it may be, old it may not.

mod history;
mod promotion;
mod stage;

use anyhow::Result;
use http::Method;
use rota_tests::http::Call;

use self::stage::Stage;
use super::stage::{get, is_hit, number, raise_through, until_hit, verdict};
use crate::proxy::waiting::until;

const CHECKED: [(&str, &str); 1] = [("Rota-Consistency", "checked")];

#[tokio::test]
async fn a_token_is_never_answered_without_its_transaction() -> Result<()> {
    let stage = Stage::new().await?;
    for _ in 0..50 {
        let (value, transaction) = raise_through(&stage.writer, 1).await?;
        let read = get(&stage.proxy, "/counters/1", &[("Rota-After", &transaction)]).await?;
        assert_eq!(number(&read)?, value, "{}", verdict(&read));
    }
    stage.pause_replay().await?;
    let (value, transaction) = raise_through(&stage.writer, 1).await?;
    let token = [("Rota-After", transaction.as_str())];
    let behind = get(&stage.proxy, "/counters/1", &token).await?;
    assert_eq!(behind.status, 503, "{}", behind.text());
    assert!(behind.text().contains("Rota-After"), "{}", behind.text());
    stage.resume_replay().await?;
    assert_eq!(number(&get(&stage.proxy, "/counters/1", &token).await?)?, value);
    Ok(())
}

#[tokio::test]
async fn a_change_that_was_announced_is_waited_for_and_what_did_not_change_is_answered_meanwhile()
-> Result<()> {
    let stage = Stage::new().await?;
    until_hit(&stage.proxy, "/counters/1").await?;
    until_hit(&stage.proxy, "/counters/2").await?;
    stage.pause_replay().await?;
    stage.raise(1).await?;
    until("the change is announced to the proxy", async || {
        Ok(!is_hit(&stage.proxy.get("/counters/1").await?))
    })
    .await?;
    let behind = stage.proxy.get("/counters/1").await?;
    assert_eq!(behind.status, 503, "{}", behind.text());
    assert!(is_hit(&stage.proxy.get("/counters/2").await?));
    assert_eq!(stage.proxy.get("/counters/3").await?.status, 200, "nothing of it has changed");
    stage.resume_replay().await?;
    assert_eq!(number(&stage.proxy.get("/counters/1").await?)?, 1);
    until_hit(&stage.proxy, "/counters/1").await?;
    Ok(())
}

#[tokio::test]
async fn a_checked_read_contains_everything_that_the_primary_has_committed() -> Result<()> {
    let stage = Stage::new().await?;
    for value in 1..=50 {
        stage.raise(1).await?;
        for _ in 0..2 {
            let read = get(&stage.proxy, "/counters/1", &CHECKED).await?;
            assert_eq!(number(&read)?, value, "{}", verdict(&read));
        }
    }
    until("an answer of the standby is confirmed", async || {
        Ok(is_hit(&get(&stage.proxy, "/counters/1", &CHECKED).await?))
    })
    .await?;
    // Also of an endpoint that is not cached, whose reads nobody knows.
    stage.pause_replay().await?;
    stage.raise(1).await?;
    let behind = get(&stage.proxy, "/untold_total", &CHECKED).await?;
    assert_eq!(behind.status, 503, "{}", behind.text());
    stage.resume_replay().await?;
    assert_eq!(number(&get(&stage.proxy, "/untold_total", &CHECKED).await?)?, 51);
    Ok(())
}

#[tokio::test]
async fn without_its_primary_a_standby_answers_but_nothing_is_checked_or_hit() -> Result<()> {
    let mut stage = Stage::new().await?;
    stage.raise(1).await?;
    until("the standby has it", async || Ok(number(&stage.proxy.get("/counters/1").await?)? == 1)).await?;
    stage.primary.crash().await?;
    let checked = get(&stage.proxy, "/counters/1", &CHECKED).await?;
    assert_eq!(checked.status, 503, "{}", checked.text());
    assert!(checked.text().contains("primary"), "{}", checked.text());
    until("the reader has noticed", async || {
        Ok(verdict(&stage.proxy.get("/counters/1").await?).contains("reader-late"))
    })
    .await?;
    assert_eq!(number(&stage.proxy.get("/counters/1").await?)?, 1);
    stage.primary.start_again().await?;
    until_hit(&stage.proxy, "/counters/1").await?;
    Ok(())
}

#[tokio::test]
async fn a_transaction_that_runs_on_at_the_primary_holds_back_nobody_else() -> Result<()> {
    let stage = Stage::new().await?;
    let long = stage.database.session().await?;
    long.batch_execute("BEGIN; UPDATE counters SET value = value + 100 WHERE id = 9").await?;
    for _ in 0..5 {
        let (value, transaction) = raise_through(&stage.writer, 1).await?;
        let read = get(&stage.proxy, "/counters/1", &[("Rota-After", &transaction)]).await?;
        assert_eq!(number(&read)?, value, "{}", verdict(&read));
        assert!(is_hit(&until_hit(&stage.proxy, "/counters/1").await?));
    }
    until_hit(&stage.proxy, "/counters/9").await?;
    long.batch_execute("COMMIT").await?;
    let read = get(&stage.proxy, "/counters/9", &CHECKED).await?;
    assert_eq!(number(&read)?, 100, "{}", verdict(&read));
    Ok(())
}

#[tokio::test]
async fn a_standby_takes_no_changes_and_learns_of_new_endpoints() -> Result<()> {
    let stage = Stage::new().await?;
    let refused = stage.proxy.send(&Call::new(Method::POST, "/counters/1/raise")).await?;
    assert_eq!((refused.status.as_u16(), refused.json()?["code"].as_str()), (503, Some("25006")));
    assert!(refused.text().contains("standby"), "{}", refused.text());
    stage.pause_replay().await?;
    stage
        .session
        .batch_execute(
            "CREATE FUNCTION latest() RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(7)';
             SELECT rota.expose('latest'::regproc, 'GET', '/latest');",
        )
        .await?;
    assert_eq!(stage.proxy.get("/latest").await?.status, 404);
    stage.resume_replay().await?;
    until("the new endpoint is there", async || Ok(stage.proxy.get("/latest").await?.status == 200)).await
}

#[tokio::test]
async fn a_standby_whose_primary_nobody_named_is_served_without_a_cache() -> Result<()> {
    let stage = Stage::new().await?;
    let alone = stage.proxy_on_standby(&[]).await?;
    until("the endpoints are read", async || Ok(alone.get("/counters/1").await?.status == 200)).await?;
    for _ in 0..3 {
        let answer = alone.get("/counters/1").await?;
        assert!(verdict(&answer).contains("reader-late"), "{}", verdict(&answer));
    }
    let checked = get(&alone, "/counters/1", &CHECKED).await?;
    assert_eq!(checked.status, 503, "{}", checked.text());
    Ok(())
}
