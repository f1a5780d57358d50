//! What-if answers tell which rules would be broken.

use anyhow::Result;

use super::tables::{anna_and_ben, hours, lines, rule, work};

const MEAN: &str = r#"{"maximum_minutes": 2400, "per": "window", "window_days": 7}"#;

#[tokio::test]
async fn a_proposal_that_breaks_a_rule_is_told_with_the_others() -> Result<()> {
    let (_database, session) = anna_and_ben().await?;
    rule(&session, "mean", "refuse", "average_minutes", MEAN).await?;
    for day in 0..4 {
        session.batch_execute(&work(&day.to_string(), "anna", day * 24 + 8, day * 24 + 17)).await?;
    }
    let check = |person: &str, first: i32, last: i32| {
        let during = hours(first, last);
        format!(
            "SELECT kind, person_id, proposal, rule_id, measured, limit_value
            FROM rota.check_assignments(jsonb_build_array(jsonb_build_object(
                'person_id', '{person}', 'starts_at', lower({during}), 'ends_at', upper({during})
            )))"
        )
    };
    assert_eq!(lines(&session, &check("anna", 104, 108)).await?, Vec::<String>::new());
    let added = ["broken_rule anna 0 mean 2460 2400"];
    assert_eq!(lines(&session, &check("anna", 104, 109)).await?, added);
    assert_eq!(lines(&session, &check("ben", 104, 109)).await?, Vec::<String>::new());
    // What is broken already is no fault of work on another day.
    session.batch_execute(&work("4", "anna", 104, 110)).await?;
    assert_eq!(lines(&session, &check("anna", 299, 301)).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn a_swap_tells_whose_rule_it_would_break() -> Result<()> {
    let (_database, session) = anna_and_ben().await?;
    rule(&session, "mean", "refuse", "average_minutes", MEAN).await?;
    for day in 0..4 {
        session.batch_execute(&work(&day.to_string(), "anna", day * 24 + 8, day * 24 + 18)).await?;
    }
    session.batch_execute(&work("short", "anna", 104, 105)).await?;
    session.batch_execute("DELETE FROM rota_source.assignments WHERE assignment_id = '3'").await?;
    session.batch_execute(&work("long", "ben", 128, 140)).await?;
    let swap = "SELECT kind, person_id, rule_id, measured FROM rota.check_swap('short', 'long')";
    let before = lines(&session, swap).await?;
    assert!(before.iter().any(|line| line == "broken_rule anna mean 2520"), "{before:?}");
    assert!(before.iter().all(|line| !line.contains("ben")), "{before:?}");
    Ok(())
}

#[tokio::test]
async fn rules_that_conflicts_are_found_by_are_told_once() -> Result<()> {
    let (_database, session) = anna_and_ben().await?;
    rule(&session, "daily", "refuse", "maximum_minutes", r#"{"maximum_minutes": 600, "per": "day"}"#).await?;
    let check = format!(
        "SELECT kind, rule_id FROM rota.check_assignments(jsonb_build_array(jsonb_build_object(
            'person_id', 'anna', 'starts_at', lower({0}), 'ends_at', upper({0})
        )))",
        hours(8, 20)
    );
    assert_eq!(lines(&session, &check).await?, ["excessive_hours daily"]);
    Ok(())
}

#[tokio::test]
async fn a_proposal_on_a_shift_is_of_the_shifts_nature() -> Result<()> {
    let (_database, session) = anna_and_ben().await?;
    rule(&session, "no calls", "refuse", "forbidden_work", r#"{"kinds": ["call"]}"#).await?;
    session
        .batch_execute(&format!(
            "INSERT INTO rota_source.shifts (shift_id, during, nature)
            VALUES ('call', {0}, 'call'), ('clinic', {0}, 'clinic')",
            hours(8, 16)
        ))
        .await?;
    for (shift, told) in [("clinic", vec![]), ("call", vec!["broken_rule no calls"])] {
        let check = format!(
            "SELECT kind, rule_id FROM rota.check_assignments('[{{\"person_id\": \"anna\", \"shift_id\": \"{shift}\"}}]')"
        );
        assert_eq!(lines(&session, &check).await?, told, "{shift}");
    }
    Ok(())
}
