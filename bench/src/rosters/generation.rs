//! A month generated and written, against a minute of the same search.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio_postgres::Client;

use super::house::{SCHEDULE, Worth, json, worth};
use crate::quantile::quantile;
use crate::report::{Line, Report};

/// Runs of ours, each with a seed of its own.
const SEEDS: [u64; 3] = [1, 2, 3];

/// A roster, written.
struct Written {
    worth: Worth,
    took: Duration,
    lower_bound: i64,
}

/// Measures ours with each seed, then the twin. The last roster of ours stays.
pub(super) async fn measure(session: &Client, report: &mut Report) -> Result<()> {
    let twin = generate(session, r#"{"commit": true, "remember": false, "time_ms": 60000}"#)
        .await
        .context("a minute")?;
    let (mut costs, mut times) = (Vec::new(), Vec::new());
    for seed in SEEDS {
        let ours =
            generate(session, &format!(r#"{{"commit": true, "remember": false, "seed": {seed}}}"#)).await?;
        ensure!(ours.worth.violations == 0, "{} violations were written", ours.worth.violations);
        costs.push((ours.worth.cost, ours.worth.missing));
        times.push(ours.took);
    }
    ensure!(twin.worth.violations == 0, "the twin wrote {} violations", twin.worth.violations);
    costs.sort_unstable();
    let (cost, missing) = costs[costs.len() / 2];
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let ratio = cost as f64 / twin.worth.cost.max(1) as f64;
    let people = "50 people x 300 shifts x 30 days, from the tables";
    report.add(Line {
        name: format!("{people}: cost of the roster written / of one searched for 60 s"),
        ratio: format!("{ratio:.3}x"),
        bar: "at most 1.05x".into(),
        holds: Some(ratio <= 1.05),
        absolute: format!(
            "cost {cost} with {missing} heads missing against {} with {}, read off the rows; costs by seed \
             {costs:?}; no roster costs less than {} by the search's own count",
            twin.worth.cost, twin.worth.missing, twin.lower_bound
        ),
    });
    let slowest = quantile(&mut times, 1.0);
    report.add(Line {
        name: format!("{people}: generated and written"),
        ratio: format!("{:.2}x of 3 s", slowest.as_secs_f64() / 3.0),
        bar: "under 3 s".into(),
        holds: Some(slowest < Duration::from_secs(3)),
        absolute: format!(
            "slowest of {} runs {slowest:.2?}, median {:.2?}",
            times.len(),
            quantile(&mut times, 0.5)
        ),
    });
    Ok(())
}

/// Generates the month on empty tables and reads it off the rows.
async fn generate(session: &Client, options: &str) -> Result<Written> {
    session
        .batch_execute(&format!(
            "DELETE FROM workforce.assignments WHERE schedule_id = {SCHEDULE}; VACUUM ANALYZE workforce.assignments"
        ))
        .await
        .context("emptying the month")?;
    let begun = Instant::now();
    let answer = json(session, &format!("SELECT rota.generate_schedule('{SCHEDULE}', '{options}')")).await?;
    let took = begun.elapsed();
    let lower_bound = answer["lower_bound"].as_i64().context("no bound")?;
    Ok(Written { worth: worth(session).await?, took, lower_bound })
}
