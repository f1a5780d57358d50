//! Runs the jobs of the database in the batch lane: searches that somebody asked for and does not wait for.
//!
//! A runner is a loop around one call. Which job is next, who may run it and what becomes of it is the database's; any
//! number of proxies run jobs side by side.

use std::sync::Arc;
use std::time::Instant;

use tokio::time::sleep;

use crate::admission::Lane;
use crate::pipeline::Proxy;

/// Runs jobs one after the other until the proxy is about to stop. A job that runs then is cancelled, and claimed again
/// by another runner.
pub(crate) async fn run(proxy: Arc<Proxy>) {
    let borrower = proxy.observer.metrics.borrower("none", "jobs", Lane::Batch);
    loop {
        let deadline = Instant::now() + proxy.settings.pool_wait_timeout_ms;
        let ran = tokio::select! {
            ran = proxy.pool.run_due_job(&borrower, deadline) => ran,
            () = proxy.stopped() => return,
        };
        match ran {
            // There may be another one.
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::debug!(error, "no job could be run"),
        }
        tokio::select! {
            () = sleep(proxy.settings.job_poll_ms) => {}
            () = proxy.stopped() => return,
        }
    }
}
