//! How far a database is from what this program expects. Looks, and changes nothing.

use serde::Serialize;
use tokio_postgres::Client;

use super::version::is_at_least;
use super::{extension, indexes, ledger, programs, versioned};
use crate::error::Error;

/// A version that should be, and the one that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Level {
    /// What this program was built for.
    pub expected: Option<String>,
    /// What the database has.
    pub found: Option<String>,
}

/// The state of a database, as `/ready` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MigrationStatus {
    /// Newest migration, as `V<number>`.
    pub migration: Level,
    /// Version of the extension `rota`.
    pub extension: Level,
    /// Whether views and functions are those of this program.
    pub programs_current: bool,
    /// Indexes that are not as they should be, in words.
    pub indexes: Vec<String>,
    /// Why the database cannot serve this program; empty = it can.
    missing: Vec<String>,
    /// What `rota migrate` would do or stumble over; empty = nothing.
    differences: Vec<String>,
}

impl MigrationStatus {
    /// What the database lacks to serve this program. Empty = ready.
    ///
    /// A database that is ahead is ready: during a rollout the old programs go on beside the new ones. So is
    /// one that lacks an index: it is slow, not wrong.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        self.missing.clone()
    }

    /// Everything in which the database differs from this program. Empty = `rota migrate` has nothing to do.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        self.differences.clone()
    }
}

/// Compares the database with this program.
///
/// # Errors
///
/// The server's, if it cannot be asked.
pub async fn status(client: &Client) -> Result<MigrationStatus, Error> {
    let embedded = versioned::embedded()?;
    let applied = ledger::history(client).await?;
    let found_extension = extension::installed(client).await?;
    let last_programs = ledger::programs(client).await?;
    let index_differences = indexes::differences(client).await?;

    let level = |version: Option<i32>| version.map(|number| format!("V{number}"));
    let mut missing = Vec::new();
    match &found_extension {
        None => missing.push("the extension rota is not in the database".to_owned()),
        Some(found) if !is_at_least(found, extension::EXPECTED) => {
            missing.push(format!("the extension rota is at {found}, expected is {}", extension::EXPECTED));
        }
        Some(_) => {}
    }
    for known in &embedded {
        if !applied.iter().any(|entry| entry.version == known.version()) {
            missing.push(format!("{} is not applied", known.file.path));
        }
    }
    if last_programs.checksum.is_empty() {
        missing.push("views and functions are not applied".to_owned());
    }

    let mut differences = missing.clone();
    differences.extend(versioned::pending(&embedded, &applied).err().map(|fault| fault.to_string()));
    if let Some(found) = found_extension.as_deref().filter(|found| *found != extension::EXPECTED)
        && is_at_least(found, extension::EXPECTED)
    {
        differences.push(format!("the extension rota is at {found}, ahead of {}", extension::EXPECTED));
    }
    let programs_current = programs::are_current(&last_programs);
    if !programs_current && !last_programs.checksum.is_empty() {
        differences.push("views and functions are not those of this program".to_owned());
    }
    differences.extend(index_differences.iter().cloned());

    Ok(MigrationStatus {
        migration: Level {
            expected: level(embedded.last().map(versioned::Versioned::version)),
            found: level(applied.last().map(|entry| entry.version)),
        },
        extension: Level { expected: Some(extension::EXPECTED.to_owned()), found: found_extension },
        programs_current,
        indexes: index_differences,
        missing,
        differences,
    })
}
