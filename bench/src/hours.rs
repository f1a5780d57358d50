//! Hours of a million shifts, against the SQL expressions that a person would write inline.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rota_harness::cluster::Cluster;
use rota_harness::environment::Environment;
use tokio_postgres::{Client, NoTls};

use crate::quantile::quantile;
use crate::report::{Line, Report};

/// Rows of the table: more than any cache of the processor holds.
const SHIFTS: u32 = 1_000_000;

/// Rounds of each side, in turn. The median of five ignores two disturbed rounds.
const ROUNDS: usize = 5;

/// What `rota.shift_range` computes, but for its policies where the clocks change.
const INLINE_RANGE: &str = "tstzrange(
    (date + start_time) AT TIME ZONE time_zone,
    (date + CASE WHEN end_time <= start_time THEN 1 ELSE 0 END + end_time) AT TIME ZONE time_zone
)";

/// What `rota.worked_minutes` computes.
const INLINE_MINUTES: &str = "extract(epoch FROM upper(during) - lower(during)) / 60 - break_minutes";

/// What `rota.coverage_agg` computes, but for joining neighbours of the same number.
const INLINE_COVERAGE: &str = "
    SELECT count(*)
    FROM (
        SELECT at, lead(at) OVER (ORDER BY at) AS until, sum(sum(by)) OVER (ORDER BY at) AS heads
        FROM shifts, LATERAL (VALUES (lower(during), 1), (upper(during), -1)) AS change (at, by)
        GROUP BY at
    ) AS steps
    WHERE until IS NOT NULL";

/// Measures all pairs; each side reads the whole table.
pub(crate) async fn measure(environment: &Environment, report: &mut Report) -> Result<()> {
    let (account, run_folder) = environment.places()?;
    let settings = [("shared_buffers", "1GB"), ("max_parallel_workers_per_gather", "0"), ("jit", "off")];
    let cluster = Cluster::start_disposable(&environment.server()?, &account, &run_folder, &settings)?;
    let (session, connection) = tokio_postgres::connect(&cluster.url("postgres"), NoTls).await?;
    tokio::spawn(connection);
    make_shifts(&session).await.context("making the table of shifts")?;

    let each_row = |expression: &str| format!("SELECT count({expression}) FROM shifts");
    let pairs = [
        Pair {
            name: "rota.shift_range / tstzrange(… AT TIME ZONE …)",
            ours: each_row("rota.shift_range(date, start_time, end_time, time_zone)"),
            twin: each_row(INLINE_RANGE),
        },
        Pair {
            name: "rota.worked_minutes / extract(epoch FROM upper - lower) / 60 - break",
            ours: each_row("rota.worked_minutes(during, break_minutes)"),
            twin: each_row(INLINE_MINUTES),
        },
        Pair {
            name: "rota.coverage_agg / a window function over starts and ends",
            ours:
                "SELECT count(*) FROM (SELECT rota.coverage_agg(during) AS steps FROM shifts) AS all_shifts,
                       unnest(steps)"
                    .to_owned(),
            twin: INLINE_COVERAGE.to_owned(),
        },
    ];
    for pair in pairs {
        compare(&session, &pair, report).await?;
    }
    Ok(())
}

/// A function of ours and what a person would write instead, each as a query over all rows.
struct Pair {
    name: &'static str,
    ours: String,
    twin: String,
}

/// Shifts of five years in four zones, by day and by night, from two hours on: longer than any change of the
/// clocks, which would turn the inline range around.
async fn make_shifts(session: &Client) -> Result<()> {
    session.batch_execute("CREATE EXTENSION rota").await?;
    session
        .batch_execute(&format!(
            "CREATE UNLOGGED TABLE shifts AS
             SELECT shift.*, {INLINE_RANGE} AS during
             FROM generate_series(1, {SHIFTS}) AS n,
                 LATERAL (
                     SELECT
                         date '2023-01-01' + n * 79 % 1826 AS date,
                         time '00:00' + n * 31 % 96 * interval '15 minutes' AS start_time,
                         time '00:00' + (n * 31 % 96 + 8 + n % 80) * interval '15 minutes' AS end_time,
                         (ARRAY['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Australia/Sydney'])
                             [n % 4 + 1] AS time_zone,
                         n % 4 * 15 AS break_minutes
                 ) AS shift"
        ))
        .await?;
    session.batch_execute("VACUUM (FREEZE, ANALYZE) shifts").await?;
    Ok(())
}

/// One line: both sides in turn, the time of reading the rows alone beside them.
async fn compare(session: &Client, pair: &Pair, report: &mut Report) -> Result<()> {
    let (mut reading, mut ours, mut twin) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        reading.push(time(session, "SELECT count(date) FROM shifts").await?);
        ours.push(time(session, &pair.ours).await?);
        twin.push(time(session, &pair.twin).await?);
    }
    let [reading, ours, twin] = [&mut reading, &mut ours, &mut twin].map(|samples| quantile(samples, 0.5));
    let ratio = ours.as_secs_f64() / twin.as_secs_f64();
    report.add(Line {
        name: format!("{}, {SHIFTS} rows", pair.name),
        ratio: format!("{ratio:.2}x"),
        bar: "at most 2x".into(),
        holds: Some(ratio <= 2.0),
        absolute: format!("{ours:.0?}, {twin:.0?}; reading the rows alone {reading:.0?}"),
    });
    Ok(())
}

/// How long a query takes.
async fn time(session: &Client, query: &str) -> Result<Duration> {
    let begun = Instant::now();
    session.query_one(query, &[]).await?;
    Ok(begun.elapsed())
}
