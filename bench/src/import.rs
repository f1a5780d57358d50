//! `rota import assignments` of a file, against loops that write one row at a time.
//!
//! The loops wait for the disk at each commit, so their pace, and with it the ratio, is that of the disk's flushes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use chrono::{NaiveDate, NaiveTime};
use futures_util::{TryStreamExt, pin_mut};
use rota_harness::environment::Environment;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::fixture::{Fixture, Organisation};
use crate::report::{Line, Report};

/// Rows of the file, and of each loop.
const ROWS: i64 = 100_000;

/// Enough people and weeks for [`ROWS`] assignments.
const ORGANISATION: Organisation = Organisation { employees: 4000, weeks: 8 };

/// Measures both into an empty table with the same constraints and indexes.
pub(crate) async fn measure(environment: &Environment, report: &mut Report) -> Result<()> {
    let fixture = Fixture::make(environment, &ORGANISATION)?;
    let session = fixture.session().await?;
    let file = fixture.folder().join("assignments.csv");
    write_file(&session, &file).await?;

    let checked = loop_pace(&session, Loop::Checked).await?;
    let committed = loop_pace(&session, Loop::Committed).await?;
    let in_one = loop_pace(&session, Loop::InOneTransaction).await?;

    session.batch_execute("TRUNCATE workforce.assignments; CHECKPOINT").await?;
    let begun = Instant::now();
    fixture.rota(&["import", "assignments", file.to_str().context("the file's name is not UTF-8")?])?;
    let seconds = begun.elapsed().as_secs_f64();
    let written: i64 = session.query_one("SELECT count(*) FROM workforce.assignments", &[]).await?.get(0);
    ensure!(written == ROWS, "{written} of {ROWS} rows were imported");

    #[expect(clippy::cast_precision_loss, reason = "a hundred thousand")]
    let pace = ROWS as f64 / seconds;
    for (twin, twin_pace, has_bar) in [
        ("row by row with the same checks, each committed", checked, true),
        ("row-by-row INSERT without checks, each committed", committed, true),
        ("row-by-row INSERT without checks, in one transaction", in_one, false),
    ] {
        report.add(Line {
            name: format!("import of {ROWS} assignments / {twin}"),
            ratio: format!("{:.1}x", pace / twin_pace),
            bar: if has_bar { "at least 20x".into() } else { String::new() },
            holds: has_bar.then_some(pace >= twin_pace * 20.0),
            absolute: format!("{seconds:.2} s, {pace:.0} rows/s against {twin_pace:.0} rows/s"),
        });
    }
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

/// A loop that writes one row at a time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loop {
    /// As the source systems' services did it: find the person, find the shift, look for an overlap, insert, commit.
    /// These are the checks that an import makes.
    Checked,
    /// One INSERT that finds both by their keys and leaves the rest to the constraints; each commits.
    Committed,
    /// The same within one transaction.
    InOneTransaction,
}

const FIND_PERSON: &str = "SELECT employee_id FROM workforce.employees WHERE employee_no = $1";

const FIND_SHIFT: &str = "SELECT shift_id FROM workforce.shifts
    WHERE department_id = $1 AND date = $2 AND shift_type = $3 AND start_time = $4";

const FIND_OVERLAP: &str = "SELECT assignment_id FROM workforce.assignments
    WHERE employee_id = $1 AND binding AND during && (SELECT during FROM workforce.shifts WHERE shift_id = $2)";

const INSERT: &str = "INSERT INTO workforce.assignments (shift_id, during, employee_id)
    SELECT shift_id, during, $1 FROM workforce.shifts WHERE shift_id = $2";

const FIND_AND_INSERT: &str = "INSERT INTO workforce.assignments (shift_id, during, employee_id)
    SELECT shift.shift_id, shift.during, employee.employee_id
    FROM workforce.employees AS employee, workforce.shifts AS shift
    WHERE employee.employee_no = $1
        AND shift.department_id = $2
        AND shift.date = $3
        AND shift.shift_type = $4
        AND shift.start_time = $5";

/// Rows per second of a loop over prepared statements, into an empty table.
async fn loop_pace(session: &Client, kind: Loop) -> Result<f64> {
    let rows = session
        .query(
            "SELECT employee.employee_no, shift.department_id, shift.date, shift.shift_type, shift.start_time
             FROM workforce.assignments AS assignment
             JOIN workforce.employees AS employee USING (employee_id)
             JOIN workforce.shifts AS shift USING (shift_id)
             WHERE assignment.binding
             ORDER BY assignment.assignment_id
             LIMIT $1",
            &[&ROWS],
        )
        .await?;
    session
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS kept AS TABLE workforce.assignments;
             TRUNCATE workforce.assignments;
             CHECKPOINT",
        )
        .await?;
    let find_person = session.prepare(FIND_PERSON).await?;
    let find_shift = session.prepare(FIND_SHIFT).await?;
    let find_overlap = session.prepare(FIND_OVERLAP).await?;
    let insert = session.prepare(INSERT).await?;
    let find_and_insert = session.prepare(FIND_AND_INSERT).await?;
    let begun = Instant::now();
    if kind == Loop::InOneTransaction {
        session.batch_execute("BEGIN").await?;
    }
    for row in &rows {
        let (employee_no, department): (&str, i64) = (row.get(0), row.get(1));
        let (date, shift_type, start): (NaiveDate, &str, NaiveTime) = (row.get(2), row.get(3), row.get(4));
        if kind == Loop::Checked {
            let person: i64 = session.query_one(&find_person, &[&employee_no]).await?.get(0);
            let shift: i64 =
                session.query_one(&find_shift, &[&department, &date, &shift_type, &start]).await?.get(0);
            if session.query_opt(&find_overlap, &[&person, &shift]).await?.is_none() {
                session.execute(&insert, &[&person, &shift]).await?;
            }
        } else {
            let keys: [&(dyn ToSql + Sync); 5] = [&employee_no, &department, &date, &shift_type, &start];
            session.execute(&find_and_insert, &keys).await?;
        }
    }
    if kind == Loop::InOneTransaction {
        session.batch_execute("COMMIT").await?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let written: i64 = session.query_one("SELECT count(*) FROM workforce.assignments", &[]).await?.get(0);
    ensure!(usize::try_from(written)? == rows.len(), "the loop wrote {written} of {} rows", rows.len());
    session
        .batch_execute(
            "TRUNCATE workforce.assignments;
             INSERT INTO workforce.assignments (shift_id, during, employee_id, schedule_id, status)
             SELECT shift_id, during, employee_id, schedule_id, status FROM kept ORDER BY assignment_id;
             ANALYZE workforce.assignments",
        )
        .await?;
    #[expect(clippy::cast_precision_loss, reason = "a hundred thousand")]
    Ok(rows.len() as f64 / seconds)
}
