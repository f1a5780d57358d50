//! A connection that is driven by whoever asks something over it.
//!
//! The driver's way is a task for each connection, with a queue between it and the one who asks: two more
//! wake-ups for each call, mostly of another thread. Here the asking future and the connection are polled
//! together, and what they wake each other for is done in the same poll.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

use super::connect::ServerConnection;

/// Rounds of one poll. A call takes two; past these the task yields, so that no connection keeps a thread.
const ROUNDS: usize = 8;

/// Nobody is polling: a wake-up is passed on to the task.
const RESTING: u8 = 0;
/// The task polls right now.
const POLLING: u8 = 1;
/// The task polls right now, and has to do it once more.
const POLLING_AGAIN: u8 = 2;

/// Passes wake-ups on to the task that drives, unless that task is polling anyway.
#[derive(Debug, Default)]
struct Bell {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let noted = self.state.compare_exchange(POLLING, POLLING_AGAIN, Ordering::AcqRel, Ordering::Acquire);
        if noted == Err(RESTING) {
            self.task.wake();
        }
    }
}

/// A connection with its bell. Empty once the connection has ended.
pub(super) struct Driven {
    connection: Option<Box<ServerConnection>>,
    bell: Arc<Bell>,
    waker: Waker,
}

impl Driven {
    pub(super) fn new(connection: ServerConnection) -> Self {
        let bell = Arc::<Bell>::default();
        let waker = Waker::from(Arc::clone(&bell));
        Self { connection: Some(Box::new(connection)), bell, waker }
    }

    /// Whether the connection has neither ended nor been ended by the server while nobody drove it.
    pub(super) fn is_open(&mut self) -> bool {
        // What the server said meanwhile, or that it left, is read now; there is nobody to wake.
        let waker = self.waker.clone();
        self.advance(&mut Context::from_waker(&waker));
        self.connection.is_some()
    }

    /// Runs `asked` to its end, which speaks to the server through this connection's client.
    pub(super) async fn drive<T>(&mut self, asked: impl Future<Output = T>) -> T {
        let mut asked = pin!(asked);
        poll_fn(|task| {
            self.bell.task.register(task.waker());
            let waker = self.waker.clone();
            let context = &mut Context::from_waker(&waker);
            for _ in 0..ROUNDS {
                self.bell.state.store(POLLING, Ordering::Release);
                // The one who asks comes first and hands over its messages, which the connection then sends.
                let mut answered = asked.as_mut().poll(context);
                if answered.is_pending() {
                    self.advance(context);
                    answered = asked.as_mut().poll(context);
                }
                let wants_more = self.bell.state.swap(RESTING, Ordering::AcqRel) == POLLING_AGAIN;
                if answered.is_ready() {
                    // What the server says from now on concerns the next one who asks.
                    drop(self.bell.task.take());
                    return answered;
                }
                if !wants_more {
                    return Poll::Pending;
                }
            }
            task.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    /// Drives until the connection has ended; for a connection whose client is gone, which then says goodbye.
    pub(super) async fn finish(mut self) {
        if let Some(connection) = self.connection.take() {
            // The other side may have left first.
            let _ = connection.await;
        }
    }

    /// Sends and receives what can be, without waiting.
    fn advance(&mut self, context: &mut Context<'_>) {
        let Some(connection) = &mut self.connection else { return };
        loop {
            match connection.poll_message(context) {
                Poll::Pending => return,
                // A notice; those that matter become errors.
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(None) => break,
                Poll::Ready(Some(Err(error))) => {
                    tracing::debug!(%error, "database connection ended");
                    break;
                }
            }
        }
        // Dropped here, so that whoever waits for an answer learns that none will come.
        self.connection = None;
    }
}
