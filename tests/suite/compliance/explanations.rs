//! What a verdict was made of, how somebody stands, and who is nearest to a limit.

use anyhow::Result;

use super::tables::{anna_and_ben, lines, rule, work};

#[tokio::test]
async fn a_verdict_is_explained_by_the_minutes_that_count_and_the_leave_that_does_not() -> Result<()> {
    let (_database, session) = anna_and_ben().await?;
    rule(
        &session,
        "mean",
        "warn",
        "average_minutes",
        r#"{"maximum_minutes": 1200, "per": "period", "period": "7 days from 2026-03-02"}"#,
    )
    .await?;
    // The first night begins before the week: six of its eight hours count.
    for (id, first, last) in [("a", -2, 6), ("b", 8, 16), ("c", 32, 40)] {
        session.batch_execute(&work(id, "anna", first, last)).await?;
    }
    session
        .batch_execute(
            "UPDATE rota_source.assignments SET unpaid_minutes = 60 WHERE assignment_id = 'b';
            INSERT INTO rota_source.absences (person_id, during, excluded_from_averages)
            VALUES ('anna', '[2026-03-06 00:00Z,2026-03-08 00:00Z)', true)",
        )
        .await?;
    let told = lines(
        &session,
        "SELECT verdict.person_id, verdict.measured, explained.part, explained.assignment_id, explained.minutes
        FROM rota.check_rules(NULL, '2026-03-02', '2026-03-09', '{anna}') AS verdict,
            LATERAL rota.explain_verdict(NULL, verdict.rule_id, verdict.person_id, verdict.during) AS explained
        ORDER BY explained.part DESC, explained.assignment_id",
    )
    .await?;
    // 360 + 420 + 480 minutes in five days are 1,764 in seven.
    assert_eq!(
        told,
        [
            "anna 1764 verdict 10080",
            "anna 1764 leave 2880",
            "anna 1764 duty a 360",
            "anna 1764 duty b 420",
            "anna 1764 duty c 480",
        ]
    );
    let unknown = session
        .refusal("SELECT * FROM rota.explain_verdict(NULL, 'x', 'anna', '[2026-03-02,2026-03-09)')")
        .await?;
    assert_eq!((unknown.sqlstate.as_str(), unknown.column.as_deref()), ("22023", Some("rule_id")));
    Ok(())
}

#[tokio::test]
async fn standing_and_risks_name_the_window_that_comes_nearest() -> Result<()> {
    let (_database, session) = anna_and_ben().await?;
    rule(&session, "daily", "warn", "maximum_minutes", r#"{"maximum_minutes": 600, "per": "day"}"#).await?;
    rule(&session, "weekly", "warn", "maximum_minutes", r#"{"maximum_minutes": 1500, "per": "week"}"#)
        .await?;
    for (id, person, first, last) in
        [("1", "anna", 8, 17), ("2", "anna", 32, 42), ("3", "ben", 8, 19), ("4", "ben", 34, 35)]
    {
        session.batch_execute(&work(id, person, first, last)).await?;
    }
    let window = "'2026-03-02', '2026-03-09'";
    let summary = |person: &str| {
        format!(
            "SELECT rule_id, violations, measured, limit_value, left_over
            FROM rota.compliance_summary('{person}', NULL, {window})"
        )
    };
    assert_eq!(lines(&session, &summary("anna")).await?, ["daily 0 600 600 0", "weekly 0 1140 1500 360"]);
    assert_eq!(lines(&session, &summary("ben")).await?, ["daily 1 660 600 -60", "weekly 0 720 1500 780"]);
    let risks = |most: &str| {
        format!(
            "SELECT position, person_id, rule_id, minutes_left
            FROM rota.compliance_risks('{{ward}}', NULL, {window}{most})"
        )
    };
    assert_eq!(lines(&session, &risks("")).await?, ["1 ben daily -60", "2 anna daily 0"]);
    assert_eq!(lines(&session, &risks(", 1")).await?, ["1 ben daily -60"]);
    let nobody = "SELECT * FROM rota.compliance_risks('{other}', NULL, '2026-03-02', '2026-03-09')";
    assert_eq!(lines(&session, nobody).await?, Vec::<String>::new());
    Ok(())
}
