//! Backends are killed in mid-refresh and the server crashes while sessions write: nothing is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use rota_harness::process;
use rota_tests::database::Database;
use rota_tests::server::OwnServer;
use rota_tests::session::Session;

use super::stage::{ROLLUPS, TABLES, assert_right_after_refresh, differences, refresh, staleness};

/// A session as soon as the server takes one.
pub(super) async fn session_again(database: &Database) -> Session {
    loop {
        if let Ok(session) = database.session().await
            && session.batch_execute("SELECT 1").await.is_ok()
        {
            return session;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_queue_lost_in_a_crash_is_noticed_and_everything_is_recomputed() -> Result<()> {
    let mut server = OwnServer::start(&[]).await?;
    let database = server.with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(TABLES).await?;
    session.batch_execute(ROLLUPS).await?;
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    // A clean stop loses nothing.
    server.stop().await?;
    server.start_again().await?;
    let session = database.session().await?;
    assert_eq!(refresh(&session, "weekly").await?.0, "partial");
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 2").await?;
    server.crash().await?;
    server.start_again().await?;
    let session = database.session().await?;
    assert_eq!(differences(&session, "weekly").await?.len(), 2);
    assert_eq!(staleness(&session, "weekly").await?, None);
    let (mode, reason, _) = refresh(&session, "weekly").await?;
    assert_eq!((mode.as_str(), reason.as_str()), ("full", "the queue of changes was lost"));
    assert!(differences(&session, "weekly").await?.is_empty());
    assert_eq!(staleness(&session, "weekly").await?, Some(0));
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 3").await?;
    assert_eq!(refresh(&session, "weekly").await?.0, "partial");
    Ok(())
}

/// Writes until told to stop, whatever happens to its connection.
async fn write(database: Database, seed: i32, is_done: Arc<AtomicBool>, commits: Arc<AtomicUsize>) {
    let mut shift = seed;
    while !is_done.load(Ordering::Relaxed) {
        let Ok(session) = database.session().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        loop {
            shift = (shift * 7 + 3) % 60 + 1;
            let change = format!(
                "UPDATE shifts SET starts = (starts + 13) % 200, ends = (starts + 13) % 200 + 5 WHERE shift_id = {shift}"
            );
            if is_done.load(Ordering::Relaxed) || session.batch_execute(&change).await.is_err() {
                break;
            }
            commits.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn killed_refreshes_and_a_crashed_server_lose_no_change() -> Result<()> {
    let mut server = OwnServer::start(&[("synchronous_commit", "on")]).await?;
    let database = server.with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(TABLES).await?;
    session.batch_execute(ROLLUPS).await?;
    drop(session);
    let (is_done, commits) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let writers: Vec<_> = (0..3)
        .map(|seed| tokio::spawn(write(database.clone(), seed, Arc::clone(&is_done), Arc::clone(&commits))))
        .collect();
    for blow in 0..6 {
        let goal = commits.load(Ordering::Relaxed) + 60;
        while commits.load(Ordering::Relaxed) < goal {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let session = session_again(&database).await;
        match blow % 3 {
            0 => {
                // It is killed with everything done and nothing committed.
                session
                    .batch_execute("BEGIN; SELECT rota.refresh('weekly'); SELECT rota.refresh('slots')")
                    .await
                    .ok();
                let victim = session.text("SELECT pg_backend_pid()").await?;
                let killer = database.session().await?;
                killer.batch_execute(&format!("SELECT pg_terminate_backend({victim}, 5000)")).await.ok();
            }
            1 => {
                server.crash().await?;
                server.start_again().await?;
            }
            _ => {
                session.batch_execute("BEGIN; SELECT rota.refresh('teams')").await.ok();
                let victim: u32 =
                    session.text("SELECT pg_backend_pid()").await?.parse().context("a process id")?;
                process::signal(victim, Signal::SIGKILL)?;
            }
        }
        let session = session_again(&database).await;
        session.batch_execute("SELECT * FROM rota.refresh_due(1)").await.ok();
    }
    is_done.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await?;
    }
    let session = session_again(&database).await;
    for rollup in ["weekly", "slots", "teams"] {
        assert_right_after_refresh(&session, rollup).await?;
        assert_eq!(staleness(&session, rollup).await?, Some(0));
    }
    Ok(())
}
