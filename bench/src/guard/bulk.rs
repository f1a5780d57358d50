//! Many rows in one statement.

use anyhow::{Context, Result};
use tokio_postgres::Client;

use super::{middle, seconds};
use crate::quantile::median;
use crate::report::{Line, Report};

/// Rows of a whole table: 100 days of 1,000 people, the way rosters come, day by day.
const PEOPLE: u32 = 1000;
const DAYS: u32 = 100;

/// Repetitions of each side, in turn. The median of seven ignores disturbed ones.
const REPETITIONS: u32 = 7;

/// Statement that writes some days of everybody into a table: eight hours, a little later for each
/// next person. It reads from a table, so that making the rows costs each side the same.
fn days(table: &str, first: u32, last: u32) -> String {
    format!(
        "INSERT INTO {table} SELECT person, during FROM roster WHERE day >= {first} AND day < {last} ORDER BY day, person"
    )
}

/// A statement of 100,000 rows into an empty table.
pub(super) async fn whole_table(session: &Client, report: &mut Report) -> Result<()> {
    session
        .batch_execute(&format!(
            "CREATE TABLE roster AS
            SELECT day, person, tstzrange(start, start + interval '8 hours') AS during
            FROM
                generate_series(0, {DAYS} + {REPETITIONS}) AS day,
                generate_series(1, {PEOPLE}) AS person,
                LATERAL (
                    SELECT timestamptz '2026-01-01 00:00Z' + make_interval(days => day, mins => person % 720) AS start
                ) AS begun;
            CREATE INDEX ON roster (day)"
        ))
        .await?;
    session.batch_execute("VACUUM ANALYZE roster").await?;
    let (mut guarded, mut plain, mut excluded) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        for (table, times) in [("guarded", &mut guarded), ("plain", &mut plain), ("excluded", &mut excluded)]
        {
            session.batch_execute(&format!("TRUNCATE {table}; CHECKPOINT")).await?;
            times.push(seconds(session, &days(table, 0, DAYS)).await?);
        }
    }
    let rows = PEOPLE * DAYS;
    let ratio = median(guarded.clone()) / median(plain.clone());
    report.add(Line {
        name: format!("insert of {rows} rows of {PEOPLE} people with the guard / with a unique B-tree alone"),
        ratio: format!("{ratio:.2}x"),
        bar: "at most 2x, aim 1.3x".into(),
        holds: Some(ratio <= 2.0),
        absolute: format!(
            "{:.0?} against {:.0?}, exclusion constraint {:.0?} ({:.1}x)",
            middle(&guarded),
            middle(&plain),
            middle(&excluded),
            median(excluded.clone()) / median(plain.clone())
        ),
    });
    Ok(())
}

/// A statement of 1,000 rows, one of each person, onto 100,000.
pub(super) async fn batch(session: &Client, report: &mut Report) -> Result<()> {
    for table in ["guarded", "plain", "excluded"] {
        session.batch_execute(&format!("TRUNCATE {table}")).await?;
        session.batch_execute(&days(table, 0, DAYS)).await?;
        session.batch_execute(&format!("VACUUM ANALYZE {table}")).await?;
    }
    session.batch_execute("CHECKPOINT").await?;
    let (mut guarded, mut plain, mut excluded) = (Vec::new(), Vec::new(), Vec::new());
    for day in DAYS..DAYS + REPETITIONS {
        for (table, times) in [("guarded", &mut guarded), ("plain", &mut plain), ("excluded", &mut excluded)]
        {
            times.push(seconds(session, &days(table, day, day + 1)).await?);
        }
    }
    let ratio = median(guarded.clone()) / median(excluded.clone());
    report.add(Line {
        name: format!(
            "insert of {PEOPLE} rows onto {} with the guard / with an exclusion constraint",
            PEOPLE * DAYS
        ),
        ratio: format!("{ratio:.2}x"),
        bar: "at most 1x, aim 0.5x".into(),
        holds: Some(ratio <= 1.0),
        absolute: format!(
            "{:.1?} against {:.1?}, unique B-tree alone {:.1?}",
            middle(&guarded),
            middle(&excluded),
            middle(&plain)
        ),
    });
    let found = "SELECT count(*) FROM rota.verify_guard('guarded')";
    let violations: i64 = session.query_one(found, &[]).await.context("verifying")?.get(0);
    anyhow::ensure!(violations == 0, "the guard let {violations} overlaps pass");
    Ok(())
}
