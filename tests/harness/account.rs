//! The account that server processes run under.
//!
//! Postgres refuses to run as root. Whoever is not root runs the server as themselves. Root drops
//! to `postgres`, the account that Debian's packages create for this purpose, or else to `nobody`,
//! which exists everywhere. The standard library changes the account between fork and exec, and
//! clears supplementary groups, so neither sudo nor su is needed.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use nix::unistd::{User, geteuid};

/// Accounts that root may drop to, best first.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// The account of every server process: our own, or another one when we are root.
#[derive(Clone, Debug)]
pub struct ServerAccount {
    other: Option<User>,
}

impl ServerAccount {
    /// Picks the account. Fails when we are root and the machine has no account to drop to.
    pub fn choose() -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self { other: None });
        }
        for name in CANDIDATES {
            if let Some(user) = User::from_name(name).with_context(|| format!("looking up account {name}"))?
                && !user.uid.is_root()
            {
                return Ok(Self { other: Some(user) });
            }
        }
        bail!("Postgres does not run as root, and none of these accounts exists: {}", CANDIDATES.join(", "))
    }

    /// Name of the account, when it is not the one that runs us.
    pub fn name(&self) -> Option<&str> {
        self.other.as_ref().map(|user| user.name.as_str())
    }

    /// Makes `command` run under this account.
    pub fn apply(&self, command: &mut Command) {
        if let Some(user) = &self.other {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
            // The caller's home is root's; programs must not look for settings there.
            command.env("HOME", "/nonexistent");
        }
    }

    /// Gives `path` itself (not what is below it) to this account.
    pub fn own(&self, path: &Path) -> Result<()> {
        match &self.other {
            None => Ok(()),
            Some(user) => chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
                .with_context(|| format!("giving {} to {}", path.display(), user.name)),
        }
    }

    /// Gives `folder` to this account with everything below it, when another one has it: root may
    /// find `postgres` today where there was only `nobody` yesterday.
    pub fn take_over(&self, folder: &Path) -> Result<()> {
        let Some(user) = &self.other else { return Ok(()) };
        if fs::metadata(folder).with_context(|| format!("reading {}", folder.display()))?.uid()
            == user.uid.as_raw()
        {
            return Ok(());
        }
        // The folder itself last, so that a take-over which is interrupted is done again.
        for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                self.take_over(&entry.path())?;
            } else {
                lchown(entry.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw()))
                    .with_context(|| format!("giving {} to {}", entry.path().display(), user.name))?;
            }
        }
        self.own(folder)
    }

    /// Whether this account may pass through every folder down to and including `folder`.
    pub fn can_enter(&self, folder: &Path) -> Result<bool> {
        let Some(user) = &self.other else { return Ok(true) };
        for step in folder.ancestors() {
            let found = fs::metadata(step).with_context(|| format!("reading {}", step.display()))?;
            let mode = found.permissions().mode();
            let allowed = if found.uid() == user.uid.as_raw() {
                mode & 0o100
            } else if found.gid() == user.gid.as_raw() {
                mode & 0o010
            } else {
                mode & 0o001
            };
            if allowed == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_closed_to_others_cannot_be_entered_by_another_account() {
        if !geteuid().is_root() {
            return;
        }
        let account = ServerAccount::choose().unwrap();
        let folder = std::env::temp_dir().join(format!("rota-account-test-{}", std::process::id()));
        fs::create_dir_all(folder.join("inner")).unwrap();
        fs::set_permissions(folder.join("inner"), fs::Permissions::from_mode(0o755)).unwrap();

        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(account.can_enter(&folder.join("inner")).unwrap());
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!account.can_enter(&folder.join("inner")).unwrap());

        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn our_own_account_needs_no_change() {
        let account = ServerAccount { other: None };
        assert_eq!(account.name(), None);
        assert!(account.can_enter(Path::new("/")).unwrap());
    }
}
