//! Who owns a cluster's folder.
//!
//! The owner holds a lock on a file in it, and the system drops the lock with the owner's process,
//! however that ends. So whoever gets the lock may stop the server that a former owner left
//! behind, and remove the folder if the cluster was a disposable one.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};

use crate::leftovers::stop_server_on;
use crate::private_server::remove_folder;
use crate::run_folder::{RunFolder, make_open_folder};

/// How the names of disposable clusters begin: whatever has this and no owner is swept away.
pub(crate) const DISPOSABLE_PREFIX: &str = "disposable-";

/// Stops and removes disposable clusters whose owner is gone.
pub fn sweep_disposable(run_folder: &RunFolder) -> Result<()> {
    let Ok(entries) = fs::read_dir(run_folder.clusters()) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let is_disposable = entry.file_name().to_string_lossy().starts_with(DISPOSABLE_PREFIX);
        if is_disposable && let Some(_lock) = take(&entry.path())? {
            stop_server_on(&entry.path().join("data"))?;
            remove_folder(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes the durable cluster `name` with its data.
pub fn remove_durable(run_folder: &RunFolder, name: &str) -> Result<()> {
    let folder = run_folder.clusters().join(name);
    if !folder.exists() {
        return Ok(());
    }
    let _lock = take(&folder)?.with_context(|| format!("cluster {name} is in use"))?;
    stop_server_on(&folder.join("data"))?;
    remove_folder(&folder)
}

/// Makes us the owner of a cluster's folder, unless another process is.
pub(crate) fn take(folder: &Path) -> Result<Option<File>> {
    make_open_folder(folder)?;
    let path = folder.join("owner.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("locking {}", path.display()))
        }
    }
}
