//! One request after another that is refused: its status, the field it names, a word it says.

use anyhow::Result;
use http::Method;
use rota_tests::http::Call;
use serde_json::{Value, json};

use super::super::samples::booking;
use super::super::service::Service;

/// Method, target, body, status, field and a word of the detail or hint.
type Case = (&'static str, &'static str, Value, u16, &'static str, &'static str);

fn get(target: &'static str, status: u16, field: &'static str, word: &'static str) -> Case {
    ("GET", target, Value::Null, status, field, word)
}

fn reading() -> Vec<Case> {
    vec![
        get("/api/employees?wage=1", 400, "wage", "department_id"),
        get("/api/employees?department_id=ward", 400, "department_id", "whole number"),
        get("/api/employees?department_id=1.5", 400, "department_id", "whole number"),
        get("/api/employees?department_id=99999999999999999999", 400, "department_id", "9223372036854775807"),
        get("/api/employees?department_id=", 400, "department_id", "whole number"),
        get("/api/employees?active=perhaps", 400, "active", "true"),
        get("/api/employees?search=a&search=b", 400, "search", "more than once"),
        get("/api/employees?search=%FF", 400, "search", "UTF-8"),
        get("/api/employees?search=%4", 400, "search", "percent"),
        get("/api/employees?search=%00", 400, "search", "NUL"),
        get("/api/employees?sort=wage", 400, "sort", "hired_on"),
        get("/api/employees?sort=", 400, "sort", "hired_on"),
        get("/api/employees?sort=--name", 400, "sort", "hired_on"),
        get("/api/employees?fields=name,wage", 400, "fields", "hired_on"),
        get("/api/employees?page_size=1001", 400, "page_size", "1 to 1000"),
        get("/api/employees?total=all", 400, "total", "estimated"),
        get("/api/employees?cursor=nonsense", 400, "cursor", "next_cursor"),
        get("/api/employees/first", 400, "employee_id", "whole number"),
        get("/api/employees/1?employee_id=1", 400, "employee_id", "path"),
        get("/api/employees/987654", 404, "", "nothing"),
        get("/api/employees/987654/roster?from_date=2026-10-05&to_date=2026-10-06", 404, "", "nothing"),
        get("/api/employees/987654/department-history", 404, "", "nothing"),
        get("/api/departments/hierarchy?root_id=987654", 404, "", "nothing"),
        get("/api/shifts/987654", 404, "", "nothing"),
        get("/api/schedules/987654", 404, "", "nothing"),
        get("/api/employees/1/roster?from_date=2026-10-05", 400, "to_date", "required"),
        get(
            "/api/employees/1/roster?from_date=2026-02-30&to_date=2026-10-05",
            400,
            "from_date",
            "2026-02-30",
        ),
        get("/api/employees/1/roster?from_date=5.10.2026&to_date=2026-10-05", 400, "from_date", "such as"),
        get("/api/employees/1/roster?from_date=2026-10-12&to_date=2026-10-05", 400, "to_date", "later"),
        get("/api/employees/1/roster?from_date=2026-10-05&to_date=2026-10-05", 400, "to_date", "later"),
        get("/api/employees/1/roster?from_date=2026-10-05&to_date=2036-10-05", 400, "to_date", "at most"),
        get("/api/shifts?from_date=2026-10-12&to_date=2026-10-05", 400, "to_date", "later"),
        get("/api/schedules?from_date=2026-10-12&to_date=2026-10-05", 400, "to_date", "later"),
        get("/api/assignments?from_date=2026-10-12&to_date=2026-10-05", 400, "to_date", "later"),
        get("/api/conflicts?from_date=2026-10-12&to_date=2026-10-05", 400, "to_date", "later"),
        get("/api/coverage?from_date=2026-10-12&to_date=2026-10-05", 400, "to_date", "later"),
        get("/api/analytics/overview?from_date=2026-10-12&to_date=2026-10-05", 400, "to_date", "later"),
        get("/api/coverage?from_date=infinity&to_date=2026-10-05", 400, "from_date", "such as"),
        get(
            "/api/conflicts?from_date=2026-10-05&to_date=2026-10-06&time_zone=Mars",
            400,
            "time_zone",
            "Mars",
        ),
        get("/api/conflicts?from_date=2026-10-05&to_date=2026-10-06&kind=boredom", 400, "kind", "overlap"),
        get("/api/conflicts?from_date=2026-10-05&to_date=2026-10-06&limit=0", 400, "limit", "1"),
        get(
            "/api/conflicts?from_date=2026-10-05&to_date=2026-10-06&minimum_rest_minutes=-1",
            400,
            "minimum_rest_minutes",
            "0",
        ),
        get(
            "/api/analytics/overview?from_date=2026-10-05&to_date=2026-10-06&band_start=25:00",
            400,
            "band_start",
            "such as",
        ),
        get(
            "/api/analytics/overview?from_date=2026-10-05&to_date=2026-10-06&employee_limit=-1",
            400,
            "employee_limit",
            "10000",
        ),
        get("/api/assignments?status=maybe", 400, "status", "confirmed"),
        get("/api/schedules?status=maybe", 400, "status", "draft"),
        get("/api/slow-queries?limit=0", 400, "limit", "10000"),
        get("/api/slow-queries?since=yesterday", 400, "since", "such as"),
    ]
}

