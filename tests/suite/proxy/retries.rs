//! Calls that the server rolled back as a whole are tried again, a bounded number of times, and nothing else is.

use anyhow::Result;
use serde_json::json;

use super::samples::samples;
use super::stage::Stage;

/// `flaky` fails with the given code until it was called `tries` times. A sequence counts on through rollbacks.
const FLAKY: &str = "
    CREATE SEQUENCE calls;
    CREATE TABLE kept (note text);
    CREATE FUNCTION flaky(code text, tries bigint) RETURNS json VOLATILE LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO kept VALUES (code);
        IF nextval('calls') < tries THEN
            RAISE EXCEPTION USING ERRCODE = code, MESSAGE = 'not yet';
        END IF;
        RETURN to_json(currval('calls'));
    END $$;
    CREATE FUNCTION flaky_read(code text, tries bigint) RETURNS json STABLE LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('calls') < tries THEN
            RAISE EXCEPTION USING ERRCODE = code, MESSAGE = 'not yet';
        END IF;
        RETURN to_json(currval('calls'));
    END $$;
    CREATE FUNCTION lock_both(a bigint, b bigint) RETURNS json VOLATILE LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(a);
        PERFORM pg_sleep(0.3);
        PERFORM pg_advisory_xact_lock(b);
        INSERT INTO kept VALUES ('both');
        RETURN '1';
    END $$;
    SELECT rota.expose('flaky'::regproc, 'POST', '/flaky');
    SELECT rota.expose('flaky'::regproc, 'POST', '/flaky-within', statement_timeout_ms => 5000);
    SELECT rota.expose('flaky_read'::regproc, 'GET', '/flaky');
    SELECT rota.expose('lock_both'::regproc, 'POST', '/both');";

async fn stage(settings: &[(&str, &str)]) -> Result<Stage> {
    Stage::with_settings(FLAKY, settings).await
}

/// Rows kept, and calls made, since the last look.
async fn kept_and_called(stage: &Stage) -> Result<(String, String)> {
    let kept = stage.session.text("SELECT count(*) FROM kept").await?;
    let called =
        stage.session.text("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM calls").await?;
    stage.session.batch_execute("TRUNCATE kept; ALTER SEQUENCE calls RESTART").await?;
    Ok((kept, called))
}

fn counted(kept: &str, called: &str) -> (String, String) {
    (kept.to_owned(), called.to_owned())
}

#[tokio::test]
async fn a_rolled_back_change_is_tried_again_and_kept_once() -> Result<()> {
    let stage = stage(&[]).await?;
    for path in ["/flaky", "/flaky-within"] {
        for code in ["40001", "40P01"] {
            let answer = stage.proxy.post(path, &json!({"code": code, "tries": 3})).await?;
            assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "3"), "{path} {code}");
            assert_eq!(kept_and_called(&stage).await?, counted("1", "3"), "{path} {code}");
        }
    }
    let metrics = samples(&stage.proxy).await?;
    for code in ["40001", "40P01"] {
        assert_eq!(metrics.value("rota_pool_retries_total", &[("code", code)]), Some(4.0), "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn a_reading_is_tried_again_and_the_tries_are_bounded() -> Result<()> {
    let stage = stage(&[("ROTA_RETRY_LIMIT", "1")]).await?;
    assert_eq!(stage.proxy.get("/flaky?code=40001&tries=2").await?.text(), "2");
    kept_and_called(&stage).await?;
    let answer = stage.proxy.get("/flaky?code=40001&tries=3").await?;
    assert_eq!((answer.status.as_u16(), answer.json()?["code"].as_str()), (503, Some("40001")));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(kept_and_called(&stage).await?, counted("0", "2"));
    Ok(())
}

#[tokio::test]
async fn other_failures_are_never_tried_again() -> Result<()> {
    let stage = stage(&[]).await?;
    for code in ["22023", "23505", "23P01", "55P03", "57014", "P0001", "53200", "08006"] {
        let answer = stage.proxy.post("/flaky", &json!({"code": code, "tries": 2})).await?;
        assert!(answer.status.as_u16() >= 400, "{code}");
        assert_eq!(kept_and_called(&stage).await?, counted("0", "1"), "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn the_victim_of_a_real_deadlock_gets_its_turn() -> Result<()> {
    let stage = stage(&[]).await?;
    let bodies = [json!({"a": 1, "b": 2}), json!({"a": 2, "b": 1})];
    let (first, second) =
        tokio::join!(stage.proxy.post("/both", &bodies[0]), stage.proxy.post("/both", &bodies[1]));
    assert_eq!((first?.status.as_u16(), second?.status.as_u16()), (200, 200));
    assert_eq!(stage.session.text("SELECT count(*) FROM kept").await?, "2");
    let metrics = samples(&stage.proxy).await?;
    assert_eq!(metrics.value("rota_pool_retries_total", &[("code", "40P01")]), Some(1.0));
    Ok(())
}
