//! A small roster in the workforce tables.

use anyhow::Result;
use rota_tests::session::Session;

/// One department, two employees (1 and 2) and four shifts on 2026-02-02, UTC:
/// 1 = 06:00–14:00, 2 = 13:00–21:00, 3 = 14:00–22:00, 4 = 22:00–06:00.
pub(super) const ROSTER: &str = "
    INSERT INTO workforce.departments (name) VALUES ('Ward');
    INSERT INTO workforce.employees (employee_no, name, email, department_id)
    VALUES ('E1', 'Anna', 'anna@example.org', 1), ('E2', 'Ben', 'ben@example.org', 1);
    INSERT INTO workforce.shifts (department_id, shift_type, date, start_time, end_time)
    VALUES
        (1, 'early', '2026-02-02', '06:00', '14:00'),
        (1, 'middle', '2026-02-02', '13:00', '21:00'),
        (1, 'late', '2026-02-02', '14:00', '22:00'),
        (1, 'night', '2026-02-02', '22:00', '06:00')";

/// The statement that puts an employee on a shift.
pub(super) fn booking(employee_id: i64, shift_id: i64, status: &str) -> String {
    format!(
        "INSERT INTO workforce.assignments (shift_id, during, employee_id, status)
        SELECT shift_id, during, {employee_id}, '{status}' FROM workforce.shifts WHERE shift_id = {shift_id}"
    )
}

/// Who binds what, as `employee shift`.
pub(super) async fn bookings(session: &Session) -> Result<Vec<String>> {
    let rows = session
        .rows(
            "SELECT concat(employee_id, ' ', shift_id) FROM workforce.assignments
            WHERE binding ORDER BY employee_id, shift_id",
        )
        .await?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

/// Waits until a session of this database waits for a lock, or for another transaction.
pub(super) async fn somebody_waits(observer: &Session) -> Result<()> {
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while observer.text(waiting).await? == "0" {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Ok(())
}