/// A change of a whole that is right, so that only the change can be wrong.
fn with(mut whole: Value, change: Value) -> Value {
    if let (Value::Object(whole), Value::Object(change)) = (&mut whole, change) {
        whole.extend(change);
    }
    whole
}

fn people_and_departments() -> Vec<Case> {
    let post = |change: Value, status, field, word| -> Case {
        let whole = json!({"employee_no": "new", "name": "New", "email": "new@example.org"});
        ("POST", "/api/employees", with(whole, change), status, field, word)
    };
    let patch = |change: Value, status, field, word| -> Case {
        ("PATCH", "/api/employees/1", change, status, field, word)
    };
    vec![
        ("POST", "/api/employees", json!({"employee_no": "new", "name": "New"}), 400, "email", "required"),
        post(json!({"wage": 5}), 400, "wage", "weekly_minutes"),
        post(json!({"name": null}), 400, "name", "null"),
        post(json!({"name": 5}), 400, "name", "string"),
        post(json!({"name": "  "}), 400, "name", "blank"),
        post(json!({"name": "x".repeat(201)}), 400, "name", "200"),
        post(json!({"employee_no": "x".repeat(51)}), 400, "employee_no", "50"),
        post(json!({"role": "x".repeat(101)}), 400, "role", "100"),
        post(json!({"role": " "}), 400, "role", "blank"),
        post(json!({"email": "nobody"}), 400, "email", "name@example.org"),
        post(json!({"weekly_minutes": "many"}), 400, "weekly_minutes", "whole number"),
        post(json!({"weekly_minutes": 1.5}), 400, "weekly_minutes", "whole number"),
        post(json!({"weekly_minutes": 10081}), 400, "weekly_minutes", "10080"),
        post(json!({"min_minutes": 2, "max_minutes": 1}), 400, "min_minutes", "max_minutes"),
        post(json!({"hired_on": "2026-02-30"}), 400, "hired_on", "2026-02-30"),
        post(json!({"department_id": 987_654}), 404, "department_id", "/api/departments"),
        post(json!({"time_zone": "Mars/Olympus"}), 400, "time_zone", "Europe/Berlin"),
        post(json!({"qualifications": ["flying"]}), 400, "qualifications", "\"flying\""),
        post(json!({"qualifications": "icu"}), 400, "qualifications", "array"),
        post(json!({"employee_no": "1"}), 409, "employee_no", "Person 1"),
        post(json!({"email": "1@EXAMPLE.org"}), 409, "email", "Person 1"),
        patch(json!({"email": "2@example.org"}), 409, "email", "Person 2"),
        patch(json!({"employee_no": "2"}), 409, "employee_no", "Person 2"),
        patch(json!({"department_id": 987_654}), 404, "department_id", "/api/departments"),
        patch(json!({"min_minutes": -1}), 400, "min_minutes", "0"),
        patch(json!({"clear": ["name"]}), 400, "clear", "hired_on"),
        patch(json!({"employee_id": 2}), 400, "employee_id", "more than once"),
        ("PATCH", "/api/employees/987654", json!({"name": "X"}), 404, "employee_id", "987654"),
        ("POST", "/api/employees/987654/deactivate", json!({}), 404, "employee_id", "987654"),
        ("POST", "/api/departments", json!({"name": ""}), 400, "name", "blank"),
        ("POST", "/api/departments", json!({"name": "Ward"}), 409, "name", "another name"),
        ("POST", "/api/departments", json!({"name": "X", "parent_id": 987_654}), 404, "parent_id", "987654"),
        (
            "POST",
            "/api/departments",
            json!({"name": "X", "time_zone": "+01"}),
            400,
            "time_zone",
            "Europe/Berlin",
        ),
    ]
}

