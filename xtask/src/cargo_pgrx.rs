//! cargo-pgrx, in the one version that fits the pinned pgrx, in the project's own tools folder.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use rota_harness::installation::Installation;
use rota_harness::program;
use rota_harness::progress::step;
use rota_harness::run_folder::make_open_folder;

use crate::project::Project;

/// The version of `pgrx` in the workspace's Cargo.toml.
const VERSION: &str = "0.18.1";

fn path(project: &Project) -> PathBuf {
    project.run_folder.tools().join("bin/cargo-pgrx")
}

/// Whether the tool is there in the right version.
pub(crate) fn is_built(project: &Project) -> bool {
    let answer = program::output_of(Command::new(path(project)).args(["pgrx", "--version"]));
    answer.is_ok_and(|text| text.trim() == format!("cargo-pgrx {VERSION}"))
}

/// Builds the tool unless it is there.
pub(crate) fn provide(project: &Project) -> Result<()> {
    if is_built(project) {
        return Ok(());
    }
    step(&format!("building cargo-pgrx {VERSION}"), |step| {
        let requirement = format!("cargo-pgrx@={VERSION}");
        let mut install = project.cargo(["install", "--locked", "--force", "--debug", "--root"]);
        install.arg(project.run_folder.tools()).arg(requirement);
        // It calls cargo and reads one section of one file: optimising it takes minutes, not doing so
        // costs nothing that is felt.
        install.env("CARGO_PROFILE_DEV_DEBUG", "0");
        // Its own target folder, which cargo removes: nothing of it is of use to the project.
        install.env_remove("CARGO_TARGET_DIR");
        program::run(&mut install, &project.log("cargo-pgrx"), step)
    })
}

/// `cargo pgrx` for one Postgres.
pub(crate) fn command(project: &Project, postgres: &Installation) -> Result<Command> {
    make_open_folder(&project.run_folder.pgrx_home())?;
    let mut command = Command::new(path(project));
    command.arg("pgrx").current_dir(&project.root);
    point_at(&mut command, project, postgres);
    Ok(command)
}

/// Tells pgrx's build scripts which Postgres to build for. It takes the place of `cargo pgrx init`.
pub(crate) fn point_at(command: &mut Command, project: &Project, postgres: &Installation) {
    command
        .env("PGRX_HOME", project.run_folder.pgrx_home())
        .env("PGRX_PG_CONFIG_PATH", &postgres.pg_config)
        // The extension's own build script passes the one flag in question, to its own link only.
        // As a flag for everything, it would compile every shared crate a second time.
        .env("CARGO_PGRX_DISABLE_GC_SECTIONS_WORKAROUND", "1");
}
