//! Rosters from the tables, through SQL: generated and written within the seconds that a person waits, held against a
//! minute of the same search; repaired after somebody dropped out, held against the fewest people that it takes.

mod generation;
mod house;
mod interruption;
mod memory;
mod repair;
mod take_over;

use anyhow::{Context, Result};
use rota_harness::environment::Environment;

use crate::fixture::Fixture;
use crate::report::Report;

/// Measures both.
pub(crate) async fn measure(environment: &Environment, report: &mut Report) -> Result<()> {
    let fixture = Fixture::bare(environment)?;
    fixture.rota(&["migrate"])?;
    let session = fixture.session().await?;
    house::make(&session).await.context("making the house")?;
    generation::measure(&session, report).await.context("generating")?;
    memory::measure(&session, report).await.context("generating again")?;
    repair::measure(&session, report).await.context("repairing")?;
    interruption::measure(&session, report).await.context("cancelling")
}
