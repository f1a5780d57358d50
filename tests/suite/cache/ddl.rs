//! Changes of functions, views and rights: an answer of before is never given after.

use anyhow::Result;

use super::stage::{Stage, get, number, until_hit, verdict};
use crate::proxy::waiting::until;

#[tokio::test]
async fn a_replaced_function_is_asked_anew() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    for offset in 1..=5 {
        until_hit(&proxy, "/total").await?;
        stage
            .session
            .batch_execute(&format!(
                "CREATE OR REPLACE FUNCTION total() RETURNS json STABLE LANGUAGE sql
                 BEGIN ATOMIC SELECT to_json(sum(value)::bigint + {offset}) FROM counters; END;"
            ))
            .await?;
        let checked = get(&proxy, "/total", &[("Rota-Consistency", "checked")]).await?;
        assert_eq!(number(&checked)?, offset, "{}", verdict(&checked));
        until("the new function answers", async || Ok(number(&proxy.get("/total").await?)? == offset))
            .await?;
        // From now on nobody hears of the old one.
        for _ in 0..5 {
            assert_eq!(number(&proxy.get("/total").await?)?, offset);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_function_that_reads_another_table_from_now_on_is_followed_there() -> Result<()> {
    let stage = Stage::new().await?;
    stage
        .session
        .batch_execute(
            "CREATE TABLE others (value bigint); INSERT INTO others VALUES (100);
             SELECT rota.watch('others');",
        )
        .await?;
    let proxy = stage.proxy().await?;
    until_hit(&proxy, "/total").await?;
    stage
        .session
        .batch_execute(
            "CREATE OR REPLACE FUNCTION total() RETURNS json STABLE LANGUAGE sql
             BEGIN ATOMIC SELECT to_json(sum(value)::bigint) FROM others; END;",
        )
        .await?;
    until("the new function answers", async || Ok(number(&proxy.get("/total").await?)? == 100)).await?;
    for round in 1..=20 {
        stage.session.batch_execute("BEGIN; UPDATE others SET value = value + 1").await?;
        let transaction = stage.session.text("SELECT pg_current_xact_id()").await?;
        stage.session.batch_execute("COMMIT").await?;
        let read = get(&proxy, "/total", &[("Rota-After", &transaction)]).await?;
        assert_eq!(number(&read)?, 100 + round);
        until("the change is seen", async || Ok(number(&proxy.get("/total").await?)? == 100 + round)).await?;
    }
    until_hit(&proxy, "/total").await?;
    Ok(())
}
