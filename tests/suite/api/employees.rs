//! Employees: hired, read, changed, let go, and one person's roster.

use anyhow::Result;
use serde_json::json;

use super::service::{Service, items, number};

#[tokio::test]
async fn an_employee_is_created_with_every_field_and_read_back_the_same() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    service
        .import("employees", b"employee_no,name,email,qualifications\nX,X,x@example.org,icu;night\n")
        .await?;
    let created = service
        .create(
            "/api/employees",
            &json!({
                "employee_no": "7",
                "name": "Ärztin Łucja O'Neill",
                "email": "Lucja@Example.org",
                "role": "nurse",
                "department_id": department_id,
                "weekly_minutes": 1800,
                "min_minutes": 100,
                "max_minutes": 9000,
                "hired_on": "2024-02-29",
                "qualifications": ["night", "icu"],
            }),
        )
        .await?;
    let read = service.read(&format!("/api/employees/{}", created["employee_id"])).await?;
    assert_eq!(read, created);
    assert_eq!(read["name"], "Ärztin Łucja O'Neill");
    assert_eq!(read["department"], "Ward 1");
    assert_eq!(read["time_zone"], "Europe/Berlin", "the department's, for none was given");
    assert_eq!(read["hired_on"], "2024-02-29");
    assert_eq!(read["qualifications"], json!(["icu", "night"]));
    assert_eq!((&read["active"], &read["weekly_minutes"]), (&json!(true), &json!(1800)));
    Ok(())
}

#[tokio::test]
async fn a_change_touches_what_it_names_and_clears_what_it_is_told_to() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let target = format!("/api/employees/{employee_id}");

    let before = service.change(&target, &json!({"role": "nurse", "hired_on": "2020-01-01"})).await?;
    let after = service.change(&target, &json!({"name": "New Name", "clear": ["role"]})).await?;
    assert_eq!(after["name"], "New Name");
    assert_eq!(after["role"], json!(null));
    for untouched in ["employee_no", "email", "department_id", "hired_on", "weekly_minutes", "active"] {
        assert_eq!(after[untouched], before[untouched], "{untouched}");
    }
    let both = service.change_problem(&target, &json!({"role": "nurse", "clear": ["role"]})).await?;
    assert_eq!((both.status, both.field.as_deref()), (400, Some("clear")));
    let never = service.change_problem(&target, &json!({"clear": ["name"]})).await?;
    assert_eq!((never.status, never.field.as_deref()), (400, Some("clear")));
    assert_eq!(service.read(&target).await?["name"], "New Name");
    Ok(())
}

#[tokio::test]
async fn whoever_has_left_is_listed_apart_and_keeps_what_was_booked() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    service.employee("2", department_id).await?;
    let past = service.shift(department_id, "2020-01-06", "06:00", "14:00").await?;
    let future = service.shift(department_id, "2099-01-05", "06:00", "14:00").await?;
    service.book(employee_id, past).await?;
    service.book(employee_id, future).await?;

    let answer = service.post(&format!("/api/employees/{employee_id}/deactivate"), &json!({})).await?;
    assert_eq!(answer["active"], false);
    assert_eq!(answer["open_assignments"], 1, "the past is over");
    let present = service.read("/api/employees?fields=employee_no").await?;
    assert_eq!(present["items"], json!([{"employee_no": "2"}]));
    let gone = service.read("/api/employees?active=false&fields=employee_no").await?;
    assert_eq!(gone["items"], json!([{"employee_no": "1"}]));
    let booked = service.read(&format!("/api/assignments?employee_id={employee_id}")).await?;
    assert_eq!(items(&booked)?.len(), 2);
    let again = service.post(&format!("/api/employees/{employee_id}/deactivate"), &json!({})).await?;
    assert_eq!(again, answer, "twice is once");
    Ok(())
}

#[tokio::test]
async fn employees_are_found_by_every_filter_and_by_part_of_name_address_or_number() -> Result<()> {
    let service = Service::start().await?;
    let csv = "employee_no,name,email,department,role,qualifications\n\
               A-1,Anna 100%,anna@ward.example,Ward 1,nurse,icu\n\
               A-2,Änne,aenne@ward.example,Ward 2,nurse,\n\
               B-3,Boris_x,boris@desk.example,Ward 1,doctor,icu\n";
    service.import("employees", csv.as_bytes()).await?;
    let found = async |query: &str| -> Result<String> {
        let answer = service.read(&format!("/api/employees?sort=employee_no&{query}")).await?;
        let numbers = items(&answer)?.iter().filter_map(|item| item["employee_no"].as_str());
        Ok(numbers.collect::<Vec<_>>().join(" "))
    };
    assert_eq!(found("search=ANNA").await?, "A-1");
    assert_eq!(found("search=%C3%84nne").await?, "A-2");
    assert_eq!(found("search=ward.example").await?, "A-1 A-2");
    assert_eq!(found("search=b-").await?, "B-3");
    assert_eq!(found("search=%25").await?, "A-1", "a percent sign is a letter");
    assert_eq!(found("search=_").await?, "B-3", "an underscore is a letter");
    assert_eq!(found("search=%20%20").await?, "A-1 A-2 B-3", "blank is no search");
    assert_eq!(found("role=nurse").await?, "A-1 A-2");
    assert_eq!(found("qualification=icu").await?, "A-1 B-3");
    assert_eq!(found("qualification=icu&role=nurse&search=a").await?, "A-1");
    let ward_1 = service.read("/api/departments?search=ward%201").await?;
    let ward_1 = number(&items(&ward_1)?[0]["department_id"])?;
    assert_eq!(found(&format!("department_id={ward_1}")).await?, "A-1 B-3");
    assert_eq!(found("search=nobody").await?, "");
    Ok(())
}

#[tokio::test]
async fn a_roster_shows_one_persons_shifts_and_days_off_in_order() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward 1", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let other_id = service.employee("2", department_id).await?;
    let late = service.shift(department_id, "2026-10-07", "14:00", "22:00").await?;
    let night = service.shift(department_id, "2026-10-05", "22:00", "06:00").await?;
    let before = service.shift(department_id, "2026-10-04", "22:00", "06:00").await?;
    let after = service.shift(department_id, "2026-10-08", "00:00", "08:00").await?;
    for shift_id in [late, night, before, after] {
        service.book(employee_id, shift_id).await?;
    }
    service.book(other_id, late).await?;
    let time_off = "employee_no,date,kind,last_date,status\n\
                    1,2026-10-06,leave,,\n\
                    1,2026-10-06,course,,rejected\n\
                    1,2026-10-01,sick,2026-10-05,\n\
                    1,2026-10-08,leave,,\n";
    service.import("time-off", time_off.as_bytes()).await?;

    let target = format!("/api/employees/{employee_id}/roster?from_date=2026-10-05&to_date=2026-10-08");
    let roster = service.read(&target).await?;
    let shifts: Vec<i64> =
        items(&roster)?.iter().map(|item| number(&item["shift_id"])).collect::<Result<_>>()?;
    assert_eq!(shifts, [night, late], "by local date of the shift, in order");
    assert_eq!(roster["items"][0]["starts_at"], "2026-10-05T20:00:00+00:00");
    assert_eq!(roster["totals"], json!({"assignments": 2, "elapsed_minutes": 960, "worked_minutes": 960}));
    let absences: Vec<_> = roster["time_off"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|absence| (absence["kind"].as_str(), absence["to_date"].as_str()))
        .collect();
    assert_eq!(absences, [(Some("sick"), Some("2026-10-06")), (Some("leave"), Some("2026-10-07"))]);
    Ok(())
}
