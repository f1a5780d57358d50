//! Lanes: what may take long never takes the connections of those who wait for an answer.

use anyhow::Result;

use super::samples::samples;
use super::stage::{FUNCTIONS, Stage};
use super::waiting::until;

/// `/export` waits at the gate, in the batch lane.
const EXPORT: &str = "
    SELECT rota.expose('gate'::regproc, 'GET', '/export', lane => 'batch', statement_timeout_ms => 600000);";

async fn stage(settings: &[(&str, &str)]) -> Result<Stage> {
    Stage::with_settings(&format!("{FUNCTIONS}{EXPORT}"), settings).await
}

async fn waiting(stage: &Stage, lane: &str) -> Result<Option<f64>> {
    Ok(samples(&stage.proxy).await?.value("rota_pool_waiting", &[("lane", lane)]))
}

#[tokio::test]
async fn exports_hold_no_more_than_their_connections_and_clicks_go_on() -> Result<()> {
    let settings = [("ROTA_POOL_SIZE", "3"), ("ROTA_POOL_WAIT_TIMEOUT_MS", "600000")];
    let stage = stage(&settings).await?;
    stage.close_gate().await?;
    let exports: Vec<_> = (0..6).map(|_| stage.ask("/export")).collect();
    stage.runs(2).await?;
    until("four exports wait", async || Ok(waiting(&stage, "batch").await? == Some(4.0))).await?;
    for _ in 0..50 {
        assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    }
    stage.runs(2).await?;
    assert_eq!(waiting(&stage, "interactive").await?, Some(0.0));
    stage.open_gate().await?;
    for export in exports {
        assert_eq!(export.await??.status, 200);
    }
    let metrics = samples(&stage.proxy).await?;
    let count = |path, lane| {
        metrics.value("rota_pool_use_seconds_count", &[("method", "GET"), ("path", path), ("lane", lane)])
    };
    assert_eq!((count("/export", "batch"), count("/backend", "interactive")), (Some(6.0), Some(50.0)));
    Ok(())
}

#[tokio::test]
async fn a_full_lane_refuses_its_own_and_no_others() -> Result<()> {
    let settings = [("ROTA_POOL_SIZE", "2"), ("ROTA_BATCH_IN_FLIGHT_LIMIT", "1")];
    let stage = stage(&settings).await?;
    stage.close_gate().await?;
    let export = stage.ask("/export");
    stage.runs(1).await?;
    let refused = stage.proxy.get("/export").await?;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(refused.json()?["type"], "urn:rota:problem:overloaded");
    assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    let metrics = samples(&stage.proxy).await?;
    let shed = |lane| metrics.value("rota_pool_shed_total", &[("lane", lane), ("reason", "full")]);
    assert_eq!((shed("batch"), shed("interactive")), (Some(1.0), Some(0.0)));
    stage.open_gate().await?;
    assert_eq!(export.await??.status, 200);
    Ok(())
}

#[tokio::test]
async fn clicks_that_fill_the_pool_do_not_keep_an_export_out_for_ever() -> Result<()> {
    let settings = [("ROTA_POOL_SIZE", "2"), ("ROTA_POOL_WAIT_TIMEOUT_MS", "600000")];
    let stage = stage(&settings).await?;
    stage.close_gate().await?;
    let first: Vec<_> = (0..2).map(|_| stage.ask("/gate")).collect();
    stage.runs(2).await?;
    let export = stage.ask("/export");
    until("the export waits", async || Ok(waiting(&stage, "batch").await? == Some(1.0))).await?;
    let later: Vec<_> = (0..20).map(|_| stage.ask("/nap?seconds=0.01")).collect();
    until("the clicks wait", async || Ok(waiting(&stage, "interactive").await? == Some(20.0))).await?;
    stage.open_gate().await?;
    assert_eq!(export.await??.status, 200, "it comes before those that came later");
    for click in first.into_iter().chain(later) {
        assert_eq!(click.await??.status, 200);
    }
    Ok(())
}
