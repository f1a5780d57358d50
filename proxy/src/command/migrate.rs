//! `rota migrate`: brings the database to the level of this program, or tells how far it is.

use std::io::Write;

use clap::Args;

use crate::config::Settings;
use crate::database::connect::{SessionOptions, connect};
use crate::error::Error;
use crate::migration::{self, Event};

/// What `rota migrate` takes.
#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    /// Change nothing; tell what is missing, and fail if anything is
    #[arg(long)]
    check: bool,
}

/// Runs the verb: one line for each applied step.
pub(super) async fn run(args: MigrateArgs, settings: Settings) -> Result<(), Error> {
    let mut client = connect(&settings, SessionOptions::named("rota migrate")).await?;
    if args.check {
        let differences = migration::status(&client).await?.differences();
        if differences.is_empty() {
            say("up to date");
            return Ok(());
        }
        return Err(Error::NotCurrent(differences));
    }
    let steps = migration::run(&mut client, &mut |event: Event| say(&event.to_string())).await?;
    if steps == 0 {
        say("nothing to do");
    }
    Ok(())
}

/// Prints one line. Whoever closed standard output does not want it.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
