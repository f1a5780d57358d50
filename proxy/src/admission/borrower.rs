//! Who borrows connections: an endpoint, or the proxy itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus::Histogram;

use super::Lane;

/// Weight of the newest use in the running mean: the last ten or so decide.
const NEWEST: f64 = 0.1;

/// One borrower with what it has used so far.
#[derive(Debug)]
pub struct Borrower {
    /// The endpoint's method, or `none`.
    pub method: String,
    /// The endpoint's path, or `none`.
    pub path: String,
    /// The lane it waits in.
    pub lane: Lane,
    waits: Histogram,
    uses: Histogram,
    /// The running mean of its uses in seconds, as the bits of an `f64`; NaN before the first.
    mean_use: AtomicU64,
}

impl Borrower {
    /// A borrower with its histograms, in seconds.
    pub fn new(method: &str, path: &str, lane: Lane, waits: Histogram, uses: Histogram) -> Self {
        let mean_use = AtomicU64::new(f64::NAN.to_bits());
        Self { method: method.to_owned(), path: path.to_owned(), lane, waits, uses, mean_use }
    }

    /// A borrower whose histograms nobody reads.
    #[cfg(test)]
    pub(crate) fn sample(lane: Lane) -> Self {
        let histogram = || Histogram::with_opts(prometheus::HistogramOpts::new("seconds", "seconds"));
        Self::new("GET", "/a", lane, histogram().unwrap(), histogram().unwrap())
    }

    /// The running mean of its uses, once there was one.
    pub fn mean_use(&self) -> Option<Duration> {
        let seconds = f64::from_bits(self.mean_use.load(Ordering::Relaxed));
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// Seconds that it has held connections, since the proxy started.
    pub fn held_seconds(&self) -> f64 {
        self.uses.get_sample_sum()
    }

    /// Loans that have ended, since the proxy started.
    pub fn loans(&self) -> u64 {
        self.uses.get_sample_count()
    }

    /// One wait is over, well or not.
    pub(super) fn waited(&self, seconds: f64) {
        self.waits.observe(seconds);
    }

    /// One use is over. Two at once may lose one of them from the mean, never from the histogram.
    pub(super) fn used(&self, seconds: f64) {
        self.uses.observe(seconds);
        let known = f64::from_bits(self.mean_use.load(Ordering::Relaxed));
        let mean = if known.is_nan() { seconds } else { known + NEWEST * (seconds - known) };
        self.mean_use.store(mean.to_bits(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_follows_the_last_uses_and_the_sum_holds_all() {
        let borrower = Borrower::sample(Lane::Interactive);
        assert_eq!(borrower.mean_use(), None);
        borrower.used(1.0);
        assert_eq!(borrower.mean_use(), Some(Duration::from_secs(1)));
        for _ in 0..100 {
            borrower.used(0.01);
        }
        assert!(borrower.mean_use().is_some_and(|mean| mean < Duration::from_millis(11)));
        assert!((borrower.held_seconds() - 2.0).abs() < 1e-9);
        assert_eq!(borrower.loans(), 101);
    }
}
