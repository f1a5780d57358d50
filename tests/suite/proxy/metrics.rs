//! `/metrics`: what is known starts at zero, and every request is counted once.

use anyhow::{Context, Result};
use rota_tests::proxy::Proxy;
use serde_json::json;

use super::samples::samples;
use super::stage::{FUNCTIONS, Stage};
use super::waiting::until;

/// Series whose labels are known before anything happens.
const KNOWN: [(&str, &str, &[&str]); 11] = [
    ("rota_http_problems_total", "kind", &["internal", "overloaded", "unavailable", "invalid-arguments"]),
    ("rota_http_response_bytes_total", "coding", &["identity", "gzip", "br", "zstd"]),
    ("rota_pool_closed_total", "reason", &["lost", "age", "idle", "doubt", "ping"]),
    ("rota_pool_failures_total", "reason", &["wait_timeout", "connect_timeout", "connect"]),
    ("rota_pool_waiting", "lane", &["interactive", "batch"]),
    ("rota_pool_retries_total", "code", &["40001", "40P01"]),
    ("rota_prepared_statements_total", "outcome", &["hit", "miss"]),
    ("rota_database_errors_total", "class", &["08", "22", "23", "40", "53", "57", "58", "XX", "other"]),
    ("rota_catalog_reads_total", "outcome", &["read", "failed"]),
    ("rota_import_rows_total", "outcome", &["inserted", "updated", "unchanged", "refused"]),
    ("rota_imports_total", "outcome", &["done", "failed"]),
];

