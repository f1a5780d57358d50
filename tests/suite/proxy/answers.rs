//! Answers as such: status, headers that tell of time and load, and what has no answer.

use anyhow::{Context, Result};
use http::Method;
use rota_tests::http::{Call, Connection};
use serde_json::json;

use super::stage::{FUNCTIONS, Stage};

const DESK: &str = "
    CREATE FUNCTION find(key bigint DEFAULT NULL) RETURNS json STABLE LANGUAGE sql
        AS 'SELECT CASE WHEN key = 1 THEN ''{\"key\":1}''::json END';
    CREATE FUNCTION change(key bigint DEFAULT NULL) RETURNS json VOLATILE LANGUAGE sql
        AS 'SELECT ''{\"changed\":true}''::json';
    SELECT rota.expose('find'::regproc, 'GET', '/things/{key}');
    SELECT rota.expose('change'::regproc, 'PATCH', '/things/{key}');
    SELECT rota.expose('change'::regproc, 'POST', '/things', success_status => 201);
    SELECT rota.expose('change'::regproc, 'DELETE', '/things/{key}', success_status => 204);";

#[tokio::test]
async fn every_answer_tells_its_time_its_parts_and_the_use_of_the_pool() -> Result<()> {
    let stage = Stage::new(DESK).await?;
    for (target, phases) in
        [("/things/1", &["validate", "pool", "db", "encode"][..]), ("/things/2", &["db"]), ("/nowhere", &[])]
    {
        let answer = stage.proxy.get(target).await?;
        let time = answer.header("x-response-time").context("no X-Response-Time")?;
        let milliseconds: f64 = time.strip_suffix("ms").context("no milliseconds")?.parse()?;
        assert!(milliseconds > 0.0, "{time}");
        let used: f64 = answer.header("x-db-pool-utilization").context("no utilisation")?.parse()?;
        assert!((0.0..=1.0).contains(&used), "{used}");
        let timing = answer.header("server-timing").unwrap_or_default();
        for phase in phases {
            let part = timing.split(", ").find_map(|part| part.strip_prefix(&format!("{phase};dur=")));
            let duration: f64 = part.with_context(|| format!("no {phase} in {timing}"))?.parse()?;
            assert!((0.0..=milliseconds).contains(&duration), "{phase} of {timing} in {time}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_pool_in_use_shows_in_the_answers_of_others() -> Result<()> {
    let stage = Stage::with_settings(FUNCTIONS, &[("ROTA_POOL_SIZE", "2")]).await?;
    stage.close_gate().await?;
    let waiting = stage.ask("/gate");
    stage.runs(1).await?;
    let answer = stage.proxy.get("/nowhere").await?;
    assert_eq!(answer.header("x-db-pool-utilization"), Some("0.50"));
    stage.open_gate().await?;
    assert_eq!(waiting.await??.status, 200);
    Ok(())
}

#[tokio::test]
async fn an_unknown_path_is_404_and_says_where_to_look() -> Result<()> {
    let stage = Stage::new(DESK).await?;
    for target in
        ["/", "/thing", "/things/", "/things/1/2", "//things", "/things/1/", "/THINGS", "/%2e%2e/things"]
    {
        let answer = stage.proxy.get(target).await?;
        assert_eq!(answer.status, 404, "{target}: {}", answer.text());
        let problem = answer.json()?;
        assert_eq!(problem["type"], "urn:rota:problem:unknown-path", "{target}");
        assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("/openapi.json")));
    }
    Ok(())
}

#[tokio::test]
async fn a_method_that_a_path_lacks_is_405_with_those_it_has() -> Result<()> {
    let stage = Stage::new(DESK).await?;
    for method in ["PUT", "POST", "TRACE", "PURGE"] {
        let answer = stage.proxy.send(&Call::new(method.parse()?, "/things/1")).await?;
        assert_eq!(answer.status, 405, "{method}: {}", answer.text());
        assert_eq!(answer.header("allow"), Some("DELETE, GET, HEAD, OPTIONS, PATCH"), "{method}");
    }
    let answer = stage.proxy.get("/things").await?;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("OPTIONS, POST")));
    Ok(())
}

#[tokio::test]
async fn options_lists_the_methods_and_has_no_body() -> Result<()> {
    let stage = Stage::new(DESK).await?;
    let answer = stage.proxy.send(&Call::new(Method::OPTIONS, "/things/1")).await?;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("allow"), Some("DELETE, GET, HEAD, OPTIONS, PATCH"));
    assert!(answer.body.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_function_that_finds_nothing_is_404() -> Result<()> {
    let stage = Stage::new(DESK).await?;
    let answer = stage.proxy.get("/things/2").await?;
    assert_eq!(answer.status, 404);
    let problem = answer.json()?;
    assert_eq!(problem["type"], "urn:rota:problem:nothing-found");
    assert_eq!(problem.get("code"), None, "the server refused nothing");
    Ok(())
}

#[tokio::test]
async fn the_declared_status_is_answered_and_204_ends_after_its_head() -> Result<()> {
    let stage = Stage::new(DESK).await?;
    assert_eq!(stage.proxy.post("/things", &json!({})).await?.status, 201);
    let mut connection = Connection::open(stage.proxy.address()).await?;
    for _ in 0..3 {
        let answer = connection.send(&Call::new(Method::DELETE, "/things/1")).await?;
        assert_eq!(answer.status, 204);
        assert!(answer.body.is_empty());
        // A body behind it would be read as the head of this one.
        assert_eq!(connection.send(&Call::new(Method::GET, "/things/1")).await?.status, 200);
    }
    Ok(())
}

#[tokio::test]
async fn the_functions_json_is_passed_on_byte_by_byte() -> Result<()> {
    let stage = Stage::new(
        r#"CREATE FUNCTION raw() RETURNS json IMMUTABLE LANGUAGE sql
            AS 'SELECT ''{ "b" : 1.00, "a":"\u00e4" , "b":1e400 }''::json';
        CREATE FUNCTION binary() RETURNS jsonb IMMUTABLE LANGUAGE sql AS 'SELECT ''{"b":1, "a": 2}''::jsonb';
        SELECT rota.expose('raw'::regproc, 'GET', '/raw');
        SELECT rota.expose('binary'::regproc, 'GET', '/binary');"#,
    )
    .await?;
    let answer = stage.proxy.get("/raw").await?;
    assert_eq!(answer.text(), r#"{ "b" : 1.00, "a":"\u00e4" , "b":1e400 }"#);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(stage.proxy.get("/binary").await?.text(), r#"{"a": 2, "b": 1}"#);
    Ok(())
}
