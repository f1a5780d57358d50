//! The test binaries that cargo builds, and how one is run.
//!
//! Cargo builds all of them at once, and we run them one by one: the suite once per server, the
//! others once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use rota_harness::progress::Step;
use rota_harness::{interruption, program};
use serde::Deserialize;

use crate::project::{MEMBERS, Project};

/// The binary that wants a server: its name, and the folder of its package in the project.
const SUITE: (&str, &str) = ("suite", "tests");

/// A binary with tests in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TestBinary {
    /// Name of its package's folder and of its target.
    pub(crate) name: String,
    /// Whether it is the suite.
    pub(crate) is_suite: bool,
    executable: PathBuf,
    /// Folder of its package, where cargo would run it.
    folder: PathBuf,
}

/// A line of cargo's `--message-format=json`, as far as we read it.
#[derive(Deserialize)]
struct Message {
    reason: String,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<CargoProfile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct CargoProfile {
    test: bool,
}

/// Builds the `rota` program and the test binaries of every member but the extension, or the
/// suite's alone. One call of cargo, so that both have the same features.
pub(crate) fn build(project: &Project, only_suite: bool, step: &Step) -> Result<Vec<TestBinary>> {
    // Of this process alone: two commands at once would write into each other's lines.
    let messages = project.log(&format!("test-build-messages-{}", std::process::id()));
    let mut build = project.cargo(["build", "--bin", "rota", "--message-format=json-render-diagnostics"]);
    build.args(MEMBERS);
    if only_suite {
        build.args(["--test", SUITE.0]);
    } else {
        build.arg("--tests");
    }
    program::run_with_output(&mut build, &messages, &project.log("test-build"), step)?;
    let text = fs::read_to_string(&messages).with_context(|| format!("reading {}", messages.display()))?;
    fs::remove_file(&messages).with_context(|| format!("removing {}", messages.display()))?;
    parse(&text, &project.root)
}

fn parse(messages: &str, root: &Path) -> Result<Vec<TestBinary>> {
    let mut binaries = Vec::new();
    for line in messages.lines() {
        let message: Message =
            serde_json::from_str(line).with_context(|| format!("cargo says something else: {line}"))?;
        let is_test =
            message.reason == "compiler-artifact" && message.profile.is_some_and(|profile| profile.test);
        let (true, Some(executable), Some(target)) = (is_test, message.executable, message.target) else {
            continue;
        };
        let folder =
            message.manifest_path.as_deref().and_then(Path::parent).context("cargo names no manifest")?;
        let package = folder.file_name().unwrap_or_default().to_string_lossy();
        binaries.push(TestBinary {
            name: format!("{package}-{}", target.name),
            is_suite: target.name == SUITE.0 && folder == root.join(SUITE.1),
            executable,
            folder: folder.to_owned(),
        });
    }
    Ok(binaries)
}

impl TestBinary {
    /// Runs the tests whose names contain one of `filters` (all, when there is none) and returns
    /// how many passed.
    pub(crate) fn run(
        &self,
        project: &Project,
        filters: &[String],
        prepare: impl FnOnce(&mut Command),
        log: &str,
        step: &Step,
    ) -> Result<u64> {
        let log = project.log(log);
        let mut command = Command::new(&self.executable);
        command.args(filters).current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        // A failure names its file and line. The trace of a test adds nothing but the runtime's insides.
        command.env("RUST_BACKTRACE", "0");
        prepare(&mut command);
        if let Err(error) = program::run(&mut command, &log, step) {
            interruption::check()?;
            let printed = fs::read_to_string(&log).context("reading the tests' output")?;
            return Err(
                failures(&printed).map_or(error, |text| anyhow!("{text}\n(all of it: {})", log.display()))
            );
        }
        let printed = fs::read_to_string(&log).context("reading the tests' output")?;
        Ok(passed(&printed))
    }
}

/// What a test binary prints after its list of tests when some failed: their output and their names.
fn failures(printed: &str) -> Option<&str> {
    printed.find("\nfailures:\n").and_then(|at| printed.get(at + 1..)).map(str::trim_end)
}

/// Reads `test result: ok. 34 passed; 0 failed; ...`.
fn passed(printed: &str) -> u64 {
    printed
        .lines()
        .filter_map(|line| line.strip_prefix("test result: ok. ")?.split(' ').next()?.parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_artifacts_with_tests_are_test_binaries() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","manifest_path":"/p/proxy/Cargo.toml","target":{"name":"rota"},"#,
            r#""profile":{"test":false},"executable":"/t/debug/rota"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","manifest_path":"/p/tests/Cargo.toml","target":{"name":"suite"},"#,
            r#""profile":{"test":true},"executable":"/t/debug/deps/suite-1"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let binaries = parse(messages, Path::new("/p")).unwrap();
        assert_eq!(binaries.len(), 1);
        assert!(binaries[0].is_suite);
        assert_eq!(binaries[0].name, "tests-suite");
    }

    #[test]
    fn failures_are_shown_without_the_tests_that_passed() {
        let printed =
            "test a ... ok\ntest b ... FAILED\n\nfailures:\n\n---- b ----\nwhy\n\nfailures:\n    b\n";
        assert!(failures(printed).unwrap().starts_with("failures:\n\n---- b"));
        assert_eq!(failures("error: unknown option\n"), None);
    }

    #[test]
    fn the_number_of_passed_tests_is_read() {
        assert_eq!(passed("\nrunning 2 tests\n..\ntest result: ok. 2 passed; 0 failed; 0 ignored\n"), 2);
    }
}
