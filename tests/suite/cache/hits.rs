//! What a hit answers, and why there is none.

use anyhow::Result;
use http::Method;
use rota_tests::http::Call;

use super::stage::{Stage, get, is_hit, metric, number, until_hit, verdict};

#[tokio::test]
async fn the_second_reader_is_answered_from_memory_with_the_same_answer() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    let first = proxy.get("/counters/1").await?;
    assert_eq!(verdict(&first), "Rota; fwd=miss; stored");
    let second = proxy.get("/counters/1").await?;
    assert_eq!(verdict(&second), "Rota; hit");
    assert_eq!((second.status, &second.body), (first.status, &first.body));
    for name in ["etag", "content-type", "cache-control", "content-length"] {
        assert_eq!(second.header(name), first.header(name), "{name}");
    }
    assert_eq!(verdict(&proxy.get("/counters/2").await?), "Rota; fwd=miss; stored");
    let head = proxy.send(&Call::new(Method::HEAD, "/counters/1")).await?;
    assert_eq!((verdict(&head), head.body.len()), ("Rota; hit", 0));
    Ok(())
}

#[tokio::test]
async fn equal_arguments_written_differently_are_one_question() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    proxy.get("/counters/7").await?;
    for target in ["/counters/%37", "/counters/7", "/counters/+7", "/counters/007"] {
        let answer = proxy.get(target).await?;
        assert!(is_hit(&answer) || answer.status == 400, "{target}: {} {}", answer.status, verdict(&answer));
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_has_the_answer_gets_304_from_memory() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    let first = proxy.get("/counters/1").await?;
    let tag = first.header("etag").unwrap_or_default();
    let again = get(&proxy, "/counters/1", &[("If-None-Match", tag)]).await?;
    assert_eq!((again.status.as_u16(), verdict(&again), again.body.len()), (304, "Rota; hit", 0));
    assert_eq!(again.header("etag"), Some(tag));
    let other = get(&proxy, "/counters/1", &[("If-None-Match", "\"other\"")]).await?;
    assert_eq!((other.status.as_u16(), verdict(&other)), (200, "Rota; hit"));
    Ok(())
}

#[tokio::test]
async fn each_coding_is_made_once_and_all_are_the_same_answer() -> Result<()> {
    let stage = Stage::new().await?;
    stage
        .session
        .batch_execute(
            "CREATE FUNCTION long() RETURNS json STABLE LANGUAGE sql
             BEGIN ATOMIC SELECT json_agg(id + value + n) FROM counters, generate_series(1, 500) AS n; END;
             SELECT rota.expose('long'::regproc, 'GET', '/long');",
        )
        .await?;
    let proxy = stage.proxy().await?;
    let plain = until_hit(&proxy, "/long").await?;
    for (coding, name) in [("gzip", "gzip"), ("br", "br"), ("zstd", "zstd"), ("gzip, br, zstd", "zstd")] {
        for _ in 0..2 {
            let answer = get(&proxy, "/long", &[("Accept-Encoding", coding)]).await?;
            assert_eq!((verdict(&answer), answer.header("content-encoding")), ("Rota; hit", Some(name)));
            assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
            assert_ne!(answer.header("etag"), plain.header("etag"));
            if name == "zstd" {
                assert_eq!(zstd::stream::decode_all(&answer.body[..])?, plain.body);
            }
        }
    }
    assert_eq!(until_hit(&proxy, "/long").await?.body, plain.body);
    Ok(())
}

#[tokio::test]
async fn nothing_found_is_remembered_until_something_is_there() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    assert_eq!(verdict(&proxy.get("/counters/99").await?), "Rota; fwd=miss; stored");
    let answer = proxy.get("/counters/99").await?;
    assert_eq!((answer.status.as_u16(), verdict(&answer)), (404, "Rota; hit"));
    stage.session.batch_execute("BEGIN; INSERT INTO counters VALUES (99, 5)").await?;
    let transaction = stage.session.text("SELECT pg_current_xact_id()").await?;
    stage.session.batch_execute("COMMIT").await?;
    let answer = get(&proxy, "/counters/99", &[("Rota-After", &transaction)]).await?;
    assert_eq!(number(&answer)?, 5);
    Ok(())
}

#[tokio::test]
async fn errors_are_never_remembered() -> Result<()> {
    let stage = Stage::new().await?;
    stage
        .session
        .batch_execute(
            "CREATE FUNCTION fails() RETURNS json STABLE LANGUAGE plpgsql AS $$
             BEGIN
                 IF (SELECT value FROM counters WHERE id = 1) = 0 THEN
                     RAISE EXCEPTION USING ERRCODE = 'P0002', MESSAGE = 'not yet';
                 END IF;
                 RETURN '1';
             END $$;
             SELECT rota.expose('fails'::regproc, 'GET', '/fails', reads => '{counters}');",
        )
        .await?;
    let proxy = stage.proxy().await?;
    for _ in 0..3 {
        let answer = proxy.get("/fails").await?;
        assert_eq!((answer.status.as_u16(), verdict(&answer)), (404, "Rota; fwd=miss"));
    }
    stage.raise(1).await?;
    assert_eq!(number(&proxy.get("/fails").await?)?, 1);
    Ok(())
}

