//! Statements at random.

use fastrand::Rng;

use super::SESSIONS;
use super::history::NamedRow;

/// Most writing goes to the first few keys.
const BUSY_KEYS: i32 = 4;

/// Large batches reach all of them.
const ALL_KEYS: i32 = 40;

/// Hours of each key. So many that about half of the rows find their place taken.
const HORIZON: i32 = 800;

/// Ids of a session's own rows begin at its number times this.
const IDS: i32 = 1_000_000;

/// One version of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Booking {
    pub(super) id: i32,
    pub(super) version: i32,
    pub(super) key: i32,
    pub(super) first: i32,
    pub(super) last: i32,
}

impl Booking {
    /// Whether a message means this version.
    pub(super) fn is(&self, named: &NamedRow) -> bool {
        (self.id, self.first, self.last) == (named.id, named.first, named.last)
    }
}

/// A statement, and what it offers to the guard.
pub(super) struct Step {
    pub(super) sql: String,
    pub(super) offered: Vec<Booking>,
}

/// A session's source of statements.
pub(super) struct Draw {
    pub(super) random: Rng,
    number: i32,
    last_id: i32,
}

impl Draw {
    /// The source of one of the sessions.
    pub(super) fn new(number: i32) -> Self {
        let random = Rng::with_seed(u64::from(number.unsigned_abs()) + 11);
        Self { random, number, last_id: number * IDS }
    }

    /// Whether the session made the row.
    pub(super) fn is_own(&self, booking: &Booking) -> bool {
        booking.id / IDS == self.number
    }

    /// Whether something happens that happens once in so many times.
    pub(super) fn once_in(&mut self, times: u8) -> bool {
        self.random.u8(..times) == 0
    }

    pub(super) fn busy_key(&mut self) -> i32 {
        self.random.i32(1..=BUSY_KEYS)
    }

    fn hours(&mut self) -> (i32, i32) {
        let first = self.random.i32(0..HORIZON);
        (first, first + self.random.i32(1..5))
    }

    fn booking(&mut self, key: i32) -> Booking {
        self.last_id += 1;
        let (first, last) = self.hours();
        Booking { id: self.last_id, version: 1, key, first, last }
    }

    /// New rows of one key.
    pub(super) fn insert(&mut self, key: i32, rows: usize) -> Step {
        insert((0..rows).map(|_| self.booking(key)).collect())
    }

    /// A new row of each of many keys; often so many that the whole table is locked.
    pub(super) fn batch(&mut self) -> Step {
        let keys = self.random.i32(2..ALL_KEYS);
        insert((1..=keys).map(|key| self.booking(key)).collect())
    }

    /// A row goes to a key and other hours.
    pub(super) fn change(&mut self, id: i32, key: i32) -> Step {
        let (first, last) = self.hours();
        Step {
            sql: format!(
                "UPDATE bookings SET key = {key}, during = int4range({first}, {last}), version = version + 1
                WHERE id = {id} RETURNING 'changed', id, version, key, lower(during), upper(during)"
            ),
            // Which version it would have been, nobody asks.
            offered: vec![Booking { id, version: 0, key, first, last }],
        }
    }

    /// The id of a row that some session made, not long ago; it may be gone.
    pub(super) fn any_id(&mut self) -> i32 {
        let made = self.last_id - self.number * IDS;
        let recent = self.random.i32((made - 400).max(0)..=made + 1);
        self.random.i32(0..SESSIONS) * IDS + recent
    }
}

fn insert(rows: Vec<Booking>) -> Step {
    let values: Vec<String> = rows
        .iter()
        .map(|row| format!("({}, {}, int4range({}, {}))", row.id, row.key, row.first, row.last))
        .collect();
    Step {
        sql: format!("INSERT INTO bookings (id, key, during) VALUES {}", values.join(", ")),
        offered: rows,
    }
}

/// A row goes.
pub(super) fn remove(id: i32) -> Step {
    Step {
        sql: format!("DELETE FROM bookings WHERE id = {id} RETURNING 'removed', id, version"),
        offered: Vec::new(),
    }
}
