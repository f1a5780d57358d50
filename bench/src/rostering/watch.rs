//! The clock of a run, and when it last got better.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rota_engine::rostering::{Progress, Watch};

/// Processor time is read again after so many milliseconds: reading costs as much as a step of the search.
const READING_MS: u64 = 5;

/// A clock that remembers the last improvement.
pub(crate) struct Stopwatch {
    started: Instant,
    /// On a shared machine: count processor time, divided by this many threads, instead of time on the wall.
    processor_threads: Option<u64>,
    /// Processor time of the process at the start.
    spent_before_ms: u64,
    read_at_ms: AtomicU64,
    spent_ms: AtomicU64,
    trace: bool,
    cost: AtomicU64,
    improved_ms: AtomicU64,
}

impl Stopwatch {
    pub(crate) fn start(trace: bool, processor_threads: Option<usize>) -> Self {
        Self {
            started: Instant::now(),
            processor_threads: processor_threads.map(|threads| threads.max(1) as u64),
            spent_before_ms: processor_time_ms(),
            read_at_ms: AtomicU64::new(0),
            spent_ms: AtomicU64::new(0),
            trace,
            cost: AtomicU64::new(u64::MAX),
            improved_ms: AtomicU64::new(0),
        }
    }

    pub(crate) fn elapsed(&self) -> u64 {
        let wall_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Some(threads) = self.processor_threads else { return wall_ms };
        if wall_ms >= self.read_at_ms.load(Ordering::Relaxed) + READING_MS {
            self.read_at_ms.store(wall_ms, Ordering::Relaxed);
            let spent_ms = processor_time_ms().saturating_sub(self.spent_before_ms);
            self.spent_ms.fetch_max(spent_ms / threads, Ordering::Relaxed);
        }
        self.spent_ms.load(Ordering::Relaxed)
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

/// Processor time that all threads of this process have used; 0 where the system does not tell.
fn processor_time_ms() -> u64 {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return 0 };
    let nanoseconds: u64 = threads
        .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .sum();
    nanoseconds / 1_000_000
}
