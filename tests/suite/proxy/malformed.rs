//! What is no HTTP, or half of it: refused or closed, and the proxy lives on.

use anyhow::{Context, Result};
use rota_tests::http::send_bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::samples::samples;
use super::stage::{FUNCTIONS, Stage};
use super::waiting::until;

const NOTE: &str = "
    CREATE FUNCTION note(note text DEFAULT 'none') RETURNS json VOLATILE LANGUAGE sql
        AS 'SELECT to_json(note)';
    SELECT rota.expose('note'::regproc, 'POST', '/note');";

async fn stage(settings: &[(&str, &str)]) -> Result<Stage> {
    Stage::with_settings(&format!("{FUNCTIONS}{NOTE}"), settings).await
}

async fn lives_on(stage: &mut Stage) -> Result<()> {
    assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    assert_eq!(stage.proxy.process().exit_status()?, None);
    let log = stage.proxy.process().log();
    assert!(!log.contains("panicked"), "{log}");
    // Every line is still JSON: nothing was printed past the log.
    stage.proxy.log()?;
    Ok(())
}

/// A request with a JSON body, further headers, and whatever is sent behind its head.
fn post(headers: &str, rest: &str) -> String {
    format!("POST /note HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{headers}\r\n{rest}")
}

/// The header of a body in chunks.
const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

/// The status of each answer in what came back.
fn statuses(answer: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(answer);
    text.split("HTTP/1.1 ").skip(1).map(|part| part.chars().take(3).collect()).collect()
}

