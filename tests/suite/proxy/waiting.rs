//! Waiting for what has to come about, without a bound that a busy machine could break.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};

/// Nothing that is waited for takes longer, whatever the machine is busy with.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause between two looks.
const GLANCE: Duration = Duration::from_millis(20);

/// Waits until something holds. A look that fails is no answer yet; the last failure is told in the end.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    loop {
        let look = holds().await;
        if matches!(look, Ok(true)) {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            bail!("never came about: {what} (the last look: {look:?})");
        }
        sleep(GLANCE).await;
    }
}
