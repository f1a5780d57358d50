//! What other systems got wrong, each by its report, asked of the conflict functions.

use anyhow::Result;
use rota_tests::session::Session;

use super::conflict_hours::rules;
use super::hours::{PAIR, PEOPLE, conflicts, work};
use super::plain_tables::plain_tables;

async fn checked(session: &Session, function: &str) -> Result<Vec<String>> {
    let rows = session
        .rows(&format!(
            "SELECT concat_ws(' ', kind, person_id, assignment_id, other_assignment_id, measured, limit_value)
            FROM rota.{function} ORDER BY 1"
        ))
        .await?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

/// R1, frappe/hrms PR#1932: 22:00–04:00 of a day and 02:00–08:00 of the same day are 14 h apart.
#[tokio::test]
async fn r1_a_night_and_the_morning_of_the_day_on_which_it_begins_do_not_overlap() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    work(&session, "night", "anna", "", 22, 28).await?;
    work(&session, "morning", "anna", "", 2, 8).await?;
    assert_eq!(conflicts(&session, PAIR, 0, 48, "").await?, [""; 0]);
    let apart = conflicts(&session, "measured", 0, 48, ", minimum_rest_minutes => 841").await?;
    assert_eq!(apart, ["insufficient_rest 840"]);
    Ok(())
}

/// R2, frappe/hrms PR#1932: 08–12 and 14–18 stand, 16–20 is added.
#[tokio::test]
async fn r2_an_overlap_with_the_second_duty_is_found_and_not_only_with_the_first() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    work(&session, "first", "anna", "", 8, 12).await?;
    work(&session, "second", "anna", "", 14, 18).await?;
    let proposal =
        r#"[{"person_id": "anna", "starts_at": "2026-02-02 16:00Z", "ends_at": "2026-02-02 20:00Z"}]"#;
    let wanted = ["overlap anna second"];
    assert_eq!(checked(&session, &format!("check_assignments('{proposal}')")).await?, wanted);
    work(&session, "added", "anna", "", 16, 20).await?;
    let found = conflicts(&session, PAIR, 0, 24, ", minimum_rest_minutes => 0").await?;
    assert_eq!(found, ["overlap second added 120"]);
    Ok(())
}

/// R12, frappe/hrms PR#1765: an assignment without end from 1 June, and one of 30 May.
#[tokio::test]
async fn r12_what_ends_before_an_assignment_without_end_begins_does_not_overlap_it() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session
        .batch_execute(
            "INSERT INTO rota_source.people (person_id, name) VALUES ('anna', 'Anna');
            INSERT INTO rota_source.assignments (assignment_id, person_id, during)
            VALUES ('open', 'anna', '[2026-06-01 00:00Z,)'),
                ('before', 'anna', '[2026-05-30 00:00Z,2026-05-31 00:00Z)')",
        )
        .await?;
    let found =
        "SELECT string_agg(kind || ' ' || coalesce(minutes::text, 'without end'), ', ' ORDER BY minutes)
        FROM rota.find_conflicts('2026-01-01', 'infinity')";
    assert_eq!(session.rows(found).await?, [[None]]);
    session
        .batch_execute(
            "INSERT INTO rota_source.assignments (assignment_id, person_id, during)
            VALUES ('open too', 'anna', '[2030-01-01 00:00Z,)'), ('within', 'anna', '[2027-01-01,2027-01-02)')",
        )
        .await?;
    assert_eq!(session.text(found).await?, "overlap 1440, overlap without end");
    Ok(())
}

