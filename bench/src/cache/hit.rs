//! Hits: throughput against nginx, and the slow end at a part of their own maximum.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rota_harness::program;

use super::nginx::Nginx;
use crate::fixture::Fixture;
use crate::http::Connection;
use crate::quantile::median;
use crate::rate::rate;
use crate::report::{Line, Report};

/// Connections of the load generator.
const CONNECTIONS: &str = "32";
/// Length of one round of either side, in seconds.
const ROUND_SECONDS: &str = "6";
/// Rounds of each side, in turn.
const ROUNDS: usize = 5;
/// The part of the maximum at which the slow end is measured.
const SHARE: f64 = 0.7;
/// Connections that pause: enough for pauses of several milliseconds, which are what can be timed.
const PACED_CONNECTIONS: f64 = 256.0;

/// Measures hits.
pub(super) async fn measure(fixture: &Fixture, report: &mut Report) -> Result<()> {
    let proxy = fixture.proxy()?;
    let mut connection = Connection::open(proxy.listen()).await?;
    let body = connection.get("/pages/1").await?.to_vec();
    ensure!((6_000..8_000).contains(&body.len()), "the page has {} bytes", body.len());
    let nginx = Nginx::start(fixture.folder(), &body).await?;
    let url = format!("http://{}/pages/1", proxy.listen());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        theirs.push(rate(&wrk(&nginx.url(), &[])?, "Requests/sec:")?);
        ours.push(rate(&wrk(&url, &[])?, "Requests/sec:")?);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    report.add(Line {
        name: format!("hit of {} bytes / nginx, the same bytes, {CONNECTIONS} connections", body.len()),
        ratio: format!("{:.2}x", ours / theirs),
        bar: "at least 0.65x, aim 0.9x".into(),
        holds: Some(ours / theirs >= 0.65),
        absolute: format!("{ours:.0} requests/s against {theirs:.0}"),
    });
    let ours = slow_end(fixture, &url, ours)?;
    let theirs = slow_end(fixture, &nginx.url(), theirs)?;
    report.add(Line {
        name: format!("hit, p99 at {:.0} % of its own maximum / nginx the same", ours.share * 100.0),
        ratio: format!("{:.2}x", ours.tail_us / theirs.tail_us),
        bar: "under 1 ms, aim 0.5 ms".into(),
        holds: Some(ours.tail_us < 1000.0),
        absolute: format!("{:.0} µs against {:.0} µs", ours.tail_us, theirs.tail_us),
    });
    Ok(())
}

/// How slow the slowest hundredth is.
struct SlowEnd {
    /// The part of the maximum that was reached.
    share: f64,
    tail_us: f64,
}

/// Requests spread over connections that pause, so that together they ask for a part of what is possible.
fn slow_end(fixture: &Fixture, url: &str, most: f64) -> Result<SlowEnd> {
    let wanted = most * SHARE;
    // A pause ends later than it should, and a request takes its time too: the first try says how much.
    let first = paced(fixture, url, PACED_CONNECTIONS / wanted * 1000.0)?;
    let late_ms = PACED_CONNECTIONS * (1.0 / rate(&first, "Requests/sec:")? - 1.0 / wanted) * 1000.0;
    let answer = paced(fixture, url, (PACED_CONNECTIONS / wanted * 1000.0 - late_ms).max(0.0))?;
    let tail = answer
        .lines()
        .find_map(|line| line.trim().strip_prefix("99%"))
        .with_context(|| format!("no 99 % in:\n{answer}"))?
        .trim();
    Ok(SlowEnd { share: rate(&answer, "Requests/sec:")? / most, tail_us: microseconds(tail)? })
}

/// A run whose connections pause between two requests.
fn paced(fixture: &Fixture, url: &str, pause_ms: f64) -> Result<String> {
    let script = fixture.folder().join("paced.lua");
    // Whole milliseconds are what it can pause for: a mixture has the wanted mean.
    fs::write(
        &script,
        format!(
            "local pause = {pause_ms}
             function delay()
                 local whole = math.floor(pause)
                 if math.random() < pause - whole then return whole + 1 end
                 return whole
             end\n"
        ),
    )?;
    let script = script.to_str().context("the folder's name is not UTF-8")?;
    wrk(url, &["--latency", "-c", &PACED_CONNECTIONS.to_string(), "-s", script])
}

fn wrk(url: &str, further: &[&str]) -> Result<String> {
    let mut wrk = Command::new("wrk");
    wrk.args(["-t", "2", "-c", CONNECTIONS, "-d", ROUND_SECONDS]).args(further).arg(url);
    let answer = program::output_of(&mut wrk)?;
    ensure!(!answer.contains("Non-2xx"), "some requests were refused:\n{answer}");
    Ok(answer)
}

/// Microseconds of a time as wrk writes it.
fn microseconds(text: &str) -> Result<f64> {
    let (number, factor) = match text {
        text if text.ends_with("us") => (text.trim_end_matches("us"), 1.0),
        text if text.ends_with("ms") => (text.trim_end_matches("ms"), 1e3),
        text => (text.trim_end_matches('s'), 1e6),
    };
    Ok(number.parse::<f64>().with_context(|| format!("no time: {text}"))? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_all_their_units() {
        assert_eq!(microseconds("412.00us").unwrap(), 412.0);
        assert_eq!(microseconds("1.25ms").unwrap(), 1250.0);
        assert_eq!(microseconds("2.00s").unwrap(), 2_000_000.0);
        assert!(microseconds("soon").is_err());
    }
}
