//! Tables and queries that change under a managed view.

use anyhow::Result;

use super::stage::{WEEKS, assert_right_after_refresh, differences, refresh, stage, staleness};

#[tokio::test]
async fn names_are_followed_wherever_they_change() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute(
            "ALTER TABLE weekly RENAME TO workload; ALTER VIEW weekly_query RENAME TO workload_query;
            CREATE SCHEMA reports; ALTER TABLE workload SET SCHEMA reports;
            ALTER VIEW workload_query SET SCHEMA reports; ALTER SCHEMA reports RENAME TO accounts",
        )
        .await?;
    let names =
        session.rows("SELECT view_name, query_name FROM rota.managed_views ORDER BY view_id LIMIT 1").await?;
    assert_eq!(names, [[Some("accounts.workload".to_owned()), Some("accounts.workload_query".to_owned())]]);
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    assert_right_after_refresh(&session, "accounts.workload").await
}

#[tokio::test]
async fn a_changed_table_is_read_anew_as_a_whole() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute(
            "DROP VIEW slots_query, teams_query, weekly_query CASCADE;
            ALTER TABLE shifts ALTER ends TYPE integer USING ends * 2;
            CREATE VIEW weekly_query AS SELECT person_id, starts / 50 AS week, count(*) AS shifts, sum(ends - starts) AS hours
            FROM shifts WHERE person_id IS NOT NULL GROUP BY 1, 2",
        )
        .await?;
    // Its query was dropped, and one of the same name is another one.
    let refusal = session.refusal("SELECT rota.refresh('weekly')").await?;
    assert_eq!(refusal.sqlstate, "55000", "{refusal:?}");
    assert!(refusal.message.contains("its query public.weekly_query does not exist"), "{refusal:?}");
    assert_eq!(staleness(&session, "weekly").await?, None);
    session
        .batch_execute(
            r#"SELECT rota.drop_rollup('weekly');
            SELECT rota.create_rollup('public.weekly', 'weekly_query', '{person_id,week}', '{"public.shifts": ["person_id", "starts / 50"]}');
            ALTER TABLE shifts ADD COLUMN note text"#,
        )
        .await?;
    assert_eq!(refresh(&session, "weekly").await?.0, "full");
    assert!(differences(&session, "weekly").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_change_that_would_break_a_mapping_is_refused() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute(
            "CREATE FUNCTION double(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2'",
        )
        .await?;
    for change in [
        "ALTER TABLE shifts RENAME COLUMN starts TO begins",
        "ALTER TABLE people RENAME TO persons",
        "ALTER TABLE people RENAME COLUMN person_id TO id",
    ] {
        let refusal = session.refusal(change).await?;
        assert_eq!(refusal.sqlstate, "2BP01", "{change}: {refusal:?}");
        assert!(refusal.hint.is_some_and(|hint| hint.contains("rota.drop_rollup")));
    }
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    assert_right_after_refresh(&session, "weekly").await?;
    // What no mapping names may be renamed.
    session
        .batch_execute("SELECT rota.drop_rollup('slots'); ALTER TABLE shifts RENAME COLUMN ends TO until")
        .await?;
    session.batch_execute("UPDATE shifts SET until = until + 1 WHERE shift_id = 1").await?;
    assert_right_after_refresh(&session, "weekly").await
}

#[tokio::test]
async fn a_replaced_query_is_tracked_where_it_reads_now() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute(
            "CREATE TABLE extra (person_id integer, hours bigint);
            CREATE OR REPLACE VIEW weekly_query AS
                SELECT person_id, starts / 50 AS week, count(*) AS shifts,
                    (sum(ends - starts) + coalesce((SELECT sum(hours) FROM extra WHERE extra.person_id = shifts.person_id), 0))::bigint AS hours
                FROM shifts WHERE person_id IS NOT NULL GROUP BY 1, 2",
        )
        .await?;
    assert_right_after_refresh(&session, "weekly").await?;
    session.batch_execute("INSERT INTO extra VALUES (1, 1000)").await?;
    let (mode, reason, _) = refresh(&session, "weekly").await?;
    assert_eq!(mode, "full");
    assert!(reason.contains("public.extra"), "{reason}");
    assert!(differences(&session, "weekly").await?.is_empty());
    // A further column is more than the table holds.
    session
        .batch_execute(
            "CREATE OR REPLACE VIEW weekly_query AS
                SELECT person_id, starts / 50 AS week, count(*) AS shifts, sum(ends - starts) AS hours, 1 AS one
                FROM shifts WHERE person_id IS NOT NULL GROUP BY 1, 2",
        )
        .await?;
    let refusal = session.refusal("SELECT rota.refresh('weekly')").await?;
    assert_eq!(refusal.sqlstate, "55000");
    assert!(refusal.message.contains("differ in columns: one"), "{refusal:?}");
    session.batch_execute("ALTER TABLE weekly ADD COLUMN one integer").await?;
    assert_right_after_refresh(&session, "weekly").await?;
    let left = session
        .text("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'rota%' AND tgrelid = 'extra'::regclass")
        .await?;
    assert_eq!(left, "0");
    Ok(())
}

#[tokio::test]
async fn views_that_read_each_other_are_refused() -> Result<()> {
    let (_database, session) = stage().await?;
    session.batch_execute(WEEKS).await?;
    let refusal = session
        .refusal(
            "CREATE OR REPLACE VIEW weekly_query AS
                SELECT shifts.person_id, shifts.starts / 50 AS week, count(*) AS shifts, sum(weeks.hours)::bigint AS hours
                FROM shifts JOIN weeks ON weeks.week = shifts.starts / 50 WHERE person_id IS NOT NULL GROUP BY 1, 2",
        )
        .await?;
    assert_eq!(refusal.sqlstate, "42P17", "{refusal:?}");
    assert!(refusal.message.contains("public.weekly reads public.weeks reads public.weekly"), "{refusal:?}");
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    assert_right_after_refresh(&session, "weeks").await
}

#[tokio::test]
async fn a_dropped_view_leaves_nothing_and_a_dropped_rollup_neither() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute(
            "CREATE MATERIALIZED VIEW loads AS SELECT count(*) FROM shifts; SELECT rota.manage_view('loads');
            DROP MATERIALIZED VIEW loads; DROP TABLE weekly; SELECT rota.drop_rollup('slots');
            SELECT rota.unmanage_view('teams')",
        )
        .await?;
    for leftover in [
        "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'rota_refresh%'",
        "SELECT count(*) FROM pg_class WHERE relname LIKE 'pending\\_%'",
        "SELECT count(*) FROM rota.managed_views",
        "SELECT count(*) FROM rota.view_states",
        "SELECT count(*) FROM rota.refresh_history",
    ] {
        assert_eq!(session.text(leftover).await?, "0", "{leftover}");
    }
    assert_eq!(
        session.text("SELECT to_regclass('slots') IS NULL AND to_regclass('teams') IS NOT NULL").await?,
        "t"
    );
    session.batch_execute("UPDATE shifts SET ends = ends + 1; DROP TABLE shifts CASCADE").await?;
    Ok(())
}
