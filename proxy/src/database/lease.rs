//! A connection on loan. It goes back to the pool only when its last call is known to be over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use deadpool::managed::Object;
use tokio_postgres::{Client, NoTls};

use super::pool::{Manager, Pooled};
use crate::observe::Metrics;

/// A connection of the pool. Dropped before [`Lease::settle`], it is taken out of the pool, its running
/// statement is cancelled and it is closed: a dropped future alone would leave the statement running and the
/// next user waiting behind it, or inside its transaction.
pub struct Lease {
    object: Option<Object<Manager>>,
    is_settled: bool,
    in_use: Arc<AtomicUsize>,
    metrics: Arc<Metrics>,
}

impl Lease {
    pub(super) fn new(object: Object<Manager>, in_use: Arc<AtomicUsize>, metrics: Arc<Metrics>) -> Self {
        in_use.fetch_add(1, Ordering::Relaxed);
        // Taken without a call yet: nothing is in doubt, but nothing is known either until the first call ends.
        Self { object: Some(object), is_settled: false, in_use, metrics }
    }

    /// The connection. The option is empty only while dropping.
    #[expect(clippy::expect_used, reason = "the object leaves in drop alone")]
    pub(super) fn pooled(&mut self) -> &mut Pooled {
        self.object.as_mut().expect("a lease has its object until it is dropped")
    }

    /// The driver's client.
    pub fn client(&mut self) -> &Client {
        &self.pooled().client
    }

    /// The metrics of the pool.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Says that the connection's last call is over, well or not: it may go back.
    pub fn settle(&mut self) {
        self.is_settled = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.in_use.fetch_sub(1, Ordering::Relaxed);
        let Some(object) = self.object.take() else { return };
        if self.is_settled {
            return;
        }
        self.metrics.pool_closed.with_label_values(&["doubt"]).inc();
        let pooled = Object::take(object);
        if pooled.client.is_closed() {
            return;
        }
        // The cancel request is a connection of its own and may take its time.
        tokio::spawn(async move {
            if let Err(error) = pooled.client.cancel_token().cancel_query(NoTls).await {
                tracing::debug!(%error, "cancel request failed");
            }
            drop(pooled);
        });
    }
}
