//! Files over HTTP: streamed, bounded, and never half applied.

use anyhow::Result;
use http::Method;
use rota_tests::http::{Call, Response, send, send_bytes};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::samples::samples;
use super::stage::Stage;
use super::waiting::until;

/// An import that waits at the gate, and keeps every row.
const NOTES: &str = "
    CREATE TABLE notes (author text, note text);
    CREATE FUNCTION import_notes() RETURNS json VOLATILE LANGUAGE plpgsql AS $$
    DECLARE
        kept bigint;
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(1);
        INSERT INTO notes SELECT author, note FROM pg_temp.import_rows;
        GET DIAGNOSTICS kept = ROW_COUNT;
        RETURN json_build_object('rows', kept, 'inserted', kept, 'updated', 0, 'unchanged', 0, 'refused', 0,
            'refusals', json_build_array());
    END $$;
    SELECT rota.expose_import('notes', 'import_notes()'::regprocedure, ARRAY['author', 'note'],
        ARRAY['author']);
    SELECT rota.expose_import('few-notes', 'import_notes()'::regprocedure, ARRAY['author', 'note'],
        ARRAY['author'], body_limit_bytes => 1000);";

fn post(target: &str, file: impl Into<String>) -> Call {
    Call::new(Method::POST, target).body("text/csv", file.into())
}

fn file(rows: usize) -> String {
    let rows: Vec<String> =
        (0..rows).map(|number| format!("author {number},\"a, \"\"note\"\"\"\n")).collect();
    format!("author,note\n{}", rows.concat())
}

async fn kept(stage: &Stage) -> Result<usize> {
    Ok(stage.session.text("SELECT count(*) FROM notes").await?.parse()?)
}

