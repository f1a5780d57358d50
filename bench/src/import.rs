//! `rota import assignments` of a file, against a loop that inserts one row at a time.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use futures_util::{TryStreamExt, pin_mut};
use rota_harness::environment::Environment;
use tokio_postgres::Client;

use crate::fixture::{Fixture, Organisation};
use crate::report::{Line, Report};

/// Rows of the file.
const ROWS: i64 = 100_000;

/// Rows that the loop inserts. Its pace does not change with the number, its patience does.
const LOOP_ROWS: usize = 10_000;

/// Enough people and weeks for [`ROWS`] assignments.
const ORGANISATION: Organisation = Organisation { employees: 4000, weeks: 8 };

/// Measures both into an empty table with the same constraints and indexes.
pub(crate) async fn measure(environment: &Environment, report: &mut Report) -> Result<()> {
    let fixture = Fixture::make(environment, &ORGANISATION)?;
    let session = fixture.session().await?;
    let file = fixture.folder().join("assignments.csv");
    write_file(&session, &file).await?;

    let committed = loop_pace(&session, true).await?;
    let in_one = loop_pace(&session, false).await?;

    session.batch_execute("TRUNCATE workforce.assignments; CHECKPOINT").await?;
    let begun = Instant::now();
    fixture.rota(&["import", "assignments", file.to_str().context("the file's name is not UTF-8")?])?;
    let seconds = begun.elapsed().as_secs_f64();
    let written: i64 = session.query_one("SELECT count(*) FROM workforce.assignments", &[]).await?.get(0);
    ensure!(written == ROWS, "{written} of {ROWS} rows were imported");

    #[expect(clippy::cast_precision_loss, reason = "a hundred thousand")]
    let pace = ROWS as f64 / seconds;
    report.add(Line {
        name: format!("import of {ROWS} assignments / row-by-row INSERT, each committed"),
        ratio: format!("{:.1}x", pace / committed),
        bar: "at least 20x".into(),
        holds: Some(pace >= committed * 20.0),
        absolute: format!("{seconds:.2} s, {pace:.0} rows/s against {committed:.0} rows/s"),
    });
    report.add(Line {
        name: format!("import of {ROWS} assignments / row-by-row INSERT in one transaction"),
        ratio: format!("{:.1}x", pace / in_one),
        bar: String::new(),
        holds: None,
        absolute: format!("{pace:.0} rows/s against {in_one:.0} rows/s"),
    });
    Ok(())
}

/// Takes the invented assignments out of their table and into a file as a planner would send it.
async fn write_file(session: &Client, file: &Path) -> Result<()> {
    let rows = session
        .copy_out(&format!(
            "COPY (
                 SELECT employee.employee_no, shift.date, shift.shift_type, 'assigned' AS status,
                     department.name AS department, shift.start_time
                 FROM workforce.assignments AS assignment
                 JOIN workforce.employees AS employee USING (employee_id)
                 JOIN workforce.shifts AS shift USING (shift_id)
                 JOIN workforce.departments AS department ON department.department_id = shift.department_id
                 WHERE assignment.binding
                 ORDER BY assignment.assignment_id
                 LIMIT {ROWS}
             ) TO STDOUT (FORMAT csv, HEADER)"
        ))
        .await?;
    pin_mut!(rows);
    let mut writer = BufWriter::new(File::create(file)?);
    while let Some(piece) = rows.try_next().await? {
        writer.write_all(&piece)?;
    }
    writer.flush()?;
    Ok(())
}

/// Rows per second of a loop over prepared single-row inserts, as the source systems' services wrote them: natural
/// keys looked up by the statement itself, which spares the loop two round trips that they made.
async fn loop_pace(session: &Client, commit_each: bool) -> Result<f64> {
    let rows = session
        .query(
            "SELECT employee.employee_no, shift.department_id, shift.date, shift.shift_type, shift.start_time
             FROM workforce.assignments AS assignment
             JOIN workforce.employees AS employee USING (employee_id)
             JOIN workforce.shifts AS shift USING (shift_id)
             WHERE assignment.binding
             ORDER BY assignment.assignment_id
             LIMIT $1",
            &[&i64::try_from(LOOP_ROWS)?],
        )
        .await?;
    session
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS kept AS TABLE workforce.assignments; TRUNCATE workforce.assignments; CHECKPOINT",
        )
        .await?;
    let insert = session
        .prepare(
            "INSERT INTO workforce.assignments (shift_id, during, employee_id)
             SELECT shift.shift_id, shift.during, employee.employee_id
             FROM workforce.employees AS employee, workforce.shifts AS shift
             WHERE employee.employee_no = $1
                 AND shift.department_id = $2
                 AND shift.date = $3
                 AND shift.shift_type = $4
                 AND shift.start_time = $5",
        )
        .await?;
    let begun = Instant::now();
    if !commit_each {
        session.batch_execute("BEGIN").await?;
    }
    for row in &rows {
        let (employee_no, department): (&str, i64) = (row.get(0), row.get(1));
        let (date, kind, start): (chrono::NaiveDate, &str, chrono::NaiveTime) =
            (row.get(2), row.get(3), row.get(4));
        session.execute(&insert, &[&employee_no, &department, &date, &kind, &start]).await?;
    }
    if !commit_each {
        session.batch_execute("COMMIT").await?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    session
        .batch_execute(
            "TRUNCATE workforce.assignments;
             INSERT INTO workforce.assignments (shift_id, during, employee_id, schedule_id, status)
             SELECT shift_id, during, employee_id, schedule_id, status FROM kept ORDER BY assignment_id;
             ANALYZE workforce.assignments",
        )
        .await?;
    #[expect(clippy::cast_precision_loss, reason = "ten thousand")]
    Ok(rows.len() as f64 / seconds)
}
