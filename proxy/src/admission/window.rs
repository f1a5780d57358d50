//! What a lane saw lately: the last minute, in buckets that are forgotten one by one.

use std::time::{Duration, Instant};

/// Length of one bucket.
const BUCKET: Duration = Duration::from_secs(10);
/// Buckets kept: together a minute, long enough for a mean and short enough to be "now".
const BUCKETS: usize = 6;

/// Sums over some time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// Requests that asked for a connection.
    pub(super) arrivals: u64,
    /// Requests refused at once.
    pub(super) shed: u64,
    /// Waits that ended with a connection.
    pub(super) waits: u64,
    /// Their seconds.
    pub(super) waited_seconds: f64,
    /// Uses that ended.
    pub(super) uses: u64,
    /// Their seconds.
    pub(super) used_seconds: f64,
    /// Most connections held at once.
    pub(super) most_held: usize,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.arrivals += other.arrivals;
        self.shed += other.shed;
        self.waits += other.waits;
        self.waited_seconds += other.waited_seconds;
        self.uses += other.uses;
        self.used_seconds += other.used_seconds;
        self.most_held = self.most_held.max(other.most_held);
    }
}

/// The last minute of one lane.
#[derive(Debug)]
pub(super) struct Window {
    begun: Instant,
    /// Number, since `begun`, of the bucket that is being filled.
    current: u64,
    buckets: [Sums; BUCKETS],
}

impl Window {
    pub(super) fn new(now: Instant) -> Self {
        Self { begun: now, current: 0, buckets: [Sums::default(); BUCKETS] }
    }

    /// The bucket of this moment. Those whose time is over are emptied on the way.
    pub(super) fn now(&mut self, now: Instant) -> &mut Sums {
        let number = now.saturating_duration_since(self.begun).as_secs() / BUCKET.as_secs();
        let passed = number.saturating_sub(self.current);
        for step in 1..=passed.min(BUCKETS as u64) {
            self.buckets[slot(self.current + step)] = Sums::default();
        }
        self.current = self.current.max(number);
        &mut self.buckets[slot(self.current)]
    }

    /// The sums of the window and the seconds they are of.
    pub(super) fn sums(&mut self, now: Instant) -> (Sums, f64) {
        self.now(now);
        let mut sums = Sums::default();
        for bucket in &self.buckets {
            sums.add(bucket);
        }
        let age = now.saturating_duration_since(self.begun);
        let into_current = age.as_secs_f64() - (self.current * BUCKET.as_secs()) as f64;
        let whole = self.current.min(BUCKETS as u64 - 1) * BUCKET.as_secs();
        (sums, whole as f64 + into_current)
    }
}

/// Where a bucket of this number is kept.
fn slot(number: u64) -> usize {
    // Below the small constant.
    usize::try_from(number % BUCKETS as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_remembered_and_then_forgotten() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut window = Window::new(begun);
        window.now(at(1)).arrivals += 5;
        window.now(at(35)).arrivals += 7;
        let (sums, seconds) = window.sums(at(36));
        assert_eq!((sums.arrivals, seconds), (12, 36.0));
        // The first bucket is over a minute old now, the second not yet.
        let (sums, seconds) = window.sums(at(65));
        assert_eq!((sums.arrivals, seconds), (7, 55.0));
        assert_eq!(window.sums(at(10_000)).0.arrivals, 0);
    }
}
