//! How soon a committed change is seen through the cache.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::scraped::Scraped;
use crate::fixture::Fixture;
use crate::http::Connection;
use crate::quantile::quantile;
use crate::report::{Line, Report};

/// Commits, one after another.
const COMMITS: i32 = 1000;

/// Changes one row outside of the proxy and reads it through the cache until the change is seen.
pub(super) async fn measure(fixture: &Fixture, report: &mut Report) -> Result<()> {
    let proxy = fixture.proxy()?;
    let session = fixture.session().await?;
    let change = session.prepare("UPDATE items SET quantity = $1 WHERE item_id = 7").await?;
    let mut connection = Connection::open(proxy.listen()).await?;
    let earlier = Scraped::from(proxy.admin_listen()).await?;
    let mut delays = Vec::new();
    for quantity in 1..=COMMITS {
        connection.get("/items/7").await?;
        session.execute(&change, &[&quantity]).await?;
        let committed = Instant::now();
        let wanted = format!("\"quantity\":{quantity}}}");
        while !String::from_utf8_lossy(connection.get("/items/7").await?).ends_with(&wanted) {
            ensure!(committed.elapsed() < Duration::from_secs(5), "the change was never seen");
        }
        delays.push(committed.elapsed());
    }
    let now = Scraped::from(proxy.admin_listen()).await?;
    let announced = now.quantile(&earlier, "rota_cache_invalidation_delay_seconds", 0.99)?;
    let (median, tail) = (quantile(&mut delays, 0.5), quantile(&mut delays, 0.99));
    report.add(Line {
        name: "commit told to its writer → the new value read through the cache, p99".into(),
        ratio: format!("{tail:.0?}"),
        bar: "under 2 ms, aim 0.5 ms".into(),
        holds: Some(tail < Duration::from_millis(2)),
        absolute: format!(
            "median {median:.0?}, the read included; announced within {:.2} ms",
            announced * 1e3
        ),
    });
    Ok(())
}
