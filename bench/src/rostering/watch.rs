//! The clock of a run, and when it last got better.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rota_engine::rostering::{Progress, Watch};

/// A clock that remembers the last improvement.
pub(crate) struct Stopwatch {
    started: Instant,
    trace: bool,
    cost: AtomicU64,
    improved_ms: AtomicU64,
}

impl Stopwatch {
    pub(crate) fn start(trace: bool) -> Self {
        Self {
            started: Instant::now(),
            trace,
            cost: AtomicU64::new(u64::MAX),
            improved_ms: AtomicU64::new(0),
        }
    }

    pub(crate) fn elapsed(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn last_improvement_ms(&self) -> u64 {
        self.improved_ms.load(Ordering::Relaxed)
    }
}

impl Watch for Stopwatch {
    fn elapsed_ms(&self) -> u64 {
        self.elapsed()
    }

    fn cancelled(&self) -> bool {
        false
    }

    #[expect(clippy::print_stderr, reason = "the trace is asked for")]
    fn progress(&self, progress: Progress) {
        let cost = u64::try_from(progress.cost).unwrap_or(u64::MAX);
        if self.cost.swap(cost, Ordering::Relaxed) != cost {
            self.improved_ms.store(progress.elapsed_ms, Ordering::Relaxed);
        }
        if self.trace {
            eprintln!(
                "{:>7} ms  broken {}  cost {}  bound {}",
                progress.elapsed_ms, progress.broken_hard, progress.cost, progress.lower_bound
            );
        }
    }
}
