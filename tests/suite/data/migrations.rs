//! `rota migrate`: the versioned steps, and the run as a whole.

use anyhow::{Context, Result};
use rota_tests::database::Database;
use rota_tests::server::environment;

use super::catalog::snapshot;
use super::command::rota;

/// The names of the embedded migrations, which a migrated database records.
fn migration_files() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(environment()?.project.join("migrations"))? {
        let name = entry?.file_name().into_string().ok().context("a file name is not UTF-8")?;
        if let Some(stem) = name.strip_suffix(".sql").filter(|stem| stem.contains("__")) {
            names.push(stem.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

const APPLIED: &str = "SELECT format('V%s__%s', version, name) FROM rota_migration.history ORDER BY 1";

#[tokio::test]
async fn an_empty_database_becomes_current_and_records_every_file() -> Result<()> {
    let database = Database::empty().await?;
    let first = rota(&database, &["migrate"]).await?;
    assert_ne!(first.lines()?, ["nothing to do"]);
    assert_eq!(first.standard_error, "");
    let applied = database.session().await?.rows(APPLIED).await?;
    let applied: Vec<String> = applied.into_iter().flatten().flatten().collect();
    assert_eq!(applied, migration_files()?);
    assert_eq!(rota(&database, &["migrate", "--check"]).await?.lines()?, ["up to date"]);
    Ok(())
}

#[tokio::test]
async fn a_second_run_says_nothing_to_do_and_writes_nothing() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let before = snapshot(&session).await?;
    assert_eq!(rota(&database, &["migrate"]).await?.lines()?, ["nothing to do"]);
    assert_eq!(snapshot(&session).await?, before);
    Ok(())
}

#[tokio::test]
async fn several_runs_at_once_all_succeed_and_take_each_step_once() -> Result<()> {
    let database = Database::empty().await?;
    let arguments = ["migrate"];
    let (first, second, third) = tokio::try_join!(
        rota(&database, &arguments),
        rota(&database, &arguments),
        rota(&database, &arguments)
    )?;
    let mut steps = Vec::new();
    for run in [&first, &second, &third] {
        let lines = run.lines()?;
        let done = lines.iter().filter_map(|line| line.split_once(" (")?.1.ends_with(" ms)").then_some(line));
        steps.extend(done.filter_map(|line| Some(line.rsplit_once(" (")?.0.to_owned())));
    }
    let all = steps.len();
    steps.sort();
    steps.dedup();
    assert_eq!(steps.len(), all, "a step was taken twice");
    let files = migration_files()?;
    assert!(files.iter().all(|file| steps.contains(&format!("migrations/{file}.sql"))), "{steps:?}");
    assert_eq!(rota(&database, &arguments).await?.lines()?, ["nothing to do"]);
    Ok(())
}

#[tokio::test]
async fn a_file_that_was_changed_after_it_was_applied_is_refused_by_name() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session
        .batch_execute("UPDATE rota_migration.history SET checksum = '1' WHERE name = 'departments'")
        .await?;
    let before = snapshot(&session).await?;
    for arguments in [&["migrate"] as &[&str], &["migrate", "--check"]] {
        let run = rota(&database, arguments).await?;
        let said = run.refusal()?;
        assert!(said.contains("migrations/V3__departments.sql was changed after it was applied"), "{said}");
    }
    assert_eq!(snapshot(&session).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_database_that_is_ahead_is_refused_with_the_migration_it_has() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session
        .batch_execute(
            "INSERT INTO rota_migration.history (version, name, applied_on, checksum)
            VALUES (9999, 'from_the_future', now()::text, '1')",
        )
        .await?;
    let run = rota(&database, &["migrate"]).await?;
    let said = run.refusal()?;
    assert!(said.contains("V9999__from_the_future") && said.contains("newer rota"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_check_of_an_empty_database_fails_names_what_is_missing_and_makes_nothing() -> Result<()> {
    let database = Database::empty().await?;
    let run = rota(&database, &["migrate", "--check"]).await?;
    let said = run.refusal()?;
    assert!(said.contains("the extension rota is not in the database"), "{said}");
    for file in migration_files()? {
        assert!(said.contains(&format!("migrations/{file}.sql is not applied")), "{file} in {said}");
    }
    let made = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'";
    assert_eq!(database.session().await?.rows(made).await?, [[Some("public".to_owned())]]);
    Ok(())
}

#[tokio::test]
async fn a_check_of_a_current_database_writes_nothing() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let before = snapshot(&session).await?;
    assert_eq!(rota(&database, &["migrate", "--check"]).await?.lines()?, ["up to date"]);
    assert_eq!(snapshot(&session).await?, before);
    Ok(())
}
