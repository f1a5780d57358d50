//! Which library answers.

use pgrx::pg_extern;

/// The version of the loaded library, which may be newer than the extension's SQL until it is updated.
#[pg_extern(stable, strict, parallel_safe)]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
