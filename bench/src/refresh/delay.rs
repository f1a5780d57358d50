//! How long after a commit a rollup holds the change, with a worker.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio_postgres::Client;

use crate::fixture::Fixture;
use crate::quantile::quantile;
use crate::report::{Line, Report};

/// Commits whose way is timed.
const COMMITS: u32 = 400;

/// Between two of them: the worker is asleep again.
const PAUSE: Duration = Duration::from_millis(20);

/// Longest time that the first change may take, while the worker starts.
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures it.
pub(super) async fn measure(
    server: &Fixture,
    session: &Client,
    shifts: u32,
    report: &mut Report,
) -> Result<()> {
    session.batch_execute("ALTER DATABASE postgres SET rota.refresh_worker = on").await?;
    let writer = server.session().await?;
    let update =
        writer.prepare("UPDATE public.shifts SET ends_at = ends_at + '1 min' WHERE shift_id = $1").await?;
    let fresh = session.prepare("SELECT rota.staleness_ms('{public.weekly}') = 0").await?;
    let mut delays = Vec::new();
    for number in 0..=COMMITS {
        let shift = i32::try_from(number * 7_919 % shifts)?;
        writer.execute(&update, &[&shift]).await?;
        let committed = Instant::now();
        loop {
            let is_fresh: Option<bool> = session.query_one(&fresh, &[]).await?.get(0);
            if is_fresh == Some(true) {
                break;
            }
            ensure!(committed.elapsed() < PATIENCE, "no worker refreshes");
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        // Before the first the worker had to start.
        if number > 0 {
            delays.push(committed.elapsed());
        }
        tokio::time::sleep(PAUSE).await;
    }
    session.batch_execute("ALTER DATABASE postgres RESET rota.refresh_worker").await?;
    let (half, most) = (quantile(&mut delays, 0.5), quantile(&mut delays, 0.99));
    report.add(Line {
        name: "from a commit to the rollup's holding it, with a worker".into(),
        ratio: format!("p99 {most:.1?}"),
        bar: "p99 under 100 ms".into(),
        holds: Some(most < Duration::from_millis(100)),
        absolute: format!("p50 {half:.1?}, p99 {most:.1?} of {COMMITS} commits"),
    });
    Ok(())
}
