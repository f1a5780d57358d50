//! The search for every overlapping pair of a large table.

use anyhow::{Result, ensure};
use tokio_postgres::Client;

use super::middle;
use crate::quantile::median;
use crate::report::{Line, Report};

/// 200 duties of 5,000 people; every 97th lasts so long that it overlaps the next two.
const ASSIGNMENTS: &str = "
    CREATE TABLE assignments AS
    SELECT
        number AS assignment_id,
        number % 5000 AS person,
        tstzrange(start, start + CASE WHEN number % 97 = 0 THEN interval '60 hours' ELSE interval '8 hours' END) AS during
    FROM
        generate_series(1, 1000000) AS number,
        LATERAL (
            SELECT timestamptz '2026-01-01 00:00Z' + make_interval(days => number / 5000, mins => number % 720) AS start
        ) AS begun;
    ALTER TABLE assignments ADD PRIMARY KEY (assignment_id)";

/// What a window function can see: each row and the one before it.
const NEIGHBOURS: &str = "
    SELECT count(*)
    FROM (
        SELECT
            during,
            assignment_id,
            lag(during) OVER by_start AS previous,
            lag(assignment_id) OVER by_start AS previous_id
        FROM assignments
        WINDOW by_start AS (PARTITION BY person ORDER BY lower(during))
    ) AS neighbours
    WHERE during && previous";

const PAIRS: &str = "SELECT count(*) FROM rota.find_overlaps('assignments', 'person', 'during')";

/// Repetitions of each side, in turn.
const REPETITIONS: usize = 5;

/// Every pair against neighbours alone.
pub(super) async fn measure(session: &Client, report: &mut Report) -> Result<()> {
    for statement in [ASSIGNMENTS, "VACUUM ANALYZE assignments", "CHECKPOINT"] {
        session.batch_execute(statement).await?;
    }
    let (mut pairs, mut neighbours) = (Vec::new(), Vec::new());
    let (mut found, mut seen) = (0, 0);
    for _ in 0..REPETITIONS {
        for (query, times, count) in
            [(PAIRS, &mut pairs, &mut found), (NEIGHBOURS, &mut neighbours, &mut seen)]
        {
            let begun = std::time::Instant::now();
            *count = session.query_one(query, &[]).await?.get::<_, i64>(0);
            times.push(begun.elapsed().as_secs_f64());
        }
    }
    ensure!(
        found > seen && seen > 0,
        "{found} pairs, {seen} of them neighbours: the data do not tell them apart"
    );
    let ratio = median(pairs.clone()) / median(neighbours.clone());
    report.add(Line {
        name: "all overlaps among 1,000,000 assignments of 5,000 people / a window function that sees neighbours only"
            .into(),
        ratio: format!("{ratio:.2}x"),
        bar: "at most 1.5x, aim 0.7x".into(),
        holds: Some(ratio <= 1.5),
        absolute: format!(
            "{:.0?} for {found} pairs against {:.0?} for {seen}",
            middle(&pairs),
            middle(&neighbours)
        ),
    });
    Ok(())
}
