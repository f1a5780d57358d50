//! Work that is found by indexes alone, which is read without the executor: it is what the views show, for whom the
//! server lets read, as long as the plan fits.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

use super::tables::{INDEXES, NO_DATES_OF_PEOPLE, anna_and_ben, rule, work};

/// Anna and Ben, at most ten hours a day, and two sessions. The first one has written, and keeps the plan.
async fn kept() -> Result<(Database, Session, Session)> {
    let (database, session) = anna_and_ben().await?;
    session.batch_execute(INDEXES).await?;
    session.batch_execute(NO_DATES_OF_PEOPLE).await?;
    rule(&session, "daily", "refuse", "maximum_minutes", r#"{"maximum_minutes": 600, "per": "day"}"#).await?;
    session
        .batch_execute("SELECT rota.enforce_rules('rota_source.assignments', 'person_id', 'during')")
        .await?;
    let writer = database.session().await?;
    for (id, day) in [("first", 10), ("second", 11), ("third", 12)] {
        writer.batch_execute(&work(id, "ben", day * 24 + 1, day * 24 + 2)).await?;
    }
    Ok((database, writer, session))
}

async fn is_refused(session: &Session, statement: &str) -> Result<()> {
    let refusal = session.refusal(statement).await?;
    assert_eq!(refusal.sqlstate, "23514", "{statement}: {refusal:?}");
    Ok(())
}

#[tokio::test]
async fn rows_that_were_changed_in_place_moved_or_deleted_count_as_they_are_now() -> Result<()> {
    let (_database, writer, other) = kept().await?;
    other.batch_execute(&work("long", "anna", 6, 15)).await?;
    is_refused(&writer, &work("more", "anna", 16, 18)).await?;
    // Neither index nor place changes: two hours of it are not worked.
    let unpaid = |minutes: i32| {
        format!("UPDATE rota_source.assignments SET unpaid_minutes = {minutes} WHERE assignment_id = 'long'")
    };
    other.batch_execute(&unpaid(120)).await?;
    writer.batch_execute(&work("more", "anna", 16, 18)).await?;
    is_refused(&writer, &unpaid(0)).await?;
    other.batch_execute("DELETE FROM rota_source.assignments WHERE assignment_id = 'long'").await?;
    writer.batch_execute(&unpaid(0)).await?;
    writer.batch_execute(&work("again", "anna", 6, 14)).await?;
    is_refused(&writer, &work("last", "anna", 19, 20)).await?;
    other
        .batch_execute("UPDATE rota_source.assignments SET person_id = 'ben' WHERE assignment_id = 'again'")
        .await?;
    other.batch_execute("VACUUM FULL rota_source.assignments").await?;
    writer.batch_execute(&work("last", "anna", 19, 20)).await?;
    is_refused(&writer, &work("his", "ben", 15, 18)).await
}

#[tokio::test]
async fn work_of_a_transaction_that_has_not_committed_or_was_rolled_back_does_not_count() -> Result<()> {
    let (_database, writer, other) = kept().await?;
    other.batch_execute("BEGIN").await?;
    other.batch_execute(&work("long", "anna", 6, 15)).await?;
    other.batch_execute("ROLLBACK").await?;
    writer.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").await?;
    other.batch_execute(&work("seven", "anna", 6, 13)).await?;
    // The snapshot of the transaction does not show those seven hours; the latest one does.
    is_refused(&writer, &work("four", "anna", 14, 18)).await?;
    writer.batch_execute("ROLLBACK").await?;
    writer.batch_execute(&work("three", "anna", 14, 17)).await?;
    Ok(())
}

#[tokio::test]
async fn a_column_that_came_later_has_its_default_in_the_rows_of_before() -> Result<()> {
    let (_database, writer, other) = kept().await?;
    writer.batch_execute(&work("nine", "anna", 6, 15)).await?;
    is_refused(&writer, &work("two", "anna", 16, 18)).await?;
    other
        .batch_execute(
            "ALTER TABLE rota_source.assignments DROP COLUMN unpaid_minutes;
            ALTER TABLE rota_source.assignments ADD COLUMN unpaid_minutes integer DEFAULT 60",
        )
        .await?;
    writer.batch_execute(&work("two", "anna", 16, 18)).await?;
    is_refused(&writer, &work("late", "anna", 19, 22)).await
}

#[tokio::test]
async fn a_view_that_takes_the_place_of_another_and_an_index_that_goes_act_at_once() -> Result<()> {
    let (_database, writer, other) = kept().await?;
    writer.batch_execute(&work("nine", "anna", 6, 15)).await?;
    other
        .batch_execute(
            "ALTER TABLE rota_source.assignments RENAME TO duties;
            CREATE VIEW rota_source.assignments AS SELECT * FROM rota_source.duties",
        )
        .await?;
    let two = "INSERT INTO rota_source.duties (assignment_id, person_id, during) VALUES ('two', 'anna',
        '[2026-03-02 16:00Z,2026-03-02 18:00Z)')";
    is_refused(&writer, two).await?;
    is_refused(&writer, two).await?;
    other
        .batch_execute(
            "CREATE OR REPLACE VIEW rota_source.assignments AS
            SELECT * FROM rota_source.duties WHERE assignment_id <> 'nine'",
        )
        .await?;
    writer.batch_execute(two).await?;
    other.batch_execute("DELETE FROM rota_source.duties WHERE assignment_id = 'two'").await?;
    other
        .batch_execute("CREATE OR REPLACE VIEW rota_source.assignments AS SELECT * FROM rota_source.duties")
        .await?;
    other.batch_execute("DROP INDEX rota_source.assignments_person_id_lower_idx").await?;
    is_refused(&writer, two).await
}

