//! Jobs: claimed once, visible while they run, tried again when their runner is lost.

use anyhow::Result;
use rota_tests::session::Session;
use serde_json::Value;

use super::ward::{DISCORD, json, ward};
use crate::proxy::waiting::until;

async fn submit(session: &Session, options: &str) -> Result<i64> {
    let call = format!(r#"SELECT rota.submit_job('generate', '{{"schedule_id": 1, "options": {options}}}')"#);
    Ok(session.text(&call).await?.parse()?)
}

async fn job(session: &Session, job_id: i64) -> Result<Value> {
    json(session, &format!("SELECT to_jsonb(job) FROM rota.jobs() AS job WHERE job.job_id = {job_id}")).await
}

/// A search that goes on for an hour if it has no other end.
const ENDLESS: &str = r#"{"time_ms": 3600000}"#;

#[tokio::test]
async fn a_job_goes_from_queued_to_done_and_keeps_its_answer() -> Result<()> {
    let (_, session) = ward().await?;
    let job_id = submit(&session, r#"{"steps": 20000, "commit": true}"#).await?;
    assert_eq!(job(&session, job_id).await?["state"], "queued");
    session.batch_execute("CALL rota.run_job()").await?;
    let done = job(&session, job_id).await?;
    assert_eq!((&done["state"], &done["attempts"]), (&"done".into(), &1.into()), "{:#}", done["error"]);
    assert_eq!((&done["answer"]["committed"], &done["answer"]["missing_heads"]), (&true.into(), &0.into()));
    let written = "SELECT count(*) FROM workforce.assignments WHERE schedule_id = 1 AND binding";
    assert_eq!(session.text(written).await?, "56");
    Ok(())
}

#[tokio::test]
async fn without_a_job_there_is_nothing_to_run() -> Result<()> {
    let (_, session) = ward().await?;
    session.batch_execute("CALL rota.run_job()").await?;
    assert_eq!(session.rows("SELECT rota.due_job()").await?, [vec![None]]);
    Ok(())
}

#[tokio::test]
async fn progress_is_seen_from_other_sessions_and_a_cancelled_job_ends() -> Result<()> {
    let (database, session) = ward().await?;
    session.batch_execute(DISCORD).await?;
    let job_id = submit(&session, ENDLESS).await?;
    let runner = database.session().await?;
    let running = tokio::spawn(async move { runner.batch_execute("CALL rota.run_job()").await });
    until("progress is told", async || {
        let job = job(&session, job_id).await?;
        Ok(job["state"] == "running" && job["progress"]["cost"].is_i64())
    })
    .await?;
    assert_eq!(session.text(&format!("SELECT rota.cancel_job({job_id})")).await?, "running");
    running.await??;
    let ended = job(&session, job_id).await?;
    assert_eq!(ended["state"], "cancelled");
    assert!(ended["answer"]["assignments"].is_array(), "what was found is kept");
    let points = format!("SELECT count(*) > 0 FROM rota_source.job_progress WHERE job_id = {job_id}");
    assert_eq!(session.text(&points).await?, "t");
    assert_eq!(session.text("SELECT count(*) FROM workforce.assignments WHERE schedule_id = 1").await?, "0");
    Ok(())
}

#[tokio::test]
async fn a_queued_job_is_cancelled_at_once_and_never_run() -> Result<()> {
    let (_, session) = ward().await?;
    let job_id = submit(&session, "{}").await?;
    assert_eq!(session.text(&format!("SELECT rota.cancel_job({job_id})")).await?, "cancelled");
    session.batch_execute("CALL rota.run_job()").await?;
    assert_eq!(job(&session, job_id).await?["attempts"], 0);
    assert_eq!(session.rows("SELECT rota.cancel_job(999)").await?, [vec![None]]);
    Ok(())
}

#[tokio::test]
async fn a_killed_runner_loses_its_job_to_the_next_one() -> Result<()> {
    let (database, session) = ward().await?;
    session.batch_execute(DISCORD).await?;
    let job_id = submit(&session, ENDLESS).await?;
    let runner = database.session().await?;
    let pid = runner.text("SELECT pg_backend_pid()").await?;
    let running = tokio::spawn(async move { runner.batch_execute("CALL rota.run_job()").await });
    until("the job runs", async || Ok(job(&session, job_id).await?["progress"].is_object())).await?;
    session.batch_execute(&format!("SELECT pg_terminate_backend({pid}, 5000)")).await?;
    assert!(running.await?.is_err());
    assert_eq!(job(&session, job_id).await?["state"], "running", "nobody has noticed yet");
    // Time passes: its runner has been silent for long.
    session
        .batch_execute(&format!(
            "UPDATE workforce.jobs
             SET heartbeat_at = heartbeat_at - interval '1 minute',
                 arguments = jsonb_set(arguments, '{{options,time_ms}}', '300')
             WHERE job_id = {job_id}"
        ))
        .await?;
    assert_eq!(session.text("SELECT rota.due_job()").await?, job_id.to_string());
    session.batch_execute("CALL rota.run_job()").await?;
    let done = job(&session, job_id).await?;
    assert_eq!((&done["state"], &done["attempts"]), (&"done".into(), &2.into()), "{:#}", done["error"]);
    Ok(())
}

#[tokio::test]
async fn a_runner_that_lost_its_job_writes_nothing_more() -> Result<()> {
    let (_, session) = ward().await?;
    let job_id = submit(&session, r#"{"steps": 100}"#).await?;
    let claim = session.text("SELECT rota.claim_job()").await?;
    session.batch_execute("UPDATE workforce.jobs SET heartbeat_at = now() - interval '1 minute'").await?;
    session.text("SELECT rota.claim_job()").await?;
    let note = format!("SELECT rota.note_job_progress('{claim}', '{{\"elapsed_ms\": 1}}')");
    assert_eq!(session.text(&note).await?, "f");
    session.batch_execute(&format!("SELECT rota.finish_job('{claim}', '{{}}', '{{}}', 'null')")).await?;
    assert_eq!(job(&session, job_id).await?["state"], "running");
    Ok(())
}

#[tokio::test]
async fn a_job_that_no_program_can_read_fails_and_the_next_one_runs() -> Result<()> {
    let (_, session) = ward().await?;
    let unreadable = "SELECT rota.submit_job('solve', '{\"problem\": {\"weights\": {\"short\": 1e400}}}', 9)";
    let unreadable: i64 = session.text(unreadable).await?.parse()?;
    let next = submit(&session, r#"{"steps": 20}"#).await?;
    session.batch_execute("CALL rota.run_job()").await?;
    // Its arguments are none that this program could read either.
    let failed = format!("SELECT state, error ->> 'code' FROM rota.jobs() WHERE job_id = {unreadable}");
    let wanted = ["failed", "22023"].map(|text| Some(text.to_owned()));
    assert_eq!(session.rows(&failed).await?, [wanted.to_vec()]);
    session.batch_execute("CALL rota.run_job()").await?;
    assert_eq!(job(&session, next).await?["state"], "done");
    Ok(())
}

#[tokio::test]
async fn many_runners_run_each_job_once() -> Result<()> {
    let (database, session) = ward().await?;
    for _ in 0..6 {
        submit(&session, r#"{"steps": 20}"#).await?;
    }
    let mut runners = Vec::new();
    for _ in 0..4 {
        let runner = database.session().await?;
        runners.push(tokio::spawn(async move {
            for _ in 0..4 {
                runner.batch_execute("CALL rota.run_job()").await?;
            }
            Ok::<(), tokio_postgres::Error>(())
        }));
    }
    for runner in runners {
        runner.await??;
    }
    let ended = session.rows("SELECT state, attempts, count(*) FROM rota.jobs() GROUP BY 1, 2").await?;
    assert_eq!(ended, [vec![Some("done".to_owned()), Some("1".to_owned()), Some("6".to_owned())]]);
    Ok(())
}

#[tokio::test]
async fn the_most_urgent_job_is_run_first() -> Result<()> {
    let (_, session) = ward().await?;
    let submit = |priority: i32| {
        format!(
            r#"SELECT rota.submit_job('generate', '{{"schedule_id": 1, "options": {{"steps": 5}}}}', {priority})"#
        )
    };
    let usual = session.text(&submit(5)).await?;
    let urgent = session.text(&submit(9)).await?;
    session.batch_execute("CALL rota.run_job()").await?;
    assert_eq!(job(&session, urgent.parse()?).await?["state"], "done");
    assert_eq!(job(&session, usual.parse()?).await?["state"], "queued");
    Ok(())
}

#[tokio::test]
async fn a_failed_attempt_is_tried_again_later_and_fails_for_good_at_last() -> Result<()> {
    let (_, session) = ward().await?;
    let call = r#"SELECT rota.submit_job('generate', '{"schedule_id": 99}', attempt_limit => 2)"#;
    let job_id: i64 = session.text(call).await?.parse()?;
    session.batch_execute(&format!("CALL rota.run_job({job_id})")).await?;
    let first = job(&session, job_id).await?;
    assert_eq!((&first["state"], &first["error"]["code"]), (&"queued".into(), &"P0002".into()));
    assert_eq!(session.text("SELECT due_at > clock_timestamp() FROM rota.jobs()").await?, "t", "not at once");
    session.batch_execute(&format!("CALL rota.run_job({job_id})")).await?;
    let last = job(&session, job_id).await?;
    assert_eq!((&last["state"], &last["attempts"]), (&"failed".into(), &2.into()));
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_fails_at_once() -> Result<()> {
    let (_, session) = ward().await?;
    let job_id = submit(&session, r#"{"time_ms": "long"}"#).await?;
    session.batch_execute("CALL rota.run_job()").await?;
    let failed = job(&session, job_id).await?;
    assert_eq!((&failed["state"], &failed["error"]["code"]), (&"failed".into(), &"22023".into()));
    assert!(failed["error"]["message"].as_str().is_some_and(|text| text.contains("options.time_ms")));
    Ok(())
}

#[tokio::test]
async fn a_job_needs_transactions_of_its_own() -> Result<()> {
    let (_, session) = ward().await?;
    session.batch_execute("BEGIN").await?;
    let refusal = session.refusal("CALL rota.run_job()").await?;
    assert_eq!(refusal.sqlstate, "2D000");
    Ok(())
}

#[tokio::test]
async fn jobs_that_make_no_sense_are_not_taken() -> Result<()> {
    let (_, session) = ward().await?;
    for (call, column) in [
        ("'dance', '{}'", "task"),
        ("NULL, '{}'", "task"),
        ("'generate', '[]'", "arguments"),
        ("'generate', NULL", "arguments"),
        ("'generate', '{}'", "arguments"),
        ("'solve', '{\"schedule_id\": 1}'", "arguments"),
        ("'generate', '{\"schedule_id\": 1}', 11", "priority"),
        ("'generate', '{\"schedule_id\": 1}', 5, NULL, 0", "attempt_limit"),
    ] {
        let refusal = session.refusal(&format!("SELECT rota.submit_job({call})")).await?;
        assert_eq!((refusal.sqlstate.as_str(), refusal.column.as_deref()), ("22023", Some(column)), "{call}");
    }
    Ok(())
}
