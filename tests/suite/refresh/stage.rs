//! Tables of shifts, and rollups over them: by key columns, by an interval, through another table.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

/// People of teams, and their shifts: `starts` and `ends` are hours.
pub(super) const TABLES: &str = "
    CREATE TABLE people (person_id integer PRIMARY KEY, team integer NOT NULL);
    CREATE TABLE shifts (
        shift_id integer PRIMARY KEY, person_id integer, starts integer NOT NULL, ends integer NOT NULL
    );
    INSERT INTO people SELECT g, g % 3 FROM generate_series(1, 12) AS g;
    INSERT INTO shifts SELECT g, g % 12 + 1, g * 5, g * 5 + 8 FROM generate_series(1, 60) AS g;
    CREATE VIEW weekly_query AS
        SELECT person_id, starts / 50 AS week, count(*) AS shifts, sum(ends - starts) AS hours
        FROM shifts WHERE person_id IS NOT NULL GROUP BY 1, 2;
    CREATE VIEW slots_query AS
        SELECT slot, count(*) AS heads
        FROM shifts CROSS JOIN LATERAL generate_series(starts, ends - 1) AS slot GROUP BY slot;
    CREATE VIEW teams_query AS
        SELECT people.team, count(*) AS shifts, min(shifts.starts) AS first
        FROM shifts JOIN people USING (person_id) GROUP BY people.team";

/// Rollups over the tables.
pub(super) const ROLLUPS: &str = r#"
    SELECT rota.create_rollup('public.weekly', 'weekly_query', '{person_id,week}',
        '{"public.shifts": ["person_id", "starts / 50"]}');
    SELECT rota.create_rollup('public.slots', 'slots_query', '{slot}',
        '{"public.shifts": "SELECT slot FROM changed, generate_series(starts, ends - 1) AS slot"}');
    SELECT rota.create_rollup('public.teams', 'teams_query', '{team}',
        '{"public.people": ["team"],
          "public.shifts": "SELECT team FROM changed JOIN public.people USING (person_id)"}')"#;

/// A rollup over a rollup.
pub(super) const WEEKS: &str = r#"
    CREATE VIEW weeks_query AS SELECT week, sum(hours) AS hours FROM weekly GROUP BY week;
    SELECT rota.create_rollup('public.weeks', 'weeks_query', '{week}', '{"public.weekly": ["week"]}')"#;

/// A database with the tables and the rollups.
pub(super) async fn stage() -> Result<(Database, Session)> {
    let (database, session) = tables().await?;
    session.batch_execute(ROLLUPS).await?;
    rest(&session).await?;
    Ok((database, session))
}

/// Makes the last refreshes an hour old: at most half of the time goes into a view, so that one is not due
/// right after it was refreshed.
pub(super) async fn rest(session: &Session) -> Result<()> {
    session
        .batch_execute(
            "UPDATE rota.view_states SET last_refreshed_at = last_refreshed_at - interval '1 hour'",
        )
        .await?;
    Ok(())
}

/// A database with the tables and nothing managed.
pub(super) async fn tables() -> Result<(Database, Session)> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(TABLES).await?;
    Ok((database, session))
}

/// The rows in which a rollup and its query differ.
pub(super) async fn differences(session: &Session, rollup: &str) -> Result<Vec<Vec<Option<String>>>> {
    let query = format!("{rollup}_query");
    session
        .rows(&format!(
            "(TABLE {rollup} EXCEPT ALL TABLE {query}) UNION ALL (TABLE {query} EXCEPT ALL TABLE {rollup})"
        ))
        .await
}

/// Refreshes, and tells the mode, the reason and the number of keys of the view itself.
pub(super) async fn refresh(session: &Session, view: &str) -> Result<(String, String, Option<i64>)> {
    let rows = session.query(&format!("SELECT mode, reason, keys FROM rota.refresh('{view}')"), &[]).await?;
    let last = rows.last().ok_or_else(|| anyhow::anyhow!("nothing is told of {view}"))?;
    Ok((last.get(0), last.get(1), last.get(2)))
}

/// Fails unless refreshing makes a rollup what its query gives.
pub(super) async fn assert_right_after_refresh(session: &Session, rollup: &str) -> Result<()> {
    refresh(session, rollup).await?;
    let wrong = differences(session, rollup).await?;
    assert!(wrong.is_empty(), "{rollup}: {wrong:?}");
    Ok(())
}

/// Milliseconds, or nothing when it is not known.
pub(super) async fn staleness(session: &Session, view: &str) -> Result<Option<i64>> {
    Ok(session.query_one(&format!("SELECT rota.staleness_ms('{{{view}}}')"), &[]).await?.get(0))
}
