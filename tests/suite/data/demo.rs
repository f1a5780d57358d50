//! A database with the demo organisation.

use anyhow::Result;
use rota_tests::database::Database;

use super::command::rota;

/// An organisation of some people for some weeks from a Monday, the same in every run.
pub(super) async fn organisation(employees: &str, weeks: &str, start: &str) -> Result<Database> {
    let database = Database::migrated().await?;
    let arguments = ["demo", "--employees", employees, "--weeks", weeks, "--seed", "7", "--start", start];
    rota(&database, &arguments).await?.lines()?;
    Ok(database)
}
