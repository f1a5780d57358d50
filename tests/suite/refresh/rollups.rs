//! What a refresh recomputes, and what it leaves alone.

use anyhow::Result;

use super::stage::{WEEKS, assert_right_after_refresh, differences, refresh, stage, staleness};

#[tokio::test]
async fn a_new_rollup_holds_what_its_query_gives_and_has_a_unique_index_on_its_key() -> Result<()> {
    let (_database, session) = stage().await?;
    for rollup in ["weekly", "slots", "teams"] {
        assert!(differences(&session, rollup).await?.is_empty());
        assert_eq!(staleness(&session, rollup).await?, Some(0));
    }
    let key = session
        .text("SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'weekly'::regclass AND indisunique")
        .await?;
    assert!(key.ends_with("(person_id, week)"), "{key}");
    Ok(())
}

#[tokio::test]
async fn nothing_changed_is_no_refresh() -> Result<()> {
    let (_database, session) = stage().await?;
    let before = session
        .text("SELECT last_refreshed_at FROM rota.view_status WHERE view = 'weekly'::regclass")
        .await?;
    session.batch_execute("UPDATE shifts SET ends = ends WHERE shift_id = -1; SELECT 1").await?;
    assert_eq!(refresh(&session, "weekly").await?.0, "skipped");
    let after = session
        .text("SELECT last_refreshed_at FROM rota.view_status WHERE view = 'weekly'::regclass")
        .await?;
    assert_eq!(before, after);
    Ok(())
}

