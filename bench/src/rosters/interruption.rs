//! How soon a search ends that nobody wants any more, or that has no more time.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use super::house::SCHEDULE;
use crate::quantile::quantile;
use crate::report::{Line, Report};

/// Milliseconds after which a search is ended: while the problem is read, at the beginning, in every phase.
const AFTER_MS: [u64; 8] = [5, 20, 60, 150, 400, 1_000, 2_500, 5_000];

pub(super) async fn measure(session: &Client, report: &mut Report) -> Result<()> {
    let mut cancelled = Vec::new();
    for after_ms in AFTER_MS {
        let token = session.cancel_token();
        let cancelling = async {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            let asked = Instant::now();
            token.cancel_query(NoTls).await.map(|()| asked)
        };
        let (ended, asked) = tokio::join!(search(session), cancelling);
        cancelled.push(ended?.saturating_duration_since(asked?));
    }
    add(report, "a search of ten minutes is cancelled: until the client hears of it", &mut cancelled);
    let mut timed_out = Vec::new();
    for after_ms in AFTER_MS {
        session.batch_execute(&format!("SET statement_timeout = {after_ms}")).await?;
        let begun = Instant::now();
        let ended = search(session).await?;
        timed_out.push(ended.saturating_duration_since(begun + Duration::from_millis(after_ms)));
    }
    session.batch_execute("RESET statement_timeout").await?;
    add(report, "it meets a statement_timeout: how much later the client hears of it", &mut timed_out);
    Ok(())
}

/// A search of ten minutes, until it is ended. When the client heard of that.
async fn search(session: &Client) -> Result<Instant> {
    let call = format!(
        r#"SELECT rota.generate_schedule('{SCHEDULE}', '{{"time_ms": 600000, "replace": true, "remember": false}}')"#
    );
    let outcome = session.batch_execute(&call).await;
    let heard = Instant::now();
    let code = outcome.as_ref().err().and_then(tokio_postgres::Error::code);
    ensure!(code == Some(&SqlState::QUERY_CANCELED), "a search of ten minutes ended by itself: {outcome:?}");
    Ok(heard)
}

fn add(report: &mut Report, name: &str, times: &mut [Duration]) {
    let slowest = quantile(times, 1.0);
    report.add(Line {
        name: name.into(),
        ratio: format!("{:.2}x of 100 ms", slowest.as_secs_f64() / 0.1),
        bar: "within 100 ms".into(),
        holds: Some(slowest <= Duration::from_millis(100)),
        absolute: format!("slowest of {} {slowest:.1?}, median {:.1?}", times.len(), quantile(times, 0.5)),
    });
}
