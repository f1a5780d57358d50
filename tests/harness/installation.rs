//! A Postgres installation as its own `pg_config` describes it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::program;

/// Major versions that the extension supports.
pub const SUPPORTED: std::ops::RangeInclusive<u16> = 15..=18;

/// Folders that hold one installation per version, and how the folder of a version begins:
/// Debian's and Red Hat's.
const VERSIONED: [(&str, &str); 2] = [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")];

/// Where Postgres installs itself unless told otherwise.
const DEFAULT: &str = "/usr/local/pgsql/bin/pg_config";

/// Where an installation keeps its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The program that told us the rest.
    pub pg_config: PathBuf,
    /// Full version text, such as `PostgreSQL 15.8 (Debian 15.8-0+deb12u1)`.
    pub version: String,
    /// Major version, such as 15.
    pub major: u16,
    /// Programs: postgres, initdb, psql, pgbench.
    pub programs: PathBuf,
    /// Loadable modules.
    pub modules: PathBuf,
    /// Read-only data: extension scripts, time zones, samples.
    pub share: PathBuf,
    /// C headers for clients.
    pub client_headers: PathBuf,
    /// C headers for modules.
    pub server_headers: PathBuf,
}

impl Installation {
    /// Asks `pg_config`.
    pub fn read(pg_config: &Path) -> Result<Self> {
        let answer = program::output_of(&mut Command::new(pg_config))
            .with_context(|| format!("{} does not answer", pg_config.display()))?;
        Self::parse(pg_config, &answer)
    }

    fn parse(pg_config: &Path, answer: &str) -> Result<Self> {
        let values: HashMap<&str, &str> = answer.lines().filter_map(|line| line.split_once(" = ")).collect();
        let value = |key: &str| {
            values.get(key).copied().with_context(|| format!("{} does not know {key}", pg_config.display()))
        };
        let version = value("VERSION")?.to_owned();
        Ok(Self {
            pg_config: pg_config.to_owned(),
            major: major_of(&version)
                .with_context(|| format!("{} has the unreadable version {version}", pg_config.display()))?,
            version,
            programs: value("BINDIR")?.into(),
            modules: value("PKGLIBDIR")?.into(),
            share: value("SHAREDIR")?.into(),
            client_headers: value("PKGINCLUDEDIR")?.into(),
            server_headers: value("INCLUDEDIR-SERVER")?.into(),
        })
    }

    /// The newest usable installation of this machine, or a list of what was found and why it will not do.
    pub fn find_on_machine() -> Result<Self> {
        let mut refused = Vec::new();
        let mut best: Option<Self> = None;
        for candidate in candidates() {
            let installation = match Self::read(&candidate) {
                Ok(installation) => installation,
                Err(error) => {
                    refused.push(format!("{error:#}"));
                    continue;
                }
            };
            if let Some(lack) = installation.lack() {
                refused.push(format!("{}: {lack}", candidate.display()));
            } else if best.as_ref().is_none_or(|known| installation.major > known.major) {
                best = Some(installation);
            }
        }
        match best {
            Some(installation) => Ok(installation),
            None if refused.is_empty() => bail!("there is no pg_config on this machine"),
            None => bail!("no Postgres of this machine will do: {}", refused.join("; ")),
        }
    }

    /// What keeps us from using this installation, if anything does.
    pub fn lack(&self) -> Option<String> {
        if !SUPPORTED.contains(&self.major) {
            return Some(format!(
                "version {} is outside {} to {}",
                self.major,
                SUPPORTED.start(),
                SUPPORTED.end()
            ));
        }
        if !self.server_headers.join("postgres.h").is_file() {
            return Some(format!("there are no server headers in {}", self.server_headers.display()));
        }
        ["postgres", "initdb"]
            .iter()
            .map(|name| self.program(name))
            .find(|path| !path.is_file())
            .map(|missing| format!("{} is missing", missing.display()))
    }

    /// Path of one of the installation's programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// Version number alone, such as `15.8`.
    pub fn short_version(&self) -> &str {
        self.version.split_whitespace().nth(1).unwrap_or(&self.version)
    }
}

/// `PostgreSQL 15.8 (Debian ...)` and `PostgreSQL 18beta1` both begin with the major version.
fn major_of(version: &str) -> Option<u16> {
    let number = version.split_whitespace().nth(1)?;
    let digits = number.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(number.len());
    number.get(..digits)?.parse().ok()
}

/// Every `pg_config` worth asking, the one on PATH first.
fn candidates() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = program::on_path("pg_config").into_iter().collect();
    for (parent, beginning) in VERSIONED {
        let Ok(entries) = fs::read_dir(parent) else { continue };
        let mut versions: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(beginning))
            .map(|entry| entry.path().join("bin/pg_config"))
            .filter(|path| path.is_file())
            .collect();
        versions.sort();
        found.extend(versions);
    }
    found.extend(Some(PathBuf::from(DEFAULT)).filter(|path| path.is_file()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "BINDIR = /usr/lib/postgresql/15/bin\n\
        PKGINCLUDEDIR = /usr/include/postgresql\n\
        INCLUDEDIR-SERVER = /usr/include/postgresql/15/server\n\
        PKGLIBDIR = /usr/lib/postgresql/15/lib\n\
        SHAREDIR = /usr/share/postgresql/15\n\
        CONFIGURE =  '--with-openssl' 'CFLAGS=-g -O2'\n\
        VERSION = PostgreSQL 15.8 (Debian 15.8-0+deb12u1)\n";

    #[test]
    fn the_answer_of_pg_config_is_read() {
        let installation = Installation::parse(Path::new("/usr/bin/pg_config"), ANSWER).unwrap();
        assert_eq!(installation.major, 15);
        assert_eq!(installation.short_version(), "15.8");
        assert_eq!(installation.program("initdb"), Path::new("/usr/lib/postgresql/15/bin/initdb"));
    }

    #[test]
    fn an_answer_without_a_folder_names_the_missing_key() {
        let without = ANSWER.replace("SHAREDIR", "OTHER");
        let error = Installation::parse(Path::new("/usr/bin/pg_config"), &without).unwrap_err();
        assert!(error.to_string().contains("SHAREDIR"), "{error}");
    }

    #[test]
    fn versions_of_every_shape_have_a_major_number() {
        assert_eq!(major_of("PostgreSQL 18beta1"), Some(18));
        assert_eq!(major_of("PostgreSQL 17.4"), Some(17));
        assert_eq!(major_of("PostgreSQL"), None);
    }

    #[test]
    fn an_old_server_is_refused_by_its_version() {
        let installation = Installation::parse(Path::new("/usr/bin/pg_config"), ANSWER).unwrap();
        let old = Installation { major: 13, ..installation };
        assert_eq!(old.lack().unwrap(), "version 13 is outside 15 to 18");
    }
}
