//! The load of the nearest public benchmark: three quarters reads of one row, some updates, lists and
//! upserts.

use std::collections::HashMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rota_harness::program;

use super::ITEMS;
use super::scraped::Scraped;
use crate::fixture::Fixture;
use crate::rate::rate;
use crate::report::{Line, Report};

/// Connections of the load generator.
const CONNECTIONS: &str = "32";
/// Length of the run, in seconds.
const SECONDS: &str = "20";

/// 75 % reads of one item, 15 % updates, 5 % lists, 5 % upserts. Items are asked for as people do: a few of
/// them most of the time (the cube of a uniform number).
const SCRIPT: &str = "
    local json = { ['Content-Type'] = 'application/json' }
    local function some(most)
        local part = math.random()
        return math.floor(part * part * part * most) + 1
    end
    request = function()
        local kind = math.random(100)
        if kind <= 75 then
            return wrk.format('GET', '/items/' .. some(ITEMS))
        elseif kind <= 90 then
            return wrk.format('PUT', '/items/' .. some(ITEMS), json, '{\"quantity\":' .. math.random(1000) .. '}')
        elseif kind <= 95 then
            return wrk.format('GET', '/categories/' .. math.random(0, 999))
        end
        local id = some(ITEMS)
        local body = '{\"item_id\":' .. id .. ',\"category\":' .. id % 1000 .. ',\"quantity\":1}'
        return wrk.format('POST', '/items', json, body)
    end\n";

/// Measures the mixed load.
pub(super) async fn measure(fixture: &Fixture, report: &mut Report) -> Result<()> {
    let proxy = fixture.proxy()?;
    let script = fixture.folder().join("mixed.lua");
    fs::write(&script, SCRIPT.replace("ITEMS", &ITEMS.to_string()))?;
    let wrk = |seconds: &str| -> Result<String> {
        let mut wrk = Command::new("wrk");
        wrk.args(["-t", "2", "-c", CONNECTIONS, "-d", seconds, "-s"]).arg(&script);
        let answer = program::output_of(wrk.arg(format!("http://{}/", proxy.listen())))?;
        ensure!(!answer.contains("Non-2xx"), "some requests were refused:\n{answer}");
        Ok(answer)
    };
    wrk("10")?;
    let earlier = Scraped::from(proxy.admin_listen()).await?;
    let before = processor_seconds(proxy.id())?;
    let answer = wrk(SECONDS)?;
    let spent = processor_seconds(proxy.id())? - before;
    let now = Scraped::from(proxy.admin_listen()).await?;
    let counted = |name: &str| now.sum(name) - earlier.sum(name);
    let (hits, misses) = (counted("rota_cache_hits_total"), counted("rota_cache_misses_total"));
    let requests = counted("rota_http_requests_total");
    let reasons = reasons(&now, &earlier, hits + misses);
    let delay = now.quantile(&earlier, "rota_cache_invalidation_delay_seconds", 0.99)?;
    report.add(Line {
        name: format!("75 % reads, 15 % updates, 5 % lists, 5 % upserts over {ITEMS} items: hits / reads"),
        ratio: format!("{:.2}", hits / (hits + misses)),
        bar: "aim 0.85".into(),
        holds: None,
        absolute: format!(
            "{:.0} requests/s, {:.0} µs of the proxy's processor time a request, changes known within {:.2} ms (p99); \
             misses: {reasons}",
            rate(&answer, "Requests/sec:")?,
            spent / requests * 1e6,
            delay * 1e3
        ),
    });
    Ok(())
}

/// Why reads were missed, as parts of all reads.
fn reasons(now: &Scraped, earlier: &Scraped, reads: f64) -> String {
    const NAME: &str = "rota_cache_misses_total";
    let before: HashMap<String, f64> = earlier.by_label(NAME).into_iter().collect();
    let part = |(reason, count): (String, f64)| {
        let part = (count - before.get(&reason).unwrap_or(&0.0)) / reads;
        (part >= 0.005).then(|| format!("{reason} {part:.2}"))
    };
    now.by_label(NAME).into_iter().filter_map(part).collect::<Vec<_>>().join(", ")
}

/// Processor time of a process so far, in seconds.
fn processor_seconds(process: u32) -> Result<f64> {
    /// What the kernel counts in, on every Linux.
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in brackets, may hold anything; the fields are counted behind it.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |index: usize| -> Result<f64> { Ok(fields.get(index).context("no such field")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) / TICKS_A_SECOND)
}
