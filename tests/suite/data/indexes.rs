//! `rota migrate`: the indexes, which are a desired state.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;
use tokio::time::{Duration, sleep};

use super::command::rota;

const INDEX: &str = "workforce.shifts_by_date";
const DEFINITION: &str = "SELECT pg_get_indexdef('workforce.shifts_by_date'::regclass)";
const IS_VALID: &str =
    "SELECT indisvalid FROM pg_index WHERE indexrelid = 'workforce.shifts_by_date'::regclass";

/// A concurrent build that fails the way it does in life: cancelled while it waits for a writer.
async fn fail_a_concurrent_build(database: &Database, statement: &str) -> Result<()> {
    let writer = database.session().await?;
    writer.batch_execute("BEGIN; LOCK TABLE workforce.shifts IN ROW EXCLUSIVE MODE").await?;
    let builder = database.session().await?;
    let process: i32 = builder.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
    let statement = statement.to_owned();
    let build = tokio::spawn(async move { builder.refusal(&statement).await });
    let waits = format!(
        "SELECT count(*) FROM pg_locks WHERE pid = {process} AND NOT granted AND locktype = 'virtualxid'"
    );
    let observer = database.session().await?;
    while observer.text(&waits).await? == "0" && !build.is_finished() {
        sleep(Duration::from_millis(5)).await;
    }
    observer.batch_execute(&format!("SELECT pg_cancel_backend({process})")).await?;
    assert_eq!(build.await??.sqlstate, "57014");
    writer.batch_execute("ROLLBACK").await?;
    Ok(())
}

/// Whether the index is reported with `fault`, then put right, to the definition it had.
async fn is_put_right(database: &Database, session: &Session, fault: &str, definition: &str) -> Result<()> {
    let check = rota(database, &["migrate", "--check"]).await?;
    let said = check.refusal()?;
    assert!(said.contains(&format!("index {INDEX} {fault}")), "{said}");
    let run = rota(database, &["migrate"]).await?;
    assert!(run.lines()?.iter().any(|line| line.starts_with(&format!("index {INDEX} ("))), "{fault}");
    assert_eq!(session.text(DEFINITION).await?, definition);
    assert_eq!(session.text(IS_VALID).await?, "t");
    assert_eq!(rota(database, &["migrate"]).await?.lines()?, ["nothing to do"]);
    Ok(())
}

#[tokio::test]
async fn an_index_left_invalid_by_a_failed_build_is_found_and_built_again() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let definition = session.text(DEFINITION).await?;
    session.batch_execute(&format!("DROP INDEX {INDEX}")).await?;
    let statement = definition.replacen("CREATE INDEX", "CREATE INDEX CONCURRENTLY", 1);
    fail_a_concurrent_build(&database, &statement).await?;
    assert_eq!(session.text(IS_VALID).await?, "f");
    is_put_right(&database, &session, "is invalid", &definition).await
}

#[tokio::test]
async fn a_missing_index_is_built() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let definition = session.text(DEFINITION).await?;
    session.batch_execute(&format!("DROP INDEX {INDEX}")).await?;
    is_put_right(&database, &session, "is missing", &definition).await
}

#[tokio::test]
async fn an_index_of_the_right_name_on_the_wrong_column_is_replaced() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let definition = session.text(DEFINITION).await?;
    session
        .batch_execute(
            "DROP INDEX workforce.shifts_by_date;
            CREATE INDEX shifts_by_date ON workforce.shifts (created_at)",
        )
        .await?;
    is_put_right(&database, &session, "is not built from its definition", &definition).await
}

#[tokio::test]
async fn an_index_that_somebody_else_made_is_left_alone() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session.batch_execute("CREATE INDEX of_somebody_else ON workforce.shifts (priority)").await?;
    assert_eq!(rota(&database, &["migrate"]).await?.lines()?, ["nothing to do"]);
    assert_eq!(session.text("SELECT to_regclass('workforce.of_somebody_else') IS NOT NULL").await?, "t");
    Ok(())
}

#[tokio::test]
async fn writers_go_on_while_an_index_is_built() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session.batch_execute(&format!("DROP INDEX {INDEX}")).await?;
    // The build waits for this transaction to end, and must not make another writer wait.
    session.batch_execute("BEGIN; LOCK TABLE workforce.shifts IN ROW EXCLUSIVE MODE").await?;
    let other = database.session().await?;
    let observer = database.session().await?;
    let arguments = ["migrate"];
    let migration = rota(&database, &arguments);
    let write = async {
        let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'virtualxid'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            OR NOT granted AND locktype = 'virtualxid'
                AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";
        while observer.text(waits).await? == "0" {
            sleep(Duration::from_millis(5)).await;
        }
        other
            .batch_execute(
                "SET lock_timeout = '5s';
                INSERT INTO workforce.shifts (shift_type, date, start_time, end_time)
                VALUES ('early', '2026-02-02', '06:00', '14:00')",
            )
            .await?;
        session.batch_execute("COMMIT").await?;
        anyhow::Ok(())
    };
    let (run, written) = tokio::join!(migration, write);
    written?;
    run?.lines()?;
    assert_eq!(observer.text(IS_VALID).await?, "t");
    Ok(())
}
