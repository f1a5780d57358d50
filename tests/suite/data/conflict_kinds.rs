//! Each kind of conflict on a roster small enough to be judged by hand.

use anyhow::Result;

use super::hours::{PAIR, PEOPLE, conflicts, hours, work};
use super::plain_tables::plain_tables;

#[tokio::test]
async fn a_long_duty_over_three_short_ones_is_three_overlaps_and_touching_is_none() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    work(&session, "long", "anna", "", 0, 24).await?;
    for (id, from) in [("one", 0), ("two", 8), ("three", 16)] {
        work(&session, id, "anna", "", from, from + 8).await?;
    }
    work(&session, "touching", "anna", "", 24, 30).await?;
    work(&session, "of somebody else", "ben", "", 0, 24).await?;
    let found = conflicts(&session, "minutes", 0, 48, "").await?;
    assert_eq!(found, ["overlap 480", "overlap 480", "overlap 480"]);
    // A window sees what meets it, and the whole of it.
    assert_eq!(conflicts(&session, "minutes", 8, 16, "").await?, ["overlap 480"]);
    Ok(())
}

#[tokio::test]
async fn one_person_twice_on_one_shift_is_a_duplicate_instead_of_an_overlap() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    work(&session, "first", "anna", "early", 6, 14).await?;
    work(&session, "second", "anna", "early", 7, 14).await?;
    assert_eq!(conflicts(&session, PAIR, 0, 24, "").await?, ["duplicate first second 420"]);
    Ok(())
}

#[tokio::test]
async fn assignments_that_do_not_bind_are_in_no_conflict() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    work(&session, "first", "anna", "", 6, 14).await?;
    work(&session, "second", "anna", "", 8, 16).await?;
    for binding in ["false", "NULL"] {
        session
            .batch_execute(&format!(
                "UPDATE rota_source.assignments SET binding = {binding} WHERE assignment_id = 'second'"
            ))
            .await?;
        assert_eq!(conflicts(&session, PAIR, 0, 24, "").await?, [""; 0]);
    }
    Ok(())
}

#[tokio::test]
async fn work_in_an_absence_is_the_part_that_overlaps_and_leave_that_touches_is_none() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    work(&session, "night", "anna", "", 22, 30).await?;
    session
        .batch_execute(&format!(
            "INSERT INTO rota_source.absences (person_id, during)
            VALUES ('anna', {}), ('anna', {}), ('anna', {}), ('ben', {});
            INSERT INTO rota_source.availability (person_id, during, preference)
            VALUES ('anna', {}, 'unavailable'), ('anna', {}, 'preferred'), ('anna', {}, 'available')",
            hours(24, 48),
            hours(0, 22),
            hours(30, 40),
            hours(0, 48),
            hours(20, 23),
            hours(20, 23),
            hours(20, 23),
        ))
        .await?;
    let found = conflicts(&session, "level, assignment_id, minutes", 0, 48, "").await?;
    assert_eq!(found, ["unavailable warning night 60", "time_off violation night 360"]);
    Ok(())
}

#[tokio::test]
async fn a_skill_has_to_be_valid_during_all_of_the_work_and_renewals_add_up() -> Result<()> {
    let cases: &[(&[(i32, i32)], bool)] = &[
        (&[], true),
        (&[(0, 48)], false),
        (&[(22, 30)], false),
        (&[(22, 29)], true),
        (&[(23, 30)], true),
        (&[(0, 24), (24, 48)], false),
        (&[(0, 24), (25, 48)], true),
    ];
    for (validities, is_missing) in cases {
        let (_database, session) = plain_tables().await?;
        session.batch_execute(PEOPLE).await?;
        work(&session, "night", "anna", "night", 22, 30).await?;
        session
            .batch_execute(&format!(
                "INSERT INTO rota_source.shifts (shift_id, during, skills) VALUES ('night', {}, '{{rn,rn}}')",
                hours(22, 30)
            ))
            .await?;
        for (from, to) in *validities {
            session
                .batch_execute(&format!(
                    "INSERT INTO rota_source.skills VALUES ('anna', 'rn', {})",
                    hours(*from, *to)
                ))
                .await?;
        }
        let found = conflicts(&session, "assignment_id, minutes", 0, 48, "").await?;
        let wanted: &[&str] = if *is_missing { &["missing_qualification night 480"] } else { &[] };
        assert_eq!(found, wanted, "{validities:?}");
    }
    Ok(())
}

