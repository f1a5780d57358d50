//! The program `rota`, run to its end.

use std::process::ExitStatus;

use anyhow::{Context, Result, ensure};
use rota_tests::database::Database;
use rota_tests::server::environment;
use tokio::process::Command;

/// How a run ended, and what it said.
pub(super) struct Run {
    pub(super) status: ExitStatus,
    pub(super) standard_output: String,
    pub(super) standard_error: String,
}

impl Run {
    /// Its lines on standard output. Fails when the run failed.
    pub(super) fn lines(&self) -> Result<Vec<&str>> {
        ensure!(self.status.success(), "failed ({}): {}", self.status, self.standard_error);
        Ok(self.standard_output.lines().collect())
    }

    /// What it said when it was refused. Fails when it was not, or died of something else.
    pub(super) fn refusal(&self) -> Result<&str> {
        ensure!(self.status.code() == Some(1), "not refused ({}): {}", self.status, self.standard_output);
        Ok(&self.standard_error)
    }
}

/// Runs a verb on a database.
pub(super) async fn rota(database: &Database, arguments: &[&str]) -> Result<Run> {
    let binary = &environment()?.binary;
    let output = Command::new(binary)
        .args(arguments)
        .env("ROTA_DATABASE_URL", database.url())
        .output()
        .await
        .with_context(|| format!("starting {}", binary.display()))?;
    Ok(Run {
        status: output.status,
        standard_output: String::from_utf8(output.stdout)?,
        standard_error: String::from_utf8(output.stderr)?,
    })
}
