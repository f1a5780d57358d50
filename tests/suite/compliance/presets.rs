//! The rule sets that are shipped.

use anyhow::Result;
use rota_tests::database::Database;

use super::tables::{lines, tables};

#[tokio::test]
async fn each_set_has_sources_and_each_rule_says_where_it_is_written() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let sets = lines(&session, "SELECT rule_set FROM rota.rule_sets ORDER BY 1").await?;
    assert_eq!(sets, ["acgme", "eu-working-time", "flsa", "japan", "japan-dispatch", "uk-working-time"]);
    let silent = "
        SELECT known.rule_set
        FROM rota.rule_sets AS known
        LEFT JOIN rota.preset_rules AS rule USING (rule_set)
        WHERE cardinality(known.sources) = 0
            OR rule.rule_name IS NULL
            OR rule.title !~ '^[A-Z0-9]'
            OR rule.source !~ '[0-9]'
            OR NOT known.valid @> rule.valid";
    assert_eq!(lines(&session, silent).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn each_set_judges_somebody_without_work_and_finds_nothing() -> Result<()> {
    let (_database, session) = tables().await?;
    session.batch_execute("INSERT INTO rota_source.people (person_id) VALUES ('idle')").await?;
    for set in lines(&session, "SELECT rule_set FROM rota.rule_sets").await? {
        let told = lines(
            &session,
            &format!("SELECT message FROM rota.check_rules('{set}', '2025-01-01', '2025-07-01')"),
        )
        .await?;
        assert_eq!(told, Vec::<String>::new(), "{set}");
    }
    Ok(())
}

#[tokio::test]
async fn a_rule_that_is_off_is_a_choice_that_can_be_read() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let off = "SELECT count(*) > 5, bool_and(rota.require_rule(rule_type, parameters))
        FROM rota.preset_rules WHERE mode = 'off'";
    assert_eq!(lines(&session, off).await?, ["t t"]);
    Ok(())
}

#[tokio::test]
async fn a_set_that_nobody_has_is_refused_by_name() -> Result<()> {
    let (_database, session) = tables().await?;
    let refusal =
        session.refusal("SELECT * FROM rota.check_rules('atlantis', '2025-01-01', '2025-02-01')").await?;
    assert_eq!((refusal.sqlstate.as_str(), refusal.column.as_deref()), ("22023", Some("rule_set")));
    assert!(refusal.message.contains("atlantis"));
    Ok(())
}

#[tokio::test]
async fn a_set_of_ones_own_is_found_by_its_name() -> Result<()> {
    let (_database, session) = tables().await?;
    session
        .batch_execute(
            "INSERT INTO rota_source.people (person_id, name) VALUES ('ada', 'Ada');
            INSERT INTO rota_source.assignments (assignment_id, person_id, during)
            VALUES ('1', 'ada', '[2025-01-06 08:00Z,2025-01-06 20:00Z)');
            INSERT INTO rota_source.rules (rule_id, rule_set, rule_name, rule_type, parameters)
            VALUES
                ('1', 'house', 'short', 'maximum_minutes', '{\"maximum_minutes\": 600, \"per\": \"day\"}'),
                ('2', 'other', 'shorter', 'maximum_minutes', '{\"maximum_minutes\": 60, \"per\": \"day\"}')",
        )
        .await?;
    let asked = |set: &str| {
        format!(
            "SELECT rule_id, measured FROM rota.check_rules({set}, '2025-01-01', '2025-02-01') ORDER BY 1"
        )
    };
    assert_eq!(lines(&session, &asked("'house'")).await?, ["1 720"]);
    assert_eq!(lines(&session, &asked("NULL")).await?, ["1 720", "2 720"]);
    Ok(())
}
