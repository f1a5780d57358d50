//! What a command tells the suite and the benchmarks it starts.
//!
//! The names begin with `HARNESS_`: `ROTA_*` belongs to the proxy's own settings.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::account::ServerAccount;
use crate::private_server::PrivateServer;
use crate::run_folder::RunFolder;

const PROJECT: &str = "HARNESS_PROJECT";
const PG_CONFIG: &str = "HARNESS_PG_CONFIG";
const BINARY: &str = "HARNESS_BINARY";
const CLUSTER_PORT: &str = "HARNESS_CLUSTER_PORT";

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Root of the project.
    pub project: PathBuf,
    /// `pg_config` of the private server, which has the extension.
    pub pg_config: PathBuf,
    /// The `rota` program.
    pub binary: PathBuf,
    /// Port of the cluster that the command started and will stop, if it started one.
    pub cluster_port: Option<u16>,
}

impl Environment {
    /// Tells a process that is about to start.
    pub fn export(&self, command: &mut Command) {
        command
            .env(PROJECT, &self.project)
            .env(PG_CONFIG, &self.pg_config)
            .env(BINARY, &self.binary)
            .env_remove(CLUSTER_PORT)
            .envs(self.cluster_port.map(|port| (CLUSTER_PORT, port.to_string())));
    }

    /// What we were told. Fails with the name of what is missing.
    pub fn from_process() -> Result<Self> {
        let cluster_port = match std::env::var(CLUSTER_PORT) {
            Ok(text) => Some(text.parse().with_context(|| format!("{CLUSTER_PORT} is no port: {text}"))?),
            Err(_) => None,
        };
        Ok(Self { project: path(PROJECT)?, pg_config: path(PG_CONFIG)?, binary: path(BINARY)?, cluster_port })
    }

    /// The private server.
    pub fn server(&self) -> Result<PrivateServer> {
        PrivateServer::at(&self.pg_config)
    }

    /// The account and the run folder for clusters of our own.
    pub fn places(&self) -> Result<(ServerAccount, RunFolder)> {
        let account = ServerAccount::choose()?;
        let run_folder = RunFolder::open(&self.project, &account)?;
        Ok((account, run_folder))
    }
}

fn path(name: &str) -> Result<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).with_context(|| {
        format!("{name} is not set: start this with `cargo xtask test` or `cargo xtask bench`")
    })
}
