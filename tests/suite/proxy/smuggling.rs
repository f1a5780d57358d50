//! Requests that two readers could take for different ones: whatever the proxy takes them for, the bytes that
//! only one reading makes a request are never answered, and a request behind them gets its own answer or none.

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

use super::stage::Stage;

const ECHO: &str = "
    CREATE FUNCTION echo(value text DEFAULT 'none') RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(value)';
    CREATE FUNCTION note(value text DEFAULT 'none') RETURNS json VOLATILE LANGUAGE sql AS 'SELECT to_json(value)';
    SELECT rota.expose('echo'::regproc, 'GET', '/echo');
    SELECT rota.expose('note'::regproc, 'POST', '/note');
    SELECT rota.expose('note'::regproc, 'DELETE', '/note');";

/// What only a reader who was led astray takes for a request.
const HIDDEN: &str = "GET /echo?value=SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n";
/// The last request of a well-meaning client on the same connection.
const BEHIND: &str = "GET /echo?value=BEHIND HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// A peer that waits for more than it will get is not waited for.
const HASTE: [(&str, &str); 2] = [("ROTA_READ_TIMEOUT_MS", "1000"), ("ROTA_KEEPALIVE_TIMEOUT_MS", "1000")];

/// Sends each piece over a connection of its own, all at once, and gives it with what came back until the other
/// side closed. Our side stays open: a client that closes has left, and gets no answer.
async fn exchange(stage: &mut Stage, pieces: Vec<String>) -> Result<Vec<(String, String)>> {
    let mut conversations = Vec::new();
    for piece in pieces {
        let address = stage.proxy.address();
        conversations.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            let mut answer = Vec::new();
            let conversation = async {
                // A reset is an end, too.
                if stream.write_all(piece.as_bytes()).await.is_ok() {
                    drop(stream.read_to_end(&mut answer).await);
                }
            };
            timeout(Duration::from_secs(60), conversation)
                .await
                .with_context(|| format!("no end: {piece:.80}"))?;
            Ok::<_, anyhow::Error>((piece, String::from_utf8_lossy(&answer).into_owned()))
        }));
    }
    let mut exchanged = Vec::new();
    for conversation in conversations {
        exchanged.push(conversation.await??);
    }
    assert_eq!(stage.proxy.get("/echo").await?.status, 200);
    assert_eq!(stage.proxy.process().exit_status()?, None);
    let log = stage.proxy.process().log();
    assert!(!log.contains("panicked"), "{log}");
    Ok(exchanged)
}

fn post(headers: &str, rest: &str) -> String {
    format!("POST /note HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{headers}\r\n{rest}")
}

/// Status and body of each answer, in order.
fn answers(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((head, behind)) = rest.split_once("\r\n\r\n") {
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|line| line.get(..3)).unwrap_or("none");
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
        });
        let length = length.unwrap_or_default().min(behind.len());
        found.push((status, &behind[..length]));
        rest = &behind[length..];
    }
    found
}

