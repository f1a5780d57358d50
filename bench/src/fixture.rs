//! A cluster with the tables, an invented organisation, and a proxy in front.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use rota_harness::cluster::Cluster;
use rota_harness::environment::Environment;
use rota_harness::program;
use rota_harness::proxy::{ProxyOptions, ProxyProcess};
use tokio_postgres::{Client, NoTls};

/// The database that everything runs in.
const DATABASE: &str = "postgres";

/// The size of the invented organisation.
pub(crate) struct Organisation {
    /// People.
    pub(crate) employees: u32,
    /// Weeks of schedules.
    pub(crate) weeks: u32,
}

/// A private server, durable as in production, with data and statistics.
pub(crate) struct Fixture {
    cluster: Cluster,
    environment: Environment,
}

impl Fixture {
    /// Makes the tables and fills them.
    pub(crate) fn make(environment: &Environment, organisation: &Organisation) -> Result<Self> {
        let fixture = Self::bare(environment)?;
        fixture.rota(&["migrate"])?;
        fixture.rota(&[
            "demo",
            "--employees",
            &organisation.employees.to_string(),
            "--weeks",
            &organisation.weeks.to_string(),
        ])?;
        Ok(fixture)
    }

    /// Starts the server and leaves its database empty.
    pub(crate) fn bare(environment: &Environment) -> Result<Self> {
        let (account, run_folder) = environment.places()?;
        let settings = [
            // What a server of this size would be given. Everything that makes a commit durable stays on.
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("full_page_writes", "on"),
            ("shared_buffers", "1GB"),
            ("max_wal_size", "4GB"),
            ("shared_preload_libraries", "rota, pg_stat_statements"),
        ];
        let cluster = Cluster::start_disposable(&environment.server()?, &account, &run_folder, &settings)?;
        Ok(Self { cluster, environment: environment.clone() })
    }

    /// Runs a verb of `rota` on the database.
    pub(crate) fn rota(&self, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new(&self.environment.binary);
        command.args(arguments).env("ROTA_DATABASE_URL", self.url()).env("ROTA_LOG_FORMAT", "human");
        program::output_of(&mut command).with_context(|| format!("rota {}", arguments.join(" ")))?;
        Ok(())
    }

    /// A session of our own.
    pub(crate) async fn session(&self) -> Result<Client> {
        let (client, connection) = tokio_postgres::connect(&self.url(), NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// A proxy with its default settings, connected through the server's socket.
    pub(crate) fn proxy(&self) -> Result<ProxyProcess> {
        self.proxy_with(&[])
    }

    /// A proxy that answers every request from the database.
    pub(crate) fn proxy_without_cache(&self) -> Result<ProxyProcess> {
        self.proxy_with(&[("ROTA_CACHE_BYTES", "0")])
    }

    /// A proxy with further settings, by the names of their environment variables; it knows its endpoints when this
    /// returns.
    pub(crate) fn proxy_with(&self, settings: &[(&str, &str)]) -> Result<ProxyProcess> {
        let socket = self.cluster.socket_folder().display();
        let mut proxy = ProxyProcess::start(&ProxyOptions {
            binary: self.environment.binary.clone(),
            database_url: format!(
                "host={socket} port={} user=postgres dbname={DATABASE}",
                self.cluster.port()
            ),
            listen: None,
            admin_listen: None,
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            records: self.environment.places()?.1.proxies(),
            log: self.environment.places()?.1.logs().join("bench-proxy.log"),
        })?;
        proxy.wait_until_ready()?;
        Ok(proxy)
    }

    /// pgbench of the same installation, connected through the server's socket.
    pub(crate) fn pgbench(&self) -> Result<Command> {
        let mut command = Command::new(self.environment.server()?.program("pgbench"));
        command
            .env("PGHOST", self.cluster.socket_folder())
            .env("PGPORT", self.cluster.port().to_string())
            .env("PGUSER", "postgres")
            .env("PGDATABASE", DATABASE);
        Ok(command)
    }

    /// Connection URL, for sessions and for `rota`.
    pub(crate) fn url(&self) -> String {
        self.cluster.url(DATABASE)
    }

    /// Where this run may write files of its own.
    pub(crate) fn folder(&self) -> &Path {
        self.cluster.socket_folder()
    }
}
