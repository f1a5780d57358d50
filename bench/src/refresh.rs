//! Managed refresh against the server's own, and what tracking costs writers.

mod cost;
mod delay;
mod fixture;
mod writes;

use anyhow::{Context, Result};
use rota_harness::environment::Environment;

use crate::fixture::Fixture;
use crate::report::Report;

/// Measures all of it on one server.
pub(crate) async fn measure(environment: &Environment, report: &mut Report) -> Result<()> {
    let server = Fixture::bare(environment)?;
    let session = server.session().await?;
    let shifts = fixture::make(&session).await.context("making the tables")?;
    cost::measure(&session, shifts, report).await.context("refreshing")?;
    writes::in_bulk(&session, report).await.context("writing in bulk")?;
    writes::one_by_one(&server, &session, shifts, report).await.context("writing single rows")?;
    delay::measure(&server, &session, shifts, report).await.context("from commit to fresh")
}
