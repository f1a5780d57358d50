//! What a figure was measured on.

use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, thread};

use rota_harness::environment::Environment;

/// Where and on what a run measured.
pub(crate) struct Machine {
    /// Date, processor, memory, how often the machine itself holds up a thread, server version and revision of the
    /// project, as lines of a list.
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
        let cores = thread::available_parallelism().map_or(0, usize::from);
        let held_up = held_up(cores);
        let server = output(Command::new(&environment.pg_config).arg("--version"));
        let mut git = Command::new("git");
        git.current_dir(&environment.project).args(["describe", "--always", "--dirty"]);
        Self {
            description: format!(
                "- date: {}\n- machine: {processor}, {cores} cores, memory {memory}\n- idle: {held_up}\n- server: {server}\n- revision: {}",
                chrono::Utc::now().format("%Y-%m-%d"),
                output(&mut git),
            ),
            server_folder: server_folder(&server),
        }
    }
}

/// For how long each processor is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// What a thread that does nothing but read the clock may miss of it before that counts.
const GAP: Duration = Duration::from_micros(50);

/// What the machine takes from a thread that wants nothing but to run, with one thread for each processor: no latency
/// measured here can have a slow end below that.
fn held_up(cores: usize) -> String {
    let look = || {
        let (mut lost, mut longest) = (Duration::ZERO, Duration::ZERO);
        let begin = Instant::now();
        let mut last = begin;
        while last - begin < LOOK {
            let now = Instant::now();
            let gap = now - last;
            if gap > GAP {
                lost += gap;
                longest = longest.max(gap);
            }
            last = now;
        }
        (lost, longest)
    };
    let looks: Vec<_> = (0..cores).map(|_| thread::spawn(look)).collect();
    let found: Vec<_> = looks.into_iter().filter_map(|look| look.join().ok()).collect();
    let lost: Duration = found.iter().map(|gaps| gaps.0).sum();
    let longest = found.iter().map(|gaps| gaps.1).max().unwrap_or_default();
    let share = lost.as_secs_f64() / (LOOK.as_secs_f64() * cores.max(1) as f64) * 100.0;
    format!(
        "threads that only read the clock lose {share:.1} % of their time in gaps over {} µs, the longest {:.1} ms",
        GAP.as_micros(),
        longest.as_secs_f64() * 1e3
    )
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
