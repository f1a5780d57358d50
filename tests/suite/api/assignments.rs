//! Assignments: one, many, all or nothing, never twice at a time.

use anyhow::Result;
use serde_json::{Value, json};

use super::samples::booking;
use super::service::{Service, items, number};

#[tokio::test]
async fn people_are_booked_one_or_many_at_once() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let (first, second) =
        (service.employee("1", department_id).await?, service.employee("2", department_id).await?);
    let early = service.shift(department_id, "2026-10-05", "06:00", "14:00").await?;
    let late = service.shift(department_id, "2026-10-05", "14:00", "22:00").await?;

    let one = service.create("/api/assignments", &json!({"assignments": booking(first, early)})).await?;
    assert_eq!(one["items"][0]["status"], "assigned");
    assert_eq!(one["items"][0]["starts_at"], "2026-10-05T04:00:00+00:00");

    let mut proposed = booking(second, early);
    proposed["status"] = json!("proposed");
    proposed["note"] = json!("wishes it");
    let many = json!({"assignments": [booking(second, late), proposed, booking(first, late)]});
    let many = service.create("/api/assignments", &many).await?;
    let pairs: Vec<_> =
        items(&many)?.iter().map(|item| (item["employee_id"].as_i64(), item["shift_id"].as_i64())).collect();
    let expected =
        [(second, late), (second, early), (first, late)].map(|(person, shift)| (Some(person), Some(shift)));
    assert_eq!(pairs, expected, "in the order of the request; touching shifts are no double booking");
    assert_eq!(
        (&many["items"][1]["binding"], &many["items"][1]["note"]),
        (&json!(false), &json!("wishes it"))
    );
    Ok(())
}

#[tokio::test]
async fn a_double_booking_names_person_both_shifts_and_minutes_and_writes_nothing() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let day = service.shift(department_id, "2026-10-05", "08:00", "16:30").await?;
    let late = service.shift(department_id, "2026-10-05", "14:00", "22:00").await?;
    let free = service.shift(department_id, "2026-10-07", "06:00", "14:00").await?;
    service.book(employee_id, day).await?;

    let body = json!({"assignments": [booking(employee_id, free), booking(employee_id, late)]});
    let problem = service.post_problem("/api/assignments", &body).await?;
    assert_eq!((problem.status, problem.code.as_deref()), (409, Some("23P01")));
    for part in [
        "Person 1",
        "150 minutes",
        &format!("shift {day}"),
        &format!("shift {late}"),
        "/api/assignments/check",
    ] {
        assert!(problem.text().contains(part), "{part} is not in {}", problem.text());
    }
    let booked = service.read(&format!("/api/assignments?employee_id={employee_id}")).await?;
    assert_eq!(items(&booked)?.len(), 1, "the good booking of the batch was not written either");
    Ok(())
}

#[tokio::test]
async fn a_batch_that_clashes_with_itself_is_refused() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let night = service.shift(department_id, "2026-10-05", "22:00", "06:00").await?;
    let early = service.shift(department_id, "2026-10-06", "05:00", "13:00").await?;
    let body = json!({"assignments": [booking(employee_id, night), booking(employee_id, early)]});
    let problem = service.post_problem("/api/assignments", &body).await?;
    assert_eq!((problem.status, problem.code.as_deref()), (409, Some("23P01")));
    assert!(problem.text().contains("60 minutes"), "{problem:?}");

    let twice = json!({"assignments": [booking(employee_id, night), booking(employee_id, night)]});
    let problem = service.post_problem("/api/assignments", &twice).await?;
    assert_eq!((problem.status, problem.code.as_deref()), (409, Some("23505")));
    assert_eq!(service.read("/api/assignments").await?["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn of_two_bookings_at_once_that_exclude_each_other_one_is_written() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    for day in 1..=8 {
        let date = format!("2026-10-{day:02}");
        let early = service.shift(department_id, &date, "06:00", "14:00").await?;
        let day = service.shift(department_id, &date, "08:00", "16:00").await?;
        let (first, second) = tokio::join!(service.book(employee_id, early), service.book(employee_id, day));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        let loser = first.err().or(second.err()).map(|error| error.to_string()).unwrap_or_default();
        assert!(loser.contains("409") && loser.contains("360 minutes"), "{loser}");
    }
    assert_eq!(items(&service.read("/api/assignments").await?)?.len(), 8);
    Ok(())
}

#[tokio::test]
async fn a_status_that_frees_the_person_makes_room_and_one_that_books_needs_it() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let early = service.shift(department_id, "2026-10-05", "06:00", "14:00").await?;
    let day = service.shift(department_id, "2026-10-05", "08:00", "16:00").await?;
    let first = service.book(employee_id, early).await?;
    let target = format!("/api/assignments/{}", first["assignment_id"]);

    let declined = service.change(&target, &json!({"status": "declined", "note": "ill"})).await?;
    assert_eq!((&declined["binding"], &declined["note"]), (&json!(false), &json!("ill")));
    let second = service.book(employee_id, day).await?;
    let problem = service.change_problem(&target, &json!({"status": "confirmed"})).await?;
    assert_eq!((problem.status, problem.code.as_deref()), (409, Some("23P01")));
    assert!(problem.text().contains("360 minutes"), "{problem:?}");

    let removed = service.delete(&format!("/api/assignments/{}", second["assignment_id"])).await?;
    assert_eq!(removed["deleted"], true);
    let confirmed = service.change(&target, &json!({"status": "confirmed", "clear": ["note"]})).await?;
    assert_eq!((&confirmed["binding"], &confirmed["note"]), (&json!(true), &json!(null)));
    Ok(())
}

