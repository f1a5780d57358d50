//! Ten thousand requests cut off at random points leave nothing behind.

use std::time::Duration;

use anyhow::{Result, ensure};
use fastrand::Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::samples::samples;
use super::stage::Stage;
use super::waiting::until;

const REQUESTS: usize = 10_000;
const CLIENTS: usize = 40;
const POOL_SIZE: usize = 4;

/// A reading, a change under a timeout of its own, an answer too large for one packet, and a call that only ends
/// when it is cancelled.
const WORK: &str = "
    CREATE TABLE kept (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
    CREATE FUNCTION quick(ms double precision) RETURNS json STABLE LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_sleep(ms / 1000);
        RETURN to_json(ms);
    END $$;
    CREATE FUNCTION keep(note text) RETURNS json VOLATILE LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO kept (note) VALUES (keep.note);
        PERFORM pg_advisory_xact_lock_shared(7);
        PERFORM pg_sleep(0.001);
        RETURN to_json(length(note));
    END $$;
    CREATE FUNCTION large() RETURNS json STABLE LANGUAGE sql AS $$
        SELECT to_json(repeat(md5('x'), 20000))
    $$;
    SELECT rota.expose('quick'::regproc, 'GET', '/quick');
    SELECT rota.expose('quick'::regproc, 'GET', '/endless');
    SELECT rota.expose('keep'::regproc, 'POST', '/keep', statement_timeout_ms => 5000);
    SELECT rota.expose('large'::regproc, 'GET', '/large');";

/// What the server holds for the pool: nothing of it may outlive its request.
const LEFT_OVER: &str = "
    SELECT
        (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
            AND application_name = 'rota' AND (state <> 'idle' OR xact_start IS NOT NULL)),
        (SELECT count(*) FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
            WHERE a.datname = current_database() AND a.application_name = 'rota')";

/// One request of any kind, in bytes.
fn request(random: &mut Rng) -> Vec<u8> {
    let body = format!("{{\"note\": \"{}\"}}", "n".repeat(random.usize(0..40_000)));
    match random.u8(0..100) {
        0..45 => format!("GET /quick?ms={} HTTP/1.1\r\nHost: a\r\n\r\n", random.u8(0..8)),
        45..48 => "GET /endless?ms=600000 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        48..60 => "GET /large HTTP/1.1\r\nHost: a\r\nAccept-Encoding: identity\r\n\r\n".to_owned(),
        60..90 => format!(
            "POST /keep HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
        _ => format!(
            "POST /keep HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        ),
    }
    .into_bytes()
}

/// Sends as much as chance has it, waits or reads as long as chance has it, and leaves, in order or not.
async fn cut_off(stage_address: std::net::SocketAddr, random: &mut Rng) -> Result<()> {
    let mut stream = TcpStream::connect(stage_address).await?;
    let bytes = request(random);
    let is_whole = random.u8(0..10) < 7;
    let sent = if is_whole { bytes.len() } else { random.usize(0..bytes.len()) };
    // The proxy may have refused and closed already.
    let _ = stream.write_all(&bytes[..sent]).await;
    sleep(Duration::from_micros(random.u64(0..4000))).await;
    if random.bool() {
        let mut piece = vec![0; random.usize(1..20_000)];
        let _ = tokio::time::timeout(Duration::from_millis(2), stream.read(&mut piece)).await;
    }
    if random.bool() {
        stream.set_zero_linger()?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_cut_off_at_random_points_leave_no_transaction_no_connection_and_no_count() -> Result<()> {
    let size = POOL_SIZE.to_string();
    let stage = Stage::with_settings(WORK, &[("ROTA_POOL_SIZE", &size)]).await?;
    let address = stage.proxy.address();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(async move {
            let mut random = Rng::with_seed(client as u64);
            for _ in 0..REQUESTS / CLIENTS {
                cut_off(address, &mut random).await?;
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    let watch = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'rota' AND state = 'active'";
    while !clients.is_empty() {
        tokio::select! {
            Some(client) = clients.join_next() => client??,
            () = sleep(Duration::from_millis(100)) => {
                let active: usize = stage.session.text(watch).await?.parse()?;
                ensure!(active <= POOL_SIZE, "{active} calls ran on {POOL_SIZE} connections");
                ensure!(samples(&stage.proxy).await?.least() >= 0.0, "a gauge fell below zero");
            }
        }
    }
    until("the server holds nothing", async || {
        Ok(stage.session.rows(LEFT_OVER).await? == [[Some("0".to_owned()), Some("0".to_owned())]])
    })
    .await?;
    until("every count is back at nothing", async || {
        let metrics = samples(&stage.proxy).await?;
        let nothing = [
            metrics.value("rota_pool_connections", &[("state", "used")]),
            metrics.value("rota_pool_connections", &[("state", "ending")]),
            metrics.value("rota_pool_waiting", &[("lane", "interactive")]),
            metrics.value("rota_http_requests_in_flight", &[]),
            metrics.value("rota_http_connections", &[]),
        ];
        Ok(nothing.iter().all(|count| *count == Some(0.0)))
    })
    .await?;
    // Whatever is idle in the proxy is there in the server, and no more than the pool may have.
    let sessions = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'rota'";
    let idle = [("state", "idle")];
    until("no connection has leaked", async || {
        let sessions: usize = stage.session.text(sessions).await?.parse()?;
        let idle = samples(&stage.proxy).await?.value("rota_pool_connections", &idle);
        Ok(sessions <= POOL_SIZE && idle == Some(sessions as f64))
    })
    .await?;
    let log = stage.proxy.log()?;
    assert!(!log.iter().any(|line| line.to_string().contains("panicked")), "{log:?}");
    for _ in 0..20 {
        let answer = stage.proxy.get("/quick?ms=1").await?;
        assert_eq!(answer.status, 200, "the pool serves on: {}", answer.text());
    }
    Ok(())
}
