//! What we look for on a machine, as a trait, so that tests can furnish one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::geteuid;
use rota_harness::{installation::Installation, program};

/// A machine to build and run on.
pub(crate) trait Machine {
    /// Whether a program is on PATH.
    fn has_program(&self, name: &str) -> bool;
    /// Whether a command runs and succeeds.
    fn succeeds(&self, program: &str, arguments: &[&str]) -> bool;
    /// What a command prints, if it succeeds.
    fn output(&self, program: &str, arguments: &[&str]) -> Option<String>;
    /// Names in a folder; none when there is no such folder.
    fn names_in(&self, folder: &str) -> Vec<String>;
    /// Whether an environment variable is set.
    fn has_variable(&self, name: &str) -> bool;
    /// Why the machine has no Postgres that we can use, if that is so.
    fn lack_of_postgres(&self) -> Option<String>;
    /// Whether we may install packages.
    fn is_root(&self) -> bool;
}

/// The machine we run on.
pub(crate) struct ThisMachine;

impl Machine for ThisMachine {
    fn has_program(&self, name: &str) -> bool {
        program::on_path(name).is_some()
    }

    fn succeeds(&self, program: &str, arguments: &[&str]) -> bool {
        self.output(program, arguments).is_some()
    }

    fn output(&self, program: &str, arguments: &[&str]) -> Option<String> {
        program::output_of(Command::new(program).args(arguments)).ok()
    }

    fn names_in(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(Path::new(folder)) else { return Vec::new() };
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
    }

    fn has_variable(&self, name: &str) -> bool {
        std::env::var_os(name).is_some_and(|value| !PathBuf::from(value).as_os_str().is_empty())
    }

    fn lack_of_postgres(&self) -> Option<String> {
        Installation::find_on_machine().err().map(|error| format!("{error:#}"))
    }

    fn is_root(&self) -> bool {
        geteuid().is_root()
    }
}
