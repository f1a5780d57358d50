//! The same file again, twice at once, and only to look.

use std::fmt::Write;

use anyhow::Result;
use serde_json::{Value, json};

use super::super::service::Service;

/// Counts of a report: inserted, updated, unchanged, refused.
fn counts(report: &Value) -> [i64; 4] {
    ["inserted", "updated", "unchanged", "refused"].map(|name| report[name].as_i64().unwrap_or(-1))
}

/// Files of people, shifts, assignments and time off that belong together, under the imports' names.
fn files(people: i64, days: i64) -> Vec<(&'static str, String, i64)> {
    let mut employees = "employee_no,name,email,department,qualifications\n".to_owned();
    let mut shifts = "date,shift_type,start_time,end_time,department,time_zone\n".to_owned();
    let mut assignments = "employee_no,date,shift_type\n".to_owned();
    let mut time_off = "employee_no,date,kind\n".to_owned();
    for day in 1..=days {
        // Writing to a String cannot fail.
        let _ = writeln!(shifts, "2026-10-{day:02},early,06:00,14:00,Ward,Europe/Berlin");
    }
    for person in 0..people {
        let _ = writeln!(employees, "{person},Person {person},{person}@example.org,Ward,icu;night");
        let _ = writeln!(time_off, "{person},2026-11-01,leave");
        for day in 1..=days {
            let _ = writeln!(assignments, "{person},2026-10-{day:02},early");
        }
    }
    vec![
        ("employees", employees, people),
        ("shifts", shifts, days),
        ("assignments", assignments, people * days),
        ("time-off", time_off, people),
    ]
}

/// Everything that the imports write, as text.
async fn contents(service: &Service) -> Result<String> {
    service
        .session()
        .await?
        .text(
            "SELECT concat(
                 (SELECT json_agg(t ORDER BY department_id) FROM workforce.departments AS t),
                 (SELECT json_agg(t ORDER BY employee_id) FROM workforce.employees AS t),
                 (SELECT json_agg(t ORDER BY qualification_id) FROM workforce.qualifications AS t),
                 (SELECT json_agg(t ORDER BY employee_id, qualification_id)
                  FROM workforce.employee_qualifications AS t),
                 (SELECT json_agg(t ORDER BY shift_id) FROM workforce.shifts AS t),
                 (SELECT json_agg(t ORDER BY assignment_id) FROM workforce.assignments AS t),
                 (SELECT json_agg(t ORDER BY time_off_id) FROM workforce.time_off AS t)
             )",
        )
        .await
}

#[tokio::test]
async fn a_file_imported_again_changes_nothing() -> Result<()> {
    let service = Service::start().await?;
    for (import, csv, rows) in files(10, 5) {
        assert_eq!(counts(&service.import(import, csv.as_bytes()).await?), [rows, 0, 0, 0], "{import}");
    }
    let before = contents(&service).await?;
    for (import, csv, rows) in files(10, 5) {
        assert_eq!(counts(&service.import(import, csv.as_bytes()).await?), [0, 0, rows, 0], "{import}");
    }
    assert_eq!(contents(&service).await?, before, "not even a timestamp");
    Ok(())
}

#[tokio::test]
async fn a_dry_run_tells_what_would_happen_and_changes_nothing() -> Result<()> {
    let service = Service::start().await?;
    for (import, csv, rows) in files(10, 5) {
        let before = contents(&service).await?;
        let dry = service.dry_import(import, csv.as_bytes()).await?;
        assert_eq!((counts(&dry), &dry["dry_run"]), ([rows, 0, 0, 0], &json!(true)), "{import}");
        assert_eq!(contents(&service).await?, before, "{import}");
        let real = service.import(import, csv.as_bytes()).await?;
        assert_eq!((counts(&real), &real["dry_run"]), (counts(&dry), &json!(false)), "{import}");
    }
    Ok(())
}

#[tokio::test]
async fn of_the_same_file_imported_twice_at_once_each_row_is_inserted_once() -> Result<()> {
    let service = Service::start().await?;
    for (import, csv, rows) in files(60, 20) {
        let (first, second) =
            tokio::try_join!(service.import(import, csv.as_bytes()), service.import(import, csv.as_bytes()))?;
        let mut found = [counts(&first), counts(&second)];
        found.sort_unstable();
        assert_eq!(found, [[0, 0, rows, 0], [rows, 0, 0, 0]], "{import}");
    }
    Ok(())
}

#[tokio::test]
async fn an_import_counts_as_updated_what_it_changes_and_nothing_else() -> Result<()> {
    let service = Service::start().await?;
    for (import, csv, _) in files(4, 3) {
        service.import(import, csv.as_bytes()).await?;
    }
    for (import, csv, rows) in files(4, 3) {
        let changed = match import {
            "employees" => csv
                .replace("Person 2,", "Person II,")
                .replace("3@example.org,Ward,icu;night", "3@example.org,Ward,icu"),
            "shifts" => csv
                .replace("02,early,06:00,14:00", "02,early,06:00,14:30")
                .replace("03,early,06:00,14:00", "03,early,06:00,13:00"),
            "assignments" => csv
                .replacen("\n", ",status\n", 1)
                .replace("early\n", "early,confirmed\n")
                .replacen("early,confirmed", "early,assigned", 10),
            _ => csv
                .replacen("\n", ",status\n", 1)
                .replace("leave\n", "leave,approved\n")
                .replacen("approved", "rejected", 2),
        };
        assert_eq!(
            counts(&service.import(import, changed.as_bytes()).await?),
            [0, 2, rows - 2, 0],
            "{import}"
        );
    }
    Ok(())
}