fn shifts_and_schedules() -> Vec<Case> {
    let post = |change: Value, status, field, word| -> Case {
        let whole = json!({
            "date": "2026-10-05", "shift_type": "new", "start_time": "06:00", "end_time": "14:00",
            "department_id": 1,
        });
        ("POST", "/api/shifts", with(whole, change), status, field, word)
    };
    let open = |change: Value, status, field, word| -> Case {
        let whole = json!({"from_date": "2026-10-05", "to_date": "2026-10-12"});
        ("POST", "/api/schedules", with(whole, change), status, field, word)
    };
    let early = json!({"shift_type": "06:00-14:00"});
    vec![
        post(json!({"date": "tomorrow"}), 400, "date", "such as"),
        post(json!({"date": "infinity"}), 400, "date", "such as"),
        post(json!({"start_time": "24:00"}), 400, "start_time", "such as"),
        post(json!({"start_time": "06:00:30"}), 400, "start_time", "whole minute"),
        post(json!({"end_time": "14:00:30"}), 400, "end_time", "whole minute"),
        post(json!({"shift_type": ""}), 400, "shift_type", "blank"),
        post(json!({"break_minutes": 481}), 400, "break_minutes", "480"),
        post(json!({"break_minutes": -1}), 400, "break_minutes", "0"),
        post(json!({"required_staff": -1}), 400, "required_staff", "0"),
        post(json!({"priority": 11}), 400, "priority", "1 to 10"),
        post(json!({"time_zone": "Europe/Belin"}), 400, "time_zone", "Europe/Berlin"),
        post(
            json!({"date": "2026-03-29", "start_time": "02:30", "end_time": "03:15"}),
            400,
            "end_time",
            "clock",
        ),
        post(json!({"department_id": 987_654}), 404, "department_id", "/api/departments"),
        post(json!({"required_qualifications": [null]}), 400, "required_qualifications", "null"),
        post(early, 409, "shift_type", "start_time"),
        (
            "PATCH",
            "/api/shifts/1",
            json!({"shift_type": "14:00-22:00", "start_time": "14:00"}),
            409,
            "shift_type",
            "already",
        ),
        ("PATCH", "/api/shifts/1", json!({"priority": 0}), 400, "priority", "1 to 10"),
        ("PATCH", "/api/shifts/987654", json!({"priority": 1}), 404, "shift_id", "987654"),
        ("POST", "/api/shifts/987654/deactivate", json!({}), 404, "shift_id", "987654"),
        open(json!({"to_date": "2026-09-28"}), 400, "to_date", "later"),
        open(json!({"to_date": "2036-09-28"}), 400, "to_date", "at most"),
        open(json!({"department_id": 987_654}), 404, "department_id", "/api/departments"),
        ("POST", "/api/schedules/987654/publish", json!({}), 404, "schedule_id", "987654"),
        ("POST", "/api/schedules/987654/publish", json!({"force": "yes"}), 400, "force", "true"),
    ]
}

