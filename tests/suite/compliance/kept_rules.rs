//! Rules that a session keeps from one write to the next: as long as they are what they were, and no longer.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

use super::tables::{anna_and_ben, rule, work};

/// Anna and Ben, at most ten hours a day, and two sessions. The first one has written, and keeps the rules.
async fn kept() -> Result<(Database, Session, Session)> {
    let (database, session) = anna_and_ben().await?;
    rule(&session, "daily", "refuse", "maximum_minutes", r#"{"maximum_minutes": 600, "per": "day"}"#).await?;
    session
        .batch_execute("SELECT rota.enforce_rules('rota_source.assignments', 'person_id', 'during')")
        .await?;
    let writer = database.session().await?;
    writer.batch_execute(&work("first", "ben", 1, 2)).await?;
    writer.batch_execute(&work("second", "ben", 2, 3)).await?;
    Ok((database, writer, session))
}

const LOOSER: &str = r#"UPDATE rota_source.rules SET parameters = '{"maximum_minutes": 900, "per": "day"}'"#;

async fn is_refused(session: &Session, statement: &str) -> Result<()> {
    let refusal = session.refusal(statement).await?;
    assert_eq!(refusal.sqlstate, "23514", "{statement}: {refusal:?}");
    Ok(())
}

#[tokio::test]
async fn what_another_session_makes_of_the_rules_acts_on_the_next_write() -> Result<()> {
    let (_database, writer, other) = kept().await?;
    let long = work("long", "anna", 6, 20);
    is_refused(&writer, &long).await?;
    other.batch_execute(LOOSER).await?;
    writer.batch_execute(&long).await?;
    other
        .batch_execute(
            "UPDATE rota_source.rules SET parameters = jsonb_set(parameters, '{maximum_minutes}', '60')",
        )
        .await?;
    is_refused(&writer, &work("hours", "ben", 30, 33)).await?;
    other.batch_execute("TRUNCATE rota_source.rules").await?;
    writer.batch_execute(&work("hours", "ben", 30, 33)).await?;
    Ok(())
}

#[tokio::test]
async fn a_rule_that_is_written_in_the_place_of_another_acts_like_any() -> Result<()> {
    let (_database, writer, other) = kept().await?;
    writer.batch_execute(&work("hours", "anna", 6, 12)).await?;
    // The new row lies where the old one lay.
    other.batch_execute("DELETE FROM rota_source.rules").await?;
    other.batch_execute("VACUUM rota_source.rules").await?;
    rule(&other, "daily", "refuse", "maximum_minutes", r#"{"maximum_minutes": 300, "per": "day"}"#).await?;
    is_refused(&writer, &work("more", "ben", 30, 36)).await
}

#[tokio::test]
async fn a_rule_of_a_savepoint_that_was_rolled_back_acts_no_longer() -> Result<()> {
    let (_database, writer, _other) = kept().await?;
    let long = work("long", "anna", 6, 20);
    writer.batch_execute("BEGIN; SAVEPOINT here").await?;
    writer.batch_execute(LOOSER).await?;
    writer.batch_execute(&long).await?;
    writer.batch_execute("ROLLBACK TO here").await?;
    is_refused(&writer, &long).await?;
    writer.batch_execute("ROLLBACK").await?;
    is_refused(&writer, &long).await
}

#[tokio::test]
async fn rules_that_depend_on_more_than_rows_are_asked_for_at_every_write() -> Result<()> {
    let (_database, writer, other) = kept().await?;
    other
        .batch_execute(
            "ALTER TABLE rota_source.rules RENAME TO house_rules;
            CREATE VIEW rota_source.rules AS
            SELECT rule_id, rule_type, level, scope, during, mode,
                jsonb_build_object('maximum_minutes', current_setting('house.most')::integer, 'per', 'day')
                    AS parameters
            FROM rota_source.house_rules",
        )
        .await?;
    writer.batch_execute("SET house.most = 600").await?;
    let long = work("long", "anna", 6, 20);
    is_refused(&writer, &long).await?;
    writer.batch_execute("SET house.most = 900").await?;
    writer.batch_execute(&long).await?;
    Ok(())
}

#[tokio::test]
async fn a_function_that_is_made_anew_changes_the_rules_that_it_makes() -> Result<()> {
    let (_database, writer, other) = kept().await?;
    let function = |minutes: i32| {
        format!(
            "CREATE OR REPLACE FUNCTION rota_source.limits(text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE
            AS $$ BEGIN RETURN jsonb_build_object('maximum_minutes', {minutes}, 'per', 'day'); END $$"
        )
    };
    other.batch_execute(&function(600)).await?;
    other
        .batch_execute(
            "ALTER TABLE rota_source.rules RENAME TO house_rules;
            CREATE VIEW rota_source.rules AS
            SELECT rule_id, rule_type, level, scope, during, mode,
                rota_source.limits(rule_id) AS parameters
            FROM rota_source.house_rules",
        )
        .await?;
    let long = work("long", "anna", 6, 20);
    is_refused(&writer, &long).await?;
    is_refused(&writer, &long).await?;
    other.batch_execute(&function(900)).await?;
    writer.batch_execute(&long).await?;
    Ok(())
}

#[tokio::test]
async fn rules_of_a_table_with_parts_and_of_a_large_one_are_seen_to_change() -> Result<()> {
    const PART: &str = "CREATE TABLE rota_source.more_rules () INHERITS (rota_source.rules);
        INSERT INTO rota_source.more_rules (rule_id, rule_type, parameters, mode)
        SELECT 'part', rule_type, parameters, mode FROM rota_source.rules";
    const MANY: &str = "INSERT INTO rota_source.rules (rule_id, rule_type, parameters, mode)
        SELECT 'off ' || n, rule_type, parameters, 'off'
        FROM rota_source.rules, generate_series(1, 2000) AS n";
    for filling in [PART, MANY] {
        let (_database, writer, other) = kept().await?;
        let long = work("long", "anna", 6, 20);
        other.batch_execute(filling).await?;
        is_refused(&writer, &long).await?;
        is_refused(&writer, &long).await?;
        other.batch_execute(LOOSER).await?;
        writer.batch_execute(&long).await?;
    }
    Ok(())
}
