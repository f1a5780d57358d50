//! What a caller may rely on: its own writes, and whatever level it asks for.

use anyhow::Result;

use super::stage::{Stage, get, is_hit, number, raise_through, until_hit, verdict};
use crate::proxy::waiting::until;

#[tokio::test]
async fn a_write_is_read_through_another_proxy_by_its_transaction() -> Result<()> {
    let stage = Stage::new().await?;
    let (one, other) = (stage.proxy().await?, stage.proxy().await?);
    for _ in 0..200 {
        other.get("/counters/1").await?;
        let (value, transaction) = raise_through(&one, 1).await?;
        let read = get(&other, "/counters/1", &[("Rota-After", &transaction)]).await?;
        assert_eq!(number(&read)?, value, "{}", verdict(&read));
    }
    Ok(())
}

#[tokio::test]
async fn several_transactions_may_be_named_and_none_but_known_ones() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    let mut transactions = Vec::new();
    for counter in 1..=3 {
        transactions.push(raise_through(&proxy, counter).await?.1);
    }
    let read = get(&proxy, "/total", &[("Rota-After", &transactions.join(", "))]).await?;
    assert_eq!(number(&read)?, 3);
    let unknown = get(&proxy, "/total", &[("Rota-After", "9000000000000")]).await?;
    assert_eq!(unknown.status, 503);
    for (header, value) in [("Rota-After", "x"), ("Rota-Consistency", "strict")] {
        let refused = get(&proxy, "/total", &[(header, value)]).await?;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.json()?["field"], header.to_lowercase());
    }
    Ok(())
}

#[tokio::test]
async fn a_write_that_wrote_nothing_has_no_transaction() -> Result<()> {
    let stage = Stage::new().await?;
    stage
        .session
        .batch_execute(
            "CREATE FUNCTION idle() RETURNS json LANGUAGE sql AS 'SELECT to_json(1)';
             SELECT rota.expose('idle'::regproc, 'POST', '/idle');",
        )
        .await?;
    let proxy = stage.proxy().await?;
    let answer = proxy.post("/idle", &serde_json::json!({})).await?;
    assert_eq!((answer.status.as_u16(), answer.header("rota-transaction")), (200, None));
    Ok(())
}

#[tokio::test]
async fn a_checked_read_sees_every_committed_write_whoever_wrote() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    let checked = [("Rota-Consistency", "checked")];
    for value in 1..=150 {
        stage.raise(1).await?;
        for _ in 0..2 {
            let read = get(&proxy, "/counters/1", &checked).await?;
            assert_eq!(number(&read)?, value, "{}", verdict(&read));
        }
    }
    // Transactions of other databases may be running for a while: then the server does not confirm, and rightly.
    until("the server confirms an answer", async || Ok(is_hit(&get(&proxy, "/counters/1", &checked).await?)))
        .await
}

#[tokio::test]
async fn a_client_of_one_proxy_reads_what_was_written_through_it() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    let one_proxy = [("Rota-Consistency", "one-proxy")];
    for _ in 0..150 {
        let (value, _) = raise_through(&proxy, 1).await?;
        for _ in 0..3 {
            let read = get(&proxy, "/counters/1", &one_proxy).await?;
            assert_eq!(number(&read)?, value, "{}", verdict(&read));
        }
    }
    until("an answer comes from memory", async || Ok(is_hit(&get(&proxy, "/counters/1", &one_proxy).await?)))
        .await
}

#[tokio::test]
async fn where_tokens_are_asked_for_nobody_without_one_is_answered_from_memory() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    let (_, transaction) = raise_through(&proxy, 1).await?;
    until_hit(&proxy, "/counters/1").await?;
    let without = get(&proxy, "/counters/1", &[("Rota-Consistency", "after-token")]).await?;
    assert!(verdict(&without).contains("no-token"), "{}", verdict(&without));
    let with = [("Rota-Consistency", "after-token"), ("Rota-After", &transaction)];
    assert_eq!(verdict(&get(&proxy, "/counters/1", &with).await?), "Rota; hit");
    Ok(())
}
