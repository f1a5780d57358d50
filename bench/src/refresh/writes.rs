//! What tracking costs writers, against the same table untracked.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::Result;
use rota_harness::program;
use tokio_postgres::Client;

use crate::fixture::Fixture;
use crate::quantile::median;
use crate::rate::rate;
use crate::report::{Line, Report};

/// Rows of a large statement.
const ROWS: u32 = 10_000;

/// Rounds of each side, in turn. Even, so that each side is as often the first after a refresh.
const ROUNDS: usize = 40;

/// Rounds of pgbench of each side, in turn, each as often the first, and their length.
const LOADS: usize = 6;
const LOAD_SECONDS: &str = "6";

/// Writers at once.
const WRITERS: &str = "8";

/// A large UPDATE. The queue is emptied between rounds, as a worker would.
pub(super) async fn in_bulk(session: &Client, report: &mut Report) -> Result<()> {
    let (mut tracked, mut untracked) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let mut sides = [("untracked", &mut untracked), ("shifts", &mut tracked)];
        sides.rotate_left(round % 2);
        for (table, times) in sides {
            let first = u32::try_from(round)? * ROWS;
            let begun = Instant::now();
            session
                .batch_execute(&format!(
                    "UPDATE public.{table} SET ends_at = ends_at + '1 min'
                    WHERE shift_id BETWEEN {first} AND {first} + {ROWS} - 1"
                ))
                .await?;
            times.push(begun.elapsed().as_secs_f64());
        }
        session.batch_execute("SELECT rota.refresh('public.weekly')").await?;
    }
    // Of each round, since the machine's pace changes from one to another.
    let ratio =
        median(tracked.iter().zip(&untracked).map(|(tracked, untracked)| tracked / untracked).collect());
    let (tracked, untracked) = (median(tracked), median(untracked));
    report.add(Line {
        name: format!("UPDATE of {ROWS} rows, tracked / untracked"),
        ratio: format!("{ratio:.3}x"),
        bar: "at most 1.05x".into(),
        holds: Some(ratio <= 1.05),
        absolute: format!(
            "{:.1?}, {:.1?}",
            Duration::from_secs_f64(tracked),
            Duration::from_secs_f64(untracked)
        ),
    });
    Ok(())
}

/// Single rows of eight writers, round by round.
pub(super) async fn one_by_one(
    server: &Fixture,
    session: &Client,
    shifts: u32,
    report: &mut Report,
) -> Result<()> {
    let load = |table: &str| -> Result<f64> {
        let script = server.folder().join(format!("write_{table}.sql"));
        fs::write(
            &script,
            format!(
                "\\set id random(0, {})\nUPDATE public.{table} SET ends_at = ends_at + '1 min' WHERE shift_id = :id;\n",
                shifts - 1
            ),
        )?;
        let mut pgbench = server.pgbench()?;
        pgbench
            .args(["-n", "-M", "prepared", "-c", WRITERS, "-j", "2", "-T", LOAD_SECONDS, "-f"])
            .arg(&script);
        rate(&program::output_of(&mut pgbench)?, "tps = ")
    };
    let (mut tracked, mut untracked) = (Vec::new(), Vec::new());
    for round in 0..LOADS {
        let mut sides = [("untracked", &mut untracked), ("shifts", &mut tracked)];
        sides.rotate_left(round % 2);
        for (table, rates) in sides {
            rates.push(load(table)?);
        }
        session.batch_execute("SELECT rota.refresh('public.weekly'); CHECKPOINT").await?;
    }
    let (tracked, untracked) = (median(tracked), median(untracked));
    report.add(Line {
        name: format!("single-row updates, {WRITERS} writers, tracked / untracked"),
        ratio: format!("{:.3}x", tracked / untracked),
        bar: "at least 0.85x".into(),
        holds: Some(tracked / untracked >= 0.85),
        absolute: format!("{tracked:.0} commits/s, {untracked:.0} commits/s"),
    });
    Ok(())
}
