//! The background worker of a database.

use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use rota_harness::process;
use rota_tests::database::Database;
use rota_tests::server::OwnServer;
use rota_tests::session::Session;

use super::crash::session_again;
use super::stage::{ROLLUPS, TABLES, WEEKS, differences, staleness};

/// More than any wait takes that ends at all; nothing is asserted about how long it took.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until a statement gives `t`.
async fn until(session: &Session, question: &str) -> Result<()> {
    let waited = tokio::time::timeout(PATIENCE, async {
        while session.text(question).await? != "t" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok::<_, anyhow::Error>(())
    })
    .await;
    match waited {
        Ok(outcome) => outcome,
        Err(_) => {
            anyhow::bail!("never came true: {question}\n{:?}", session.rows("TABLE rota.view_status").await?)
        }
    }
}

const RUNS: &str = "SELECT count(*) = 1 FROM pg_stat_activity
    WHERE backend_type = 'rota refresh worker' AND datname = current_database()";

async fn with_worker(server: &OwnServer) -> Result<(Database, Session)> {
    let database = server.with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(TABLES).await?;
    session.batch_execute(ROLLUPS).await?;
    session.batch_execute(WEEKS).await?;
    session
        .batch_execute(&format!("ALTER DATABASE {} SET rota.refresh_worker = on", database.name()))
        .await?;
    until(&session, RUNS).await?;
    Ok((database, session))
}

/// Waits until everything is applied, and compares.
async fn becomes_right(session: &Session) -> Result<()> {
    until(session, "SELECT coalesce(rota.staleness_ms('{weekly,slots,teams,weeks}') = 0, false)").await?;
    for rollup in ["weekly", "slots", "teams", "weeks"] {
        assert!(differences(session, rollup).await?.is_empty(), "{rollup}");
    }
    Ok(())
}

#[tokio::test]
async fn a_worker_refreshes_what_changed_survives_errors_signals_and_its_own_death() -> Result<()> {
    let mut server = OwnServer::start(&[]).await?;
    let (database, session) = with_worker(&server).await?;
    let change = "UPDATE shifts SET starts = starts + 1, ends = ends + 2 WHERE shift_id = 1";
    session.batch_execute(change).await?;
    becomes_right(&session).await?;

    // A view that fails stops no other, and the worker goes on.
    session
        .batch_execute(
            r#"CREATE VIEW broken_query AS SELECT person_id, 1 / (min(starts) - 777) AS ratio FROM shifts
                WHERE person_id IS NOT NULL GROUP BY 1;
            SELECT rota.create_rollup('public.broken', 'broken_query', '{person_id}', '{"public.shifts": ["person_id"]}');
            INSERT INTO shifts VALUES (900, 99, 777, 778)"#,
        )
        .await?;
    becomes_right(&session).await?;
    until(&session, "SELECT failures > 0 FROM rota.view_status WHERE view = 'broken'::regclass").await?;
    session.batch_execute("DELETE FROM shifts WHERE shift_id = 900").await?;
    until(&session, "SELECT failures = 0 FROM rota.view_status WHERE view = 'broken'::regclass").await?;

    // Cancelled, told to read its settings, ended: each is survived.
    let worker = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'rota refresh worker'";
    session.batch_execute(&format!("SELECT pg_cancel_backend(({worker})); SELECT pg_reload_conf()")).await?;
    session.batch_execute(change).await?;
    becomes_right(&session).await?;
    let first = session.text(worker).await?;
    session.batch_execute(&format!("SELECT pg_terminate_backend({first})")).await?;
    session.batch_execute(change).await?;
    becomes_right(&session).await?;
    assert_ne!(session.text(worker).await?, first);

    // The launcher ends and comes back, and starts no second one.
    session
        .batch_execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE backend_type = 'rota refresh launcher'")
        .await?;
    until(&session, "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'rota refresh launcher'")
        .await?;
    session.batch_execute(change).await?;
    becomes_right(&session).await?;
    until(&session, RUNS).await?;

    // After a crash it repairs what was lost.
    session.batch_execute(change).await?;
    server.crash().await?;
    server.start_again().await?;
    let session = database.session().await?;
    becomes_right(&session).await?;

    // Not wanted any more, it goes.
    session.batch_execute(&format!("ALTER DATABASE {} RESET rota.refresh_worker", database.name())).await?;
    until(&session, "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'rota refresh worker'")
        .await?;
    session.batch_execute(change).await?;
    assert!(staleness(&session, "weekly").await?.is_some_and(|age| age > 0));
    Ok(())
}

#[tokio::test]
async fn a_worker_killed_in_mid_refresh_leaves_the_work_to_the_next_one() -> Result<()> {
    let server = OwnServer::start(&[]).await?;
    let (database, session) = with_worker(&server).await?;
    let worker = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'rota refresh worker'";
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let session = session_again(&database).await;
        until(&session, RUNS).await?;
        // It has taken the changes from the queue when it comes to the table, and waits there.
        let holder = database.session().await?;
        holder.batch_execute("BEGIN; LOCK TABLE weekly IN SHARE MODE").await?;
        session.batch_execute("UPDATE shifts SET ends = ends + 2 WHERE shift_id IN (1, 2)").await?;
        until(
            &session,
            "SELECT EXISTS (SELECT FROM pg_stat_activity
                WHERE backend_type = 'rota refresh worker' AND wait_event_type = 'Lock')",
        )
        .await?;
        let victim: u32 = session.text(worker).await?.parse().context("a process id")?;
        process::signal(victim, signal)?;
        // After SIGKILL the server ends every session and begins anew.
        while signal == Signal::SIGKILL && session.batch_execute("SELECT 1").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        holder.batch_execute("ROLLBACK").await.ok();
        let session = session_again(&database).await;
        becomes_right(&session).await?;
    }
    drop(session);
    Ok(())
}

#[tokio::test]
async fn a_database_without_the_extension_or_with_it_dropped_has_an_idle_worker() -> Result<()> {
    let server = OwnServer::start(&[]).await?;
    let (_database, session) = with_worker(&server).await?;
    session.batch_execute("DROP EXTENSION rota CASCADE").await?;
    tokio::time::sleep(Duration::from_millis(50)).await;
    session
        .batch_execute(
            r#"DROP TABLE weekly CASCADE; CREATE EXTENSION rota;
            SELECT rota.create_rollup('public.weekly', 'weekly_query', '{person_id,week}', '{"public.shifts": ["person_id", "starts / 50"]}');
            UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1"#,
        )
        .await?;
    until(&session, "SELECT coalesce(rota.staleness_ms('{weekly}') = 0, false)").await?;
    assert!(differences(&session, "weekly").await?.is_empty());
    Ok(())
}
