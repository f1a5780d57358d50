//! How many client connections there are, and that there are never too many.

use std::sync::Arc;

use prometheus::IntGauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of client connections.
#[derive(Clone)]
pub struct Connections {
    places: Arc<Semaphore>,
    gauge: IntGauge,
}

/// What a client connection holds for as long as it is open.
pub struct Place {
    _permit: OwnedSemaphorePermit,
    gauge: IntGauge,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

impl Connections {
    /// At most `limit` at once, counted in the gauge.
    pub fn new(limit: usize, gauge: IntGauge) -> Self {
        Self { places: Arc::new(Semaphore::new(limit)), gauge }
    }

    /// A place for one more connection, if there is any.
    pub fn take(&self) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        self.gauge.inc();
        Some(Place { _permit: permit, gauge: self.gauge.clone() })
    }
}
