//! Trying a call again, where the server has undone all of it.

use std::time::Duration;

use crate::observe::metrics::RETRIED_CODES;

/// The longest first pause. Two calls that collided must not collide again in step; the pause doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// The tries that a request has left.
///
/// Only serialization failures and deadlocks are tried again: the server has rolled back the whole transaction,
/// which is the whole call, so a change is no more repeated than a reading.
#[derive(Debug)]
pub struct Retries {
    left: u32,
    longest_pause: Duration,
}

impl Retries {
    /// So many tries after the first.
    pub fn new(limit: u32) -> Self {
        Self { left: limit, longest_pause: FIRST_PAUSE }
    }

    /// How long to pause before the next try after a failure with this SQLSTATE; none ends the request.
    pub fn next(&mut self, code: &str) -> Option<Duration> {
        if self.left == 0 || !RETRIED_CODES.contains(&code) {
            return None;
        }
        self.left -= 1;
        let pause = self.longest_pause.mul_f64(fastrand::f64());
        self.longest_pause *= 2;
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_bounded_and_pauses_grow_within_their_bounds() {
        let mut retries = Retries::new(3);
        for longest_ms in [5, 10, 20] {
            let pause = retries.next("40001").unwrap();
            assert!(pause <= Duration::from_millis(longest_ms), "{pause:?}");
        }
        assert_eq!(retries.next("40P01"), None);
    }

    #[test]
    fn what_is_not_known_to_be_undone_is_never_tried_again() {
        for code in ["", "08006", "57014", "57P01", "23P01", "55P03", "XX000"] {
            assert_eq!(Retries::new(3).next(code), None, "{code}");
        }
    }
}