/// Nothing was kept and nobody is left over.
async fn leaves_nothing(stage: &Stage) -> Result<()> {
    let sessions = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'rota import' AND state <> 'idle'";
    until("no import is left", async || Ok(stage.session.text(sessions).await? == "0")).await?;
    assert_eq!(kept(stage).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_file_of_many_pieces_arrives_whole() -> Result<()> {
    let stage = Stage::new(NOTES).await?;
    let answer = stage.proxy.send(&post("/api/imports/notes", file(50_000))).await?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let report = answer.json()?;
    assert_eq!((&report["rows"], &report["inserted"]), (&50_000.into(), &50_000.into()));
    assert_eq!(kept(&stage).await?, 50_000);
    let metrics = samples(&stage.proxy).await?;
    assert_eq!(metrics.value("rota_imports_total", &[("outcome", "done")]), Some(1.0));
    assert_eq!(metrics.value("rota_import_rows_total", &[("outcome", "inserted")]), Some(50_000.0));
    Ok(())
}

#[tokio::test]
async fn an_import_is_counted_under_its_own_path_and_never_under_none() -> Result<()> {
    let stage = Stage::new(NOTES).await?;
    let count = async |path: &str, status: &str| -> Result<Option<f64>> {
        let labels =
            [("method", if path == "none" { "none" } else { "POST" }), ("path", path), ("status", status)];
        Ok(samples(&stage.proxy).await?.value("rota_http_requests_total", &labels))
    };
    assert_eq!(count("/api/imports/notes", "2xx").await?, Some(0.0), "there from the start");
    // What waited for the proxy asked too, and is counted once its answer is out.
    until("the first request is counted", async || Ok(count("none", "2xx").await? > Some(0.0))).await?;
    let before = count("none", "2xx").await?;
    assert_eq!(stage.proxy.send(&post("/api/imports/notes", file(3))).await?.status, 200);
    assert_eq!(stage.proxy.send(&post("/api/imports/notes?x=1", file(3))).await?.status, 400);
    // Counted once the answer is out.
    until("both are counted", async || {
        let counts = (count("/api/imports/notes", "2xx").await?, count("/api/imports/notes", "4xx").await?);
        Ok(counts == (Some(1.0), Some(1.0)))
    })
    .await?;
    assert_eq!(count("none", "2xx").await?, before);
    Ok(())
}

#[tokio::test]
async fn a_dry_run_judges_and_keeps_nothing() -> Result<()> {
    let stage = Stage::new(NOTES).await?;
    let answer = stage.proxy.send(&post("/api/imports/notes?dry_run=true", file(10))).await?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()?["dry_run"], true);
    leaves_nothing(&stage).await
}

#[tokio::test]
async fn wrong_requests_are_refused_before_anything_is_read() -> Result<()> {
    let stage = Stage::new(NOTES).await?;
    let json = Call::new(Method::POST, "/api/imports/notes").body("application/json", "{}");
    for (call, status) in [
        (json, 415),
        (post("/api/imports/notes?dry_run=maybe", file(1)), 400),
        (post("/api/imports/notes?colour=red", file(1)), 400),
        (post("/api/imports/nothing", file(1)), 404),
        (Call::new(Method::GET, "/api/imports/notes"), 405),
    ] {
        let answer = stage.proxy.send(&call).await?;
        assert_eq!(answer.status, status, "{call:?}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    leaves_nothing(&stage).await
}

#[tokio::test]
async fn a_file_that_is_none_is_the_callers_fault_and_says_why() -> Result<()> {
    let stage = Stage::new(NOTES).await?;
    for (file, word) in [("note\nx\n", "author"), ("author,colour\na,b\n", "colour")] {
        let answer = stage.proxy.send(&post("/api/imports/notes", file)).await?;
        assert_eq!(answer.status, 400, "{file:?}: {}", answer.text());
        assert!(answer.text().contains(word), "{file:?}: {}", answer.text());
    }
    leaves_nothing(&stage).await
}

#[tokio::test]
async fn a_file_beyond_its_limit_is_413_with_the_limit_and_keeps_nothing() -> Result<()> {
    let stage = Stage::with_settings(NOTES, &[("ROTA_IMPORT_LIMIT_BYTES", "200000")]).await?;
    for (target, limit) in [("/api/imports/notes", "200000"), ("/api/imports/few-notes", "1000")] {
        let announced = stage.proxy.send(&post(target, file(20_000))).await?;
        assert_eq!(announced.status, 413, "{}", announced.text());
        assert!(announced.text().contains(limit), "{}", announced.text());
        let file = file(20_000);
        let chunked = format!(
            "POST {target} HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n\
             {:x}\r\n{file}\r\n0\r\n\r\n",
            file.len()
        );
        let answer = send_bytes(stage.proxy.address(), chunked.as_bytes()).await?;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 413") && answer.contains(limit), "{answer}");
    }
    leaves_nothing(&stage).await
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_of_a_file_leaves_nothing_behind() -> Result<()> {
    let stage = Stage::new(NOTES).await?;
    let file = file(10_000);
    let head = "POST /api/imports/notes HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\n\
        Content-Length: 9000000\r\n\r\n";
    let mut client = TcpStream::connect(stage.proxy.address()).await?;
    client.write_all(format!("{head}{file}").as_bytes()).await?;
    let copying = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'rota import'";
    until("the import has begun", async || Ok(stage.session.text(copying).await? == "1")).await?;
    drop(client);
    leaves_nothing(&stage).await?;
    assert_eq!(stage.proxy.send(&post("/api/imports/notes", "author\na\n")).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn one_import_too_many_is_refused_and_clicks_go_on() -> Result<()> {
    let sql = format!("{NOTES}{}", super::stage::FUNCTIONS);
    let stage = Stage::with_settings(&sql, &[("ROTA_IMPORT_LIMIT", "1"), ("ROTA_POOL_SIZE", "1")]).await?;
    stage.close_gate().await?;
    let address = stage.proxy.address();
    let first = tokio::spawn(async move { send(address, &post("/api/imports/notes", file(3))).await });
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'rota import' AND wait_event_type = 'Lock'";
    until("the import waits", async || Ok(stage.session.text(waiting).await? == "1")).await?;
    let second: Response = stage.proxy.send(&post("/api/imports/notes", file(3))).await?;
    assert_eq!((second.status.as_u16(), second.header("retry-after")), (503, Some("1")), "{}", second.text());
    assert_eq!(stage.proxy.get("/backend").await?.status, 200, "an import takes no connection of the pool");
    stage.open_gate().await?;
    assert_eq!(first.await??.status, 200);
    assert_eq!(kept(&stage).await?, 3);
    Ok(())
}

#[tokio::test]
async fn an_import_that_takes_too_long_is_504_and_keeps_nothing() -> Result<()> {
    let stage = Stage::with_settings(NOTES, &[("ROTA_IMPORT_TIMEOUT_MS", "500")]).await?;
    stage.close_gate().await?;
    let answer = stage.proxy.send(&post("/api/imports/notes", file(3))).await?;
    assert_eq!(answer.status, 504, "{}", answer.text());
    stage.open_gate().await?;
    leaves_nothing(&stage).await
}

/// An import that tells what it finds in its session, and leaves there whatever a session can keep.
const TRACES: &str = "
    CREATE TABLE traces (pid integer, work_mem text, temporary_tables bigint, advisory_locks bigint);
    CREATE FUNCTION import_traces() RETURNS json VOLATILE LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_temp.import_rows WHERE author = 'nobody') THEN
            RAISE EXCEPTION 'refused';
        END IF;
        INSERT INTO traces SELECT
            pg_backend_pid(), current_setting('work_mem'),
            (SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relname = 'left_behind'),
            (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid());
        CREATE TEMPORARY TABLE left_behind (trace text);
        PERFORM set_config('work_mem', '77MB', false), pg_advisory_lock(7);
        RETURN json_build_object('rows', 1, 'inserted', 1, 'updated', 0, 'unchanged', 0, 'refused', 0,
            'refusals', json_build_array());
    END $$;
    SELECT rota.expose_import('traces', 'import_traces()'::regprocedure, ARRAY['author'], ARRAY['author']);";

#[tokio::test]
async fn imports_follow_each_other_in_one_session_and_find_nothing_of_each_other() -> Result<()> {
    let stage = Stage::new(TRACES).await?;
    let import = async |author: &str| -> Result<u16> {
        let file = format!("author\n{author}\n");
        Ok(stage.proxy.send(&post("/api/imports/traces", file)).await?.status.as_u16())
    };
    for _ in 0..3 {
        assert_eq!(import("somebody").await?, 200);
    }
    let first = stage.session.text("SELECT min(pid) FROM traces").await?;
    let found = "SELECT DISTINCT pid, work_mem = '77MB', temporary_tables, advisory_locks FROM traces";
    let clean = vec![Some(first.clone()), Some("f".to_owned()), Some("0".to_owned()), Some("0".to_owned())];
    assert_eq!(stage.session.rows(found).await?, [clean]);
    // What did not end well takes its session along.
    assert_ne!(import("nobody").await?, 200);
    assert_eq!(import("somebody").await?, 200);
    let sessions = stage.session.text("SELECT count(DISTINCT pid) FROM traces").await?;
    assert_eq!(sessions, "2");
    Ok(())
}
