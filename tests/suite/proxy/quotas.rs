//! Quotas of clients: told in headers, refused with 429, one client never at the cost of another.

use anyhow::{Context, Result};
use http::Method;
use rota_tests::http::{Call, Connection, Response};

use super::samples::samples;
use super::stage::{FUNCTIONS, Stage};

/// So many that the stage's own looks, which share one quota, do not use it up.
const REQUESTS: u32 = 200;

async fn stage() -> Result<Stage> {
    let requests = REQUESTS.to_string();
    let settings = [
        ("ROTA_RATE_LIMIT_REQUESTS", requests.as_str()),
        ("ROTA_RATE_LIMIT_WINDOW_MS", "86400000"),
        ("ROTA_RATE_LIMIT_HEADER", "x-api-key"),
    ];
    Stage::with_settings(FUNCTIONS, &settings).await
}

fn of(client: &str) -> Call {
    Call::new(Method::GET, "/backend").header("X-Api-Key", client)
}

/// The number behind `name=` in a structured field.
fn field(answer: &Response, header: &str, name: &str) -> Result<u64> {
    let value = answer.header(header).with_context(|| format!("no {header}"))?;
    let parameter = value.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    Ok(parameter.with_context(|| format!("no {name} in {value}"))?.parse()?)
}

#[tokio::test]
async fn a_client_is_told_what_is_left_and_refused_when_nothing_is() -> Result<()> {
    let stage = stage().await?;
    let mut connection = Connection::open(stage.proxy.address()).await?;
    for used in 1..=REQUESTS {
        let answer = connection.send(&of("one")).await?;
        assert_eq!(answer.status, 200, "{used}: {}", answer.text());
        assert_eq!(answer.header("ratelimit-policy"), Some("\"client\";q=200;w=86400"));
        assert_eq!(field(&answer, "ratelimit", "r")?, u64::from(REQUESTS - used), "{used}");
    }
    let refused = connection.send(&of("one")).await?;
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert_eq!(refused.json()?["type"], "urn:rota:problem:rate-limited");
    assert_eq!(field(&refused, "ratelimit", "r")?, 0);
    let pause: u64 = refused.header("retry-after").context("no Retry-After")?.parse()?;
    // One request's share of a day.
    assert!((1..=432).contains(&pause), "{pause}");
    // The connection goes on, and so do others: another name, and those without one.
    assert_eq!(connection.send(&of("two")).await?.status, 200);
    assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    let metrics = samples(&stage.proxy).await?;
    assert_eq!(metrics.value("rota_http_rate_limited_total", &[]), Some(1.0));
    assert_eq!(metrics.value("rota_http_problems_total", &[("kind", "rate-limited")]), Some(1.0));
    Ok(())
}

#[tokio::test]
async fn what_is_refused_or_unknown_counts_too() -> Result<()> {
    let stage = stage().await?;
    let wrong = |target: &str| Call::new(Method::GET, target).header("X-Api-Key", "one");
    for (target, left) in [("/nowhere", 199), ("/nap", 198), ("/backend", 197)] {
        let answer = stage.proxy.send(&wrong(target)).await?;
        assert_eq!(field(&answer, "ratelimit", "r")?, left, "{target}");
    }
    Ok(())
}

#[tokio::test]
async fn without_a_limit_nothing_is_told() -> Result<()> {
    let stage = Stage::new(FUNCTIONS).await?;
    let answer = stage.proxy.get("/backend").await?;
    assert_eq!((answer.header("ratelimit"), answer.header("ratelimit-policy")), (None, None));
    Ok(())
}
