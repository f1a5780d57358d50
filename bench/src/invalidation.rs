//! What watching a table costs its writers, and how soon a reader hears of a commit.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rota_harness::environment::Environment;
use rota_harness::program;
use tokio_postgres::Client;

use crate::fixture::{Fixture, Organisation};
use crate::quantile::{median, quantile};
use crate::rate::rate;
use crate::report::{Line, Report};

/// Rows to write at random: a writer seldom waits for another.
const ROWS: u32 = 50_000;

/// Writers at once.
const WRITERS: &str = "8";

/// Length of one round of either side.
const ROUND_SECONDS: &str = "6";

/// Rounds of each side, in turn. The median of five ignores two disturbed ones.
const ROUNDS: usize = 5;

/// Commits whose way to a reader is timed.
const COMMITS: usize = 3000;

/// Measures both.
pub(crate) async fn measure(environment: &Environment, report: &mut Report) -> Result<()> {
    let fixture = Fixture::make(environment, &Organisation { employees: 20, weeks: 1 })?;
    let session = fixture.session().await?;
    session
        .batch_execute(&format!(
            "CREATE TABLE public.cells (cell_id integer PRIMARY KEY, owner_id integer, number bigint);
             INSERT INTO public.cells SELECT g, g % 500, 0 FROM generate_series(1, {ROWS}) AS g"
        ))
        .await
        .context("making the table")?;
    session.batch_execute("VACUUM ANALYZE public.cells").await?;
    for (name, synchronous_commit, must) in
        [("each commit flushed", "on", Some(0.9)), ("no commit waiting for the disk", "off", None)]
    {
        throughput(&fixture, &session, name, synchronous_commit, must, report).await?;
    }
    delay(&fixture, report).await
}

/// pgbench on a table that is watched and on the same that is not, round by round.
async fn throughput(
    fixture: &Fixture,
    session: &Client,
    name: &str,
    synchronous_commit: &str,
    must: Option<f64>,
    report: &mut Report,
) -> Result<()> {
    let script = fixture.folder().join("one_row_write.sql");
    fs::write(
        &script,
        format!(
            "\\set id random(1, {ROWS})\nUPDATE public.cells SET number = number + 1 WHERE cell_id = :id;\n"
        ),
    )?;
    let round = || -> Result<f64> {
        let mut pgbench = fixture.pgbench()?;
        pgbench
            .env("PGOPTIONS", format!("-c synchronous_commit={synchronous_commit}"))
            .args(["-n", "-M", "prepared", "-c", WRITERS, "-j", "2", "-T", ROUND_SECONDS, "-f"])
            .arg(&script);
        rate(&program::output_of(&mut pgbench)?, "tps = ")
    };
    let (mut bare, mut watched) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        session.batch_execute("SELECT rota.unwatch('public.cells')").await?;
        bare.push(round()?);
        session.batch_execute("SELECT rota.watch('public.cells', '{cell_id,owner_id}')").await?;
        watched.push(round()?);
    }
    let (bare, watched) = (median(bare), median(watched));
    report.add(Line {
        name: format!(
            "single-row updates of a watched table / the same unwatched, {WRITERS} writers, {name}"
        ),
        ratio: format!("{:.3}x", watched / bare),
        bar: must.map(|must| format!("at least {must}x")).unwrap_or_default(),
        holds: must.map(|must| watched / bare >= must),
        absolute: format!("{watched:.0} commits/s, {bare:.0} commits/s"),
    });
    Ok(())
}

/// From a writer's hearing of its commit to a reader's hearing of the change.
async fn delay(fixture: &Fixture, report: &mut Report) -> Result<()> {
    let writer = fixture.session().await?;
    let reader = fixture.session().await?;
    let is_done = Arc::new(AtomicBool::new(false));
    let following = tokio::spawn(follow(reader, Arc::clone(&is_done)));
    let update = writer
        .prepare(
            "UPDATE public.cells SET number = number + 1 WHERE cell_id = $1
             RETURNING pg_current_xact_id()::text::bigint",
        )
        .await?;
    let mut committed = Vec::with_capacity(COMMITS);
    for id in (1..=i32::try_from(ROWS)?).step_by(13).cycle().take(COMMITS) {
        let transaction: i64 = writer.query_one(&update, &[&id]).await?.get(0);
        committed.push((transaction, Instant::now()));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    is_done.store(true, Ordering::Release);
    let heard = following.await??;
    let mut delays = Vec::with_capacity(COMMITS);
    for (transaction, at) in committed {
        let heard_at = heard.get(&transaction).context("a commit was never announced")?;
        delays.push(heard_at.saturating_duration_since(at));
    }
    let (half, most) = (quantile(&mut delays, 0.5), quantile(&mut delays, 0.99));
    report.add(Line {
        name: "from a writer's hearing of its commit to a reader's, one writer".into(),
        ratio: format!("p99 {most:.0?}"),
        bar: "p99 under 2 ms".into(),
        holds: Some(most < Duration::from_millis(2)),
        absolute: format!("p50 {half:.0?}, p99 {most:.0?} of {COMMITS} commits"),
    });
    Ok(())
}

/// Follows the ring until told to stop, and keeps when it heard of each transaction.
async fn follow(reader: Client, is_done: Arc<AtomicBool>) -> Result<HashMap<i64, Instant>> {
    let next = reader.prepare("SELECT * FROM rota.next_invalidations($1, $2, $3)").await?;
    let (mut epoch, mut position) = (0_i64, 0_i64);
    let mut heard = HashMap::new();
    loop {
        let was_done = is_done.load(Ordering::Acquire);
        let wait_ms = if was_done { 0 } else { 200 };
        let answer = reader.query_one(&next, &[&epoch, &position, &wait_ms]).await?;
        let now = Instant::now();
        (epoch, position) = (answer.get("epoch"), answer.get("upto"));
        let transactions: Vec<i64> = answer.get("transactions");
        if was_done && transactions.is_empty() {
            return Ok(heard);
        }
        for transaction in transactions {
            heard.entry(transaction).or_insert(now);
        }
    }
}
