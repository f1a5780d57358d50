//! What we measure and against whom.
//!
//! Each measurement runs its twin in the same run and reports the ratio first, the absolute figures second. Started by
//! `cargo xtask bench`, which builds everything in release and tells where it is.

mod cache;
mod compliance;
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
mod rosters;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use rota_harness::environment::Environment;

use crate::machine::Machine;
use crate::report::Report;

#[derive(Parser)]
#[command(about = "Measures Rota against its twins")]
struct Arguments {
    /// What to measure; everything when left out.
    measurements: Vec<Measurement>,
    /// Also write what was measured into this folder: a folder for each version of the server, a file for each
    /// measurement.
    #[arg(long, value_name = "FOLDER")]
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
    /// Rules over everybody's duties against reading them, and at each write against writing.
    Compliance,
    /// A month of 50 people generated and repaired through SQL against a minute of the same search.
    Rosters,
    /// Managed refresh of a rollup of a million shifts against REFRESH, and what tracking costs writers.
    Refresh,
}

impl Measurement {
    /// The word for it on the command line, which is also the name of its file.
    fn name(self) -> Result<String> {
        let value = self.to_possible_value().context("every measurement has a word")?;
        Ok(value.get_name().to_owned())
    }

    async fn measure(self, environment: &Environment, report: &mut Report) -> Result<()> {
        match self {
            Self::OneRowRead => one_row_read::measure(environment, report).await,
            Self::Cache => cache::measure(environment, report).await,
            Self::Import => import::measure(environment, report).await,
            Self::Endpoints => endpoints::measure(environment, report).await,
            Self::Guard => guard::measure(environment, report).await,
            Self::Hours => hours::measure(environment, report).await,
            Self::Compliance => compliance::measure(environment, report).await,
            Self::Rosters => rosters::measure(environment, report).await,
            Self::Refresh => refresh::measure(environment, report).await,
            Self::Invalidation => invalidation::measure(environment, report).await,
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let environment = Environment::from_process()?;
    let machine = Machine::describe(&environment);
    let wanted = if arguments.measurements.is_empty() {
        Measurement::value_variants()
    } else {
        &arguments.measurements
    };
    for &measurement in wanted {
        let name = measurement.name()?;
        let mut report = Report::new(name.clone(), &machine);
        let measured = measurement.measure(&environment, &mut report).await;
        // What was measured before a failure is shown too: a run takes minutes.
        report.print();
        measured.with_context(|| format!("measuring {name}"))?;
        if let Some(folder) = &arguments.record {
            report.record(&folder.join(&machine.server_folder))?;
        }
    }
    Ok(())
}
