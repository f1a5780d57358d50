//! Every fault that a row of assignments can have.

use anyhow::Result;
use serde_json::json;

use super::super::service::{Service, items};
use super::report::{bad, good, import_and_compare};

const HEADER: &str = "employee_no,date,shift_type,status,department,start_time";

/// Wards North and South with shifts; people 1 to 4 of North, 5 without a department, 6 has left.
async fn staffed() -> Result<Service> {
    let service = Service::start().await?;
    let people = "employee_no,name,email,department,active\n\
                  1,A,a@example.org,North,\n2,B,b@example.org,North,\n3,C,c@example.org,North,\n\
                  4,D,d@example.org,North,\n5,E,e@example.org,,\n6,F,f@example.org,North,false\n";
    service.import("employees", people.as_bytes()).await?;
    let shifts = "date,shift_type,start_time,end_time,department,time_zone\n\
                  2026-10-05,early,06:00,14:00,North,Europe/Berlin\n\
                  2026-10-05,day,08:00,16:00,North,Europe/Berlin\n\
                  2026-10-05,night,22:00,06:00,North,Europe/Berlin\n\
                  2026-10-06,early,05:00,13:00,North,Europe/Berlin\n\
                  2026-10-07,split,06:00,10:00,North,Europe/Berlin\n\
                  2026-10-07,split,16:00,20:00,North,Europe/Berlin\n\
                  2026-10-08,early,06:00,14:00,North,Europe/Berlin\n\
                  2026-10-05,early,06:00,14:00,South,Europe/Berlin\n";
    service.import("shifts", shifts.as_bytes()).await?;
    Ok(service)
}

#[tokio::test]
async fn bad_assignments_are_refused_one_by_one_and_good_ones_of_the_same_file_are_in() -> Result<()> {
    let service = staffed().await?;
    service.import("assignments", b"employee_no,date,shift_type\n3,2026-10-05,day\n").await?;
    let standing = service.read("/api/assignments").await?["items"][0]["assignment_id"].to_string();
    let called_off =
        service.read("/api/shifts?from_date=2026-10-08").await?["items"][0]["shift_id"].to_string();
    service.post(&format!("/api/shifts/{called_off}/deactivate"), &json!({})).await?;
    let rows = vec![
        good("1,2026-10-05,early,,,"),
        bad(",2026-10-05,early,,,", "employee_no", "23502", "employee"),
        bad("nobody,2026-10-05,early,,,", "employee_no", "P0002", "\"nobody\""),
        bad("6,2026-10-05,early,,,", "employee_no", "55000", "\"6\""),
        bad("2,,early,,,", "date", "23502", "date"),
        bad("2,yesterday,early,,,", "date", "22007", "yesterday"),
        bad("2,2026-10-05,,,,", "shift_type", "23502", "missing"),
        bad("2,2026-10-05,late,,,", "shift_type", "P0002", "\"late\""),
        bad("2,2026-10-05,early,,West,", "shift_type", "P0002", "West"),
        bad("5,2026-10-05,early,,,", "shift_type", "P0002", "has none"),
        bad("2,2026-10-05,early,maybe,,", "status", "22023", "\"maybe\""),
        bad("2,2026-10-05,early,,,noon", "start_time", "22007", "noon"),
        bad("2,2026-10-05,early,,,07:00", "shift_type", "P0002", "early"),
        bad("2,2026-10-07,split,,,", "start_time", "21000", "start_time"),
        bad("2,2026-10-08,early,,,", "shift_type", "55000", "called off").because_of(called_off),
        bad("1,2026-10-05,early,confirmed,,", "shift_type", "23505", "line 2").because_of("line 2"),
        bad("1,2026-10-05,day,,,", "employee_no", "23P01", "360 minutes").because_of("line 2"),
        bad("1,2026-10-05,early,,South,", "employee_no", "23P01", "480 minutes").because_of("line 2"),
        bad("3,2026-10-05,early,,,", "employee_no", "23P01", "360 minutes").because_of(standing),
        good("2,2026-10-05,night,,,"),
        bad("2,2026-10-06,early,,,", "employee_no", "23P01", "60 minutes").because_of("line 21"),
        bad("2,2026-10-06", "", "22P04", "fields"),
        good("2,2026-10-07,split,Confirmed,,16:00"),
        good("2,2026-10-07,split,,North,6:00"),
        good("4,2026-10-05,early,proposed,South,"),
        good("4,2026-10-05,day,,,"),
        good("3,2026-10-05,day,confirmed,,"),
    ];
    import_and_compare(&service, "assignments", HEADER, rows).await?;
    let answer = service.read("/api/assignments?fields=employee_no,shift_type,department,status").await?;
    let found: Vec<String> = items(&answer)?
        .iter()
        .map(|item| {
            ["employee_no", "shift_type", "department", "status"]
                .map(|name| item[name].as_str().unwrap_or(""))
                .join(" ")
        })
        .collect();
    let mut sorted = found.clone();
    sorted.sort();
    let expected = [
        "1 early North assigned",
        "2 night North assigned",
        "2 split North assigned",
        "2 split North confirmed",
        "3 day North confirmed",
        "4 day North assigned",
        "4 early South proposed",
    ];
    assert_eq!(sorted, expected);
    Ok(())
}

#[tokio::test]
async fn a_line_that_is_refused_takes_no_time_from_the_lines_after_it() -> Result<()> {
    let service = staffed().await?;
    // The second line clashes with the first, the third only with the second.
    let csv = "employee_no,date,shift_type,department\n1,2026-10-05,early,North\n1,2026-10-05,day,North\n\
               1,2026-10-05,night,North\n1,2026-10-06,early,North\n";
    let report = service.import("assignments", csv.as_bytes()).await?;
    let refused: Vec<_> = report["refusals"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|refusal| refusal["line"].as_i64())
        .collect();
    assert_eq!(refused, [3, 5]);
    assert_eq!(report["inserted"], 2);
    Ok(())
}

#[tokio::test]
async fn a_swap_within_one_file_is_no_double_booking() -> Result<()> {
    let service = staffed().await?;
    service
        .import("assignments", b"employee_no,date,shift_type\n1,2026-10-05,early\n2,2026-10-05,day\n")
        .await?;
    let swap = "employee_no,date,shift_type,status\n1,2026-10-05,day,assigned\n1,2026-10-05,early,cancelled\n\
                2,2026-10-05,early,assigned\n2,2026-10-05,day,cancelled\n";
    let report = service.import("assignments", swap.as_bytes()).await?;
    assert_eq!(
        (&report["inserted"], &report["updated"], &report["refused"]),
        (&json!(2), &json!(2), &json!(0))
    );
    let standing = service
        .read("/api/assignments?status=assigned&sort=employee_name&fields=employee_no,shift_type")
        .await?;
    let expected =
        json!([{"employee_no": "1", "shift_type": "day"}, {"employee_no": "2", "shift_type": "early"}]);
    assert_eq!(standing["items"], expected);
    Ok(())
}
