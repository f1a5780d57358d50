//! Somebody drops out for a week: how long the repair takes, and how many people it moves beyond the fewest possible.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio_postgres::Client;

use super::house::{SCHEDULE, json};
use super::take_over::{Fewest, fewest};
use crate::quantile::quantile;
use crate::report::{Line, Report};

/// The week of the absence.
const WEEK: (&str, &str) = ("2026-03-09", "2026-03-16");

/// Those who drop out, one at a time: whoever works most in that week, spread over the house.
const DROP_OUTS: &str = "
    SELECT employee_id
    FROM (
        SELECT assignment.employee_id, count(*) AS duties, row_number() OVER (
            PARTITION BY assignment.employee_id % 5 ORDER BY count(*) DESC, assignment.employee_id
        ) AS place
        FROM workforce.assignments AS assignment
        JOIN workforce.shifts AS shift USING (shift_id)
        WHERE assignment.binding AND shift.date >= $1::text::date AND shift.date < $2::text::date
        GROUP BY assignment.employee_id
    ) AS person
    WHERE place = 1
    ORDER BY employee_id";

/// The duties of the month, to be compared before and after.
const KEEP: &str = "
    CREATE TEMPORARY TABLE kept ON COMMIT DROP AS
    SELECT employee_id, shift_id FROM workforce.assignments WHERE binding";

/// People whose duties differ from those kept, without the one who dropped out, and heads that are missing now.
const CHANGED: &str = "
    SELECT
        (
            SELECT count(DISTINCT employee_id)
            FROM (
                (TABLE kept EXCEPT SELECT employee_id, shift_id FROM workforce.assignments WHERE binding)
                UNION ALL
                (SELECT employee_id, shift_id FROM workforce.assignments WHERE binding EXCEPT TABLE kept)
            ) AS difference
            WHERE employee_id <> $1
        ) AS people,
        (
            SELECT sum(greatest(before.heads - after.heads, 0))::bigint
            FROM
                (SELECT shift_id, count(*) AS heads FROM kept GROUP BY shift_id) AS before
                LEFT JOIN LATERAL (
                    SELECT count(*) AS heads
                    FROM workforce.assignments AS assignment
                    WHERE assignment.binding AND assignment.shift_id = before.shift_id
                ) AS after ON true
        ) AS opened,
        (
            SELECT count(*)
            FROM rota.find_conflicts('2026-03-02 00:00+01', '2026-04-01 00:00+02')
            WHERE level = 'violation'
        ) AS violations";

/// Measures the repair of each absence; every one is taken back afterwards.
pub(super) async fn measure(session: &Client, report: &mut Report) -> Result<()> {
    let (from, to) = WEEK;
    let drop_outs = session.query(DROP_OUTS, &[&from, &to]).await?;
    let (mut times, mut told, mut holds) = (Vec::new(), Vec::new(), true);
    for row in drop_outs {
        let person: i64 = row.get(0);
        session.batch_execute("BEGIN").await?;
        session
            .batch_execute(&format!(
                "{KEEP}; INSERT INTO workforce.time_off (employee_id, days, kind)
                 VALUES ({person}, '[{from},{to})', 'sick')"
            ))
            .await?;
        let problem =
            json(session, &format!("SELECT rota.schedule_problem('{SCHEDULE}', 'repair', '{{}}')")).await?;
        let begun = Instant::now();
        json(session, &format!(r#"SELECT rota.repair_schedule('{SCHEDULE}', '{{"commit": true}}')"#)).await?;
        times.push(begun.elapsed());
        let after = session.query_one(CHANGED, &[&person]).await?;
        let (people, opened): (i64, i64) = (after.get("people"), after.get("opened"));
        let violations: i64 = after.get("violations");
        ensure!(violations == 0, "the repair wrote {violations} violations");
        session.batch_execute("ROLLBACK").await?;
        let fewest = fewest(session, &problem, &person.to_string()).await.context("the fewest people")?;
        holds &= match fewest {
            Fewest::Exactly(fewest) => opened == 0 && people <= fewest + 1,
            Fewest::AtLeast(fewest) => people <= fewest + 1,
        };
        told.push(format!("{people} of {fewest} people, {opened} heads opened"));
    }
    report.add(Line {
        name: "one of 50 people drops out for a week: people who take over / the fewest who could".into(),
        ratio: format!("{} absences", told.len()),
        bar: "at most one more than the fewest".into(),
        holds: Some(holds),
        absolute: told.join("; "),
    });
    let slowest = quantile(&mut times, 1.0);
    report.add(Line {
        name: "the same: repaired and written".into(),
        ratio: format!("{:.2}x of 300 ms", slowest.as_secs_f64() / 0.3),
        bar: "under 300 ms".into(),
        holds: Some(slowest < Duration::from_millis(300)),
        absolute: format!("slowest {slowest:.0?}, median {:.0?}", quantile(&mut times, 0.5)),
    });
    Ok(())
}
