//! `migrations/INDEXES.md` speaks of every index, and of none that is not there.

use std::collections::BTreeSet;

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::server::environment;

fn document() -> Result<String> {
    Ok(std::fs::read_to_string(environment()?.project.join("migrations/INDEXES.md"))?)
}

/// The cells of the tables' rows.
fn table_rows(document: &str) -> impl Iterator<Item = Vec<&str>> {
    document
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("|---"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

async fn found_in_the_database() -> Result<BTreeSet<String>> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let rows = session
        .rows(
            "SELECT indexname FROM pg_indexes WHERE schemaname IN ('workforce', 'access')
            UNION
            SELECT conname FROM pg_constraint
            WHERE connamespace IN ('workforce'::regnamespace, 'access'::regnamespace)",
        )
        .await?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

#[test]
fn each_of_the_54_indexes_has_one_row_with_a_verdict() -> Result<()> {
    let document = document()?;
    let rows: Vec<Vec<&str>> = table_rows(&document)
        .filter(|cells| {
            cells[0]
                .strip_prefix('I')
                .is_some_and(|number| number.chars().all(|digit| digit.is_ascii_digit()))
        })
        .collect();
    let numbers: Vec<&str> = rows.iter().map(|cells| cells[0]).collect();
    let wanted: Vec<String> = (1..=54).map(|number| format!("I{number:02}")).collect();
    assert_eq!(numbers, wanted);
    for cells in rows {
        let verdict = cells[2];
        let verdicts = ["kept as ", "merged into ", "refused", "replaced by ", "split: ", "waits for "];
        assert!(verdicts.iter().any(|known| verdict.starts_with(known)), "{}: {verdict}", cells[0]);
        if !verdict.starts_with("refused") && !verdict.starts_with("waits for ") {
            assert!(quoted(verdict).next().is_some(), "{} names no index: {verdict}", cells[0]);
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_index_that_it_names_exists() -> Result<()> {
    let found = found_in_the_database().await?;
    let document = document()?;
    let mut unknown = Vec::new();
    for cells in table_rows(&document) {
        // In the list of the 54 the third cell names ours; in the others the first does.
        let ours = if cells.len() == 4 { cells[2..].join(" ") } else { cells[0].to_owned() };
        unknown.extend(
            quoted(&ours).filter(|name| is_a_name(name) && !found.contains(*name)).map(str::to_owned),
        );
    }
    assert!(unknown.is_empty(), "{unknown:?}");
    Ok(())
}

/// Columns and expressions are quoted, too; names of indexes and constraints have a table before them.
fn is_a_name(text: &str) -> bool {
    text.contains('_') && text.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
}

#[tokio::test]
async fn every_index_that_is_no_constraint_is_listed() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let rows = session
        .rows(
            "SELECT indexname FROM pg_indexes
            WHERE schemaname IN ('workforce', 'access')
                AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)",
        )
        .await?;
    let document = document()?;
    let listed: BTreeSet<&str> =
        table_rows(&document).filter(|cells| cells.len() == 2).flat_map(|cells| quoted(cells[0])).collect();
    let silent: Vec<String> =
        rows.into_iter().flatten().flatten().filter(|name| !listed.contains(name.as_str())).collect();
    assert!(silent.is_empty(), "{silent:?}");
    Ok(())
}
