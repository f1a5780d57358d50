//! The log: one JSON object a line, one line a request, and never a value of an argument.

use anyhow::{Context, Result};
use http::Method;
use rota_tests::http::{Call, send_bytes};
use serde_json::{Value, json};

use super::stage::{FUNCTIONS, Stage};
use super::waiting::until;

const ALL: (&str, &str) = ("ROTA_REQUEST_LOG", "all");

async fn requests(stage: &Stage, count: usize) -> Result<Vec<Value>> {
    let lines = || -> Result<Vec<Value>> {
        Ok(stage.proxy.log()?.into_iter().filter(|line| line["target"] == "rota::request").collect())
    };
    until("every request has its line", async || Ok(lines()?.len() >= count)).await?;
    lines()
}

#[tokio::test]
async fn every_line_is_json_and_every_request_is_one_of_them() -> Result<()> {
    let stage = Stage::with_settings(FUNCTIONS, &[ALL]).await?;
    // The stage asks whether the proxy is ready, and those lines may still come: ours carry our trace.
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let targets = ["/backend", "/nap?seconds=x", "/nowhere", "/backend?x=1", "/nap?seconds=0"];
    for target in targets {
        let call =
            Call::new(Method::GET, target).header("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"));
        stage.proxy.send(&call).await?;
    }
    // What is no request has no headers to carry a trace.
    send_bytes(stage.proxy.address(), b"nonsense\r\n\r\n").await?;
    let is_ours =
        |line: &Value| line["trace_id"] == trace || (line["path"] == "none" && line["status"] == 400);
    let mut new = Vec::new();
    until("every request has its line", async || {
        new = requests(&stage, 1).await?.into_iter().filter(is_ours).collect();
        Ok(new.len() > targets.len())
    })
    .await?;
    let mut told: Vec<(&str, u64)> = new
        .iter()
        .map(|line| (line["path"].as_str().unwrap_or(""), line["status"].as_u64().unwrap_or(0)))
        .collect();
    // A line is written behind its answer, so those of two connections come in either order.
    told.sort_unstable();
    assert_eq!(
        told,
        [("/backend", 200), ("/backend", 400), ("/nap", 200), ("/nap", 400), ("none", 400), ("none", 404)]
    );
    for line in &new {
        assert!(line["method"].is_string() && line["duration_us"].is_u64(), "{line}");
        assert!(line["trace_id"].as_str().is_some_and(|id| id.len() == 32), "{line}");
        for phase in ["validate_us", "pool_us", "call_us", "encode_us"] {
            assert!(line["status"] != 200 || line[phase].is_u64(), "{phase} of {line}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn by_itself_only_what_failed_is_logged() -> Result<()> {
    let sql = format!("{FUNCTIONS}{}", super::problems::FAIL);
    let stage = Stage::new(&sql).await?;
    for target in ["/backend", "/nowhere", "/fail?state=22023", "/fail?state=XX000"] {
        stage.proxy.get(target).await?;
    }
    // Before it had its endpoints, it failed too.
    until("the failure is logged", async || {
        Ok(requests(&stage, 1).await?.iter().any(|line| line["status"] == 500))
    })
    .await?;
    let statuses: Vec<u64> =
        requests(&stage, 1).await?.iter().filter_map(|line| line["status"].as_u64()).collect();
    assert!(statuses.contains(&500) && statuses.iter().all(|status| *status >= 500), "{statuses:?}");
    Ok(())
}

#[tokio::test]
async fn the_callers_trace_is_continued_in_the_log() -> Result<()> {
    let stage = Stage::with_settings(FUNCTIONS, &[ALL]).await?;
    let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let call = Call::new(Method::GET, "/backend").header("traceparent", &format!("00-{trace}-{span}-01"));
    stage.proxy.send(&call).await?;
    let call = Call::new(Method::GET, "/backend").header("traceparent", "00-nonsense");
    stage.proxy.send(&call).await?;
    until("the trace is logged", async || {
        Ok(stage.proxy.log()?.iter().any(|line| line["trace_id"] == trace && line["parent_span_id"] == span))
    })
    .await
}

/// Refuses with its argument in every part of the error that a function can write.
const TELLTALE: &str = "
    CREATE TABLE kept (value text PRIMARY KEY);
    CREATE FUNCTION telltale(value text, how text DEFAULT 'fine') RETURNS json VOLATILE LANGUAGE plpgsql AS $$
    BEGIN
        IF how = 'insert' THEN
            INSERT INTO kept VALUES (telltale.value), (telltale.value);
        ELSIF how = 'cast' THEN
            RETURN to_json(telltale.value::integer);
        ELSIF how = 'sleep' THEN
            PERFORM pg_sleep(600);
        ELSIF how <> 'fine' THEN
            RAISE EXCEPTION USING ERRCODE = how, MESSAGE = format('value \"%s\" is wrong', value),
                HINT = value, DETAIL = value, COLUMN = 'value';
        END IF;
        RETURN to_json(value);
    END $$;
    SELECT rota.expose('telltale'::regproc, 'POST', '/telltale', statement_timeout_ms => 300, slow_ms => 0);
    CREATE FUNCTION number(value integer) RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(value)';
    SELECT rota.expose('number'::regproc, 'GET', '/numbers/{value}', slow_ms => 0);";

#[tokio::test]
async fn no_value_of_an_argument_is_in_any_log_or_record() -> Result<()> {
    const MARKER: &str = "marker-5f3759df";
    let settings = [ALL, ("ROTA_SLOW_FLUSH_MS", "20"), ("ROTA_LOG_FILTER", "debug,rota_proxy=trace")];
    let stage = Stage::with_settings(TELLTALE, &settings).await?;
    for how in [
        "fine", "insert", "cast", "sleep", "22023", "23505", "23514", "P0002", "55000", "P0001", "XX000",
        "ZZZZZ", "42P01",
    ] {
        stage.proxy.post("/telltale", &json!({"value": MARKER, "how": how})).await?;
    }
    let given_wrong = [
        format!("/numbers/{MARKER}"),
        format!("/numbers/1?{MARKER}=1"),
        format!("/numbers/1?value={MARKER}"),
        format!("/{MARKER}"),
        format!("/numbers/%zz{MARKER}"),
    ];
    for target in &given_wrong {
        stage.proxy.get(target).await?;
    }
    stage.proxy.post("/telltale", &json!({"value": [MARKER]})).await?;
    stage.proxy.get("/numbers/4711").await?;
    let recorded = "SELECT count(*) FROM rota.slow_calls WHERE path = '/numbers/{value}'";
    until("the last call is recorded", async || Ok(stage.session.text(recorded).await? == "1")).await?;

    let records = stage.session.text("SELECT json_agg(s)::text FROM rota.slow_calls AS s").await?;
    assert!(records.contains("\"value\"") && records.contains("57014"), "{records}");
    let log: Vec<String> = stage.proxy.log()?.iter().map(ToString::to_string).collect();
    let telling: Vec<&String> = log.iter().filter(|line| line.contains(MARKER)).collect();
    assert!(telling.is_empty(), "{telling:#?}");
    for value in [MARKER, "4711"] {
        assert!(!records.contains(value), "{records}");
    }
    Ok(())
}

#[tokio::test]
async fn a_log_for_people_is_no_json_and_tells_the_same() -> Result<()> {
    let mut stage = Stage::with_settings(FUNCTIONS, &[ALL, ("ROTA_LOG_FORMAT", "human")]).await?;
    stage.proxy.get("/backend").await?;
    until("the request is told", async || {
        let log = stage.proxy.process().log();
        Ok(log.lines().any(|line| line.contains("/backend") && serde_json::from_str::<Value>(line).is_err()))
    })
    .await
}

#[tokio::test]
async fn the_log_says_where_it_serves_and_when_it_stops() -> Result<()> {
    let mut stage = Stage::new(FUNCTIONS).await?;
    let address = stage.proxy.address().to_string();
    stage.proxy.process().ask_to_stop()?;
    until("it ends", async || Ok(stage.proxy.process().exit_status()?.is_some())).await?;
    let log = stage.proxy.log()?;
    let begun = log.iter().find(|line| line["listen"] == address.as_str()).context("no start in the log")?;
    assert!(begun["timestamp"].is_string(), "{begun}");
    assert!(log.iter().any(|line| line["signal"] == "SIGTERM"), "{log:?}");
    Ok(())
}
