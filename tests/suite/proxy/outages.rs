//! The database goes away in every way it can, and the proxy is there when it comes back.

use anyhow::{Context, Result};
use rota_harness::cluster;
use rota_tests::http::{Call, Response, send};
use rota_tests::proxy::Proxy;
use rota_tests::server::{OwnServer, shared_port};
use rota_tests::session::Session;

use super::stage::{FUNCTIONS, Stage, serves};
use super::waiting::until;

/// A server of the test's own with the functions, and a proxy in front of it.
async fn own_server(settings: &[(&str, &str)]) -> Result<(Proxy, OwnServer)> {
    let server = OwnServer::start(&[("max_connections", "30")]).await?;
    let url = server.cluster()?.url("postgres");
    let session = Session::connect(&url).await?;
    session.batch_execute("CREATE EXTENSION rota").await?;
    session.batch_execute(FUNCTIONS).await?;
    // Commits of a disposable server reach the disk when it likes; a crash must not take these.
    session.batch_execute("CHECKPOINT").await?;
    let proxy = Proxy::with_url(&url, settings).await?;
    serves(&proxy).await?;
    Ok((proxy, server))
}

fn is_away(answer: &Response) -> Result<()> {
    assert_eq!(answer.status, 503, "{}", answer.text());
    let pause: u64 = answer.header("retry-after").context("no Retry-After")?.parse()?;
    assert!(pause > 0);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    Ok(())
}

async fn recovers(proxy: &Proxy) -> Result<()> {
    until("calls are answered again", async || Ok(proxy.get("/backend").await?.status == 200)).await?;
    // Not by luck: every connection of the pool is sound.
    for _ in 0..20 {
        let answer = proxy.get("/backend").await?;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    Ok(())
}

#[tokio::test]
async fn a_stopped_server_is_503_and_a_started_one_is_used_without_a_restart() -> Result<()> {
    let (proxy, mut server) = own_server(&[]).await?;
    assert_eq!(proxy.get("/backend").await?.status, 200);
    server.stop().await?;
    is_away(&proxy.get("/backend").await?)?;
    assert_eq!(proxy.admin("/live").await?.status, 200);
    let ready = proxy.admin("/ready").await?;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()?["database_reachable"], false);
    assert!(ready.json()?["missing"].to_string().contains("database"), "{}", ready.text());
    // What needs no database still works.
    assert_eq!(proxy.get("/openapi.json").await?.status, 200);
    assert_eq!(proxy.get("/nowhere").await?.status, 404);
    server.start_again().await?;
    recovers(&proxy).await?;

    // And it listens again.
    let session = Session::connect(&server.cluster()?.url("postgres")).await?;
    session.batch_execute("SELECT rota.expose('backend'::regproc, 'GET', '/again')").await?;
    until("changes are seen", async || Ok(proxy.get("/again").await?.status == 200)).await
}

#[tokio::test]
async fn a_crash_in_the_middle_of_a_call_is_503_and_recovers() -> Result<()> {
    let (proxy, mut server) = own_server(&[]).await?;
    let session = Session::connect(&server.cluster()?.url("postgres")).await?;
    let address = proxy.address();
    let nap = Call::new(http::Method::GET, "/nap?seconds=600");
    let waiting = tokio::spawn(async move { send(address, &nap).await });
    let active = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rota' AND state = 'active'";
    until("the call runs", async || Ok(session.text(active).await? == "1")).await?;
    server.crash().await?;
    is_away(&waiting.await??)?;
    server.start_again().await?;
    recovers(&proxy).await
}

#[tokio::test]
async fn a_frozen_server_ends_at_the_deadline_and_is_used_when_it_thaws() -> Result<()> {
    let settings = [
        ("ROTA_REQUEST_DEADLINE_MS", "2000"),
        ("ROTA_STATEMENT_TIMEOUT_MS", "2000"),
        ("ROTA_CONNECT_TIMEOUT_MS", "500"),
        ("ROTA_POOL_SIZE", "2"),
    ];
    let (proxy, server) = own_server(&settings).await?;
    assert_eq!(proxy.get("/backend").await?.status, 200);
    server.cluster()?.pause()?;
    // The first sits on a warm connection, the later ones on none.
    for _ in 0..4 {
        let answer = proxy.get("/backend").await?;
        assert!([503, 504].contains(&answer.status.as_u16()), "{}: {}", answer.status, answer.text());
    }
    assert_eq!(proxy.admin("/live").await?.status, 200);
    let ready = proxy.admin("/ready").await?;
    assert_eq!((ready.status.as_u16(), &ready.json()?["database_reachable"]), (503, &false.into()));
    server.cluster()?.resume()?;
    recovers(&proxy).await
}

#[tokio::test]
async fn terminated_backends_cost_no_request() -> Result<()> {
    let stage = Stage::with_settings(FUNCTIONS, &[("ROTA_POOL_SIZE", "3")]).await?;
    stage.close_gate().await?;
    let waiting = [stage.ask("/gate"), stage.ask("/gate"), stage.ask("/gate")];
    stage.runs(3).await?;
    stage.open_gate().await?;
    for task in waiting {
        assert_eq!(task.await??.status, 200);
    }
    let pooled = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rota'";
    let ended = stage.session.rows(&format!("SELECT pg_terminate_backend(pid, 10000) {pooled}")).await?;
    assert_eq!(ended.len(), 3);
    for _ in 0..10 {
        let answer = stage.proxy.get("/backend").await?;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    Ok(())
}

#[tokio::test]
async fn a_backend_terminated_in_the_middle_of_a_call_is_503_and_the_next_call_is_fine() -> Result<()> {
    let stage = Stage::with_settings(FUNCTIONS, &[("ROTA_POOL_SIZE", "1")]).await?;
    let waiting = stage.ask("/nap?seconds=600");
    stage.runs(1).await?;
    let pooled = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rota'";
    stage.session.rows(&format!("SELECT pg_terminate_backend(pid, 10000) {pooled}")).await?;
    is_away(&waiting.await??)?;
    assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_proxy_that_starts_before_its_database_serves_as_soon_as_there_is_one() -> Result<()> {
    let name = format!("late_{}", std::process::id());
    let port = shared_port()?;
    let proxy = Proxy::with_url(&cluster::url(port, &name), &[]).await?;
    is_away(&proxy.get("/backend").await?)?;
    let ready = proxy.admin("/ready").await?;
    assert!(ready.status == 503 && ready.text().contains(&name), "{}", ready.text());

    let server = Session::connect(&cluster::url(port, "postgres")).await?;
    server.batch_execute(&format!("CREATE DATABASE {name}")).await?;
    let session = Session::connect(&cluster::url(port, &name)).await?;
    let answer = proxy.get("/backend").await?;
    assert!(answer.status == 503 || answer.status == 404, "{}", answer.text());
    session.batch_execute("CREATE EXTENSION rota").await?;
    session.batch_execute(FUNCTIONS).await?;
    recovers(&proxy).await?;
    drop(proxy);
    drop(session);
    server.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await?;
    Ok(())
}
