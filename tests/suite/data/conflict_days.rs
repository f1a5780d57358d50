//! Days of work in a row, and people in parts, on rosters small enough to be judged by hand.

use anyhow::Result;

use super::conflict_hours::rules;
use super::hours::{PEOPLE, conflicts, work};
use super::plain_tables::plain_tables;

#[tokio::test]
async fn a_row_of_days_is_one_conflict_that_names_all_of_it() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    rules(&session, &[("consecutive_days", r#"{"maximum_days": 6}"#)]).await?;
    for day in [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15] {
        work(&session, &format!("day {day}"), "anna", "", day * 24 + 8, day * 24 + 16).await?;
    }
    let whole = ["consecutive_days Anna works 9 days in a row, 2026-02-09 to 2026-02-17, 6 days at most"];
    assert_eq!(conflicts(&session, "message", 0, 24 * 30, "").await?, whole);
    let columns = "level, person_id, assignment_id, rule_id, minutes, measured, limit_value";
    assert_eq!(
        conflicts(&session, columns, 24 * 7, 24 * 7 + 1, "").await?,
        ["consecutive_days violation anna a 12960 9 6"]
    );
    assert_eq!(conflicts(&session, columns, 0, 24 * 7, "").await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn a_row_is_followed_far_beyond_the_window() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    rules(&session, &[("consecutive_days", r#"{"maximum_days": 6}"#)]).await?;
    for day in -50..50 {
        work(&session, &format!("anna {day}"), "anna", "", day * 24 + 8, day * 24 + 16).await?;
        work(&session, &format!("ben {day}"), "ben", "", day * 24 + 8, day * 24 + 10).await?;
    }
    session.batch_execute("DELETE FROM rota_source.assignments WHERE assignment_id = 'ben 20'").await?;
    let wanted = ["consecutive_days anna 100", "consecutive_days ben 70"];
    let mut found = conflicts(&session, "person_id, measured", 3, 4, "").await?;
    found.sort();
    assert_eq!(found, wanted);
    // Also when a proposal makes one row of two.
    let check = r#"
        SELECT string_agg(concat_ws(' ', kind, measured, proposal), ', ')
        FROM rota.check_assignments(
            '[{"person_id": "ben", "starts_at": "2026-02-22 08:00Z", "ends_at": "2026-02-22 09:00Z"}]'
        )"#;
    assert_eq!(session.text(check).await?, "consecutive_days 100 0");
    Ok(())
}

#[tokio::test]
async fn a_night_belongs_to_the_day_on_which_it_begins_unless_the_rule_says_otherwise() -> Result<()> {
    let nights = [(22, 30), (46, 54), (70, 78)];
    // A duty in two parts that touch, one over two midnights, and one that ends with the day.
    let in_parts = [(16, 24), (24, 32), (46, 54)];
    let long = [(8, 56)];
    let to_midnight = [(16, 24), (40, 48), (64, 72)];
    for (duties, begun, worked) in
        [(&nights[..], 3, 4), (&in_parts[..], 2, 3), (&long[..], 2, 3), (&to_midnight[..], 3, 3)]
    {
        let (_database, session) = plain_tables().await?;
        session.batch_execute(PEOPLE).await?;
        rules(
            &session,
            &[
                ("consecutive_days", r#"{"maximum_days": 1}"#),
                ("consecutive_days", r#"{"maximum_days": 1, "counts": "worked"}"#),
            ],
        )
        .await?;
        for (from, to) in duties {
            work(&session, &format!("{from}"), "anna", "", *from, *to).await?;
        }
        let mut found =
            conflicts(&session, "rule_id, measured", 0, 96, ", minimum_rest_minutes => 0").await?;
        found.sort();
        let wanted = [format!("consecutive_days a {begun}"), format!("consecutive_days b {worked}")];
        assert_eq!(found, wanted, "{duties:?}");
    }
    Ok(())
}

#[tokio::test]
async fn parts_of_a_person_are_at_odds_only_where_they_sum_to_more_than_the_person() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    for (id, from, to, load) in
        [("one", 0, 8, "0.5"), ("two", 4, 12, "0.5"), ("three", 8, 16, "0.5"), ("idle", 0, 24, "0")]
    {
        work(&session, id, "anna", "", from, to).await?;
        session
            .batch_execute(&format!(
                "UPDATE rota_source.assignments SET load = {load} WHERE assignment_id = '{id}'"
            ))
            .await?;
    }
    let columns = "measured, limit_value, minutes, message";
    assert_eq!(conflicts(&session, columns, 0, 24, "").await?, [""; 0]);
    work(&session, "whole", "anna", "", 15, 20).await?;
    let over = "over_allocated 1.5 1 60 Anna is booked for 150 % of their time at once, 100 % at most";
    assert_eq!(conflicts(&session, columns, 0, 24, "").await?, [over]);
    work(&session, "whole too", "anna", "", 14, 16).await?;
    let found = conflicts(&session, "measured, minutes", 0, 24, "").await?;
    assert_eq!(found, ["over_allocated 2.5 120", "overlap 60"]);
    Ok(())
}

#[tokio::test]
async fn a_rule_whose_words_are_not_understood_is_refused_by_its_id_and_by_the_table() -> Result<()> {
    let database = rota_tests::database::Database::migrated().await?;
    let migrated = database.session().await?;
    let cases = [
        ("rest_period", "{}", "parameter minimum_minutes is missing"),
        ("rest_period", r#"{"minimum_minutes": 660.5}"#, "parameter minimum_minutes is \"660.5\""),
        ("rest_period", r#"{"minimum_minutes": 660, "minimum_hours": 11}"#, "parameter minimum_hours"),
        ("maximum_minutes", r#"{"maximum_minutes": 600}"#, "parameter per is missing"),
        (
            "maximum_minutes",
            r#"{"maximum_minutes": 600, "per": "month"}"#,
            "day, week, window, period or rotation would be right",
        ),
        (
            "maximum_minutes",
            r#"{"maximum_minutes": -1, "per": "day"}"#,
            "parameter maximum_minutes is \"-1\"",
        ),
        ("maximum_minutes", r#"{"maximum_minutes": 600, "per": "window"}"#, "window_days is missing"),
        (
            "maximum_minutes",
            r#"{"maximum_minutes": 600, "per": "window", "window_days": 7, "window_minutes": 60}"#,
            "none besides window_days",
        ),
        (
            "maximum_minutes",
            r#"{"maximum_minutes": 600, "per": "window", "window_days": 367}"#,
            "a whole number from 1 to 366",
        ),
        (
            "maximum_minutes",
            r#"{"maximum_minutes": 600, "per": "week", "week_starts_on": "1"}"#,
            "monday, tuesday",
        ),
        (
            "maximum_minutes",
            r#"{"maximum_minutes": 600, "per": "day", "window_days": 7}"#,
            "parameter window_days",
        ),
        (
            "maximum_minutes",
            r#"{"maximum_minutes": 600, "per": "week", "counts": "spread"}"#,
            "worked or elapsed would be right",
        ),
        ("consecutive_days", r#"{"maximum_days": 0}"#, "a whole number from 1 to 366"),
        ("consecutive_days", r#"{"maximum_days": 6, "counts": "nights"}"#, "begun or worked would be right"),
        ("consecutive_days", "[]", "parameter maximum_days is missing"),
    ];
    for (rule_type, parameters, words) in cases {
        let (_database, session) = plain_tables().await?;
        session
            .batch_execute(&format!(
                "INSERT INTO rota_source.rules (rule_id, rule_type, parameters)
                VALUES ('house', '{rule_type}', '{parameters}')"
            ))
            .await?;
        for question in ["rota.find_conflicts('2026-02-02', '2026-02-03')", "rota.check_assignments('[]')"] {
            let refusal = session.refusal(&format!("SELECT * FROM {question}")).await?;
            assert_eq!(refusal.sqlstate, "22023", "{parameters}");
            let rule = format!("rule house of type {rule_type} cannot be applied: ");
            assert!(refusal.message.starts_with(&rule), "{}", refusal.message);
            assert!(refusal.message.contains(words), "{parameters}: {}", refusal.message);
            assert!(refusal.hint.is_some());
        }
        if parameters.starts_with('{') {
            let insert = format!(
                "INSERT INTO workforce.rules (rule_type, parameters) VALUES ('{rule_type}', '{parameters}')"
            );
            let refusal = migrated.refusal(&insert).await?;
            let found = (refusal.sqlstate.as_str(), refusal.column.as_deref());
            assert_eq!(found, ("22023", Some("parameters")), "{}", refusal.message);
            assert!(refusal.message.contains(words), "{parameters}: {}", refusal.message);
        }
    }
    Ok(())
}
