//! Endpoints change while the proxy serves.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use rota_tests::http::Response;

use super::stage::Stage;
use super::waiting::until;

const THREE: &str = "
    CREATE FUNCTION one() RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(1)';
    CREATE FUNCTION two() RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(2)';
    CREATE FUNCTION three() RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(3)';
    SELECT rota.expose('one'::regproc, 'GET', '/one');";

async fn becomes(stage: &Stage, target: &str, wanted: impl Fn(&Response) -> bool) -> Result<()> {
    until(&format!("{target} becomes another"), async || Ok(wanted(&stage.proxy.get(target).await?))).await
}

#[tokio::test]
async fn what_is_exposed_concealed_or_replaced_is_seen_at_once() -> Result<()> {
    let stage = Stage::new(THREE).await?;
    assert_eq!(stage.proxy.get("/two").await?.status, 404);

    stage.session.batch_execute("SELECT rota.expose('two'::regproc, 'GET', '/two')").await?;
    becomes(&stage, "/two", |answer| answer.status == 200 && answer.text() == "2").await?;

    stage.session.batch_execute("SELECT rota.expose('three'::regproc, 'GET', '/one')").await?;
    becomes(&stage, "/one", |answer| answer.text() == "3").await?;

    stage.session.batch_execute("SELECT rota.conceal('GET', '/one')").await?;
    becomes(&stage, "/one", |answer| answer.status == 404).await?;
    assert_eq!(stage.proxy.get("/two").await?.text(), "2");

    stage.session.batch_execute("SELECT rota.conceal_schema('public')").await?;
    becomes(&stage, "/two", |answer| answer.status == 404).await
}

#[tokio::test]
async fn a_change_that_is_rolled_back_is_never_seen() -> Result<()> {
    let stage = Stage::new(THREE).await?;
    let concealed = "BEGIN; SELECT rota.conceal('GET', '/one'); ROLLBACK";
    stage.session.batch_execute(concealed).await?;
    stage.session.batch_execute("SELECT rota.expose('two'::regproc, 'GET', '/two')").await?;
    becomes(&stage, "/two", |answer| answer.status == 200).await?;
    assert_eq!(stage.proxy.get("/one").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_function_with_another_body_and_other_arguments_answers_right_after_it_is_exposed_again()
-> Result<()> {
    let stage = Stage::with_settings(THREE, &[("ROTA_POOL_SIZE", "1")]).await?;
    assert_eq!(stage.proxy.get("/one").await?.text(), "1");
    let body = "CREATE OR REPLACE FUNCTION one() RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(11)'";
    stage.session.batch_execute(body).await?;
    assert_eq!(stage.proxy.get("/one").await?.text(), "11");
    stage
        .session
        .batch_execute(
            "BEGIN;
            DROP FUNCTION one();
            CREATE FUNCTION one(factor integer DEFAULT 1) RETURNS jsonb STABLE LANGUAGE sql
                AS 'SELECT to_jsonb(111 * factor)';
            SELECT rota.expose('one'::regproc, 'GET', '/one');
            COMMIT",
        )
        .await?;
    becomes(&stage, "/one?factor=2", |answer| answer.text() == "222").await?;
    assert_eq!(stage.proxy.get("/one").await?.text(), "111");
    Ok(())
}

#[tokio::test]
async fn a_volatile_function_is_never_reached_by_get() -> Result<()> {
    let stage = Stage::new(THREE).await?;
    stage.session.batch_execute("ALTER FUNCTION two() VOLATILE").await?;
    let refusal = stage.session.refusal("SELECT rota.expose('two'::regproc, 'GET', '/two')").await?;
    assert!(refusal.sqlstate.starts_with("22") || refusal.sqlstate == "55000", "{refusal:?}");

    // Made volatile behind the catalog's back: gone with the next reading.
    stage.session.batch_execute("ALTER FUNCTION one() VOLATILE").await?;
    stage.session.batch_execute("SELECT rota.expose('three'::regproc, 'GET', '/three')").await?;
    becomes(&stage, "/three", |answer| answer.status == 200).await?;
    let answer = stage.proxy.get("/one").await?;
    assert!(answer.status.is_client_error(), "{}: {}", answer.status, answer.text());
    Ok(())
}

#[tokio::test]
async fn the_endpoint_of_a_dropped_function_disappears_and_the_others_stay() -> Result<()> {
    let stage = Stage::new(THREE).await?;
    stage.session.batch_execute("SELECT rota.expose('two'::regproc, 'GET', '/two')").await?;
    becomes(&stage, "/two", |answer| answer.status == 200).await?;
    stage.session.batch_execute("DROP FUNCTION two()").await?;
    becomes(&stage, "/two", |answer| answer.status == 404).await?;
    assert_eq!(stage.proxy.get("/one").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn changes_are_seen_after_the_listening_connection_was_cut() -> Result<()> {
    let stage = Stage::new(THREE).await?;
    let listeners = "FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'rota catalog'";
    let cut = stage.session.rows(&format!("SELECT pg_terminate_backend(pid) {listeners}")).await?;
    assert_eq!(cut.len(), 1);
    stage.session.batch_execute("SELECT rota.expose('two'::regproc, 'GET', '/two')").await?;
    becomes(&stage, "/two", |answer| answer.status == 200).await
}

#[tokio::test]
async fn callers_never_see_a_replacement_of_functions_as_a_fault() -> Result<()> {
    let stage = Stage::new(THREE).await?;
    let replaced = AtomicBool::new(false);
    let answers = async {
        while !replaced.load(Ordering::Relaxed) {
            let answer = stage.proxy.get("/one").await?;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        anyhow::Ok(())
    };
    // As `rota migrate` does: everything is dropped and made again in one transaction.
    let replacements = async {
        for round in 0..6 {
            stage
                .session
                .batch_execute(&format!(
                    "BEGIN;
                    SELECT rota.conceal_schema('public');
                    DROP FUNCTION one();
                    CREATE FUNCTION one() RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(1)';
                    SELECT rota.expose('one'::regproc, 'GET', '/one');
                    SELECT rota.expose('two'::regproc, 'GET', '/two/{round}');
                    COMMIT"
                ))
                .await?;
            becomes(&stage, &format!("/two/{round}"), |answer| answer.status == 200).await?;
        }
        replaced.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    tokio::try_join!(answers, replacements)?;
    Ok(())
}
