//! `cargo xtask test`: every check, from formatting to the suite on real servers.

use std::process::Command;

use anyhow::{Context, Result, bail};
use rota_harness::cluster::Cluster;
use rota_harness::environment::Environment;
use rota_harness::private_server::PrivateServer;
use rota_harness::progress::Step;
use rota_harness::{ownership, program};

use crate::commands::TestOptions;
use crate::prerequisites::Plans;
use crate::project::{MEMBERS, Profile, Project};
use crate::servers::Choice;
use crate::summary::Summary;
use crate::test_binaries::{self, TestBinary};
use crate::{cargo_pgrx, extension, packages, sql_style};

/// Clippy's argument: a warning fails the check.
const DENY: [&str; 3] = ["--", "-D", "warnings"];

/// Runs the checks. A failed one does not keep the others from running, unless they need it.
pub(crate) fn test(options: &TestOptions) -> Result<()> {
    let project = Project::open("test")?;
    let only_suite = !options.filters.is_empty();
    let mut plans = Plans {
        proxy: true,
        suite: true,
        lints: !only_suite,
        build_cargo_pgrx: !cargo_pgrx::is_built(&project),
        ..Plans::default()
    };
    options.pg.plan(&project, &mut plans);
    packages::provide(&project, &plans)?;

    let mut summary = Summary::default();
    let checks = Checks { project: &project, filters: &options.filters };
    if !only_suite {
        checks.sources(&mut summary)?;
    }
    let built = summary
        .check("building the tests and the proxy", |step| test_binaries::build(&project, only_suite, step))?;
    if !only_suite && let Some(binaries) = &built {
        checks.units(binaries, &mut summary)?;
    }
    for choice in options.pg.each() {
        checks.server(&choice, built.as_deref(), only_suite, &mut summary)?;
    }
    summary.conclude()
}

struct Checks<'a> {
    project: &'a Project,
    filters: &'a [String],
}

impl Checks<'_> {
    /// What needs no running program.
    fn sources(&self, summary: &mut Summary) -> Result<()> {
        summary.check("formatting", |step| self.cargo(&["fmt", "--all", "--check"], "fmt", step))?;
        summary.check("SQL style", |_| sql_style::check(&self.project.root))?;
        summary.check("lints", |step| {
            let mut clippy = vec!["clippy", "--all-targets"];
            clippy.extend(MEMBERS);
            clippy.extend(DENY);
            self.cargo(&clippy, "clippy", step)
        })?;
        if program::on_path("cargo-deny").is_some() {
            summary.check("licences and sources", |step| {
                self.cargo(
                    &["deny", "--log-level", "error", "check", "bans", "licenses", "sources"],
                    "deny",
                    step,
                )
            })?;
        } else {
            summary.skip("licences and sources", "cargo-deny is not installed");
        }
        Ok(())
    }

    fn units(&self, binaries: &[TestBinary], summary: &mut Summary) -> Result<()> {
        summary.check("unit and property tests", |step| {
            let mut counts = Vec::new();
            for binary in binaries.iter().filter(|binary| !binary.is_suite) {
                step.detail(&binary.name);
                counts.push(binary.run(
                    self.project,
                    &[],
                    |_| {},
                    &format!("units-{}", binary.name),
                    step,
                )?);
            }
            let mut documentation = self.project.cargo(["test", "--quiet", "--doc"]);
            program::run(documentation.args(MEMBERS), &self.project.log("units-documentation"), step)?;
            Ok(counts.iter().sum::<u64>())
        })?;
        Ok(())
    }

    /// What is checked once per server.
    fn server(
        &self,
        choice: &Choice,
        built: Option<&[TestBinary]>,
        only_suite: bool,
        summary: &mut Summary,
    ) -> Result<()> {
        let server = choice.prepare(self.project)?;
        cargo_pgrx::provide(self.project)?;
        let major = server.installation.major;
        if !only_suite {
            summary.check(&format!("lints of the extension for PostgreSQL {major}"), |step| {
                self.lint_extension(&server, step)
            })?;
        }
        let installed = summary.check(&extension::step_name(&server), |step| {
            extension::provide(self.project, &server, Profile::Dev, step)
        })?;
        let name = format!("the suite on PostgreSQL {}", server.installation.short_version());
        match (installed, built.and_then(|binaries| binaries.iter().find(|binary| binary.is_suite))) {
            (Some(()), Some(suite)) => {
                summary.check(&name, |step| self.suite(&server, suite, step))?;
            }
            _ => summary.skip(&name, "its parts do not build"),
        }
        Ok(())
    }

    fn lint_extension(&self, server: &PrivateServer, step: &Step) -> Result<()> {
        let feature = extension::feature(&server.installation);
        let mut clippy = self.project.cargo(["clippy", "--package", "rota", "--no-default-features"]);
        clippy.args(["--features", &feature]).args(DENY);
        cargo_pgrx::point_at(&mut clippy, self.project, &server.installation);
        program::run(&mut clippy, &self.project.log(&format!("clippy-{feature}")), step)
    }

    /// Starts a cluster, runs the suite on it, and stops it, however the suite ends.
    fn suite(&self, server: &PrivateServer, suite: &TestBinary, step: &Step) -> Result<u64> {
        ownership::sweep(&self.project.run_folder)?;
        let cluster =
            Cluster::start_disposable(server, &self.project.account, &self.project.run_folder, &[])?;
        let environment = Environment {
            project: self.project.root.clone(),
            pg_config: server.installation.pg_config.clone(),
            binary: self.project.built(Profile::Dev, "rota"),
            cluster_port: Some(cluster.port()),
        };
        let name = format!("suite-{}", server.name());
        let outcome =
            suite.run(self.project, self.filters, |command| environment.export(command), &name, step);
        // A suite that was interrupted could not stop what it had started.
        ownership::sweep(&self.project.run_folder)?;
        outcome.or_else(|error| {
            // The cluster goes with its log.
            let kept = self.project.log(&format!("{name}-server"));
            std::fs::copy(cluster.log_path(), &kept).context("keeping the server's log")?;
            bail!("{error:#}\n(the server's messages: {})", kept.display())
        })
    }

    fn cargo(&self, arguments: &[&str], log: &str, step: &Step) -> Result<()> {
        let mut command: Command = self.project.cargo(arguments.iter().copied());
        program::run(&mut command, &self.project.log(log), step)
    }
}
