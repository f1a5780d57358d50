//! Two rule sets over everybody, against reading the same duties sorted into nothing.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio_postgres::Client;

use super::{DUTIES_PER_WEEK, WEEKS, people};
use crate::quantile::quantile;
use crate::report::{Line, Report};

/// Rounds of each side, in turn.
const ROUNDS: usize = 5;

/// Both sets in one pass, as rules of the house.
const RULES: &str = "
    INSERT INTO house_rules
    SELECT rule_set || ' ' || rule_name, rule_type, parameters, level, mode
    FROM rota.preset_rules
    WHERE rule_set IN ('acgme', 'eu-working-time') AND mode <> 'off'";

/// The server makes every row and throws it away.
const READING: &str = "
    EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF)
    SELECT person_id, assignment_id, during, nature, unpaid_minutes, estimated
    FROM rota_source.assignments
    WHERE binding AND during && '[2025-08-01,2026-12-01)'
    ORDER BY person_id, lower(during)";

pub(super) async fn measure(session: &Client, report: &mut Report) -> Result<()> {
    session.batch_execute(RULES).await?;
    let check = |people: &str| {
        format!("SELECT count(*) FROM rota.check_rules(NULL, '2026-01-05', '2026-07-06'{people})")
    };
    let everybody = check("");
    let half = check(", teams => ARRAY(SELECT n::text FROM generate_series(0, 49) AS n)");
    let (mut ours, mut halves, mut twin) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(time(session, &everybody).await?);
        halves.push(time(session, &half).await?);
        twin.push(time(session, READING).await?);
    }
    let verdicts: i64 = session.query_one(&everybody, &[]).await?.get(0);
    let [ours, halves, twin] = [&mut ours, &mut halves, &mut twin].map(|samples| quantile(samples, 0.5));
    let ratio = ours.as_secs_f64() / twin.as_secs_f64();
    let people = people()?;
    report.add(Line {
        name: format!(
            "ACGME and EU rules over {people} people, {} duties / reading the duties sorted",
            people * WEEKS * DUTIES_PER_WEEK
        ),
        ratio: format!("{ratio:.2}x"),
        bar: "at most 1.5x".into(),
        holds: Some(ratio <= 1.5),
        absolute: format!("{ours:.0?} for {verdicts} verdicts against {twin:.0?}"),
    });
    let growth = ours.as_secs_f64() / halves.as_secs_f64();
    report.add(Line {
        name: "the same over all people / over half of them".into(),
        ratio: format!("{growth:.2}x"),
        bar: "about 2x: linear".into(),
        holds: None,
        absolute: format!("{ours:.0?}, {halves:.0?}"),
    });
    Ok(())
}

/// How long a statement takes.
async fn time(session: &Client, statement: &str) -> Result<Duration> {
    let begun = Instant::now();
    session.batch_execute(statement).await.with_context(|| statement.to_owned())?;
    Ok(begun.elapsed())
}
