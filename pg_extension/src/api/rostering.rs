//! Rosters on plain data, and the procedure that runs a job.

use pgrx::{JsonB, default, pg_extern, pg_sys, search_path};

use crate::error::{ExtensionError, OrRaise};
use crate::rostering::{self, Task, fingerprints, perform};
use crate::source::Session;

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn solve_roster(problem: Option<JsonB>, options: default!(Option<JsonB>, "'{}'")) -> JsonB {
    answer(Task::Solve, problem, options).or_raise()
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn repair_roster(problem: Option<JsonB>, options: default!(Option<JsonB>, "'{}'")) -> JsonB {
    answer(Task::Repair, problem, options).or_raise()
}

#[pg_extern(stable, parallel_restricted)]
#[search_path(pg_catalog, pg_temp)]
fn explain_roster(problem: Option<JsonB>) -> JsonB {
    answer(Task::Explain, problem, None).or_raise()
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
fn roster_fingerprints(problem: Option<JsonB>) -> JsonB {
    let problem = problem.ok_or(ExtensionError::MissingArgument { argument: "problem" }).or_raise();
    fingerprints(&problem.0).map(JsonB).or_raise()
}

#[pg_extern(sql = r#"
CREATE PROCEDURE rota.run_job(job_id bigint DEFAULT NULL)
LANGUAGE c
AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn run_job(job_id: Option<i64>, fcinfo: pg_sys::FunctionCallInfo) {
    // SAFETY: the server made this call, to this procedure.
    unsafe { Session::run(fcinfo, |session| rostering::run_job(session, job_id)) }.or_raise();
}

fn answer(task: Task, problem: Option<JsonB>, options: Option<JsonB>) -> Result<JsonB, ExtensionError> {
    let problem = problem.ok_or(ExtensionError::MissingArgument { argument: "problem" })?;
    let options = options.unwrap_or_else(|| JsonB(serde_json::json!({})));
    perform(task, &problem.0, &options.0).map(JsonB)
}
