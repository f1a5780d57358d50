//! Dumps, restores, and the extension dropped and made again.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::dump::{copy, copy_among_others};

use super::stage::{WEEKS, assert_right_after_refresh, differences, refresh, stage, staleness};

#[tokio::test]
async fn a_restored_dump_goes_on_where_it_was() -> Result<()> {
    let (original, session) = stage().await?;
    session.batch_execute(WEEKS).await?;
    session
        .batch_execute(
            "ALTER TABLE people ADD COLUMN name text;
            CREATE MATERIALIZED VIEW by_key AS SELECT people.person_id, people.name, count(*) FROM people
                JOIN shifts USING (person_id) GROUP BY people.person_id;
            SELECT rota.manage_view('by_key', max_staleness => '7 minutes');
            UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1",
        )
        .await?;
    let restored = Database::empty().await?;
    copy(&original, &restored).await?;
    let session = restored.session().await?;
    let managed =
        session.rows("SELECT view_name, max_staleness FROM rota.managed_views ORDER BY view_id").await?;
    assert_eq!(managed.len(), 5, "{managed:?}");
    assert_eq!(managed[4], [Some("public.by_key".to_owned()), Some("00:07:00".to_owned())]);
    for rollup in ["weekly", "slots", "teams", "weeks"] {
        assert_right_after_refresh(&session, rollup).await?;
        assert_eq!(staleness(&session, rollup).await?, Some(0));
    }
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 2").await?;
    assert_eq!(refresh(&session, "weekly").await?.0, "partial");
    assert!(differences(&session, "weekly").await?.is_empty());
    assert_ne!(refresh(&session, "by_key").await?.0, "skipped");
    // The next one gets a number of its own.
    session
        .batch_execute(
            r#"CREATE VIEW busy_query AS SELECT DISTINCT person_id FROM shifts;
            SELECT rota.create_rollup('public.busy', 'busy_query', '{person_id}', '{"public.shifts": ["person_id"]}')"#,
        )
        .await?;
    assert_right_after_refresh(&session, "busy").await
}

#[tokio::test]
async fn a_dump_is_restored_whatever_is_refreshed_meanwhile() -> Result<()> {
    let (original, session) = stage().await?;
    session
        .batch_execute(
            r#"CREATE VIEW loads_query AS SELECT people.person_id, people.team, count(shifts.shift_id) AS shifts
                FROM people LEFT JOIN shifts USING (person_id) GROUP BY people.person_id;
            SELECT rota.create_rollup('public.loads', 'loads_query', '{person_id}',
                '{"public.people": ["person_id"], "public.shifts": ["person_id"]}')"#,
        )
        .await?;
    let restored = Database::empty().await?;
    copy_among_others(&original, &restored, "SELECT * FROM rota.refresh_due(10)").await?;
    let session = restored.session().await?;
    for rollup in ["weekly", "slots", "teams", "loads"] {
        assert_right_after_refresh(&session, rollup).await?;
    }
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 2").await?;
    for rollup in ["weekly", "slots", "loads"] {
        // The mappings are those of the dump.
        assert_eq!(refresh(&session, rollup).await?.0, "partial", "{rollup}");
        assert!(differences(&session, rollup).await?.is_empty(), "{rollup}");
    }
    Ok(())
}

#[tokio::test]
async fn a_dump_taken_while_changes_are_pending_restores_them() -> Result<()> {
    let (original, session) = stage().await?;
    session.batch_execute("DELETE FROM shifts WHERE shift_id = 1").await?;
    let restored = Database::empty().await?;
    copy(&original, &restored).await?;
    let session = restored.session().await?;
    assert_eq!(differences(&session, "weekly").await?.len(), 1);
    assert!(staleness(&session, "weekly").await?.is_none_or(|age| age > 0));
    assert_right_after_refresh(&session, "weekly").await
}

#[tokio::test]
async fn the_extension_dropped_leaves_the_users_tables_and_made_again_manages_them_anew() -> Result<()> {
    let (_database, session) = stage().await?;
    session.batch_execute("DROP EXTENSION rota CASCADE").await?;
    session.batch_execute("UPDATE shifts SET ends = ends + 1").await?;
    assert_ne!(session.text("SELECT count(*) FROM weekly").await?, "0");
    session
        .batch_execute(
            r#"DROP TABLE weekly; CREATE EXTENSION rota;
            SELECT rota.create_rollup('public.weekly', 'weekly_query', '{person_id,week}', '{"public.shifts": ["person_id", "starts / 50"]}');
            UPDATE shifts SET ends = ends + 1 WHERE shift_id = 2"#,
        )
        .await?;
    assert_right_after_refresh(&session, "weekly").await
}
