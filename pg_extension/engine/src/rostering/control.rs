//! What bounds a search: time, steps, memory, a target, a wish to stop.

use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::levels::split;

/// The search's window on the world: it has no clock of its own.
pub trait Watch: Sync {
    /// Milliseconds since the search began.
    fn elapsed_ms(&self) -> u64;
    /// Whether to stop as soon as possible. Asked after at most [`MOST_WORK`] elementary operations of a thread, which
    /// are some ten milliseconds.
    fn cancelled(&self) -> bool;
    /// Told just before each question: the elementary operations of this thread since its last one.
    fn worked(&self, _operations: u64) {}
    /// Called whenever a better roster or bound is known.
    fn progress(&self, _progress: Progress) {}
}

/// A watch for tests in which no time passes.
#[cfg(test)]
pub(super) struct NoClock;

#[cfg(test)]
impl Watch for NoClock {
    fn elapsed_ms(&self) -> u64 {
        0
    }

    fn cancelled(&self) -> bool {
        false
    }
}

/// Most additions and comparisons of one thread between two questions to the [`Watch`].
pub const MOST_WORK: u64 = 1 << 25;
/// A question is due after so many operations. The difference is what a single indivisible piece of work may take.
const QUESTION_WORK: u64 = 1 << 22;

/// How far a search has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// When, in milliseconds since the search began.
    pub elapsed_ms: u64,
    /// Hard rules broken by the best roster, in units.
    pub broken_hard: i64,
    /// Medium cost of the best roster.
    pub medium: i64,
    /// Soft cost of the best roster.
    pub cost: i64,
    /// No roster that keeps all hard rules has less medium cost, as far as is proven.
    pub lower_medium: i64,
    /// No roster that keeps all hard rules and has that medium cost has less soft cost, as far as is proven.
    pub lower_bound: i64,
}

/// What a search may use, and when it may stop early.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Milliseconds; also the length of the cooling schedule.
    pub time_ms: Option<u64>,
    /// Steps: passes over one person's days. With steps alone the result depends on nothing but problem and seed.
    pub steps: Option<u64>,
    /// Stop when a roster that keeps all hard rules costs no more than this.
    pub target: Option<i64>,
    /// Stop when the cost is proven to be at most this many parts per million above the best possible.
    pub gap_ppm: u64,
    /// Stop when nothing better was found for so many milliseconds.
    pub patience_ms: Option<u64>,
    /// Threads, at least 1.
    pub threads: usize,
    /// Bytes that all threads together may use for tables that grow with the problem.
    pub memory_bytes: usize,
    /// Seed of all random choices.
    pub seed: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time_ms: Some(10_000),
            steps: None,
            target: None,
            gap_ppm: 0,
            patience_ms: None,
            threads: 1,
            memory_bytes: 512 << 20,
            seed: 1,
        }
    }
}

/// The state of a running search that all its threads see.
pub(super) struct Control<'a> {
    pub(super) limits: Limits,
    pub(super) watch: &'a dyn Watch,
    steps: AtomicU64,
    /// Hard units and cost of the best roster.
    best: Mutex<(i64, i64)>,
    /// When that was found, in milliseconds.
    improved_ms: AtomicU64,
    lower_bound: AtomicI64,
    /// What a medium unit counts.
    factor: i64,
}

/// One thread's count of its work since it last asked whether to stop.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    since: Cell<u64>,
    stopped: Cell<bool>,
}

impl Pulse {
    /// Counts operations; asks when enough have come together. True once it is time to stop.
    pub(super) fn beat(&self, control: &Control<'_>, operations: u64) -> bool {
        let since = self.since.get() + operations;
        if since < QUESTION_WORK {
            self.since.set(since);
            return self.stopped.get();
        }
        self.ask(control, since)
    }

    /// Asks at once.
    pub(super) fn ask(&self, control: &Control<'_>, since: u64) -> bool {
        self.since.set(0);
        control.watch.worked(since);
        if control.must_stop() {
            self.stopped.set(true);
        }
        self.stopped.get()
    }
}

impl<'a> Control<'a> {
    pub(super) fn new(limits: Limits, watch: &'a dyn Watch, factor: i64) -> Self {
        Self {
            limits,
            watch,
            steps: AtomicU64::new(0),
            best: Mutex::new((i64::MAX, i64::MAX)),
            improved_ms: AtomicU64::new(watch.elapsed_ms()),
            // No cost is below zero.
            lower_bound: AtomicI64::new(0),
            factor,
        }
    }

    /// Counts one step.
    pub(super) fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// The part of time or steps that is used, from 0 to 1.
    pub(super) fn used(&self) -> f64 {
        let part =
            |used: u64, limit: Option<u64>| limit.map_or(0.0, |limit| used as f64 / limit.max(1) as f64);
        let time = self.limits.time_ms.map_or(0, |_| self.watch.elapsed_ms());
        part(time, self.limits.time_ms)
            .max(part(self.steps.load(Ordering::Relaxed), self.limits.steps))
            .min(1.0)
    }

    /// Whether to stop: time, steps, target, proven gap, stagnation or cancellation.
    pub(super) fn is_over(&self) -> bool {
        self.must_stop() || self.used() >= 1.0
    }

    /// The same without steps: a step that was begun is finished, so that equal steps give equal results.
    pub(super) fn must_stop(&self) -> bool {
        self.watch.cancelled()
            || self.limits.time_ms.is_some_and(|time_ms| self.watch.elapsed_ms() >= time_ms)
            || self.is_good_enough()
            || self.stagnates()
    }

    fn best(&self) -> (i64, i64) {
        *self.best.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_good_enough(&self) -> bool {
        let (broken, cost) = self.best();
        if broken > 0 {
            return false;
        }
        let bound = self.lower_bound();
        let allowed = i128::from(bound.max(0)) * i128::from(self.limits.gap_ppm) / 1_000_000;
        self.limits.target.is_some_and(|target| split(cost, self.factor) <= (0, target))
            || i128::from(cost) <= i128::from(bound) + allowed
    }

    fn stagnates(&self) -> bool {
        self.limits.patience_ms.is_some_and(|patience_ms| {
            let improved_ms = self.improved_ms.load(Ordering::Relaxed);
            self.watch.elapsed_ms().saturating_sub(improved_ms) >= patience_ms
        })
    }

    /// Notes a roster's worth; the watch hears of it if it is the best so far.
    pub(super) fn note_worth(&self, worth: (i64, i64)) {
        let mut best = self.best.lock().unwrap_or_else(PoisonError::into_inner);
        if worth < *best {
            *best = worth;
            drop(best);
            self.improved_ms.fetch_max(self.watch.elapsed_ms(), Ordering::Relaxed);
            self.tell();
        }
    }

    /// Notes a proven bound on the whole problem.
    pub(super) fn note_bound(&self, bound: i64) {
        if self.lower_bound.fetch_max(bound, Ordering::Relaxed) < bound {
            self.tell();
        }
    }

    pub(super) fn lower_bound(&self) -> i64 {
        self.lower_bound.load(Ordering::Relaxed)
    }

    fn tell(&self) {
        let (broken_hard, cost) = self.best();
        let (medium, cost) = split(cost, self.factor);
        let (lower_medium, lower_bound) = split(self.lower_bound(), self.factor);
        self.watch.progress(Progress {
            elapsed_ms: self.watch.elapsed_ms(),
            broken_hard,
            medium,
            cost,
            lower_medium,
            lower_bound,
        });
    }
}
