//! Schedules: opened once however many ask, published when nothing is wrong.

use anyhow::Result;
use serde_json::json;

use super::samples::booking;
use super::service::{Service, items, number};

#[tokio::test]
async fn opening_a_schedule_that_exists_gives_the_one_that_exists() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let period = json!({"department_id": department_id, "from_date": "2026-10-05", "to_date": "2026-10-12"});
    let first = service.create("/api/schedules", &period).await?;
    let second = service.create("/api/schedules", &period).await?;
    assert_eq!((&first["created"], &second["created"]), (&json!(true), &json!(false)));
    assert_eq!(first["schedule_id"], second["schedule_id"]);
    let everybody = json!({"from_date": "2026-10-05", "to_date": "2026-10-12"});
    let whole = service.create("/api/schedules", &everybody).await?;
    assert_ne!(whole["schedule_id"], first["schedule_id"], "that of the whole organisation is another");
    assert_eq!(service.create("/api/schedules", &everybody).await?["schedule_id"], whole["schedule_id"]);
    Ok(())
}

#[tokio::test]
async fn everybody_who_opens_a_schedule_at_once_gets_the_same_one() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let period = json!({"department_id": department_id, "from_date": "2026-10-05", "to_date": "2026-10-12"});
    let open = || service.create("/api/schedules", &period);
    let answers = tokio::try_join!(open(), open(), open(), open(), open(), open())?;
    let answers = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5];
    assert!(answers.iter().all(|answer| answer["schedule_id"] == answers[0]["schedule_id"]), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer["created"] == true).count(), 1);
    Ok(())
}

#[tokio::test]
async fn a_second_session_waits_for_the_first_and_finds_its_schedule() -> Result<()> {
    let service = Service::start().await?;
    let first = service.session().await?;
    let second = service.session().await?;
    let open = "SELECT api.create_schedule('2026-10-05', '2026-10-12') ->> 'schedule_id'";
    first.batch_execute("BEGIN").await?;
    let made = first.text(open).await?;
    let waiting = tokio::spawn(async move { second.text(open).await });
    let waits = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let observer = service.session().await?;
    while observer.text(waits).await? == "0" {
        tokio::task::yield_now().await;
    }
    first.batch_execute("COMMIT").await?;
    assert_eq!(waiting.await??, made);
    Ok(())
}

#[tokio::test]
async fn a_schedule_is_read_with_its_assignments_in_order() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let late = service.shift(department_id, "2026-10-07", "14:00", "22:00").await?;
    let early = service.shift(department_id, "2026-10-05", "06:00", "14:00").await?;
    let elsewhere = service.shift(department_id, "2026-10-09", "06:00", "14:00").await?;
    let period = json!({"department_id": department_id, "from_date": "2026-10-05", "to_date": "2026-10-12"});
    let schedule_id = number(&service.create("/api/schedules", &period).await?["schedule_id"])?;
    let planned = |shift_id: i64| {
        let mut item = booking(employee_id, shift_id);
        item["schedule_id"] = json!(schedule_id);
        item
    };
    let body = json!({"assignments": [planned(late), planned(early), booking(employee_id, elsewhere)]});
    service.create("/api/assignments", &body).await?;

    let schedule = service.read(&format!("/api/schedules/{schedule_id}")).await?;
    let shifts: Vec<_> =
        schedule["assignments"].as_array().into_iter().flatten().map(|item| &item["shift_id"]).collect();
    assert_eq!(shifts, [&json!(early), &json!(late)]);
    let listed = service.read("/api/schedules?fields=schedule_id,assignments").await?;
    assert_eq!(listed["items"], json!([{"schedule_id": schedule_id, "assignments": 2}]));
    let by_schedule = service.read(&format!("/api/assignments?schedule_id={schedule_id}")).await?;
    assert_eq!(items(&by_schedule)?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_schedule_is_published_once_and_keeps_its_moment() -> Result<()> {
    let service = Service::start().await?;
    let period = json!({"from_date": "2026-10-05", "to_date": "2026-10-12"});
    let opened = service.create("/api/schedules", &period).await?;
    assert_eq!((&opened["status"], &opened["published_at"]), (&json!("draft"), &json!(null)));
    let target = format!("/api/schedules/{}/publish", opened["schedule_id"]);
    let first = service.post(&target, &json!({})).await?;
    let second = service.post(&target, &json!({})).await?;
    assert_eq!((&first["status"], &second["status"]), (&json!("published"), &json!("published")));
    assert!(first["published_at"].is_string());
    assert_eq!(first["published_at"], second["published_at"]);
    assert_eq!(items(&service.read("/api/schedules?status=published").await?)?.len(), 1);
    assert_eq!(items(&service.read("/api/schedules?status=draft").await?)?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn a_schedule_with_a_violation_is_published_only_by_force() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    for (date, start, end) in [("2026-10-05", "22:00", "06:00"), ("2026-10-06", "14:00", "22:00")] {
        let shift_id = service.shift(department_id, date, start, end).await?;
        service.book(employee_id, shift_id).await?;
    }
    let period = json!({"department_id": department_id, "from_date": "2026-10-05", "to_date": "2026-10-12"});
    let schedule_id = number(&service.create("/api/schedules", &period).await?["schedule_id"])?;
    let target = format!("/api/schedules/{schedule_id}/publish");
    let problem = service.post_problem(&target, &json!({})).await?;
    assert_eq!((problem.status, problem.code.as_deref()), (409, Some("55000")));
    assert!(problem.text().contains("force"), "{problem:?}");
    assert_eq!(service.read(&format!("/api/schedules/{schedule_id}")).await?["status"], "draft");
    let forced = service.post(&target, &json!({"force": true})).await?;
    assert_eq!((&forced["status"], &forced["violations"]), (&json!("published"), &json!(1)));
    Ok(())
}

#[tokio::test]
async fn schedules_are_found_by_the_days_they_cover() -> Result<()> {
    let service = Service::start().await?;
    for (from_date, to_date) in [("2026-10-05", "2026-10-12"), ("2026-10-12", "2026-10-19")] {
        service.create("/api/schedules", &json!({"from_date": from_date, "to_date": to_date})).await?;
    }
    let count = async |query: &str| -> Result<usize> {
        Ok(items(&service.read(&format!("/api/schedules?{query}")).await?)?.len())
    };
    assert_eq!(count("from_date=2026-10-11&to_date=2026-10-13").await?, 2);
    assert_eq!(count("from_date=2026-10-12").await?, 1, "the first one ends before that day");
    assert_eq!(count("to_date=2026-10-12").await?, 1);
    assert_eq!(count("to_date=2026-10-05").await?, 0);
    Ok(())
}
