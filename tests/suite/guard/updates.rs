//! An update is judged when it touches what the guard looks at, and costs nothing otherwise.

use anyhow::Result;
use rota_tests::session::Session;

use super::duties::{clash, duties, duty, guarded};

/// Locks that the guard holds for this session's transaction.
const LOCKS: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()";

/// How often this transaction has looked into the guard's index.
const PROBES: &str = "SELECT pg_stat_get_xact_numscans(index_name) FROM rota.guards";

async fn three_duties() -> Result<(rota_tests::database::Database, Session)> {
    let (database, session) = guarded().await?;
    for statement in [duty(1, 7, 8, 16), duty(2, 7, 16, 20), duty(3, 8, 8, 16)] {
        session.batch_execute(&statement).await?;
    }
    Ok((database, session))
}

#[tokio::test]
async fn a_range_moves_only_where_it_is_free() -> Result<()> {
    let (_database, session) = three_duties().await?;
    clash(&session, "UPDATE duties SET during = hours(8, 17) WHERE duty_id = 1").await?;
    clash(&session, "UPDATE duties SET during = hours(17, 18) WHERE duty_id = 1").await?;
    for (first, last) in [(9, 15), (8, 16), (4, 16), (20, 24)] {
        session
            .batch_execute(&format!("UPDATE duties SET during = hours({first}, {last}) WHERE duty_id = 1"))
            .await?;
    }
    assert_eq!(duties(&session).await?, ["1 7 20-24", "2 7 16-20", "3 8 8-16"]);
    Ok(())
}

#[tokio::test]
async fn a_row_goes_to_another_key_only_where_it_is_free() -> Result<()> {
    let (_database, session) = three_duties().await?;
    clash(&session, "UPDATE duties SET person = 7 WHERE duty_id = 3").await?;
    clash(&session, "UPDATE duties SET person = 9").await?;
    session.batch_execute("UPDATE duties SET person = 9 WHERE duty_id = 3").await?;
    session.batch_execute("UPDATE duties SET person = 8 WHERE duty_id = 1").await?;
    // Both change: it comes to another person at another time.
    session.batch_execute("UPDATE duties SET person = 7, during = hours(20, 22) WHERE duty_id = 3").await?;
    clash(&session, "UPDATE duties SET person = 7, during = hours(21, 23) WHERE duty_id = 1").await?;
    assert_eq!(duties(&session).await?, ["1 8 8-16", "2 7 16-20", "3 7 20-22"]);
    Ok(())
}

#[tokio::test]
async fn a_row_that_begins_to_count_is_judged_then() -> Result<()> {
    let (_database, session) = three_duties().await?;
    session
        .batch_execute(
            "INSERT INTO duties (duty_id, person, during, binding) VALUES (4, 7, hours(10, 18), false);
            INSERT INTO duties (duty_id, person, during, binding) VALUES (5, 7, hours(10, 18), false)",
        )
        .await?;
    clash(&session, "UPDATE duties SET binding = true WHERE duty_id = 4").await?;
    session.batch_execute("UPDATE duties SET binding = false WHERE duty_id = 1").await?;
    clash(&session, "UPDATE duties SET binding = true WHERE duty_id = 4").await?;
    session.batch_execute("UPDATE duties SET binding = false WHERE duty_id = 2").await?;
    // Two that do not count yet come to count at once.
    clash(&session, "UPDATE duties SET binding = true WHERE duty_id IN (4, 5)").await?;
    session.batch_execute("UPDATE duties SET binding = true WHERE duty_id = 4").await?;
    clash(&session, "UPDATE duties SET binding = NOT binding WHERE duty_id IN (1, 2)").await?;
    session.batch_execute("UPDATE duties SET binding = NOT binding WHERE duty_id IN (1, 2, 4)").await?;
    let binding =
        session.text("SELECT string_agg(duty_id::text, ' ' ORDER BY duty_id) FROM duties WHERE binding");
    assert_eq!(binding.await?, "1 2 3");
    Ok(())
}

