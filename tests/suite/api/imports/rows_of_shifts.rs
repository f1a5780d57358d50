//! Every fault that a row of shifts can have.

use anyhow::Result;
use serde_json::json;

use super::super::service::{Service, items};
use super::report::{bad, good, import_and_compare};

const HEADER: &str = "date,shift_type,start_time,end_time,time_zone,department,required_staff,break_minutes,\
                      required_qualifications,priority";

#[tokio::test]
async fn bad_shifts_are_refused_one_by_one_and_good_ones_of_the_same_file_are_in() -> Result<()> {
    let service = Service::start().await?;
    let (ward, south) = (service.department("Ward", None).await?, service.department("South", None).await?);
    let twin = service.department("Twin", Some(ward)).await?;
    service.department("Twin", Some(south)).await?;
    let employee_id = service.employee("1", ward).await?;
    service.shift(ward, "2026-11-02", "06:00", "14:00").await.map(drop)?;
    let early = service.read("/api/shifts").await?["items"][0]["shift_id"].as_i64().unwrap_or_default();
    let late = service.shift(ward, "2026-11-02", "14:00", "22:00").await?;
    service.book(employee_id, early).await?;
    let booked = service.book(employee_id, late).await?;
    let rows = vec![
        good("2026-10-05,early,06:00,14:00,Europe/Berlin,Ward,2,30,icu;night,9"),
        bad(",early,06:00,14:00,,Ward,,,,", "date", "23502", "date"),
        bad("2026-13-01,early,06:00,14:00,,Ward,,,,", "date", "22007", "2026-13-01"),
        bad("5.10.2026,early,06:00,14:00,,Ward,,,,", "date", "22007", "5.10.2026"),
        bad("2026-10-06,,06:00,14:00,,Ward,,,,", "shift_type", "23502", "missing"),
        bad("2026-10-06,a,25:00,14:00,,Ward,,,,", "start_time", "22007", "25:00"),
        bad("2026-10-06,b,24:00,14:00,,Ward,,,,", "start_time", "22007", "24:00"),
        bad("2026-10-06,c,06:00,,,Ward,,,,", "end_time", "23502", "end_time"),
        bad("2026-10-06,d,06:00:30,14:00,,Ward,,,,", "start_time", "22007", "06:00:30"),
        bad("2026-10-06,e,06:00,14:00,Mars/Olympus,Ward,,,,", "time_zone", "22023", "Mars/Olympus"),
        bad("2026-10-06,f,06:00,14:00,,,,,,", "department", "23502", "missing"),
        bad("2026-10-06,g,06:00,14:00,,Twin,,,,", "department", "21000", "2 times")
            .because_of(twin.to_string()),
        bad("2026-10-06,h,06:00,14:00,,Ward,two,,,", "required_staff", "22P02", "\"two\""),
        bad("2026-10-06,i,06:00,14:00,,Ward,-1,,,", "required_staff", "22003", "below 0"),
        bad("2026-10-06,j,06:00,14:00,,Ward,,481,,", "break_minutes", "22023", "481"),
        bad("2026-10-06,k,06:00,14:00,,Ward,,,,11", "priority", "22003", "1 to 10"),
        bad("2026-10-05,early,06:00,15:00,,Ward,,,,", "shift_type", "23505", "line 2").because_of("line 2"),
        bad("2026-03-29,gap,02:30,03:15,Europe/Berlin,Ward,,,,", "end_time", "22023", ""),
        bad("2026-11-02,06:00-14:00,06:00,14:30,,Ward,,,,", "end_time", "23P01", "employee")
            .because_of(booked["assignment_id"].to_string()),
        bad("2026-10-06,l", "", "22P04", "fields"),
        good("2026-10-24,night,22:00,06:00,,Ward,,,,"),
        good("2026-10-06,whole day,8:00,8:00,,New,0,60,,"),
        good("2026-11-02,14:00-22:00,14:00,22:30,,Ward,,,,"),
    ];
    import_and_compare(&service, "shifts", HEADER, rows).await?;

    let fields =
        "date,department,required_staff,elapsed_minutes,worked_minutes,priority,required_qualifications";
    let present = service.read(&format!("/api/shifts?fields={fields}")).await?;
    let found: Vec<String> = items(&present)?
        .iter()
        .map(|shift| fields.split(',').map(|field| shift[field].to_string()).collect::<Vec<_>>().join(" "))
        .map(|shift| shift.replace('"', ""))
        .collect();
    let expected = [
        "2026-10-05 Ward 2 480 450 9 [icu,night]",
        "2026-10-06 New 0 1440 1380 5 []",
        "2026-10-24 Ward 1 540 540 5 []",
        "2026-11-02 Ward 1 480 480 5 []",
        "2026-11-02 Ward 1 510 510 5 []",
    ];
    assert_eq!(found, expected);
    Ok(())
}

