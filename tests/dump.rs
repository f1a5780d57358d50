//! A database's way through pg_dump.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::database::Database;
use crate::server::environment;

/// Dumps one database with the server's own programs and restores it into another.
pub async fn copy(from: &Database, to: &Database) -> Result<()> {
    let server = environment()?.server()?;
    let mut dump = Command::new(server.program("pg_dump"))
        .arg("--no-password")
        .arg(from.url())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting pg_dump")?;
    let text: Stdio = dump.stdout.take().context("pg_dump has no output")?.try_into()?;
    let restored = Command::new(server.program("psql"))
        .args(["--no-psqlrc", "--quiet", "--no-password", "--single-transaction", "--set=ON_ERROR_STOP=1"])
        .arg("--dbname")
        .arg(to.url())
        .stdin(text)
        .stdout(Stdio::null())
        .output()
        .await
        .context("starting psql")?;
    ensure!(restored.status.success(), "psql: {}", String::from_utf8_lossy(&restored.stderr));
    ensure!(dump.wait().await?.success(), "pg_dump failed");
    Ok(())
}
