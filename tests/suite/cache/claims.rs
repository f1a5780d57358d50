//! Answers that depend on the caller never reach another caller.

use anyhow::Result;

use super::stage::{Stage, get, verdict};

const TENANTS: &str = "
    CREATE FUNCTION tenant() RETURNS json STABLE LANGUAGE sql
    BEGIN ATOMIC
        SELECT json_build_object('claims', current_setting('rota.claims', true), 'sum', sum(value))
        FROM counters;
    END;
    SELECT rota.expose('tenant'::regproc, 'GET', '/tenant', claims => '{tenant}');
    CREATE FUNCTION nobody() RETURNS json STABLE LANGUAGE sql
    BEGIN ATOMIC
        SELECT json_build_object('claims', current_setting('rota.claims', true), 'sum', sum(value))
        FROM counters;
    END;
    SELECT rota.expose('nobody'::regproc, 'GET', '/nobody');";

#[tokio::test]
async fn two_callers_of_different_claims_never_share_an_answer() -> Result<()> {
    let stage = Stage::new().await?;
    stage.session.batch_execute(TENANTS).await?;
    let proxy = stage.proxy_with(&[("ROTA_CLAIMS_HEADER", "x-claims")]).await?;
    let tenants =
        ["{\"tenant\":1}", "{\"tenant\":\"1\"}", "{\"tenant\":2}", "{\"tenant\":\"a'b\\\\\"}", "{}"];
    for round in 0..3 {
        for claims in tenants {
            let answer = get(&proxy, "/tenant", &[("x-claims", claims)]).await?;
            let told: serde_json::Value =
                serde_json::from_str(answer.json()?["claims"].as_str().unwrap_or("?"))?;
            let given: serde_json::Value = serde_json::from_str(claims)?;
            assert_eq!(told["tenant"], given["tenant"], "{round}: {claims}");
            let wanted = if round == 0 { "Rota; fwd=miss; stored" } else { "Rota; hit" };
            assert_eq!(verdict(&answer), wanted, "{claims}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn claims_that_are_not_declared_reach_neither_the_function_nor_the_key() -> Result<()> {
    let stage = Stage::new().await?;
    stage.session.batch_execute(TENANTS).await?;
    let proxy = stage.proxy_with(&[("ROTA_CLAIMS_HEADER", "x-claims")]).await?;
    let one = get(&proxy, "/tenant", &[("x-claims", "{\"tenant\":1,\"name\":\"ann\"}")]).await?;
    let other = get(&proxy, "/tenant", &[("x-claims", "{\"name\":\"bob\",\"tenant\":1}")]).await?;
    assert_eq!((one.body, verdict(&other)), (other.body.clone(), "Rota; hit"));
    let nobody = get(&proxy, "/nobody", &[("x-claims", "{\"tenant\":2}")]).await?;
    assert!(nobody.json()?["claims"].as_str().is_none_or(str::is_empty));
    assert!(verdict(&nobody).contains("declare the claims"), "{}", verdict(&nobody));
    let broken = get(&proxy, "/tenant", &[("x-claims", "tenant 1")]).await?;
    assert_eq!(broken.status, 500);
    Ok(())
}

#[tokio::test]
async fn without_a_gateway_nobody_has_any_claims() -> Result<()> {
    let stage = Stage::new().await?;
    stage.session.batch_execute(TENANTS).await?;
    let proxy = stage.proxy().await?;
    let answer = get(&proxy, "/tenant", &[("x-claims", "{\"tenant\":1}")]).await?;
    assert_eq!(answer.json()?["claims"], "{\"tenant\":null}");
    Ok(())
}
