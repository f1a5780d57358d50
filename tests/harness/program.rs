//! Programs that a step runs to their end.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::process::{self, GLANCE};
use crate::{interruption, progress::Step};

/// How much of a failed program's output an error shows. The file that it names has the rest.
const SHOWN_LINES: usize = 120;

/// How long an interrupted program may take to clean up.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Full path of a program on PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| {
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

/// What a short program prints to standard output. Its failure carries what it said.
pub fn output_of(command: &mut Command) -> Result<String> {
    let name = command.get_program().display().to_string();
    let output =
        command.stdin(std::process::Stdio::null()).output().with_context(|| format!("starting {name}"))?;
    if !output.status.success() {
        bail!("{name} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{name} answers in another encoding than UTF-8"))
}

/// Runs a program to its end with everything it prints going to the file `log`, whose newest line
/// is shown beside the step while it runs. When we are interrupted, so is its process group.
pub fn run(command: &mut Command, log: &Path, step: &Step) -> Result<()> {
    let file = create(log)?;
    command.stdout(file.try_clone()?).stderr(file);
    supervise(command, log, step)
}

/// Like [`run`], with standard output going to a file of its own.
pub fn run_with_output(command: &mut Command, output: &Path, log: &Path, step: &Step) -> Result<()> {
    command.stdout(create(output)?).stderr(create(log)?);
    supervise(command, log, step)
}

fn create(file: &Path) -> Result<File> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    File::create(file).with_context(|| format!("writing {}", file.display()))
}

fn supervise(command: &mut Command, log: &Path, step: &Step) -> Result<()> {
    let name = command.get_program().display().to_string();
    let mut child = process::spawn(command)?;
    let status = loop {
        if let Some(status) = child.try_wait().with_context(|| format!("waiting for {name}"))? {
            break status;
        }
        if interruption::requested() {
            process::signal_group(child.id(), Signal::SIGTERM)?;
            if process::wait_at_most(&mut child, LAST_WORDS)?.is_none() {
                process::signal_group(child.id(), Signal::SIGKILL)?;
                child.wait()?;
            }
            bail!("interrupted");
        }
        if step.is_shown_live() {
            step.detail(&newest_line(log));
        }
        thread::sleep(GLANCE);
    };
    if !status.success() {
        bail!("{name} failed ({status}):\n{}\n(all of it: {})", last_lines(log)?, log.display());
    }
    Ok(())
}

/// The last whole line of a file that is being written.
fn newest_line(log: &Path) -> String {
    const ENOUGH_BYTES: u64 = 400;
    let read = || -> std::io::Result<String> {
        let mut file = File::open(log)?;
        let length_bytes = file.metadata()?.len();
        file.seek(SeekFrom::Start(length_bytes.saturating_sub(ENOUGH_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    text.trim_end().rsplit(['\n', '\r']).next().unwrap_or_default().trim().to_owned()
}

fn last_lines(log: &Path) -> Result<String> {
    let text = fs::read(log).with_context(|| format!("reading {}", log.display()))?;
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let shown = lines.get(lines.len().saturating_sub(SHOWN_LINES)..).unwrap_or_default();
    Ok(shown.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("rota-program-test-{}-{name}", std::process::id()))
    }

    #[test]
    fn a_program_that_fails_shows_what_it_printed() {
        let log = log("fails");
        let step = Step::silent();
        let error = run(Command::new("sh").args(["-c", "echo the reason; exit 3"]), &log, &step).unwrap_err();
        assert!(error.to_string().contains("the reason"), "{error}");
        fs::remove_file(log).unwrap();
    }

    #[test]
    fn the_newest_line_of_a_log_is_the_last_one_with_text() {
        let log = log("newest");
        fs::write(&log, "first\nsecond\n").unwrap();
        assert_eq!(newest_line(&log), "second");
        fs::remove_file(log).unwrap();
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(on_path("sh").is_some());
        assert!(on_path("a-program-that-nobody-has").is_none());
    }
}
