//! Servers that an earlier run left behind (it was killed, or the power failed).
//!
//! Only the owner of the cluster's folder stops them (see [`crate::ownership`]). A server is ours
//! only when its command line says that it runs on that data folder; a process number that has
//! gone to someone else is left alone.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::process::{self, GLANCE};

/// How long a leftover server may take to stop, per signal.
const PATIENCE: Duration = Duration::from_secs(20);

/// Stops the server that runs on the data folder, if one does.
pub fn stop_server_on(data: &Path) -> Result<()> {
    let Some(server) = server_on(data) else { return Ok(()) };
    // Fast, then immediate shutdown; SIGCONT because a test may have paused it.
    for stop in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGKILL] {
        process::signal(server, stop)?;
        process::signal(server, Signal::SIGCONT)?;
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if !process::is_alive(server) {
                return Ok(());
            }
            std::thread::sleep(GLANCE);
        }
    }
    bail!("process {server} still runs on {}", data.display())
}

/// Process id of the server that runs on the data folder.
fn server_on(data: &Path) -> Option<u32> {
    let lock_file = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let process_id = lock_file.lines().next()?.trim().parse().ok()?;
    let command_line = fs::read(format!("/proc/{process_id}/cmdline")).ok()?;
    (process::is_alive(process_id) && runs_on(&command_line, data)).then_some(process_id)
}

/// Whether a command line (arguments ended by zero bytes) is a server's on this data folder.
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
