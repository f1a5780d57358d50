//! Hours in a day, a week and any window, on rosters small enough to be judged by hand.

use anyhow::Result;
use rota_tests::session::Session;

use super::hours::{PEOPLE, conflicts, work};
use super::plain_tables::plain_tables;

const MESSAGE: &str = "message";

/// Rules, each with its type and parameters; the first letter of the alphabet is the id of the first.
pub(super) async fn rules(session: &Session, rules: &[(&str, &str)]) -> Result<()> {
    for (id, (rule_type, parameters)) in ('a'..).zip(rules) {
        session
            .batch_execute(&format!(
                "INSERT INTO rota_source.rules (rule_id, rule_type, parameters)
                VALUES ('{id}', '{rule_type}', '{parameters}')"
            ))
            .await?;
    }
    Ok(())
}

/// What is told of hours in the window, one line a conflict. No rest is too short.
async fn told(session: &Session, from: i32, to: i32) -> Result<Vec<String>> {
    let found = conflicts(session, MESSAGE, from, to, ", minimum_rest_minutes => 0").await?;
    Ok(found.into_iter().filter_map(|row| row.strip_prefix("excessive_hours ").map(str::to_owned)).collect())
}

#[tokio::test]
async fn without_a_rule_no_hours_and_no_days_are_too_many() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    work(&session, "month", "anna", "", 0, 24 * 30).await?;
    assert_eq!(conflicts(&session, MESSAGE, 0, 24 * 30, "").await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn hours_of_a_day_are_those_worked_within_it_and_the_sentence_says_them() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    rules(&session, &[("maximum_minutes", r#"{"maximum_minutes": 720, "per": "day"}"#)]).await?;
    work(&session, "day", "anna", "", 6, 20).await?;
    work(&session, "night", "anna", "", 40, 55).await?;
    session
        .batch_execute("UPDATE rota_source.assignments SET unpaid_minutes = 30 WHERE assignment_id = 'day'")
        .await?;
    // 14 h less half an hour; 8 h before midnight and 7 h after it.
    assert_eq!(told(&session, 0, 72).await?, ["Anna works 13 h 30 min on 2026-02-02, 12 h at most"]);
    let columns = "level, person_id, team_id, assignment_id, during, minutes, rule_id, measured, limit_value";
    let found = conflicts(&session, columns, 5, 6, ", minimum_rest_minutes => 0").await?;
    let day = r#"["2026-02-02 00:00:00+00","2026-02-03 00:00:00+00")"#;
    assert_eq!(found, [format!("excessive_hours violation anna t1 {day} 1440 a 810 720")]);
    Ok(())
}

#[tokio::test]
async fn exactly_the_limit_passes_and_a_minute_more_does_not() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    // 80.00 hours in a week from Monday, 2 February.
    rules(&session, &[("maximum_minutes", r#"{"maximum_minutes": 4800, "per": "week"}"#)]).await?;
    for day in 0..7 {
        work(&session, &format!("day {day}"), "anna", "", day * 24, day * 24 + 11).await?;
    }
    work(&session, "rest of it", "anna", "", 13, 16).await?;
    assert_eq!(told(&session, 0, 24).await?, [""; 0]);
    session
        .batch_execute(
            "UPDATE rota_source.assignments
            SET during = tstzrange(lower(during), upper(during) + interval '36 seconds')
            WHERE assignment_id = 'rest of it'",
        )
        .await?;
    let whole = "Anna works 80 h 0.6 min in the week from 2026-02-02, 80 h at most";
    // The sum is the week's, whatever part of it is asked about.
    for (from, to) in [(0, 1), (100, 101), (167, 168), (-48, 500)] {
        assert_eq!(told(&session, from, to).await?, [whole], "{from} to {to}");
    }
    for (from, to) in [(-1, 0), (168, 169)] {
        assert_eq!(told(&session, from, to).await?, [""; 0], "{from} to {to}");
    }
    Ok(())
}

#[tokio::test]
async fn work_that_overlaps_counts_once_and_other_peoples_not_at_all() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    rules(&session, &[("maximum_minutes", r#"{"maximum_minutes": 480, "per": "day"}"#)]).await?;
    work(&session, "one", "anna", "", 6, 12).await?;
    work(&session, "two", "anna", "", 8, 14).await?;
    work(&session, "of ben", "ben", "", 14, 20).await?;
    assert_eq!(told(&session, 0, 24).await?, [""; 0]);
    work(&session, "three", "anna", "", 14, 15).await?;
    assert_eq!(told(&session, 0, 24).await?, ["Anna works 9 h on 2026-02-02, 8 h at most"]);
    Ok(())
}

#[tokio::test]
async fn a_week_begins_where_the_rule_says() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    let parameters = |weekday: &str| {
        format!(r#"{{"maximum_minutes": 2400, "per": "week", "week_starts_on": "{weekday}"}}"#)
    };
    rules(&session, &[("maximum_minutes", &parameters("monday"))]).await?;
    // 38 h so far; Sunday 20:00 to Monday 06:00 is 4 h of the old week.
    for day in 0..4 {
        work(&session, &format!("day {day}"), "anna", "", day * 24 + 8, day * 24 + 17).await?;
    }
    work(&session, "short day", "anna", "", 104, 106).await?;
    work(&session, "seam", "anna", "", 164, 174).await?;
    assert_eq!(told(&session, 0, 168).await?, ["Anna works 42 h in the week from 2026-02-02, 40 h at most"]);
    for (weekday, is_excessive) in [("sunday", false), ("saturday", false), ("tuesday", false)] {
        session
            .batch_execute(&format!("UPDATE rota_source.rules SET parameters = '{}'", parameters(weekday)))
            .await?;
        assert_eq!(!told(&session, 0, 168).await?.is_empty(), is_excessive, "{weekday}");
    }
    Ok(())
}

#[tokio::test]
async fn local_days_are_as_long_as_the_clock_makes_them() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session
        .batch_execute(
            "INSERT INTO rota_source.people (person_id, name, time_zone)
            VALUES ('ny', 'Nora', 'America/New_York'), ('utc', 'Uta', NULL);
            INSERT INTO rota_source.assignments (assignment_id, person_id, during)
            SELECT person_id || night, person_id, night
            FROM unnest(ARRAY['ny', 'utc']) AS person_id,
                unnest(ARRAY['[2026-03-07 22:00-05,2026-03-08 06:00-04)', '[2026-10-31 22:00-04,2026-11-01 06:00-05)']
                    ::tstzrange[]) AS night",
        )
        .await?;
    // From 00:00 to 06:00 on the clock it is 5 h in spring and 7 h in autumn, 7 h and 9 h for both days.
    for (maximum, per, wanted) in [
        (300, "day", vec!["ny 2026-11-01 00:00:00 420"]),
        (299, "day", vec!["ny 2026-03-08 00:00:00 300", "ny 2026-11-01 00:00:00 420"]),
        (419, "day", vec!["ny 2026-11-01 00:00:00 420"]),
    ] {
        session
            .batch_execute(&format!(
                "TRUNCATE rota_source.rules;
                INSERT INTO rota_source.rules (rule_id, rule_type, parameters)
                VALUES ('limit', 'maximum_minutes', '{{\"maximum_minutes\": {maximum}, \"per\": \"{per}\"}}')"
            ))
            .await?;
        let found = session
            .rows(
                "SELECT concat_ws(' ', person_id, lower(during) AT TIME ZONE 'America/New_York', measured)
                FROM rota.find_conflicts('2026-01-01', '2027-01-01', minimum_rest_minutes => 0)
                WHERE kind = 'excessive_hours' AND person_id = 'ny' ORDER BY during",
            )
            .await?;
        let found: Vec<String> = found.into_iter().flatten().flatten().collect();
        assert_eq!(found, wanted, "{maximum}");
    }
    // By UTC the spring night is 03:00 to 10:00 of one day.
    let found = session
        .text(
            "SELECT string_agg(message, '; ' ORDER BY during)
            FROM rota.find_conflicts('2026-01-01', '2026-06-01', '{utc}', minimum_rest_minutes => 0)",
        )
        .await?;
    assert_eq!(found, "Uta works 7 h on 2026-03-08, 6 h 59 min at most");
    Ok(())
}

#[tokio::test]
async fn any_window_of_days_or_minutes_is_judged_and_not_only_those_of_the_calendar() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    rules(
        &session,
        &[
            ("maximum_minutes", r#"{"maximum_minutes": 960, "per": "window", "window_days": 2}"#),
            ("maximum_minutes", r#"{"maximum_minutes": 600, "per": "window", "window_minutes": 1440}"#),
        ],
    )
    .await?;
    work(&session, "late", "anna", "", 13, 23).await?;
    work(&session, "early", "anna", "", 30, 37).await?;
    let found = told(&session, 0, 72).await?;
    let wanted = [
        "Anna works 17 h in the 2 days from 2026-02-02, 16 h at most",
        "Anna works 17 h in the 24 h from 2026-02-02 13:00, 10 h at most",
    ];
    assert_eq!(found, wanted);
    // Either window is seen from each of its ends.
    assert_eq!(told(&session, 1, 2).await?, wanted[..1]);
    assert_eq!(told(&session, 36, 37).await?, wanted);
    assert_eq!(told(&session, 37, 38).await?, wanted[..1]);
    Ok(())
}

#[tokio::test]
async fn a_break_lies_in_the_middle_so_each_side_of_midnight_has_its_part() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    rules(
        &session,
        &[
            ("maximum_minutes", r#"{"maximum_minutes": 0, "per": "day"}"#),
            ("maximum_minutes", r#"{"maximum_minutes": 0, "per": "day", "counts": "elapsed"}"#),
        ],
    )
    .await?;
    // 20:00 to 04:00 with 2 h from 23:00 to 01:00.
    work(&session, "night", "anna", "", 20, 28).await?;
    session.batch_execute("UPDATE rota_source.assignments SET unpaid_minutes = 120").await?;
    let found = conflicts(&session, "rule_id, measured", 0, 48, "").await?;
    let wanted =
        ["excessive_hours a 180", "excessive_hours b 240", "excessive_hours a 180", "excessive_hours b 240"];
    assert_eq!(found, wanted);
    // A break longer than the work leaves nothing to be paid.
    session.batch_execute("UPDATE rota_source.assignments SET unpaid_minutes = 600").await?;
    assert_eq!(conflicts(&session, "rule_id", 0, 48, "").await?, ["excessive_hours b"; 2]);
    Ok(())
}

#[tokio::test]
async fn a_rule_holds_for_its_team_and_for_periods_that_begin_in_its_time() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    session
        .batch_execute(
            "INSERT INTO rota_source.rules (rule_id, rule_type, parameters, level, scope, during)
            VALUES
                ('team', 'maximum_minutes', '{\"maximum_minutes\": 60, \"per\": \"day\"}', 'warning', 't1', '(,)'),
                ('later', 'maximum_minutes', '{\"maximum_minutes\": 60, \"per\": \"day\"}', 'advisory', NULL,
                    '[2026-02-03 00:00Z,2026-02-04 00:00Z)')",
        )
        .await?;
    for person in ["anna", "ben"] {
        for day in 0..3 {
            work(&session, &format!("{person} {day}"), person, "", day * 24 + 8, day * 24 + 10).await?;
        }
    }
    let found = conflicts(&session, "level, person_id, lower(during)::date", 0, 72, "").await?;
    let wanted = [
        "excessive_hours warning anna 2026-02-02",
        "excessive_hours advisory anna 2026-02-03",
        "excessive_hours advisory ben 2026-02-03",
        "excessive_hours warning anna 2026-02-03",
        "excessive_hours warning anna 2026-02-04",
    ];
    assert_eq!(found, wanted);
    Ok(())
}

#[tokio::test]
async fn work_without_end_is_judged_where_it_is_asked_about() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    rules(
        &session,
        &[
            ("maximum_minutes", r#"{"maximum_minutes": 720, "per": "day"}"#),
            ("consecutive_days", r#"{"maximum_days": 6}"#),
        ],
    )
    .await?;
    work(&session, "until further notice", "anna", "", 8, 9).await?;
    session
        .batch_execute("UPDATE rota_source.assignments SET during = tstzrange(lower(during), NULL)")
        .await?;
    let found = conflicts(&session, "measured", 24, 72, "").await?;
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[1..], ["excessive_hours 1440", "excessive_hours 1440"]);
    // Day by day for evermore is too much to be told.
    let everything = "SELECT count(*) FROM rota.find_conflicts('-infinity', 'infinity')";
    let refused = |refusal: rota_tests::session::Refusal| (refusal.sqlstate, refusal.column);
    let window_end = Some("window_end".to_owned());
    assert_eq!(refused(session.refusal(everything).await?), ("22023".to_owned(), window_end.clone()));
    let proposal = r#"[{"person_id": "ben", "starts_at": "2026-02-02", "ends_at": "infinity"}]"#;
    let proposed = session.refusal(&format!("SELECT * FROM rota.check_assignments('{proposal}')")).await?;
    assert_eq!(refused(proposed), ("22023".to_owned(), Some("proposed".to_owned())));
    // Work that ends is judged in all of time, unless that is more than a century.
    session
        .batch_execute("UPDATE rota_source.assignments SET during = tstzrange(lower(during), '2026-02-04')")
        .await?;
    assert_eq!(session.text(everything).await?, "2");
    work(&session, "ages ago", "ben", "", -24 * 40_000, -24 * 40_000 + 1).await?;
    assert_eq!(refused(session.refusal(everything).await?), ("54000".to_owned(), window_end));
    Ok(())
}
