//! A writer and a refresh, step by step in every order, at every isolation level.

use anyhow::Result;
use rota_tests::session::Session;

use super::stage::{ROLLUPS, TABLES, assert_right_after_refresh};
use rota_tests::database::Database;

const LEVELS: [&str; 3] = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"];

/// Steps of the writer, then of the one who refreshes.
const WRITER: [&str; 4] = [
    "BEGIN ISOLATION LEVEL {}; SELECT count(*) FROM people",
    "UPDATE shifts SET person_id = 2, starts = starts + 60, ends = ends + 60 WHERE shift_id = 1",
    "UPDATE people SET team = 7 WHERE person_id = 2",
    "COMMIT",
];
const REFRESHER: [&str; 3] = [
    "BEGIN ISOLATION LEVEL {}; SELECT count(*) FROM people",
    "SELECT rota.refresh('weekly'); SELECT rota.refresh('slots'); SELECT rota.refresh('teams')",
    "COMMIT",
];

/// Every way to put the two in a row: true is a step of the writer.
fn orders() -> Vec<Vec<bool>> {
    let steps = WRITER.len() + REFRESHER.len();
    (0..1_u32 << steps)
        .filter(|order| order.count_ones() as usize == WRITER.len())
        .map(|order| (0..steps).map(|step| order >> step & 1 == 1).collect())
        .collect()
}

/// Runs a step; after an error the rest of the transaction is left out.
async fn step(session: &Session, sql: &str, level: &str, has_failed: &mut bool) {
    if *has_failed {
        return;
    }
    if session.batch_execute(&sql.replace("{}", level)).await.is_err() {
        *has_failed = true;
        session.batch_execute("ROLLBACK").await.ok();
    }
}

async fn every_order(levels: &[(&str, &str)]) -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(TABLES).await?;
    session.batch_execute(ROLLUPS).await?;
    let (writer, refresher) = (database.session().await?, database.session().await?);
    for (writing, refreshing) in levels {
        for order in orders() {
            session
                .batch_execute(
                    "UPDATE shifts SET person_id = 5, starts = 5, ends = 13 WHERE shift_id = 1;
                    UPDATE people SET team = 1 WHERE person_id = 2",
                )
                .await?;
            for rollup in ["weekly", "slots", "teams"] {
                assert_right_after_refresh(&session, rollup).await?;
            }
            // Something is pending from the start.
            session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 2").await?;
            let (mut writes, mut refreshes) = (WRITER.iter(), REFRESHER.iter());
            let (mut writer_failed, mut refresher_failed) = (false, false);
            for is_writer in &order {
                if *is_writer {
                    let sql = writes.next().copied().unwrap_or_default();
                    step(&writer, sql, writing, &mut writer_failed).await;
                } else {
                    let sql = refreshes.next().copied().unwrap_or_default();
                    step(&refresher, sql, refreshing, &mut refresher_failed).await;
                }
            }
            for rollup in ["weekly", "slots", "teams"] {
                let wrong = session.rows(&format!("SELECT * FROM rota.check_rollup('{rollup}')")).await?;
                assert!(wrong.is_empty(), "{writing}, {refreshing}, {order:?}: {rollup}: {wrong:?}");
                assert_right_after_refresh(&session, rollup).await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn no_order_of_a_write_and_a_refresh_loses_a_change_when_the_refresh_reads_committed() -> Result<()> {
    every_order(&LEVELS.map(|level| (level, "READ COMMITTED"))).await
}

#[tokio::test]
async fn no_order_of_a_write_and_a_refresh_loses_a_change_when_the_refresh_reads_repeatably() -> Result<()> {
    every_order(&LEVELS.map(|level| (level, "REPEATABLE READ"))).await
}

#[tokio::test]
async fn no_order_of_a_write_and_a_refresh_loses_a_change_when_the_refresh_is_serializable() -> Result<()> {
    every_order(&LEVELS.map(|level| (level, "SERIALIZABLE"))).await
}

#[tokio::test]
async fn a_refresh_whose_snapshot_is_older_than_another_refresh_is_refused_and_loses_nothing() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(TABLES).await?;
    session.batch_execute(ROLLUPS).await?;
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    let late = database.session().await?;
    late.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM people").await?;
    session.batch_execute("SELECT rota.refresh('weekly')").await?;
    assert_eq!(late.refusal("SELECT rota.refresh('weekly')").await?.sqlstate, "40001");
    late.batch_execute("ROLLBACK").await?;
    assert_right_after_refresh(&session, "weekly").await
}

#[tokio::test]
async fn a_writer_that_spans_a_refresh_loses_nothing_though_its_mapping_reads_another_table() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(TABLES).await?;
    // Both mappings read the other table.
    session
        .batch_execute(
            r#"SELECT rota.create_rollup('public.teams', 'teams_query', '{team}',
                '{"public.people": "SELECT team FROM changed JOIN public.shifts USING (person_id)",
                  "public.shifts": "SELECT team FROM changed JOIN public.people USING (person_id)"}');
            DELETE FROM people WHERE person_id = 3; SELECT rota.refresh('teams')"#,
        )
        .await?;
    let (first, second) = (database.session().await?, database.session().await?);
    // The first takes the shifts of person 3 away before anybody sees that person 3 is of team 8.
    first.batch_execute("BEGIN; UPDATE shifts SET person_id = 1 WHERE person_id = 3").await?;
    second.batch_execute("INSERT INTO people VALUES (3, 8)").await?;
    session.batch_execute("SELECT rota.refresh('teams')").await?;
    assert_eq!(session.text("SELECT count(*) FROM teams WHERE team = 8").await?, "1");
    first.batch_execute("COMMIT").await?;
    // And then person 3 goes, whose shifts are gone.
    second.batch_execute("DELETE FROM people WHERE person_id = 3").await?;
    assert_right_after_refresh(&session, "teams").await
}