#[tokio::test]
async fn heads_that_are_no_http_are_refused_and_the_connection_ends() -> Result<()> {
    let mut stage = stage(&[]).await?;
    let long_name = format!("GET / HTTP/1.1\r\nHost: a\r\n{}: x\r\n\r\n", "n".repeat(2_000_000));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "a: b\r\n".repeat(2_000));
    let heads: [&[u8]; 12] = [
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n: empty\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        b"G\xffT / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        long_name.as_bytes(),
        many.as_bytes(),
    ];
    for head in heads {
        let shown = String::from_utf8_lossy(&head[..head.len().min(40)]).into_owned();
        // A reset while the rest was still being sent is an end, too.
        let answer = send_bytes(stage.proxy.address(), head).await.unwrap_or_default();
        let statuses = statuses(&answer);
        assert!(statuses.iter().all(|status| status.starts_with('4')), "{shown}: {statuses:?}");
        assert!(statuses.len() <= 1, "{shown}: {statuses:?}");
        lives_on(&mut stage).await.with_context(|| shown)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_refused_head_is_answered_with_a_problem() -> Result<()> {
    let stage = stage(&[]).await?;
    let answer = send_bytes(stage.proxy.address(), b"GET / HTTP/1.1\r\nno colon\r\n\r\n").await?;
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 400"), "{text}");
    assert!(text.contains("application/problem+json") && text.contains("malformed-request"), "{text}");
    assert!(text.to_lowercase().contains("connection: close"), "{text}");
    Ok(())
}

/// Sends all and reads until the other side ends. Ours stays open: a client that closes has left.
async fn exchange(stage: &Stage, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(stage.proxy.address()).await?;
    let mut answer = Vec::new();
    if stream.write_all(bytes).await.is_ok() {
        drop(stream.read_to_end(&mut answer).await);
    }
    Ok(answer)
}

#[tokio::test]
async fn broken_chunks_are_refused_and_never_called_with() -> Result<()> {
    let mut stage = stage(&[("ROTA_READ_TIMEOUT_MS", "500")]).await?;
    let bodies: [&str; 8] = [
        "zz\r\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}garbage\r\n0\r\n\r\n",
        "2\n{}\n0\n\n",
        "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        "2;ext=\"\0\"\r\n{}\r\nx\r\n\r\n",
        "2\r\n{}",
        "5\r\n{}",
    ];
    for body in bodies {
        let request = post(CHUNKED, body);
        let answer = exchange(&stage, request.as_bytes()).await?;
        let statuses = statuses(&answer);
        assert!(statuses.iter().all(|status| status.starts_with('4')), "{body:?}: {statuses:?}");
        lives_on(&mut stage).await.with_context(|| format!("{body:?}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn connections_that_end_early_leave_nothing_behind() -> Result<()> {
    let mut stage = stage(&[]).await?;
    let beginnings = [
        String::new(),
        "G".to_owned(),
        "GET /back".to_owned(),
        "GET /backend HTTP/1.1\r\n".to_owned(),
        "GET /backend HTTP/1.1\r\nHost: a\r\n".to_owned(),
        post("Content-Length: 100\r\n", "{\"note\""),
        post(CHUNKED, "5\r\n{"),
    ];
    for beginning in beginnings {
        let mut stream = TcpStream::connect(stage.proxy.address()).await?;
        stream.write_all(beginning.as_bytes()).await?;
        drop(stream);
    }
    until("every connection is forgotten", async || {
        Ok(samples(&stage.proxy).await?.value("rota_http_connections", &[]) == Some(0.0))
    })
    .await?;
    lives_on(&mut stage).await
}

#[tokio::test]
async fn a_head_or_body_that_trickles_in_is_cut_off() -> Result<()> {
    let settings = [("ROTA_READ_TIMEOUT_MS", "200"), ("ROTA_KEEPALIVE_TIMEOUT_MS", "300")];
    let mut stage = stage(&settings).await?;
    let body_pending = post("Content-Length: 9\r\n", "{");
    for beginning in ["", "GET /backend HTTP/1.1\r\n", body_pending.as_str()] {
        // Nothing more is sent: the other side has to end it.
        send_bytes(stage.proxy.address(), beginning.as_bytes())
            .await
            .with_context(|| beginning.to_owned())?;
    }
    let mut trickle = TcpStream::connect(stage.proxy.address()).await?;
    trickle.write_all(b"GET /backend HTTP/1.1\r\n").await?;
    until("a head that never ends is cut off", async || Ok(trickle.write_all(b"X: y\r\n").await.is_err()))
        .await?;
    lives_on(&mut stage).await
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() -> Result<()> {
    let mut stage = stage(&[("ROTA_POOL_SIZE", "4")]).await?;
    let mut requests = String::new();
    // The earlier take longer.
    for (number, seconds) in ["0.3", "0.1", "0"].iter().enumerate() {
        requests.push_str(&format!("GET /nap?seconds={seconds} HTTP/1.1\r\nHost: a{number}\r\n\r\n"));
    }
    requests.push_str("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    requests.push_str("GET /nap?seconds=0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let answer = send_bytes(stage.proxy.address(), requests.as_bytes()).await?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let bodies: Vec<&str> = text
        .split("HTTP/1.1 ")
        .skip(1)
        .filter_map(|part| part.split_once("\r\n\r\n").map(|(_, body)| body))
        .collect();
    let all = ["0.3", "0.1", "0"];
    // All of them in order, or an orderly end after the first ones.
    let in_order = bodies.iter().zip(all).all(|(body, wanted)| *body == wanted);
    assert!(!bodies.is_empty() && in_order, "{text}");
    assert_eq!(statuses(&answer), ["200", "200", "200", "404", "200"], "{text}");
    lives_on(&mut stage).await
}

#[tokio::test]
async fn a_pipelined_request_behind_a_body_is_answered_with_its_own() -> Result<()> {
    let mut stage = stage(&[]).await?;
    let requests = [
        post("Content-Length: 14\r\n", "{\"note\": \"ab\"}"),
        post("Content-Length: 14\r\n", "{\"note\": \"cd\"}"),
        post("Connection: close\r\nContent-Length: 2\r\n", "{}"),
    ]
    .concat();
    let answer = send_bytes(stage.proxy.address(), requests.as_bytes()).await?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let places: Vec<Option<usize>> =
        ["\"ab\"", "\"cd\"", "\"none\""].iter().map(|body| text.find(body)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
    lives_on(&mut stage).await
}

#[tokio::test]
async fn a_body_in_chunks_is_answered_and_ends_its_connection() -> Result<()> {
    let stage = stage(&[]).await?;
    let behind = "GET /backend HTTP/1.1\r\nHost: a\r\n\r\n";
    let request = post(CHUNKED, &format!("e\r\n{{\"note\": \"cd\"}}\r\n0\r\n\r\n{behind}"));
    let answer = send_bytes(stage.proxy.address(), request.as_bytes()).await?;
    let text = String::from_utf8_lossy(&answer);
    assert_eq!(statuses(&answer), ["200"], "{text}");
    assert!(text.contains("\"cd\"") && text.to_lowercase().contains("connection: close"), "{text}");
    Ok(())
}

#[tokio::test]
async fn targets_in_every_form_are_answered() -> Result<()> {
    let mut stage = stage(&[]).await?;
    for (line, status) in [
        ("GET http://a/backend HTTP/1.1", "200"),
        ("GET /backend? HTTP/1.1", "200"),
        ("GET /backend?& HTTP/1.1", "200"),
        ("GET * HTTP/1.1", "404"),
        ("OPTIONS * HTTP/1.1", "204"),
        ("GET /backend#part HTTP/1.1", "200"),
        ("GET backend HTTP/1.1", "400"),
        ("GET /\u{e4} HTTP/1.1", "404"),
    ] {
        let request = format!("{line}\r\nHost: a\r\nConnection: close\r\n\r\n");
        let answer = send_bytes(stage.proxy.address(), request.as_bytes()).await?;
        let found = statuses(&answer);
        let is_known =
            found == [status] || (status != "200" && found.iter().all(|other| other.starts_with('4')));
        assert!(is_known, "{line}: {found:?} {}", String::from_utf8_lossy(&answer));
        lives_on(&mut stage).await.with_context(|| line.to_owned())?;
    }
    Ok(())
}

#[tokio::test]
async fn http_1_0_is_answered_and_closed() -> Result<()> {
    let stage = stage(&[]).await?;
    let answer = send_bytes(stage.proxy.address(), b"GET /nap?seconds=0 HTTP/1.0\r\n\r\n").await?;
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.") && text.contains(" 200 ") && text.ends_with('0'), "{text}");
    Ok(())
}
