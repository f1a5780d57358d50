//! Counters behind cached endpoints, and proxies in front of them.

use anyhow::{Context, Result};
use http::Method;
use rota_tests::database::Database;
use rota_tests::http::{Call, Response, send};
use rota_tests::proxy::Proxy;
use rota_tests::session::Session;

use crate::proxy::waiting::until;

/// A watched table of ten counters; reading one, all of them, one behind the advisory lock 1, and raising one.
pub(super) const COUNTERS: &str = "
    CREATE TABLE counters (id integer PRIMARY KEY, value bigint NOT NULL);
    INSERT INTO counters SELECT number, 0 FROM generate_series(1, 10) AS number;
    SELECT rota.watch('counters', '{id}');

    CREATE FUNCTION counter(counter_id integer) RETURNS json STABLE LANGUAGE sql
    BEGIN ATOMIC
        SELECT to_json(value) FROM counters WHERE id = counter_id;
    END;
    SELECT rota.expose(
        'counter'::regproc, 'GET', '/counters/{counter_id}',
        keyed_reads => '{\"public.counters\": {\"id\": \"counter_id\"}}'
    );

    CREATE FUNCTION total() RETURNS json STABLE LANGUAGE sql
    BEGIN ATOMIC
        SELECT to_json(sum(value)::bigint) FROM counters;
    END;
    SELECT rota.expose('total'::regproc, 'GET', '/total');

    CREATE FUNCTION slow_total() RETURNS json STABLE LANGUAGE plpgsql AS $$
    DECLARE
        seen bigint;
    BEGIN
        SELECT sum(value) INTO seen FROM counters;
        PERFORM pg_advisory_xact_lock_shared(1);
        RETURN to_json(seen);
    END $$;
    SELECT rota.expose('slow_total'::regproc, 'GET', '/slow_total', reads => '{counters}');

    CREATE FUNCTION raise_counter(counter_id integer) RETURNS json LANGUAGE sql
    BEGIN ATOMIC
        UPDATE counters SET value = value + 1 WHERE id = counter_id RETURNING to_json(value);
    END;
    SELECT rota.expose('raise_counter'::regproc, 'POST', '/counters/{counter_id}/raise');";

/// A database with counters.
pub(super) struct Stage {
    pub(super) session: Session,
    pub(super) database: Database,
}

impl Stage {
    /// A database on the shared server.
    pub(super) async fn new() -> Result<Self> {
        Self::on(Database::with_extension().await?).await
    }

    /// The counters in this database.
    pub(super) async fn on(database: Database) -> Result<Self> {
        let session = database.session().await?;
        session.batch_execute(COUNTERS).await?;
        Ok(Self { session, database })
    }

    /// A proxy that follows the announcements.
    pub(super) async fn proxy(&self) -> Result<Proxy> {
        self.proxy_with(&[]).await
    }

    /// The same with settings, by the names of their environment variables.
    pub(super) async fn proxy_with(&self, settings: &[(&str, &str)]) -> Result<Proxy> {
        let proxy = Proxy::with_settings(&self.database, settings).await?;
        follows(&proxy, "ring").await?;
        // Other databases of the server change their catalogs too, and words are shared by all of them.
        until_hit(&proxy, "/counters/10").await?;
        Ok(proxy)
    }

    /// Raises a counter without any proxy.
    pub(super) async fn raise(&self, counter: u32) -> Result<()> {
        let sql = format!("UPDATE counters SET value = value + 1 WHERE id = {counter}");
        Ok(self.session.batch_execute(&sql).await?)
    }
}

/// Waits until a proxy serves and its reader of announcements is in this state.
pub(super) async fn follows(proxy: &Proxy, state: &str) -> Result<()> {
    until("the endpoints are read", async || Ok(proxy.get("/openapi.json").await?.status == 200)).await?;
    let series = format!("rota_cache_reader_state{{state=\"{state}\"}}");
    until(&format!("announcements are followed: {state}"), async || Ok(metric(proxy, &series).await? == 1.0))
        .await
}

/// The value of a series of a proxy.
pub(super) async fn metric(proxy: &Proxy, series: &str) -> Result<f64> {
    let metrics = proxy.admin("/metrics").await?.text();
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    Ok(line.with_context(|| format!("no series {series}"))?.trim().parse()?)
}

/// Asks with headers.
pub(super) async fn get(proxy: &Proxy, target: &str, headers: &[(&str, &str)]) -> Result<Response> {
    let call = Call::new(Method::GET, target);
    send(proxy.address(), &headers.iter().fold(call, |call, (name, value)| call.header(name, value))).await
}

/// The number that an endpoint answers.
pub(super) fn number(answer: &Response) -> Result<i64> {
    answer.json()?.as_i64().with_context(|| format!("no number: {} {}", answer.status, answer.text()))
}

/// What the cache says that it did.
pub(super) fn verdict(answer: &Response) -> &str {
    answer.header("cache-status").unwrap_or("no Cache-Status")
}

/// Whether the answer came from memory.
pub(super) fn is_hit(answer: &Response) -> bool {
    verdict(answer) == "Rota; hit"
}

/// Raises a counter through a proxy: its new value and the transaction.
pub(super) async fn raise_through(proxy: &Proxy, counter: u32) -> Result<(i64, String)> {
    let answer = proxy.send(&Call::new(Method::POST, &format!("/counters/{counter}/raise"))).await?;
    let transaction = answer.header("rota-transaction").context("no Rota-Transaction")?.to_owned();
    Ok((number(&answer)?, transaction))
}

/// Asks until the answer comes from memory.
pub(super) async fn until_hit(proxy: &Proxy, target: &str) -> Result<Response> {
    let mut last = None;
    until(&format!("{target} is hit"), async || {
        let answer = proxy.get(target).await?;
        let is_hit = is_hit(&answer);
        last = Some(answer);
        Ok(is_hit)
    })
    .await?;
    last.context("asked at least once")
}
