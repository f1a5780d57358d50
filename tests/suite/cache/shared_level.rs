//! The shared level: another proxy's answers, measured by the same test; losing it is a miss.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use rota_harness::ports::free_port;
use rota_harness::process::signal;
use rota_tests::proxy::Proxy;

use super::stage::{Stage, metric, number, until_hit, verdict};
use crate::proxy::waiting::until;

/// A Redis of the test's own, in memory alone.
struct Redis {
    server: Child,
    port: u16,
}

impl Redis {
    fn start() -> Result<Self> {
        let port = free_port()?;
        let server = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .context("redis-server is not installed")?;
        Ok(Self { server, port })
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    fn tell(&self, command: &[&str]) -> Result<String> {
        let told = Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(command).output()?;
        Ok(String::from_utf8(told.stdout)?.trim().to_owned())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A proxy that uses a Redis and has found it. Time enough for a busy machine.
async fn proxy(stage: &Stage, redis: &Redis) -> Result<Proxy> {
    let settings = [("ROTA_REDIS_URL", redis.url()), ("ROTA_REDIS_BUDGET_MS", "2000".to_owned())];
    let proxy = stage.proxy_with(&settings.each_ref().map(|(name, value)| (*name, value.as_str()))).await?;
    let log = |proxy: &Proxy| Ok(proxy.log()?.iter().any(|line| line["message"] == "redis answers"));
    until("the proxy has found redis", async || log(&proxy)).await?;
    Ok(proxy)
}

/// Empties a Redis that the proxy surely writes to, with nothing of what it wrote on its way.
async fn emptied(stage: &Stage, redis: &Redis, proxy: &Proxy) -> Result<()> {
    until("the proxy writes to redis", async || {
        stage.raise(10).await?;
        proxy.get("/counters/10").await?;
        Ok(redis.tell(&["DBSIZE"])? == "1")
    })
    .await?;
    redis.tell(&["FLUSHALL"]).map(drop)
}

/// Waits until Redis holds so many answers.
async fn holds(redis: &Redis, answers: usize) -> Result<()> {
    until(&format!("redis holds {answers} answers"), async || {
        Ok(redis.tell(&["KEYS", "rota:*"])?.lines().filter(|line| !line.is_empty()).count() == answers)
    })
    .await
}

#[tokio::test]
async fn what_one_proxy_was_answered_another_one_takes_from_redis() -> Result<()> {
    let (stage, redis) = (Stage::new().await?, Redis::start()?);
    let (one, other) = (proxy(&stage, &redis).await?, proxy(&stage, &redis).await?);
    emptied(&stage, &redis, &one).await?;
    let first = one.get("/counters/1").await?;
    one.get("/counters/99").await?;
    holds(&redis, 2).await?;
    let second = other.get("/counters/1").await?;
    assert_eq!((verdict(&second), &second.body), ("Rota; hit; detail=shared", &first.body));
    assert_eq!(second.header("etag"), first.header("etag"));
    assert_eq!(verdict(&other.get("/counters/1").await?), "Rota; hit");
    let nothing = other.get("/counters/99").await?;
    assert_eq!((nothing.status.as_u16(), verdict(&nothing)), (404, "Rota; hit; detail=shared"));
    Ok(())
}

#[tokio::test]
async fn an_old_answer_in_redis_is_refused_like_one_in_memory() -> Result<()> {
    let (stage, redis) = (Stage::new().await?, Redis::start()?);
    let (one, other) = (proxy(&stage, &redis).await?, proxy(&stage, &redis).await?);
    emptied(&stage, &redis, &one).await?;
    for value in 1..=10 {
        one.get("/counters/1").await?;
        holds(&redis, 1).await?;
        let old = redis.tell(&["--raw", "KEYS", "rota:*"])?;
        redis.tell(&["COPY", &old, "kept", "REPLACE"])?;
        let (_, transaction) = super::stage::raise_through(&one, 1).await?;
        // As if a late writer had put the old answer back.
        redis.tell(&["COPY", "kept", &old, "REPLACE"])?;
        let read = super::stage::get(&other, "/counters/1", &[("Rota-After", &transaction)]).await?;
        assert_eq!(number(&read)?, value, "{}", verdict(&read));
    }
    Ok(())
}

#[tokio::test]
async fn a_newer_answer_in_redis_is_not_replaced_by_an_older_one() -> Result<()> {
    let (stage, redis) = (Stage::new().await?, Redis::start()?);
    let (one, other) = (proxy(&stage, &redis).await?, proxy(&stage, &redis).await?);
    emptied(&stage, &redis, &one).await?;
    one.get("/counters/1").await?;
    holds(&redis, 1).await?;
    let name = redis.tell(&["--raw", "KEYS", "rota:*"])?;
    // The highest stamp that there is: nothing is newer.
    redis.tell(&["SETRANGE", &name, "5", "\u{7f}\u{7f}\u{7f}\u{7f}"])?;
    let marked = redis.tell(&["GETRANGE", &name, "5", "8"])?;
    stage.raise(1).await?;
    until("the change is seen", async || Ok(number(&other.get("/counters/1").await?)? == 1)).await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(redis.tell(&["GETRANGE", &name, "5", "8"])?, marked);
    Ok(())
}

#[tokio::test]
async fn a_redis_that_is_emptied_damaged_paused_or_gone_is_a_miss_and_never_an_error() -> Result<()> {
    let (stage, mut redis) = (Stage::new().await?, Redis::start()?);
    let settings = [("ROTA_REDIS_URL", redis.url())];
    let proxy = stage.proxy_with(&settings.each_ref().map(|(name, value)| (*name, value.as_str()))).await?;
    let reads = async |what: &str| -> Result<()> {
        for counter in 1..=10 {
            stage.raise(counter).await?;
            let answer = proxy.get(&format!("/counters/{counter}")).await?;
            assert_eq!(answer.status, 200, "{what}: {}", answer.text());
        }
        Ok(())
    };
    reads("well").await?;
    redis.tell(&["FLUSHALL"])?;
    reads("emptied").await?;
    for name in redis.tell(&["--raw", "KEYS", "rota:*"])?.lines() {
        redis.tell(&["SET", name, "rubbish"])?;
    }
    reads("damaged").await?;
    signal(redis.server.id(), Signal::SIGSTOP)?;
    reads("paused").await?;
    signal(redis.server.id(), Signal::SIGCONT)?;
    redis.server.kill()?;
    redis.server.wait()?;
    reads("gone").await?;
    let failures = metric(&proxy, "rota_cache_shared_failures_total{kind=\"timeout\"}").await?;
    assert!(failures >= 0.0);
    until_hit(&proxy, "/counters/1").await?;
    Ok(())
}
