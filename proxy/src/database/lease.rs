//! A connection on loan. It goes back to the pool only when its last call is known to be over.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::Object;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{sleep, timeout};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::task::TaskTracker;

use super::manager::{Manager, Pooled};
use crate::admission::Seat;
use crate::observe::Metrics;

/// How long an abandoned call may go on by itself. Most calls end sooner, and a cancelled connection costs the
/// server a new process.
const GRACE: Duration = Duration::from_millis(20);
/// Pause between two cancel requests: one that arrives before its call has begun does nothing.
const CANCEL_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// Longest wait for a cancelled call to end. A server that does not answer by then is out of reach.
const END_WITHIN: Duration = Duration::from_secs(5);

/// The right to hold a connection: one of all loans, and a seat of the lane. Given back behind the connection.
type Right = (OwnedSemaphorePermit, Seat);

/// A connection of the pool. Dropped before [`Lease::settle`], it stays out of the pool until the server has
/// ended what it was asked: a dropped future alone would leave the statement running and the next user waiting
/// behind it, or inside its transaction.
pub struct Lease {
    loan: Option<(Object<Manager>, Right)>,
    is_settled: bool,
    keeper: Arc<Keeper>,
}

impl Lease {
    pub(super) fn new(object: Object<Manager>, right: Right, keeper: Arc<Keeper>) -> Self {
        // Taken without a call yet: nothing is in doubt, but nothing is known either until the first call ends.
        Self { loan: Some((object, right)), is_settled: false, keeper }
    }

    /// The connection. The option is empty only while dropping.
    #[expect(clippy::expect_used, reason = "the object leaves in drop alone")]
    pub(super) fn pooled(&mut self) -> &mut Pooled {
        &mut self.loan.as_mut().expect("a lease has its connection until it is dropped").0
    }

    /// The metrics of the pool.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.keeper.metrics
    }

    /// Says that the connection's last call is over, well or not: it may go back.
    pub fn settle(&mut self) {
        self.is_settled = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some((object, right)) = self.loan.take() else { return };
        if self.is_settled {
            // The connection first: whoever gets the right next finds it in the pool.
            drop(object);
            drop(right);
            return;
        }
        right.1.ends();
        let keeper = Arc::clone(&self.keeper);
        self.keeper.running.spawn(async move { keeper.end(object, right).await });
    }
}

/// Ends what abandoned leases leave running.
pub(super) struct Keeper {
    pub(super) connector: MakeRustlsConnect,
    pub(super) running: TaskTracker,
    pub(super) metrics: Arc<Metrics>,
}

impl Keeper {
    /// Waits for the call's end, then gives the connection back; cancels a call that goes on, then closes its
    /// connection, since a late cancel request would hit the next call. The seat is held all the while: the
    /// server never runs more calls than the pool has connections.
    async fn end(&self, mut object: Object<Manager>, right: Right) {
        if self.ends_by_itself(&mut object).await {
            drop(object);
        } else {
            self.metrics.pool_closed.with_label_values(&["doubt"]).inc();
            let _ = timeout(GRACE, Object::take(object).close()).await;
        }
        drop(right);
    }

    /// Whether the call ended without being cancelled; a cancelled one has ended too, or is out of reach.
    async fn ends_by_itself(&self, pooled: &mut Pooled) -> bool {
        let Pooled { client, driven, .. } = pooled;
        let token = client.cancel_token();
        // Answered behind everything that was asked before: a call, or a whole transaction.
        let mut ended = pin!(driven.drive(client.batch_execute("")));
        if let Ok(answer) = timeout(GRACE, &mut ended).await {
            return answer.is_ok();
        }
        let cancelling = async {
            loop {
                if let Err(error) = token.cancel_query(self.connector.clone()).await {
                    tracing::debug!(%error, "cancel request failed");
                }
                sleep(CANCEL_AGAIN_AFTER).await;
            }
        };
        tokio::select! {
            _ = ended => {}
            () = cancelling => {}
            () = sleep(END_WITHIN) => {}
        }
        false
    }
}
