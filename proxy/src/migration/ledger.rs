//! What the database remembers of earlier runs: schema `rota_migration`.
//!
//! `history` is refinery's own table, made here so that everybody may read it: the proxy's role looks whether
//! the database is ready. `programs` has one row, about the last application of views and functions. What
//! belongs to an index stands in the index's own comment.

use tokio_postgres::Client;

use crate::error::Error;

/// Refinery's table.
pub(super) const HISTORY_TABLE: &str = "rota_migration.history";

const CREATE: &str = "
    CREATE SCHEMA IF NOT EXISTS rota_migration;
    COMMENT ON SCHEMA rota_migration IS 'What rota migrate has applied. Written by that command alone.';
    CREATE TABLE IF NOT EXISTS rota_migration.history (
        version int4 PRIMARY KEY,
        name varchar(255),
        applied_on varchar(255),
        checksum varchar(255)
    );
    COMMENT ON TABLE rota_migration.history IS 'The applied migrations, as refinery writes them.';
    CREATE TABLE IF NOT EXISTS rota_migration.programs (
        only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT programs_has_one_row CHECK (only_row),
        checksum text NOT NULL,
        views text[] NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE rota_migration.programs IS
        'The last application of sql/views and sql/api: checksum of the files, and the views they made.';
    GRANT USAGE ON SCHEMA rota_migration TO PUBLIC;
    GRANT SELECT ON rota_migration.history, rota_migration.programs TO PUBLIC";

/// One applied migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Applied {
    /// Number of the migration.
    pub(super) version: i32,
    /// Its name without number and ending.
    pub(super) name: String,
    /// Refinery's checksum over number, name and text.
    pub(super) checksum: String,
}

/// The last application of the programs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Programs {
    /// Checksum of the files.
    pub(super) checksum: String,
    /// The views that they made, as `VIEW schema.name` or `MATERIALIZED VIEW schema.name`, in order of
    /// creation.
    pub(super) views: Vec<String>,
}

/// Makes the schema if it is not there.
pub(super) async fn create(client: &Client) -> Result<(), Error> {
    if exists(client, "rota_migration.programs").await? {
        return Ok(());
    }
    client.batch_execute(CREATE).await.map_err(Error::database("refused the schema rota_migration"))
}

/// Every applied migration, by number. None if the database was never migrated.
pub(super) async fn history(client: &Client) -> Result<Vec<Applied>, Error> {
    if !exists(client, HISTORY_TABLE).await? {
        return Ok(Vec::new());
    }
    let query = "SELECT version, name, checksum FROM rota_migration.history ORDER BY version";
    let rows = client.query(query, &[]).await.map_err(unreadable)?;
    rows.iter()
        .map(|row| {
            Ok(Applied {
                version: row.try_get("version").map_err(unreadable)?,
                name: row.try_get("name").map_err(unreadable)?,
                checksum: row.try_get("checksum").map_err(unreadable)?,
            })
        })
        .collect()
}

/// The last application of the programs; empty if there was none.
pub(super) async fn programs(client: &Client) -> Result<Programs, Error> {
    if !exists(client, "rota_migration.programs").await? {
        return Ok(Programs::default());
    }
    let query = "SELECT checksum, views FROM rota_migration.programs";
    match client.query_opt(query, &[]).await.map_err(unreadable)? {
        Some(row) => Ok(Programs {
            checksum: row.try_get("checksum").map_err(unreadable)?,
            views: row.try_get("views").map_err(unreadable)?,
        }),
        None => Ok(Programs::default()),
    }
}

async fn exists(client: &Client, table: &str) -> Result<bool, Error> {
    let row = client
        .query_one("SELECT pg_catalog.to_regclass($1) IS NOT NULL", &[&table])
        .await
        .map_err(unreadable)?;
    row.try_get(0).map_err(unreadable)
}

fn unreadable(source: tokio_postgres::Error) -> Error {
    Error::database("does not show what was migrated")(source)
}