#[tokio::test]
async fn known_series_start_at_zero() -> Result<()> {
    let proxy = Proxy::with_url("postgres://nobody@127.0.0.1:1/none", &[]).await?;
    let metrics = samples(&proxy).await?;
    for (name, label, values) in KNOWN {
        for value in values {
            let shown =
                metrics.value(name, &[(label, value)]).with_context(|| format!("{name} of {value}"))?;
            // Attempts to reach a database that is not there count already.
            assert!(shown == 0.0 || *value == "failed", "{name} of {value}: {shown}");
        }
    }
    for status in ["2xx", "3xx", "4xx", "5xx"] {
        let labels = [("method", "none"), ("path", "none"), ("status", status)];
        assert_eq!(metrics.value("rota_http_requests_total", &labels), Some(0.0), "{status}");
    }
    for name in ["rota_http_abandoned_total", "rota_slow_calls_dropped_total", "rota_http_rate_limited_total"]
    {
        assert_eq!(metrics.value(name, &[]), Some(0.0), "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn an_endpoint_has_its_series_before_its_first_request() -> Result<()> {
    let stage = Stage::new(FUNCTIONS).await?;
    let metrics = samples(&stage.proxy).await?;
    let endpoint = [("method", "GET"), ("path", "/backend")];
    for status in ["2xx", "3xx", "4xx", "5xx"] {
        let labels = [&endpoint[..], &[("status", status)]].concat();
        assert_eq!(metrics.value("rota_http_requests_total", &labels), Some(0.0), "{status}");
    }
    assert_eq!(metrics.value("rota_http_request_duration_seconds_count", &endpoint), Some(0.0));
    let borrower = [&endpoint[..], &[("lane", "interactive")]].concat();
    for name in ["rota_pool_wait_seconds_count", "rota_pool_use_seconds_count"] {
        assert_eq!(metrics.value(name, &borrower), Some(0.0), "{name}");
    }
    assert_eq!(metrics.value("rota_slow_calls_total", &endpoint), Some(0.0));
    assert_eq!(metrics.value("rota_catalog_endpoints", &[]), Some(3.0));
    assert_eq!(metrics.value("rota_catalog_listening", &[]), Some(1.0));
    Ok(())
}

#[tokio::test]
async fn every_request_is_counted_once_under_its_endpoint_and_class() -> Result<()> {
    let sql = format!("{FUNCTIONS}{}", super::problems::FAIL);
    let stage = Stage::new(&sql).await?;
    let before = samples(&stage.proxy).await?;
    let calls = [
        ("/backend", "/backend", "2xx", 3),
        ("/backend?x=1", "/backend", "4xx", 2),
        ("/fail?state=23505", "/fail", "4xx", 1),
        ("/fail?state=XX000", "/fail", "5xx", 2),
    ];
    for (target, _, _, count) in calls {
        for _ in 0..count {
            stage.proxy.get(target).await?;
        }
    }
    // A request is counted once its answer is written, which its caller may have read before.
    until("all requests are counted", async || {
        let metrics = samples(&stage.proxy).await?;
        Ok(calls.iter().all(|&(_, path, status, count)| {
            let labels = [("method", "GET"), ("path", path), ("status", status)];
            metrics.value("rota_http_requests_total", &labels) >= Some(f64::from(count))
        }))
    })
    .await?;
    let metrics = samples(&stage.proxy).await?;
    for (_, path, status, count) in calls {
        let labels = [("method", "GET"), ("path", path), ("status", status)];
        assert_eq!(
            metrics.value("rota_http_requests_total", &labels),
            Some(f64::from(count)),
            "{path} {status}"
        );
    }
    let endpoint = [("method", "GET"), ("path", "/backend")];
    assert_eq!(metrics.value("rota_http_request_duration_seconds_count", &endpoint), Some(5.0));
    let borrower = [&endpoint[..], &[("lane", "interactive")]].concat();
    for name in ["rota_pool_wait_seconds_count", "rota_pool_use_seconds_count"] {
        assert_eq!(metrics.value(name, &borrower), Some(3.0), "{name}: refused arguments take no connection");
    }
    let risen = |name: &str, label: (&str, &str)| {
        Some(metrics.value(name, &[label])? - before.value(name, &[label])?)
    };
    assert_eq!(risen("rota_http_problems_total", ("kind", "invalid-arguments")), Some(2.0));
    assert_eq!(risen("rota_http_problems_total", ("kind", "conflict")), Some(1.0));
    assert_eq!(risen("rota_http_problems_total", ("kind", "internal")), Some(2.0));
    assert_eq!(risen("rota_database_errors_total", ("class", "23")), Some(1.0));
    assert_eq!(risen("rota_database_errors_total", ("class", "XX")), Some(2.0));
    Ok(())
}

#[tokio::test]
async fn what_callers_invent_makes_no_new_series() -> Result<()> {
    let stage = Stage::new(FUNCTIONS).await?;
    for number in 0..20 {
        stage.proxy.get(&format!("/invented/{number}")).await?;
        stage.proxy.send(&rota_tests::http::Call::new(format!("X{number}").parse()?, "/backend")).await?;
        stage.proxy.post(&format!("/invented/{number}"), &json!({})).await?;
    }
    let metrics = samples(&stage.proxy).await?;
    let paths = metrics.label_values("rota_http_requests_total", "path");
    assert_eq!(paths.into_iter().collect::<Vec<_>>(), ["/backend", "/gate", "/nap", "none"]);
    let methods = metrics.label_values("rota_http_requests_total", "method");
    assert_eq!(methods.into_iter().collect::<Vec<_>>(), ["GET", "none"]);
    Ok(())
}

#[tokio::test]
async fn prepared_statements_are_counted_as_hit_or_miss() -> Result<()> {
    let stage = Stage::with_settings(FUNCTIONS, &[("ROTA_POOL_SIZE", "1")]).await?;
    for _ in 0..5 {
        stage.proxy.get("/backend").await?;
    }
    let metrics = samples(&stage.proxy).await?;
    let count = |outcome| metrics.value("rota_prepared_statements_total", &[("outcome", outcome)]);
    assert_eq!((count("miss"), count("hit")), (Some(1.0), Some(4.0)));
    assert_eq!(metrics.value("rota_pool_opened_total", &[]), Some(1.0));
    Ok(())
}