#[tokio::test]
async fn a_removed_assignment_is_gone_and_cannot_be_removed_twice() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let shift_id = service.shift(department_id, "2026-10-05", "06:00", "14:00").await?;
    let target = format!("/api/assignments/{}", service.book(employee_id, shift_id).await?["assignment_id"]);
    service.delete(&target).await?;
    assert_eq!(service.read("/api/assignments").await?["items"], json!([]));
    assert_eq!(service.proxy.delete(&target).await?.status, 404);
    service.book(employee_id, shift_id).await?;
    Ok(())
}

#[tokio::test]
async fn a_cancelled_assignment_is_booked_again_and_a_standing_one_is_not_doubled() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let shift_id = service.shift(department_id, "2026-10-05", "06:00", "14:00").await?;
    let first = service.book(employee_id, shift_id).await?;
    let again = json!({"assignments": [booking(employee_id, shift_id)]});
    let clash = service.post_problem("/api/assignments", &again).await?;
    assert_eq!((clash.status, clash.code.as_deref()), (409, Some("23505")));
    assert!(clash.text().contains(&first["assignment_id"].to_string()), "{clash:?}");

    service
        .change(&format!("/api/assignments/{}", first["assignment_id"]), &json!({"status": "cancelled"}))
        .await?;
    let second = service.book(employee_id, shift_id).await?;
    assert_eq!(second["assignment_id"], first["assignment_id"]);
    assert_eq!(second["status"], "assigned");
    Ok(())
}

#[tokio::test]
async fn nobody_is_booked_who_has_left_nor_on_a_shift_that_is_called_off() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let (stays, leaves) =
        (service.employee("1", department_id).await?, service.employee("2", department_id).await?);
    let kept = service.shift(department_id, "2026-10-05", "06:00", "14:00").await?;
    let dropped = service.shift(department_id, "2026-10-05", "14:00", "22:00").await?;
    service.post(&format!("/api/employees/{leaves}/deactivate"), &json!({})).await?;
    service.post(&format!("/api/shifts/{dropped}/deactivate"), &json!({})).await?;
    for (person, shift) in [(leaves, kept), (stays, dropped)] {
        let body = json!({"assignments": [booking(person, shift)]});
        let problem = service.post_problem("/api/assignments", &body).await?;
        assert_eq!((problem.status, problem.code.as_deref()), (409, Some("55000")), "{problem:?}");
        assert!(problem.hint.is_some() && problem.text().contains("assignments[0]"), "{problem:?}");
    }
    Ok(())
}

#[tokio::test]
async fn assignments_are_found_by_every_filter() -> Result<()> {
    let service = Service::start().await?;
    let (ward, desk) = (service.department("Ward", None).await?, service.department("Desk", None).await?);
    let (first, second) = (service.employee("1", ward).await?, service.employee("2", ward).await?);
    let night = service.shift(ward, "2026-10-04", "22:00", "06:00").await?;
    let early = service.shift(ward, "2026-10-05", "06:00", "14:00").await?;
    let at_desk = service.shift(desk, "2026-10-06", "00:30", "08:00").await?;
    for (person, shift) in [(first, night), (first, at_desk), (second, early), (second, at_desk)] {
        service.book(person, shift).await?;
    }
    let last = service.read(&format!("/api/assignments?employee_id={second}&sort=-starts_at")).await?;
    let last = number(&items(&last)?[0]["assignment_id"])?;
    service.change(&format!("/api/assignments/{last}"), &json!({"status": "confirmed"})).await?;
    let count = async |query: &str| -> Result<usize> {
        Ok(items(&service.read(&format!("/api/assignments?{query}")).await?)?.len())
    };
    assert_eq!(count("").await?, 4);
    assert_eq!(count(&format!("employee_id={first}")).await?, 2);
    assert_eq!(count(&format!("department_id={desk}")).await?, 2, "the shift's department");
    assert_eq!(count("from_date=2026-10-05&to_date=2026-10-06").await?, 1, "by the shift's local date");
    assert_eq!(count("from_date=2026-10-06").await?, 2);
    assert_eq!(count("to_date=2026-10-05").await?, 1);
    assert_eq!(count("status=confirmed").await?, 1);
    assert_eq!(count(&format!("status=assigned&employee_id={second}&from_date=2026-10-05")).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_large_batch_is_written_whole_or_not_at_all() -> Result<()> {
    let service = Service::start().await?;
    let session = service.session().await?;
    session
        .batch_execute(
            "INSERT INTO workforce.employees (employee_no, name, email)
             SELECT n, 'Person ' || n, n || '@example.org' FROM generate_series(1, 500) AS n;
             INSERT INTO workforce.shifts (date, shift_type, start_time, end_time)
             SELECT date '2026-10-05' + day, 'early', '06:00', '14:00' FROM generate_series(0, 3) AS day",
        )
        .await?;
    let pairs = session
        .text(
            "SELECT json_agg(json_build_object('employee_id', employee_id, 'shift_id', shift_id))
               FROM workforce.employees, workforce.shifts",
        )
        .await?;
    let mut batch: Vec<Value> = serde_json::from_str(&pairs)?;
    batch.push(booking(987_654, 1));
    let problem = service.post_problem("/api/assignments", &json!({"assignments": batch})).await?;
    assert_eq!(problem.status, 404);
    assert!(problem.text().contains("assignments[2000]"), "{problem:?}");
    assert_eq!(session.text("SELECT count(*) FROM workforce.assignments").await?, "0");

    batch.pop();
    let written = service.create("/api/assignments", &json!({"assignments": batch})).await?;
    assert_eq!(items(&written)?.len(), 2000);
    assert_eq!(session.text("SELECT count(*) FROM workforce.assignments").await?, "2000");
    Ok(())
}