#[tokio::test]
async fn shifts_that_change_their_hours_take_their_people_along() -> Result<()> {
    let service = Service::start().await?;
    let ward = service.department("Ward", None).await?;
    let employee_id = service.employee("1", ward).await?;
    let shift_id = service.shift(ward, "2026-10-05", "06:00", "14:00").await?;
    service.book(employee_id, shift_id).await?;
    let csv = "date,shift_type,start_time,end_time,department\n2026-10-05,06:00-14:00,06:00,15:30,Ward\n";
    let report = service.import("shifts", csv.as_bytes()).await?;
    assert_eq!((&report["updated"], &report["refused"]), (&json!(1), &json!(0)));
    let booked = service.read("/api/assignments").await?;
    assert_eq!(items(&booked)?[0]["ends_at"], "2026-10-05T13:30:00+00:00");
    Ok(())
}

#[tokio::test]
async fn of_moves_that_meet_the_first_wins_and_a_refused_one_stands_in_nobodys_way() -> Result<()> {
    let service = Service::start().await?;
    let ward = service.department("Ward", None).await?;
    let employee_id = service.employee("1", ward).await?;
    for (start, end) in [("06:00", "07:00"), ("10:00", "11:00"), ("14:00", "15:00"), ("18:00", "19:00")] {
        let shift = json!({
            "department_id": ward, "date": "2026-10-05", "shift_type": "short", "start_time": start,
            "end_time": end,
        });
        let shift_id = service.create("/api/shifts", &shift).await?["shift_id"].as_i64().unwrap_or_default();
        service.book(employee_id, shift_id).await?;
    }
    // 06:00 to 09:30 is free. 10:00 to 14:30 meets the standing 14:00. 14:00 to 17:00 met only that.
    let csv = "date,shift_type,start_time,end_time,department\n2026-10-05,short,06:00,09:30,Ward\n\
               2026-10-05,short,10:00,14:30,Ward\n2026-10-05,short,14:00,17:00,Ward\n";
    let report = service.import("shifts", csv.as_bytes()).await?;
    assert_eq!((&report["updated"], &report["refused"]), (&json!(2), &json!(1)), "{report}");
    assert_eq!(
        (&report["refusals"][0]["line"], &report["refusals"][0]["code"]),
        (&json!(3), &json!("23P01"))
    );
    let rows = service.read("/api/shifts?sort=starts_at&fields=end_time").await?;
    let ends: Vec<_> = items(&rows)?.iter().filter_map(|shift| shift["end_time"].as_str()).collect();
    assert_eq!(ends, ["09:30:00", "11:00:00", "17:00:00", "19:00:00"]);

    // A zone moves a shift without changing its key: two moves that meet only each other.
    let zoned = "date,shift_type,start_time,end_time,department,time_zone\n\
                 2026-10-05,short,18:00,19:00,Ward,Europe/London\n\
                 2026-10-05,short,14:00,15:00,Ward,America/Halifax\n";
    let report = service.import("shifts", zoned.as_bytes()).await?;
    assert_eq!((&report["updated"], &report["refused"]), (&json!(1), &json!(1)), "{report}");
    assert_eq!(report["refusals"][0]["line"], 3);
    assert!(report["refusals"][0]["message"].as_str().is_some_and(|message| message.contains("line 2")));
    Ok(())
}

#[tokio::test]
async fn a_new_department_takes_the_zone_that_its_shifts_agree_on() -> Result<()> {
    let service = Service::start().await?;
    service.import("employees", b"employee_no,name,email,department\n1,Ada,a@example.org,Ward\n").await?;
    let csv = "date,shift_type,start_time,end_time,department,time_zone\n\
               2026-10-05,early,06:00,14:00,Ward,America/New_York\n\
               2026-10-06,early,06:00,14:00,Desk,Asia/Tokyo\n\
               2026-10-07,early,06:00,14:00,Desk,\n";
    assert_eq!(service.import("shifts", csv.as_bytes()).await?["inserted"], 3);
    let departments = service.read("/api/departments?fields=name,time_zone").await?;
    let expected = json!([
        {"name": "Desk", "time_zone": "Asia/Tokyo"},
        {"name": "Ward", "time_zone": "America/New_York"},
    ]);
    assert_eq!(departments["items"], expected);
    let last = service.read("/api/shifts?sort=-date&page_size=1").await?;
    assert_eq!(last["items"][0]["time_zone"], "Asia/Tokyo", "the department's");
    Ok(())
}
