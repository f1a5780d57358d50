//! The house whose month is rostered, and what its rosters are worth by its tables alone.

use anyhow::{Context, Result};
use serde_json::Value;
use tokio_postgres::Client;

/// The schedule of the month; 1 is that of the week before.
pub(super) const SCHEDULE: &str = "2";

/// Makes the house, and the week before the month as somebody planned it.
pub(super) async fn make(session: &Client) -> Result<()> {
    session.batch_execute(include_str!("house.sql")).await?;
    let plan = r#"SELECT rota.generate_schedule('1', '{"commit": true, "time_ms": 3000}')"#;
    session.batch_execute(plan).await.context("the week before")?;
    session.batch_execute("VACUUM ANALYZE").await?;
    Ok(())
}

/// What the rows of the month say.
pub(super) struct Worth {
    /// Soft costs and missing heads, summed off the rows with the search's default weights.
    pub(super) cost: i64,
    /// Heads too few.
    pub(super) missing: i64,
    /// Violations that the tables' own judge finds.
    pub(super) violations: i64,
}

/// Reads the month off the tables, without the search.
pub(super) async fn worth(session: &Client) -> Result<Worth> {
    let row = session.query_one(include_str!("worth.sql"), &[]).await?;
    Ok(Worth { cost: row.get("cost"), missing: row.get("missing"), violations: row.get("violations") })
}

/// The JSON of a statement with one value.
pub(super) async fn json(session: &Client, statement: &str) -> Result<Value> {
    Ok(session.query_one(statement, &[]).await.with_context(|| statement.to_owned())?.get(0))
}
