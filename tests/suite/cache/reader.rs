//! The reader of announcements under faults: what is not known is never guessed.

use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use rota_harness::process::signal;
use rota_tests::proxy::Proxy;
use rota_tests::server::OwnServer;

use super::stage::{Stage, follows, get, is_hit, metric, number, until_hit, verdict};
use crate::proxy::relay::Relay;
use crate::proxy::waiting::until;

#[tokio::test]
async fn a_reader_whose_backend_is_ended_goes_on_with_a_warm_cache() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    for round in 1..=3 {
        until_hit(&proxy, "/counters/1").await?;
        until_hit(&proxy, "/counters/2").await?;
        let copies = metric(&proxy, "rota_cache_copies_total{reason=\"reconnected\"}").await?;
        // In one transaction: the change is committed while nobody listens.
        stage
            .session
            .batch_execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = 'rota announcements';
                 UPDATE counters SET value = value + 1 WHERE id = 1;",
            )
            .await?;
        until("the reader is back", async || {
            Ok(metric(&proxy, "rota_cache_copies_total{reason=\"reconnected\"}").await? > copies)
        })
        .await?;
        assert_eq!(number(&proxy.get("/counters/1").await?)?, round);
        assert!(is_hit(&proxy.get("/counters/2").await?), "what did not change is still there");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_is_hit_while_the_server_does_not_tell_of_changes() -> Result<()> {
    let stage = Stage::new().await?;
    let relay = Relay::to(rota_tests::server::shared_port()?).await?;
    let announcements =
        format!("postgres://postgres@127.0.0.1:{}/{}?sslmode=disable", relay.port(), stage.database.name());
    let settings = [("ROTA_ANNOUNCEMENTS_URL", announcements.as_str()), ("ROTA_CACHE_READER_LATE_MS", "300")];
    let proxy = stage.proxy_with(&settings).await?;
    until_hit(&proxy, "/counters/1").await?;
    relay.hold();
    until("hits are off", async || Ok(verdict(&proxy.get("/counters/1").await?).contains("reader-late")))
        .await?;
    for value in 1..=20 {
        stage.raise(1).await?;
        assert_eq!(number(&proxy.get("/counters/1").await?)?, value);
    }
    relay.release();
    assert_eq!(number(&until_hit(&proxy, "/counters/1").await?)?, 20);
    Ok(())
}

#[tokio::test]
async fn a_proxy_that_was_stopped_for_a_while_gives_out_nothing_from_before() -> Result<()> {
    let stage = Stage::new().await?;
    let mut proxy = stage.proxy_with(&[("ROTA_CACHE_READER_LATE_MS", "300")]).await?;
    let process = proxy.process().id();
    for value in 1..=3 {
        until_hit(&proxy, "/counters/1").await?;
        signal(process, Signal::SIGSTOP)?;
        stage.raise(1).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let address = proxy.address();
        let asked = tokio::spawn(async move {
            let call = rota_tests::http::Call::new(http::Method::GET, "/counters/1");
            rota_tests::http::send(address, &call).await
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        signal(process, Signal::SIGCONT)?;
        let answer = asked.await??;
        assert_eq!(number(&answer)?, value, "{}", verdict(&answer));
    }
    Ok(())
}

#[tokio::test]
async fn more_changes_than_the_ring_holds_are_made_up_for_by_the_words() -> Result<()> {
    let server = OwnServer::start(&[("rota.invalidation_ring_events", "1024")]).await?;
    let stage = Stage::on(server.migrated().await?).await?;
    let mut proxy = stage.proxy().await?;
    let process = proxy.process().id();
    until_hit(&proxy, "/counters/1").await?;
    signal(process, Signal::SIGSTOP)?;
    for _ in 0..200 {
        // Eleven announcements each: the table and its ten keys.
        stage.session.batch_execute("UPDATE counters SET value = value + 1").await?;
    }
    signal(process, Signal::SIGCONT)?;
    until("the words are copied", async || {
        Ok(metric(&proxy, "rota_cache_copies_total{reason=\"overflow\"}").await? >= 1.0)
    })
    .await?;
    assert_eq!(number(&proxy.get("/counters/1").await?)?, 200);
    until_hit(&proxy, "/counters/1").await?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_crashed_begins_with_an_empty_cache() -> Result<()> {
    let mut server = OwnServer::start(&[]).await?;
    let stage = Stage::on(server.migrated().await?).await?;
    let proxy = stage.proxy().await?;
    until_hit(&proxy, "/counters/1").await?;
    stage.session.batch_execute("CHECKPOINT").await?;
    server.crash().await?;
    server.start_again().await?;
    let session = stage.database.session().await?;
    session.batch_execute("UPDATE counters SET value = 7 WHERE id = 1").await?;
    until("the answer is of the new life", async || {
        let answer = get(&proxy, "/counters/1", &[("Rota-Consistency", "checked")]).await?;
        if answer.status != 200 {
            return Ok(false);
        }
        assert_eq!(number(&answer)?, 7, "{}", verdict(&answer));
        Ok(true)
    })
    .await?;
    assert_eq!(number(&until_hit(&proxy, "/counters/1").await?)?, 7);
    Ok(())
}

#[tokio::test]
async fn commits_that_are_announced_late_and_in_another_order_are_not_missed() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    let slow = stage.database.session().await?;
    slow.batch_execute("SET rota.announce_delay_ms = 100").await?;
    for round in 1..=10 {
        let late = slow.batch_execute("UPDATE counters SET value = value + 1 WHERE id = 1");
        let quick = async {
            for _ in 0..5 {
                stage.raise(2).await?;
                proxy.get("/total").await?;
            }
            anyhow::Ok(())
        };
        let (late, quick) = tokio::join!(late, quick);
        late.context("writing slowly")?;
        quick?;
        let read = get(&proxy, "/total", &[("Rota-Consistency", "checked")]).await?;
        assert_eq!(number(&read)?, round * 6, "{}", verdict(&read));
        until("everything is seen", async || Ok(number(&proxy.get("/total").await?)? == round * 6)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_proxy_starts_without_a_server_and_finds_it_later() -> Result<()> {
    let mut server = OwnServer::start(&[]).await?;
    let stage = Stage::on(server.migrated().await?).await?;
    server.stop().await?;
    let proxy = Proxy::with_settings(&stage.database, &[]).await?;
    server.start_again().await?;
    follows(&proxy, "ring").await?;
    until_hit(&proxy, "/counters/1").await?;
    Ok(())
}
