//! The guard against the same table without it, and against an exclusion constraint.

mod bulk;
mod overlaps;
mod single_rows;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rota_harness::environment::Environment;
use tokio_postgres::Client;

use crate::fixture::Fixture;
use crate::quantile::median;
use crate::report::Report;

/// A guarded table, one with nothing but the unique B-tree that the guard looks into, and one with
/// an exclusion constraint.
const TABLES: &str = "
    CREATE EXTENSION rota;
    CREATE EXTENSION btree_gist;
    CREATE TABLE guarded (person integer NOT NULL, during tstzrange NOT NULL);
    CREATE TABLE plain (LIKE guarded INCLUDING ALL);
    CREATE TABLE excluded (LIKE guarded INCLUDING ALL);
    CREATE UNIQUE INDEX ON guarded (person, lower(during));
    CREATE UNIQUE INDEX ON plain (person, lower(during));
    ALTER TABLE excluded ADD EXCLUDE USING gist (person WITH =, during WITH &&);
    SELECT rota.guard_overlaps('guarded', 'person', 'during')";

/// Measures all of it on one server.
pub(crate) async fn measure(environment: &Environment, report: &mut Report) -> Result<()> {
    let fixture = Fixture::bare(environment)?;
    let session = fixture.session().await?;
    session.batch_execute(TABLES).await.context("making the tables")?;
    bulk::whole_table(&session, report).await.context("a whole table")?;
    bulk::batch(&session, report).await.context("a batch")?;
    single_rows::many_people(&fixture, &session, report).await.context("single rows of many people")?;
    single_rows::two_people(&fixture, &session, report).await.context("single rows of two people")?;
    overlaps::measure(&session, report).await.context("all overlaps")
}

/// How long a statement takes, in seconds.
async fn seconds(session: &Client, statement: &str) -> Result<f64> {
    let begun = Instant::now();
    session.batch_execute(statement).await.with_context(|| statement.to_owned())?;
    Ok(begun.elapsed().as_secs_f64())
}

/// The middle of some times, for people.
fn middle(seconds: &[f64]) -> Duration {
    Duration::from_secs_f64(median(seconds.to_vec()))
}
