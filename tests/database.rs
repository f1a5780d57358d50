//! A database of a test's own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;

use anyhow::Result;
use rota_harness::cluster;
use tokio::runtime;

use crate::server::{shared_port, shared_url};
use crate::session::Session;
use crate::template::Template;

/// A database. It is dropped when the value is, and every session and proxy on it.
#[derive(Clone)]
pub struct Database {
    shared: Arc<Existence>,
}

/// What exists until the last user of the database is gone.
struct Existence {
    name: String,
    port: u16,
    // On a test's own server there is nothing to drop: the server goes.
    is_shared: bool,
}

impl Database {
    /// A database with the extension and nothing else.
    pub async fn with_extension() -> Result<Self> {
        Self::copy_of(Template::Extension).await
    }

    /// A database with everything that `rota migrate` makes.
    pub async fn migrated() -> Result<Self> {
        Self::copy_of(Template::Migrated).await
    }

    /// An empty database, to migrate or to fill.
    pub async fn empty() -> Result<Self> {
        Self::create("template0").await
    }

    async fn copy_of(template: Template) -> Result<Self> {
        Self::create(template.ready().await?).await
    }

    async fn create(template: &str) -> Result<Self> {
        static COUNTER: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", COUNTER.fetch_add(1, Ordering::Relaxed));
        let session = Session::connect(&shared_url("postgres")?).await?;
        session.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
        Ok(Self { shared: Arc::new(Existence { name, port: shared_port()?, is_shared: true }) })
    }

    pub(crate) fn on_own_server(port: u16, name: &str) -> Self {
        Self { shared: Arc::new(Existence { name: name.to_owned(), port, is_shared: false }) }
    }

    /// Name of the database.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Connection URL, as the superuser.
    pub fn url(&self) -> String {
        cluster::url(self.shared.port, &self.shared.name)
    }

    /// Connection URL as another role, which has to exist. No role has a password.
    pub fn url_as(&self, role: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{}", self.shared.port, self.shared.name)
    }

    /// A new session, as the superuser.
    pub async fn session(&self) -> Result<Session> {
        Ok(Session::connect(&self.url()).await?.on(self))
    }

    /// A new session as another role.
    pub async fn session_as(&self, role: &str) -> Result<Session> {
        Ok(Session::connect(&self.url_as(role)).await?.on(self))
    }
}

impl Drop for Existence {
    fn drop(&mut self) {
        if self.is_shared {
            let remover = REMOVER.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody listens when the remover could not start; the cluster goes soon anyway.
            drop(remover.send(self.name.clone()));
        }
    }
}

/// Databases to drop. A value is dropped in a place that cannot wait, so a thread does it.
static REMOVER: LazyLock<Mutex<Sender<String>>> = LazyLock::new(|| {
    let (sender, names) = channel::<String>();
    thread::spawn(move || -> Result<()> {
        runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            let session = Session::connect(&shared_url("postgres")?).await?;
            for name in names {
                session.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await?;
            }
            Ok(())
        })
    });
    Mutex::new(sender)
});
