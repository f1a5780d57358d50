//! The table from SQLSTATE to problem, asked of a server that raises them.

use anyhow::Result;
use serde_json::json;

use super::stage::Stage;

/// Raises what it is told, with everything that an error can carry.
pub(super) const FAIL: &str = "
    CREATE FUNCTION fail(state text) RETURNS json STABLE LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING ERRCODE = state, MESSAGE = 'the message', HINT = 'the hint', COLUMN = 'state',
            DETAIL = 'secret detail', DATATYPE = 'secret type', SCHEMA = 'secret schema';
    END $$;
    SELECT rota.expose('fail'::regproc, 'GET', '/fail');";

/// Codes whose message is for the caller, by status.
const TOLD: [(u16, &[&str]); 4] = [
    (400, &["22023", "22007", "22008", "22003", "22P02", "22021", "22000", "22012", "22P05"]),
    (404, &["P0002"]),
    (409, &["23P01", "23505", "23503", "55000"]),
    (422, &["23514", "23502"]),
];

/// Codes that are answered in fixed words, by status.
const FIXED: [(u16, &[&str]); 5] = [
    (401, &["28000", "28P01"]),
    (403, &["42501"]),
    (
        500,
        &["P0001", "XX000", "XX001", "42P01", "42883", "42703", "0A000", "58030", "F0000", "ZZZZZ", "21000"],
    ),
    (
        503,
        &["40001", "40P01", "55P03", "53100", "53200", "53300", "57P01", "57P02", "57P03", "08000", "08006"],
    ),
    (504, &["57014"]),
];

#[tokio::test]
async fn what_the_caller_did_wrong_is_told_with_code_field_and_hint() -> Result<()> {
    let stage = Stage::new(FAIL).await?;
    for (status, codes) in TOLD {
        for code in codes {
            let answer = stage.proxy.get(&format!("/fail?state={code}")).await?;
            assert_eq!(answer.status, status, "{code}: {}", answer.text());
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            let problem = answer.json()?;
            assert_eq!(problem["status"], status, "{code}");
            assert_eq!(problem["code"], *code);
            assert_eq!(problem["detail"], "the message", "{code}");
            assert_eq!(problem["hint"], "the hint", "{code}");
            assert_eq!(problem["field"], "state", "{code}");
            assert_eq!(problem["errors"], json!([{"field": "state", "message": "the message"}]), "{code}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_others_did_wrong_is_told_in_fixed_words() -> Result<()> {
    let stage = Stage::new(FAIL).await?;
    for (status, codes) in FIXED {
        for code in codes {
            let answer = stage.proxy.get(&format!("/fail?state={code}")).await?;
            assert_eq!(answer.status, status, "{code}: {}", answer.text());
            let problem = answer.json()?;
            assert_eq!(problem["code"], *code);
            assert!(problem["detail"].as_str().is_some_and(|text| text.len() > 10), "{code}");
            for word in ["the message", "the hint", "\"field\""] {
                assert!(!answer.text().contains(word), "{code}: {}", answer.text());
            }
            assert_eq!(answer.header("retry-after").is_some(), status == 503, "{code}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_limit_of_the_server_is_told_without_advice_on_its_configuration() -> Result<()> {
    let stage = Stage::new(FAIL).await?;
    for code in ["54000", "54001", "54023"] {
        let answer = stage.proxy.get(&format!("/fail?state={code}")).await?;
        assert_eq!(answer.status, 413, "{code}: {}", answer.text());
        assert_eq!(answer.json()?.get("hint"), None, "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn every_problem_has_the_members_of_rfc_9457() -> Result<()> {
    let stage = Stage::new(FAIL).await?;
    for target in ["/fail", "/fail?state=22023", "/fail?state=P0001", "/nowhere", "/fail?state=57014"] {
        let answer = stage.proxy.get(target).await?;
        let problem = answer.json()?;
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member} of {target}");
        }
        assert_eq!(problem["status"], answer.status.as_u16(), "{target}");
        assert!(problem["type"].as_str().is_some_and(|kind| kind.starts_with("urn:rota:problem:")));
    }
    Ok(())
}

#[tokio::test]
async fn an_error_does_not_cost_the_connection() -> Result<()> {
    let sql = format!("{FAIL}{}", super::stage::FUNCTIONS);
    let stage = Stage::with_settings(&sql, &[("ROTA_POOL_SIZE", "1")]).await?;
    let backend = stage.backend_of("/backend").await?;
    for code in ["22023", "P0001", "40001", "XX000", "57014", "57P01"] {
        stage.proxy.get(&format!("/fail?state={code}")).await?;
        assert_eq!(stage.backend_of("/backend").await?, backend, "after {code}");
    }
    Ok(())
}
