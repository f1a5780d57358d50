//! Deadlines: a client says how long it waits, and what cannot be in time is refused before it waits.

use anyhow::{Context, Result};
use http::Method;
use rota_tests::http::{Call, Response};
use serde_json::Value;

use super::samples::samples;
use super::stage::{FUNCTIONS, Stage};
use super::waiting::until;

const ONE: (&str, &str) = ("ROTA_POOL_SIZE", "1");

fn get(target: &str, prefer: &str) -> Call {
    Call::new(Method::GET, target).header("Prefer", prefer)
}

async fn pool_report(stage: &Stage) -> Result<Value> {
    let answer = stage.proxy.admin("/admin/pool").await?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The only connection is held by a call that nobody knows the end of, for a good while already.
async fn stuck(settings: &[(&str, &str)]) -> Result<(Stage, tokio::task::JoinHandle<Result<Response>>)> {
    let stage = Stage::with_settings(FUNCTIONS, &[&[ONE], settings].concat()).await?;
    stage.close_gate().await?;
    let holding = stage.ask("/gate");
    until("it has lasted", async || {
        Ok(pool_report(&stage).await?["held_now"][0]["longest_ms"].as_f64().is_some_and(|age| age > 500.0))
    })
    .await?;
    Ok((stage, holding))
}

#[tokio::test]
async fn a_client_that_waits_no_longer_ends_its_call() -> Result<()> {
    let stage = Stage::new(FUNCTIONS).await?;
    for prefer in ["wait=0.3", "respond-async, wait=0.3"] {
        let answer = stage.proxy.send(&get("/nap?seconds=600", prefer)).await?;
        assert_eq!(answer.status, 504, "{}", answer.text());
        assert!(answer.text().contains("300 ms"), "{}", answer.text());
        stage.runs(0).await?;
    }
    // A preference that cannot be read, or is longer than the setting, changes nothing.
    for prefer in ["wait=soon", "wait=1000000000", "wait="] {
        assert_eq!(stage.proxy.send(&get("/backend", prefer)).await?.status, 200, "{prefer}");
    }
    Ok(())
}

#[tokio::test]
async fn a_request_that_cannot_be_in_time_is_refused_without_waiting() -> Result<()> {
    let (stage, holding) = stuck(&[("ROTA_POOL_WAIT_TIMEOUT_MS", "60000")]).await?;
    let answer = stage.proxy.send(&get("/backend", "wait=0.2")).await?;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.json()?["type"], "urn:rota:problem:overloaded");
    let pause: u64 = answer.header("retry-after").context("no Retry-After")?.parse()?;
    assert!(pause >= 1);
    assert!(answer.text().contains("a connection is expected in"), "{}", answer.text());
    let metrics = samples(&stage.proxy).await?;
    let shed = [("lane", "interactive"), ("reason", "deadline")];
    assert_eq!(metrics.value("rota_pool_shed_total", &shed), Some(1.0));
    let backend = [("method", "GET"), ("path", "/backend"), ("lane", "interactive")];
    assert_eq!(metrics.value("rota_pool_wait_seconds_count", &backend), Some(0.0), "it never waited");
    // Who has the patience waits, and is served when the call ends.
    let patient = stage.ask("/backend");
    until("it waits", async || Ok(pool_report(&stage).await?["lanes"][0]["waiting"] == 1)).await?;
    stage.open_gate().await?;
    assert_eq!(holding.await??.status, 200);
    assert_eq!(patient.await??.status, 200);
    assert_eq!(stage.proxy.send(&get("/backend", "wait=0.2")).await?.status, 200, "nobody is in the way");
    Ok(())
}

#[tokio::test]
async fn what_would_wait_longer_than_all_waits_may_is_refused_without_waiting() -> Result<()> {
    let (stage, holding) = stuck(&[("ROTA_POOL_WAIT_TIMEOUT_MS", "100")]).await?;
    let answer = stage.proxy.get("/backend").await?;
    assert_eq!(answer.status, 503, "{}", answer.text());
    let metrics = samples(&stage.proxy).await?;
    assert_eq!(metrics.value("rota_pool_failures_total", &[("reason", "wait_timeout")]), Some(0.0));
    stage.open_gate().await?;
    assert_eq!(holding.await??.status, 200);
    Ok(())
}

#[tokio::test]
async fn operators_see_who_waits_who_holds_and_what_size_would_do() -> Result<()> {
    let (stage, holding) = stuck(&[]).await?;
    let waiting = stage.ask("/backend");
    until("one waits", async || Ok(pool_report(&stage).await?["lanes"][0]["waiting"] == 1)).await?;
    let report = pool_report(&stage).await?;
    let connections = &report["connections"];
    assert_eq!((&connections["limit"], &connections["used"]), (&1.into(), &1.into()), "{report}");
    assert_eq!(report["held_now"][0]["path"], "/gate", "{report}");
    assert_eq!(report["held_now"][0]["connections"], 1, "{report}");
    let lane = &report["lanes"][0];
    assert_eq!((&lane["lane"], &lane["requests"]), (&"interactive".into(), &2.into()), "{report}");
    stage.open_gate().await?;
    holding.await??;
    waiting.await??;
    for _ in 0..120 {
        stage.proxy.get("/backend").await?;
    }
    let report = pool_report(&stage).await?;
    assert_eq!(report["connections"]["used"], 0, "{report}");
    let shares = report["endpoints"].as_array().context("no endpoints")?;
    assert_eq!(shares[0]["path"], "/gate", "it has held the longest: {report}");
    let all: f64 = shares.iter().filter_map(|share| share["share"].as_f64()).sum();
    assert!((all - 1.0).abs() < 1e-6, "{report}");
    let advice = &report["lanes"][0]["last_minute"];
    assert!(advice["connections_advised"].as_u64().is_some(), "{report}");
    let (rate, use_ms, in_use) =
        (&advice["arrivals_per_second"], &advice["mean_use_ms"], &advice["mean_in_use"]);
    let (rate, use_ms, in_use) = (rate.as_f64(), use_ms.as_f64(), in_use.as_f64());
    let product = rate.context("no rate")? * use_ms.context("no use")? / 1000.0;
    // Little's law; every arrival of this minute has also ended in it.
    assert!((product - in_use.context("no load")?).abs() < 1e-6, "{report}");
    Ok(())
}