fn bookings() -> Vec<Case> {
    let cases = [
        (json!([]), 400, "assignments", "at least one"),
        (json!("1"), 400, "assignments", "array"),
        (json!([5]), 400, "assignments", "assignments[0]"),
        (json!([booking(1, 1), {"employee_id": 1}]), 400, "assignments", "assignments[1]"),
        (json!([{"employee_id": "one", "shift_id": 1}]), 400, "assignments", "employee_id"),
        (json!([{"employee_id": 1, "shift_id": 1, "wage": 5}]), 400, "assignments", "\"wage\""),
        (json!([{"employee_id": 1, "shift_id": 1, "status": "maybe"}]), 400, "assignments", "confirmed"),
        (json!([{"employee_id": 1, "shift_id": -1}]), 400, "assignments", "shift_id"),
    ];
    let refused_by_both = cases.into_iter().flat_map(|(assignments, status, field, word)| {
        ["/api/assignments", "/api/assignments/check"]
            .map(|target| ("POST", target, json!({"assignments": assignments}), status, field, word))
    });
    let untimed = [
        (json!({"employee_id": 1, "starts_at": "2026-10-05T06:00Z"}), "only one"),
        (json!({"employee_id": 1, "starts_at": "soon", "ends_at": "later"}), "as starts_at"),
        (
            json!({"employee_id": 1, "starts_at": "2026-10-05T06:00", "ends_at": "2026-10-05T14:00Z"}),
            "as starts_at",
        ),
        (
            json!({"employee_id": 1, "starts_at": "2026-10-05T06:00Z", "ends_at": "2026-10-05T06:00Z"}),
            "not after",
        ),
    ];
    let untimed = untimed.map(|(item, word)| -> Case {
        ("POST", "/api/assignments/check", json!({"assignments": [item]}), 400, "assignments", word)
    });
    let unknown = [
        (booking(987_654, 1), "employee 987654"),
        (booking(1, 987_654), "shift 987654"),
        (json!({"employee_id": 1, "shift_id": 1, "schedule_id": 987_654}), "schedule 987654"),
    ];
    let unknown = unknown.map(|(item, word)| -> Case {
        ("POST", "/api/assignments", json!({"assignments": [item]}), 404, "assignments", word)
    });
    let further: Vec<Case> = vec![
        ("POST", "/api/assignments", json!({}), 400, "assignments", "required"),
        (
            "POST",
            "/api/assignments",
            json!({"assignments": [booking(1, 2), booking(1, 2)]}),
            409,
            "assignments",
            "once",
        ),
        ("POST", "/api/assignments", json!({"assignments": [booking(1, 1)]}), 409, "assignments", "already"),
        ("PATCH", "/api/assignments/1", json!({"status": "maybe"}), 400, "status", "confirmed"),
        ("PATCH", "/api/assignments/1", json!({"note": "x".repeat(2001)}), 400, "note", "2000"),
        ("PATCH", "/api/assignments/1", json!({"clear": ["status"]}), 400, "clear", "note"),
        ("PATCH", "/api/assignments/987654", json!({"status": "confirmed"}), 404, "assignment_id", "987654"),
        ("DELETE", "/api/assignments/987654", Value::Null, 404, "", "nothing"),
    ];
    refused_by_both.chain(untimed).chain(unknown).chain(further).collect()
}

#[tokio::test]
async fn every_refusal_names_the_argument_and_what_would_be_right() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward", None).await?;
    let first = service.employee("1", department_id).await?;
    service.employee("2", department_id).await?;
    let early = service.shift(department_id, "2026-10-05", "06:00", "14:00").await?;
    service.shift(department_id, "2026-10-05", "14:00", "22:00").await?;
    service.book(first, early).await?;

    let mut faults = Vec::new();
    let cases = [reading(), people_and_departments(), shifts_and_schedules(), bookings()].concat();
    for (method, target, body, status, field, word) in cases {
        let mut call = Call::new(Method::from_bytes(method.as_bytes())?, target);
        if !body.is_null() {
            call = call.json(&body);
        }
        match service.problem(&call).await {
            Err(error) => faults.push(format!("{error:#}")),
            Ok(problem) => {
                let is_right = problem.status == status
                    && problem.field.as_deref().unwrap_or_default() == field
                    && problem.text().contains(word);
                if !is_right {
                    faults.push(format!(
                        "{method} {target} {body}\n    not {status} {field} {word}: {problem:?}"
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} refusals are wrong:\n{}", faults.len(), faults.join("\n"));
    Ok(())
}
