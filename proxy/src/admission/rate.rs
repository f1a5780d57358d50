//! Quotas of clients: so many requests in so much time, refilled evenly (the generic cell rate algorithm).

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota as Rate, RateLimiter};

use crate::config::Settings;

/// Quotas there are. Names are the clients' own invention, so they share this many (some 40 MiB when all are in
/// use): two of a thousand clients have one quota together with a probability of a two-thousandth.
const QUOTAS: u64 = 1 << 20;

/// What is left of a client's quota, as the fields of draft-ietf-httpapi-ratelimit-headers tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests in a window.
    pub requests: u32,
    /// The window, in seconds.
    pub window_seconds: u64,
    /// Requests left.
    pub left: u32,
    /// Seconds until all are there again.
    pub full_in_seconds: u64,
    /// Seconds until one more is accepted; zero if one is.
    pub next_in_seconds: u64,
}

/// The quotas of all clients.
pub struct RateLimit {
    limiter: RateLimiter<u64, DashMapStateStore<u64>, DefaultClock, StateInformationMiddleware>,
    hasher: RandomState,
    requests: NonZeroU32,
    window: Duration,
}

impl RateLimit {
    /// The limit of the settings, if there is one.
    pub fn new(settings: &Settings) -> Option<Self> {
        let requests = u32::try_from(settings.rate_limit_requests).ok().and_then(NonZeroU32::new)?;
        let window = settings.rate_limit_window_ms;
        let rate = Rate::with_period(window / requests.get())?.allow_burst(requests);
        let limiter = RateLimiter::dashmap(rate).with_middleware();
        Some(Self { limiter, hasher: RandomState::new(), requests, window })
    }

    /// Counts a request of a client and tells what is left.
    ///
    /// # Errors
    ///
    /// The same, when nothing is left.
    pub fn count(&self, client: &str) -> Result<Quota, Quota> {
        // Seeded at the start, so that nobody can choose whose quota to use up.
        let key = self.hasher.hash_one(client) % QUOTAS;
        match self.limiter.check_key(&key) {
            Ok(state) => Ok(self.quota(state.remaining_burst_capacity(), Duration::ZERO)),
            Err(refused) => Err(self.quota(0, refused.wait_time_from(DefaultClock::default().now()))),
        }
    }

    fn quota(&self, left: u32, next_in: Duration) -> Quota {
        let requests = self.requests.get();
        let missing = requests.saturating_sub(left);
        Quota {
            requests,
            window_seconds: whole_seconds(self.window),
            left,
            full_in_seconds: whole_seconds(self.window / requests * missing),
            next_in_seconds: whole_seconds(next_in),
        }
    }

    /// Forgets clients whose quota is full again: they are as good as new.
    pub fn forget(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// Seconds, a begun one counted whole: who comes back then is not early.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Layers, Source};

    fn limit(requests: &str) -> Option<RateLimit> {
        let mut layers = Layers::default();
        layers.put("rate_limit_requests", Source::Default, requests.to_owned());
        RateLimit::new(&Settings::gather(&layers, Vec::new()).unwrap())
    }

    #[test]
    fn a_client_has_its_quota_and_another_one_its_own() {
        let limit = limit("3").unwrap();
        let left: Vec<u32> = (0..3).map(|_| limit.count("a").unwrap().left).collect();
        assert_eq!(left, [2, 1, 0]);
        let refused = limit.count("a").unwrap_err();
        assert_eq!((refused.requests, refused.window_seconds, refused.left), (3, 60, 0));
        assert!((1..=20).contains(&refused.next_in_seconds), "{refused:?}");
        assert_eq!(refused.full_in_seconds, 60);
        assert_eq!(limit.count("b").unwrap().left, 2);
    }

    #[test]
    fn without_a_number_there_is_no_limit() {
        assert!(limit("0").is_none());
    }
}
