//! The life of the server that is current here, and how its reader stands.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwapOption;

use super::life::Life;
use super::own_writes::OwnWrites;
use crate::observe::Metrics;

/// What the reader of announcements writes and every request reads.
#[derive(Debug)]
pub struct Lives {
    /// The current life; nothing before the server was first reached.
    current: ArcSwapOption<Life>,
    /// The writes of this proxy, released as their announcements come in.
    pub own_writes: Arc<OwnWrites>,
    pub(super) metrics: Arc<Metrics>,
}

impl Lives {
    /// Nothing is known yet.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { current: ArcSwapOption::empty(), own_writes: Arc::default(), metrics }
    }

    /// The current life.
    pub fn current(&self) -> Option<Arc<Life>> {
        self.current.load_full()
    }

    /// Another life of the server has begun, or the first one was found.
    pub(super) fn begin(&self, life: Life) -> Arc<Life> {
        let life = Arc::new(life);
        self.current.store(Some(Arc::clone(&life)));
        life
    }

    /// Brings the gauge of the bound to what it is now.
    pub fn observe(&self) {
        let life = self.current.load();
        self.metrics.cache.staleness_is(life.as_ref().map(|life| life.staleness(Instant::now())));
    }
}
