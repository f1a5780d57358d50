//! `rota demo`: fills an empty database with an invented organisation.

use std::io::Write;

use chrono::{Datelike, Days, NaiveDate, Utc};
use clap::Args;
use serde_json::{Map, Value};
use tokio_postgres::types::Json;
use tokio_postgres::{Client, Transaction};

use crate::config::Settings;
use crate::database::connect::{SessionOptions, connect};
use crate::error::Error;
use crate::migration::{self, MigrationFault};

/// What `rota demo` takes.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Number of employees
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(i32).range(1..=100_000))]
    employees: i32,
    /// Number of weeks with shifts
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(i32).range(1..=520))]
    weeks: i32,
    /// The same seed makes the same organisation
    #[arg(long, default_value_t = 1)]
    seed: i64,
    /// First day, such as 2026-01-05 [default: Monday of this week]
    #[arg(long, value_name = "DATE")]
    start: Option<NaiveDate>,
}

const GENERATE: &str = "SELECT demo.generate(employees => $1, weeks => $2, seed => $3, start => $4)";

const REFRESH: &str = "
    SELECT count(*)
    FROM
        unnest((SELECT array_agg(status.view) FROM rota.view_status AS status)) AS known (view)
        CROSS JOIN LATERAL rota.refresh(known.view)";

/// Runs the verb: everything in one transaction, then the counts.
pub(super) async fn run(args: DemoArgs, settings: Settings) -> Result<(), Error> {
    let mut client = connect(&settings, SessionOptions::named("rota demo")).await?;
    let missing = migration::status(&client).await?.missing();
    if !missing.is_empty() {
        return Err(Error::NotCurrent(missing));
    }
    let transaction = client.transaction().await.map_err(refused)?;
    check_empty(&transaction).await?;
    let counts = generate(&transaction, &args).await?;
    transaction.commit().await.map_err(refused)?;
    settle(&client).await?;
    for (what, count) in counts {
        // Whoever closed standard output does not want the counts.
        let _ = writeln!(std::io::stdout(), "{}: {count}", what.replace('_', " "));
    }
    Ok(())
}

async fn check_empty(transaction: &Transaction<'_>) -> Result<(), Error> {
    // Against a second `rota demo` that looks at the same moment.
    transaction
        .batch_execute("LOCK TABLE workforce.employees IN SHARE ROW EXCLUSIVE MODE")
        .await
        .map_err(refused)?;
    let row =
        transaction.query_one("SELECT count(*) FROM workforce.employees", &[]).await.map_err(refused)?;
    match row.try_get(0).map_err(refused)? {
        0 => Ok(()),
        employees => Err(Error::DemoNotEmpty { employees }),
    }
}

/// Makes the generator, calls it and takes it away again. Gives what it counted.
async fn generate(transaction: &Transaction<'_>, args: &DemoArgs) -> Result<Map<String, Value>, Error> {
    for file in migration::demo() {
        let outcome = transaction.batch_execute(&file.text).await;
        outcome.map_err(|error| MigrationFault::refused(&file, &error))?;
    }
    let start = args.start.unwrap_or_else(|| monday(Utc::now().date_naive()));
    let row = transaction
        .query_one(GENERATE, &[&args.employees, &args.weeks, &args.seed, &start])
        .await
        .map_err(refused)?;
    let Json(counts) = row.try_get(0).map_err(refused)?;
    // The generator writes rows alone, so nothing but its own functions can hang on its schema.
    transaction
        .batch_execute("SET LOCAL client_min_messages = warning; DROP SCHEMA demo CASCADE")
        .await
        .map_err(refused)?;
    Ok(counts)
}

/// Brings the kept views up to date, and gives the planner its statistics and index-only scans their visibility map, so
/// that a first look is a fair one.
async fn settle(client: &Client) -> Result<(), Error> {
    client.batch_execute(REFRESH).await.map_err(refused)?;
    let query = "
        SELECT format('%I.%I', schemaname, tablename)
        FROM pg_catalog.pg_tables
        WHERE schemaname = 'workforce'";
    for row in client.query(query, &[]).await.map_err(refused)? {
        let table: String = row.try_get(0).map_err(refused)?;
        client.batch_execute(&format!("VACUUM (ANALYZE) {table}")).await.map_err(refused)?;
    }
    Ok(())
}

/// The Monday of the week of `day`.
fn monday(day: NaiveDate) -> NaiveDate {
    let past = u64::from(day.weekday().num_days_from_monday());
    day.checked_sub_days(Days::new(past)).unwrap_or(day)
}

fn refused(source: tokio_postgres::Error) -> Error {
    Error::database("refused the demonstration")(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_starts_on_monday() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(monday(day("2026-01-05")), day("2026-01-05"));
        assert_eq!(monday(day("2026-01-11")), day("2026-01-05"));
        assert_eq!(monday(day("2026-01-01")), day("2025-12-29"));
    }
}
