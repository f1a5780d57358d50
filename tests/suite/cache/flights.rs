//! One call for all who miss the same answer at once.

use anyhow::{Context, Result};
use http::Method;
use rota_tests::http::{Call, send};
use rota_tests::proxy::Proxy;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::stage::{Stage, metric, number, verdict};
use crate::proxy::waiting::until;

type Asked = JoinHandle<Result<rota_tests::http::Response>>;

fn ask(proxy: &Proxy) -> Asked {
    let address = proxy.address();
    tokio::spawn(async move { send(address, &Call::new(Method::GET, "/slow_total")).await })
}

/// Calls of the gated function that are held back in the server.
async fn held(stage: &Stage) -> Result<String> {
    let sql = "SELECT count(*) FROM pg_locks AS held
        WHERE held.locktype = 'advisory' AND NOT held.granted
            AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    stage.session.text(sql).await
}

#[tokio::test]
async fn twenty_who_miss_at_once_cause_one_call() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    stage.session.batch_execute("SELECT pg_advisory_lock(1)").await?;
    let first = ask(&proxy);
    until("the call is held back", async || Ok(held(&stage).await? == "1")).await?;
    let others: Vec<Asked> = (0..19).map(|_| ask(&proxy)).collect();
    until("all have asked", async || Ok(metric(&proxy, "rota_http_connections").await? == 20.0)).await?;
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(held(&stage).await?, "1");
    stage.session.batch_execute("SELECT pg_advisory_unlock(1)").await?;
    assert_eq!(number(&first.await??)?, 0);
    for other in others {
        let answer = other.await??;
        assert_eq!(number(&answer)?, 0);
        let said = verdict(&answer);
        assert!(said == "Rota; fwd=miss; collapsed" || said == "Rota; hit", "{said}");
    }
    Ok(())
}

#[tokio::test]
async fn who_joined_after_a_change_does_not_get_the_answer_from_before_it() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    stage.session.batch_execute("SELECT pg_advisory_lock(1)").await?;
    let first = ask(&proxy);
    until("the call is held back", async || Ok(held(&stage).await? == "1")).await?;
    let known = metric(&proxy, "rota_cache_announcements_total").await?;
    stage.raise(1).await?;
    until(
        "the change is known",
        async || Ok(metric(&proxy, "rota_cache_announcements_total").await? > known),
    )
    .await?;
    let late: Vec<Asked> = (0..5).map(|_| ask(&proxy)).collect();
    until("all have asked", async || Ok(metric(&proxy, "rota_http_connections").await? == 6.0)).await?;
    stage.session.batch_execute("SELECT pg_advisory_unlock(1)").await?;
    assert_eq!(number(&first.await??)?, 0);
    for answer in late {
        assert_eq!(number(&answer.await??)?, 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_leader_whose_client_leaves_hands_over() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    stage.session.batch_execute("SELECT pg_advisory_lock(1)").await?;
    let mut leaving = TcpStream::connect(proxy.address()).await?;
    leaving.write_all(b"GET /slow_total HTTP/1.1\r\nHost: test\r\n\r\n").await?;
    until("the leader's call is held back", async || Ok(held(&stage).await? == "1")).await?;
    let others: Vec<Asked> = (0..4).map(|_| ask(&proxy)).collect();
    until("all have asked", async || Ok(metric(&proxy, "rota_http_connections").await? == 5.0)).await?;
    drop(leaving);
    until("the leader has left", async || Ok(metric(&proxy, "rota_http_abandoned_total").await? == 1.0))
        .await?;
    until("another one leads", async || Ok(held(&stage).await? == "1")).await?;
    stage.session.batch_execute("SELECT pg_advisory_unlock(1)").await?;
    for other in others {
        assert_eq!(other.await??.status, 200);
    }
    Ok(())
}

#[tokio::test]
async fn a_leader_that_fails_tells_its_own_client_alone() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    stage.session.batch_execute("SELECT pg_advisory_lock(1)").await?;
    let first = ask(&proxy);
    until("the call is held back", async || Ok(held(&stage).await? == "1")).await?;
    let others: Vec<Asked> = (0..3).map(|_| ask(&proxy)).collect();
    until("all have asked", async || Ok(metric(&proxy, "rota_http_connections").await? == 4.0)).await?;
    stage
        .session
        .batch_execute(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'rota' AND wait_event = 'advisory'",
        )
        .await?;
    assert_eq!(first.await??.status, 504);
    stage.session.batch_execute("SELECT pg_advisory_unlock(1)").await.context("opening the gate")?;
    for other in others {
        assert_eq!(other.await??.status, 200);
    }
    Ok(())
}
