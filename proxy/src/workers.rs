//! The threads that serve, each with a runtime of its own.
//!
//! A connection stays on the thread that it was dealt to, and so do its requests, their timers and the database
//! connections opened for them. Threads that take work from each other, as a shared runtime has it, wake each other
//! for almost every request, which costs more than the request.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

use crate::error::Error;

/// Longest wait for what runs on a thread when it ends.
const LAST_WAIT: Duration = Duration::from_millis(200);

thread_local! {
    static NUMBER: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The number of the worker whose thread this is, counted from 0; none elsewhere.
pub fn current() -> Option<usize> {
    NUMBER.get()
}

/// The threads.
pub struct Workers {
    runtimes: Vec<Handle>,
    threads: Vec<JoinHandle<()>>,
    dealt: AtomicUsize,
    ends: CancellationToken,
}

impl Workers {
    /// Starts so many threads.
    ///
    /// # Errors
    ///
    /// The system has no room for them.
    pub fn start(count: usize) -> Result<Self, Error> {
        let ends = CancellationToken::new();
        let (mut runtimes, mut threads) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for number in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build().map_err(fault)?;
            runtimes.push(runtime.handle().clone());
            let ends = ends.clone();
            let thread = std::thread::Builder::new().name(format!("worker-{number}"));
            let work = move || {
                NUMBER.set(Some(number));
                runtime.block_on(ends.cancelled());
                runtime.shutdown_timeout(LAST_WAIT);
            };
            threads.push(thread.spawn(work).map_err(fault)?);
        }
        Ok(Self { runtimes, threads, dealt: AtomicUsize::new(0), ends })
    }

    /// Runs a task on the thread whose turn it is.
    pub fn deal(&self, task: impl Future<Output = ()> + Send + 'static) {
        let number = self.dealt.fetch_add(1, Ordering::Relaxed) % self.runtimes.len();
        self.runtimes[number].spawn(task);
    }

    /// Ends the threads and drops what still runs on them.
    pub fn end(self) {
        self.ends.cancel();
        for thread in self.threads {
            // A thread that panicked has ended too.
            let _ = thread.join();
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn fault(error: std::io::Error) -> Error {
    Error::Start(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn work_is_dealt_in_turn_and_stays_on_its_thread() {
        let workers = Workers::start(3).unwrap();
        let (told, numbers) = mpsc::channel();
        for _ in 0..6 {
            let told = told.clone();
            workers.deal(async move {
                let before = current();
                tokio::time::sleep(Duration::from_millis(1)).await;
                told.send((before, current())).unwrap();
            });
        }
        let mut found: Vec<_> = numbers.iter().take(6).collect();
        found.sort_unstable();
        assert_eq!(found, [0, 0, 1, 1, 2, 2].map(|number| (Some(number), Some(number))));
        assert_eq!(current(), None);
        workers.end();
    }
}
