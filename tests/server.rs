//! The servers that databases are made on.

use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow};
use rota_harness::cluster::{self, Cluster};
use rota_harness::environment::Environment;
use tokio::task::spawn_blocking;

use crate::database::Database;
use crate::session::Session;
use crate::template::migrate;

/// Where the programs and the shared cluster are.
pub fn environment() -> Result<&'static Environment> {
    static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();
    ENVIRONMENT
        .get_or_init(|| Environment::from_process().map_err(|error| format!("{error:#}")))
        .as_ref()
        .map_err(|error| anyhow!("{error}"))
}

/// Port of the cluster that all tests share.
pub fn shared_port() -> Result<u16> {
    environment()?.cluster_port.context("no cluster was started: use `cargo xtask test`")
}

/// Connection URL of a database on the shared cluster.
pub(crate) fn shared_url(database: &str) -> Result<String> {
    Ok(cluster::url(shared_port()?, database))
}

/// A cluster of a test's own, to stop, crash and pause. It is removed when the value is dropped.
pub struct OwnServer {
    cluster: Option<Cluster>,
}

impl OwnServer {
    /// Starts one with further server settings, such as `[("max_connections", "10")]`.
    pub async fn start(settings: &'static [(&'static str, &'static str)]) -> Result<Self> {
        let environment = environment()?;
        let cluster = spawn_blocking(move || {
            let (account, run_folder) = environment.places()?;
            Cluster::start_disposable(&environment.server()?, &account, &run_folder, settings)
        })
        .await??;
        Ok(Self { cluster: Some(cluster) })
    }

    /// Starts a streaming standby of this server, which looks for its primary several times a second.
    pub async fn standby(&mut self) -> Result<Self> {
        let (_, run_folder) = environment()?.places()?;
        let settings = [("wal_retrieve_retry_interval", "100ms")];
        let standby = self.change(move |primary| primary.start_standby(&run_folder, &settings)).await?;
        Ok(Self { cluster: Some(standby) })
    }

    /// A database that this server has, such as a standby has those of its primary.
    pub fn database(&self, name: &str) -> Result<Database> {
        Ok(Database::on_own_server(self.cluster()?.port(), name))
    }

    /// A new database with everything that `rota migrate` makes.
    pub async fn migrated(&self) -> Result<Database> {
        let port = self.cluster()?.port();
        let name = "migrated";
        let session = Session::connect(&cluster::url(port, "postgres")).await?;
        session.batch_execute(&format!("CREATE DATABASE {name}")).await?;
        migrate(&cluster::url(port, name)).await?;
        Ok(Database::on_own_server(port, name))
    }

    /// A new database with the extension and nothing else.
    pub async fn with_extension(&self) -> Result<Database> {
        let port = self.cluster()?.port();
        let name = "extended";
        let session = Session::connect(&cluster::url(port, "postgres")).await?;
        session.batch_execute(&format!("CREATE DATABASE {name}")).await?;
        Session::connect(&cluster::url(port, name)).await?.batch_execute("CREATE EXTENSION rota").await?;
        Ok(Database::on_own_server(port, name))
    }

    /// The cluster, for what happens at once: [`Cluster::pause`], [`Cluster::resume`].
    pub fn cluster(&self) -> Result<&Cluster> {
        self.cluster.as_ref().context("the last change of the server failed")
    }

    /// Stops the server in order.
    pub async fn stop(&mut self) -> Result<()> {
        self.change(Cluster::stop).await
    }

    /// Ends the server as a crash would.
    pub async fn crash(&mut self) -> Result<()> {
        self.change(Cluster::crash).await
    }

    /// Starts the server again, on the same port.
    pub async fn start_again(&mut self) -> Result<()> {
        self.change(Cluster::start_again).await
    }

    /// These wait for a process, so they get a thread of their own.
    async fn change<T: Send + 'static>(
        &mut self,
        change: impl FnOnce(&mut Cluster) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let mut cluster = self.cluster.take().context("the last change of the server failed")?;
        let (cluster, outcome) = spawn_blocking(move || {
            let outcome = change(&mut cluster);
            (cluster, outcome)
        })
        .await?;
        self.cluster = Some(cluster);
        outcome
    }
}
