//! The pool: no connection comes back in doubt, none leaks a setting, none lives for ever.

use anyhow::{Context, Result};
use http::Method;
use rota_tests::http::{Call, Connection, Response};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::samples::samples;
use super::stage::{FUNCTIONS, Stage};
use super::waiting::until;

const ONE: (&str, &str) = ("ROTA_POOL_SIZE", "1");

/// Functions to look at the session from inside, and one that naps within its own timeout.
const LOOK: &str = "
    CREATE FUNCTION session_setting(name text) RETURNS json STABLE LANGUAGE sql
        AS 'SELECT to_json(current_setting(name))';
    CREATE FUNCTION short_nap(seconds double precision) RETURNS json STABLE LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_sleep(seconds);
        RETURN to_json(current_setting('statement_timeout'));
    END $$;
    SELECT rota.expose('session_setting'::regproc, 'GET', '/setting');
    SELECT rota.expose('short_nap'::regproc, 'GET', '/short', statement_timeout_ms => 1000);";

async fn stage(settings: &[(&str, &str)]) -> Result<Stage> {
    Stage::with_settings(&format!("{FUNCTIONS}{LOOK}"), &[&[ONE], settings].concat()).await
}

fn is_cancelled(answer: &Response) -> Result<()> {
    assert_eq!(answer.status, 504, "{}", answer.text());
    assert_eq!(answer.json()?["code"], "57014", "{}", answer.text());
    Ok(())
}

/// What the pool's sessions are doing: their state, and whether a transaction is open.
async fn is_clean(stage: &Stage) -> Result<()> {
    let sql = "SELECT state, xact_start IS NOT NULL FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'rota'";
    until("the session is idle outside of any transaction", async || {
        let sessions = stage.session.rows(sql).await?;
        Ok(sessions == [[Some("idle".to_owned()), Some("f".to_owned())]])
    })
    .await
}

#[tokio::test]
async fn a_statement_timeout_is_504_and_leaves_a_clean_connection() -> Result<()> {
    let stage = stage(&[("ROTA_STATEMENT_TIMEOUT_MS", "1000")]).await?;
    let backend = stage.backend_of("/backend").await?;
    is_cancelled(&stage.proxy.get("/nap?seconds=600").await?)?;
    is_clean(&stage).await?;
    assert_eq!(stage.backend_of("/backend").await?, backend, "the same connection goes on");
    Ok(())
}

#[tokio::test]
async fn an_endpoints_own_timeout_holds_for_it_alone() -> Result<()> {
    let stage = stage(&[]).await?;
    let backend = stage.backend_of("/backend").await?;
    for round in 0..2 {
        assert_eq!(stage.proxy.get("/short?seconds=0").await?.text(), "\"1s\"", "{round}");
        is_cancelled(&stage.proxy.get("/short?seconds=600").await?)?;
        assert_eq!(stage.proxy.get("/setting?name=statement_timeout").await?.text(), "\"15s\"", "{round}");
        is_clean(&stage).await?;
    }
    assert_eq!(stage.proxy.get("/nap?seconds=1.5").await?.status, 200, "longer than the other's timeout");
    assert_eq!(stage.backend_of("/backend").await?, backend);
    Ok(())
}

