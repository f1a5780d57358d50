//! The command line: six verbs over one set of settings.

mod demo;
mod import;
mod job;
mod migrate;
mod serve;
mod zones;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::{EverywhereFlags, Fault, Layers, Settings};
use crate::error::Error;
use crate::observe;

/// Workforce scheduling in Postgres: the proxy in front of the database, and the care of the database.
#[derive(Debug, Parser)]
#[command(name = "rota", version, propagate_version = true)]
pub struct Cli {
    /// The settings file (TOML), below environment and flags.
    #[arg(long, global = true, env = "ROTA_CONFIG", value_name = "FILE", help_heading = "Settings")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: EverywhereFlags,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve the functions of the database over HTTP.
    Serve(serve::ServeArgs),
    /// Bring the database to this program's level: migrations, indexes, views, functions.
    Migrate(migrate::MigrateArgs),
    /// Load a CSV file into the database.
    Import(import::ImportArgs),
    /// Fill an empty database with a demonstration organisation.
    Demo(demo::DemoArgs),
    /// Submit a search for a roster as a job, and follow it.
    Job(job::JobArgs),
    /// Compare the time zones of this machine with those of the database.
    Zones,
}

impl Cli {
    /// Reads all layers of settings, starts the log and runs the verb to its end.
    pub fn run(self) -> Result<(), Error> {
        let (settings, layers) = self.settings()?;
        observe::log::start(&settings)?;
        if let Verb::Serve(args) = self.verb {
            return serve::run(&args, &layers, settings);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Start(error.to_string()))?;
        runtime.block_on(async {
            match self.verb {
                Verb::Serve(_) => Ok(()),
                Verb::Migrate(args) => migrate::run(args, settings).await,
                Verb::Import(args) => import::run(args, settings).await,
                Verb::Demo(args) => demo::run(args, settings).await,
                Verb::Job(args) => job::run(args, settings).await,
                Verb::Zones => zones::run(settings).await,
            }
        })
    }

    fn settings(&self) -> Result<(Settings, Layers), Error> {
        let mut layers = Layers::default();
        let mut faults: Vec<Fault> = Vec::new();
        if let Some(path) = &self.config {
            layers.put_file(path, &mut faults);
        }
        let variables = std::env::vars_os();
        layers.put_variables(
            variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
            &mut faults,
        );
        self.flags.put(&mut layers);
        if let Verb::Serve(args) = &self.verb {
            args.flags.put(&mut layers);
        }
        let settings = Settings::gather(&layers, faults).map_err(Error::Settings)?;
        Ok((settings, layers))
    }
}
