//! A job: a search in short transactions, so that other sessions see its progress while it runs.
//!
//! ```text
//! claim ─ commit ─► prepare ─ commit ─► search, every tenth of a second: note progress ─ commit ─► finish ─ commit
//! ```
//!
//! The search's threads live across these transactions and are joined before the procedure returns: they know nothing
//! of transactions. No transaction is longer than a statement, so a search of an hour holds back no vacuum. What a job
//! is, and what becomes of it, is said by SQL functions over `rota_source.jobs` (`sql/extension/jobs.sql`); errors of
//! reading and writing are kept there as the job's own.

use std::time::Duration;

use serde_json::{Value, json};

use super::task::{Task, perform_watched};
use super::thread::SearchWatch;
use crate::error::ExtensionError;
use crate::source::Session;

/// Pause between two notes. A job that is cancelled ends within one, and a note is a small transaction.
const NOTE_EVERY: Duration = Duration::from_millis(100);

/// Claims a job and brings it to an end; without an id the most urgent one that is due. Nothing if there was none, else
/// its id.
///
/// # Errors
/// Those of the session; what is wrong with the job itself is written into it.
pub(crate) fn run_job(session: &Session, job_id: Option<i64>) -> Result<Option<i64>, ExtensionError> {
    let wanted = job_id.map_or(Value::Null, Value::from);
    let claimed =
        session.ask("SELECT rota.claim_job(($1 OPERATOR(pg_catalog.#>>) '{}')::bigint)", &[&wanted])?;
    session.commit();
    let Some(job) = claimed else { return Ok(None) };
    let prepared = session.ask("SELECT rota.prepare_job($1)", &[&job]);
    session.commit();
    if let Some(answer) = prepared.and_then(|prepared| search(session, &job, prepared)).transpose() {
        let ((problem, answer), fault) = match answer {
            Ok(answer) => (answer, Value::Null),
            Err(error) => {
                let fault = json!({ "code": error.code(), "message": error.to_string() });
                ((Value::Null, Value::Null), fault)
            }
        };
        session.ask(
            "SELECT pg_catalog.to_jsonb(rota.finish_job($1, $2, $3, $4)::text)",
            &[&job, &problem, &answer, &fault],
        )?;
        session.commit();
    }
    Ok(job.get("job_id").and_then(Value::as_i64))
}

/// Searches what was prepared: the problem and its answer; nothing where the job has ended meanwhile.
fn search(
    session: &Session,
    job: &Value,
    prepared: Option<Value>,
) -> Result<Option<(Value, Value)>, ExtensionError> {
    let Some(prepared) = prepared else { return Ok(None) };
    let member = |name: &str| prepared.get(name).unwrap_or(&Value::Null);
    let task = Task::from_word(member("task").as_str().unwrap_or_default())?;
    let mut note = |watch: &SearchWatch| {
        let newest = watch.newest().map_or(Value::Null, |newest| {
            json!({
                "elapsed_ms": newest.elapsed_ms,
                "broken_hard": newest.broken_hard,
                "medium": newest.medium,
                "cost": newest.cost,
                "lower_bound": newest.lower_bound,
            })
        });
        let goes_on =
            session.ask("SELECT pg_catalog.to_jsonb(rota.note_job_progress($1, $2))", &[job, &newest])?;
        session.commit();
        if goes_on != Some(Value::Bool(true)) {
            watch.stop();
        }
        Ok(())
    };
    let answer = perform_watched(task, member("problem"), member("options"), Some(NOTE_EVERY), &mut note)?;
    Ok(Some((member("problem").clone(), answer)))
}
