//! Template databases: made once per run, copied for every test.

use anyhow::{Context, Result, anyhow, bail};
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::server::{environment, shared_url};
use crate::session::Session;

/// What a new database begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// The extension and nothing else.
    Extension,
    /// Everything that `rota migrate` makes: extension, tables, views, API.
    Migrated,
}

impl Template {
    fn name(self) -> &'static str {
        match self {
            Self::Extension => "template_extension",
            Self::Migrated => "template_migrated",
        }
    }

    /// Name of the template database, which is made when the first test asks for it. A failure is
    /// kept: each test that needs the template tells it.
    pub(crate) async fn ready(self) -> Result<&'static str> {
        static EXTENSION: OnceCell<Result<(), String>> = OnceCell::const_new();
        static MIGRATED: OnceCell<Result<(), String>> = OnceCell::const_new();
        let cell = match self {
            Self::Extension => &EXTENSION,
            Self::Migrated => &MIGRATED,
        };
        let outcome =
            cell.get_or_init(|| async { self.make().await.map_err(|error| format!("{error:#}")) }).await;
        match outcome {
            Ok(()) => Ok(self.name()),
            Err(error) => Err(anyhow!("{error}")),
        }
    }

    async fn make(self) -> Result<()> {
        let name = self.name();
        let session = Session::connect(&shared_url("postgres")?).await?;
        session.batch_execute(&format!("CREATE DATABASE {name}")).await?;
        let url = shared_url(name)?;
        match self {
            Self::Extension => {
                Session::connect(&url).await?.batch_execute("CREATE EXTENSION rota").await?;
            }
            Self::Migrated => migrate(&url).await?,
        }
        // Nobody connects any more, autovacuum included: a template in use cannot be copied.
        session.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await?;
        session
            .execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1",
                &[&name],
            )
            .await?;
        Ok(())
    }
}

/// Runs `rota migrate`.
pub(crate) async fn migrate(url: &str) -> Result<()> {
    let binary = &environment()?.binary;
    let output = Command::new(binary)
        .arg("migrate")
        .env("ROTA_DATABASE_URL", url)
        .output()
        .await
        .with_context(|| format!("starting {}", binary.display()))?;
    if !output.status.success() {
        bail!(
            "rota migrate failed ({}):\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
