//! One row through the proxy, against pgbench calling the same function with a prepared statement.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;
use rota_harness::environment::Environment;
use rota_harness::program;

use crate::fixture::{Fixture, Organisation};
use crate::http::Connection;
use crate::quantile::{median, quantile};
use crate::rate::rate;
use crate::report::{Line, Report};

/// People to read at random: all in memory, none twice in a row.
const EMPLOYEES: u32 = 500;

/// Connections of both load generators.
const CONNECTIONS: &str = "20";

/// Length of one round of either side.
const ROUND_SECONDS: &str = "8";

/// Rounds of each side, in turn. The median of three ignores one disturbed round.
const ROUNDS: usize = 3;

/// Sequential calls per side for the overhead.
const CALLS: usize = 5000;

/// Measures throughput and overhead.
pub(crate) async fn measure(environment: &Environment, report: &mut Report) -> Result<()> {
    let fixture = Fixture::make(environment, &Organisation { employees: EMPLOYEES, weeks: 1 })?;
    let proxy = fixture.proxy_without_cache()?;
    throughput(&fixture, proxy.listen(), report)?;
    overhead(&fixture, proxy.listen(), report).await
}

fn throughput(fixture: &Fixture, proxy: SocketAddr, report: &mut Report) -> Result<()> {
    let (script, paths) = (fixture.folder().join("one_row.sql"), fixture.folder().join("one_row.lua"));
    fs::write(
        &script,
        format!("\\set id random(1, {EMPLOYEES})\nSELECT api.employee(employee_id => :id);\n"),
    )?;
    fs::write(
        &paths,
        format!(
            "request = function() return wrk.format('GET', '/api/employees/' .. math.random(1, {EMPLOYEES})) end\n"
        ),
    )?;
    let (mut calls, mut requests) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut pgbench = fixture.pgbench()?;
        pgbench
            .args(["-n", "-M", "prepared", "-c", CONNECTIONS, "-j", "2", "-T", ROUND_SECONDS, "-f"])
            .arg(&script);
        calls.push(rate(&program::output_of(&mut pgbench)?, "tps = ")?);
        let mut wrk = Command::new("wrk");
        wrk.args(["-t", "2", "-c", CONNECTIONS, "-d", ROUND_SECONDS, "-s"])
            .arg(&paths)
            .arg(format!("http://{proxy}/"));
        let answer = program::output_of(&mut wrk)?;
        anyhow::ensure!(!answer.contains("Non-2xx"), "the proxy refused some requests:\n{answer}");
        requests.push(rate(&answer, "Requests/sec:")?);
    }
    let (calls, requests) = (median(calls), median(requests));
    report.add(Line {
        name: format!("one-row read through the proxy / pgbench -M prepared, {CONNECTIONS} connections"),
        ratio: format!("{:.2}x", requests / calls),
        bar: "at least 0.5x".into(),
        holds: Some(requests / calls >= 0.5),
        absolute: format!("{requests:.0} requests/s, {calls:.0} calls/s"),
    });
    Ok(())
}

/// One caller, one call after another, both sides in turn, so that neither queues behind itself.
async fn overhead(fixture: &Fixture, proxy: SocketAddr, report: &mut Report) -> Result<()> {
    let session = fixture.session().await?;
    let statement = session.prepare("SELECT api.employee(employee_id => $1)").await?;
    let mut connection = Connection::open(proxy).await?;
    let (mut direct, mut proxied) = (Vec::with_capacity(CALLS), Vec::with_capacity(CALLS));
    let people = (1..=i64::from(EMPLOYEES)).cycle();
    for id in people.take(CALLS) {
        let begun = Instant::now();
        session.query_one(&statement, &[&id]).await?;
        direct.push(begun.elapsed());
        let begun = Instant::now();
        connection.get(&format!("/api/employees/{id}")).await?;
        proxied.push(begun.elapsed());
    }
    let (direct, proxied) = (quantile(&mut direct, 0.5), quantile(&mut proxied, 0.5));
    let overhead = proxied.saturating_sub(direct);
    report.add(Line {
        name: "median overhead of the proxy over the bare query, one caller".into(),
        ratio: format!("{:.2}x", proxied.as_secs_f64() / direct.as_secs_f64()),
        bar: "under 150 µs".into(),
        holds: Some(overhead < Duration::from_micros(150)),
        absolute: format!("{overhead:.0?} = {proxied:.0?} - {direct:.0?}"),
    });
    Ok(())
}
