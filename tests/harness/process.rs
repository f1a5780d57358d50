//! Processes in groups of their own, and the signals we send them.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// How often a wait looks again. Short enough not to be felt, long enough to cost nothing.
pub const GLANCE: Duration = Duration::from_millis(20);

/// Starts `command` as the leader of a new process group, with nothing to read.
pub fn spawn(command: &mut Command) -> Result<Child> {
    command
        .stdin(std::process::Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("starting {}", command.get_program().display()))
}

/// Sends `signal` to one process. A process that is gone already is no error.
pub fn signal(process_id: u32, signal: Signal) -> Result<()> {
    forgiving(kill(pid(process_id)?, signal), process_id)
}

/// Sends `signal` to a whole process group. A group that is gone already is no error.
pub fn signal_group(leader_id: u32, signal: Signal) -> Result<()> {
    forgiving(killpg(pid(leader_id)?, signal), leader_id)
}

fn forgiving(outcome: nix::Result<()>, process_id: u32) -> Result<()> {
    match outcome {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("signalling process {process_id}")),
    }
}

fn pid(process_id: u32) -> Result<Pid> {
    let number = i32::try_from(process_id).with_context(|| format!("{process_id} is no process"))?;
    Ok(Pid::from_raw(number))
}

/// Whether the process exists. A process that ended and was not waited for counts as gone.
pub fn is_alive(process_id: u32) -> bool {
    fs::read_to_string(format!("/proc/{process_id}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit_once(") ").map(|(_, rest)| !rest.starts_with(['Z', 'X'])))
        .unwrap_or(false)
}

/// Ids of the direct children of a process.
pub fn children_of(process_id: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc").context("listing processes")?.filter_map(Result::ok) {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name, in parentheses, may hold blanks: fields are counted from its end.
        let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        if parent == Some(process_id) {
            children.push(id);
        }
    }
    Ok(children)
}

/// Waits for a child of ours to end, at most `patience`.
pub fn wait_at_most(child: &mut Child, patience: Duration) -> Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("waiting for a child")? {
            return Ok(Some(status));
        }
        if begun.elapsed() >= patience {
            return Ok(None);
        }
        thread::sleep(GLANCE);
    }
}

/// Ends a child of ours: each signal in turn, each with its time to take effect, then SIGKILL.
pub fn end(child: &mut Child, signals: &[(Signal, Duration)]) -> Result<ExitStatus> {
    for &(step, patience) in signals {
        signal(child.id(), step)?;
        if let Some(status) = wait_at_most(child, patience)? {
            return Ok(status);
        }
    }
    child.kill().context("killing a child")?;
    child.wait().context("waiting for a killed child")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_ignores_the_first_signal_is_ended_by_a_later_one() {
        let mut child =
            spawn(Command::new("sh").args(["-c", "trap '' INT; sleep 60 & wait; sleep 60"])).unwrap();
        thread::sleep(Duration::from_millis(200));
        assert!(is_alive(child.id()));
        let patience = Duration::from_millis(200);
        let group = child.id();
        let status = end(&mut child, &[(Signal::SIGINT, patience), (Signal::SIGTERM, patience)]).unwrap();
        assert!(!status.success());
        assert!(!is_alive(child.id()));
        signal_group(group, Signal::SIGKILL).unwrap();
    }

    #[test]
    fn the_children_of_a_process_are_found() {
        let mut child = spawn(Command::new("sleep").arg("60")).unwrap();
        assert!(children_of(std::process::id()).unwrap().contains(&child.id()));
        end(&mut child, &[]).unwrap();
    }

    #[test]
    fn signalling_a_process_that_is_gone_is_no_error() {
        let mut child = spawn(&mut Command::new("true")).unwrap();
        child.wait().unwrap();
        signal(child.id(), Signal::SIGTERM).unwrap();
    }
}
