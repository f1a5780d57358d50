//! One row per transaction with four rules that refuse, against the same table without.

use std::fs;

use anyhow::Result;
use rota_harness::program;
use tokio_postgres::Client;

use super::{WEEKS, people};
use crate::fixture::Fixture;
use crate::quantile::median;
use crate::rate::rate;
use crate::report::{Line, Report};

/// Length of one round of either side.
const ROUND_SECONDS: &str = "6";

/// Rounds of each side, in turn.
const ROUNDS: usize = 5;

const CONNECTIONS: &str = "4";

/// Rules that look at days, weeks and four weeks, as limits of 28 hours at a stretch, of 60 and on average 80 hours and of
/// 14 duties a week are usual. An hour more never reaches them.
const RULES: &str = r#"
    TRUNCATE house_rules;
    INSERT INTO house_rules VALUES
        ('long', 'continuous_duty', '{"maximum_minutes": 1680}', 'violation', 'refuse'),
        ('week', 'maximum_minutes', '{"maximum_minutes": 3600, "per": "week"}', 'violation', 'refuse'),
        (
            'mean', 'average_minutes', '{"maximum_minutes": 4800, "per": "window", "window_days": 28}',
            'violation', 'refuse'
        ),
        ('duties', 'maximum_duties', '{"maximum_duties": 14, "per": "week"}', 'violation', 'refuse')"#;

pub(super) async fn measure(fixture: &Fixture, session: &Client, report: &mut Report) -> Result<()> {
    session.batch_execute(RULES).await?;
    let last: i64 = session.query_one("SELECT max(duty_id) FROM duties", &[]).await?.get(0);
    let (mut enforced, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        session.batch_execute("SELECT rota.enforce_rules('duties', 'person_id', 'during')").await?;
        begin_anew(session, last).await?;
        enforced.push(pgbench(fixture)?);
        session.batch_execute("SELECT rota.unenforce_rules('duties')").await?;
        begin_anew(session, last).await?;
        plain.push(pgbench(fixture)?);
    }
    let (enforced, plain) = (median(enforced), median(plain));
    report.add(Line {
        name: format!("single-row inserts over {CONNECTIONS} connections, four rules enforced / none"),
        ratio: format!("{:.2}x", enforced / plain),
        bar: "at least 0.7x".into(),
        holds: Some(enforced / plain >= 0.7),
        absolute: format!("{enforced:.0} rows/s, {plain:.0} rows/s"),
    });
    Ok(())
}

/// Takes away what rounds before wrote: with every round people would have more work to judge, and nobody has four
/// duties a day.
async fn begin_anew(session: &Client, last: i64) -> Result<()> {
    session.execute("DELETE FROM duties WHERE duty_id > $1", &[&last]).await?;
    session.batch_execute("VACUUM (INDEX_CLEANUP ON) duties").await?;
    session.batch_execute("CHECKPOINT").await?;
    Ok(())
}

/// Transactions per second: an hour more for anybody at any time of the half year.
fn pgbench(fixture: &Fixture) -> Result<f64> {
    let script = format!(
        r"\set person random(1, {})
\set minute random(1, {WEEKS} * 7 * 1440)
INSERT INTO duties (person_id, during) VALUES (
    :person,
    tstzrange('2026-01-05 00:00Z'::timestamptz + :minute * '1 minute'::interval,
        '2026-01-05 01:00Z'::timestamptz + :minute * '1 minute'::interval)
);
",
        people()?
    );
    let file = fixture.folder().join("enforced_rows.sql");
    fs::write(&file, script)?;
    let mut pgbench = fixture.pgbench()?;
    pgbench
        .args(["-n", "-M", "prepared", "-c", CONNECTIONS, "-j", "2", "-T", ROUND_SECONDS, "-f"])
        .arg(&file);
    let printed = program::output_of(&mut pgbench)?;
    anyhow::ensure!(
        printed.contains("number of failed transactions: 0 "),
        "some were not answered:\n{printed}"
    );
    rate(&printed, "tps = ")
}