/// R13, OCA/shift-planning#49: one row with bad times.
#[tokio::test]
async fn r13_a_row_without_times_keeps_no_other_row_of_the_person_from_being_judged() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    rules(&session, &[("maximum_minutes", r#"{"maximum_minutes": 600, "per": "day"}"#)]).await?;
    work(&session, "one", "anna", "", 6, 14).await?;
    work(&session, "two", "anna", "", 12, 20).await?;
    session
        .batch_execute(
            "INSERT INTO rota_source.assignments (assignment_id, person_id, during, unpaid_minutes)
            VALUES ('empty', 'anna', 'empty', 30), ('null', 'anna', NULL, -30);
            UPDATE rota_source.assignments SET unpaid_minutes = -15 WHERE assignment_id = 'one'",
        )
        .await?;
    let found = conflicts(&session, "assignment_id, other_assignment_id, measured", 0, 24, "").await?;
    assert_eq!(found, ["excessive_hours 840", "overlap one two"]);
    // Times that run backwards cannot be stored, nor proposed.
    let backwards =
        r#"[{"person_id": "anna", "starts_at": "2026-02-02 04:00Z", "ends_at": "2026-02-01 20:00Z"}]"#;
    let refusal = session.refusal(&format!("SELECT * FROM rota.check_assignments('{backwards}')")).await?;
    assert_eq!(refusal.message, "proposal 0 does not end after it starts");
    Ok(())
}

/// R15, when2work.com and Dulce#315: a swap that takes one of two people over the cap.
#[tokio::test]
async fn r15_a_swap_over_the_cap_is_told_for_the_one_it_hurts_and_leaves_both_as_they_were() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    rules(&session, &[("maximum_minutes", r#"{"maximum_minutes": 2400, "per": "week"}"#)]).await?;
    for day in 0..4 {
        work(&session, &format!("anna {day}"), "anna", "", day * 24 + 8, day * 24 + 16).await?;
        work(&session, &format!("ben {day}"), "ben", "", day * 24 + 8, day * 24 + 18).await?;
    }
    work(&session, "anna long", "anna", "", 104, 112).await?;
    let before = conflicts(&session, "person_id, measured", 0, 168, "").await?;
    // Anna has 40 h, Ben has 40 h. Two hours more are two hours too many.
    let swap = "check_swap('anna 0', 'ben 0')";
    assert_eq!(checked(&session, swap).await?, ["excessive_hours anna 2520 2400"]);
    assert_eq!(conflicts(&session, "person_id, measured", 0, 168, "").await?, before);
    // Where both are over the cap already, it is told whom it makes worse.
    session
        .batch_execute(
            "UPDATE rota_source.rules SET parameters = parameters || '{\"maximum_minutes\": 2280}'",
        )
        .await?;
    assert_eq!(checked(&session, swap).await?, ["excessive_hours anna 2520 2280"]);
    Ok(())
}

/// R16, paySphere#1702: 07–11 and 16–20 are 8 h of work, spread over 13 h.
#[tokio::test]
async fn r16_a_split_shift_is_eight_hours_of_work_and_a_spread_of_thirteen() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    work(&session, "morning", "anna", "", 7, 11).await?;
    work(&session, "evening", "anna", "", 16, 20).await?;
    for (counts, minutes) in [("worked", 480), ("elapsed", 480), ("spread", 780)] {
        for (maximum, wanted) in [(minutes, None), (minutes - 1, Some(format!("excessive_hours {minutes}")))]
        {
            session
                .batch_execute(&format!(
                    "TRUNCATE rota_source.rules;
                    INSERT INTO rota_source.rules (rule_id, rule_type, parameters)
                    VALUES ('a', 'maximum_minutes',
                        '{{\"maximum_minutes\": {maximum}, \"per\": \"day\", \"counts\": \"{counts}\"}}')"
                ))
                .await?;
            let found = conflicts(&session, "measured", 0, 24, ", minimum_rest_minutes => 0").await?;
            assert_eq!(found, Vec::from_iter(wanted), "{counts} {maximum}");
        }
    }
    Ok(())
}

/// R19, DHTMLX documentation: half-time assignments on a capacity of 1.
#[tokio::test]
async fn r19_three_halves_are_too_much_and_two_are_not() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    work(&session, "one", "anna", "", 0, 8).await?;
    work(&session, "two", "anna", "", 0, 8).await?;
    session.batch_execute("UPDATE rota_source.assignments SET load = 0.5").await?;
    assert_eq!(conflicts(&session, "measured", 0, 24, "").await?, [""; 0]);
    let third = |load: &str| {
        let hours = r#""starts_at": "2026-02-02 02:00Z", "ends_at": "2026-02-02 06:00Z""#;
        format!(r#"check_assignments('[{{"person_id": "anna", {hours}, "load": {load}}}]')"#)
    };
    assert_eq!(checked(&session, &third("0.5")).await?, ["over_allocated anna 1.5 1"]);
    assert_eq!(checked(&session, &third("0.000000001")).await?, ["over_allocated anna 1.000000001 1"]);
    assert_eq!(checked(&session, &third("0")).await?, [""; 0]);
    work(&session, "three", "anna", "", 2, 6).await?;
    session.batch_execute("UPDATE rota_source.assignments SET load = 0.5").await?;
    assert_eq!(conflicts(&session, "measured, minutes", 0, 24, "").await?, ["over_allocated 1.5 240"]);
    Ok(())
}
