//! Bodies as wholes: media type, size, shape and framing.

use anyhow::Result;
use http::Method;
use rota_tests::http::{Call, Connection, send_bytes};
use serde_json::json;

use super::stage::Stage;

const KEEP: &str = "
    CREATE FUNCTION keep(note text DEFAULT 'none', extra jsonb DEFAULT NULL) RETURNS json VOLATILE
        LANGUAGE sql AS 'SELECT json_build_object(''bytes'', octet_length(note))';
    SELECT rota.expose('keep'::regproc, 'POST', '/keep');
    SELECT rota.expose('keep'::regproc, 'POST', '/keep-little', body_limit_bytes => 100);
    CREATE FUNCTION peek() RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(1)';
    SELECT rota.expose('peek'::regproc, 'GET', '/peek');";

fn post(target: &str, body: impl Into<String>) -> Call {
    Call::new(Method::POST, target).body("application/json", body.into())
}

#[tokio::test]
async fn what_is_no_json_object_is_refused_in_words() -> Result<()> {
    let stage = Stage::new(KEEP).await?;
    for body in ["[]", "1", "\"a\"", "null", "true", "{", "{\"note\":}", "{} {}", "nonsense", "{'note':1}"] {
        let answer = stage.proxy.send(&post("/keep", body)).await?;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        assert_eq!(answer.json()?["type"], "urn:rota:problem:malformed-request", "{body}");
    }
    let latin = Call::new(Method::POST, "/keep").body("application/json", &b"{\"note\":\"\xe4\"}"[..]);
    let answer = stage.proxy.send(&latin).await?;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("UTF-8"), "{}", answer.text());
    Ok(())
}

#[tokio::test]
async fn an_empty_body_is_an_empty_object() -> Result<()> {
    let stage = Stage::new(KEEP).await?;
    for call in
        [Call::new(Method::POST, "/keep"), post("/keep", ""), post("/keep", " \n\t"), post("/keep", "{}")]
    {
        let answer = stage.proxy.send(&call).await?;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()?["bytes"], 4);
    }
    Ok(())
}

#[tokio::test]
async fn another_media_type_is_415_and_parameters_of_the_right_one_are_fine() -> Result<()> {
    let stage = Stage::new(KEEP).await?;
    for wrong in
        ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/form-data"]
    {
        let call = Call::new(Method::POST, "/keep").body(wrong, "{}");
        let answer = stage.proxy.send(&call).await?;
        assert_eq!(answer.status, 415, "{wrong}: {}", answer.text());
        assert!(answer.json()?["detail"].as_str().is_some_and(|text| text.contains("application/json")));
    }
    for right in ["application/json; charset=utf-8", "Application/JSON"] {
        let call = Call::new(Method::POST, "/keep").body(right, "{}");
        assert_eq!(stage.proxy.send(&call).await?.status, 200, "{right}");
    }
    Ok(())
}

#[tokio::test]
async fn a_body_beyond_its_limit_is_413_and_the_limit_is_stated() -> Result<()> {
    let stage = Stage::with_settings(KEEP, &[("ROTA_BODY_LIMIT_BYTES", "2000")]).await?;
    let of_length = |length: usize| format!("{{\"note\":\"{}\"}}", "x".repeat(length - 11));
    for (target, limit) in [("/keep", 2000), ("/keep-little", 100)] {
        let answer = stage.proxy.send(&post(target, of_length(limit))).await?;
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        let answer = stage.proxy.send(&post(target, of_length(limit + 1))).await?;
        assert_eq!(answer.status, 413, "{target}: {}", answer.text());
        assert!(answer.text().contains(&limit.to_string()), "{}", answer.text());
    }
    Ok(())
}

