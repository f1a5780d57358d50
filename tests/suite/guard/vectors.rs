//! What went wrong in other products, as the guard and `rota.find_overlaps` decide it.

use anyhow::Result;
use rota_tests::session::Session;

use super::duties::{bare, clash, duties, duty, guarded};

async fn overlaps(session: &Session) -> Result<String> {
    session.text("SELECT count(*) FROM rota.find_overlaps('duties', 'person', 'during')").await
}

/// frappe/hrms PR#1932, case 1: both begin on one day, the night ends on the next.
#[tokio::test]
async fn r1_a_night_and_an_early_shift_of_the_same_day_do_not_overlap() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute(&duty(1, 7, 22, 28)).await?;
    session.batch_execute(&duty(2, 7, 2, 8)).await?;
    assert_eq!(overlaps(&session).await?, "0");
    let apart = "SELECT lower(night.during) - upper(early.during) FROM duties AS night, duties AS early
        WHERE night.duty_id = 1 AND early.duty_id = 2";
    assert_eq!(session.text(apart).await?, "14:00:00");
    Ok(())
}

/// frappe/hrms PR#1932, case 2: the row in the way is not the first one.
#[tokio::test]
async fn r2_a_third_shift_overlaps_the_second_and_not_only_the_first() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute(&duty(1, 7, 8, 12)).await?;
    session.batch_execute(&duty(2, 7, 14, 18)).await?;
    let refusal = clash(&session, &duty(3, 7, 16, 20)).await?;
    for fact in ["(duty_id) = (3)", "(duty_id) = (2)", "by 120 minutes"] {
        assert!(refusal.message.contains(fact), "no {fact} in {refusal:?}");
    }
    Ok(())
}

/// frappe/hrms PR#1765: days are whole days, and the open end reaches forward only.
#[tokio::test]
async fn r12_an_assignment_without_an_end_leaves_the_day_before_free() -> Result<()> {
    let session = bare().await?;
    session
        .batch_execute(
            "CREATE TABLE assignments (assignment_id integer PRIMARY KEY, person text, days daterange);
            SELECT rota.guard_overlaps('assignments', 'person', 'days');
            INSERT INTO assignments VALUES (1, 'Anna', '[2026-06-01,)');
            INSERT INTO assignments VALUES (2, 'Anna', '[2026-05-30,2026-05-30]')",
        )
        .await?;
    clash(&session, "INSERT INTO assignments VALUES (3, 'Anna', '[2026-05-31,2026-06-01]')").await?;
    clash(&session, "INSERT INTO assignments VALUES (3, 'Anna', '[2030-01-01,2030-01-01]')").await?;
    let pairs =
        session.text("SELECT count(*) FROM rota.find_overlaps('assignments', 'person', 'days')").await?;
    assert_eq!(pairs, "0");
    Ok(())
}

/// OCA/shift-planning#49: one wrong row made every other of the person fail.
#[tokio::test]
async fn r13_a_row_with_wrong_times_is_flagged_and_the_persons_other_rows_go_on_working() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    // An end before the start is no range.
    assert_eq!(session.refusal(&duty(2, 7, 20, 18)).await?.sqlstate, "22000");
    // A wrong row that came in past the guard, over two days.
    session
        .batch_execute(&format!(
            "SET session_replication_role = replica; {}; SET session_replication_role = origin",
            duty(3, 7, 12, 48)
        ))
        .await?;
    assert_eq!(session.text("SELECT count(*) FROM rota.verify_guard('duties')").await?, "1");
    for statement in [
        duty(4, 7, 4, 8),
        duty(5, 7, 48, 56),
        "UPDATE duties SET during = hours(8, 12) WHERE duty_id = 1".to_owned(),
        "UPDATE duties SET during = hours(50, 56) WHERE duty_id = 5".to_owned(),
        duty(6, 8, 12, 48),
    ] {
        session.batch_execute(&statement).await?;
    }
    assert_eq!(session.text("SELECT count(*) FROM rota.verify_guard('duties')").await?, "0");
    assert_eq!(duties(&session).await?.len(), 5);
    Ok(())
}

/// paySphere#1702: two parts of one day are two duties and no conflict.
#[tokio::test]
async fn r16_the_two_parts_of_a_split_shift_do_not_overlap() -> Result<()> {
    let (_database, session) = guarded().await?;
    session
        .batch_execute("INSERT INTO duties (person, during) VALUES (7, hours(7, 11)), (7, hours(16, 20))")
        .await?;
    assert_eq!(overlaps(&session).await?, "0");
    session.batch_execute(&duty(9, 7, 11, 16)).await?;
    assert_eq!(overlaps(&session).await?, "0");
    Ok(())
}

/// DHTMLX documentation: overload is more than the capacity, not as much as it.
#[tokio::test]
async fn r19_three_half_time_assignments_overload_a_person_and_two_do_not() -> Result<()> {
    let session = bare().await?;
    session
        .batch_execute(
            "CREATE TABLE assignments (assignment_id integer PRIMARY KEY, person text, during tstzrange, load numeric);
            SELECT rota.guard_overlaps('assignments', 'person', 'during', capacity => 1.0, load_column => 'load');
            INSERT INTO assignments VALUES (1, 'Anna', hours(8, 16), 0.5), (2, 'Anna', hours(8, 16), 0.5)",
        )
        .await?;
    let refusal = clash(&session, "INSERT INTO assignments VALUES (3, 'Anna', hours(8, 16), 0.5)").await?;
    assert!(refusal.message.contains("1.5"), "{refusal:?}");
    Ok(())
}
