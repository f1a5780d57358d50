//! Bringing what is missing: through apt as root, or by telling the exact command.

use std::process::Command;

use anyhow::{Result, bail};
use rota_harness::progress::step;
use rota_harness::{installation::SUPPORTED, program};

use crate::machine::{Machine, ThisMachine};
use crate::prerequisites::{Lack, Plans, Remedy, lacks};
use crate::project::Project;

/// How packages are installed. Recommended ones are left out: they bring a mail server, sooner or later.
const INSTALL: [&str; 4] = ["apt-get", "install", "-y", "--no-install-recommends"];

/// What we do about what is missing.
#[derive(Debug, PartialEq, Eq)]
enum Course {
    /// Nothing is missing.
    GoOn,
    /// We install it: packages, then components.
    Install(Vec<String>, Vec<&'static str>),
    /// We may not. The text says what to type.
    Tell(String),
}

/// Makes sure that the machine has what the plans need.
pub(crate) fn provide(project: &Project, plans: &Plans) -> Result<()> {
    let machine = ThisMachine;
    let first_look = lacks(&machine, plans);
    match course(&machine, &first_look) {
        Course::GoOn => return Ok(()),
        Course::Tell(text) => bail!("{text}"),
        Course::Install(packages, _) if !packages.is_empty() => {
            step("refreshing apt's lists", |step| {
                program::run(&mut apt(&["apt-get", "update"], &[]), &project.log("apt-update"), step)
            })?;
        }
        Course::Install(..) => {}
    }
    // With fresh lists, apt may know another version of Postgres than before.
    if let Course::Install(packages, components) = course(&machine, &lacks(&machine, plans)) {
        if !packages.is_empty() {
            step(&format!("installing {}", packages.join(" ")), |step| {
                program::run(&mut apt(&INSTALL, &packages), &project.log("apt-install"), step)
            })?;
        }
        for component in components {
            step(&format!("installing {component}"), |step| {
                let mut rustup = Command::new("rustup");
                program::run(rustup.args(["component", "add", component]), &project.log("rustup"), step)
            })?;
        }
    }
    let remaining = lacks(&machine, plans);
    if !remaining.is_empty() {
        bail!("still missing after installing packages:\n{}", listing(&remaining));
    }
    Ok(())
}

fn apt(words: &[&str], packages: &[String]) -> Command {
    let mut command = Command::new("env");
    command.arg("DEBIAN_FRONTEND=noninteractive").args(words).args(packages);
    command
}

fn course(machine: &dyn Machine, lacks: &[Lack]) -> Course {
    let mut packages: Vec<String> = Vec::new();
    let mut components = Vec::new();
    for lack in lacks {
        match &lack.remedy {
            Remedy::Packages(names) => packages.extend(names.iter().cloned()),
            Remedy::Component(name) => components.push(*name),
        }
    }
    packages.sort();
    packages.dedup();
    if packages.is_empty() && components.is_empty() {
        return Course::GoOn;
    }
    let may_install_packages = packages.is_empty() || (machine.is_root() && machine.has_program("apt-get"));
    let may_add_components = components.is_empty() || machine.has_program("rustup");
    if may_install_packages && may_add_components {
        return Course::Install(packages, components);
    }
    Course::Tell(advice(machine, lacks, &packages, &components))
}

fn advice(machine: &dyn Machine, lacks: &[Lack], packages: &[String], components: &[&str]) -> String {
    let mut commands = Vec::new();
    if !packages.is_empty() {
        let sudo = if machine.is_root() { "" } else { "sudo " };
        commands.push(format!("{sudo}apt-get update"));
        commands.push(format!("{sudo}{} {}", INSTALL.join(" "), packages.join(" ")));
    }
    if !components.is_empty() {
        commands.push(format!("rustup component add {}", components.join(" ")));
    }
    let unless = if packages.is_empty() || machine.has_program("apt-get") {
        ""
    } else {
        " (or what your system calls the same)"
    };
    format!("missing:\n{}\n\nType{unless}:\n  {}", listing(lacks), commands.join(" && "))
}

fn listing(lacks: &[Lack]) -> String {
    lacks.iter().map(|lack| format!("  {}", lack.what)).collect::<Vec<_>>().join("\n")
}

/// The server's package and that of its headers, of one version: the version that is installed
/// without headers, else the one that apt would install.
pub(crate) fn postgres_packages(machine: &dyn Machine) -> Vec<String> {
    let installed = machine
        .names_in("/usr/lib/postgresql")
        .into_iter()
        .filter_map(|name| name.parse::<u16>().ok())
        .filter(|version| SUPPORTED.contains(version))
        .max();
    match installed.or_else(|| version_in_apt(machine)) {
        Some(version) => vec![format!("postgresql-{version}"), format!("postgresql-server-dev-{version}")],
        None => vec!["postgresql".to_owned(), "postgresql-server-dev-all".to_owned()],
    }
}

/// `Candidate: 15+248+deb12u1` says that apt's own Postgres is version 15.
fn version_in_apt(machine: &dyn Machine) -> Option<u16> {
    let policy = machine.output("apt-cache", &["policy", "postgresql"])?;
    let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    candidate.split('+').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prerequisites::tests::FurnishedMachine;

    fn cmake() -> Vec<Lack> {
        vec![Lack { what: "cmake".to_owned(), remedy: Remedy::Packages(vec!["cmake".to_owned()]) }]
    }

    #[test]
    fn root_installs_through_apt() {
        let machine =
            FurnishedMachine { root: true, programs: vec!["apt-get"], ..FurnishedMachine::default() };
        assert_eq!(course(&machine, &cmake()), Course::Install(vec!["cmake".to_owned()], vec![]));
    }

    #[test]
    fn anybody_else_is_told_what_to_type() {
        let machine = FurnishedMachine { programs: vec!["apt-get"], ..FurnishedMachine::default() };
        let Course::Tell(text) = course(&machine, &cmake()) else { panic!("installs") };
        let expected = "sudo apt-get update && sudo apt-get install -y --no-install-recommends cmake";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn root_without_apt_is_told_too() {
        let machine = FurnishedMachine { root: true, ..FurnishedMachine::default() };
        let Course::Tell(text) = course(&machine, &cmake()) else { panic!("installs") };
        assert!(text.contains("what your system calls the same"), "{text}");
    }

    #[test]
    fn a_component_needs_rustup_and_no_privilege() {
        let lack = vec![Lack { what: "clippy".to_owned(), remedy: Remedy::Component("clippy") }];
        let with = FurnishedMachine { programs: vec!["rustup"], ..FurnishedMachine::default() };
        assert_eq!(course(&with, &lack), Course::Install(vec![], vec!["clippy"]));
        let Course::Tell(text) = course(&FurnishedMachine::default(), &lack) else { panic!("installs") };
        assert!(text.ends_with("rustup component add clippy"), "{text}");
    }

    #[test]
    fn nothing_missing_means_nothing_to_do() {
        assert_eq!(course(&FurnishedMachine::default(), &[]), Course::GoOn);
    }

    #[test]
    fn an_installed_server_gets_headers_of_its_own_version() {
        let machine = FurnishedMachine {
            folders: vec![("/usr/lib/postgresql", vec!["13", "16"])],
            outputs: vec![("apt-cache policy postgresql", "postgresql:\n  Candidate: 17+278\n")],
            ..FurnishedMachine::default()
        };
        assert_eq!(postgres_packages(&machine), ["postgresql-16", "postgresql-server-dev-16"]);
    }

    #[test]
    fn a_machine_whose_apt_knows_nothing_yet_gets_the_general_names() {
        let packages = postgres_packages(&FurnishedMachine::default());
        assert_eq!(packages, ["postgresql", "postgresql-server-dev-all"]);
    }
}
