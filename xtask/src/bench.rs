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

/// Builds everything in release mode and hands over to `rota-bench`, which starts its own clusters.
pub(crate) fn bench(options: &BenchOptions) -> Result<()> {
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
    let mut child = process::spawn(&mut command)?;
    let status = loop {
        if let Some(status) = child.try_wait().context("waiting for rota-bench")? {
            break status;
        }
        if interruption::requested() {
            process::signal(child.id(), nix::sys::signal::Signal::SIGTERM)?;
            child.wait()?;
            ownership::sweep(&project.run_folder)?;
            bail!("interrupted");
        }
        std::thread::sleep(process::GLANCE);
    };
    ownership::sweep(&project.run_folder)?;
    if !status.success() {
        bail!("rota-bench failed ({status})");
    }
    Ok(())
}
