//! Ordinary materialized views.

use anyhow::Result;
use rota_tests::session::Session;

use super::stage::{refresh, staleness, tables};

async fn managed(session: &Session) -> Result<()> {
    session
        .batch_execute(
            "CREATE VIEW through AS SELECT * FROM shifts WHERE person_id IS NOT NULL;
            CREATE MATERIALIZED VIEW loads AS
                SELECT person_id, sum(ends - starts) AS hours FROM through GROUP BY person_id;
            CREATE UNIQUE INDEX ON loads (person_id);
            SELECT rota.manage_view('loads'); SELECT rota.refresh('loads')",
        )
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_managed_view_is_refreshed_beside_its_readers_and_only_when_a_table_below_changed() -> Result<()> {
    let (_database, session) = tables().await?;
    managed(&session).await?;
    assert_eq!(refresh(&session, "loads").await?.0, "skipped");
    session.batch_execute("UPDATE people SET team = 1").await?;
    assert_eq!(refresh(&session, "loads").await?.0, "skipped");
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    assert!(staleness(&session, "loads").await?.is_some_and(|age| age > 0));
    assert_eq!(
        session.text("SELECT mode FROM rota.explain_refresh('loads') WHERE chosen").await?,
        "concurrent"
    );
    let (mode, reason, _) = refresh(&session, "loads").await?;
    assert_eq!((mode.as_str(), reason.as_str()), ("concurrent", "a table that it reads has changed"));
    assert_eq!(staleness(&session, "loads").await?, Some(0));
    let sum = "SELECT sum(hours) FROM loads";
    assert_eq!(session.text(sum).await?, session.text("SELECT sum(ends - starts) FROM through").await?);
    Ok(())
}

#[tokio::test]
async fn without_a_usable_index_it_is_refreshed_plainly_and_says_why() -> Result<()> {
    let (_database, session) = tables().await?;
    session
        .batch_execute(
            "CREATE MATERIALIZED VIEW loads AS SELECT person_id, count(*) FROM shifts GROUP BY 1;
            CREATE UNIQUE INDEX ON loads (person_id) WHERE person_id > 2;
            CREATE UNIQUE INDEX ON loads ((person_id + 1));
            SELECT rota.manage_view('loads')",
        )
        .await?;
    let (mode, reason, _) = refresh(&session, "loads").await?;
    assert_eq!(mode, "plain");
    assert!(reason.contains("no usable unique index"), "{reason}");
    let why =
        session.text("SELECT reason FROM rota.explain_refresh('loads') WHERE mode = 'concurrent'").await?;
    assert!(why.contains("no usable unique index"), "{why}");
    Ok(())
}

#[tokio::test]
async fn a_plain_refresh_waits_for_readers_no_longer_than_its_lock_timeout() -> Result<()> {
    let (database, session) = tables().await?;
    session
        .batch_execute(
            "CREATE MATERIALIZED VIEW loads AS SELECT person_id, count(*) FROM shifts GROUP BY 1;
            SELECT rota.manage_view('loads', lock_timeout => '50 ms')",
        )
        .await?;
    let reader = database.session().await?;
    reader.batch_execute("BEGIN; SELECT count(*) FROM loads").await?;
    assert_eq!(session.refusal("SELECT rota.refresh('loads')").await?.sqlstate, "55P03");
    let row = session.query_one("SELECT mode, error FROM rota.refresh_due()", &[]).await?;
    assert_eq!(row.get::<_, &str>(0), "failed");
    assert!(row.get::<_, &str>(1).contains("lock timeout"));
    reader.batch_execute("COMMIT").await?;
    assert_eq!(refresh(&session, "loads").await?.0, "plain");
    Ok(())
}

#[tokio::test]
async fn a_view_over_another_view_follows_it_whoever_refreshes_that() -> Result<()> {
    let (_database, session) = tables().await?;
    managed(&session).await?;
    session
        .batch_execute(
            "CREATE MATERIALIZED VIEW total AS SELECT sum(hours) AS hours FROM loads;
            SELECT rota.manage_view('total'); SELECT rota.refresh('total');
            UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1",
        )
        .await?;
    let told = session.rows("SELECT refreshed_view, mode FROM rota.refresh('total')").await?;
    assert_eq!(
        told,
        [
            [Some("loads".to_owned()), Some("concurrent".to_owned())],
            [Some("total".to_owned()), Some("plain".to_owned())]
        ]
    );
    assert_eq!(
        session.text("SELECT hours FROM total").await?,
        session.text("SELECT sum(ends - starts) FROM through").await?
    );
    // By hand, and by nobody of ours.
    session.batch_execute("REFRESH MATERIALIZED VIEW loads").await?;
    assert!(staleness(&session, "total").await?.is_some_and(|age| age > 0));
    assert_eq!(refresh(&session, "total").await?.0, "plain");
    Ok(())
}

#[tokio::test]
async fn a_view_that_looks_at_the_clock_is_refreshed_every_so_often() -> Result<()> {
    let (_database, session) = tables().await?;
    session
        .batch_execute(
            "CREATE MATERIALIZED VIEW now_and_then AS SELECT clock_timestamp() AS at, count(*) FROM shifts;
            SELECT rota.manage_view('now_and_then', refresh_every => '1 ms'); SELECT rota.refresh('now_and_then')",
        )
        .await?;
    let before = session.text("SELECT at FROM now_and_then").await?;
    session.batch_execute("SELECT pg_sleep(0.01); SELECT rota.refresh_due()").await?;
    assert_ne!(session.text("SELECT at FROM now_and_then").await?, before);
    assert!(staleness(&session, "now_and_then").await?.is_some_and(|age| age > 0));
    Ok(())
}
