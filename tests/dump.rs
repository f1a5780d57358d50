//! A database's way through pg_dump.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncWriteExt;
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

/// Dumps one database and restores it into another, statement by statement, with a statement of somebody else's
/// before each trigger that is made.
pub async fn copy_among_others(from: &Database, to: &Database, meanwhile: &str) -> Result<()> {
    let server = environment()?.server()?;
    let dumped = Command::new(server.program("pg_dump"))
        .arg("--no-password")
        .arg(from.url())
        .output()
        .await
        .context("starting pg_dump")?;
    ensure!(dumped.status.success(), "pg_dump: {}", String::from_utf8_lossy(&dumped.stderr));
    let text = String::from_utf8(dumped.stdout).context("the dump is no text")?;
    let text = text.replace("\nCREATE TRIGGER ", &format!("\n{meanwhile};\nCREATE TRIGGER "));
    let mut restoring = Command::new(server.program("psql"))
        .args(["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"])
        .arg("--dbname")
        .arg(to.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("starting psql")?;
    let mut input = restoring.stdin.take().context("psql has no input")?;
    // Its messages are few: it is never held up by them while it reads.
    let written = input.write_all(text.as_bytes()).await;
    drop(input);
    let restored = restoring.wait_with_output().await?;
    ensure!(restored.status.success(), "psql: {}", String::from_utf8_lossy(&restored.stderr));
    written.context("writing to psql")
}
