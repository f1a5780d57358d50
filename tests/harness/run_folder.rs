//! The run folder: everything that the commands make and git does not keep.
//!
//! It is `.rota` in the project. When the server's account cannot enter the project (a checkout in
//! root's home, say), servers and clusters alone move to `/var/tmp/rota-<project path>`: a place
//! that every account can enter and that survives a restart of the machine.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use nix::unistd::geteuid;

use crate::account::ServerAccount;

/// Where servers and clusters go when the project is closed to the server's account.
const ELSEWHERE: &str = "/var/tmp";

/// The folders of one project.
#[derive(Clone, Debug)]
pub struct RunFolder {
    ours: PathBuf,
    servers_side: PathBuf,
    note: Option<String>,
}

impl RunFolder {
    /// Finds, and makes where missing, the run folder of the project at `project`.
    pub fn open(project: &Path, account: &ServerAccount) -> Result<Self> {
        let project = project.canonicalize().with_context(|| format!("reading {}", project.display()))?;
        let ours = project.join(".rota");
        make_open_folder(&ours)?;
        if account.can_enter(&ours)? {
            return Ok(Self { servers_side: ours.clone(), ours, note: None });
        }
        let servers_side = Path::new(ELSEWHERE).join(elsewhere_name(&project));
        make_open_folder(&servers_side)?;
        let owner = fs::symlink_metadata(&servers_side)?;
        ensure!(
            owner.is_dir() && owner.uid() == geteuid().as_raw(),
            "{} is not our folder: remove it",
            servers_side.display()
        );
        let note = format!(
            "account {} cannot enter {}: servers and clusters are kept in {}",
            account.name().unwrap_or("of the server"),
            project.display(),
            servers_side.display()
        );
        Ok(Self { ours, servers_side, note: Some(note) })
    }

    /// Says where servers and clusters are kept and why, when that is not the project.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Root for `cargo install`: cargo-pgrx lives in its `bin`.
    pub fn tools(&self) -> PathBuf {
        self.ours.join("tools")
    }

    /// Value of `PGRX_HOME`.
    pub fn pgrx_home(&self) -> PathBuf {
        self.ours.join("pgrx")
    }

    /// What programs printed, one file per step.
    pub fn logs(&self) -> PathBuf {
        self.ours.join("logs")
    }

    /// Process ids of running proxies.
    pub fn proxies(&self) -> PathBuf {
        self.ours.join("proxies")
    }

    /// Private copies of Postgres installations.
    pub fn servers(&self) -> PathBuf {
        self.servers_side.join("servers")
    }

    /// Data of the clusters.
    pub fn clusters(&self) -> PathBuf {
        self.servers_side.join("clusters")
    }
}

/// Makes a folder that every account may enter and list, whatever the umask says.
pub fn make_open_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    if fs::metadata(folder)?.uid() == geteuid().as_raw() {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
            .with_context(|| format!("opening {}", folder.display()))?;
    }
    Ok(())
}

/// `/srv/src/rota` becomes `rota-srv-src-rota`: one folder per project, and readable.
fn elsewhere_name(project: &Path) -> String {
    let readable: String = project
        .to_string_lossy()
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .collect();
    format!("rota{readable}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_place_is_named_after_the_project() {
        assert_eq!(elsewhere_name(Path::new("/srv/my src/rota")), "rota-srv-my-src-rota");
    }
}
