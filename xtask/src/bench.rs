//! `cargo xtask bench`: the benchmarks, in release mode, on a private server.

use std::process::Command;

use anyhow::{Context, Result, bail};
use rota_harness::environment::Environment;
use rota_harness::process;
use rota_harness::progress::step;
use rota_harness::{interruption, ownership, program};

use crate::commands::BenchOptions;
use crate::prerequisites::Plans;
use crate::project::{MEMBERS, Profile, Project};
use crate::{cargo_pgrx, extension, packages};

const ROSTERING_BINARY: &str = "rota-bench-rostering";

/// Rosters for public instances: no server, a binary of its own, so that nothing else is built.
fn bench_rostering(arguments: &[String]) -> Result<()> {
    let project = Project::open("bench")?;
    step("building the roster benchmark in release mode", |step| {
        let mut build = project.cargo(["build", "--release", "--package", "rota-bench"]);
        program::run(build.args(["--bin", ROSTERING_BINARY]), &project.log("bench-build"), step)
    })?;
    let mut command = Command::new(project.built(Profile::Release, ROSTERING_BINARY));
    command.args(arguments).current_dir(&project.root);
    watch_over(&mut command, ROSTERING_BINARY)
}

/// Builds everything in release mode and hands over to `rota-bench`, which starts its own clusters.
pub(crate) fn bench(options: &BenchOptions) -> Result<()> {
    if let Some(("rostering", arguments)) =
        options.arguments.split_first().map(|(name, rest)| (name.as_str(), rest))
    {
        return bench_rostering(arguments);
    }
    options.pg.require_one()?;
    let project = Project::open("bench")?;
    let mut plans = Plans {
        proxy: true,
        build_cargo_pgrx: !cargo_pgrx::is_built(&project),
        measures: true,
        ..Plans::default()
    };
    options.pg.plan(&project, &mut plans);
    packages::provide(&project, &plans)?;
    let server = options.pg.prepare(&project)?;
    cargo_pgrx::provide(&project)?;
    step(&extension::step_name(&server), |step| {
        extension::provide(&project, &server, Profile::Release, step)
    })?;
    step("building the proxy and the benchmarks in release mode", |step| {
        let mut build = project.cargo(["build", "--release", "--bin", "rota", "--bin", "rota-bench"]);
        program::run(build.args(MEMBERS), &project.log("bench-build"), step)
    })?;
    ownership::sweep(&project.run_folder)?;

    let environment = Environment {
        project: project.root.clone(),
        pg_config: server.installation.pg_config.clone(),
        binary: project.built(Profile::Release, "rota"),
        cluster_port: None,
    };
    let mut command = Command::new(project.built(Profile::Release, "rota-bench"));
    command.args(&options.arguments).current_dir(&project.root);
    environment.export(&mut command);
    let result = watch_over(&mut command, "rota-bench");
    ownership::sweep(&project.run_folder)?;
    result
}

/// Runs a benchmark to its end, or until the person interrupts.
fn watch_over(command: &mut Command, name: &str) -> Result<()> {
    let mut child = process::spawn(command)?;
    let status = loop {
        if let Some(status) = child.try_wait().with_context(|| format!("waiting for {name}"))? {
            break status;
        }
        if interruption::requested() {
            process::signal(child.id(), nix::sys::signal::Signal::SIGTERM)?;
            child.wait()?;
            bail!("interrupted");
        }
        std::thread::sleep(process::GLANCE);
    };
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}
