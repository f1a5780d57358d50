//! Rosters on plain data, and the procedure that runs a job.

use pgrx::{JsonB, default, pg_extern, pg_sys, search_path};
use serde_json::{Value, json};

use crate::convert::Document;
use crate::error::{ExtensionError, OrRaise};
use crate::rostering::{self, Task, fingerprints, perform};
use crate::source::Session;

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn solve_roster(problem: Option<Document>, options: default!(Option<Document>, "'{}'")) -> JsonB {
    answer(Task::Solve, problem, options).or_raise()
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn repair_roster(problem: Option<Document>, options: default!(Option<Document>, "'{}'")) -> JsonB {
    answer(Task::Repair, problem, options).or_raise()
}

#[pg_extern(stable, parallel_restricted)]
#[search_path(pg_catalog, pg_temp)]
fn explain_roster(problem: Option<Document>) -> JsonB {
    answer(Task::Explain, problem, None).or_raise()
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
fn roster_fingerprints(problem: Option<Document>) -> JsonB {
    read_problem(problem).and_then(|problem| fingerprints(&problem)).map(JsonB).or_raise()
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

fn answer(task: Task, problem: Option<Document>, options: Option<Document>) -> Result<JsonB, ExtensionError> {
    let problem = read_problem(problem)?;
    let options = options.map_or_else(|| Ok(json!({})), |options| options.read("options"))?;
    perform(task, &problem, &options).map(JsonB)
}

fn read_problem(problem: Option<Document>) -> Result<Value, ExtensionError> {
    problem.ok_or(ExtensionError::MissingArgument { argument: "problem" })?.read("problem")
}