#[tokio::test]
async fn an_error_under_an_endpoints_own_timeout_leaves_no_transaction() -> Result<()> {
    let stage = stage(&[]).await?;
    stage
        .session
        .batch_execute(&format!(
            "{} SELECT rota.expose('fail'::regproc, 'GET', '/fail', statement_timeout_ms => 5000)",
            super::problems::FAIL
        ))
        .await?;
    until("it is exposed", async || Ok(stage.proxy.get("/fail?state=22023").await?.status == 400)).await?;
    let backend = stage.backend_of("/backend").await?;
    for code in ["22023", "XX000", "40001"] {
        stage.proxy.get(&format!("/fail?state={code}")).await?;
        is_clean(&stage).await?;
        assert_eq!(stage.backend_of("/backend").await?, backend, "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn a_change_under_an_endpoints_own_timeout_is_committed() -> Result<()> {
    let stage = Stage::with_settings(
        "CREATE TABLE notes (note text);
        CREATE FUNCTION note(note text) RETURNS json VOLATILE LANGUAGE sql
            AS 'INSERT INTO notes VALUES (note) RETURNING to_json(note)';
        SELECT rota.expose('note'::regproc, 'POST', '/notes', statement_timeout_ms => 5000);",
        &[ONE],
    )
    .await?;
    for note in ["a", "b"] {
        let answer = stage.proxy.post("/notes", &serde_json::json!({ "note": note })).await?;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let kept = stage.session.text(&format!("SELECT count(*) FROM notes WHERE note = '{note}'")).await?;
        assert_eq!(kept, "1", "committed before it is answered");
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_query_and_the_next_one_is_served() -> Result<()> {
    for target in ["/nap?seconds=600", "/short?seconds=0.2"] {
        let stage = stage(&[]).await?;
        if target.starts_with("/short") {
            // Long enough to leave in the middle.
            let longer =
                "SELECT rota.expose('short_nap'::regproc, 'GET', '/short', statement_timeout_ms => 14000)";
            stage.session.batch_execute(longer).await?;
        }
        let target = target.replace("0.2", "600");
        let mut client = TcpStream::connect(stage.proxy.address()).await?;
        client.write_all(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await?;
        stage.runs(1).await?;
        drop(client);
        stage.runs(0).await?;
        let answer = stage.proxy.get("/backend").await?;
        assert_eq!(answer.status, 200, "{}", answer.text());
        is_clean(&stage).await?;
        let metrics = samples(&stage.proxy).await?;
        assert_eq!(metrics.value("rota_http_abandoned_total", &[]), Some(1.0));
    }
    Ok(())
}

#[tokio::test]
async fn clients_that_leave_again_and_again_do_not_eat_the_pool() -> Result<()> {
    let stage = Stage::with_settings(FUNCTIONS, &[("ROTA_POOL_SIZE", "2")]).await?;
    for _ in 0..6 {
        let mut clients = Vec::new();
        for _ in 0..2 {
            let mut client = TcpStream::connect(stage.proxy.address()).await?;
            client.write_all(b"GET /nap?seconds=600 HTTP/1.1\r\nHost: a\r\n\r\n").await?;
            clients.push(client);
        }
        stage.runs(2).await?;
        drop(clients);
        stage.runs(0).await?;
    }
    for _ in 0..4 {
        assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    }
    until("nothing counts as used", async || {
        Ok(samples(&stage.proxy).await?.value("rota_pool_connections", &[("state", "used")]) == Some(0.0))
    })
    .await
}

#[tokio::test]
async fn who_waits_too_long_for_a_connection_is_503() -> Result<()> {
    let stage = stage(&[("ROTA_POOL_WAIT_TIMEOUT_MS", "100"), ("ROTA_RETRY_AFTER_SECONDS", "7")]).await?;
    stage.close_gate().await?;
    let waiting = stage.ask("/gate");
    stage.runs(1).await?;
    let answer = stage.proxy.get("/backend").await?;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("7")), "{}", answer.text());
    assert_eq!(answer.json()?["type"], "urn:rota:problem:overloaded");
    stage.open_gate().await?;
    assert_eq!(waiting.await??.status, 200);
    let metrics = samples(&stage.proxy).await?;
    assert_eq!(metrics.value("rota_pool_failures_total", &[("reason", "wait_timeout")]), Some(1.0));
    Ok(())
}

#[tokio::test]
async fn connections_are_replaced_at_their_age_even_when_busy() -> Result<()> {
    let stage = stage(&[("ROTA_POOL_LIFETIME_MS", "300")]).await?;
    let first = stage.backend_of("/backend").await?;
    until("another backend answers", async || Ok(stage.backend_of("/backend").await? != first)).await?;
    let metrics = samples(&stage.proxy).await?;
    let closed = metrics.value("rota_pool_closed_total", &[("reason", "age")]).context("no age")?;
    assert!(closed >= 1.0);
    Ok(())
}

#[tokio::test]
async fn prepared_statements_stay_within_their_limit() -> Result<()> {
    let stage = stage(&[("ROTA_STATEMENT_LIMIT", "2")]).await?;
    stage
        .session
        .batch_execute(
            "CREATE FUNCTION prepared() RETURNS json STABLE LANGUAGE sql
                AS 'SELECT to_json(count(*)) FROM pg_prepared_statements';
            SELECT rota.expose('prepared'::regproc, 'GET', '/prepared');",
        )
        .await?;
    until("it is exposed", async || Ok(stage.proxy.get("/prepared").await?.status == 200)).await?;
    for _ in 0..5 {
        for target in ["/backend", "/nap?seconds=0", "/setting?name=port", "/short?seconds=0"] {
            assert_eq!(stage.proxy.get(target).await?.status, 200, "{target}");
        }
        let prepared = stage.backend_of("/prepared").await?;
        // The one that makes room is closed behind the call that needs it.
        assert!((1..=3).contains(&prepared), "{prepared}");
    }
    Ok(())
}

#[tokio::test]
async fn idle_connections_are_given_back() -> Result<()> {
    let stage = stage(&[("ROTA_POOL_IDLE_TIMEOUT_MS", "200")]).await?;
    assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    let sql = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'rota'";
    until("no connection is left", async || Ok(stage.session.text(sql).await? == "0")).await?;
    assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn the_pool_never_opens_more_than_its_size() -> Result<()> {
    let stage = Stage::with_settings(FUNCTIONS, &[("ROTA_POOL_SIZE", "3")]).await?;
    stage.close_gate().await?;
    let waiting: Vec<_> = (0..9).map(|_| stage.ask("/gate")).collect();
    stage.runs(3).await?;
    until("six wait", async || {
        let waiting = samples(&stage.proxy).await?.value("rota_pool_waiting", &[("lane", "interactive")]);
        Ok(waiting == Some(6.0))
    })
    .await?;
    stage.runs(3).await?;
    stage.open_gate().await?;
    for task in waiting {
        assert_eq!(task.await??.status, 200);
    }
    Ok(())
}

#[tokio::test]
async fn threads_lend_each_other_what_there_is_and_the_pool_stays_within_its_size() -> Result<()> {
    // Fewer connections than threads: most have none of their own.
    let settings = [("ROTA_POOL_SIZE", "2"), ("ROTA_THREADS", "4")];
    let stage = Stage::with_settings(FUNCTIONS, &settings).await?;
    let address = stage.proxy.address();
    let mut callers = JoinSet::new();
    for _ in 0..8 {
        callers.spawn(async move {
            // Dealt to the threads in turn, each twice.
            let mut connection = Connection::open(address).await?;
            for _ in 0..100 {
                let answer = connection.send(&Call::new(Method::GET, "/backend")).await?;
                anyhow::ensure!(answer.status == 200, "{}", answer.text());
            }
            anyhow::Ok(())
        });
    }
    while !callers.is_empty() {
        let metrics = samples(&stage.proxy).await?;
        let open: f64 = ["used", "ending", "idle"]
            .iter()
            .filter_map(|state| metrics.value("rota_pool_connections", &[("state", state)]))
            .sum();
        assert!(open <= 2.0, "{open}");
        while let Some(ended) = callers.try_join_next() {
            ended??;
        }
    }
    Ok(())
}
