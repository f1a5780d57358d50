//! What a figure was measured on.

use std::fs;
use std::process::Command;

use anyhow::Result;
use rota_harness::environment::Environment;

/// Date, processor, memory, server version and revision of the project, as lines of a list.
pub(crate) fn describe(environment: &Environment) -> Result<String> {
    let processor = first_value("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let memory = first_value("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown".into());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let server = output(Command::new(&environment.pg_config).arg("--version"));
    let mut git = Command::new("git");
    git.current_dir(&environment.project).args(["describe", "--always", "--dirty"]);
    Ok(format!(
        "- date: {}\n- machine: {processor}, {cores} cores, memory {memory}\n- server: {server}\n- revision: {}",
        chrono::Utc::now().format("%Y-%m-%d"),
        output(&mut git),
    ))
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