#[tokio::test]
async fn every_answer_says_what_the_cache_did() -> Result<()> {
    let stage = Stage::new().await?;
    stage
        .session
        .batch_execute(
            "CREATE TABLE unwatched (id integer);
             CREATE FUNCTION unwatched() RETURNS json STABLE LANGUAGE sql
             BEGIN ATOMIC SELECT to_json(count(*)) FROM unwatched; END;
             SELECT rota.expose('unwatched'::regproc, 'GET', '/unwatched');",
        )
        .await?;
    let proxy = stage.proxy().await?;
    let answer = proxy.get("/unwatched").await?;
    let said = verdict(&answer);
    assert!(said.starts_with("Rota; fwd=bypass; detail=\"") && said.contains("unwatched"), "{said}");
    for (call, wanted) in [
        (Call::new(Method::POST, "/counters/1/raise"), "Rota; fwd=method"),
        (Call::new(Method::GET, "/nowhere"), "Rota; detail=not-asked"),
        (Call::new(Method::GET, "/counters/x"), "Rota; detail=not-asked"),
        (Call::new(Method::GET, "/openapi.json"), "Rota; detail=not-asked"),
        (Call::new(Method::OPTIONS, "/total"), "Rota; detail=not-asked"),
    ] {
        assert_eq!(verdict(&proxy.send(&call).await?), wanted, "{call:?}");
    }
    let off = stage.database.clone();
    let off = rota_tests::proxy::Proxy::with_settings(&off, &[("ROTA_CACHE_BYTES", "0")]).await?;
    crate::proxy::waiting::until("the endpoints are read", async || {
        Ok(off.get("/total").await?.status == 200)
    })
    .await?;
    assert_eq!(verdict(&off.get("/total").await?), "Rota; fwd=bypass; detail=\"the cache is off\"");
    Ok(())
}

#[tokio::test]
async fn an_answer_tells_its_snapshot_on_request() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy().await?;
    let first = get(&proxy, "/total", &[("Rota-Snapshot", "?1")]).await?;
    let snapshot = first.header("rota-snapshot").unwrap_or("none").to_owned();
    assert_eq!(stage.session.text(&format!("SELECT '{snapshot}'::pg_snapshot")).await?, snapshot);
    let second = get(&proxy, "/total", &[("Rota-Snapshot", "?1")]).await?;
    assert_eq!((second.header("rota-snapshot"), verdict(&second)), (Some(snapshot.as_str()), "Rota; hit"));
    assert_eq!(proxy.get("/total").await?.header("rota-snapshot"), None);
    Ok(())
}

#[tokio::test]
async fn an_answer_is_given_no_longer_than_its_endpoint_says() -> Result<()> {
    let stage = Stage::new().await?;
    stage
        .session
        .batch_execute(
            "CREATE FUNCTION brief() RETURNS json STABLE LANGUAGE sql
             BEGIN ATOMIC SELECT to_json(sum(value)) FROM counters; END;
             SELECT rota.expose('brief'::regproc, 'GET', '/brief', cache_ttl_ms => 1);",
        )
        .await?;
    let proxy = stage.proxy().await?;
    proxy.get("/brief").await?;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    assert_eq!(verdict(&proxy.get("/brief").await?), "Rota; fwd=stale; stored; detail=expired");
    Ok(())
}

#[tokio::test]
async fn a_hit_takes_no_connection_and_no_place_among_the_waiting() -> Result<()> {
    let stage = Stage::new().await?;
    let proxy = stage.proxy_with(&[("ROTA_POOL_SIZE", "1")]).await?;
    until_hit(&proxy, "/total").await?;
    stage.session.batch_execute("SELECT pg_advisory_lock(1)").await?;
    let address = proxy.address();
    let stuck =
        tokio::spawn(
            async move { rota_tests::http::send(address, &Call::new(Method::GET, "/slow_total")).await },
        );
    crate::proxy::waiting::until("the only connection is taken", async || {
        Ok(metric(&proxy, "rota_pool_connections{state=\"used\"}").await? == 1.0)
    })
    .await?;
    for _ in 0..50 {
        assert!(is_hit(&proxy.get("/total").await?));
    }
    stage.session.batch_execute("SELECT pg_advisory_unlock(1)").await?;
    assert_eq!(stuck.await??.status, 200);
    Ok(())
}
