//! Every way to change a table is seen.

use anyhow::Result;

use super::stage::{assert_right_after_refresh, refresh, stage, staleness};
use rota_tests::database::Database;

#[tokio::test]
async fn what_a_savepoint_takes_back_is_not_recomputed() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute(
            "BEGIN; UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1;
            SAVEPOINT s; UPDATE shifts SET ends = ends + 1 WHERE shift_id = 30; ROLLBACK TO s; COMMIT;
            BEGIN; DELETE FROM shifts; ROLLBACK",
        )
        .await?;
    assert_eq!(refresh(&session, "weekly").await?.2, Some(1));
    assert_right_after_refresh(&session, "weekly").await
}

#[tokio::test]
async fn own_changes_are_applied_and_taken_back_with_the_transaction() -> Result<()> {
    let (database, session) = stage().await?;
    session
        .batch_execute("BEGIN; DELETE FROM shifts WHERE shift_id = 1; SELECT rota.refresh('weekly')")
        .await?;
    assert!(super::stage::differences(&session, "weekly").await?.is_empty());
    session.batch_execute("ROLLBACK").await?;
    assert_right_after_refresh(&session, "weekly").await?;
    // Another one is not held up by it.
    assert_right_after_refresh(&database.session().await?, "weekly").await
}

#[tokio::test]
async fn cascades_merges_copies_and_replicated_sessions_are_seen() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute(
            "ALTER TABLE shifts ADD FOREIGN KEY (person_id) REFERENCES people ON DELETE CASCADE ON UPDATE CASCADE;
            SELECT rota.refresh('weekly'), rota.refresh('teams'), rota.refresh('slots')",
        )
        .await?;
    for change in [
        "DELETE FROM people WHERE person_id = 3",
        "UPDATE people SET person_id = 40 WHERE person_id = 4",
        "MERGE INTO shifts USING (VALUES (5), (2000)) AS given (id) ON shift_id = given.id
            WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (given.id, 1, 10, 11)",
        "SET session_replication_role = replica; UPDATE shifts SET ends = ends + 2 WHERE shift_id = 9;
            RESET session_replication_role",
        "WITH gone AS (DELETE FROM shifts WHERE shift_id = 10 RETURNING *)
            INSERT INTO shifts SELECT shift_id + 3000, person_id, starts + 100, ends + 100 FROM gone",
    ] {
        session.batch_execute(change).await?;
        for rollup in ["weekly", "slots", "teams"] {
            assert!(staleness(&session, rollup).await?.is_some_and(|age| age > 0), "{rollup}: {change}");
            assert_right_after_refresh(&session, rollup).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_tracked_table_takes_part_in_prepared_transactions() -> Result<()> {
    let (_database, session) = stage().await?;
    if session.text("SHOW max_prepared_transactions").await? == "0" {
        return Ok(());
    }
    session
        .batch_execute(
            "BEGIN; UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1; PREPARE TRANSACTION 'tracked';
            SELECT rota.refresh('weekly'); COMMIT PREPARED 'tracked'",
        )
        .await?;
    assert_right_after_refresh(&session, "weekly").await
}

#[tokio::test]
async fn partitions_are_tracked_whoever_is_written_and_those_that_come_and_go() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    session
        .batch_execute(
            r#"CREATE TABLE parts (id integer, week integer, hours integer) PARTITION BY RANGE (week);
            CREATE TABLE part_0 PARTITION OF parts FOR VALUES FROM (0) TO (10);
            CREATE TABLE part_1 (hours integer, week integer, id integer);
            ALTER TABLE parts ATTACH PARTITION part_1 FOR VALUES FROM (10) TO (20);
            INSERT INTO parts SELECT g, g % 20, g FROM generate_series(1, 200) AS g;
            CREATE VIEW sums_query AS SELECT week, sum(hours) AS hours FROM parts GROUP BY week;
            SELECT rota.create_rollup('public.sums', 'sums_query', '{week}', '{"public.parts": ["week"]}')"#,
        )
        .await?;
    for change in [
        "UPDATE parts SET hours = hours + 1 WHERE id = 3",
        "UPDATE part_1 SET hours = hours + 1 WHERE week = 12",
        "UPDATE parts SET week = week + 10 WHERE id IN (1, 2)",
        "DELETE FROM part_0 WHERE id = 5",
        "CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (20) TO (30); INSERT INTO part_2 VALUES (900, 21, 4)",
        "CREATE TABLE part_3 (id integer, week integer, hours integer); INSERT INTO part_3 VALUES (901, 31, 5);
            ALTER TABLE parts ATTACH PARTITION part_3 FOR VALUES FROM (30) TO (40)",
        "UPDATE part_3 SET hours = 50",
        "ALTER TABLE parts DETACH PARTITION part_1",
        "UPDATE part_1 SET hours = 1000",
        "TRUNCATE part_2",
        "DROP TABLE part_3",
        "TRUNCATE parts",
    ] {
        session.batch_execute(change).await?;
        assert_right_after_refresh(&session, "sums").await.map_err(|error| error.context(change))?;
    }
    let tracked = session
        .text("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'rota_refresh%' AND tgrelid = 'part_1'::regclass")
        .await?;
    assert_eq!(tracked, "0");
    Ok(())
}

#[tokio::test]
async fn changes_that_nothing_tracks_are_never_called_fresh() -> Result<()> {
    let (_database, session) = stage().await?;
    session.batch_execute("ALTER TABLE shifts DISABLE TRIGGER rota_refresh_1_update").await?;
    session.batch_execute("SELECT rota.refresh('weekly'); UPDATE shifts SET ends = ends + 1").await?;
    let (known, fault): (Option<i64>, Option<String>) = {
        let row = session
            .query_one(
                "SELECT staleness_ms, fault FROM rota.view_status WHERE view = 'weekly'::regclass",
                &[],
            )
            .await?;
        (row.get(0), row.get(1))
    };
    assert_eq!(known, None);
    assert!(fault.is_some_and(|fault| fault.contains("not tracked")));
    assert_eq!(refresh(&session, "weekly").await?.0, "full");
    session.batch_execute("ALTER TABLE shifts ENABLE ALWAYS TRIGGER rota_refresh_1_update").await?;
    assert_right_after_refresh(&session, "weekly").await?;
    assert_eq!(staleness(&session, "weekly").await?, Some(0));
    Ok(())
}
