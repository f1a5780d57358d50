//! Which Postgres a command works with, and our private copy of it.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Result, bail, ensure};
use rota_harness::embedded;
use rota_harness::installation::Installation;
use rota_harness::private_server::PrivateServer;
use rota_harness::progress::{Step, step};
use rota_harness::run_folder::make_open_folder;

use crate::prerequisites::Plans;
use crate::project::Project;

/// The value of `--pg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The machine's newest supported Postgres.
    System,
    /// The downloaded one.
    Embedded,
    /// Both, one after the other.
    All,
    /// The one with this `pg_config`.
    PgConfig(PathBuf),
}

impl FromStr for Choice {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "system" => Self::System,
            "embedded" => Self::Embedded,
            "all" => Self::All,
            path => Self::PgConfig(path.into()),
        })
    }
}

impl Choice {
    /// The servers of the choice, in the order of use.
    pub(crate) fn each(&self) -> Vec<Self> {
        match self {
            Self::All => vec![Self::System, Self::Embedded],
            one => vec![one.clone()],
        }
    }

    /// Refuses `all` for commands that work with one server.
    pub(crate) fn require_one(&self) -> Result<()> {
        ensure!(*self != Self::All, "--pg all is for tests: choose system, embedded, or a pg_config");
        Ok(())
    }

    /// What the choice adds to a command's plans.
    pub(crate) fn plan(&self, project: &Project, plans: &mut Plans) {
        for one in self.each() {
            match one {
                Self::System => plans.system_postgres = true,
                Self::Embedded => plans.download |= !embedded::is_unpacked(&project.run_folder.servers()),
                Self::All | Self::PgConfig(_) => {}
            }
        }
    }

    /// The private server of a choice that is one.
    pub(crate) fn prepare(&self, project: &Project) -> Result<PrivateServer> {
        let servers = project.run_folder.servers();
        make_open_folder(&servers)?;
        let source = match self {
            Self::System => Installation::find_on_machine()?,
            Self::PgConfig(path) => usable(Installation::read(path)?)?,
            Self::Embedded if embedded::is_unpacked(&servers) => {
                return embedded::unpacked(&servers, &project.logs, &Step::silent());
            }
            Self::Embedded => {
                return step(&format!("downloading PostgreSQL {}", embedded::VERSION), |step| {
                    embedded::unpacked(&servers, &project.logs, step)
                });
            }
            Self::All => bail!("one server at a time"),
        };
        step(&format!("PostgreSQL {} in a private copy", source.short_version()), |_| {
            PrivateServer::copy_of(&source, &servers)
        })
    }
}

/// An installation, unless something keeps us from using it.
pub(crate) fn usable(installation: Installation) -> Result<Installation> {
    match installation.lack() {
        Some(lack) => bail!("{} will not do: {lack}", installation.pg_config.display()),
        None => Ok(installation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_the_system_and_the_embedded_server() {
        assert_eq!("all".parse::<Choice>().unwrap().each(), [Choice::System, Choice::Embedded]);
        assert!(Choice::All.require_one().is_err());
    }

    #[test]
    fn any_other_word_is_the_path_of_a_pg_config() {
        let path = "/opt/pg/bin/pg_config";
        assert_eq!(path.parse::<Choice>().unwrap(), Choice::PgConfig(path.into()));
    }
}
