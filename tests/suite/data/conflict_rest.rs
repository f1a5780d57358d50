//! Rest between duties, on rosters small enough to be judged by hand.

use anyhow::Result;

use super::hours::{PAIR, PEOPLE, conflicts, work};
use super::plain_tables::plain_tables;

#[tokio::test]
async fn a_rest_is_short_from_above_zero_to_below_the_minimum() -> Result<()> {
    let measured = "measured, limit_value";
    for (rest_minutes, is_short) in [(0, false), (1, true), (659, true), (660, false), (661, false)] {
        let (_database, session) = plain_tables().await?;
        session.batch_execute(PEOPLE).await?;
        work(&session, "before", "anna", "", 0, 8).await?;
        work(&session, "after", "anna", "", 8, 16).await?;
        session
            .batch_execute(&format!(
                "UPDATE rota_source.assignments
                SET during = tstzrange(
                    lower(during) + interval '{rest_minutes} minutes',
                    upper(during) + interval '{rest_minutes} minutes'
                )
                WHERE assignment_id = 'after'"
            ))
            .await?;
        let found = conflicts(&session, measured, 0, 48, "").await?;
        let wanted: Vec<String> =
            is_short.then(|| format!("insufficient_rest {rest_minutes} 660")).into_iter().collect();
        assert_eq!(found, wanted, "{rest_minutes}");
    }
    Ok(())
}

#[tokio::test]
async fn the_end_of_a_duty_is_the_latest_end_in_it() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    work(&session, "long", "anna", "", 0, 20).await?;
    work(&session, "inside", "anna", "", 2, 4).await?;
    work(&session, "next", "anna", "", 24, 30).await?;
    let found = conflicts(&session, PAIR, 20, 24, "").await?;
    assert_eq!(found, ["insufficient_rest long next 240"]);
    Ok(())
}

#[tokio::test]
async fn a_rest_across_the_edge_of_the_window_is_seen() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    work(&session, "before", "anna", "", 14, 22).await?;
    work(&session, "after", "anna", "", 30, 38).await?;
    let whole = ["insufficient_rest before after 480"];
    // Either duty may lie outside: the rest itself meets the window.
    for (from, to) in [(24, 48), (0, 24), (29, 30), (22, 23), (25, 26)] {
        assert_eq!(conflicts(&session, PAIR, from, to, "").await?, whole, "{from} to {to}");
    }
    for (from, to) in [(30, 48), (0, 22)] {
        assert_eq!(conflicts(&session, PAIR, from, to, "").await?, [""; 0], "{from} to {to}");
    }
    Ok(())
}

#[tokio::test]
async fn the_minimum_rest_is_the_callers_then_the_rules_then_eleven_hours() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    for person in ["anna", "ben"] {
        work(&session, &format!("{person} before"), person, "", 0, 8).await?;
        work(&session, &format!("{person} after"), person, "", 20, 28).await?;
    }
    let columns = "level, person_id, rule_id, limit_value";
    assert_eq!(conflicts(&session, columns, 0, 48, "").await?, [""; 0]);
    session
        .batch_execute(
            "INSERT INTO rota_source.rules (rule_id, rule_type, parameters, level, scope)
            VALUES
                ('house', 'rest_period', '{\"minimum_minutes\": 660}', 'violation', NULL),
                ('team', 'rest_period', '{\"minimum_minutes\": 780}', 'warning', 't1')",
        )
        .await?;
    let of_team = ["insufficient_rest warning anna team 780"];
    assert_eq!(conflicts(&session, columns, 0, 48, "").await?, of_team);
    let own = ["insufficient_rest violation anna 721", "insufficient_rest violation ben 721"];
    assert_eq!(conflicts(&session, columns, 0, 48, ", minimum_rest_minutes => 721").await?, own);
    assert_eq!(conflicts(&session, columns, 0, 48, ", minimum_rest_minutes => 0").await?, [""; 0]);
    Ok(())
}
