//! What a refresh costs when little has changed.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio_postgres::Client;

use super::fixture::SHIFTS_PER_PERSON;
use crate::quantile::median;
use crate::report::{Line, Report};

/// Rounds of what takes milliseconds, and of what takes a second.
const ROUNDS: usize = 40;
const SLOW_ROUNDS: usize = 5;

/// Measures refreshes of nothing, one key and a thousand.
pub(super) async fn measure(session: &Client, shifts: u32, report: &mut Report) -> Result<()> {
    let people = shifts / SHIFTS_PER_PERSON;
    let concurrently =
        middle(session, SLOW_ROUNDS, |_| String::new(), "REFRESH MATERIALIZED VIEW CONCURRENTLY public.twin")
            .await?;
    let full =
        middle(session, SLOW_ROUNDS, |_| String::new(), "REFRESH MATERIALIZED VIEW public.twin").await?;
    let refresh = "SELECT * FROM rota.refresh('public.weekly')";
    let nothing = middle(session, ROUNDS, |_| String::new(), refresh).await?;
    report.add(Line {
        name: "refresh when nothing changed / REFRESH CONCURRENTLY".into(),
        ratio: format!("1/{:.0}", concurrently / nothing),
        bar: "under 5 ms".into(),
        holds: Some(nothing < 0.005),
        absolute: format!("{:.2?}, {:.2?}", duration(nothing), duration(concurrently)),
    });
    let one = middle(
        session,
        ROUNDS,
        |round| {
            format!(
                "UPDATE public.shifts SET ends_at = ends_at + '1 min' WHERE shift_id = {}",
                round * 977 % shifts as usize
            )
        },
        refresh,
    )
    .await?;
    expect_mode(session, "partial").await?;
    report.add(Line {
        name: "refresh of 1 key / REFRESH".into(),
        ratio: format!("1/{:.0}", full / one),
        bar: "at most 1/100".into(),
        holds: Some(one <= full / 100.0),
        absolute: format!("{:.2?}, {:.2?}", duration(one), duration(full)),
    });
    let keys = people.min(1_000);
    let many = middle(
        session,
        ROUNDS / 4,
        |round| {
            format!(
                "UPDATE public.shifts SET ends_at = ends_at + '1 min'
                WHERE shift_id IN (SELECT g * {people} / {keys} * {SHIFTS_PER_PERSON} + {} FROM generate_series(0, {keys} - 1) AS g)",
                round * 7 % SHIFTS_PER_PERSON as usize
            )
        },
        refresh,
    )
    .await?;
    expect_mode(session, "partial").await?;
    report.add(Line {
        name: format!("refresh of {keys} keys of as many people / REFRESH"),
        ratio: format!("1/{:.1}", full / many),
        bar: "at most 1/6".into(),
        holds: Some(many <= full / 6.0),
        absolute: format!("{:.2?}, {:.2?}", duration(many), duration(full)),
    });
    let whole =
        middle(session, SLOW_ROUNDS, |_| String::new(), "SELECT * FROM rota.refresh('public.weekly', true)")
            .await?;
    report.add(Line {
        name: "full refresh of the rollup, beside its readers / REFRESH CONCURRENTLY".into(),
        ratio: format!("{:.2}x", whole / concurrently),
        bar: String::new(),
        holds: None,
        absolute: format!("{:.2?}, {:.2?}", duration(whole), duration(concurrently)),
    });
    let wrong = session.query("SELECT * FROM rota.check_rollup('public.weekly')", &[]).await?;
    ensure!(wrong.is_empty(), "the rollup is not what its query gives");
    Ok(())
}

/// The middle time of a statement, in seconds, each after a change that is not measured.
async fn middle(
    session: &Client,
    rounds: usize,
    change: impl Fn(usize) -> String,
    statement: &str,
) -> Result<f64> {
    let mut times = Vec::with_capacity(rounds);
    for round in 0..rounds {
        session.batch_execute(&change(round)).await?;
        let begun = Instant::now();
        session.batch_execute(statement).await?;
        times.push(begun.elapsed().as_secs_f64());
    }
    Ok(median(times))
}

async fn expect_mode(session: &Client, mode: &str) -> Result<()> {
    let found: String = session.query_one("SELECT last_mode FROM rota.view_status", &[]).await?.get(0);
    ensure!(found == mode, "refreshed in mode {found} instead of {mode}");
    Ok(())
}

fn duration(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
