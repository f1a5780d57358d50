//! Slow queries, as an operator sees them.

use anyhow::Result;
use serde_json::json;

use super::service::{Service, items};

#[tokio::test]
async fn a_slow_call_is_listed_with_the_names_of_its_arguments_and_never_their_values() -> Result<()> {
    let settings = [("ROTA_SLOW_THRESHOLD_MS", "0"), ("ROTA_SLOW_FLUSH_MS", "10")];
    let service = Service::with_settings(&settings).await?;
    service.read("/api/employees?search=Secret%20Name&page_size=7").await?;
    let session = service.session().await?;
    let arrived = "SELECT count(*) FROM rota.slow_calls WHERE path = '/api/employees'";
    while session.text(arrived).await? == "0" {
        tokio::task::yield_now().await;
    }
    let slow = service.read("/api/slow-queries?path=/api/employees").await?;
    let call = &items(&slow)?[0];
    assert_eq!((&call["method"], &call["function"]), (&json!("GET"), &json!("api.employees")), "{call}");
    assert_eq!(call["arguments"], json!(["search", "page_size"]));
    assert!(!slow.to_string().contains("Secret"));
    assert_eq!((&slow["by_endpoint"][0]["calls"], &slow["by_endpoint"][0]["failed"]), (&json!(1), &json!(0)));
    Ok(())
}

#[tokio::test]
async fn slow_calls_are_summed_up_by_endpoint_and_filtered() -> Result<()> {
    let service = Service::start().await?;
    let session = service.session().await?;
    session
        .batch_execute(
            r#"SELECT rota.record_slow_calls('[
                {"at": "2026-10-05T10:00:00Z", "method": "GET", "path": "/api/one", "function": "api.one",
                 "duration_ms": 600, "pool_wait_ms": 1, "arguments": ["a"]},
                {"at": "2026-10-05T11:00:00Z", "method": "GET", "path": "/api/one", "function": "api.one",
                 "duration_ms": 1000, "pool_wait_ms": 30, "sqlstate": "57014"},
                {"at": "2026-10-05T12:00:00Z", "method": "POST", "path": "/api/two", "function": "api.two",
                 "duration_ms": 700, "pool_wait_ms": 0}
            ]')"#,
        )
        .await?;
    let all = service.read("/api/slow-queries").await?;
    let durations: Vec<_> = items(&all)?.iter().map(|call| call["duration_ms"].as_f64()).collect();
    assert_eq!(durations, [Some(700.0), Some(1000.0), Some(600.0)], "newest first");
    let worst = &all["by_endpoint"][0];
    assert_eq!(
        (&worst["path"], &worst["calls"], &worst["failed"]),
        (&json!("/api/one"), &json!(2), &json!(1))
    );
    assert_eq!((worst["mean_ms"].as_f64(), worst["max_pool_wait_ms"].as_f64()), (Some(800.0), Some(30.0)));

    let count = async |query: &str| -> Result<usize> {
        Ok(items(&service.read(&format!("/api/slow-queries?{query}")).await?)?.len())
    };
    assert_eq!(count("minimum_ms=650").await?, 2);
    assert_eq!(count("path=/api/two").await?, 1);
    assert_eq!(count("since=2026-10-05T11:00:00Z").await?, 2);
    assert_eq!(count("limit=1").await?, 1);
    Ok(())
}
