//! /ready says what is missing.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::proxy::Proxy;
use serde_json::Value;

use super::stage::{FUNCTIONS, Stage, serves};
use super::waiting::until;

async fn ready(proxy: &Proxy) -> Result<(u16, Value)> {
    let answer = proxy.admin("/ready").await?;
    Ok((answer.status.as_u16(), answer.json()?))
}

#[tokio::test]
async fn a_migrated_database_is_ready_and_tells_its_levels() -> Result<()> {
    let database = Database::migrated().await?;
    let proxy = Proxy::on(&database).await?;
    serves(&proxy).await?;
    let (status, body) = ready(&proxy).await?;
    assert_eq!(
        (status, &body["ready"], &body["missing"]),
        (200, &true.into(), &Value::Array(vec![])),
        "{body}"
    );
    assert!(body["endpoints"].as_u64().is_some_and(|count| count > 0), "{body}");
    assert!(body["imports"].as_u64().is_some_and(|count| count > 0), "{body}");
    assert_eq!(body["database"]["migration"]["found"], body["database"]["migration"]["expected"], "{body}");
    Ok(())
}

#[tokio::test]
async fn a_database_without_the_extension_is_told_as_such() -> Result<()> {
    let database = Database::empty().await?;
    let proxy = Proxy::on(&database).await?;
    let (status, body) = ready(&proxy).await?;
    assert_eq!((status, &body["database_reachable"]), (503, &true.into()), "{body}");
    assert!(body["missing"].to_string().contains("extension rota"), "{body}");
    let answer = proxy.get("/anything").await?;
    assert_eq!(answer.status, 503);
    Ok(())
}

#[tokio::test]
async fn migrations_that_are_behind_are_named() -> Result<()> {
    let stage = Stage::new(FUNCTIONS).await?;
    let (status, body) = ready(&stage.proxy).await?;
    assert_eq!((status, &body["database_reachable"]), (503, &true.into()), "{body}");
    assert!(!body["missing"].to_string().contains("extension rota"), "{body}");
    assert!(body["missing"].to_string().contains("V1__"), "{body}");
    // Not being at the level keeps a balancer away; it does not keep an endpoint from answering.
    assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_database_without_endpoints_is_not_ready() -> Result<()> {
    let stage = Stage::new(FUNCTIONS).await?;
    stage.session.batch_execute("SELECT rota.conceal_schema('public')").await?;
    until("the lack of endpoints is told", async || {
        Ok(ready(&stage.proxy).await?.1["missing"].to_string().contains("no endpoint"))
    })
    .await
}

#[tokio::test]
async fn a_full_pool_does_not_pass_for_an_absent_database() -> Result<()> {
    let stage = Stage::with_settings(FUNCTIONS, &[("ROTA_POOL_SIZE", "1")]).await?;
    stage.close_gate().await?;
    let waiting = stage.ask("/gate");
    stage.runs(1).await?;
    assert_eq!(ready(&stage.proxy).await?.1["database_reachable"], true);
    stage.open_gate().await?;
    assert_eq!(waiting.await??.status, 200);
    Ok(())
}

#[tokio::test]
async fn the_two_addresses_share_no_path() -> Result<()> {
    let stage = Stage::new(FUNCTIONS).await?;
    for target in ["/live", "/ready", "/metrics"] {
        assert_eq!(stage.proxy.get(target).await?.status, 404, "{target}");
    }
    for target in ["/backend", "/openapi.json", "/"] {
        assert_eq!(stage.proxy.admin(target).await?.status, 404, "{target}");
    }
    let call = rota_tests::http::Call::new(http::Method::POST, "/live");
    let answer = rota_tests::http::send(stage.proxy.admin_address(), &call).await?;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("GET, HEAD")));
    Ok(())
}
