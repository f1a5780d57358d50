//! `cargo xtask install`: the extension in an existing server.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use nix::unistd::{AccessFlags, access};
use rota_harness::installation::Installation;
use rota_harness::program;
use rota_harness::progress::{say, step};

use crate::commands::InstallOptions;
use crate::prerequisites::Plans;
use crate::project::{Profile, Project};
use crate::servers::usable;
use crate::{cargo_pgrx, extension, packages};

/// Builds the extension for the server and installs it there.
pub(crate) fn install(options: &InstallOptions) -> Result<()> {
    let project = Project::open("install")?;
    let postgres = usable(Installation::read(&options.pg_config)?)?;
    require_writable(&postgres)?;
    let plans = Plans { build_cargo_pgrx: !cargo_pgrx::is_built(&project), ..Plans::default() };
    packages::provide(&project, &plans)?;
    cargo_pgrx::provide(&project)?;
    let profile = if options.debug { Profile::Dev } else { Profile::Release };
    step(&format!("installing the extension into PostgreSQL {}", postgres.short_version()), |step| {
        let mut command = extension::install_command(&project, &postgres, profile)?;
        program::run(&mut command, &project.log("extension-install"), step)
    })?;
    say("\nThen, as a superuser of each database:  CREATE EXTENSION rota;");
    Ok(())
}

/// Refuses before anything is built, not after, when the server's folders are closed to us.
fn require_writable(postgres: &Installation) -> Result<()> {
    let folders = [postgres.modules.clone(), postgres.share.join("extension")];
    let closed: Vec<&Path> = folders
        .iter()
        .filter(|folder| access(folder.as_path(), AccessFlags::W_OK).is_err())
        .map(PathBuf::as_path)
        .collect();
    let Some(first) = closed.first() else { return Ok(()) };
    bail!(
        "{} is not writable for this account: type\n  sudo env \"PATH=$PATH\" cargo xtask install --pg-config {}",
        first.display(),
        postgres.pg_config.display()
    )
}
