//! A search beside the backend: on plain threads, while the backend waits on its latch.
//!
//! - The threads touch nothing of the server: they own or borrow plain data, allocate from the process and not from a
//!   memory context, and no signal reaches them ([`super::signals`]).
//! - They are joined before [`beside`] returns or raises, whatever happens: they run in a scope, which joins them also
//!   when the backend unwinds, and a guard tells them to stop before that. An error that ends the process (`FATAL`, a dead
//!   postmaster) leaves no frame to return to: it exits from inside of the wait, so what the threads borrow stays valid
//!   until the process is gone.
//! - A panic of a thread is an answer too: it becomes an error report, after the join.

use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, scope};
use std::time::{Duration, Instant};

use pgrx::pg_sys;
use rota_engine::rostering::{Progress, Watch};

use super::signals::without_signals;
use crate::error::ExtensionError;

/// Longest sleep between two looks, also when nobody wants to hear of progress. Signals wake earlier.
const LONGEST_SLEEP: Duration = Duration::from_millis(1_000);

/// Stack of the thread that leads a search: what the main thread of a program usually has.
const STACK_BYTES: usize = 8 << 20;

/// Points of progress that are kept; when there are more, every second one is forgotten.
const MOST_POINTS: usize = 256;

/// What the search and the backend share.
#[derive(Debug)]
pub(super) struct SearchWatch {
    started: Instant,
    is_stopped: AtomicBool,
    points: Mutex<Vec<Progress>>,
}

impl SearchWatch {
    fn new() -> Self {
        Self { started: Instant::now(), is_stopped: AtomicBool::new(false), points: Mutex::new(Vec::new()) }
    }

    /// Tells the search to end with the best it has.
    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    /// The newest state, if the search has told any.
    pub(super) fn newest(&self) -> Option<Progress> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner).last().copied()
    }

    /// Best cost and bound over time.
    pub(super) fn points(&self) -> Vec<Progress> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Watch for SearchWatch {
    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn cancelled(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    fn progress(&self, progress: Progress) {
        let mut points = self.points.lock().unwrap_or_else(PoisonError::into_inner);
        if points.len() >= MOST_POINTS {
            let mut position = 0;
            points.retain(|_| {
                position += 1;
                position % 2 == 0
            });
        }
        points.push(progress);
    }
}

/// Stops the search when the backend leaves, well or not.
struct StopsAtEnd<'a>(&'a SearchWatch);

impl Drop for StopsAtEnd<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Does work on a thread of its own and waits for it. Interrupts of the backend end it: a cancelled statement, a
/// timeout, a server that stops. `look` is called on the backend's thread every `pause` meanwhile.
///
/// # Errors
/// [`ExtensionError::SearchFailed`] for a thread that panicked or could not be started; those of `look`, after the search
/// has ended. Interrupts are raised as the server's own errors.
pub(super) fn beside<T: Send>(
    work: impl FnOnce(&SearchWatch) -> T + Send,
    pause: Option<Duration>,
    look: &mut dyn FnMut(&SearchWatch) -> Result<(), ExtensionError>,
) -> Result<T, ExtensionError> {
    let watch = SearchWatch::new();
    let (ended, ends) = UnixStream::pair().map_err(|error| failed(&error))?;
    let result = scope(|scope| {
        let stops = StopsAtEnd(&watch);
        let shared = &watch;
        let thread = without_signals(|| {
            Builder::new().name("rota roster".to_owned()).stack_size(STACK_BYTES).spawn_scoped(
                scope,
                move || {
                    let result = catch_unwind(AssertUnwindSafe(|| work(shared)));
                    // Closing it wakes the backend.
                    drop(ends);
                    result
                },
            )
        })
        .map_err(|error| failed(&error))?;
        let mut looked_at = Instant::now();
        let mut looked = Ok(());
        while !sleep(&ended, pause.unwrap_or(LONGEST_SLEEP)) {
            if is_interrupted() {
                break;
            }
            pgrx::check_for_interrupts!();
            if looked.is_ok() && pause.is_some_and(|pause| looked_at.elapsed() >= pause) {
                looked = look(&watch);
                looked_at = Instant::now();
            }
            if looked.is_err() {
                break;
            }
        }
        // A search that ended by itself is not slowed by this.
        drop(stops);
        let result = thread.join().map_err(|_| panicked())?.map_err(|_| panicked());
        looked.and(result)
    });
    pgrx::check_for_interrupts!();
    result
}

/// Whether an interrupt that ends the statement is waiting to be processed.
fn is_interrupted() -> bool {
    // SAFETY: flags that signal handlers of this thread set; reading them is what the server does, too.
    unsafe {
        std::ptr::read_volatile(&raw const pg_sys::QueryCancelPending) != 0
            || std::ptr::read_volatile(&raw const pg_sys::ProcDiePending) != 0
    }
}

/// Sleeps until a signal, the end of the other side of the socket, or the time. Tells whether it was the end.
fn sleep(ended: &UnixStream, longest: Duration) -> bool {
    let wanted =
        pg_sys::WL_LATCH_SET | pg_sys::WL_SOCKET_READABLE | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;
    let longest_ms = i64::try_from(longest.as_millis()).unwrap_or(i64::MAX);
    // SAFETY: the latch is this backend's own; the socket is open as long as it is borrowed.
    let events = unsafe {
        pg_sys::WaitLatchOrSocket(
            pg_sys::MyLatch,
            wanted.cast_signed(),
            ended.as_raw_fd(),
            longest_ms,
            pg_sys::PG_WAIT_EXTENSION,
        )
    };
    if events.cast_unsigned() & pg_sys::WL_LATCH_SET != 0 {
        // SAFETY: as above.
        unsafe { pg_sys::ResetLatch(pg_sys::MyLatch) };
    }
    events.cast_unsigned() & pg_sys::WL_SOCKET_READABLE != 0
}

fn failed(error: &std::io::Error) -> ExtensionError {
    ExtensionError::SearchFailed { fault: error.to_string() }
}

fn panicked() -> ExtensionError {
    ExtensionError::SearchFailed { fault: "a thread of it panicked; the server's log has more".to_owned() }
}
