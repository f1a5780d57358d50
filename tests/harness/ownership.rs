//! Who owns a cluster or a proxy, and what becomes of those whose owner is gone.
//!
//! The owner holds a lock on a file, and the system drops the lock with the owner's process,
//! however that ends. So whoever gets the lock may stop what a former owner left behind: the
//! processes of a command or a suite that was killed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::leftovers::{stop_proxy, stop_server_on};
use crate::private_server::remove_folder;
use crate::run_folder::{RunFolder, make_open_folder};

/// How the names of disposable clusters begin.
pub(crate) const DISPOSABLE_PREFIX: &str = "disposable-";

/// Stops every server and proxy whose owner is gone, and removes their disposable clusters.
pub fn sweep(run_folder: &RunFolder) -> Result<()> {
    for record in entries(&run_folder.proxies())? {
        if let Some(_lock) = lock(&record)? {
            stop_proxy(&record)?;
            fs::remove_file(&record).with_context(|| format!("removing {}", record.display()))?;
        }
    }
    for cluster in entries(&run_folder.clusters())? {
        if let Some(_lock) = take(&cluster)? {
            stop_server_on(&cluster.join("data"))?;
            if cluster.file_name().is_some_and(|name| name.to_string_lossy().starts_with(DISPOSABLE_PREFIX)) {
                remove_folder(&cluster)?;
            }
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    entries.map(|entry| Ok(entry?.path())).collect()
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
    lock(&folder.join("owner.lock"))
}

/// Locks a file, which is made when it does not exist, unless another process has.
pub fn lock(path: &Path) -> Result<Option<File>> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .with_context(|| format!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("locking {}", path.display()))
        }
    }
}
