//! When views are refreshed, and what happens when that fails.

use anyhow::{Context, Result};
use rota_tests::database::Database;

use super::stage::{assert_right_after_refresh, differences, refresh, rest, stage, staleness, tables};

#[tokio::test]
async fn changes_wait_for_the_quiet_period_and_no_longer_than_the_highest_staleness() -> Result<()> {
    let (_database, session) = tables().await?;
    session
        .batch_execute(
            r#"SELECT rota.create_rollup('public.weekly', 'weekly_query', '{person_id,week}',
                '{"public.shifts": ["person_id", "starts / 50"]}', max_staleness => '1 hour', quiet_period => '10 minutes')"#,
        )
        .await?;
    assert!(
        session.query_one("SELECT rota.next_refresh_ms()", &[]).await?.get::<_, Option<i64>>(0).is_none()
    );
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    assert!(session.rows("SELECT * FROM rota.refresh_due()").await?.is_empty());
    let next: Option<i64> = session.query_one("SELECT rota.next_refresh_ms()", &[]).await?.get(0);
    assert!(next.is_some_and(|next| (1..=600_000).contains(&next)), "{next:?}");
    rest(&session).await?;
    // As if the change were older.
    session.batch_execute("UPDATE rota.pending_1 SET queued_at = queued_at - interval '10 minutes'").await?;
    assert_eq!(session.rows("SELECT mode FROM rota.refresh_due()").await?.len(), 1);
    // Changes that never stop: the oldest counts.
    rest(&session).await?;
    session
        .batch_execute(
            "UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1;
            UPDATE rota.pending_1 SET queued_at = queued_at - interval '1 hour';
            UPDATE shifts SET ends = ends + 1 WHERE shift_id = 2",
        )
        .await?;
    assert_eq!(session.text("SELECT mode FROM rota.refresh_due()").await?, "partial");
    Ok(())
}

#[tokio::test]
async fn what_is_due_is_refreshed_after_what_it_reads_one_view_at_a_time() -> Result<()> {
    let (_database, session) = stage().await?;
    session.batch_execute(super::stage::WEEKS).await?;
    rest(&session).await?;
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    let mut order = Vec::new();
    loop {
        let rows = session.rows("SELECT refreshed_view FROM rota.refresh_due()").await?;
        assert!(rows.len() <= 1, "{rows:?}");
        let Some(view) = rows.into_iter().flatten().flatten().next() else { break };
        order.push(view);
    }
    order.sort();
    assert_eq!(order, ["slots", "teams", "weekly", "weeks"]);
    for rollup in ["weekly", "slots", "teams", "weeks"] {
        assert_eq!(staleness(&session, rollup).await?, Some(0));
    }
    Ok(())
}

#[tokio::test]
async fn many_callers_do_the_work_once() -> Result<()> {
    let (database, session) = stage().await?;
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    let callers: Vec<_> = (0..6)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move {
                let session = database.session().await?;
                let mut done = 0;
                for _ in 0..4 {
                    done += session.rows("SELECT * FROM rota.refresh_due(4)").await?.len();
                }
                Ok::<_, anyhow::Error>(done)
            })
        })
        .collect();
    let mut done = 0;
    for caller in callers {
        done += caller.await??;
    }
    assert_eq!(done, 3, "three rollups read the table");
    Ok(())
}

#[tokio::test]
async fn a_view_that_another_session_refreshes_is_passed_over() -> Result<()> {
    let (database, session) = stage().await?;
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    let other = database.session().await?;
    other.batch_execute("BEGIN; SELECT rota.refresh('weekly')").await?;
    let done = session.rows("SELECT refreshed_view FROM rota.refresh_due(10) ORDER BY 1").await?;
    assert_eq!(done.len(), 2, "{done:?}");
    other.batch_execute("ROLLBACK").await?;
    assert_eq!(session.text("SELECT refreshed_view FROM rota.refresh_due(10)").await?, "weekly");
    Ok(())
}

#[tokio::test]
async fn a_view_that_fails_is_tried_later_and_later_and_says_why_and_stops_no_other() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute(
            r#"CREATE VIEW broken_query AS SELECT person_id, 1 / (min(starts) - 777) AS ratio FROM shifts
                WHERE person_id IS NOT NULL GROUP BY 1;
            SELECT rota.create_rollup('public.broken', 'broken_query', '{person_id}', '{"public.shifts": ["person_id"]}');
            INSERT INTO shifts VALUES (900, 99, 777, 778)"#,
        )
        .await?;
    rest(&session).await?;
    for failures in 1..=6 {
        let rows = session.rows("SELECT refreshed_view, error FROM rota.refresh_due(10)").await?;
        let failed: Vec<_> = rows.iter().filter(|row| row[0].as_deref() == Some("broken")).collect();
        assert_eq!(failed.len(), 1, "{rows:?}");
        assert!(
            failed[0][1].as_deref().is_some_and(|error| error.contains("division by zero")),
            "{failed:?}"
        );
        let row = session
            .query_one(
                "SELECT failures, last_sqlstate, retry_at > clock_timestamp() + CASE WHEN failures < 5 THEN interval '0' ELSE '5 minutes' END
                FROM rota.view_status WHERE view = 'broken'::regclass",
                &[],
            )
            .await?;
        assert_eq!(row.get::<_, i32>(0), failures);
        assert_eq!(row.get::<_, &str>(1), "22012");
        let told =
            session.text("SELECT reason FROM rota.explain_refresh('broken') WHERE mode = 'failed'").await?;
        assert!(told.contains("division by zero"), "{told}");
        assert!(row.get::<_, bool>(2), "failure {failures} is tried again at once");
        assert!(session.rows("SELECT * FROM rota.refresh_due(10)").await?.is_empty());
        session
            .batch_execute("UPDATE rota.view_states SET retry_at = clock_timestamp() WHERE failures > 0")
            .await?;
    }
    for rollup in ["weekly", "slots", "teams"] {
        assert_eq!(staleness(&session, rollup).await?, Some(0));
    }
    assert!(staleness(&session, "broken").await?.is_some_and(|age| age > 0));
    let noted = session.text("SELECT count(*) FROM rota.refresh_history WHERE mode = 'failed'").await?;
    assert_eq!(noted, "6");
    // Mended, it is refreshed by whoever asks, and the failures are forgotten.
    session.batch_execute("DELETE FROM shifts WHERE shift_id = 900").await?;
    assert_right_after_refresh(&session, "broken").await?;
    let failures =
        session.text("SELECT failures FROM rota.view_status WHERE view = 'broken'::regclass").await?;
    assert_eq!(failures, "0");
    Ok(())
}

