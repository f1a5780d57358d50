//! What bounds a search: time, steps, memory, a target, a wish to stop.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// The search's window on the world: it has no clock of its own.
pub trait Watch: Sync {
    /// Milliseconds since the search began.
    fn elapsed_ms(&self) -> u64;
    /// Whether to stop as soon as possible. Asked every few milliseconds at least.
    fn cancelled(&self) -> bool;
    /// Called whenever a better roster or bound is known.
    fn progress(&self, _progress: Progress) {}
}

/// How far a search has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// When, in milliseconds since the search began.
    pub elapsed_ms: u64,
    /// Hard rules broken by the best roster, in units.
    pub broken_hard: i64,
    /// Cost of the best roster.
    pub cost: i64,
    /// No roster that keeps all hard rules costs less, as far as is proven.
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
    best_broken: AtomicI64,
    best_cost: AtomicI64,
    lower_bound: AtomicI64,
}

impl<'a> Control<'a> {
    pub(super) fn new(limits: Limits, watch: &'a dyn Watch, lower_bound: i64) -> Self {
        Self {
            limits,
            watch,
            steps: AtomicU64::new(0),
            best_broken: AtomicI64::new(i64::MAX),
            best_cost: AtomicI64::new(i64::MAX),
            lower_bound: AtomicI64::new(lower_bound),
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

    /// Whether to stop: time, steps, target, proven gap or cancellation.
    pub(super) fn is_over(&self) -> bool {
        self.watch.cancelled() || self.used() >= 1.0 || self.is_good_enough()
    }

    fn is_good_enough(&self) -> bool {
        if self.best_broken.load(Ordering::Relaxed) > 0 {
            return false;
        }
        let cost = self.best_cost.load(Ordering::Relaxed);
        let bound = self.lower_bound.load(Ordering::Relaxed);
        let allowed = i128::from(bound.max(0)) * i128::from(self.limits.gap_ppm) / 1_000_000;
        self.limits.target.is_some_and(|target| cost <= target)
            || i128::from(cost) <= i128::from(bound) + allowed
    }

    /// Notes a roster's worth; the watch hears of it if it is the best so far.
    pub(super) fn note_worth(&self, (broken, cost): (i64, i64)) {
        let best = (self.best_broken.load(Ordering::Relaxed), self.best_cost.load(Ordering::Relaxed));
        if (broken, cost) < best {
            self.best_broken.store(broken, Ordering::Relaxed);
            self.best_cost.store(cost, Ordering::Relaxed);
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
        self.watch.progress(Progress {
            elapsed_ms: self.watch.elapsed_ms(),
            broken_hard: self.best_broken.load(Ordering::Relaxed),
            cost: self.best_cost.load(Ordering::Relaxed),
            lower_bound: self.lower_bound.load(Ordering::Relaxed),
        });
    }
}
