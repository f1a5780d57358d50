//! A proxy of a test's own.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use http::{Method, StatusCode};
use rota_harness::proxy::{ProxyOptions, ProxyProcess};
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::database::Database;
use crate::http::{Call, Response, send};
use crate::server::environment;

/// A proxy in front of one database. It is stopped when the value is dropped.
pub struct Proxy {
    process: ProxyProcess,
    // Declared last, so that the proxy is gone before its database.
    _database: Option<Database>,
}

impl Proxy {
    /// Starts a proxy with the settings it has by itself, but that it refreshes no views: what it sends besides its
    /// calls would disturb tests that count.
    pub async fn on(database: &Database) -> Result<Self> {
        Self::with_settings(database, &[]).await
    }

    /// Waits until it has read its endpoints: a proxy listens before that.
    pub async fn until_ready(self) -> Result<Self> {
        while self.admin("/ready").await?.status != StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(self)
    }

    /// Starts a proxy with further settings, by the names of their environment variables.
    pub async fn with_settings(database: &Database, settings: &[(&str, &str)]) -> Result<Self> {
        let proxy = Self::with_url(&database.url(), settings).await?;
        Ok(Self { _database: Some(database.clone()), ..proxy })
    }

    /// Starts a proxy for a connection URL, which need not lead anywhere.
    pub async fn with_url(url: &str, settings: &[(&str, &str)]) -> Result<Self> {
        static COUNTER: AtomicU32 = AtomicU32::new(1);
        let environment = environment()?;
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let (_, run_folder) = environment.places()?;
        let options = ProxyOptions {
            binary: environment.binary.clone(),
            database_url: url.to_owned(),
            listen: None,
            admin_listen: None,
            // Looking for jobs and for stale views is traffic of its own; tests about them ask for it.
            settings: [("ROTA_JOB_RUNNERS", "0"), ("ROTA_REFRESH_VIEWS", "false")]
                .iter()
                .chain(settings)
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            log: run_folder.logs().join(format!("proxies/{count}.log")),
            records: run_folder.proxies(),
        };
        let process = spawn_blocking(move || ProxyProcess::start(&options)).await??;
        Ok(Self { process, _database: None })
    }

    /// Address for requests.
    pub fn address(&self) -> SocketAddr {
        self.process.listen()
    }

    /// Address for operators.
    pub fn admin_address(&self) -> SocketAddr {
        self.process.admin_listen()
    }

    /// The process, for signals and its log.
    pub fn process(&mut self) -> &mut ProxyProcess {
        &mut self.process
    }

    /// Sends any request.
    pub async fn send(&self, call: &Call) -> Result<Response> {
        send(self.address(), call).await
    }

    /// `GET` of a path with its query.
    pub async fn get(&self, target: &str) -> Result<Response> {
        self.send(&Call::new(Method::GET, target)).await
    }

    /// `POST` of JSON.
    pub async fn post(&self, target: &str, body: &Value) -> Result<Response> {
        self.send(&Call::new(Method::POST, target).json(body)).await
    }

    /// `PATCH` of JSON.
    pub async fn patch(&self, target: &str, body: &Value) -> Result<Response> {
        self.send(&Call::new(Method::PATCH, target).json(body)).await
    }

    /// `DELETE` of a path.
    pub async fn delete(&self, target: &str) -> Result<Response> {
        self.send(&Call::new(Method::DELETE, target)).await
    }

    /// `GET` from the operators' address.
    pub async fn admin(&self, target: &str) -> Result<Response> {
        send(self.admin_address(), &Call::new(Method::GET, target)).await
    }

    /// Its log so far, one JSON object per line.
    pub fn log(&self) -> Result<Vec<Value>> {
        let log = self.process.log();
        log.lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("no JSON in the log: {line}")))
            .collect()
    }
}
