//! Counters on a primary, a streaming standby of it, and a proxy in front of each.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::proxy::Proxy;
use rota_tests::server::OwnServer;
use rota_tests::session::Session;

use super::super::stage::{self, follows, until_hit};
use crate::proxy::waiting::until;

/// How long a proxy waits for a standby here. Long enough for one that replays, on a busy machine.
const WAIT: (&str, &str) = ("ROTA_AFTER_WAIT_MS", "3000");

/// A function whose reads nobody knows.
const UNTOLD: &str = "
    CREATE FUNCTION untold_total() RETURNS json STABLE LANGUAGE plpgsql AS $$
    BEGIN
        RETURN (SELECT to_json(sum(value)::bigint) FROM counters);
    END $$;
    SELECT rota.expose('untold_total'::regproc, 'GET', '/untold_total');";

/// A primary and its standby. Proxies go first, then servers.
pub(super) struct Stage {
    /// The proxy that reads from the standby.
    pub(super) proxy: Proxy,
    /// The proxy of the primary.
    pub(super) writer: Proxy,
    /// On the primary.
    pub(super) session: Session,
    pub(super) database: Database,
    pub(super) standby: OwnServer,
    pub(super) primary: OwnServer,
}

impl Stage {
    pub(super) async fn new() -> Result<Self> {
        Self::announced_at(|primary, _| primary.url()).await
    }

    /// The same with announcements from the URL that is made of both databases, the primary's and the standby's.
    pub(super) async fn announced_at(url: impl FnOnce(&Database, &Database) -> String) -> Result<Self> {
        // A change reaches the standby once it is flushed: without waiting for that, some time after its commit.
        let mut primary = OwnServer::start(&[("synchronous_commit", "on")]).await?;
        let on_primary = stage::Stage::on(primary.migrated().await?).await?;
        on_primary.session.batch_execute(UNTOLD).await?;
        let standby = primary.standby().await?;
        let database = on_primary.database.clone();
        let on_standby = standby.database(database.name())?;
        let announcements = url(&database, &on_standby);
        let settings = [("ROTA_ANNOUNCEMENTS_URL", announcements.as_str()), WAIT];
        let proxy = Proxy::with_settings(&on_standby, &settings).await?;
        follows(&proxy, "ring").await?;
        until_hit(&proxy, "/counters/10").await?;
        let writer = on_primary.proxy().await?;
        Ok(Self { proxy, writer, session: on_primary.session, database, standby, primary })
    }

    /// One more proxy on the standby.
    pub(super) async fn proxy_on_standby(&self, settings: &[(&str, &str)]) -> Result<Proxy> {
        let database = self.standby.database(self.database.name())?;
        let settings: Vec<_> = settings.iter().copied().chain([WAIT]).collect();
        Proxy::with_settings(&database, &settings).await
    }

    /// Raises a counter on the primary without any proxy.
    pub(super) async fn raise(&self, counter: u32) -> Result<()> {
        let sql = format!("UPDATE counters SET value = value + 1 WHERE id = {counter}");
        Ok(self.session.batch_execute(&sql).await?)
    }

    /// Runs SQL on the primary, in a session of its own.
    pub(super) async fn on_primary(&self, sql: &str) -> Result<()> {
        Ok(self.database.session().await?.batch_execute(sql).await?)
    }

    /// From now on nothing more reaches the standby's data.
    pub(super) async fn pause_replay(&self) -> Result<()> {
        let session = self.on_standby().await?;
        session.batch_execute("SELECT pg_wal_replay_pause()").await?;
        until("the replay is paused", async || {
            Ok(session.text("SELECT pg_get_wal_replay_pause_state()").await? == "paused")
        })
        .await
    }

    /// The standby catches up.
    pub(super) async fn resume_replay(&self) -> Result<()> {
        Ok(self.on_standby().await?.batch_execute("SELECT pg_wal_replay_resume()").await?)
    }

    /// A session of the standby.
    pub(super) async fn on_standby(&self) -> Result<Session> {
        self.standby.database(self.database.name())?.session().await
    }
}
