//! Rosters over HTTP: generated, repaired, explained; jobs submitted, followed as server-sent events, cancelled.

use anyhow::{Context, Result};
use http::Method;
use rota_tests::http::Call;
use rota_tests::proxy::Proxy;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::ward::ward;
use crate::proxy::waiting::until;

/// A connection on which a stream of events arrives.
struct Stream {
    connection: TcpStream,
    received: String,
}

impl Stream {
    async fn open(proxy: &Proxy, job_id: &Value, headers: &str) -> Result<Self> {
        let mut connection = TcpStream::connect(proxy.address()).await?;
        let request = format!("GET /api/jobs/{job_id}/events HTTP/1.1\r\nHost: rota\r\n{headers}\r\n");
        connection.write_all(request.as_bytes()).await?;
        Ok(Self { connection, received: String::new() })
    }

    /// Reads until something has been received; everything so far.
    async fn until(&mut self, wanted: &str) -> Result<&str> {
        let mut buffer = [0; 4_096];
        while !self.received.contains(wanted) {
            let length = self.connection.read(&mut buffer).await?;
            anyhow::ensure!(length > 0, "ended without {wanted}: {}", self.received);
            self.received.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
        Ok(&self.received)
    }

    /// Reads to the end of the connection.
    async fn rest(mut self) -> Result<String> {
        let mut bytes = Vec::new();
        self.connection.read_to_end(&mut bytes).await?;
        self.received.push_str(&String::from_utf8_lossy(&bytes));
        Ok(self.received)
    }
}

async fn submit(proxy: &Proxy, options: Value) -> Result<Value> {
    let body = json!({"task": "generate", "arguments": {"schedule_id": 1, "options": options}});
    let answer = proxy.post("/api/jobs", &body).await?;
    assert_eq!(answer.status, 202, "{answer:?}");
    Ok(answer.json()?["job_id"].clone())
}

#[tokio::test]
async fn a_schedule_is_generated_repaired_and_explained_over_http() -> Result<()> {
    let (database, _session) = ward().await?;
    let proxy = Proxy::on(&database).await?.until_ready().await?;
    let body = json!({"options": {"steps": 3000, "commit": true}});
    let generated = proxy.post("/api/schedules/1/generate", &body).await?;
    assert_eq!(generated.status, 200, "{generated:?}");
    assert_eq!(generated.json()?["committed"], true);
    let repaired = proxy.post("/api/schedules/1/repair", &json!({"options": {"steps": 50}})).await?;
    assert_eq!(repaired.json()?["changes"], json!([]));
    let explained = proxy.get("/api/schedules/1/explanation").await?;
    assert_eq!(explained.json()?["missing_heads"], 0);
    assert_eq!(proxy.get("/api/schedules/7/explanation").await?.status, 404);
    assert_eq!(proxy.post("/api/schedules/7/generate", &json!({})).await?.status, 404);
    let problem = json!({"problem": {"from_date": "2026-03-02", "to_date": "2026-03-01"}});
    let refused = proxy.post("/api/rosters/solve", &problem).await?;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()?["errors"][0]["field"], "problem");
    Ok(())
}

#[tokio::test]
async fn the_proxy_runs_jobs_and_streams_their_progress_to_the_end() -> Result<()> {
    let (database, _session) = ward().await?;
    let settings = [("ROTA_JOB_RUNNERS", "1"), ("ROTA_JOB_POLL_MS", "50")];
    let proxy = Proxy::with_settings(&database, &settings).await?.until_ready().await?;
    let job_id = submit(&proxy, json!({"steps": 3000, "commit": true})).await?;
    let stream = Stream::open(&proxy, &job_id, "").await?.rest().await?;
    let (head, body) = stream.split_once("\r\n\r\n").context("no head")?;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.to_lowercase().contains("content-type: text/event-stream"), "{head}");
    assert!(body.contains("event: done"), "{body}");
    assert!(body.ends_with("0\r\n\r\n"), "the stream has an end: {body}");
    let job = proxy.get(&format!("/api/jobs/{job_id}")).await?.json()?;
    assert_eq!(
        (&job["state"], &job["answer"]["committed"]),
        (&json!("done"), &json!(true)),
        "{:#}",
        job["error"]
    );
    let listed = proxy.get("/api/jobs?state=done").await?.json()?;
    assert_eq!(listed["items"][0]["job_id"], job_id);
    Ok(())
}

