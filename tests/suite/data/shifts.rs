//! Shifts: local intent in, exact instants and lengths out.

use anyhow::Result;
use rota_tests::database::Database;

/// Date, start, end, zone; first instant, last instant, elapsed minutes. By hand: Berlin is UTC+1
/// in winter and UTC+2 in summer, and changes at 01:00 UTC on 2026-03-29 and 2026-10-25; Lord Howe
/// goes back by half an hour at 15:00 UTC on 2026-04-04.
const NIGHTS_AND_DAYS: &[[&str; 7]] = &[
    ["2026-02-02", "06:00", "14:00", "Europe/Berlin", "2026-02-02 05:00", "2026-02-02 13:00", "480"],
    ["2026-02-02", "22:00", "06:00", "Europe/Berlin", "2026-02-02 21:00", "2026-02-03 05:00", "480"],
    ["2026-02-02", "16:00", "00:00", "Europe/Berlin", "2026-02-02 15:00", "2026-02-02 23:00", "480"],
    ["2026-02-02", "00:00", "24:00", "Europe/Berlin", "2026-02-01 23:00", "2026-02-02 23:00", "1440"],
    ["2026-02-02", "08:00", "08:00", "Europe/Berlin", "2026-02-02 07:00", "2026-02-03 07:00", "1440"],
    ["2026-12-31", "22:00", "06:00", "UTC", "2026-12-31 22:00", "2027-01-01 06:00", "480"],
    // The spring night loses an hour, the autumn night gains one, whatever the wall shows.
    ["2026-03-28", "22:00", "06:00", "Europe/Berlin", "2026-03-28 21:00", "2026-03-29 04:00", "420"],
    ["2026-03-28", "08:00", "08:00", "Europe/Berlin", "2026-03-28 07:00", "2026-03-29 06:00", "1380"],
    ["2026-10-24", "22:00", "06:00", "Europe/Berlin", "2026-10-24 20:00", "2026-10-25 05:00", "540"],
    ["2026-10-24", "08:00", "08:00", "Europe/Berlin", "2026-10-24 06:00", "2026-10-25 07:00", "1500"],
    ["2026-04-04", "22:00", "06:00", "Australia/Lord_Howe", "2026-04-04 11:00", "2026-04-04 19:30", "510"],
    // 02:30 does not exist in spring: it is moved to 03:30. In autumn it is the first of the two.
    ["2026-03-29", "02:30", "10:00", "Europe/Berlin", "2026-03-29 01:30", "2026-03-29 08:00", "390"],
    ["2026-03-28", "22:00", "02:30", "Europe/Berlin", "2026-03-28 21:00", "2026-03-29 01:30", "270"],
    ["2026-10-25", "02:30", "06:00", "Europe/Berlin", "2026-10-25 00:30", "2026-10-25 05:00", "270"],
    ["2026-10-24", "22:00", "02:30", "Europe/Berlin", "2026-10-24 20:00", "2026-10-25 00:30", "270"],
];

#[tokio::test]
async fn instants_and_lengths_are_exact_overnight_for_24_hours_and_in_both_nights_of_the_clock_change()
-> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    for [date, start, end, zone, first, last, minutes] in NIGHTS_AND_DAYS {
        let found = session
            .rows(&format!(
                "INSERT INTO workforce.shifts (shift_type, date, start_time, end_time, time_zone, break_minutes)
                VALUES ('until {end}', '{date}', '{start}', '{end}', '{zone}', 45)
                RETURNING
                    to_char(lower(during), 'YYYY-MM-DD HH24:MI'),
                    to_char(upper(during), 'YYYY-MM-DD HH24:MI'),
                    elapsed_minutes,
                    worked_minutes + 45,
                    lower_inc(during) AND NOT upper_inc(during)"
            ))
            .await?;
        let wanted = [*first, *last, *minutes, *minutes, "t"].map(|text| Some(text.to_owned()));
        assert_eq!(found, [wanted], "{date} {start} to {end} in {zone}");
    }
    Ok(())
}

#[tokio::test]
async fn a_shift_without_a_zone_takes_its_departments_and_then_utc() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let zones = session
        .rows(
            "INSERT INTO workforce.departments (name, time_zone) VALUES ('Ward', 'Asia/Tokyo');
            INSERT INTO workforce.shifts (department_id, shift_type, date, start_time, end_time)
            VALUES
                (1, 'early', '2026-02-02', '06:00', '14:00'),
                (NULL, 'early', '2026-02-02', '06:00', '14:00')
            RETURNING time_zone",
        )
        .await?;
    let zones: Vec<String> = zones.into_iter().flatten().flatten().collect();
    assert_eq!(zones, ["Asia/Tokyo", "UTC"]);
    Ok(())
}

#[tokio::test]
async fn shifts_that_cannot_be_are_refused_with_the_name_of_the_demand() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let cases = [
        ("'06:00:30', '14:00', 'UTC', 0, 1, '{}', 5", "23514", "shifts_times_in_whole_minutes"),
        ("'24:00', '08:00', 'UTC', 0, 1, '{}', 5", "23514", "shifts_start_before_midnight"),
        ("'06:00', '14:00', 'UTC', -1, 1, '{}', 5", "23514", "shifts_break_not_negative"),
        ("'06:00', '14:00', 'UTC', 0, -1, '{}', 5", "23514", "shifts_required_staff_not_negative"),
        ("'06:00', '14:00', 'UTC', 0, 1, '{NULL}', 5", "23514", "shifts_required_qualifications_named"),
        ("'06:00', '14:00', 'UTC', 0, 1, '{}', 11", "23514", "shifts_priority_from_1_to_10"),
    ];
    for (values, sqlstate, constraint) in cases {
        let refusal = session
            .refusal(&format!(
                "INSERT INTO workforce.shifts (
                    shift_type, date, start_time, end_time, time_zone, break_minutes, required_staff,
                    required_qualifications, priority
                )
                VALUES ('early', '2026-02-02', {values})"
            ))
            .await?;
        let found = (refusal.sqlstate.as_str(), refusal.constraint.as_deref());
        // A negative break may be refused by the function that computes the length, which comes first.
        if constraint == "shifts_break_not_negative" && found.0 == "22023" {
            assert_eq!(refusal.column.as_deref(), Some("break_minutes"));
            continue;
        }
        assert_eq!(found, (sqlstate, Some(constraint)), "{values}: {}", refusal.message);
    }
    Ok(())
}

#[tokio::test]
async fn a_break_longer_than_the_shift_is_refused_by_the_name_of_the_break() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let refusal = session
        .refusal(
            "INSERT INTO workforce.shifts (shift_type, date, start_time, end_time, break_minutes)
            VALUES ('early', '2026-02-02', '06:00', '07:00', 61)",
        )
        .await?;
    assert_eq!((refusal.sqlstate.as_str(), refusal.column.as_deref()), ("22023", Some("break_minutes")));
    Ok(())
}

#[tokio::test]
async fn the_same_shift_of_a_department_stands_once_also_without_a_department() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let insert = "INSERT INTO workforce.shifts (shift_type, date, start_time, end_time)
        VALUES ('early', '2026-02-02', '06:00', '14:00')";
    session.batch_execute(insert).await?;
    let refusal = session.refusal(insert).await?;
    assert_eq!(refusal.constraint.as_deref(), Some("shifts_unique_in_department"));
    Ok(())
}
