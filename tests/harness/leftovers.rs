//! Processes that an earlier run left behind because it was killed.
//!
//! Only their new owner stops them (see [`crate::ownership`]). A server is ours only when its
//! command line says that it runs on that data folder, a proxy when its command line is `rota
//! serve`; a process number that has gone to someone else is left alone.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::process::{self, GLANCE};

/// How long a leftover process may take to stop, per signal.
const PATIENCE: Duration = Duration::from_secs(20);

/// Stops the server that runs on the data folder, if one does.
pub(crate) fn stop_server_on(data: &Path) -> Result<()> {
    // Fast, then immediate shutdown.
    server_on(data).map_or(Ok(()), |server| stop(server, &[Signal::SIGINT, Signal::SIGQUIT, Signal::SIGKILL]))
}

/// Stops the proxy whose process id is in the file, if it is one and still runs.
pub(crate) fn stop_proxy(record: &Path) -> Result<()> {
    let recorded = fs::read_to_string(record).ok().and_then(|text| text.trim().parse().ok());
    let proxy = recorded.filter(|&id| process::is_alive(id) && is_proxy(&command_line(id)));
    proxy.map_or(Ok(()), |proxy| stop(proxy, &[Signal::SIGTERM, Signal::SIGKILL]))
}

fn stop(process_id: u32, signals: &[Signal]) -> Result<()> {
    for &signal in signals {
        process::signal(process_id, signal)?;
        // A test may have paused it.
        process::signal(process_id, Signal::SIGCONT)?;
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if !process::is_alive(process_id) {
                return Ok(());
            }
            std::thread::sleep(GLANCE);
        }
    }
    bail!("process {process_id}, which an earlier run left behind, does not stop")
}

/// Process id of the server that runs on the data folder.
fn server_on(data: &Path) -> Option<u32> {
    let lock_file = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let process_id = lock_file.lines().next()?.trim().parse().ok()?;
    (process::is_alive(process_id) && runs_on(&command_line(process_id), data)).then_some(process_id)
}

/// A process's arguments, each ended by a zero byte; nothing when it is gone.
fn command_line(process_id: u32) -> Vec<u8> {
    fs::read(format!("/proc/{process_id}/cmdline")).unwrap_or_default()
}

fn is_proxy(command_line: &[u8]) -> bool {
    let mut arguments = command_line.split(|byte| *byte == 0);
    arguments.next().is_some_and(|program| program.ends_with(b"/rota")) && arguments.next() == Some(b"serve")
}

/// Whether a command line is a server's on this data folder.
fn runs_on(command_line: &[u8], data: &Path) -> bool {
    let mut arguments = command_line.split(|byte| *byte == 0);
    let is_server = arguments.next().is_some_and(|program| program.ends_with(b"/postgres"));
    is_server && arguments.any(|argument| argument == data.as_os_str().as_encoded_bytes())
}

/// Whether the server with this process id says that it takes connections (line 8 of its file).
pub(crate) fn is_ready(data: &Path, process_id: u32) -> bool {
    let Ok(lock_file) = fs::read_to_string(data.join("postmaster.pid")) else { return false };
    let mut lines = lock_file.lines();
    let is_this_one = lines.next().is_some_and(|line| line.trim() == process_id.to_string());
    is_this_one && lines.nth(6).is_some_and(|line| line.trim() == "ready")
}

/// Removes a postmaster.pid that no server holds.
pub(crate) fn forget_dead_server(data: &Path) -> Result<()> {
    let path = data.join("postmaster.pid");
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_on_this_very_folder_is_ours() {
        let data = Path::new("/project/.rota/clusters/run/data");
        assert!(runs_on(b"/s/bin/postgres\0-D\0/project/.rota/clusters/run/data\0", data));
        assert!(!runs_on(b"/s/bin/postgres\0-D\0/var/lib/postgresql/15/main\0", data));
        assert!(!runs_on(b"/usr/bin/vim\0/project/.rota/clusters/run/data\0", data));
    }

    #[test]
    fn only_rota_serve_is_a_proxy() {
        assert!(is_proxy(b"/project/target/debug/rota\0serve\0"));
        assert!(!is_proxy(b"/project/target/debug/rota\0migrate\0"));
        assert!(!is_proxy(b""));
    }

    #[test]
    fn a_server_is_ready_when_its_own_file_says_so() {
        let data = std::env::temp_dir().join(format!("rota-leftovers-test-{}", std::process::id()));
        fs::create_dir_all(&data).unwrap();
        let file = |status: &str| format!("77\n/data\n1700000000\n40000\n/tmp\n127.0.0.1\n 1 2\n{status}\n");
        fs::write(data.join("postmaster.pid"), file("starting")).unwrap();
        assert!(!is_ready(&data, 77));
        fs::write(data.join("postmaster.pid"), file("ready   ")).unwrap();
        assert!(is_ready(&data, 77));
        assert!(!is_ready(&data, 78));
        fs::remove_dir_all(data).unwrap();
    }
}
