//! Shifts: planned across midnight and clock changes, moved, called off.

use anyhow::Result;
use serde_json::json;

use super::service::{Service, items};

/// Date, start, end, and the minutes that pass between them in Berlin.
const LENGTHS: &[(&str, &str, &str, i64)] = &[
    ("2026-10-05", "06:00", "14:00", 480),
    ("2026-10-05", "22:00", "06:00", 480),
    ("2026-10-05", "08:00", "08:00", 1440),
    ("2026-10-05", "00:00", "00:00", 1440),
    ("2026-10-05", "16:00", "00:00", 480),
    ("2026-10-24", "22:00", "06:00", 540),
    ("2026-10-25", "00:00", "00:00", 1500),
    ("2026-03-28", "22:00", "06:00", 420),
    ("2026-03-28", "08:00", "08:00", 1380),
    ("2026-03-29", "02:30", "04:00", 30),
];

#[tokio::test]
async fn a_shift_lasts_as_long_as_the_clocks_on_the_wall_let_it() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    for (date, start, end, minutes) in LENGTHS {
        let shift_id = service.shift(department_id, date, start, end).await?;
        let shift = service.read(&format!("/api/shifts/{shift_id}")).await?;
        assert_eq!(shift["elapsed_minutes"], *minutes, "{date} {start} to {end}");
        assert_eq!(shift["worked_minutes"], *minutes);
        assert_eq!(shift["time_zone"], "Europe/Berlin", "the department's");
        assert_eq!((&shift["date"], &shift["start_time"]), (&json!(date), &json!(format!("{start}:00"))));
    }
    Ok(())
}

#[tokio::test]
async fn a_break_is_no_work_and_cannot_be_longer_than_the_shift() -> Result<()> {
    let service = Service::start().await?;
    let shift = json!({
        "date": "2026-10-05", "shift_type": "early", "start_time": "06:00", "end_time": "14:00",
        "break_minutes": 30, "time_zone": "Asia/Kolkata",
    });
    let created = service.create("/api/shifts", &shift).await?;
    assert_eq!((&created["elapsed_minutes"], &created["worked_minutes"]), (&json!(480), &json!(450)));
    assert_eq!(created["starts_at"], "2026-10-05T00:30:00+00:00");
    let target = format!("/api/shifts/{}", created["shift_id"]);
    let problem = service.change_problem(&target, &json!({"break_minutes": 481})).await?;
    assert_eq!((problem.status, problem.field.as_deref()), (400, Some("break_minutes")));
    assert_eq!(service.change(&target, &json!({"break_minutes": 480})).await?["worked_minutes"], 0);
    Ok(())
}

#[tokio::test]
async fn a_moved_shift_takes_its_people_along() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let shift_id = service.shift(department_id, "2026-10-05", "06:00", "14:00").await?;
    let assignment = service.book(employee_id, shift_id).await?;
    let moved = service
        .change(
            &format!("/api/shifts/{shift_id}"),
            &json!({"date": "2026-10-06", "start_time": "22:00", "end_time": "06:00"}),
        )
        .await?;
    assert_eq!(moved["starts_at"], "2026-10-06T20:00:00+00:00");
    assert_eq!(moved["elapsed_minutes"], 480);
    let booked = service.read(&format!("/api/assignments?employee_id={employee_id}")).await?;
    assert_eq!(items(&booked)?.len(), 1);
    assert_eq!(booked["items"][0]["assignment_id"], assignment["assignment_id"]);
    assert_eq!(booked["items"][0]["starts_at"], "2026-10-06T20:00:00+00:00");
    assert_eq!(booked["items"][0]["ends_at"], "2026-10-07T04:00:00+00:00");
    Ok(())
}

#[tokio::test]
async fn a_move_that_would_double_book_somebody_is_refused_and_changes_nothing() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let early = service.shift(department_id, "2026-10-05", "06:00", "14:00").await?;
    let late = service.shift(department_id, "2026-10-05", "14:00", "22:00").await?;
    service.book(employee_id, early).await?;
    service.book(employee_id, late).await?;

    let target = format!("/api/shifts/{late}");
    let before = service.read(&target).await?;
    let problem = service.change_problem(&target, &json!({"start_time": "13:59"})).await?;
    assert_eq!((problem.status, problem.code.as_deref()), (409, Some("23P01")));
    assert!(
        problem.text().contains("Person 1") && problem.text().contains(&early.to_string()),
        "{problem:?}"
    );
    assert_eq!(service.read(&target).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_shift_with_people_on_it_is_called_off_only_together_with_their_assignments() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let shift_id = service.shift(department_id, "2026-10-05", "06:00", "14:00").await?;
    service.book(employee_id, shift_id).await?;
    let target = format!("/api/shifts/{shift_id}/deactivate");

    let problem = service.post_problem(&target, &json!({})).await?;
    assert_eq!((problem.status, problem.code.as_deref()), (409, Some("55000")));
    assert!(problem.text().contains("cancel_assignments"), "{problem:?}");
    assert_eq!(service.read(&format!("/api/shifts/{shift_id}")).await?["active"], true);

    let answer = service.post(&target, &json!({"cancel_assignments": true})).await?;
    assert_eq!((&answer["active"], &answer["cancelled_assignments"]), (&json!(false), &json!(1)));
    let shift = service.read(&format!("/api/shifts/{shift_id}")).await?;
    assert_eq!(shift["assigned_staff"], 0);
    assert_eq!(shift["assignments"][0]["status"], "cancelled");
    assert_eq!(service.read("/api/shifts").await?["items"], json!([]), "the list shows active ones");
    Ok(())
}

#[tokio::test]
async fn the_place_of_a_shift_can_be_taken_only_once() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let shift = json!({
        "department_id": department_id, "date": "2026-10-05", "shift_type": "early",
        "start_time": "06:00", "end_time": "14:00",
    });
    let first = service.create("/api/shifts", &shift).await?;
    let clash = service.post_problem("/api/shifts", &shift).await?;
    assert_eq!((clash.status, clash.field.as_deref()), (409, Some("shift_type")));
    assert!(clash.text().contains(&first["shift_id"].to_string()), "{clash:?}");
    Ok(())
}

#[tokio::test]
async fn shifts_are_found_by_local_date_department_type_and_state() -> Result<()> {
    let service = Service::start().await?;
    let (first, second) =
        (service.department("Ward 1", None).await?, service.department("Ward 2", None).await?);
    service.shift(first, "2026-10-04", "22:00", "06:00").await?;
    service.shift(first, "2026-10-05", "00:00", "08:00").await?;
    service.shift(second, "2026-10-05", "06:00", "14:00").await?;
    service.shift(first, "2026-10-06", "00:00", "08:00").await?;
    let count = async |query: &str| -> Result<usize> {
        Ok(items(&service.read(&format!("/api/shifts?{query}")).await?)?.len())
    };
    assert_eq!(count("").await?, 4);
    assert_eq!(count("from_date=2026-10-05&to_date=2026-10-06").await?, 2);
    assert_eq!(count("from_date=2026-10-05").await?, 3);
    assert_eq!(count("to_date=2026-10-05").await?, 1);
    assert_eq!(count(&format!("department_id={first}")).await?, 3);
    assert_eq!(count("shift_type=00:00-08:00").await?, 2);
    assert_eq!(count("active=false").await?, 0);
    Ok(())
}
