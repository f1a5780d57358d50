//! The gates of the lanes: places to wait, seats at the pool, and the refusal of hopeless waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus::IntCounter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::timeout_at;

use super::ledger::Ledger;
use super::{Advice, Borrower, Held, Lane, LaneState};
use crate::config::Settings;
use crate::observe::Metrics;

/// Why a request is refused before it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shed {
    /// Every place of the lane is taken.
    #[error("the limit of {limit} requests at once is reached")]
    Full {
        /// The places of the lane.
        limit: usize,
    },
    /// The wait would be longer than the request can.
    #[error(
        "a connection is expected in {} ms, and the request can wait {} ms for it",
        expected.as_millis(),
        allowed.as_millis()
    )]
    TooLate {
        /// The expected wait.
        expected: Duration,
        /// The longest wait of the request: up to its deadline, or the limit of all waits.
        allowed: Duration,
    },
}

impl Shed {
    /// The reason, as the label of its metric.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Full { .. } => "full",
            Self::TooLate { .. } => "deadline",
        }
    }

    /// When to try again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Full { .. } => None,
            Self::TooLate { expected, .. } => Some(*expected),
        }
    }
}

#[derive(Debug)]
struct Gate {
    places: Semaphore,
    place_limit: usize,
    seats: Arc<Semaphore>,
    seat_limit: usize,
    full: IntCounter,
    too_late: IntCounter,
}

/// The gates of all lanes, and the book of who waits and who holds.
#[derive(Debug)]
pub struct Admission {
    gates: [Gate; Lane::ALL.len()],
    ledger: Mutex<Ledger>,
    size: usize,
    wait_limit: Duration,
}

impl Admission {
    /// Gates with the limits of the settings, all places free.
    pub fn new(settings: &Settings, metrics: &Metrics) -> Arc<Self> {
        let size = settings.pool_size;
        let gates = Lane::ALL.map(|lane| {
            let (place_limit, seat_limit) = match lane {
                Lane::Interactive => (settings.in_flight_limit, size),
                // One connection at least is left to clicks, unless there is only one.
                Lane::Batch => {
                    let most = size.saturating_sub(1).max(1);
                    (settings.batch_in_flight_limit, settings.batch_pool_size.min(most))
                }
            };
            let shed = |reason: &str| metrics.shed.with_label_values(&[lane.name(), reason]);
            Gate {
                places: Semaphore::new(place_limit),
                place_limit,
                seats: Arc::new(Semaphore::new(seat_limit)),
                seat_limit,
                full: shed("full"),
                too_late: shed("deadline"),
            }
        });
        let ledger = Mutex::new(Ledger::new(Instant::now()));
        Arc::new(Self { gates, ledger, size, wait_limit: settings.pool_wait_timeout_ms })
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a request that has to be answered by `deadline`.
    ///
    /// # Errors
    ///
    /// All places are taken, or the expected wait is longer than the request can wait.
    pub fn enter(self: &Arc<Self>, borrower: &Arc<Borrower>, deadline: Instant) -> Result<Place<'_>, Shed> {
        let lane = borrower.lane;
        let gate = &self.gates[lane as usize];
        let now = Instant::now();
        let permit = gate.places.try_acquire();
        let mut ledger = self.ledger();
        ledger.arrives(lane, now);
        let Ok(permit) = permit else {
            ledger.sheds(lane, now);
            gate.full.inc();
            return Err(Shed::Full { limit: gate.place_limit });
        };
        let expected = ledger.expected_wait(lane, gate.seat_limit, self.size, now);
        let allowed = deadline.saturating_duration_since(now).min(self.wait_limit);
        if expected > allowed {
            ledger.sheds(lane, now);
            gate.too_late.inc();
            return Err(Shed::TooLate { expected, allowed });
        }
        drop(ledger);
        let until = now + allowed;
        Ok(Place { admission: self, borrower: Arc::clone(borrower), until, _permit: permit })
    }

    /// The state of a lane at this moment.
    pub fn state(&self, lane: Lane) -> LaneState {
        self.ledger().state(lane)
    }

    /// Connections on loan, of all lanes.
    pub fn on_loan(&self) -> usize {
        self.ledger().on_loan()
    }

    /// Requests of a lane that have a place: those that wait, and those that are being answered.
    pub fn admitted(&self, lane: Lane) -> usize {
        let gate = &self.gates[lane as usize];
        gate.place_limit.saturating_sub(gate.places.available_permits())
    }

    /// The connections on loan at this moment, by borrower.
    pub fn held(&self) -> Vec<Held> {
        self.ledger().held(Instant::now())
    }

    /// Places and seats of a lane.
    pub fn limits(&self, lane: Lane) -> (usize, usize) {
        let gate = &self.gates[lane as usize];
        (gate.place_limit, gate.seat_limit)
    }

    /// What the last minute of a lane says about its size.
    pub fn advice(&self, lane: Lane) -> Advice {
        let (sums, seconds) = self.ledger().lately(lane, Instant::now());
        Advice::of(&sums, seconds, self.gates[lane as usize].seat_limit)
    }
}

/// A place in a lane, from admission to the encoded answer.
#[derive(Debug)]
pub struct Place<'a> {
    admission: &'a Arc<Admission>,
    borrower: Arc<Borrower>,
    until: Instant,
    _permit: SemaphorePermit<'a>,
}

impl Place<'_> {
    /// Joins the queue for a connection.
    pub(crate) fn wait(&self) -> Wait<'_> {
        self.admission.ledger().waits(self.borrower.lane);
        Wait { place: self, begun: Instant::now() }
    }
}

/// A request in the queue. It leaves the queue when the value is dropped.
pub(crate) struct Wait<'p> {
    place: &'p Place<'p>,
    begun: Instant,
}

impl Wait<'_> {
    /// Waits for a seat of the lane, first come, first served; nothing if the time is up before.
    pub(crate) async fn seat(&self) -> Option<OwnedSemaphorePermit> {
        let seats = &self.place.admission.gates[self.place.borrower.lane as usize].seats;
        if let Ok(seat) = Arc::clone(seats).try_acquire_owned() {
            return Some(seat);
        }
        timeout_at(self.place.until.into(), Arc::clone(seats).acquire_owned()).await.ok()?.ok()
    }

    /// How long it has waited.
    pub(crate) fn waited(&self) -> Duration {
        self.begun.elapsed()
    }

    /// How long it may still wait.
    pub(crate) fn left(&self) -> Duration {
        self.place.until.saturating_duration_since(Instant::now())
    }

    /// Ends the wait with a connection.
    pub(crate) fn ends_with(self, seat: OwnedSemaphorePermit) -> Seat {
        let Place { admission, borrower, .. } = self.place;
        let loan = admission.ledger().takes(borrower, self.begun.elapsed(), Instant::now());
        Seat { admission: Arc::clone(admission), loan, _permit: seat }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let Place { admission, borrower, .. } = self.place;
        borrower.waited(self.begun.elapsed().as_secs_f64());
        admission.ledger().waits_no_more(borrower.lane);
    }
}

/// A seat at the pool: the right to one connection, and its line in the book. Given back when dropped.
#[derive(Debug)]
pub struct Seat {
    admission: Arc<Admission>,
    loan: u64,
    _permit: OwnedSemaphorePermit,
}

impl Seat {
    /// The request is gone; the connection is held until its call has ended in the server.
    pub(crate) fn ends(&self) {
        self.admission.ledger().ends(self.loan);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.admission.ledger().gives_back(self.loan, Instant::now());
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
