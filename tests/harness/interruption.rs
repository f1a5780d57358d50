//! Ctrl-C and SIGTERM as a flag that every wait looks at.
//!
//! A command that starts processes must end by stopping them, so a signal never ends us directly:
//! it sets the flag, the current wait gives up with an error, and the values that own processes
//! stop them when they are dropped. Those processes live in process groups of their own, so the
//! terminal's Ctrl-C reaches us alone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use anyhow::{Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static REQUESTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// From now on, SIGINT, SIGTERM and SIGHUP set the flag instead of ending the process.
pub fn listen() -> Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&REQUESTED))?;
    }
    Ok(())
}

/// Whether we were asked to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Fails when we were asked to stop.
pub fn check() -> Result<()> {
    if requested() {
        bail!("interrupted");
    }
    Ok(())
}
