//! The extension `rota` in the database, at the version that this program belongs to.

use postgres_protocol::escape::{escape_identifier, escape_literal};
use tokio_postgres::Client;

use super::fault::MigrationFault;
use super::steps::Steps;
use crate::error::Error;

/// The version that belongs to this program: both are built from one workspace.
pub(super) const EXPECTED: &str = env!("CARGO_PKG_VERSION");

/// The extensions that the migrations stand on, with what installs their files.
const WANTED: [(&str, &str); 3] = [
    ("rota", "cargo xtask install"),
    ("btree_gist", "the server's contrib package (postgresql-contrib)"),
    ("pg_trgm", "the server's contrib package (postgresql-contrib)"),
];

/// The version in the database, if the extension is there.
pub(super) async fn installed(client: &Client) -> Result<Option<String>, Error> {
    let query = "SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'rota'";
    let row = client.query_opt(query, &[]).await.map_err(unreadable)?;
    row.map(|row| row.try_get(0)).transpose().map_err(unreadable)
}

/// Creates or updates the extension, after a look at whether the server has what it takes.
pub(super) async fn bring(client: &Client, steps: &mut Steps<'_>) -> Result<(), Error> {
    let statement = match installed(client).await? {
        Some(found) if found == EXPECTED => return Ok(()),
        Some(found) => {
            check_update_path(client, &found).await?;
            format!("ALTER EXTENSION rota UPDATE TO {}", escape_literal(EXPECTED))
        }
        None => {
            check_available(client).await?;
            format!("CREATE EXTENSION rota VERSION {}", escape_identifier(EXPECTED))
        }
    };
    steps
        .take(format!("extension rota {EXPECTED}"), client.batch_execute(&statement))
        .await
        .map_err(Error::database("refused the extension rota"))
}

/// Names the first extension whose files the server lacks.
async fn check_available(client: &Client) -> Result<(), Error> {
    let query = "
        SELECT EXISTS (
            SELECT FROM pg_catalog.pg_available_extension_versions AS available
            WHERE available.name = $1 AND (available.version = $2 OR $2 = '')
        )";
    for (extension, command) in WANTED {
        let version = if extension == "rota" { EXPECTED } else { "" };
        let row = client.query_one(query, &[&extension, &version]).await.map_err(unreadable)?;
        if !row.try_get::<_, bool>(0).map_err(unreadable)? {
            return Err(Error::Migration(MigrationFault::ExtensionMissing {
                extension: extension.to_owned(),
                version: version.to_owned(),
                command: command.to_owned(),
            }));
        }
    }
    Ok(())
}

/// Makes sure that the server knows how to come from `found` to the expected version.
async fn check_update_path(client: &Client, found: &str) -> Result<(), Error> {
    let query = "
        SELECT EXISTS (
            SELECT FROM pg_catalog.pg_extension_update_paths('rota') AS step
            WHERE step.source = $1 AND step.target = $2 AND step.path IS NOT NULL
        )";
    let row = client.query_one(query, &[&found, &EXPECTED]).await.map_err(unreadable)?;
    if row.try_get(0).map_err(unreadable)? {
        return Ok(());
    }
    Err(Error::Migration(MigrationFault::ExtensionPath {
        found: found.to_owned(),
        expected: EXPECTED.to_owned(),
    }))
}

fn unreadable(source: tokio_postgres::Error) -> Error {
    Error::database("does not show its extensions")(source)
}
