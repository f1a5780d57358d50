//! Endpoints that are asked before anybody asks them.

use anyhow::Result;

use super::stage::{Stage, is_hit, metric};
use crate::proxy::waiting::until;

#[tokio::test]
async fn a_declared_endpoint_is_hit_by_its_first_caller() -> Result<()> {
    let stage = Stage::new().await?;
    stage
        .session
        .batch_execute(
            "CREATE FUNCTION warm() RETURNS json STABLE LANGUAGE sql
             BEGIN ATOMIC SELECT to_json(sum(value)) FROM counters; END;
             SELECT rota.expose('warm'::regproc, 'GET', '/warm', warm => true);",
        )
        .await?;
    let proxy = stage.proxy().await?;
    // The other entry is what the stage asked for, to see that answers are kept at all.
    until("it is warmed", async || Ok(metric(&proxy, "rota_cache_entries").await? >= 2.0)).await?;
    assert!(is_hit(&proxy.get("/warm").await?));
    Ok(())
}
