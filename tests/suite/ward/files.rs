//! The files of the ward, and what is true of them.

use std::path::PathBuf;

use anyhow::{Context, Result};
use rota_tests::server::environment;
use serde_json::Value;

use crate::api::service::Service;

/// Import, file and number of rows, in the order in which they build on each other.
pub(super) const FILES: [(&str, &str, i64); 4] = [
    ("employees", "employees.csv", 50),
    ("shifts", "shifts.csv", 168),
    ("assignments", "assignments.csv", 800),
    ("time-off", "time_off.csv", 100),
];

/// The days of the ward's local calendar that its shifts begin on.
pub(super) const WINDOW: &str = "from_date=2026-10-05&to_date=2026-11-02";

/// Path of one of the files.
pub(super) fn path(file: &str) -> Result<PathBuf> {
    Ok(environment()?.project.join("tests/suite/ward/data").join(file))
}

/// Content of one of the files.
pub(super) fn content(file: &str) -> Result<Vec<u8>> {
    let path = path(file)?;
    std::fs::read(&path).with_context(|| format!("reading {}", path.display()))
}

/// What was computed independently.
pub(super) fn truth() -> Result<Value> {
    Ok(serde_json::from_slice(&content("truth.json")?)?)
}

/// A service with the ward in it, imported over HTTP.
pub(super) async fn ward() -> Result<Service> {
    let service = Service::start().await?;
    for (import, file, rows) in FILES {
        let report = service.import(import, &content(file)?).await?;
        anyhow::ensure!(report["inserted"] == rows && report["refused"] == 0, "{import}: {report}");
    }
    Ok(service)
}
