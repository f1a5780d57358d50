//! Proxies keep managed views fresh where no worker does.

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use rota_harness::process::signal;
use rota_tests::database::Database;
use rota_tests::proxy::Proxy;
use rota_tests::session::Session;

use super::samples::samples;
use super::waiting::until;

/// Lets a proxy refresh.
pub(super) const ON: (&str, &str) = ("ROTA_REFRESH_VIEWS", "true");

/// A rollup, and a rollup of it.
pub(super) const VIEWS: &str = "
    CREATE TABLE counters (id integer PRIMARY KEY, team integer NOT NULL, value bigint NOT NULL);
    INSERT INTO counters SELECT number, number % 3, 0 FROM generate_series(1, 10) AS number;
    CREATE VIEW team_query AS SELECT team, sum(value)::bigint AS value FROM counters GROUP BY team;
    SELECT rota.create_rollup(
        'public.teams', 'team_query', '{team}', mappings => '{\"public.counters\": [\"team\"]}'
    );
    CREATE VIEW whole_query AS SELECT 1 AS one, sum(value)::bigint AS value FROM teams;
    SELECT rota.create_rollup('public.whole', 'whole_query', '{one}', mappings => '{\"public.teams\": [\"1\"]}');
    SELECT rota.refresh('whole');";

async fn stage() -> Result<(Database, Session)> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(VIEWS).await?;
    Ok((database, session))
}

/// Changes what the views are made from.
pub(super) async fn raise(session: &Session) -> Result<()> {
    Ok(session.batch_execute("UPDATE counters SET value = value + 1").await?)
}

/// Waits until the views hold it.
pub(super) async fn becomes_fresh(session: &Session) -> Result<()> {
    let sql = "SELECT rota.staleness_ms('{teams, whole}') = 0";
    until("the views are fresh", async || Ok(session.text(sql).await? == "t")).await
}

async fn refreshes(session: &Session) -> Result<u32> {
    Ok(session.text("SELECT count(*) FROM rota.refresh_history").await?.parse()?)
}

async fn state_of(proxy: &Proxy, state: &str) -> Result<()> {
    until(&format!("refreshes are {state}"), async || {
        Ok(samples(proxy).await?.value("rota_view_driver_state", &[("state", state)]) == Some(1.0))
    })
    .await
}

/// Lines of the log that speak of managed views, at this level.
fn lines(proxy: &Proxy, level: &str) -> Result<usize> {
    let log = proxy.log()?;
    let speaks =
        |line: &&serde_json::Value| line["level"] == level && line.to_string().contains("managed views");
    Ok(log.iter().filter(speaks).count())
}

#[tokio::test]
async fn what_is_written_reaches_the_views_through_the_proxy_and_its_metrics_tell() -> Result<()> {
    let (database, session) = stage().await?;
    let proxy = Proxy::with_settings(&database, &[ON]).await?;
    state_of(&proxy, "driving").await?;
    for _ in 0..3 {
        raise(&session).await?;
        becomes_fresh(&session).await?;
    }
    assert_eq!(session.text("SELECT value FROM whole").await?, "30");
    let view = ("view", "public.whole");
    until("the views are shown", async || {
        let shown = samples(&proxy).await?;
        let view =
            if shown.value("rota_view_failures", &[view]).is_some() { view } else { ("view", "whole") };
        Ok(shown.value("rota_view_staleness_seconds", &[view]) == Some(0.0)
            && shown.value("rota_view_failures", &[view]) == Some(0.0))
    })
    .await?;
    assert_eq!(lines(&proxy, "INFO")?, 1, "{:?}", proxy.log()?);
    Ok(())
}

#[tokio::test]
async fn two_proxies_do_the_work_once() -> Result<()> {
    let (database, session) = stage().await?;
    let _proxies =
        [Proxy::with_settings(&database, &[ON]).await?, Proxy::with_settings(&database, &[ON]).await?];
    for _ in 0..5 {
        let before = refreshes(&session).await?;
        raise(&session).await?;
        becomes_fresh(&session).await?;
        assert_eq!(refreshes(&session).await? - before, 2, "one refresh for each view");
    }
    assert_eq!(session.text("SELECT value FROM whole").await?, "50");
    Ok(())
}

#[tokio::test]
async fn a_proxy_that_is_stopped_in_mid_refresh_loses_nothing() -> Result<()> {
    let (database, session) = stage().await?;
    let mut proxy = Proxy::with_settings(&database, &[ON]).await?;
    state_of(&proxy, "driving").await?;
    let holder = database.session().await?;
    holder.batch_execute("BEGIN; LOCK TABLE teams IN SHARE MODE").await?;
    raise(&session).await?;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND application_name = 'rota refresh' AND wait_event_type = 'Lock'";
    until("the refresh waits", async || Ok(session.text(waiting).await? == "1")).await?;
    signal(proxy.process().id(), Signal::SIGTERM)?;
    until("the process ends", async || Ok(proxy.process().exit_status()?.is_some())).await?;
    assert_eq!(proxy.process().exit_status()?.context("it runs")?.code(), Some(0));
    holder.batch_execute("COMMIT").await?;
    let _other = Proxy::with_settings(&database, &[ON]).await?;
    becomes_fresh(&session).await?;
    assert_eq!(session.text("SELECT value FROM whole").await?, "10");
    Ok(())
}

#[tokio::test]
async fn a_role_that_may_not_refresh_is_told_once_and_heard_when_it_may() -> Result<()> {
    let (database, session) = stage().await?;
    let role = format!("web_{}", session.text("SELECT current_database()").await?);
    session.batch_execute(&format!("CREATE ROLE {role} LOGIN")).await?;
    let proxy = Proxy::with_url(&database.url_as(&role), &[ON]).await?;
    state_of(&proxy, "refused").await?;
    raise(&session).await?;
    session.batch_execute(&format!("GRANT EXECUTE ON FUNCTION rota.refresh_due(integer) TO {role}")).await?;
    becomes_fresh(&session).await?;
    assert_eq!((lines(&proxy, "WARN")?, lines(&proxy, "INFO")?), (1, 1), "{:?}", proxy.log()?);
    drop(proxy);
    session.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await?;
    Ok(())
}

#[tokio::test]
async fn a_database_without_managed_views_is_told_once() -> Result<()> {
    let database = Database::empty().await?;
    let proxy = Proxy::with_settings(&database, &[ON]).await?;
    state_of(&proxy, "unknown").await?;
    assert_eq!(lines(&proxy, "WARN")?, 1, "{:?}", proxy.log()?);
    Ok(())
}

#[tokio::test]
async fn a_worker_of_the_server_is_left_alone() -> Result<()> {
    let (database, session) = stage().await?;
    let name = session.text("SELECT current_database()").await?;
    session.batch_execute(&format!("ALTER DATABASE {name} SET rota.refresh_worker = on")).await?;
    let proxy = Proxy::with_settings(&database, &[ON]).await?;
    state_of(&proxy, "worker").await?;
    session.batch_execute(&format!("ALTER DATABASE {name} RESET rota.refresh_worker")).await?;
    Ok(())
}

#[tokio::test]
async fn where_there_are_no_managed_views_nothing_is_said_until_there_are() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    let proxy = Proxy::with_settings(&database, &[ON]).await?;
    state_of(&proxy, "none").await?;
    assert_eq!((lines(&proxy, "WARN")?, lines(&proxy, "INFO")?), (0, 0), "{:?}", proxy.log()?);
    session.batch_execute(VIEWS).await?;
    state_of(&proxy, "driving").await?;
    raise(&session).await?;
    becomes_fresh(&session).await
}
