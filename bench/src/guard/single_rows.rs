//! One row per transaction, from several connections, durable.

use std::fs;

use anyhow::Result;
use rota_harness::program;
use tokio_postgres::Client;

use crate::fixture::Fixture;
use crate::quantile::median;
use crate::rate::rate;
use crate::report::{Line, Report};

/// Length of one round of either side.
const ROUND_SECONDS: &str = "6";

/// Rounds of each side, in turn.
const ROUNDS: usize = 5;

/// Connections that write to many people.
const CONNECTIONS: &str = "4";

/// Connections that fight over two people.
const CROWD: &str = "8";

/// People enough, and hours enough, that no two rows meet.
const MANY: &str = r"\set person random(1, 100000)
\set minute random(1, 1000000000)
INSERT INTO TABLE VALUES (
    :person,
    tstzrange('2026-01-01 00:00Z'::timestamptz + :minute * '1 minute'::interval,
        '2026-01-01 08:00Z'::timestamptz + :minute * '1 minute'::interval)
);
";

/// Four tries for each hour, of two people: half of them find the hour taken. What a refusal
/// costs beyond its check, the block that catches it, is the same on both sides.
const CROWDED: &str = "
    CREATE SEQUENCE tries;
    CREATE TABLE crowded_guarded (LIKE guarded);
    SELECT rota.guard_overlaps('crowded_guarded', 'person', 'during');
    CREATE TABLE crowded_excluded (LIKE guarded);
    ALTER TABLE crowded_excluded ADD EXCLUDE USING gist (person WITH =, during WITH &&);
    CREATE FUNCTION hour_of_try() RETURNS tstzrange LANGUAGE sql AS $$
        SELECT tstzrange(start, start + interval '1 hour')
        FROM (SELECT timestamptz '2026-01-01 00:00Z' + nextval('tries') / 4 * interval '1 hour' AS start) AS drawn
    $$;
    CREATE FUNCTION book_guarded(who integer) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO crowded_guarded VALUES (who, hour_of_try());
        RETURN true;
    EXCEPTION
        WHEN exclusion_violation THEN RETURN false;
    END $$;
    CREATE FUNCTION book_excluded(who integer) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(who);
        INSERT INTO crowded_excluded VALUES (who, hour_of_try());
        RETURN true;
    EXCEPTION
        WHEN exclusion_violation THEN RETURN false;
    END $$";

/// Rows of many people against the same table with only a unique B-tree.
pub(super) async fn many_people(fixture: &Fixture, session: &Client, report: &mut Report) -> Result<()> {
    let (mut guarded, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (table, rates) in [("guarded", &mut guarded), ("plain", &mut plain)] {
            session.batch_execute(&format!("TRUNCATE {table}; CHECKPOINT")).await?;
            rates.push(pgbench(fixture, CONNECTIONS, &MANY.replace("TABLE", table))?);
        }
    }
    let (guarded, plain) = (median(guarded), median(plain));
    report.add(Line {
        name: format!("single-row inserts over {CONNECTIONS} connections, many people, with the guard / with a unique B-tree alone"),
        ratio: format!("{:.2}x", guarded / plain),
        bar: "at least 0.85x, aim 0.95x".into(),
        holds: Some(guarded / plain >= 0.85),
        absolute: format!("{guarded:.0} rows/s, {plain:.0} rows/s"),
    });
    Ok(())
}

/// Two people whom everybody books at once, against an exclusion constraint behind a lock.
pub(super) async fn two_people(fixture: &Fixture, session: &Client, report: &mut Report) -> Result<()> {
    session.batch_execute(CROWDED).await?;
    let (mut guarded, mut excluded) = (Vec::new(), Vec::new());
    let before = deadlocks(session).await?;
    for _ in 0..ROUNDS {
        for (side, rates) in [("guarded", &mut guarded), ("excluded", &mut excluded)] {
            session.batch_execute(&format!("TRUNCATE crowded_{side}; CHECKPOINT")).await?;
            rates.push(pgbench(
                fixture,
                CROWD,
                &format!("\\set person random(1, 2)\nSELECT book_{side}(:person);\n"),
            )?);
        }
    }
    let (guarded, excluded) = (median(guarded), median(excluded));
    let deadlocks = deadlocks(session).await? - before;
    report.add(Line {
        name: format!(
            "single-row inserts over {CROWD} connections, two people, with the guard / lock first, then an exclusion constraint"
        ),
        ratio: format!("{:.2}x", guarded / excluded),
        bar: "at least 1x without a deadlock, aim 1.5x".into(),
        holds: Some(guarded >= excluded && deadlocks == 0),
        absolute: format!("{guarded:.0} tries/s, {excluded:.0} tries/s, {deadlocks} deadlocks"),
    });
    Ok(())
}

/// Transactions per second of a script.
fn pgbench(fixture: &Fixture, connections: &str, script: &str) -> Result<f64> {
    let file = fixture.folder().join("single_rows.sql");
    fs::write(&file, script)?;
    let mut pgbench = fixture.pgbench()?;
    pgbench
        .args(["-n", "-M", "prepared", "-c", connections, "-j", "2", "-T", ROUND_SECONDS, "-f"])
        .arg(&file);
    let printed = program::output_of(&mut pgbench)?;
    anyhow::ensure!(
        printed.contains("number of failed transactions: 0 "),
        "some were not answered:\n{printed}"
    );
    rate(&printed, "tps = ")
}

/// Deadlocks that the server resolved so far in this database.
async fn deadlocks(session: &Client) -> Result<i64> {
    let known = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    Ok(session.query_one(known, &[]).await?.get(0))
}