#[tokio::test]
async fn only_the_keys_of_changed_rows_are_recomputed_those_before_and_those_after() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute("UPDATE shifts SET person_id = 2, starts = 500, ends = 508 WHERE shift_id = 1")
        .await?;
    assert!(staleness(&session, "weekly").await?.is_some_and(|age| age > 0));
    let (mode, reason, keys) = refresh(&session, "weekly").await?;
    assert_eq!((mode.as_str(), reason.as_str(), keys), ("partial", "2 keys changed", Some(2)));
    assert!(differences(&session, "weekly").await?.is_empty());
    assert_eq!(staleness(&session, "weekly").await?, Some(0));
    // Eight slots before and eight after.
    assert_eq!(refresh(&session, "slots").await?.2, Some(16));
    assert!(differences(&session, "slots").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn rows_that_stayed_the_same_are_not_written() -> Result<()> {
    let (_database, session) = stage().await?;
    session.batch_execute("UPDATE shifts SET ends = ends WHERE shift_id < 4").await?;
    let written = session.text("SELECT rows_written FROM rota.refresh('weekly')").await?;
    assert_eq!(written, "0");
    session.batch_execute("SELECT rota.refresh('weekly', full_refresh => true)").await?;
    let written =
        session.text("SELECT last_rows FROM rota.view_status WHERE view = 'weekly'::regclass").await?;
    assert_eq!(written, "0");
    Ok(())
}

#[tokio::test]
async fn keys_come_and_go_with_their_rows() -> Result<()> {
    let (_database, session) = stage().await?;
    for change in [
        "DELETE FROM shifts WHERE shift_id = 7",
        "INSERT INTO shifts VALUES (1000, 3, 700, 709), (1001, NULL, 1, 2)",
        "UPDATE shifts SET person_id = NULL WHERE shift_id = 8",
        "UPDATE people SET team = 9 WHERE person_id = 4",
        "DELETE FROM people WHERE person_id = 5",
        "TRUNCATE shifts",
        "INSERT INTO shifts SELECT g, g, g, g + 4 FROM generate_series(1, 12) AS g",
    ] {
        session.batch_execute(change).await?;
        for rollup in ["weekly", "slots", "teams"] {
            assert_right_after_refresh(&session, rollup).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_truncation_recomputes_everything_and_says_so() -> Result<()> {
    let (_database, session) = stage().await?;
    session.batch_execute("TRUNCATE shifts").await?;
    let (mode, reason, _) = refresh(&session, "weekly").await?;
    assert_eq!(mode, "full");
    assert!(reason.contains("public.shifts"), "{reason}");
    assert_eq!(session.text("SELECT count(*) FROM weekly").await?, "0");
    Ok(())
}

#[tokio::test]
async fn more_keys_than_are_worth_it_recompute_everything() -> Result<()> {
    let (_database, session) = stage().await?;
    session.batch_execute("UPDATE shifts SET ends = ends + 1").await?;
    let chosen = "SELECT mode FROM rota.explain_refresh('weekly') WHERE chosen";
    assert_eq!(session.text(chosen).await?, "full");
    let (mode, reason, _) = refresh(&session, "weekly").await?;
    assert_eq!(mode, "full");
    assert!(reason.contains("keys changed, more than"), "{reason}");
    assert!(differences(&session, "weekly").await?.is_empty());
    assert_eq!(session.text(chosen).await?, "skipped");
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    assert_eq!(session.text(chosen).await?, "partial");
    Ok(())
}

#[tokio::test]
async fn a_rollup_over_a_rollup_is_refreshed_after_it_and_by_its_keys() -> Result<()> {
    let (_database, session) = stage().await?;
    session.batch_execute(WEEKS).await?;
    session.batch_execute("UPDATE shifts SET ends = ends + 3 WHERE shift_id = 1").await?;
    // What weekly does not hold yet, weeks does not hold either.
    assert!(staleness(&session, "weeks").await?.is_some_and(|age| age > 0));
    let told = session.rows("SELECT refreshed_view, mode, keys FROM rota.refresh('weeks')").await?;
    let told: Vec<Vec<&str>> =
        told.iter().map(|row| row.iter().map(|field| field.as_deref().unwrap_or("-")).collect()).collect();
    assert_eq!(told, [["weekly", "partial", "1"], ["weeks", "partial", "1"]]);
    assert!(differences(&session, "weeks").await?.is_empty());
    // The others are left alone: only what is needed was refreshed.
    assert!(staleness(&session, "slots").await?.is_some_and(|age| age > 0));
    Ok(())
}

#[tokio::test]
async fn a_change_stays_as_old_for_what_reads_a_refreshed_rollup() -> Result<()> {
    let (_database, session) = stage().await?;
    session.batch_execute(WEEKS).await?;
    session
        .batch_execute("UPDATE shifts SET ends = ends + 3 WHERE shift_id = 1; SELECT pg_sleep(0.05)")
        .await?;
    let before = staleness(&session, "weeks").await?;
    refresh(&session, "weekly").await?;
    let after = staleness(&session, "weeks").await?;
    assert!(before.is_some_and(|age| age >= 50) && after >= before, "{before:?}, {after:?}");
    assert_right_after_refresh(&session, "weeks").await?;
    Ok(())
}

#[tokio::test]
async fn columns_of_any_type_and_names_that_need_quotes_are_kept() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute(
            r#"CREATE SCHEMA "Odd, schema";
            CREATE TYPE mood AS ENUM ('good', 'bad');
            CREATE TABLE "Odd, schema"."the ""table""" (
                "key, one" text, mood mood, at timestamptz, during int4range, doc json, place point
            );
            CREATE VIEW "Odd, schema"."a view" AS
                SELECT "key, one", mood, at, during, count(*), (array_agg(doc))[1] AS "the doc",
                    (array_agg(place))[1] AS place
                FROM "Odd, schema"."the ""table""" GROUP BY 1, 2, 3, 4;
            SELECT rota.create_rollup('"Odd, schema"."a rollup"', '"Odd, schema"."a view"',
                '{"key, one",mood,at,during}',
                '{"\"Odd, schema\".\"the \"\"table\"\"\"": ["\"key, one\"", "mood", "at", "during"]}');
            INSERT INTO "Odd, schema"."the ""table""" VALUES
                ('a, b"c', 'good', '2026-03-29 02:30+01', '[1,4)', '{"x": 1}', '(1,2)'),
                ('\', 'bad', 'infinity', 'empty', '[]', NULL);"#,
        )
        .await?;
    let rows = session
        .rows(r#"SELECT mode, keys, rows_written FROM rota.refresh('"Odd, schema"."a rollup"')"#)
        .await?;
    assert_eq!(rows, [[Some("partial".to_owned()), Some("2".to_owned()), Some("2".to_owned())]]);
    let stored = session.text(r#"SELECT count(*) FROM "Odd, schema"."a rollup""#).await?;
    assert_eq!(stored, "2");
    Ok(())
}

#[tokio::test]
async fn a_rollup_that_is_all_key_holds_what_its_query_gives() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute(
            r#"CREATE VIEW busy_query AS SELECT DISTINCT person_id FROM shifts WHERE person_id IS NOT NULL;
            SELECT rota.create_rollup('public.busy', 'busy_query', '{person_id}', '{"public.shifts": ["person_id"]}');
            DELETE FROM shifts WHERE person_id = 3; INSERT INTO shifts VALUES (900, 77, 1, 2);"#,
        )
        .await?;
    assert_right_after_refresh(&session, "busy").await
}
