//! Days, weeks and zones: time off, schedules, and names that no clock knows.

use anyhow::Result;
use rota_tests::database::Database;

const PEOPLE: &str = "
    INSERT INTO workforce.departments (name, time_zone) VALUES ('Ward', 'Asia/Tokyo');
    INSERT INTO workforce.employees (employee_no, name, email, department_id, time_zone)
    VALUES
        ('E1', 'Anna', 'anna@example.org', 1, 'Europe/Berlin'),
        ('E2', 'Ben', 'ben@example.org', 1, NULL),
        ('E3', 'Cem', 'cem@example.org', NULL, NULL)";

#[tokio::test]
async fn days_off_are_days_in_the_persons_zone_then_the_departments_then_utc() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session.batch_execute(PEOPLE).await?;
    let rows = session
        .rows(
            "INSERT INTO workforce.time_off (employee_id, days, kind)
            SELECT employee_id, '[2026-03-28,2026-03-30)', 'leave' FROM workforce.employees
            RETURNING time_zone, during, extract(epoch FROM upper(during) - lower(during))::int / 3600",
        )
        .await?;
    let wanted = [
        ["Europe/Berlin", r#"["2026-03-27 23:00:00+00","2026-03-29 22:00:00+00")"#, "47"],
        ["Asia/Tokyo", r#"["2026-03-27 15:00:00+00","2026-03-29 15:00:00+00")"#, "48"],
        ["UTC", r#"["2026-03-28 00:00:00+00","2026-03-30 00:00:00+00")"#, "48"],
    ];
    assert_eq!(rows, wanted.map(|row| row.map(|text| Some(text.to_owned()))));
    Ok(())
}

#[tokio::test]
async fn an_absence_without_an_end_lasts_until_further_notice() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session.batch_execute(PEOPLE).await?;
    let during = session
        .text(
            "INSERT INTO workforce.time_off (employee_id, days, kind) VALUES (1, '[2026-10-25,)', 'sick')
            RETURNING during",
        )
        .await?;
    assert_eq!(during, r#"["2026-10-24 22:00:00+00",)"#);
    Ok(())
}

#[tokio::test]
async fn days_off_without_a_beginning_or_without_a_day_are_refused() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session.batch_execute(PEOPLE).await?;
    for days in ["(,2026-03-30)", "empty", "[2026-03-30,2026-03-30)", "[2026-03-30,infinity)"] {
        let refusal = session
            .refusal(&format!(
                "INSERT INTO workforce.time_off (employee_id, days, kind) VALUES (1, '{days}', 'leave')"
            ))
            .await?;
        // An infinite day has no instant, which the generated column finds out first.
        let wanted: &[&str] =
            if days.contains("infinity") { &["22008", "22023", "23514"] } else { &["23514"] };
        assert!(wanted.contains(&refusal.sqlstate.as_str()), "{days}: {refusal:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_week_that_ends_before_it_starts_is_refused_and_so_is_one_without_a_day_or_an_end() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let insert = |period: &str| {
        format!("INSERT INTO workforce.schedules (department_id, period) VALUES (NULL, {period})")
    };
    let backwards = session.refusal(&insert("daterange('2026-02-09', '2026-02-02')")).await?;
    assert_eq!(backwards.sqlstate, "22000");
    for period in
        ["'[2026-02-02,2026-02-02)'", "'[2026-02-02,)'", "'(,2026-02-02)'", "'[2026-02-02,infinity)'"]
    {
        let refusal = session.refusal(&insert(period)).await?;
        assert_eq!(refusal.constraint.as_deref(), Some("schedules_period_bounded"), "{period}");
    }
    session.batch_execute(&insert("'[2026-02-02,2026-02-09)'")).await?;
    let again = session.refusal(&insert("'[2026-02-02,2026-02-08]'")).await?;
    assert_eq!(again.constraint.as_deref(), Some("schedules_period_unique_in_department"));
    Ok(())
}

#[tokio::test]
async fn a_zone_that_the_server_does_not_know_is_refused_wherever_it_is_written() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session.batch_execute(PEOPLE).await?;
    let statements = [
        "INSERT INTO workforce.departments (name, time_zone) VALUES ('x', 'ZONE')",
        "UPDATE workforce.departments SET time_zone = 'ZONE'",
        "INSERT INTO workforce.employees (employee_no, name, email, time_zone)
            VALUES ('x', 'x', 'x@example.org', 'ZONE')",
        "UPDATE workforce.employees SET time_zone = 'ZONE'",
        "INSERT INTO workforce.time_off (employee_id, days, kind, time_zone)
            VALUES (1, '[2026-02-02,2026-02-03)', 'leave', 'ZONE')",
        "INSERT INTO workforce.shifts (shift_type, date, start_time, end_time, time_zone)
            VALUES ('early', '2026-02-02', '06:00', '14:00', 'ZONE')",
    ];
    for statement in statements {
        // The server itself would read the last four as offsets, some with the wrong sign.
        for zone in ["Europe/Berlim", "", "CEST", "+01", "Berlin1", "UTC+2"] {
            let refusal = session.refusal(&statement.replace("ZONE", zone)).await?;
            let found = (refusal.sqlstate.as_str(), refusal.column.as_deref());
            assert_eq!(found, ("22023", Some("time_zone")), "{zone:?} in {statement}: {}", refusal.message);
        }
    }
    Ok(())
}

#[tokio::test]
async fn periods_of_one_qualification_never_overlap_and_may_touch() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session.batch_execute(PEOPLE).await?;
    session
        .batch_execute("INSERT INTO workforce.qualifications (code, name) VALUES ('rn', 'Registered nurse')")
        .await?;
    let hold =
        |valid: &str| format!("INSERT INTO workforce.employee_qualifications VALUES (1, 1, '{valid}')");
    session.batch_execute(&hold("[2026-01-01,2026-07-01)")).await?;
    session.batch_execute(&hold("[2026-07-01,)")).await?;
    let refusal = session.refusal(&hold("[2026-06-30,2026-07-01)")).await?;
    assert_eq!(refusal.constraint.as_deref(), Some("employee_qualifications_no_overlap"));
    assert_eq!(session.refusal(&hold("empty")).await?.sqlstate, "23514");
    Ok(())
}
