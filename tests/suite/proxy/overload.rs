//! Limits: one more than a limit is refused at once and told to come again.

use anyhow::Result;
use http::Method;
use rota_tests::http::{Call, Connection, Response, send};

use super::samples::samples;
use super::stage::{FUNCTIONS, Stage};
use super::waiting::until;

fn is_refused(answer: &Response, limit: &str) -> Result<()> {
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("1")), "{}", answer.text());
    assert_eq!(answer.json()?["type"], "urn:rota:problem:overloaded");
    assert!(answer.text().contains(limit), "the limit is stated: {}", answer.text());
    Ok(())
}

#[tokio::test]
async fn one_request_too_many_is_refused_at_once() -> Result<()> {
    let settings =
        [("ROTA_IN_FLIGHT_LIMIT", "3"), ("ROTA_POOL_SIZE", "2"), ("ROTA_POOL_WAIT_TIMEOUT_MS", "60000")];
    let stage = Stage::with_settings(FUNCTIONS, &settings).await?;
    stage.close_gate().await?;
    // Two run, one waits for a connection: the limit.
    let waiting = [stage.ask("/gate"), stage.ask("/gate"), stage.ask("/gate")];
    until("three are in flight", async || {
        Ok(samples(&stage.proxy).await?.value("rota_http_requests_in_flight", &[]) == Some(3.0))
    })
    .await?;
    is_refused(&stage.proxy.get("/backend").await?, "3")?;
    // What needs no place is answered.
    assert_eq!(stage.proxy.get("/nowhere").await?.status, 404);
    assert_eq!(stage.proxy.get("/nap").await?.status, 400);
    assert_eq!(stage.proxy.admin("/live").await?.status, 200);
    stage.open_gate().await?;
    for task in waiting {
        assert_eq!(task.await??.status, 200);
    }
    assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn one_connection_too_many_is_refused_and_closed() -> Result<()> {
    let stage = Stage::with_settings(FUNCTIONS, &[("ROTA_CONNECTION_LIMIT", "2")]).await?;
    let call = Call::new(Method::GET, "/backend");
    // The connections of the stage's own looks have to be gone first.
    until("nobody is connected", async || {
        Ok(samples(&stage.proxy).await?.value("rota_http_connections", &[]) == Some(0.0))
    })
    .await?;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut connection = Connection::open(stage.proxy.address()).await?;
        assert_eq!(connection.send(&call).await?.status, 200);
        held.push(connection);
    }
    for _ in 0..3 {
        let answer = send(stage.proxy.address(), &call).await?;
        is_refused(&answer, "2")?;
        assert_eq!(answer.header("connection"), Some("close"));
    }
    // The two go on, and a place that becomes free is given away.
    for connection in &mut held {
        assert_eq!(connection.send(&call).await?.status, 200);
    }
    held.pop();
    until("the place is free", async || Ok(send(stage.proxy.address(), &call).await?.status == 200)).await
}

#[tokio::test]
async fn a_target_beyond_its_limit_is_414_with_the_limit() -> Result<()> {
    let stage = Stage::with_settings(FUNCTIONS, &[("ROTA_TARGET_LIMIT_BYTES", "300")]).await?;
    let target = |length: usize| format!("/nap?seconds={}", "0".repeat(length - 13));
    assert_eq!(stage.proxy.get(&target(300)).await?.status, 200);
    let answer = stage.proxy.get(&target(301)).await?;
    assert_eq!(answer.status, 414, "{}", answer.text());
    assert!(answer.text().contains("300"), "{}", answer.text());
    Ok(())
}

#[tokio::test]
async fn a_burst_of_requests_is_answered_or_refused_and_never_lost() -> Result<()> {
    let settings = [("ROTA_IN_FLIGHT_LIMIT", "20"), ("ROTA_POOL_SIZE", "4")];
    let stage = Stage::with_settings(FUNCTIONS, &settings).await?;
    let asked: Vec<_> = (0..200).map(|_| stage.ask("/backend")).collect();
    let mut good = 0;
    for task in asked {
        let answer = task.await??;
        match answer.status.as_u16() {
            200 => good += 1,
            503 => assert_eq!(answer.json()?["type"], "urn:rota:problem:overloaded", "{}", answer.text()),
            other => anyhow::bail!("{other}: {}", answer.text()),
        }
    }
    assert!(good >= 20, "only {good} were answered");
    Ok(())
}
