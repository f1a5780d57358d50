//! The `rota` command.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use rota_proxy::command::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell if standard error itself is closed.
            let _ = writeln!(std::io::stderr(), "rota: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