#[tokio::test]
async fn whose_table_it_is_has_to_be_allowed_to_read_at_every_write() -> Result<()> {
    let (_database, writer, other) = kept().await?;
    other
        .batch_execute(
            "DROP ROLE IF EXISTS rules_owner; CREATE ROLE rules_owner;
            GRANT USAGE ON SCHEMA rota_source TO rules_owner;
            GRANT SELECT ON ALL TABLES IN SCHEMA rota_source TO rules_owner;
            ALTER TABLE rota_source.assignments OWNER TO rules_owner",
        )
        .await?;
    writer.batch_execute(&work("one", "anna", 6, 7)).await?;
    writer.batch_execute(&work("two", "anna", 7, 8)).await?;
    other.batch_execute("REVOKE SELECT ON rota_source.people FROM rules_owner").await?;
    let refusal = writer.refusal(&work("three", "anna", 8, 9)).await?;
    assert_eq!(refusal.sqlstate, "42501", "{refusal:?}");
    other.batch_execute("GRANT SELECT ON rota_source.people TO rules_owner").await?;
    writer.batch_execute(&work("three", "anna", 8, 9)).await?;
    other
        .batch_execute(
            "ALTER TABLE rota_source.assignments OWNER TO CURRENT_USER;
            DROP OWNED BY rules_owner; DROP ROLE rules_owner",
        )
        .await?;
    Ok(())
}

#[tokio::test]
async fn rows_of_many_pages_and_values_that_are_stored_elsewhere_count_each_once() -> Result<()> {
    let (_database, writer, other) = kept().await?;
    // Three hundred minutes of hers, between rows of his of other years, four to a page.
    other
        .batch_execute(
            "INSERT INTO rota_source.assignments (assignment_id, person_id, during, kind)
            SELECT number || ' ' || person, person, tstzrange(start, start + '1 minute'), repeat('x', 1900)
            FROM generate_series(0, 299) AS number, unnest(ARRAY['anna', 'ben']) AS person,
                LATERAL (
                    SELECT CASE person
                        WHEN 'anna' THEN timestamptz '2026-03-02 00:00Z' + number * interval '2 minutes'
                        ELSE timestamptz '2030-01-01 00:00Z' + number * interval '1 day'
                    END AS start
                ) AS at",
        )
        .await?;
    let afternoon = |minutes: i32| {
        format!(
            "INSERT INTO rota_source.assignments (assignment_id, person_id, during)
            SELECT 'afternoon', 'anna', tstzrange(noon, noon + {minutes} * interval '1 minute')
            FROM (SELECT timestamptz '2026-03-02 12:00Z' AS noon) AS at"
        )
    };
    is_refused(&writer, &afternoon(301)).await?;
    other
        .batch_execute(
            "UPDATE rota_source.assignments
            SET kind = (SELECT string_agg(md5(number::text), '') FROM generate_series(1, 1000) AS number)
            WHERE assignment_id IN ('7 anna', '250 anna')",
        )
        .await?;
    is_refused(&writer, &afternoon(301)).await?;
    writer.batch_execute(&afternoon(300)).await?;
    is_refused(&writer, &work("more", "anna", 20, 21)).await
}
