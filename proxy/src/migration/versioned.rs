//! The versioned migrations: forward only, each in a transaction of its own, each with a checksum.
//!
//! `refinery` applies and records them. What it would refuse is looked for before, so that the refusal names
//! the file and the way out.

use std::collections::BTreeSet;

use refinery::{Migration, Runner, Target};
use tokio_postgres::Client;

use super::embedded::{self, SqlFile};
use super::fault::MigrationFault;
use super::ledger::{self, Applied, HISTORY_TABLE};
use super::steps::Steps;
use crate::error::Error;

/// One embedded migration as refinery sees it.
#[derive(Debug, Clone)]
pub(super) struct Versioned {
    /// The file.
    pub(super) file: SqlFile,
    migration: Migration,
}

impl Versioned {
    /// Number of the migration.
    pub(super) fn version(&self) -> i32 {
        self.migration.version()
    }

    fn is(&self, applied: &Applied) -> bool {
        self.migration.name() == applied.name && self.migration.checksum().to_string() == applied.checksum
    }
}

/// The migrations of this program, by number.
pub(super) fn embedded() -> Result<Vec<Versioned>, MigrationFault> {
    parse(embedded::migrations())
}

fn parse(files: Vec<SqlFile>) -> Result<Vec<Versioned>, MigrationFault> {
    let mut versions = BTreeSet::new();
    let mut migrations = Vec::with_capacity(files.len());
    for file in files {
        let stem = file.file_name().trim_end_matches(".sql");
        let migration = Migration::unapplied(stem, &file.text)
            .ok()
            .filter(|migration| migration.to_string() == stem && stem.starts_with('V'))
            .ok_or_else(|| MigrationFault::FileName { file: file.path.clone() })?;
        if !versions.insert(migration.version()) {
            return Err(MigrationFault::NumberTwice { file: file.path });
        }
        migrations.push(Versioned { file, migration });
    }
    migrations.sort_by_key(Versioned::version);
    Ok(migrations)
}

/// The migrations that the database still lacks, or why the two histories do not fit.
pub(super) fn pending<'a>(
    embedded: &'a [Versioned],
    applied: &[Applied],
) -> Result<Vec<&'a Versioned>, MigrationFault> {
    for entry in applied {
        match embedded.iter().find(|known| known.version() == entry.version) {
            None => {
                let migration = format!("V{}__{}", entry.version, entry.name);
                return Err(MigrationFault::Ahead { migration });
            }
            Some(known) if !known.is(entry) => {
                return Err(MigrationFault::Changed { file: known.file.path.clone() });
            }
            Some(_) => {}
        }
    }
    let level = applied.iter().map(|entry| entry.version).max().unwrap_or(0);
    let is_applied = |known: &&Versioned| applied.iter().any(|entry| entry.version == known.version());
    let pending: Vec<_> = embedded.iter().filter(|known| !is_applied(known)).collect();
    match pending.iter().find(|known| known.version() < level) {
        Some(late) => Err(MigrationFault::Late { file: late.file.path.clone(), level }),
        None => Ok(pending),
    }
}

/// Applies what the database lacks, one step for each file.
pub(super) async fn apply(client: &mut Client, steps: &mut Steps<'_>) -> Result<(), Error> {
    let embedded = embedded()?;
    let applied = ledger::history(client).await?;
    let pending = pending(&embedded, &applied)?;
    let mut runner = Runner::new(&embedded.iter().map(|known| known.migration.clone()).collect::<Vec<_>>());
    runner.set_migration_table_name(HISTORY_TABLE);
    for next in pending {
        runner = runner.set_target(Target::Version(next.version()));
        let outcome = steps.take(next.file.path.clone(), runner.run_async(client)).await;
        outcome.map_err(|error| refused(&next.file, &error))?;
    }
    Ok(())
}

/// Finds the server's words in refinery's error.
fn refused(file: &SqlFile, error: &refinery::Error) -> MigrationFault {
    let cause =
        std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<tokio_postgres::Error>());
    match cause {
        Some(cause) => MigrationFault::refused(file, cause),
        None => MigrationFault::Refused { place: file.path.clone(), message: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &'static str) -> SqlFile {
        SqlFile { path: format!("migrations/{name}"), text: text.into() }
    }

    fn three() -> Vec<Versioned> {
        parse(vec![file("V1__one.sql", "A"), file("V10__ten.sql", "C"), file("V2__two.sql", "B")]).unwrap()
    }

    fn applied(migrations: &[&Versioned]) -> Vec<Applied> {
        let entry = |known: &&Versioned| Applied {
            version: known.version(),
            name: known.migration.name().to_owned(),
            checksum: known.migration.checksum().to_string(),
        };
        migrations.iter().map(entry).collect()
    }

    #[test]
    fn the_embedded_migrations_are_well_named() {
        embedded().unwrap();
    }

    #[test]
    fn migrations_are_ordered_by_number_and_only_the_missing_ones_are_pending() {
        let all = three();
        assert_eq!(all.iter().map(Versioned::version).collect::<Vec<_>>(), [1, 2, 10]);
        let left = pending(&all, &applied(&[&all[0], &all[1]])).unwrap();
        assert_eq!(left.iter().map(|known| known.version()).collect::<Vec<_>>(), [10]);
        assert_eq!(pending(&all, &applied(&[&all[0], &all[1], &all[2]])).unwrap().len(), 0);
    }

    #[test]
    fn histories_that_do_not_fit_are_refused_by_name() {
        let all = three();
        let mut changed = applied(&[&all[0]]);
        changed[0].checksum = "1".to_owned();
        let fault = pending(&all, &changed).unwrap_err();
        assert_eq!(fault, MigrationFault::Changed { file: "migrations/V1__one.sql".to_owned() });

        let fault = pending(&all[..1], &applied(&[&all[0], &all[1]])).unwrap_err();
        assert_eq!(fault, MigrationFault::Ahead { migration: "V2__two".to_owned() });

        let fault = pending(&all, &applied(&[&all[0], &all[2]])).unwrap_err();
        assert_eq!(fault, MigrationFault::Late { file: "migrations/V2__two.sql".to_owned(), level: 10 });
    }

    #[test]
    fn names_and_numbers_of_files_are_checked() {
        for name in ["1__one.sql", "V1_one.sql", "U1__one.sql", "V1__one-two.sql"] {
            let fault = parse(vec![file(name, "A")]).unwrap_err();
            assert_eq!(fault, MigrationFault::FileName { file: format!("migrations/{name}") });
        }
        let fault = parse(vec![file("V1__a.sql", "A"), file("V1__b.sql", "B")]).unwrap_err();
        assert_eq!(fault, MigrationFault::NumberTwice { file: "migrations/V1__b.sql".to_owned() });
    }
}
