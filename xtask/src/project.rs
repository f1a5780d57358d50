//! The project as a command sees it: its folders, and cargo in them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use nix::sys::stat::{Mode, umask};
use rota_harness::account::ServerAccount;
use rota_harness::process::GLANCE;
use rota_harness::progress::{say, step};
use rota_harness::run_folder::{RunFolder, make_open_folder};
use rota_harness::{interruption, ownership};

/// Which of cargo's profiles a program is built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Builds fast.
    Dev,
    /// Runs fast.
    Release,
}

impl Profile {
    /// What cargo and cargo-pgrx are told.
    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Dev => &[],
            Self::Release => &["--release"],
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// The folders of the project, and the account of its servers.
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    pub(crate) account: ServerAccount,
    pub(crate) run_folder: RunFolder,
    pub(crate) logs: PathBuf,
    target: PathBuf,
    // Held until the command ends: two of a kind would write the same logs.
    _lock: File,
}

impl Project {
    /// Finds the project that this program was built from, for a command with this name. Waits
    /// while another command of the same name runs in the same project.
    pub(crate) fn open(command: &str) -> Result<Self> {
        // What we make, the server's account must be able to read.
        umask(Mode::S_IWGRP | Mode::S_IWOTH);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the project has a root")?;
        let account = ServerAccount::choose()?;
        let run_folder = RunFolder::open(root, &account)?;
        if let Some(note) = run_folder.note() {
            say(note);
        }
        let program = std::env::current_exe().context("looking for this program")?;
        let target = program.ancestors().nth(2).context("this program is not in a target folder")?;
        let logs = run_folder.logs().join(command);
        make_open_folder(&logs)?;
        let lock = wait_for_lock(&logs.join("lock"), command)?;
        Ok(Self { root: root.to_owned(), account, run_folder, logs, target: target.to_owned(), _lock: lock })
    }

    /// `cargo` in the project's root.
    pub(crate) fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// The file that gets what a step's program prints.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    /// A program that cargo builds.
    pub(crate) fn built(&self, profile: Profile, program: &str) -> PathBuf {
        self.target.join(profile.folder()).join(program)
    }
}

fn wait_for_lock(path: &Path, command: &str) -> Result<File> {
    if let Some(lock) = ownership::lock(path)? {
        return Ok(lock);
    }
    step(&format!("waiting for another `cargo xtask {command}` of this project to end"), |_| {
        loop {
            interruption::check()?;
            if let Some(lock) = ownership::lock(path)? {
                return Ok(lock);
            }
            std::thread::sleep(GLANCE);
        }
    })
}

/// Every member but the extension, which needs a server's headers.
///
/// Cargo unites the features of the packages it is told to build. Naming the same packages every
/// time, and narrowing by target instead, compiles every outside crate once.
pub(crate) const MEMBERS: [&str; 3] = ["--workspace", "--exclude", "rota"];
