//! Slow calls: what counts as slow, and where it is recorded.

use anyhow::Result;
use http::Method;
use rota_tests::http::{Call, Connection};

use super::samples::samples;
use super::stage::{FUNCTIONS, Stage};
use super::waiting::until;

const QUICKLY: (&str, &str) = ("ROTA_SLOW_FLUSH_MS", "20");

/// Never slow by itself in these tests; `/patient` is never slow at all, `/strict` always.
const THRESHOLDS: &str = "
    SELECT rota.expose('nap'::regproc, 'GET', '/patient', slow_ms => 600000);
    SELECT rota.expose('nap'::regproc, 'GET', '/strict', slow_ms => 0);";

async fn stage() -> Result<Stage> {
    Stage::with_settings(&format!("{FUNCTIONS}{THRESHOLDS}"), &[QUICKLY, ("ROTA_SLOW_THRESHOLD_MS", "200")])
        .await
}

#[tokio::test]
async fn a_call_over_its_threshold_is_recorded_with_names_and_times() -> Result<()> {
    let stage = stage().await?;
    for target in ["/patient?seconds=0.3", "/strict?seconds=0", "/nap?seconds=0.3"] {
        assert_eq!(stage.proxy.get(target).await?.status, 200);
    }
    let count = "SELECT count(*) FROM rota.slow_calls WHERE path = '/nap'";
    until("the call is recorded", async || Ok(stage.session.text(count).await? == "1")).await?;
    let paths = stage.session.text("SELECT string_agg(path, ' ' ORDER BY slow_call_id) FROM rota.slow_calls");
    assert_eq!(paths.await?, "/strict /nap");
    let row = stage
        .session
        .rows(
            "SELECT method, function_name, duration_ms >= 300, pool_wait_ms >= 0, sqlstate, arguments,
                at BETWEEN now() - interval '10 minutes' AND now()
            FROM rota.slow_calls WHERE path = '/nap'",
        )
        .await?;
    let wanted = ["GET", "public.nap", "t", "t", "NULL", "{seconds}", "t"];
    let row: Vec<&str> = row[0].iter().map(|value| value.as_deref().unwrap_or("NULL")).collect();
    assert_eq!(row, wanted);
    let metrics = samples(&stage.proxy).await?;
    for (path, calls) in [("/nap", 1.0), ("/strict", 1.0), ("/patient", 0.0)] {
        let slow = metrics.value("rota_slow_calls_total", &[("method", "GET"), ("path", path)]);
        assert_eq!(slow, Some(calls), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_slow_call_is_logged_once_with_its_trace() -> Result<()> {
    let stage = stage().await?;
    stage.proxy.get("/strict?seconds=0").await?;
    let slow = || -> Result<Vec<serde_json::Value>> {
        Ok(stage.proxy.log()?.into_iter().filter(|line| line["target"] == "rota::slow").collect())
    };
    until("it is logged", async || Ok(!slow()?.is_empty())).await?;
    let lines = slow()?;
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["path"], &lines[0]["arguments"]), (&"/strict".into(), &"seconds".into()));
    assert!(lines[0]["trace_id"].is_string());
    Ok(())
}

#[tokio::test]
async fn a_call_that_timed_out_is_recorded_with_its_sqlstate() -> Result<()> {
    let sql = format!(
        "{FUNCTIONS}
        SELECT rota.expose('nap'::regproc, 'GET', '/nap', statement_timeout_ms => 300, slow_ms => 200);"
    );
    let stage = Stage::with_settings(&sql, &[QUICKLY]).await?;
    assert_eq!(stage.proxy.get("/nap?seconds=600").await?.status, 504);
    let state = "SELECT sqlstate FROM rota.slow_calls";
    until("it is recorded", async || Ok(stage.session.text(state).await? == "57014")).await
}

#[tokio::test]
async fn without_a_place_to_write_them_slow_calls_are_bounded_and_counted() -> Result<()> {
    const KEPT: f64 = 1000.0;
    let stage = stage().await?;
    stage.session.batch_execute("ALTER TABLE rota.slow_calls RENAME TO set_aside").await?;
    let mut connection = Connection::open(stage.proxy.address()).await?;
    let call = Call::new(Method::GET, "/strict?seconds=0");
    for _ in 0..1200 {
        assert_eq!(connection.send(&call).await?.status, 200);
    }
    // The last one is counted once its answer is out.
    until("all are counted", async || {
        let labels = [("method", "GET"), ("path", "/strict")];
        Ok(samples(&stage.proxy).await?.value("rota_slow_calls_total", &labels) == Some(1200.0))
    })
    .await?;
    let dropped = samples(&stage.proxy).await?.value("rota_slow_calls_dropped_total", &[]);
    assert!(dropped.is_some_and(|dropped| (1.0..=KEPT).contains(&dropped)), "{dropped:?}");
    Ok(())
}

#[tokio::test]
async fn records_wait_for_a_database_that_cannot_take_them() -> Result<()> {
    let stage = stage().await?;
    stage.session.batch_execute("ALTER TABLE rota.slow_calls RENAME TO set_aside").await?;
    for _ in 0..3 {
        assert_eq!(stage.proxy.get("/strict?seconds=0").await?.status, 200);
    }
    // Calls go on meanwhile; afterwards nothing is lost and nothing is doubled.
    assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    stage.session.batch_execute("ALTER TABLE rota.set_aside RENAME TO slow_calls").await?;
    let count = "SELECT count(*) FROM rota.slow_calls";
    until("all are recorded", async || Ok(stage.session.text(count).await? == "3")).await
}
