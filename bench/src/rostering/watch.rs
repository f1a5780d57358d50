//! The clock of a run, and when it last got better.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rota_engine::rostering::{Progress, Watch};

use crate::picture::History;

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
    /// Every better roster that keeps all hard rules.
    history: Mutex<History>,
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
            history: Mutex::new(History::new()),
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

    pub(crate) fn history(&self) -> History {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.broken_hard == 0 && history.last().is_none_or(|&(_, cost)| progress.cost < cost) {
            history.push((progress.elapsed_ms, progress.cost));
        }
        drop(history);
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