#[tokio::test]
async fn framings_that_contradict_themselves_hide_nothing() -> Result<()> {
    let mut stage = Stage::with_settings(ECHO, &HASTE).await?;
    let length = HIDDEN.len();
    let whole = 5 + length;
    // The body ends at once for one reader and behind the hidden request for another.
    let framings = [
        // Content-Length against Transfer-Encoding, in every order and spelling.
        format!("Content-Length: {whole}\r\nTransfer-Encoding: chunked\r\n"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {whole}\r\n"),
        format!("Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: {whole}\r\n"),
        format!("Content-Length: {whole}\r\nTransfer-Encoding: Chunked\r\n"),
        format!("Content-Length: {whole}\r\nTransfer-Encoding: \"chunked\"\r\n"),
        format!("Content-Length: {whole}\r\nTransfer-Encoding: chunked;a=b\r\n"),
        format!("Content-Length: {whole}\r\nTransfer-Encoding: gzip, chunked\r\n"),
        format!("Content-Length: {whole}\r\nTransfer-Encoding: chunked, chunked\r\n"),
        format!("Content-Length: {whole}\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"),
        format!("Content-Length: {whole}\r\nTransfer-Encoding:\r\n"),
        format!("Content-Length: {whole}\r\nTransfer-Encoding: chunk\r\n"),
        format!("Content-Length: {whole}\r\nTransfer-Encoding : chunked\r\n"),
        format!("Content-Length: {whole}\r\nTransfer-Encoding\t: chunked\r\n"),
        format!("Content-Length: {whole}\r\n Transfer-Encoding: chunked\r\n"),
        format!("Content-Length: {whole}\r\nX: y\r\n\tTransfer-Encoding: chunked\r\n"),
        format!("Content-Length: {whole}\r\nX: y\rTransfer-Encoding: chunked\r\n"),
        format!("Content-Length: {whole}\r\nX: y\nTransfer-Encoding: chunked\r\n"),
        format!("Content-Length: {whole}\r\nTransfer-Encoding: chunked\u{0}\r\n"),
        format!("Content-Length: {whole}\r\nTransfer-Encoding:\u{b}chunked\r\n"),
        format!("Content-Length: {whole}\r\nTransfer-Encoding: chunked\u{a0}\r\n"),
        format!("Content-Length: {whole}\r\nTransfer_Encoding: chunked\r\n"),
        // Lengths that disagree, or that are none.
        format!("Content-Length: 5\r\nContent-Length: {whole}\r\n"),
        format!("Content-Length: {whole}\r\nContent-Length: 5\r\n"),
        format!("Content-Length: 5, {whole}\r\n"),
        format!("Content-Length: {whole}, 5\r\n"),
        format!("Content-Length: 5;{whole}\r\n"),
        format!("Content-Length: +{whole}\r\n"),
        format!("Content-Length: {whole}.0\r\n"),
        format!("Content-Length: 0x{whole:x}\r\n"),
        format!("Content-Length: {whole}_0\r\n"),
        format!("Content-Length: \u{661}{whole}\r\n"),
        format!("Content-Length : {whole}\r\n"),
        format!("Content-Length:\r\n {whole}\r\n"),
        "Content-Length: 18446744073709551621\r\n".to_owned(),
        "Content-Length: 99999999999999999999999999999999\r\n".to_owned(),
        "Content-Length: -5\r\n".to_owned(),
    ];
    let requests = framings.iter().map(|framing| post(framing, &format!("0\r\n\r\n{HIDDEN}{BEHIND}")));
    for (request, answer) in exchange(&mut stage, requests.collect()).await? {
        assert!(!answer.contains("SMUGGLED"), "{request:?}: {answer}");
        let is_in_step = matches!(answers(&answer)[..], [] | [_] | [_, ("200", "\"BEHIND\"")]);
        assert!(is_in_step, "{request:?}: {answer}");
    }
    Ok(())
}

#[tokio::test]
async fn chunks_that_are_none_hide_nothing() -> Result<()> {
    let mut stage = Stage::with_settings(ECHO, &HASTE).await?;
    let length = HIDDEN.len();
    let chunked = [
        // The hidden request sits where a lenient reader thinks that the body is over.
        format!("0\r\n\r\r\n{HIDDEN}0\r\n\r\n"),
        format!("0 {length:x}\r\n\r\n{HIDDEN}"),
        format!("00000000000000000000000000000000{length:x}\r\n{HIDDEN}\r\n0\r\n\r\n{{"),
        format!("{length:X};a=b\r\n{HIDDEN}\r\n0\r\n\r\n"),
        format!("{length:x};a=\"\r\n\r\n0\r\n\r\n{HIDDEN}"),
        format!("{length:x};{}\r\n{HIDDEN}\r\n0\r\n\r\n", "x".repeat(100_000)),
        format!("{length:x}\n{HIDDEN}\n0\n\n"),
        format!("{length:x};\n{HIDDEN}\r\n0\r\n\r\n"),
        format!("{length:x}\r{HIDDEN}\r0\r\r"),
        format!("+{length:x}\r\n{HIDDEN}\r\n0\r\n\r\n"),
        format!("0x{length:x}\r\n{HIDDEN}\r\n0\r\n\r\n"),
        format!("-0\r\n\r\n{HIDDEN}"),
        format!("\r\n0\r\n\r\n{HIDDEN}"),
        format!("1\r\n{HIDDEN}\r\n0\r\n\r\n"),
        format!("2\r\n{{}}xx0\r\n\r\n{HIDDEN}"),
        format!("ffffffffffffffff\r\n{HIDDEN}"),
        format!("10000000000000000\r\n{HIDDEN}"),
        format!("0\r\nContent-Length: {length}\r\n\r\n").replace("0\r\nC", "0\r\nTransfer-Encoding: x\r\nC"),
        format!("0\r\nno colon\r\n\r\n{}", ""),
    ];
    let requests = chunked.iter().map(|body| post("Transfer-Encoding: chunked\r\n", body));
    for (request, answer) in exchange(&mut stage, requests.collect()).await? {
        assert!(!answer.contains("SMUGGLED"), "{request:.200?}: {answer}");
    }
    Ok(())
}

#[tokio::test]
async fn a_body_that_nobody_read_is_never_taken_for_the_next_request() -> Result<()> {
    let mut stage = Stage::with_settings(ECHO, &HASTE).await?;
    let length = HIDDEN.len();
    let head = |line: &str, headers: &str| format!("{line} HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
    let sized = format!("Content-Length: {length}\r\n");
    let requests = [
        head("GET /echo", &sized),
        head("HEAD /echo", &sized),
        head("OPTIONS /note", &sized),
        head("GET /nowhere", &sized),
        head("PUT /note", &sized),
        head("TRACE /note", &sized),
        head("CONNECT a:80", &sized),
        head("POST /note", &format!("Content-Type: text/plain\r\n{sized}")),
        head("POST /note?unknown=1", &format!("Content-Type: application/json\r\n{sized}")),
        head("POST /note", &format!("Content-Type: application/json\r\nExpect: 100-continue\r\n{sized}")),
        head("POST /note", &format!("Content-Type: application/json\r\nExpect: nonsense\r\n{sized}")),
        head("DELETE /note", &format!("Content-Type: text/html\r\n{sized}")),
        head("POST /api/imports/none", &format!("Content-Type: text/csv\r\n{sized}")),
        format!("POST /note HTTP/1.1\r\n{sized}\r\n"),
        format!("POST /{} HTTP/1.1\r\nHost: a\r\n{sized}\r\n", "x".repeat(9000)),
        format!("POST /note HTTP/1.0\r\n{sized}\r\n"),
        format!(
            "POST /note HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n{sized}\r\n"
        ),
    ];
    let requests = requests.iter().map(|request| format!("{request}{HIDDEN}{BEHIND}"));
    for (request, answer) in exchange(&mut stage, requests.collect()).await? {
        assert!(!answer.contains("SMUGGLED"), "{request:.200?}: {answer}");
    }
    Ok(())
}

#[tokio::test]
async fn odd_framings_that_have_one_reading_keep_the_connection_in_step() -> Result<()> {
    let mut stage = Stage::with_settings(ECHO, &HASTE).await?;
    let body = "{\"value\": \"FIRST\"}";
    let size = body.len();
    let requests = [
        post(&format!("Content-Length: {size}\r\n"), body),
        post(&format!("Content-Length:{size}\t \r\n"), body),
        post(&format!("content-length: 000{size}\r\n"), body),
        post("Transfer-Encoding: chunked\r\n", &format!("{size:x}\r\n{body}\r\n0\r\n\r\n")),
        post("transfer-encoding:CHUNKED\r\n", &format!("{size:X}\r\n{body}\r\n0\r\n\r\n")),
        post("Transfer-Encoding: chunked\r\n", &format!("{size:x};a=b;c\r\n{body}\r\n0;d\r\n\r\n")),
        post("Transfer-Encoding: chunked\r\n", &format!("{size:x}\r\n{body}\r\n0\r\nX-Trailer: y\r\n\r\n")),
        post(
            "Transfer-Encoding: chunked\r\n",
            &format!("1\r\n{{\r\n{:x}\r\n{}\r\n0\r\n\r\n", size - 1, &body[1..]),
        ),
    ];
    let requests = requests.iter().map(|request| format!("{request}{BEHIND}"));
    for (number, (request, answer)) in exchange(&mut stage, requests.collect()).await?.iter().enumerate() {
        match answers(answer)[..] {
            [("200", "\"FIRST\""), ("200", "\"BEHIND\"")] => {}
            // A body in chunks is the last on its connection.
            [("200", "\"FIRST\"")] if request.to_lowercase().contains("chunked") => {}
            // Refusing is one reading, too, but not of the plain ones.
            [(status, _)] if status.starts_with('4') && number != 0 && number != 3 => {}
            _ => panic!("{request:?}: {answer}"),
        }
    }
    Ok(())
}

#[tokio::test]
async fn heads_that_are_no_heads_are_refused_whole() -> Result<()> {
    let mut stage = Stage::with_settings(ECHO, &HASTE).await?;
    let long = "y".repeat(70_000);
    let heads = [
        // Line ends and folds.
        "GET /echo?value=SMUGGLED HTTP/1.1\nHost: a\n\n".replace("SMUGGLED", "LF"),
        "GET /echo HTTP/1.1\rHost: a\r\r".to_owned(),
        "GET /echo HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n".to_owned(),
        "GET /echo HTTP/1.1\r\n folded: a\r\nHost: a\r\n\r\n".to_owned(),
        "GET /echo HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n".to_owned(),
        // Names, values and bytes that are none.
        "GET /echo HTTP/1.1\r\nHost: a\r\nX\u{0}: a\r\n\r\n".to_owned(),
        "GET /echo HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n".to_owned(),
        "GET /echo\u{0} HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /echo HTTP/1.1\r\nHost: a\r\n(x): a\r\n\r\n".to_owned(),
        "GET /echo HTTP/1.1\r\nHost: a\r\n\u{e4}: a\r\n\r\n".to_owned(),
        // Request lines.
        "GET  /echo HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /echo  HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET\t/echo\tHTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        " GET /echo HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /echo HTTP/1.1 x\r\nHost: a\r\n\r\n".to_owned(),
        "GET /echo HTTP/1.2\r\nHost: a\r\n\r\n".to_owned(),
        "GET /echo HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(),
        "GET /echo HTTP/0.9\r\nHost: a\r\n\r\n".to_owned(),
        "GET /echo http/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /echo\r\n\r\n".to_owned(),
        "G@T /echo HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /ec ho HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET //a@b:c/echo HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET http://[::1/echo HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET http://a:99999/echo HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET ftp://a/echo HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /../../echo HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /%2e%2e/echo HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /echo%00 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        format!("{} /echo HTTP/1.1\r\nHost: a\r\n\r\n", "M".repeat(10_000)),
        format!("GET /echo?value={long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET /echo HTTP/1.1\r\nHost: {long}\r\n\r\n"),
        format!("GET /echo HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(300)),
        // Host.
        "GET /echo HTTP/1.1\r\n\r\n".to_owned(),
        "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(),
        "GET /echo HTTP/1.1\r\nHost: a b\r\n\r\n".to_owned(),
    ];
    for (head, answer) in exchange(&mut stage, heads.into()).await? {
        let answers = answers(&answer);
        assert!(answers.len() <= 1, "{head:.80?}: {answer}");
        let is_fine = answers.iter().all(|(status, _)| matches!(status.as_bytes()[0], b'2' | b'4'));
        assert!(is_fine, "{head:.80?}: {answer}");
    }
    Ok(())
}
