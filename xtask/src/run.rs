//! `cargo xtask run`: everything, from an empty machine to a proxy that answers.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, anyhow, bail, ensure};
use rota_harness::cluster::Cluster;
use rota_harness::private_server::PrivateServer;
use rota_harness::progress::{Step, say, step};
use rota_harness::proxy::{ProxyOptions, ProxyProcess};
use rota_harness::{interruption, ownership, ports, program};

use crate::commands::RunOptions;
use crate::invitation::invitation;
use crate::prerequisites::Plans;
use crate::project::{MEMBERS, Profile, Project};
use crate::{cargo_pgrx, extension, packages};

/// The database in the cluster.
const DATABASE: &str = "rota";

/// How often we look whether the proxy still runs and whether we are to stop.
const WATCH: Duration = Duration::from_millis(50);

/// Builds what is missing, starts everything, and waits for Ctrl-C.
pub(crate) fn run(options: &RunOptions) -> Result<()> {
    options.pg.require_one()?;
    let project = Project::open("run")?;
    ownership::sweep(&project.run_folder)?;
    for (address, flag) in [(options.listen, "--listen"), (options.admin_listen, "--admin-listen")] {
        ensure!(ports::is_free(address), "{address} is taken: choose another with {flag}");
    }
    let mut plans =
        Plans { proxy: true, build_cargo_pgrx: !cargo_pgrx::is_built(&project), ..Plans::default() };
    options.pg.plan(&project, &mut plans);
    packages::provide(&project, &plans)?;
    let server = options.pg.prepare(&project)?;
    cargo_pgrx::provide(&project)?;
    step(&extension::step_name(&server), |step| {
        extension::provide(&project, &server, options.profile(), step)
    })?;
    build_proxy(&project, options.profile())?;

    let cluster = start_cluster(&project, &server, options.fresh)?;
    let rota = Rota { project: &project, profile: options.profile(), url: cluster.url(DATABASE) };
    step("applying migrations", |step| rota.call("migrate", step))?;
    let has_nobody = "SELECT NOT EXISTS (SELECT FROM workforce.employees)";
    if !options.empty && cluster.query(DATABASE, has_nobody)? == "t" {
        step("making the demo organisation", |step| rota.call("demo", step))?;
    }
    let mut proxy = step("starting the proxy", |_| rota.serve(options))?;
    say(&invitation(&server, &cluster, DATABASE, &proxy)?);

    while !interruption::requested() {
        if let Some(status) = proxy.exit_status()? {
            bail!("the proxy ended with {status}:\n{}", proxy.log());
        }
        std::thread::sleep(WATCH);
    }
    step("stopping", |_| {
        proxy.stop()?;
        drop(cluster);
        Ok(())
    })
}

fn build_proxy(project: &Project, profile: Profile) -> Result<()> {
    step("building the proxy", |step| {
        let mut build = project.cargo(["build", "--bin", "rota"]);
        program::run(build.args(MEMBERS).args(profile.arguments()), &project.log("proxy-build"), step)
    })
}

fn start_cluster(project: &Project, server: &PrivateServer, fresh: bool) -> Result<Cluster> {
    let name = format!("run-{}", server.name());
    if fresh {
        ownership::remove_durable(&project.run_folder, &name)?;
    }
    let cluster = step("starting the cluster", |_| {
        Cluster::start_durable(server, &project.account, &project.run_folder, &name)
    })?;
    let exists = format!("SELECT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}')");
    if cluster.query("postgres", &exists)? == "f" {
        cluster.query("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
    }
    Ok(cluster)
}

/// The `rota` program on the cluster's database.
struct Rota<'a> {
    project: &'a Project,
    profile: Profile,
    url: String,
}

impl Rota<'_> {
    /// Runs a verb to its end.
    fn call(&self, verb: &str, step: &Step) -> Result<()> {
        let mut command = Command::new(self.project.built(self.profile, "rota"));
        command.arg(verb).env("ROTA_DATABASE_URL", &self.url);
        let log = self.project.log(&format!("rota-{verb}"));
        program::run(&mut command, &log, step).map_err(|error| {
            anyhow!("{error:#}\n(`cargo xtask run --fresh` begins again with an empty database)")
        })
    }

    fn serve(&self, options: &RunOptions) -> Result<ProxyProcess> {
        let mut proxy = ProxyProcess::start(&ProxyOptions {
            binary: self.project.built(self.profile, "rota"),
            database_url: self.url.clone(),
            listen: Some(options.listen),
            admin_listen: Some(options.admin_listen),
            settings: Vec::new(),
            log: self.project.log("proxy"),
            records: self.project.run_folder.proxies(),
        })?;
        proxy.wait_until_ready()?;
        Ok(proxy)
    }
}
