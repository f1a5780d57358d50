//! What a figure was measured on.

use std::fs;
use std::process::Command;

use rota_harness::environment::Environment;

/// Where and on what a run measured.
pub(crate) struct Machine {
    /// Date, processor, memory, server version and revision of the project, as lines of a list.
    pub(crate) description: String,
    /// Where figures on this server are kept, for example `postgresql-15`.
    pub(crate) server_folder: String,
}

impl Machine {
    /// Reads it from the system, the server's `pg_config` and the project's history; what cannot be told is "unknown".
    pub(crate) fn describe(environment: &Environment) -> Self {
        let processor =
            first_value("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
        let memory = first_value("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown".into());
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let server = output(Command::new(&environment.pg_config).arg("--version"));
        let mut git = Command::new("git");
        git.current_dir(&environment.project).args(["describe", "--always", "--dirty"]);
        Self {
            description: format!(
                "- date: {}\n- machine: {processor}, {cores} cores, memory {memory}\n- server: {server}\n- revision: {}",
                chrono::Utc::now().format("%Y-%m-%d"),
                output(&mut git),
            ),
            server_folder: server_folder(&server),
        }
    }
}

/// `PostgreSQL 15.20 (Debian …)` is kept under `postgresql-15`: a minor version does not begin a new record.
fn server_folder(version: &str) -> String {
    let number = version.split_whitespace().nth(1).unwrap_or_default();
    let major: String = number.chars().take_while(char::is_ascii_digit).collect();
    if major.is_empty() { "unknown".into() } else { format!("postgresql-{major}") }
}

fn first_value(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn output(command: &mut Command) -> String {
    command
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map_or_else(|| "unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
