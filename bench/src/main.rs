//! What we measure and against whom.
//!
//! Each measurement runs its twin in the same run and reports the ratio first, the absolute figures second. Started by
//! `cargo xtask bench`, which builds everything in release and tells where it is.

mod cache;
mod endpoints;
mod fixture;
mod guard;
mod hours;
mod http;
mod import;
mod invalidation;
mod machine;
mod one_row_read;
mod quantile;
mod rate;
mod refresh;
mod report;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use rota_harness::environment::Environment;

use crate::report::Report;

#[derive(Parser)]
#[command(about = "Measures Rota against its twins")]
struct Arguments {
    /// What to measure; everything when left out.
    measurements: Vec<Measurement>,
    /// Also write the report to this file.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measurement {
    /// One row through the proxy against pgbench on the same statement.
    OneRowRead,
    /// Answers from memory against nginx, misses against pgbench, invalidation, memory, a mixed load.
    Cache,
    /// A file of 100,000 assignments against a loop of single-row inserts.
    Import,
    /// Writes to a watched table against the same unwatched, and the way of a commit to a reader.
    Invalidation,
    /// The five reads of the shift manager on 10,000 employees and 400,000 assignments.
    Endpoints,
    /// The guard against a unique B-tree and an exclusion constraint, and the search for all overlaps.
    Guard,
    /// Hours of a million shifts against inline SQL expressions.
    Hours,
    /// Managed refresh of a rollup of a million shifts against REFRESH, and what tracking costs writers.
    Refresh,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let environment = Environment::from_process()?;
    let wanted =
        |measurement| arguments.measurements.is_empty() || arguments.measurements.contains(&measurement);

    let mut report = Report::new(machine::describe(&environment)?);
    if wanted(Measurement::OneRowRead) {
        one_row_read::measure(&environment, &mut report).await.context("measuring a one-row read")?;
    }
    if wanted(Measurement::Cache) {
        cache::measure(&environment, &mut report).await.context("measuring the cache")?;
    }
    if wanted(Measurement::Import) {
        import::measure(&environment, &mut report).await.context("measuring the import")?;
    }
    if wanted(Measurement::Endpoints) {
        endpoints::measure(&environment, &mut report).await.context("measuring the endpoints")?;
    }
    if wanted(Measurement::Guard) {
        guard::measure(&environment, &mut report).await.context("measuring the guard")?;
    }
    if wanted(Measurement::Hours) {
        hours::measure(&environment, &mut report).await.context("measuring hours")?;
    }
    if wanted(Measurement::Refresh) {
        refresh::measure(&environment, &mut report).await.context("measuring managed refresh")?;
    }
    if wanted(Measurement::Invalidation) {
        invalidation::measure(&environment, &mut report).await.context("measuring invalidation")?;
    }
    report.print();
    if let Some(file) = arguments.record {
        std::fs::write(&file, report.to_string()).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}
