//! Random writers at every isolation level, refreshes beside them, against what the queries give.
//!
//! While they write, each look compares in one snapshot: what is called fresh is what its query gives. In the
//! end everything is refreshed and must be right.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, Result};
use fastrand::Rng;
use rota_tests::database::Database;
use rota_tests::session::Session;
use tokio_postgres::error::SqlState;

use super::stage::{WEEKS, assert_right_after_refresh, stage};

const ROLLUPS: [&str; 4] = ["weekly", "slots", "teams", "weeks"];

/// Transactions of each writer.
const TRANSACTIONS: usize = 120;

fn statement(random: &mut Rng) -> String {
    let (shift, person, hour) = (random.i32(1..80), random.i32(1..14), random.i32(0..300));
    match random.u32(0..14) {
        0..=2 => format!(
            "INSERT INTO shifts VALUES ({shift}, {person}, {hour}, {hour} + {})
            ON CONFLICT (shift_id) DO UPDATE SET person_id = excluded.person_id, starts = excluded.starts,
                ends = excluded.ends",
            random.i32(1..12)
        ),
        3..=5 => format!("UPDATE shifts SET starts = {hour}, ends = {hour} + 5 WHERE shift_id = {shift}"),
        6 => format!("UPDATE shifts SET person_id = {person} WHERE person_id = {}", random.i32(1..14)),
        7 => format!("UPDATE shifts SET person_id = NULL WHERE shift_id = {shift}"),
        8 => format!("DELETE FROM shifts WHERE shift_id BETWEEN {shift} AND {shift} + 2"),
        9..=10 => format!("UPDATE people SET team = {} WHERE person_id = {person}", random.i32(0..5)),
        11 => format!("DELETE FROM people WHERE person_id = {person}"),
        12 => format!("INSERT INTO people VALUES ({person}, {}) ON CONFLICT DO NOTHING", random.i32(0..5)),
        _ if random.u32(0..12) == 0 => "TRUNCATE shifts".to_owned(),
        _ => format!("UPDATE shifts SET ends = ends + 1 WHERE starts / 50 = {}", random.i32(0..6)),
    }
}

fn transaction(random: &mut Rng) -> Vec<String> {
    let level = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"][random.usize(0..3)];
    let mut steps = vec![format!("BEGIN ISOLATION LEVEL {level}")];
    for _ in 0..random.u32(1..5) {
        match random.u32(0..8) {
            0 => steps.extend(["SAVEPOINT s".to_owned(), statement(random), "ROLLBACK TO s".to_owned()]),
            1 => steps.extend(["SAVEPOINT s".to_owned(), statement(random), "RELEASE s".to_owned()]),
            2 => steps.push("SELECT count(*) FROM people".to_owned()),
            _ => steps.push(statement(random)),
        }
    }
    steps.push(if random.u32(0..6) == 0 { "ROLLBACK" } else { "COMMIT" }.to_owned());
    steps
}

/// Runs transactions; one that the server takes back because of another leaves nothing.
async fn write(database: Database, seed: u64, committed: Arc<AtomicUsize>) -> Result<()> {
    let session = database.session().await?;
    let mut random = Rng::with_seed(seed);
    for _ in 0..TRANSACTIONS {
        let steps = transaction(&mut random);
        for (position, step) in steps.iter().enumerate() {
            if let Err(error) = session.batch_execute(step).await {
                let code = error.code().cloned();
                let is_taken_back = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
                if !code.is_some_and(|code| is_taken_back.contains(&code)) {
                    return Err(error).with_context(|| step.clone());
                }
                session.batch_execute("ROLLBACK").await?;
                break;
            }
            if position + 1 == steps.len() {
                committed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    Ok(())
}

/// Refreshes whatever is due until told to stop.
async fn drive(database: Database, is_done: Arc<AtomicBool>) -> Result<usize> {
    let session = database.session().await?;
    let mut refreshed = 0;
    while !is_done.load(Ordering::Relaxed) {
        for row in session.rows("SELECT mode, error FROM rota.refresh_due(2)").await? {
            anyhow::ensure!(
                row[0].as_deref() != Some("failed") || row[1].as_deref().is_some_and(is_of_concurrency),
                "{row:?}"
            );
            refreshed += 1;
        }
        tokio::task::yield_now().await;
    }
    Ok(refreshed)
}

fn is_of_concurrency(message: &str) -> bool {
    message.contains("could not serialize")
        || message.contains("deadlock")
        || message.contains("lock timeout")
}

/// Fails when something is called fresh that is not.
async fn look(session: &Session) -> Result<usize> {
    let mut fresh = 0;
    for rollup in ROLLUPS {
        let question = format!(
            "SELECT rota.staleness_ms('{{{rollup}}}') = 0,
                (SELECT count(*) FROM (
                    (TABLE {rollup} EXCEPT ALL TABLE {rollup}_query)
                    UNION ALL (TABLE {rollup}_query EXCEPT ALL TABLE {rollup})
                ) AS difference)"
        );
        let row = session.query_one(&question, &[]).await?;
        if row.get::<_, Option<bool>>(0) == Some(true) {
            fresh += 1;
            assert_eq!(row.get::<_, i64>(1), 0, "{rollup} is called fresh");
        }
    }
    Ok(fresh)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_writers_do_a_refreshed_rollup_is_right_and_none_is_called_fresher_than_it_is() -> Result<()>
{
    for seed in [7, 1107] {
        let (database, session) = stage().await?;
        session.batch_execute(WEEKS).await?;
        let committed = Arc::new(AtomicUsize::new(0));
        let is_done = Arc::new(AtomicBool::new(false));
        let drivers: Vec<_> =
            (0..2).map(|_| tokio::spawn(drive(database.clone(), Arc::clone(&is_done)))).collect();
        let writers: Vec<_> = (0..4)
            .map(|number| tokio::spawn(write(database.clone(), seed + number, Arc::clone(&committed))))
            .collect();
        let mut fresh = 0;
        while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
            fresh += look(&session).await?;
        }
        for writer in writers {
            writer.await??;
        }
        is_done.store(true, Ordering::Relaxed);
        let mut refreshed = 0;
        for driver in drivers {
            refreshed += driver.await??;
        }
        assert!(committed.load(Ordering::Relaxed) > TRANSACTIONS, "next to nothing was committed");
        assert!(refreshed > 10, "{refreshed} refreshes beside the writers");
        assert!(fresh > 0, "nothing was ever fresh");
        for rollup in ROLLUPS {
            assert_right_after_refresh(&session, rollup).await?;
            let wrong = session.rows(&format!("SELECT * FROM rota.check_rollup('{rollup}')")).await?;
            assert!(wrong.is_empty(), "seed {seed}: {rollup}: {wrong:?}");
        }
        look(&session).await?;
    }
    Ok(())
}
