//! What the last minute says about the number of connections.

use serde::Serialize;

use super::window::Sums;

/// Share of its connections that a lane should use on average. Above it waits grow steeply: in a queue with
/// random arrivals the mean wait goes with 1 / (1 - utilization).
const GOOD_UTILIZATION: f64 = 0.7;
/// Uses below which nothing is advised: too few for a mean.
const ENOUGH_USES: u64 = 100;

/// Load and size of a lane, from what was observed.
#[derive(Debug, Serialize)]
pub struct Advice {
    /// Seconds that the figures are of.
    pub observed_seconds: f64,
    /// Requests that asked for a connection, per second.
    pub arrivals_per_second: f64,
    /// Mean use of a connection.
    pub mean_use_ms: f64,
    /// Mean wait for a connection.
    pub mean_wait_ms: f64,
    /// Mean number of connections in use: uses per second × mean use (Little's law).
    pub mean_in_use: f64,
    /// Most connections in use at once.
    pub most_in_use: usize,
    /// Requests refused at once.
    pub shed: u64,
    /// The number of connections at which 70 % would be in use on average; none before 100 uses.
    pub connections_advised: Option<usize>,
    /// The same in words.
    pub advice: String,
}

impl Advice {
    /// The advice for a lane that may use `seats` connections.
    pub(super) fn of(sums: &Sums, seconds: f64, seats: usize) -> Self {
        let seconds = seconds.max(1.0);
        let mean = |total: f64, count: u64| if count == 0 { 0.0 } else { total * 1000.0 / count as f64 };
        let mean_in_use = sums.used_seconds / seconds;
        let (mean_use_ms, mean_wait_ms) =
            (mean(sums.used_seconds, sums.uses), mean(sums.waited_seconds, sums.waits));
        let advised = (sums.uses >= ENOUGH_USES).then(|| connections_for(mean_in_use));
        let was_full = sums.most_held >= seats;
        let waits = mean_wait_ms > mean_use_ms || sums.shed > 0;
        let advice = match advised {
            None => format!("too little was asked to advise anything ({} calls)", sums.uses),
            Some(advised) if was_full && waits => format!(
                "waits are longer than uses or requests are refused: {} connections would carry this load, if \
                 the server has processors left; else make the calls shorter",
                advised.max(seats + 1)
            ),
            Some(advised) if advised * 2 <= seats => {
                format!("{advised} of {seats} connections would carry this load")
            }
            Some(_) => format!("{seats} connections fit this load"),
        };
        let connections_advised =
            advised.map(|advised| if was_full && waits { advised.max(seats + 1) } else { advised });
        Self {
            observed_seconds: seconds,
            arrivals_per_second: sums.arrivals as f64 / seconds,
            mean_use_ms,
            mean_wait_ms,
            mean_in_use,
            most_in_use: sums.most_held,
            shed: sums.shed,
            connections_advised,
            advice,
        }
    }
}

/// The connections that are in use to the good share, when so many are in use on average.
fn connections_for(mean_in_use: f64) -> usize {
    // At most some thousands; a negative or huge number saturates.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by the pool's size")]
    let connections = (mean_in_use / GOOD_UTILIZATION).ceil() as usize;
    connections.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(uses: u64, use_ms: f64, wait_ms: f64, most_held: usize) -> Sums {
        Sums {
            arrivals: uses,
            shed: 0,
            waits: uses,
            waited_seconds: uses as f64 * wait_ms / 1000.0,
            uses,
            used_seconds: uses as f64 * use_ms / 1000.0,
            most_held,
        }
    }

    #[test]
    fn the_mean_in_use_is_rate_times_use() {
        // 200 a second for 10 ms each: two at once on average.
        let advice = Advice::of(&sums(2000, 10.0, 0.0, 4), 10.0, 4);
        assert!((advice.mean_in_use - 2.0).abs() < 1e-9);
        assert!((advice.mean_use_ms - 10.0).abs() < 1e-9);
        assert_eq!(advice.connections_advised, Some(3));
        assert!(advice.advice.contains("4 connections fit"), "{}", advice.advice);
    }

    #[test]
    fn a_full_pool_that_makes_wait_should_grow_and_an_idle_one_may_shrink() {
        let crowded = Advice::of(&sums(2000, 10.0, 25.0, 2), 10.0, 2);
        assert_eq!(crowded.connections_advised, Some(3));
        let idle = Advice::of(&sums(2000, 1.0, 0.0, 2), 10.0, 8);
        assert_eq!(idle.connections_advised, Some(1));
        assert!(idle.advice.starts_with("1 of 8"), "{}", idle.advice);
    }

    #[test]
    fn few_calls_advise_nothing() {
        let advice = Advice::of(&sums(5, 10.0, 0.0, 1), 0.0, 8);
        assert_eq!(advice.connections_advised, None);
        assert!(advice.mean_in_use.is_finite());
    }
}
