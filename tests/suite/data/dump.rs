//! A database goes through pg_dump and comes back whole.

use anyhow::{Result, ensure};
use rota_tests::database::Database;
use rota_tests::dump::copy;
use rota_tests::session::Session;

use super::command::rota;
use super::demo::organisation;

/// Each table with its number of rows and a checksum over all of them, generated columns included.
async fn contents(session: &Session) -> Result<Vec<Vec<Option<String>>>> {
    let tables = session
        .rows(
            "SELECT oid::regclass FROM pg_class
            WHERE relkind = 'r'
                AND relpersistence = 'p'
                -- Counts changes of this database, or knows ids of its objects: the copy has its own.
                AND oid NOT IN ('rota.catalog_changes'::regclass, 'rota.view_states'::regclass)
                AND relnamespace IN (
                    SELECT oid FROM pg_namespace
                    WHERE nspname IN ('workforce', 'access', 'rota', 'rota_migration')
                )
            ORDER BY oid::regclass::text",
        )
        .await?;
    let mut contents = Vec::new();
    for table in tables.into_iter().flatten().flatten() {
        let rows = session
            .rows(&format!(
                "SELECT '{table}', count(*), md5(string_agg(md5(row::text), '' ORDER BY md5(row::text)))
                FROM {table} AS row"
            ))
            .await?;
        contents.extend(rows);
    }
    Ok(contents)
}

#[tokio::test]
async fn a_restored_dump_has_the_same_rows_endpoints_and_answers_and_is_current() -> Result<()> {
    let original = organisation("120", "4", "2026-10-05").await?;
    let restored = Database::empty().await?;
    copy(&original, &restored).await?;
    let (before, after) = (original.session().await?, restored.session().await?);
    assert_eq!(contents(&after).await?, contents(&before).await?);
    for question in [
        "SELECT method, path, function_name, arguments FROM rota.endpoint_catalog() ORDER BY 1, 2",
        "SELECT name, function_name, columns FROM rota.import_catalog() ORDER BY 1",
        "SELECT kind, person_id, during, message FROM rota.find_conflicts('2026-10-05', '2026-11-02')
            ORDER BY 1, 2, 3, 4",
        "SELECT api.employees(page_size => 3)",
    ] {
        let answer = after.rows(question).await?;
        ensure!(!answer.is_empty(), "nothing to compare: {question}");
        assert_eq!(answer, before.rows(question).await?, "{question}");
    }
    assert_eq!(rota(&restored, &["migrate", "--check"]).await?.lines()?, ["up to date"]);
    assert_eq!(rota(&restored, &["migrate"]).await?.lines()?, ["nothing to do"]);
    Ok(())
}

#[tokio::test]
async fn a_restored_dump_still_refuses_double_bookings_and_goes_on_counting() -> Result<()> {
    let original = Database::migrated().await?;
    let session = original.session().await?;
    session.batch_execute(super::roster::ROSTER).await?;
    session.batch_execute(&super::roster::booking(1, 1, "assigned")).await?;
    let restored = Database::empty().await?;
    copy(&original, &restored).await?;
    let session = restored.session().await?;
    let refusal = session.refusal(&super::roster::booking(1, 2, "assigned")).await?;
    assert_eq!(refusal.constraint.as_deref(), Some("assignments_no_double_booking"));
    let next = "INSERT INTO workforce.departments (name) VALUES ('next') RETURNING department_id";
    assert_eq!(session.text(next).await?, "2");
    Ok(())
}
