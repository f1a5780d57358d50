//! One life of the server, as far as its announcements are known here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::key::Origin;
use super::words::Words;

/// The announcements of one life of one server. Another life has other keys and other words, so that nothing of the
/// one is ever measured by the other.
#[derive(Debug)]
pub struct Life {
    /// Which server and which of its lives.
    pub origin: Origin,
    /// What has been announced.
    pub words: Words,
    begun: Instant,
    /// Microseconds from `begun` to the moment up to which everything announced is known.
    known_until_us: AtomicU64,
}

impl Life {
    /// A life whose announcements up to `asked` are in the words.
    pub fn new(origin: Origin, words: Words, asked: Instant) -> Self {
        Self { origin, words, begun: asked, known_until_us: AtomicU64::new(0) }
    }

    /// Says that everything announced before `asked` is in the words: the moment when the question was sent, not when
    /// its answer came. An answer that waited (in the network, or while this process was stopped) proves nothing about the
    /// time it waited.
    pub fn heard(&self, asked: Instant) {
        let known = asked.saturating_duration_since(self.begun).as_micros();
        self.known_until_us.fetch_max(u64::try_from(known).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// How long ago the last moment is up to which everything announced is known: no hit is older than this.
    pub fn staleness(&self, now: Instant) -> Duration {
        let known = self.begun + Duration::from_micros(self.known_until_us.load(Ordering::Acquire));
        now.saturating_duration_since(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staleness_counts_from_the_question_and_never_falls_back() {
        let begun = Instant::now();
        let origin = Origin { system_identifier: 1, timeline: 1, epoch: 1 };
        let life = Life::new(origin, Words::new(&[0], 0, 1).unwrap(), begun);
        let at = |ms| begun + Duration::from_millis(ms);
        assert_eq!(life.staleness(at(7)).as_millis(), 7);
        life.heard(at(5));
        life.heard(at(3));
        assert_eq!(life.staleness(at(7)).as_millis(), 2);
        assert_eq!(life.staleness(at(1)), Duration::ZERO);
    }
}
