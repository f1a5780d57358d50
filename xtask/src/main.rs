//! The commands a person types: `cargo xtask run | test | bench | install`.
//!
//! Each command is a row of steps, and each step says what it does. What a step needs it makes or
//! says how to get; what was made before it finds and uses again.

mod bench;
mod cargo_pgrx;
mod commands;
mod extension;
mod install;
mod invitation;
mod machine;
mod packages;
mod prerequisites;
mod project;
mod run;
mod servers;
mod sql_style;
mod summary;
mod test;
mod test_binaries;

use std::process::ExitCode;

use clap::Parser;
use rota_harness::{interruption, progress::say};

use commands::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = interruption::listen().and_then(|()| match arguments.command {
        Command::Run(options) => run::run(&options),
        Command::Test(options) => test::test(&options),
        Command::Bench(options) => bench::bench(&options),
        Command::Install(options) => install::install(&options),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("\n{error:#}"));
            // What shells report for a program that Ctrl-C ended.
            if interruption::requested() { ExitCode::from(130) } else { ExitCode::FAILURE }
        }
    }
}
