//! A roster is written as one set, or not at all.

use anyhow::Result;
use serde_json::Value;

use super::ward::{json, ward};
use crate::proxy::waiting::until;

const COMMIT: &str = r#"SELECT rota.generate_schedule('1', '{"steps": 3000, "commit": true}')"#;

#[tokio::test]
async fn one_statement_of_the_guard_judges_the_whole_roster() -> Result<()> {
    let (_, session) = ward().await?;
    session
        .batch_execute(
            "CREATE TABLE statements (operation text, count bigint);
             CREATE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 INSERT INTO public.statements SELECT TG_OP, count(*) FROM new_rows;
                 RETURN NULL;
             END $$;
             CREATE TRIGGER counted AFTER INSERT ON workforce.assignments REFERENCING NEW TABLE AS new_rows
             FOR EACH STATEMENT EXECUTE FUNCTION count_rows();",
        )
        .await?;
    session.batch_execute(COMMIT).await?;
    let seen = session.rows("SELECT operation, count FROM statements").await?;
    assert_eq!(seen, [vec![Some("INSERT".to_owned()), Some("56".to_owned())]]);
    Ok(())
}

#[tokio::test]
async fn a_booking_that_was_faster_is_refused_cleanly_and_nothing_is_half_written() -> Result<()> {
    let (database, session) = ward().await?;
    let booker = database.session().await?;
    let observer = database.session().await?;
    let count = "SELECT count(*) FROM workforce.assignments";
    let before: i64 = session.text(count).await?.parse()?;
    // The booking is made and not yet committed while the search reads, so the search does not see it.
    booker
        .batch_execute(
            "BEGIN;
             INSERT INTO workforce.assignments (shift_id, during, employee_id)
             SELECT shift_id, during, 1 FROM workforce.shifts WHERE shift_type = 'late' AND date = '2026-03-25'",
        )
        .await?;
    let writing = tokio::spawn(async move { session.refusal(COMMIT).await });
    until("the writer waits for the booking", async || {
        let waits = "SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND wait_event_type = 'Lock'";
        Ok(observer.text(waits).await? == "1")
    })
    .await?;
    booker.batch_execute("COMMIT").await?;
    let refusal = writing.await??;
    assert_eq!(refusal.sqlstate, "55000");
    assert!(refusal.message.contains("changed while its roster was searched"), "{refusal:?}");
    assert_eq!(observer.text(count).await?.parse::<i64>()?, before + 1, "the booking alone");
    Ok(())
}

#[tokio::test]
async fn a_booking_that_is_rolled_back_refuses_nothing() -> Result<()> {
    let (database, session) = ward().await?;
    let booker = database.session().await?;
    let observer = database.session().await?;
    booker
        .batch_execute(
            "BEGIN;
             INSERT INTO workforce.assignments (shift_id, during, employee_id)
             SELECT shift_id, during, 1 FROM workforce.shifts WHERE shift_type = 'late' AND date = '2026-03-25'",
        )
        .await?;
    let writing = tokio::spawn(async move { json(&session, COMMIT).await });
    until("the writer waits for the booking", async || {
        let waits = "SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND wait_event_type = 'Lock'";
        Ok(observer.text(waits).await? == "1")
    })
    .await?;
    booker.batch_execute("ROLLBACK").await?;
    assert_eq!(writing.await??["committed"], true);
    Ok(())
}

#[tokio::test]
async fn two_who_generate_at_once_never_write_both() -> Result<()> {
    let (database, session) = ward().await?;
    let other = database.session().await?;
    let (one, two) = tokio::join!(session.rows(COMMIT), other.rows(COMMIT));
    assert!(one.is_ok() || two.is_ok());
    let heads = "SELECT count(*) FROM workforce.assignments AS a JOIN workforce.shifts AS s USING (shift_id)
                 WHERE a.binding AND s.date >= '2026-03-23' AND s.date < '2026-04-06'";
    // Whoever came second was refused, or found everything filled.
    assert_eq!(session.text(heads).await?, "56");
    Ok(())
}

#[tokio::test]
async fn a_roster_that_would_break_a_rule_is_not_written() -> Result<()> {
    let (_, session) = ward().await?;
    // Nobody may begin work within 30 hours of having begun: the search does not know windows of minutes.
    session
        .batch_execute(
            r#"INSERT INTO workforce.rules (rule_type, parameters)
               VALUES ('maximum_minutes', '{"maximum_minutes": 460, "per": "window", "window_minutes": 2400}')"#,
        )
        .await?;
    let refusal = session.refusal(COMMIT).await?;
    assert_eq!(refusal.sqlstate, "55000");
    assert!(refusal.message.contains("would break a rule"), "{refusal:?}");
    let allowed =
        r#"SELECT rota.generate_schedule('1', '{"steps": 3000, "commit": true, "allow_conflicts": true}')"#;
    assert_eq!(json(&session, allowed).await?["committed"], Value::Bool(true));
    Ok(())
}

#[tokio::test]
async fn replacing_takes_back_what_the_schedule_held() -> Result<()> {
    let (_, session) = ward().await?;
    session.batch_execute(COMMIT).await?;
    session
        .batch_execute("INSERT INTO workforce.time_off (employee_id, days, kind) VALUES (1, '[2026-03-23,2026-04-06)', 'sick')")
        .await?;
    let replace = r#"SELECT rota.generate_schedule('1', '{"steps": 3000, "commit": true, "replace": true}')"#;
    let answer = json(&session, replace).await?;
    assert_eq!(answer["missing_heads"], 0);
    let held = "SELECT count(*) FROM workforce.assignments AS a JOIN workforce.shifts AS s USING (shift_id)
                WHERE a.employee_id = 1 AND a.binding AND s.date >= '2026-03-23' AND s.date < '2026-04-06'";
    assert_eq!(session.text(held).await?, "0");
    Ok(())
}
