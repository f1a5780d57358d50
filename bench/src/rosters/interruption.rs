//! How soon a search ends that nobody wants any more.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio_postgres::{Client, NoTls};

use super::house::SCHEDULE;
use crate::quantile::quantile;
use crate::report::{Line, Report};

/// Milliseconds after which a search is cancelled: while the problem is read, at the beginning, in every phase.
const AFTER_MS: [u64; 8] = [5, 20, 60, 150, 400, 1_000, 2_500, 5_000];

pub(super) async fn measure(session: &Client, report: &mut Report) -> Result<()> {
    let mut times = Vec::new();
    let call = format!(
        r#"SELECT rota.generate_schedule('{SCHEDULE}', '{{"time_ms": 600000, "replace": true, "remember": false}}')"#
    );
    for after_ms in AFTER_MS {
        let token = session.cancel_token();
        let cancelling = async {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            let asked = Instant::now();
            token.cancel_query(NoTls).await.map(|()| asked)
        };
        let (ended, asked) = tokio::join!(session.batch_execute(&call), cancelling);
        ensure!(ended.is_err(), "a search of ten minutes ended by itself");
        times.push(asked?.elapsed());
    }
    let slowest = quantile(&mut times, 1.0);
    report.add(Line {
        name: "a search of ten minutes is cancelled: until the client hears of it".into(),
        ratio: format!("{:.2}x of 100 ms", slowest.as_secs_f64() / 0.1),
        bar: "within 100 ms".into(),
        holds: Some(slowest <= Duration::from_millis(100)),
        absolute: format!(
            "slowest of {} {slowest:.1?}, median {:.1?}",
            times.len(),
            quantile(&mut times, 0.5)
        ),
    });
    Ok(())
}
