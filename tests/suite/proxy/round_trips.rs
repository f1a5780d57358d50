//! A call is one round trip, counted between proxy and server.

use anyhow::{Context, Result};
use rota_harness::cluster;
use rota_tests::database::Database;
use rota_tests::proxy::Proxy;
use rota_tests::server::shared_port;

use super::relay::Relay;
use super::stage::{FUNCTIONS, serves};
use super::waiting::until;

const MORE: &str = "
    CREATE FUNCTION total(a bigint, b numeric DEFAULT 0, tags text[] DEFAULT NULL) RETURNS json STABLE
        LANGUAGE sql AS 'SELECT to_json(a + b)';
    SELECT rota.expose('total'::regproc, 'GET', '/total/{a}');
    SELECT rota.expose('total'::regproc, 'POST', '/total/{a}');
    CREATE FUNCTION ratio(a numeric, b numeric) RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(a / b)';
    SELECT rota.expose('ratio'::regproc, 'GET', '/ratio');
    SELECT rota.expose('total'::regproc, 'GET', '/hasty/{a}', statement_timeout_ms => 5000);";

/// Sync ends an extended query, Query is a simple one: each is answered by one ReadyForQuery.
const SYNC: char = 'S';
const QUERY: char = 'Q';

async fn behind_relay() -> Result<(Proxy, Relay, Database)> {
    let database = Database::with_extension().await?;
    database.session().await?.batch_execute(&format!("{FUNCTIONS}{MORE}")).await?;
    let relay = Relay::to(shared_port()?).await?;
    // Asking for TLS is a trip of its own, too.
    let url = format!("{}?sslmode=disable", cluster::url(relay.port(), database.name()));
    // Pings after silence are trips of their own, and not of a call.
    let settings = [("ROTA_POOL_SIZE", "1"), ("ROTA_POOL_PING_AFTER_MS", "86400000")];
    let proxy = Proxy::with_url(&url, &settings).await?;
    serves(&proxy).await?;
    Ok((proxy, relay, database))
}

#[tokio::test]
async fn a_warm_call_is_one_round_trip_and_a_cold_one_two() -> Result<()> {
    let (proxy, relay, _database) = behind_relay().await?;
    // The connection itself is opened by the first.
    assert_eq!(proxy.get("/backend").await?.status, 200);
    let body = serde_json::json!({"b": 2, "tags": ["x"]});
    for target in ["/total/1", "/total/1?b=2.5", "/total/1?tags=a&tags=b"] {
        relay.take();
        assert_eq!(proxy.get(target).await?.status, 200);
        let cold = relay.take();
        assert!(cold[&SYNC] <= 2 && !cold.contains_key(&QUERY), "cold {target}: {cold:?}");
        for _ in 0..3 {
            assert_eq!(proxy.get(target).await?.status, 200);
            let warm = relay.take();
            assert_eq!(warm.get(&SYNC), Some(&1), "warm {target}: {warm:?}");
            assert!(!warm.contains_key(&QUERY) && !warm.contains_key(&'P'), "warm {target}: {warm:?}");
        }
    }
    assert_eq!(proxy.post("/total/1", &body).await?.status, 200);
    relay.take();
    assert_eq!(proxy.post("/total/1", &body).await?.status, 200);
    let warm = relay.take();
    assert_eq!((warm.get(&SYNC), warm.get(&QUERY)), (Some(&1), None), "a change: {warm:?}");
    Ok(())
}

#[tokio::test]
async fn a_refused_call_is_one_round_trip_too() -> Result<()> {
    let (proxy, relay, _database) = behind_relay().await?;
    assert_eq!(proxy.get("/ratio?a=1&b=2").await?.status, 200);
    relay.take();
    let answer = proxy.get("/ratio?a=1&b=0").await?;
    assert_eq!((answer.status.as_u16(), answer.json()?["code"].as_str()), (400, Some("22012")));
    let counts = relay.take();
    assert_eq!(counts.get(&SYNC), Some(&1), "{counts:?}");
    Ok(())
}

#[tokio::test]
async fn a_call_with_its_own_timeout_sends_everything_before_it_hears_anything() -> Result<()> {
    let (proxy, relay, _database) = behind_relay().await?;
    assert_eq!(proxy.get("/hasty/1").await?.status, 200);
    relay.take();
    relay.hold();
    let address = proxy.address();
    let call = rota_tests::http::Call::new(http::Method::GET, "/hasty/1");
    let asked = tokio::spawn(async move { rota_tests::http::send(address, &call).await });
    // No answer of the server has come through yet, so all of it flies together.
    until("begin, call and commit are sent", async || Ok(relay.count(QUERY) == 2 && relay.count(SYNC) == 1))
        .await?;
    relay.release();
    let answer = asked.await?.context("no answer")?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    Ok(())
}

#[tokio::test]
async fn what_needs_no_database_asks_none() -> Result<()> {
    let (proxy, relay, _database) = behind_relay().await?;
    assert_eq!(proxy.get("/backend").await?.status, 200);
    relay.take();
    for target in ["/nowhere", "/total/x", "/total/1?c=1", "/openapi.json"] {
        proxy.get(target).await?;
    }
    assert!(relay.take().is_empty());
    Ok(())
}
