//! Every fault that a row of time off can have.

use anyhow::Result;

use super::super::service::Service;
use super::report::{bad, good, import_and_compare};

const HEADER: &str = "employee_no,date,kind,last_date,status";

#[tokio::test]
async fn bad_time_off_is_refused_one_by_one_and_good_one_of_the_same_file_is_in() -> Result<()> {
    let service = Service::start().await?;
    let people = "employee_no,name,email,time_zone\n1,A,a@example.org,Europe/Berlin\n2,B,b@example.org,\n";
    service.import("employees", people.as_bytes()).await?;
    let rows = vec![
        good("1,2026-10-24,leave,2026-10-25,"),
        bad(",2026-10-24,leave,,", "employee_no", "23502", "employee"),
        bad("9,2026-10-24,leave,,", "employee_no", "P0002", "\"9\""),
        bad("1,,leave,,", "date", "23502", "date"),
        bad("1,2026-02-29,leave,,", "date", "22007", "2026-02-29"),
        bad("1,2026-10-24,,,", "kind", "23502", "missing"),
        bad(format!("1,2026-10-24,{},,", "k".repeat(51)), "kind", "22001", "50"),
        bad("1,2026-10-24,leave,tomorrow,", "last_date", "22007", "tomorrow"),
        bad("1,2026-10-24,leave,2026-10-23,", "last_date", "22023", "2026-10-23"),
        bad("1,2026-10-24,leave,,perhaps", "status", "22023", "\"perhaps\""),
        bad("1,2026-10-24,leave,2026-10-25,rejected", "date", "23505", "line 2").because_of("line 2"),
        bad("1,2026-10-24,leave", "", "22P04", "fields"),
        good("1,2026-10-24,leave,,requested"),
        good("2,2026-10-24,leave,,"),
    ];
    import_and_compare(&service, "time-off", HEADER, rows).await?;
    let session = service.session().await?;
    let days = session
        .rows(
            "SELECT
                 employee_no, days, status, extract(epoch FROM upper(during) - lower(during))::integer / 3600
             FROM workforce.time_off JOIN workforce.employees USING (employee_id) ORDER BY 1, 2",
        )
        .await?;
    let found: Vec<String> =
        days.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(" ")).collect();
    let expected = [
        "1 [2026-10-24,2026-10-25) requested 24",
        "1 [2026-10-24,2026-10-26) approved 49",
        "2 [2026-10-24,2026-10-25) approved 24",
    ];
    assert_eq!(found, expected, "the last day is a day off, and days are the employee's own");
    Ok(())
}