#[tokio::test]
async fn a_refresh_that_takes_too_long_fails_and_changes_nothing() -> Result<()> {
    let (_database, session) = tables().await?;
    session
        .batch_execute(
            r#"CREATE VIEW slow_query AS SELECT person_id, count(*) FROM shifts CROSS JOIN LATERAL pg_sleep(0.2)
                WHERE person_id IS NOT NULL GROUP BY 1;
            SELECT rota.create_rollup('public.slow', 'slow_query', '{person_id}', '{"public.shifts": ["person_id"]}',
                refresh_timeout => '50 ms', populate => false)"#,
        )
        .await?;
    let refusal = session.refusal("SELECT rota.refresh('slow')").await?;
    assert_eq!(refusal.sqlstate, "57014", "{refusal:?}");
    assert!(refusal.message.contains("refresh_timeout"), "{refusal:?}");
    let row = session.query_one("SELECT mode, error FROM rota.refresh_due()", &[]).await?;
    assert_eq!(row.get::<_, &str>(0), "failed");
    // What comes next in the session is not cancelled.
    session.batch_execute("SELECT pg_sleep(0.1); SELECT count(*) FROM slow").await?;
    assert!(session.text("SELECT pending_everything FROM rota.view_status").await? == "t");
    Ok(())
}

#[tokio::test]
async fn a_view_is_as_fresh_as_a_transaction_that_somebody_names() -> Result<()> {
    let (database, session) = stage().await?;
    let writer = database.session().await?;
    let transaction = writer
        .text("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1 RETURNING pg_current_xact_id()")
        .await?;
    let refresh_for =
        |transaction: &str| format!("SELECT mode FROM rota.refresh_for('weekly', '{transaction}')");
    assert_eq!(session.text(&refresh_for(&transaction)).await?, "partial");
    assert_eq!(session.text(&refresh_for(&transaction)).await?, "skipped");
    writer.batch_execute("BEGIN").await?;
    let open = writer
        .text("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1 RETURNING pg_current_xact_id()")
        .await?;
    let refusal = session.refusal(&refresh_for(&open)).await?;
    assert_eq!(refusal.sqlstate, "55000", "{refusal:?}");
    assert_eq!(refusal.column.as_deref(), Some("at_least_as_fresh_as"));
    assert_eq!(writer.text(&refresh_for(&open)).await?, "partial");
    writer.batch_execute("ROLLBACK").await?;
    assert_eq!(session.text(&refresh_for(&open)).await?, "skipped");
    Ok(())
}

#[tokio::test]
async fn history_is_bounded_and_costs_are_learned() -> Result<()> {
    let (_database, session) = stage().await?;
    for _ in 0..110 {
        session
            .batch_execute(
                "UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1; SELECT rota.refresh('weekly')",
            )
            .await?;
    }
    assert_eq!(session.text("SELECT count(*) FROM rota.refresh_history WHERE view_id = 1").await?, "100");
    let estimate = "SELECT estimated_ms > 0 FROM rota.explain_refresh('weekly') WHERE mode = 'partial'";
    assert_eq!(session.text(estimate).await?, "t");
    Ok(())
}

#[tokio::test]
async fn a_queue_that_has_grown_is_emptied_when_nobody_writes() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(super::stage::TABLES).await?;
    session.batch_execute(super::stage::ROLLUPS).await?;
    let size = || async {
        session.text("SELECT pg_relation_size('rota.pending_1')").await?.parse::<u64>().context("bytes")
    };
    session
        .batch_execute("INSERT INTO rota.pending_1 (kind, key_1, key_2) SELECT 'k', g, g FROM generate_series(1, 50000) AS g")
        .await?;
    assert!(size().await? > 1 << 20);
    let writer = database.session().await?;
    writer.batch_execute("BEGIN; UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    rest(&session).await?;
    session.batch_execute("SELECT rota.refresh_due()").await?;
    assert!(size().await? > 1 << 20, "somebody writes");
    writer.batch_execute("COMMIT").await?;
    // Whoever refreshes in a transaction of their own keeps nobody from writing.
    refresh(&session, "weekly").await?;
    assert!(size().await? > 1 << 20, "the transaction may go on");
    rest(&session).await?;
    session
        .batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 2; SELECT rota.refresh_due(9)")
        .await?;
    assert!(differences(&session, "weekly").await?.is_empty());
    assert!(size().await? < 1 << 16);
    assert_eq!(staleness(&session, "weekly").await?, Some(0));
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    assert_right_after_refresh(&session, "weekly").await
}
