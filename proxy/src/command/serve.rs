//! `rota serve`.

use std::io::Write;
use std::time::Duration;

use clap::Args;

use crate::config::{Layers, ServeFlags, Settings, effective};
use crate::error::Error;
use crate::server;

/// Longest wait for tasks that do not end by themselves after the stop.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// The arguments of `rota serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Print the effective settings with their sources, secrets hidden, and do nothing else.
    #[arg(long)]
    print_settings: bool,
    #[command(flatten)]
    pub(super) flags: ServeFlags,
}

/// Serves until told to stop.
pub(super) fn run(args: &ServeArgs, layers: &Layers, settings: Settings) -> Result<(), Error> {
    if args.print_settings {
        return std::io::stdout()
            .write_all(effective(&settings, layers).as_bytes())
            .map_err(|error| Error::Start(error.to_string()));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // Clients are served by threads of their own.
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Error::Start(error.to_string()))?;
    let served = runtime.block_on(server::run(settings));
    runtime.shutdown_timeout(LAST_WAIT);
    served
}