#[tokio::test]
async fn a_client_that_comes_back_gets_only_what_it_has_not_seen() -> Result<()> {
    let (database, session) = ward().await?;
    let proxy = Proxy::on(&database).await?.until_ready().await?;
    let job_id = submit(&proxy, json!({"steps": 100})).await?;
    session
        .batch_execute(
            "SELECT rota.claim_job();
             INSERT INTO workforce.job_progress VALUES (1, 1, 10, 0, 500, 0), (1, 1, 20, 0, 400, 0)",
        )
        .await?;
    let mut first = Stream::open(&proxy, &job_id, "").await?;
    let seen = first.until("\"cost\" : 400").await?.to_owned();
    assert!(seen.contains("id: 1000000010") && seen.contains("id: 1000000020"), "{seen}");
    drop(first);
    session.batch_execute("INSERT INTO workforce.job_progress VALUES (1, 1, 30, 0, 300, 0)").await?;
    let mut second = Stream::open(&proxy, &job_id, "Last-Event-ID: 1000000020\r\n").await?;
    let seen = second.until("\"cost\" : 300").await?;
    assert!(!seen.contains("id: 1000000020"), "{seen}");
    Ok(())
}

#[tokio::test]
async fn a_stream_whose_client_leaves_ends_and_the_proxy_stops_with_one_open() -> Result<()> {
    let (database, _session) = ward().await?;
    let mut proxy = Proxy::on(&database).await?.until_ready().await?;
    let job_id = submit(&proxy, json!({"steps": 100})).await?;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = Stream::open(&proxy, &job_id, "").await?;
        stream.until("\r\n\r\n").await?;
        streams.push(stream);
    }
    let open = async |wanted: &str| -> Result<bool> {
        let metrics = proxy.admin("/metrics").await?;
        let text = String::from_utf8_lossy(&metrics.body).into_owned();
        Ok(text.lines().any(|line| line == format!("rota_http_connections {wanted}")))
    };
    until("three streams are open", async || open("3").await).await?;
    streams.truncate(1);
    until("the others are noticed to be gone", async || open("1").await).await?;
    proxy.process().ask_to_stop()?;
    let rest = streams.pop().context("one is left")?.rest().await?;
    assert!(!rest.contains("event: done"));
    Ok(())
}

#[tokio::test]
async fn a_running_job_is_cancelled_over_http() -> Result<()> {
    let (database, session) = ward().await?;
    session
        .batch_execute(
            "INSERT INTO workforce.availability (employee_id, during, preference)
             SELECT employee_id, shift.during, 'preferred'
             FROM workforce.employees, workforce.shifts AS shift
             WHERE shift.date >= '2026-03-23' AND (shift.shift_id + employee_id) % 3 = 0",
        )
        .await?;
    let settings = [("ROTA_JOB_RUNNERS", "1"), ("ROTA_JOB_POLL_MS", "50")];
    let proxy = Proxy::with_settings(&database, &settings).await?.until_ready().await?;
    let job_id = submit(&proxy, json!({"time_ms": 3_600_000})).await?;
    let mut stream = Stream::open(&proxy, &job_id, "").await?;
    stream.until("event: progress").await?;
    let cancelled = proxy.post(&format!("/api/jobs/{job_id}/cancel"), &json!({})).await?;
    assert_eq!(cancelled.status, 200);
    stream.until("event: cancelled").await?;
    assert_eq!(proxy.post("/api/jobs/999/cancel", &json!({})).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_stream_of_nothing_is_not_found() -> Result<()> {
    let (database, _session) = ward().await?;
    let proxy = Proxy::on(&database).await?.until_ready().await?;
    let answer = proxy.get("/api/jobs/12/events").await?;
    assert_eq!(answer.status, 404);
    assert_eq!(proxy.get("/api/jobs/12").await?.status, 404);
    let ill = proxy.send(&Call::new(Method::GET, "/api/jobs/12/events?last_event_id=x")).await?;
    assert_eq!(ill.status, 400);
    Ok(())
}
