//! `rota job`: submits a search, or takes one up that runs, and shows how far it has come.

use std::io::Write;
use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_postgres::Client;

use crate::config::Settings;
use crate::database::connect::{SessionOptions, connect};
use crate::error::Error;

/// Pause between two looks: what a moving bar wants.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Time of a search that names no budget, for the length of the bar alone: the server's own default.
const USUAL_TIME_MS: u64 = 2_000;

const JOB: &str = "
    SELECT to_jsonb(job) - 'arguments' || jsonb_build_object('time_ms', job.arguments #> '{options,time_ms}')
    FROM rota_source.jobs AS job
    WHERE job.job_id = $1";

/// What `rota job` takes.
#[derive(Debug, Args)]
pub(super) struct JobArgs {
    #[command(subcommand)]
    verb: JobVerb,
}

#[derive(Debug, Subcommand)]
enum JobVerb {
    /// Generate the roster of a schedule.
    Generate(SubmitArgs),
    /// Repair the roster of a schedule with as few changes as possible.
    Repair(SubmitArgs),
    /// Follow a job to its end.
    Follow {
        /// Number of the job
        job_id: i64,
    },
    /// Cancel a job.
    Cancel {
        /// Number of the job
        job_id: i64,
    },
}

#[derive(Debug, Args)]
struct SubmitArgs {
    /// Number of the schedule
    schedule_id: String,
    /// Seconds that the search may take
    #[arg(long, value_name = "SECONDS")]
    time: Option<u64>,
    /// Write the roster instead of proposing it
    #[arg(long)]
    commit: bool,
    /// Further options, as a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = parse_object)]
    options: Value,
    /// From 1 to 10, higher runs first
    #[arg(long, default_value_t = 5)]
    priority: i32,
    /// Run the job from here instead of waiting for a proxy to run it
    #[arg(long)]
    run: bool,
    /// Do not wait for the end
    #[arg(long, conflicts_with = "run")]
    detach: bool,
}

/// A job as it stands.
#[derive(Debug, Deserialize)]
struct Job {
    state: String,
    progress: Option<Progress>,
    answer: Option<Value>,
    error: Option<Value>,
    time_ms: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Progress {
    elapsed_ms: u64,
    broken_hard: i64,
    cost: i64,
    lower_bound: i64,
}

/// Runs the verb. A job that fails is an error, so that scripts notice.
pub(super) async fn run(args: JobArgs, settings: Settings) -> Result<(), Error> {
    let client = connect(&settings, SessionOptions::named("rota job")).await?;
    match args.verb {
        JobVerb::Generate(args) => submit("generate", args, &client, &settings).await,
        JobVerb::Repair(args) => submit("repair", args, &client, &settings).await,
        JobVerb::Follow { job_id } => follow(&client, job_id).await,
        JobVerb::Cancel { job_id } => {
            let state = cancel(&client, job_id).await?.ok_or(Error::UnknownJob { job_id })?;
            say(&format!("job {job_id}: {state}"));
            Ok(())
        }
    }
}

async fn submit(task: &str, args: SubmitArgs, client: &Client, settings: &Settings) -> Result<(), Error> {
    let arguments = json!({ "schedule_id": args.schedule_id, "options": args.all_options() });
    let row = client
        .query_one("SELECT rota.submit_job($1, $2, $3)", &[&task, &arguments, &args.priority])
        .await
        .map_err(Error::database("does not take the job"))?;
    let job_id: i64 = row.get(0);
    say(&format!("job {job_id}: submitted"));
    if args.detach {
        return Ok(());
    }
    if !args.run {
        return follow(client, job_id).await;
    }
    let runner = connect(settings, SessionOptions::named("rota job")).await?;
    let call = format!("CALL rota.run_job({job_id})");
    let (ran, followed) = tokio::join!(runner.batch_execute(&call), follow(client, job_id));
    ran.map_err(Error::database("does not run the job"))?;
    followed
}

impl SubmitArgs {
    fn all_options(&self) -> Value {
        let mut options = self.options.clone();
        if let Some(members) = options.as_object_mut() {
            if let Some(seconds) = self.time {
                members.insert("time_ms".to_owned(), json!(seconds.saturating_mul(1_000)));
            }
            if self.commit {
                members.insert("commit".to_owned(), json!(true));
            }
        }
        options
    }
}

/// Shows a job until it has ended. The first Ctrl-C cancels the job, and its end is awaited.
async fn follow(client: &Client, job_id: i64) -> Result<(), Error> {
    let bar = progress_bar();
    let mut is_cancelled = false;
    loop {
        let job = read(client, job_id).await?.ok_or(Error::UnknownJob { job_id })?;
        job.show(&bar);
        if let Some(end) = job.end(job_id) {
            bar.finish_and_clear();
            return end.map(|text| say(&text));
        }
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            pressed = tokio::signal::ctrl_c(), if !is_cancelled => {
                is_cancelled = pressed.is_ok();
                cancel(client, job_id).await?;
            }
        }
    }
}

async fn read(client: &Client, job_id: i64) -> Result<Option<Job>, Error> {
    let row = client.query_opt(JOB, &[&job_id]).await.map_err(Error::database("does not tell of the job"))?;
    let job = row.map(|row| serde_json::from_value(row.get(0))).transpose();
    job.map_err(|error| Error::Start(format!("job {job_id} is told in other words: {error}")))
}

async fn cancel(client: &Client, job_id: i64) -> Result<Option<String>, Error> {
    let row = client
        .query_one("SELECT rota.cancel_job($1)", &[&job_id])
        .await
        .map_err(Error::database("does not cancel the job"))?;
    Ok(row.get(0))
}

impl Job {
    fn show(&self, bar: &ProgressBar) {
        bar.set_length(self.time_ms.unwrap_or(USUAL_TIME_MS));
        match &self.progress {
            Some(progress) => {
                bar.set_position(progress.elapsed_ms);
                bar.set_message(progress.text());
            }
            None => bar.set_message(self.state.clone()),
        }
        bar.tick();
    }

    /// What is said of a job that has ended.
    fn end(&self, job_id: i64) -> Option<Result<String, Error>> {
        let number = |name: &str| self.answer.as_ref().and_then(|answer| answer.get(name)?.as_i64());
        match self.state.as_str() {
            "done" => {
                let written = self.answer.as_ref().and_then(|answer| answer.get("committed"));
                let written = if written == Some(&Value::Bool(true)) { ", written" } else { ", proposed" };
                let gap = self.answer.as_ref().and_then(|answer| answer.get("gap_percent")?.as_f64());
                let gap = gap.map(|gap| format!(", at most {gap:.2} % above the best possible"));
                Some(Ok(format!(
                    "job {job_id}: done, cost {}{}, {} heads missing{written}",
                    number("cost").unwrap_or_default(),
                    gap.unwrap_or_default(),
                    number("missing_heads").unwrap_or_default(),
                )))
            }
            "failed" | "cancelled" => {
                let message = self.error.as_ref().and_then(|error| error.get("message")?.as_str());
                let reason = message.unwrap_or("somebody asked for it").to_owned();
                Some(Err(Error::Job { job_id, state: self.state.clone(), reason }))
            }
            _ => None,
        }
    }
}

impl Progress {
    fn text(&self) -> String {
        let Self { broken_hard, cost, lower_bound, .. } = self;
        if *broken_hard > 0 {
            format!("{broken_hard} hard rules broken, cost {cost}")
        } else {
            format!("cost {cost}, at least {lower_bound}")
        }
    }
}

/// A bar over the time of the search. It shows itself on a terminal only.
fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(USUAL_TIME_MS);
    match ProgressStyle::with_template("{bar:40} {elapsed} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Whoever closed standard output does not want to know.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

fn parse_object(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err("a JSON object is wanted, such as {\"seed\": 7}".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(state: &str) -> Job {
        let (answer, error) = (Some(json!({"cost": 12, "missing_heads": 0, "committed": true})), None);
        Job { state: state.to_owned(), progress: None, answer, error, time_ms: None }
    }

    #[test]
    fn a_job_has_an_end_only_in_a_state_that_is_one() {
        assert!(job("queued").end(1).is_none() && job("running").end(1).is_none());
        assert_eq!(job("done").end(7).unwrap().unwrap(), "job 7: done, cost 12, 0 heads missing, written");
        assert!(job("failed").end(1).unwrap().is_err() && job("cancelled").end(1).unwrap().is_err());
    }

    #[test]
    fn options_are_an_object() {
        assert!(parse_object("{}").is_ok());
        assert!(parse_object("[]").is_err() && parse_object("{").is_err());
    }
}
