//! A proxy in front of functions of the test's own.

use anyhow::{Context, Result};
use rota_tests::database::Database;
use rota_tests::proxy::Proxy;
use rota_tests::session::Session;
use tokio::task::JoinHandle;

use super::waiting::until;

/// Functions that many tests need. Labelled as they must be to be reachable by GET, whatever they do.
///
/// - `gate()` waits until nobody holds the advisory lock 1, then answers the backend's process id.
/// - `backend()` answers that id at once.
/// - `nap(seconds)` sleeps.
pub(super) const FUNCTIONS: &str = "
    CREATE FUNCTION gate() RETURNS json STABLE LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(1);
        RETURN to_json(pg_backend_pid());
    END $$;
    CREATE FUNCTION backend() RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(pg_backend_pid())';
    CREATE FUNCTION nap(seconds double precision) RETURNS json STABLE LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_sleep(seconds);
        RETURN to_json(seconds);
    END $$;
    SELECT rota.expose('gate'::regproc, 'GET', '/gate');
    SELECT rota.expose('backend'::regproc, 'GET', '/backend');
    SELECT rota.expose('nap'::regproc, 'GET', '/nap');";

/// Database, session and proxy of one test. The proxy goes first.
pub(super) struct Stage {
    pub(super) proxy: Proxy,
    pub(super) session: Session,
    pub(super) database: Database,
}

impl Stage {
    /// Runs `sql` on a new database with the extension and starts a proxy in front of it.
    pub(super) async fn new(sql: &str) -> Result<Self> {
        Self::with_settings(sql, &[]).await
    }

    /// The same with settings of the proxy, by the names of their environment variables.
    pub(super) async fn with_settings(sql: &str, settings: &[(&str, &str)]) -> Result<Self> {
        let database = Database::with_extension().await?;
        let session = database.session().await?;
        session.batch_execute(sql).await?;
        let proxy = Proxy::with_settings(&database, settings).await?;
        serves(&proxy).await?;
        Ok(Self { proxy, session, database })
    }

    /// Closes the gate until [`Stage::open_gate`].
    pub(super) async fn close_gate(&self) -> Result<()> {
        Ok(self.session.batch_execute("SELECT pg_advisory_lock(1)").await?)
    }

    /// Opens the gate.
    pub(super) async fn open_gate(&self) -> Result<()> {
        Ok(self.session.batch_execute("SELECT pg_advisory_unlock_all()").await?)
    }

    /// Asks for a path in a task of its own.
    pub(super) fn ask(&self, target: &str) -> JoinHandle<Result<rota_tests::http::Response>> {
        let (address, target) = (self.proxy.address(), target.to_owned());
        tokio::spawn(async move {
            let call = rota_tests::http::Call::new(http::Method::GET, &target);
            rota_tests::http::send(address, &call).await
        })
    }

    /// Waits until as many calls of the proxy's pool are running in the server.
    pub(super) async fn runs(&self, calls: usize) -> Result<()> {
        let wanted = calls.to_string();
        let sql = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'rota' AND state = 'active'";
        until(&format!("{calls} calls run"), async || Ok(self.session.text(sql).await? == wanted)).await
    }

    /// The process id that a function answers.
    pub(super) async fn backend_of(&self, target: &str) -> Result<i64> {
        let answer = self.proxy.get(target).await?;
        answer.json()?.as_i64().with_context(|| format!("no process id: {} {}", answer.status, answer.text()))
    }
}

/// Waits until a proxy has read its endpoints.
pub(super) async fn serves(proxy: &Proxy) -> Result<()> {
    until("the endpoints are read", async || Ok(proxy.get("/openapi.json").await?.status == 200)).await
}
