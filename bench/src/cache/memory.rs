//! How much memory the bound in bytes means.

use std::fs;

use anyhow::{Context, Result};

use super::scraped::Scraped;
use crate::fixture::Fixture;
use crate::http::Connection;
use crate::report::{Line, Report};

/// The bound of the first level.
const BOUND_BYTES: u32 = 64 * 1024 * 1024;
/// Addresses asked for: more than twice as many as fit.
const PAGES: u32 = 20_000;

/// Fills the first level beyond its bound.
pub(super) async fn measure(fixture: &Fixture, report: &mut Report) -> Result<()> {
    let bound = BOUND_BYTES.to_string();
    let proxy = fixture.proxy_with(&[("ROTA_CACHE_BYTES", &bound)])?;
    let mut connection = Connection::open(proxy.listen()).await?;
    // What a proxy needs for itself: connections, plans, buffers.
    for _ in 0..2000 {
        connection.get("/openapi.json").await?;
        connection.get("/pages/1").await?;
    }
    let before = resident_bytes(proxy.id())?;
    for number in 1..=PAGES {
        connection.get(&format!("/pages/{number}")).await?;
    }
    let growth = resident_bytes(proxy.id())?.saturating_sub(before);
    let scraped = Scraped::from(proxy.admin_listen()).await?;
    let ratio = growth as f64 / f64::from(BOUND_BYTES);
    report.add(Line {
        name: "growth of the process with the first level filled / its bound".into(),
        ratio: format!("{ratio:.2}x"),
        bar: "at most 1.25x".into(),
        holds: Some(ratio <= 1.25),
        absolute: format!(
            "{:.1} MiB of {:.1} MiB; {:.0} entries, {:.1} MiB by their own account, {:.0} evicted",
            mebibytes(growth as f64),
            mebibytes(f64::from(BOUND_BYTES)),
            scraped.sum("rota_cache_entries"),
            mebibytes(scraped.sum("rota_cache_bytes")),
            scraped.sum("rota_cache_evictions_total")
        ),
    });
    Ok(())
}

fn mebibytes(bytes: f64) -> f64 {
    bytes / 1024.0 / 1024.0
}

/// Resident memory of a process.
fn resident_bytes(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|rest| rest.split_whitespace().next()).context("no VmRSS")?;
    Ok(kibibytes.parse::<u64>()? * 1024)
}
