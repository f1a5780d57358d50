//! What is refused when a rule, or its enforcement, is defined.

use anyhow::Result;
use rota_tests::database::Database;

use super::tables::tables;

#[tokio::test]
async fn a_rule_that_cannot_be_applied_is_refused_by_its_field() -> Result<()> {
    let session = Database::migrated().await?.session().await?;
    for (rule_type, parameters, column, words) in [
        ("weekly_sleep", "{}", "rule_type", "weekly_sleep"),
        ("weekly_rest", r#"{"minimum_minutes": 2100}"#, "parameters", "parameter per"),
        ("weekly_rest", r#"{"minimum_minutes": 2100, "per": "week", "x": 1}"#, "parameters", "parameter x"),
        (
            "maximum_minutes",
            r#"{"maximum_minutes": 600, "per": "window", "window_days": 7, "window_minutes": 60}"#,
            "parameters",
            "parameter window_minutes",
        ),
        (
            "average_minutes",
            r#"{"maximum_minutes": 600, "below_minutes": 600, "per": "week"}"#,
            "parameters",
            "parameter below_minutes",
        ),
        (
            "rest_within",
            r#"{"minimum_minutes": 1500, "within_minutes": 1440}"#,
            "parameters",
            "parameter within_minutes",
        ),
        (
            "average_minutes",
            r#"{"maximum_minutes": 600, "per": "period", "period": "fortnight"}"#,
            "parameters",
            "parameter period",
        ),
    ] {
        let refusal = session
            .refusal(&format!(
                "INSERT INTO workforce.rules (rule_type, parameters) VALUES ('{rule_type}', '{parameters}')"
            ))
            .await?;
        assert_eq!(refusal.sqlstate, "22023", "{parameters}: {refusal:?}");
        assert_eq!(refusal.column.as_deref(), Some(column), "{parameters}: {refusal:?}");
        assert!(refusal.message.contains(words), "{parameters}: {}", refusal.message);
    }
    Ok(())
}

#[tokio::test]
async fn a_rule_is_of_a_department_or_of_a_person_and_named_with_its_set() -> Result<()> {
    let session = Database::migrated().await?.session().await?;
    session
        .batch_execute(
            "INSERT INTO workforce.departments (name) VALUES ('Ward');
            INSERT INTO workforce.employees (employee_no, name, email) VALUES ('1', 'Ada', 'a@example.org')",
        )
        .await?;
    for (columns, values, constraint) in [
        ("department_id, employee_id", "1, 1", "rules_of_a_department_or_an_employee"),
        ("rule_set", "'house'", "rules_named_in_a_set"),
        ("mode", "'perhaps'", "rules_mode_known"),
    ] {
        let refusal = session
            .refusal(&format!(
                "INSERT INTO workforce.rules (rule_type, parameters, {columns})
                VALUES ('rest_period', '{{\"minimum_minutes\": 660}}', {values})"
            ))
            .await?;
        assert_eq!(refusal.constraint.as_deref(), Some(constraint), "{refusal:?}");
    }
    Ok(())
}

#[tokio::test]
async fn an_enforcement_that_could_not_judge_is_refused_when_it_is_made() -> Result<()> {
    let enforce = "SELECT rota.enforce_rules('rota_source.assignments', 'person_id', 'during')";
    for (spoiled, sqlstate, words) in [
        ("ALTER TABLE rota_source.people DROP COLUMN time_zone", "42703", "time_zone"),
        ("DROP TABLE rota_source.rules", "42P01", "rota_source.rules"),
        (
            "INSERT INTO rota_source.rules (rule_id, rule_type, parameters) VALUES ('x', 'weekly_rest', '{}')",
            "22023",
            "rule x",
        ),
    ] {
        let (_database, session) = tables().await?;
        session.batch_execute(spoiled).await?;
        let refusal = session.refusal(enforce).await?;
        assert_eq!(refusal.sqlstate, sqlstate, "{spoiled}: {refusal:?}");
        assert!(refusal.message.contains(words), "{spoiled}: {}", refusal.message);
    }
    let (_database, session) = tables().await?;
    for (call, sqlstate, column) in [
        ("'rota_source.assignments', 'nobody', 'during'", "42703", "person_column"),
        ("'rota_source.assignments', 'person_id', 'kind'", "42804", "range_column"),
        ("'rota_source.assignments', 'person_id', 'during', 'atlantis'", "22023", "rule_set"),
        ("'pg_class', 'relname', 'relname'", "42809", "guarded_table"),
    ] {
        let refusal = session.refusal(&format!("SELECT rota.enforce_rules({call})")).await?;
        let found = (refusal.sqlstate.as_str(), refusal.column.as_deref());
        assert_eq!(found, (sqlstate, Some(column)), "{call}: {refusal:?}");
    }
    session.batch_execute(enforce).await?;
    let refusal = session.refusal(enforce).await?;
    assert_eq!(refusal.sqlstate, "42710", "{refusal:?}");
    session.batch_execute("SELECT rota.unenforce_rules('rota_source.assignments')").await?;
    let refusal = session.refusal("SELECT rota.unenforce_rules('rota_source.assignments')").await?;
    assert_eq!(refusal.sqlstate, "42704", "{refusal:?}");
    Ok(())
}

#[tokio::test]
async fn half_days_want_their_hours_and_are_told_as_estimated() -> Result<()> {
    let (_database, session) = tables().await?;
    let refusal =
        session.refusal("SELECT rota.half_day_range('2026-03-02', 'am', NULL, 'Europe/Berlin')").await?;
    assert_eq!((refusal.sqlstate.as_str(), refusal.column.as_deref()), ("22004", Some("half_day_minutes")));
    session
        .batch_execute(
            "INSERT INTO rota_source.people (person_id, time_zone) VALUES ('ada', 'Europe/Berlin');
            INSERT INTO rota_source.assignments (assignment_id, person_id, during, estimated)
            SELECT half, 'ada', rota.half_day_range('2026-03-02', half, 300, 'Europe/Berlin'), true
            FROM unnest(ARRAY['am', 'pm']) AS half;
            INSERT INTO rota_source.rules (rule_id, rule_type, parameters)
            VALUES ('daily', 'maximum_minutes', '{\"maximum_minutes\": 480, \"per\": \"day\"}')",
        )
        .await?;
    let told = "SELECT measured, estimated, message LIKE '%estimated%'
        FROM rota.check_rules(NULL, '2026-03-01', '2026-03-08')";
    assert_eq!(super::tables::lines(&session, told).await?, ["600 t t"]);
    Ok(())
}
