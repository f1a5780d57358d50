//! Misses: reads that have to go to the database, with everything that the cache does for them.

use std::fs;
use std::process::Command;

use anyhow::{Result, ensure};
use rota_harness::program;

use super::ITEMS;
use crate::fixture::Fixture;
use crate::quantile::median;
use crate::rate::rate;
use crate::report::{Line, Report};

/// Connections of both load generators.
const CONNECTIONS: &str = "20";
/// Length of one round of either side, in seconds.
const ROUND_SECONDS: &str = "6";
/// Rounds of each side, in turn.
const ROUNDS: usize = 5;

/// Measures misses on one row. A caller that names no transaction where one is asked for is never hit, and
/// its answers are stored like any other.
pub(super) async fn measure(fixture: &Fixture, report: &mut Report) -> Result<()> {
    let proxy = fixture.proxy()?;
    let (statement, paths) = (fixture.folder().join("miss.sql"), fixture.folder().join("miss.lua"));
    fs::write(&statement, format!("\\set id random(1, {ITEMS})\nSELECT item(:id);\n"))?;
    fs::write(
        &paths,
        format!(
            "local requests = {{}}
             init = function()
                 local headers = {{ ['Rota-Consistency'] = 'after-token' }}
                 for id = 1, {ITEMS} do requests[id] = wrk.format('GET', '/items/' .. id, headers) end
             end
             request = function() return requests[math.random({ITEMS})] end\n"
        ),
    )?;
    let (mut calls, mut requests) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut pgbench = fixture.pgbench()?;
        pgbench.args(["-n", "-M", "prepared", "-c", CONNECTIONS, "-j", "2", "-T", ROUND_SECONDS, "-f"]);
        calls.push(rate(&program::output_of(pgbench.arg(&statement))?, "tps = ")?);
        let mut wrk = Command::new("wrk");
        wrk.args(["-t", "2", "-c", CONNECTIONS, "-d", ROUND_SECONDS, "-s"]).arg(&paths);
        let answer = program::output_of(wrk.arg(format!("http://{}/", proxy.listen())))?;
        ensure!(!answer.contains("Non-2xx"), "some requests were refused:\n{answer}");
        requests.push(rate(&answer, "Requests/sec:")?);
    }
    let (calls, requests) = (median(calls), median(requests));
    report.add(Line {
        name: format!("miss on one row / pgbench -M prepared, {CONNECTIONS} connections"),
        ratio: format!("{:.2}x", requests / calls),
        bar: "at least 0.5x, aim 0.8x".into(),
        holds: Some(requests / calls >= 0.5),
        absolute: format!("{requests:.0} requests/s, {calls:.0} calls/s"),
    });
    Ok(())
}
