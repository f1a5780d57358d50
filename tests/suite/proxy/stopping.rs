//! Stopping: what runs is answered, what is new is refused, and nothing is left.

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use rota_harness::process::{is_alive, signal};
use rota_tests::http::{Call, Connection};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;

use super::stage::{FUNCTIONS, Stage};
use super::waiting::until;

/// Waits until the process has ended by itself and says whether it ended well.
async fn ends_well(stage: &mut Stage) -> Result<()> {
    let id = stage.proxy.process().id();
    until("the process ends", async || Ok(stage.proxy.process().exit_status()?.is_some())).await?;
    let status = stage.proxy.process().exit_status()?.context("it runs")?;
    assert_eq!(status.code(), Some(0), "{status}: {}", stage.proxy.process().log());
    assert!(!is_alive(id));
    let sessions = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'rota%'";
    until("no session is left", async || Ok(stage.session.text(sessions).await? == "0")).await
}

async fn drains(by: Signal) -> Result<()> {
    let mut stage = Stage::new(FUNCTIONS).await?;
    stage.close_gate().await?;
    let running = [stage.ask("/gate"), stage.ask("/gate")];
    stage.runs(2).await?;
    // Idle connections hold nothing up.
    let mut idle = Connection::open(stage.proxy.address()).await?;
    assert_eq!(idle.send(&Call::new(http::Method::GET, "/backend")).await?.status, 200);

    signal(stage.proxy.process().id(), by)?;
    let address = stage.proxy.address();
    until("new connections are refused", async || Ok(TcpStream::connect(address).await.is_err())).await?;
    assert_eq!(stage.proxy.process().exit_status()?, None, "calls are still running");
    assert_eq!(stage.proxy.admin("/live").await?.status, 200, "operators can look on");
    stage.open_gate().await?;
    for task in running {
        let answer = task.await??;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("connection"), Some("close"));
    }
    ends_well(&mut stage).await
}

#[tokio::test]
async fn sigterm_lets_running_requests_end_and_refuses_new_ones() -> Result<()> {
    drains(Signal::SIGTERM).await
}

#[tokio::test]
async fn sigint_does_the_same() -> Result<()> {
    drains(Signal::SIGINT).await
}

#[tokio::test]
async fn a_stop_with_notice_serves_on_while_ready_fails() -> Result<()> {
    let mut stage = Stage::with_settings(FUNCTIONS, &[("ROTA_DRAIN_DELAY_MS", "600000")]).await?;
    stage.proxy.process().ask_to_stop()?;
    until("/ready tells of the stop", async || {
        let answer = stage.proxy.admin("/ready").await?;
        Ok(answer.status == 503 && answer.text().contains("stopping"))
    })
    .await?;
    assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    // Who asks twice means it.
    stage.proxy.process().ask_to_stop()?;
    ends_well(&mut stage).await
}

#[tokio::test]
async fn a_call_that_outlasts_the_drain_is_cancelled_in_the_server() -> Result<()> {
    let mut stage = Stage::with_settings(FUNCTIONS, &[("ROTA_DRAIN_TIMEOUT_MS", "200")]).await?;
    let running = stage.ask("/nap?seconds=600");
    stage.runs(1).await?;
    stage.proxy.process().ask_to_stop()?;
    ends_well(&mut stage).await?;
    drop(running.await?);
    Ok(())
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_database_that_is_away() -> Result<()> {
    let mut proxy = rota_tests::proxy::Proxy::with_url("postgres://nobody@127.0.0.1:1/none", &[]).await?;
    assert_eq!(proxy.get("/anything").await?.status, 503);
    let status = spawn_blocking(move || proxy.process().stop()).await??;
    assert_eq!(status.code(), Some(0));
    Ok(())
}

#[tokio::test]
async fn slow_calls_that_wait_to_be_written_are_written_before_the_end() -> Result<()> {
    let settings = [("ROTA_SLOW_THRESHOLD_MS", "0"), ("ROTA_SLOW_FLUSH_MS", "3600000")];
    let mut stage = Stage::with_settings(FUNCTIONS, &settings).await?;
    assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    let count = "SELECT count(*) FROM rota.slow_calls WHERE path = '/backend'";
    assert_eq!(stage.session.text(count).await?, "0");
    stage.proxy.process().ask_to_stop()?;
    ends_well(&mut stage).await?;
    assert_eq!(stage.session.text(count).await?, "1");
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_taken_ends_the_start_with_its_name() -> Result<()> {
    let stage = Stage::new(FUNCTIONS).await?;
    let taken = stage.proxy.address().to_string();
    let started = rota_tests::proxy::Proxy::with_settings(&stage.database, &[("ROTA_LISTEN", &taken)]).await;
    let error = format!("{:#}", started.err().context("it started")?);
    assert!(error.contains(&taken) && !error.contains("panicked"), "{error}");
    Ok(())
}
