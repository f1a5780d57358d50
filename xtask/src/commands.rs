//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::project::Profile;
use crate::servers::Choice;

/// Builds, runs, tests and measures the project.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a private Postgres with the extension, the tables and a demo organisation, and the proxy
    Run(RunOptions),
    /// Check formatting, lints and SQL style, run the unit tests, then the suite on real servers
    Test(TestOptions),
    /// Measure, on a private server, in release mode
    Bench(BenchOptions),
    /// Build the extension and install it into an existing server
    Install(InstallOptions),
}

#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// Which Postgres: `system`, `embedded` (a downloaded PostgreSQL 18), or the path of a pg_config
    #[arg(long, value_name = "POSTGRES", default_value = "system")]
    pub(crate) pg: Choice,
    /// Address for requests
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Address for operators: /live, /ready, /metrics
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    pub(crate) admin_listen: SocketAddr,
    /// Build with optimisations
    #[arg(long)]
    pub(crate) release: bool,
    /// Remove the data of earlier runs first
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Leave the database without the demo organisation, for data of your own
    #[arg(long)]
    pub(crate) empty: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TestOptions {
    /// Which Postgres: `system`, `embedded`, `all` (both, one after the other), or a pg_config
    #[arg(long, value_name = "POSTGRES", default_value = "system")]
    pub(crate) pg: Choice,
    /// Only the tests of the suite whose names contain one of these; nothing else is checked then
    #[arg(value_name = "NAME")]
    pub(crate) filters: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct BenchOptions {
    /// Which Postgres: `system`, `embedded`, or the path of a pg_config
    #[arg(long, value_name = "POSTGRES", default_value = "system")]
    pub(crate) pg: Choice,
    /// What to measure; everything that needs a server when nothing is named, `rostering` needs none. Passed on as
    /// it stands
    #[arg(value_name = "NAME", trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct InstallOptions {
    /// The pg_config of the server that gets the extension
    #[arg(long, value_name = "PATH")]
    pub(crate) pg_config: PathBuf,
    /// Build without optimisations
    #[arg(long)]
    pub(crate) debug: bool,
}

impl RunOptions {
    pub(crate) fn profile(&self) -> Profile {
        if self.release { Profile::Release } else { Profile::Dev }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn names_after_test_filter_the_suite() {
        let arguments = Arguments::parse_from(["xtask", "test", "--pg", "all", "labels", "time::"]);
        let Command::Test(options) = arguments.command else { panic!("not test") };
        assert_eq!(options.filters, ["labels", "time::"]);
        assert_eq!(options.pg, Choice::All);
    }

    #[test]
    fn options_of_a_benchmark_are_passed_on() {
        let arguments = Arguments::parse_from(["xtask", "bench", "import", "--rows", "1000"]);
        let Command::Bench(options) = arguments.command else { panic!("not bench") };
        assert_eq!(options.arguments, ["import", "--rows", "1000"]);
    }
}