#[tokio::test]
async fn rows_that_change_in_one_statement_may_pass_through_each_other() -> Result<()> {
    let (_database, session) = three_duties().await?;
    // All one hour later: each moves onto the hour that its neighbour leaves.
    for shift in ["1 hour", "-3 hours", "40 days"] {
        session
            .batch_execute(&format!(
                "UPDATE duties SET during = tstzrange(lower(during) + interval '{shift}',
                    upper(during) + interval '{shift}')"
            ))
            .await?;
    }
    session.batch_execute("UPDATE duties SET during = hours(8, 16) WHERE duty_id = 3").await?;
    session.batch_execute("UPDATE duties SET during = hours(8, 12) WHERE duty_id = 1").await?;
    // Two people swap their duties.
    session
        .batch_execute(
            "UPDATE duties SET person = CASE person WHEN 7 THEN 8 ELSE 7 END WHERE duty_id IN (1, 3)",
        )
        .await?;
    assert_eq!(duties(&session).await?, ["1 8 8-12", "2 7 974-978", "3 7 8-16"]);
    Ok(())
}

#[tokio::test]
async fn an_update_of_other_columns_locks_nothing_and_looks_at_nothing() -> Result<()> {
    let (database, session) = three_duties().await?;
    session.batch_execute(&format!("BEGIN; {}", duty(4, 7, 20, 24))).await?;
    assert_ne!(session.text(LOCKS).await?, "0", "what is counted here is not the guard's locks");
    assert_ne!(session.text(PROBES).await?, "0", "what is counted here is not the guard's probes");

    let other = database.session().await?;
    // It would wait for the open transaction; this makes that a failure.
    other.batch_execute("SET lock_timeout = '20s'").await?;
    for change in
        ["note = 'swap asked for'", "note = note, person = person", "during = during, binding = binding"]
    {
        other.batch_execute(&format!("BEGIN; UPDATE duties SET {change} WHERE duty_id = 1")).await?;
        assert_eq!(other.text(LOCKS).await?, "0", "{change}");
        assert_eq!(other.text(PROBES).await?, "0", "{change}");
        other.batch_execute("COMMIT").await?;
    }
    other.batch_execute("BEGIN; DELETE FROM duties WHERE duty_id = 1").await?;
    assert_eq!(other.text(LOCKS).await?, "0");
    other.batch_execute("ROLLBACK").await?;
    session.batch_execute("ROLLBACK").await?;
    Ok(())
}

#[tokio::test]
async fn a_row_that_does_not_count_before_and_after_locks_nothing() -> Result<()> {
    let (_database, session) = three_duties().await?;
    session
        .batch_execute(
            "BEGIN;
            INSERT INTO duties (duty_id, person, during, binding) VALUES (4, 7, hours(10, 18), false);
            INSERT INTO duties (duty_id, person, during) VALUES (5, NULL, hours(10, 18)), (6, 7, NULL), (7, 7, 'empty');
            UPDATE duties SET during = hours(10, 19) WHERE duty_id = 4;
            UPDATE duties SET binding = false WHERE duty_id = 1",
        )
        .await?;
    assert_eq!(session.text(LOCKS).await?, "0");
    session.batch_execute("COMMIT").await?;
    Ok(())
}

#[tokio::test]
async fn a_range_that_is_computed_from_other_columns_is_judged_when_they_change() -> Result<()> {
    let session = super::duties::bare().await?;
    session
        .batch_execute(
            "CREATE TABLE visits (
                visit_id integer PRIMARY KEY,
                nurse text,
                starts_at timestamptz,
                ends_at timestamptz,
                visit tstzrange GENERATED ALWAYS AS (tstzrange(starts_at, ends_at)) STORED
            );
            SELECT rota.guard_overlaps('visits', 'nurse', 'visit');
            INSERT INTO visits (visit_id, nurse, starts_at, ends_at)
            VALUES (1, 'Anna', '2026-03-02 08:00Z', '2026-03-02 09:00Z'),
                (2, 'Anna', '2026-03-02 09:00Z', '2026-03-02 10:00Z')",
        )
        .await?;
    clash(&session, "UPDATE visits SET ends_at = '2026-03-02 09:01Z' WHERE visit_id = 1").await?;
    clash(&session, "UPDATE visits SET starts_at = '2026-03-02 08:59Z' WHERE visit_id = 2").await?;
    clash(
        &session,
        "INSERT INTO visits (visit_id, nurse, starts_at, ends_at)
        VALUES (3, 'Anna', '2026-03-02 09:30Z', '2026-03-02 09:31Z')",
    )
    .await?;
    session.batch_execute("UPDATE visits SET starts_at = starts_at + interval '1 hour', ends_at = ends_at + interval '1 hour'").await
        .map_err(Into::into)
}