/// A request as bytes whose body comes in chunks of 1,000 bytes.
fn chunked(target: &str, body: &str) -> Vec<u8> {
    let mut request = format!(
        "POST {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    for chunk in body.as_bytes().chunks(1000) {
        request.push_str(&format!("{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk)));
    }
    request.push_str("0\r\n\r\n");
    request.into_bytes()
}

#[tokio::test]
async fn a_chunked_body_has_the_same_limit() -> Result<()> {
    let stage = Stage::with_settings(KEEP, &[("ROTA_BODY_LIMIT_BYTES", "5000")]).await?;
    let of_length = |length: usize| format!("{{\"note\":\"{}\"}}", "x".repeat(length - 11));
    let exchange = async |body: &str| -> Result<String> {
        let answer = send_bytes(stage.proxy.address(), &chunked("/keep", body)).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let fits = exchange(&of_length(5000)).await?;
    assert!(fits.starts_with("HTTP/1.1 200") && fits.contains("4989"), "{fits}");
    for length in [5001, 100_000, 3_000_000] {
        let refused = exchange(&of_length(length)).await?;
        assert!(refused.starts_with("HTTP/1.1 413") && refused.contains("5000"), "{length}: {refused}");
    }
    Ok(())
}

#[tokio::test]
async fn a_huge_announced_body_is_refused_before_it_is_sent() -> Result<()> {
    let stage = Stage::new(KEEP).await?;
    let head = "POST /keep HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n\
        Content-Length: 9000000000\r\n\r\n";
    let answer = send_bytes(stage.proxy.address(), head.as_bytes()).await?;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("1048576"), "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_client_that_asks_for_leave_is_told_to_continue() -> Result<()> {
    let stage = Stage::new(KEEP).await?;
    let request = "POST /keep HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n\
        Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}";
    let answer = send_bytes(stage.proxy.address(), request.as_bytes()).await?;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 100") && answer.contains("HTTP/1.1 200"), "{answer}");
    Ok(())
}

#[tokio::test]
async fn deep_json_is_taken_or_refused_and_never_an_accident() -> Result<()> {
    let stage = Stage::new(KEEP).await?;
    let nested = |depth: usize| format!("{{\"extra\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let answer = stage.proxy.send(&post("/keep", nested(200))).await?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    // The server's stack limit speaks: a limit of the program, so too large.
    let answer = stage.proxy.send(&post("/keep", nested(400_000))).await?;
    assert_eq!(answer.status, 413, "{}", answer.text());
    assert_eq!(answer.json()?["code"], "54001");
    assert_eq!(answer.json()?.get("hint"), None, "it tells how to configure the server");
    assert_eq!(stage.proxy.send(&post("/keep", "{}")).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn text_that_the_server_cannot_store_is_the_callers_fault() -> Result<()> {
    let stage = Stage::new(KEEP).await?;
    for body in
        [r#"{"note":"\u0000"}"#, r#"{"note":"\ud800"}"#, r#"{"extra":"\u0000"}"#, r#"{"extra":"\ud800"}"#]
    {
        let answer = stage.proxy.send(&post("/keep", body)).await?;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
    Ok(())
}

#[tokio::test]
async fn a_get_takes_no_body() -> Result<()> {
    let stage = Stage::new(KEEP).await?;
    let call = Call::new(Method::GET, "/peek").json(&json!({}));
    let answer = stage.proxy.send(&call).await?;
    assert_eq!(answer.status, 400, "{}", answer.text());
    Ok(())
}

#[tokio::test]
async fn a_refused_body_does_not_spill_into_the_next_request() -> Result<()> {
    let stage = Stage::new(KEEP).await?;
    let mut connection = Connection::open(stage.proxy.address()).await?;
    for body in ["[1]", "{\"wage\":1}", "{\"note\":7}"] {
        assert_eq!(connection.send(&post("/keep", body)).await?.status, 400, "{body}");
        assert_eq!(connection.send(&post("/keep", "{}")).await?.status, 200, "after {body}");
    }
    let unread = Call::new(Method::POST, "/nowhere").json(&json!({"note": "x".repeat(50_000)}));
    let mut connection = Connection::open(stage.proxy.address()).await?;
    assert_eq!(connection.send(&unread).await?.status, 404);
    // Kept open or closed, but never answered with what was left of the body.
    if let Ok(answer) = connection.send(&post("/keep", "{}")).await {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    Ok(())
}
