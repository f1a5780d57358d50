//! Building the extension and installing it into a Postgres.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rota_harness::installation::Installation;
use rota_harness::private_server::PrivateServer;
use rota_harness::program;
use rota_harness::progress::Step;

use crate::cargo_pgrx;
use crate::project::{Profile, Project};

/// Everything the extension is made of.
const INPUTS: [&str; 5] = ["pg_extension", "sql/extension", "sql/presets", "Cargo.toml", "Cargo.lock"];

/// Installs the extension into a private server, unless it is there as it would be built now.
pub(crate) fn provide(
    project: &Project,
    server: &PrivateServer,
    profile: Profile,
    step: &Step,
) -> Result<()> {
    let installation = &server.installation;
    let stamp_file = installation.share.join("extension/rota.built");
    let stamp = format!("{:?} {:016x}\n", profile, fingerprint(&project.root)?);
    let is_there = installation.modules.join("rota.so").is_file();
    if is_there && fs::read_to_string(&stamp_file).is_ok_and(|known| known == stamp) {
        return Ok(());
    }
    let log = project.log(&format!("extension-{}", server.name()));
    program::run(&mut install_command(project, installation, profile)?, &log, step)?;
    fs::write(&stamp_file, stamp).with_context(|| format!("writing {}", stamp_file.display()))
}

/// How the step is called that provides the extension.
pub(crate) fn step_name(server: &PrivateServer) -> String {
    format!("the extension for PostgreSQL {}", server.installation.major)
}

/// `cargo pgrx install` into one Postgres.
pub(crate) fn install_command(
    project: &Project,
    postgres: &Installation,
    profile: Profile,
) -> Result<std::process::Command> {
    let mut command = cargo_pgrx::command(project, postgres)?;
    command
        .args(["install", "--package", "rota", "--no-default-features"])
        .args(["--features", &feature(postgres)])
        .args(profile.arguments())
        .arg("--pg-config")
        .arg(&postgres.pg_config);
    Ok(command)
}

/// The extension's feature for a Postgres, such as `pg15`.
pub(crate) fn feature(postgres: &Installation) -> String {
    format!("pg{}", postgres.major)
}

/// A number that changes when a file that the extension is made of does. Contents count, not
/// times: switching branches and back builds nothing.
fn fingerprint(root: &Path) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for input in INPUTS {
        for file in files_below(&root.join(input))? {
            file.strip_prefix(root)?.hash(&mut hasher);
            fs::read(&file).with_context(|| format!("reading {}", file.display()))?.hash(&mut hasher);
        }
    }
    Ok(hasher.finish())
}

/// The file itself, or every file below the folder, in order of names.
pub(crate) fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path)
        .with_context(|| format!("reading {}", path.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    let nested = entries.iter().map(|entry| files_below(entry)).collect::<Result<Vec<_>>>()?;
    Ok(nested.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_follows_contents_and_not_times() {
        let root = std::env::temp_dir().join(format!("rota-fingerprint-test-{}", std::process::id()));
        let file = root.join("pg_extension/src/lib.rs");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "one").unwrap();
        let first = fingerprint(&root).unwrap();
        fs::write(&file, "two").unwrap();
        assert_ne!(fingerprint(&root).unwrap(), first);
        fs::write(&file, "one").unwrap();
        assert_eq!(fingerprint(&root).unwrap(), first);
        fs::remove_dir_all(root).unwrap();
    }
}
