//! Cancel, timeout and termination end a search soon, and leave no thread behind.

use std::fs;

use anyhow::{Context, Result};
use rota_tests::session::Session;

use super::ward::ward;
use crate::proxy::waiting::until;

/// A search that has no end of its own: no roster grants every pairing, and the bound stays below the cost.
const ENDLESS: &str = r#"
    SELECT rota.solve_roster(
        rota.schedule_problem('1', 'generate') || '{"pairings": [
            {"first": "1", "second": "2", "together": true, "weight": 7},
            {"first": "3", "second": "4", "together": true, "weight": 7}
        ]}',
        '{"time_ms": 3600000}'
    )"#;

/// Threads of a backend's process.
fn threads(pid: &str) -> Result<usize> {
    let folder = format!("/proc/{pid}/task");
    Ok(fs::read_dir(&folder).with_context(|| folder.clone())?.count())
}

async fn pid(session: &Session) -> Result<String> {
    session.text("SELECT pg_backend_pid()").await
}

/// That no thread of a search is left. The server joins them; what `/proc` lists goes a moment after that.
async fn has_no_search(pid: &str) -> Result<()> {
    until("no thread but the backend's own is left", async || Ok(threads(pid)? == 1)).await
}

async fn searches(pid: &str) -> Result<()> {
    until("the search has threads", async || Ok(threads(pid)? > 1)).await
}

#[tokio::test]
async fn a_cancelled_search_ends_and_its_threads_with_it() -> Result<()> {
    let (_, session) = ward().await?;
    let pid = pid(&session).await?;
    has_no_search(&pid).await?;
    for _ in 0..3 {
        let token = session.cancel_token();
        let (refusal, ()) = tokio::try_join!(session.refusal(ENDLESS), async {
            searches(&pid).await?;
            Ok(token.cancel_query(tokio_postgres::NoTls).await?)
        })?;
        assert_eq!(refusal.sqlstate, "57014");
        has_no_search(&pid).await?;
    }
    assert_eq!(session.text("SELECT 1").await?, "1");
    Ok(())
}

#[tokio::test]
async fn statement_timeout_ends_a_search() -> Result<()> {
    let (_, session) = ward().await?;
    let pid = pid(&session).await?;
    session.batch_execute("SET statement_timeout = 300").await?;
    assert_eq!(session.refusal(ENDLESS).await?.sqlstate, "57014");
    has_no_search(&pid).await
}

#[tokio::test]
async fn a_terminated_backend_is_gone_with_its_search() -> Result<()> {
    let (database, session) = ward().await?;
    let pid = pid(&session).await?;
    let other = database.session().await?;
    let ending = async {
        searches(&pid).await?;
        other.text(&format!("SELECT pg_terminate_backend({pid})")).await
    };
    let (ended, told) = tokio::join!(session.rows(ENDLESS), ending);
    assert!(ended.is_err());
    told?;
    until("the process is gone", async || Ok(threads(&pid).is_err())).await?;
    assert_eq!(other.text("SELECT 1").await?, "1", "the server goes on");
    Ok(())
}

#[tokio::test]
async fn a_time_budget_ends_a_search_with_an_answer() -> Result<()> {
    let (_, session) = ward().await?;
    let pid = pid(&session).await?;
    let short = ENDLESS.replace("3600000", "300");
    let ended_by = session.text(&format!("SELECT ({short}) #>> '{{search,ended_by}}'")).await?;
    assert_eq!(ended_by, "time");
    has_no_search(&pid).await
}

#[tokio::test]
async fn a_search_without_anything_better_ends_when_patience_does() -> Result<()> {
    let (_database, session) = ward().await?;
    let patient = ENDLESS.replace("{\"time_ms\": 3600000}", "{\"time_ms\": 3600000, \"patience_ms\": 200}");
    let ended_by = session.text(&format!("SELECT ({patient}) #>> '{{search,ended_by}}'")).await?;
    assert_eq!(ended_by, "patience");
    Ok(())
}

#[tokio::test]
async fn a_setting_limits_the_threads() -> Result<()> {
    let (_, session) = ward().await?;
    let threads = r#"SELECT rota.solve_roster(rota.schedule_problem('1', 'generate'), '{"steps": 10, "threads": 9}')
                     #>> '{search,threads}'"#;
    session.batch_execute("SET rota.roster_threads = 3").await?;
    assert_eq!(session.text(threads).await?, "3");
    Ok(())
}