#[tokio::test]
async fn work_that_began_long_before_the_window_is_judged_by_all_of_its_time() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    // Three days on call, the skill renewed on the second, the heads changing in the middle.
    session
        .batch_execute(&format!(
            "INSERT INTO rota_source.shifts (shift_id, during, required, skills)
            VALUES ('call', {}, 2, '{{rn}}');
            INSERT INTO rota_source.skills
            VALUES ('anna', 'rn', {}), ('anna', 'rn', {}), ('ben', 'rn', '(,)')",
            hours(0, 72),
            hours(-24, 24),
            hours(24, 96),
        ))
        .await?;
    work(&session, "anna", "anna", "call", 0, 72).await?;
    work(&session, "ben", "ben", "call", 0, 36).await?;
    assert_eq!(conflicts(&session, "measured", 0, 96, "").await?, [""; 0]);
    assert_eq!(conflicts(&session, "measured", 71, 72, ", minimum_rest_minutes => 0").await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn heads_are_people_counted_against_what_the_shift_asks_for() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    let day = hours(6, 14);
    session
        .batch_execute(&format!(
            "INSERT INTO rota_source.shifts (shift_id, team_id, during, required)
            VALUES
                ('under', 't1', {day}, 2), ('right', 't1', {day}, 1), ('over', 't2', {day}, 0),
                ('unsaid', 't2', {day}, NULL), ('tomorrow', 't1', {}, 5)",
            hours(30, 38)
        ))
        .await?;
    for shift in ["right", "over", "unsaid"] {
        work(&session, shift, "anna", shift, 6, 14).await?;
    }
    // Twice on a shift is one head.
    work(&session, "under", "ben", "under", 6, 14).await?;
    work(&session, "under again", "ben", "under", 6, 10).await?;
    let columns = "level, team_id, shift_id, measured, limit_value";
    let staffing = |found: Vec<String>| -> Vec<String> {
        found.into_iter().filter(|row| row.contains("staffed")).collect()
    };
    let both = ["overstaffed advisory t2 over 1 0", "understaffed warning t1 under 1 2"];
    assert_eq!(staffing(conflicts(&session, columns, 0, 24, "").await?), both);
    let of_team = conflicts(&session, columns, 0, 24, ", teams => '{t1}'").await?;
    assert_eq!(staffing(of_team), both[1..]);
    let of_people = conflicts(&session, columns, 0, 24, ", people => '{anna,ben}'").await?;
    assert_eq!(staffing(of_people), [""; 0]);
    Ok(())
}

#[tokio::test]
async fn a_team_is_its_people_wherever_they_work_and_its_shifts_whoever_works_them() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    session
        .batch_execute(&format!(
            "INSERT INTO rota_source.shifts (shift_id, team_id, during, required)
            VALUES ('ours', 't1', {day}, 1), ('theirs', 't2', {day}, 1)",
            day = hours(6, 14)
        ))
        .await?;
    work(&session, "anna away", "anna", "theirs", 6, 14).await?;
    work(&session, "anna twice", "anna", "", 8, 10).await?;
    work(&session, "ben here", "ben", "ours", 6, 14).await?;
    work(&session, "ben twice", "ben", "", 8, 10).await?;
    let columns = "person_id, shift_id";
    let found = conflicts(&session, columns, 0, 24, ", teams => '{t1}'").await?;
    assert_eq!(found, ["overlap anna theirs"]);
    session.batch_execute("DELETE FROM rota_source.assignments WHERE assignment_id = 'ben here'").await?;
    let found = conflicts(&session, columns, 0, 24, ", teams => '{t1}'").await?;
    assert_eq!(found, ["understaffed ours", "overlap anna theirs"]);
    Ok(())
}

#[tokio::test]
async fn questions_that_cannot_be_answered_are_refused_by_the_name_of_the_argument() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    let cases = [
        ("'2026-02-02', '2026-02-02'", "22023", "window_end"),
        ("'2026-02-03', '2026-02-02'", "22023", "window_end"),
        ("NULL, '2026-02-02'", "22004", "window_start"),
        ("'2026-02-02', NULL", "22004", "window_end"),
        ("'2026-02-02', '2026-02-03', minimum_rest_minutes => -1", "22023", "minimum_rest_minutes"),
    ];
    for (arguments, sqlstate, column) in cases {
        let refusal = session.refusal(&format!("SELECT * FROM rota.find_conflicts({arguments})")).await?;
        let found = (refusal.sqlstate.as_str(), refusal.column.as_deref());
        assert_eq!(found, (sqlstate, Some(column)), "{arguments}: {}", refusal.message);
    }
    Ok(())
}
