//! Who waits and who holds, right now. Every gauge is counted from it, so none can drift or fall below zero.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::window::{Sums, Window};
use super::{Borrower, Lane};

/// What a call is thought to take before the first of its kind has ended.
const UNKNOWN_USE: Duration = Duration::from_millis(1);

/// A connection on loan.
#[derive(Debug)]
struct Holder {
    id: u64,
    borrower: Arc<Borrower>,
    since: Instant,
    is_ending: bool,
}

/// One lane at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneState {
    /// Requests that wait for a connection.
    pub waiting: usize,
    /// Connections in use.
    pub used: usize,
    /// Connections whose request is gone and whose call is being ended in the server.
    pub ending: usize,
}

/// Connections held by one borrower at one moment.
#[derive(Debug)]
pub struct Held {
    /// The borrower.
    pub borrower: Arc<Borrower>,
    /// Its connections.
    pub connections: usize,
    /// The longest of these loans.
    pub longest: Duration,
}

#[derive(Debug)]
struct LaneLedger {
    waiting: usize,
    window: Window,
}

/// The book of the pool.
#[derive(Debug)]
pub(super) struct Ledger {
    lanes: [LaneLedger; Lane::ALL.len()],
    holders: Vec<Holder>,
    next_id: u64,
}

impl Ledger {
    pub(super) fn new(now: Instant) -> Self {
        let lanes = Lane::ALL.map(|_| LaneLedger { waiting: 0, window: Window::new(now) });
        Self { lanes, holders: Vec::new(), next_id: 0 }
    }

    /// A request asks for a connection.
    pub(super) fn arrives(&mut self, lane: Lane, now: Instant) {
        self.lanes[lane as usize].window.now(now).arrivals += 1;
    }

    /// A request was refused at once.
    pub(super) fn sheds(&mut self, lane: Lane, now: Instant) {
        self.lanes[lane as usize].window.now(now).shed += 1;
    }

    /// A request begins to wait.
    pub(super) fn waits(&mut self, lane: Lane) {
        self.lanes[lane as usize].waiting += 1;
    }

    /// A wait is over, well or not.
    pub(super) fn waits_no_more(&mut self, lane: Lane) {
        let lane = &mut self.lanes[lane as usize];
        lane.waiting = lane.waiting.saturating_sub(1);
    }

    /// A connection is given out; the number names the loan.
    pub(super) fn takes(&mut self, borrower: &Arc<Borrower>, waited: Duration, now: Instant) -> u64 {
        self.next_id += 1;
        let holder =
            Holder { id: self.next_id, borrower: Arc::clone(borrower), since: now, is_ending: false };
        self.holders.push(holder);
        let held = self.holders.iter().filter(|holder| holder.borrower.lane == borrower.lane).count();
        let sums = self.lanes[borrower.lane as usize].window.now(now);
        sums.waits += 1;
        sums.waited_seconds += waited.as_secs_f64();
        sums.most_held = sums.most_held.max(held);
        self.next_id
    }

    /// The request of a loan is gone, and its call is being ended.
    pub(super) fn ends(&mut self, id: u64) {
        if let Some(holder) = self.holders.iter_mut().find(|holder| holder.id == id) {
            holder.is_ending = true;
        }
    }

    /// A connection is back, or closed.
    pub(super) fn gives_back(&mut self, id: u64, now: Instant) {
        let Some(position) = self.holders.iter().position(|holder| holder.id == id) else { return };
        let holder = self.holders.swap_remove(position);
        let seconds = now.saturating_duration_since(holder.since).as_secs_f64();
        holder.borrower.used(seconds);
        let sums = self.lanes[holder.borrower.lane as usize].window.now(now);
        sums.uses += 1;
        sums.used_seconds += seconds;
    }

    /// How long a request of a lane would wait if it came now; `seats` are the connections that the lane may
    /// hold, `size` all there are.
    ///
    /// Connections that are free go to those who wait already, who take them in a moment. Every loan that must end
    /// first ends at its own rate: one over its borrower's mean use, or over its age where that is longer, since
    /// what has lasted long lasts on. The wait is the number of those ahead over the sum of these rates.
    pub(super) fn expected_wait(&self, lane: Lane, seats: usize, size: usize, now: Instant) -> Duration {
        let waiting = self.lanes[lane as usize].waiting;
        let held = self.holders.iter().filter(|holder| holder.borrower.lane == lane).count();
        let free = seats.saturating_sub(held).min(size.saturating_sub(self.holders.len()));
        if waiting < free {
            return Duration::ZERO;
        }
        // With seats of its own left, the lane waits for whoever returns a connection first.
        let is_lane_full = held >= seats;
        let rates = self.holders.iter().filter(|holder| !is_lane_full || holder.borrower.lane == lane).map(
            |holder| {
                let age = now.saturating_duration_since(holder.since);
                let mean = holder.borrower.mean_use().unwrap_or(UNKNOWN_USE);
                1.0 / age.max(mean).max(Duration::from_micros(1)).as_secs_f64()
            },
        );
        // Who takes the free ones is not known yet.
        let rate = rates.sum::<f64>() + free as f64 / UNKNOWN_USE.as_secs_f64();
        if rate <= 0.0 {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64((waiting + 1 - free) as f64 / rate).unwrap_or(Duration::MAX)
    }

    /// Connections on loan, of all lanes.
    pub(super) fn on_loan(&self) -> usize {
        self.holders.len()
    }

    /// The state of a lane.
    pub(super) fn state(&self, lane: Lane) -> LaneState {
        let mut state = LaneState { waiting: self.lanes[lane as usize].waiting, ..LaneState::default() };
        for holder in self.holders.iter().filter(|holder| holder.borrower.lane == lane) {
            if holder.is_ending {
                state.ending += 1;
            } else {
                state.used += 1;
            }
        }
        state
    }

    /// The last minute of a lane, and its seconds.
    pub(super) fn lately(&mut self, lane: Lane, now: Instant) -> (Sums, f64) {
        self.lanes[lane as usize].window.sums(now)
    }

    /// The connections on loan, by borrower, the longest loan first.
    pub(super) fn held(&self, now: Instant) -> Vec<Held> {
        let mut all: Vec<Held> = Vec::new();
        for holder in &self.holders {
            let age = now.saturating_duration_since(holder.since);
            match all.iter_mut().find(|held| Arc::ptr_eq(&held.borrower, &holder.borrower)) {
                Some(held) => {
                    held.connections += 1;
                    held.longest = held.longest.max(age);
                }
                None => {
                    let borrower = Arc::clone(&holder.borrower);
                    all.push(Held { borrower, connections: 1, longest: age });
                }
            }
        }
        all.sort_by_key(|held| std::cmp::Reverse(held.longest));
        all
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
