//! A session that writes at random and keeps account of the answers.

use std::time::Instant;

use anyhow::{Context, Result};
use fastrand::Rng;
use rota_tests::database::Database;
use rota_tests::session::Session;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::error::SqlState;

use super::history::{Change, Committed, History, NamedRow, Refused};

/// Most writing goes to the first few keys.
const BUSY_KEYS: i32 = 4;

/// Large batches reach all of them.
const ALL_KEYS: i32 = 40;

const HORIZON: i32 = 800;

/// A statement with rows of more keys locks the whole table.
const KEY_LOCK_LIMIT: i32 = 8;

/// Ids of a session's own rows begin at its number times this.
const IDS: i32 = 1_000_000;

const LEVELS: [&str; 3] = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"];

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

/// How considerate a writer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manners {
    /// A transaction of several statements writes one key, and changes rows of its own session
    /// only: nobody waits for a row of one who waits for a key. Batches and removals of others'
    /// rows are transactions of their own.
    OneKey,
    /// Any rows in any order.
    Anything,
}

/// The session and its account.
pub(super) struct Writer {
    session: Session,
    number: i32,
    manners: Manners,
    random: Rng,
    /// Rows of its own that it knows to be there.
    own: Vec<Booking>,
    last_id: i32,
    history: History,
    /// What the running transaction did so far.
    changes: Vec<Change>,
    /// The statement that begins the transaction, until it is sent along with the next.
    begin: String,
}

/// A statement, and what it offers to the guard.
struct Step {
    sql: String,
    offered: Vec<Booking>,
}

/// How a statement ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Refused,
    /// The transaction cannot go on: 40001 or 40P01.
    Lost,
}

impl Writer {
    pub(super) async fn connect(database: &Database, number: i32, manners: Manners) -> Result<Self> {
        let session = database.session().await?;
        session
            .batch_execute(&format!(
                "SET deadlock_timeout = '20ms'; SET rota.guard_key_lock_limit = {KEY_LOCK_LIMIT}"
            ))
            .await?;
        Ok(Self {
            session,
            number,
            manners,
            random: Rng::with_seed(u64::try_from(number)? + 11),
            own: Vec::new(),
            last_id: number * IDS,
            history: History::default(),
            changes: Vec::new(),
            begin: String::new(),
        })
    }

    /// Writes until it has sent so many statements, and gives its account.
    pub(super) async fn write(mut self, statements: usize) -> Result<History> {
        while self.history.statements < statements {
            let level = LEVELS[self.random.usize(..LEVELS.len())];
            self.begin = format!("BEGIN ISOLATION LEVEL {level}; ");
            self.changes.clear();
            if self.random.u8(..3) == 0 { self.several().await? } else { self.one().await? }
        }
        Ok(self.history)
    }

    /// A transaction of one statement.
    async fn one(&mut self) -> Result<()> {
        let key = self.busy_key();
        let step = match self.random.u8(..100) {
            0..=59 => self.insert(key, 1),
            60..=74 => self.change_own(key),
            75..=94 => self.remove_any(),
            _ => self.batch(),
        };
        match self.run(step).await? {
            Outcome::Done => self.commit().await,
            Outcome::Refused | Outcome::Lost => self.roll_back().await,
        }
    }

    /// A transaction of several statements with savepoints.
    async fn several(&mut self) -> Result<()> {
        let key = self.busy_key();
        for _ in 0..self.random.usize(2..7) {
            let protected = self.random.u8(..10) < 7;
            if protected {
                self.send("SAVEPOINT before").await?;
            }
            let kept = self.changes.len();
            let step = self.step(key);
            match self.run(step).await? {
                Outcome::Refused if protected => {
                    self.send("ROLLBACK TO before").await?;
                    self.changes.truncate(kept);
                }
                Outcome::Refused | Outcome::Lost => return self.roll_back().await,
                Outcome::Done if protected && self.random.u8(..8) == 0 => {
                    self.send("ROLLBACK TO before").await?;
                    self.changes.truncate(kept);
                }
                Outcome::Done => {}
            }
        }
        if self.random.u8(..8) == 0 { self.roll_back().await } else { self.commit().await }
    }

    fn step(&mut self, key: i32) -> Step {
        let kind = self.random.u8(..100);
        if self.manners == Manners::OneKey {
            return match kind {
                0..=49 => self.insert(key, 1),
                50..=64 => self.insert(key, 3),
                65..=84 => self.change_own(key),
                _ => self.remove_own(key),
            };
        }
        let any = self.busy_key();
        match kind {
            0..=39 => self.insert(any, 1),
            40..=49 => self.insert(any, 3),
            50..=69 => self.change_any(any),
            70..=84 => self.remove_any(),
            85..=94 => self.change_own(any),
            _ => self.batch(),
        }
    }

    fn busy_key(&mut self) -> i32 {
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

    fn insert(&mut self, key: i32, rows: usize) -> Step {
        insert((0..rows).map(|_| self.booking(key)).collect())
    }

    /// Rows of many keys at one hour; often so many that the whole table is locked.
    fn batch(&mut self) -> Step {
        let keys = self.random.i32(2..ALL_KEYS);
        insert((1..=keys).map(|key| self.booking(key)).collect())
    }

    /// One of its own rows of a key goes elsewhere; without one, a new row comes.
    fn change_own(&mut self, key: i32) -> Step {
        let own: Vec<Booking> = self.alive().filter(|row| row.key == key).collect();
        match own.get(self.random.usize(..own.len().max(1))) {
            Some(row) => self.change(row.id, row.version, key),
            None => self.insert(key, 1),
        }
    }

    /// Anybody's row goes to any busy key. Its version is not known: what is offered has none.
    fn change_any(&mut self, key: i32) -> Step {
        let id = self.any_id();
        self.change(id, 0, key)
    }

    fn change(&mut self, id: i32, version: i32, key: i32) -> Step {
        let (first, last) = self.hours();
        Step {
            sql: format!(
                "UPDATE bookings SET key = {key}, during = int4range({first}, {last}), version = version + 1
                WHERE id = {id} RETURNING 'changed', id, version, key, lower(during), upper(during)"
            ),
            offered: vec![Booking { id, version: version + 1, key, first, last }],
        }
    }

    fn remove_own(&mut self, key: i32) -> Step {
        let own: Vec<Booking> = self.alive().filter(|row| row.key == key).collect();
        match own.get(self.random.usize(..own.len().max(1))) {
            Some(row) => remove(row.id),
            None => self.insert(key, 1),
        }
    }

    fn remove_any(&mut self) -> Step {
        remove(self.any_id())
    }

    fn any_id(&mut self) -> i32 {
        let written = self.last_id - self.number * IDS;
        let recent = self.random.i32((written - 400).max(0)..=written + 1);
        self.random.i32(0..super::SESSIONS) * IDS + recent
    }

    /// Its own rows, as its running transaction sees them.
    fn alive(&self) -> impl Iterator<Item = Booking> {
        let written = self.changes.iter().filter_map(|change| match change {
            Change::Written(booking) if booking.id / IDS == self.number => Some(*booking),
            Change::Written(_) | Change::Removed { .. } => None,
        });
        let gone =
            |row: &Booking| self.changes.contains(&Change::Removed { id: row.id, version: row.version });
        self.own.iter().copied().chain(written).filter(move |row| !gone(row))
    }

    /// Sends a statement that the guard does not judge.
    async fn send(&mut self, sql: &str) -> Result<()> {
        self.history.statements += 1;
        let sql = std::mem::take(&mut self.begin) + sql;
        self.session.batch_execute(&sql).await.context(sql)
    }

    async fn run(&mut self, step: Step) -> Result<Outcome> {
        self.history.statements += 1;
        let asked = Instant::now();
        let sql = std::mem::take(&mut self.begin) + &step.sql;
        let error = match self.session.simple_query(&sql).await {
            Ok(messages) => {
                for message in messages {
                    if let SimpleQueryMessage::Row(row) = message {
                        let number = |column| row.get(column).unwrap_or_default().parse::<i32>();
                        let (id, version) = (number(1)?, number(2)?);
                        match row.get(0) {
                            Some("changed") => {
                                self.changes.push(Change::Removed { id, version: version - 1 });
                                let (key, first, last) = (number(3)?, number(4)?, number(5)?);
                                self.changes.push(Change::Written(Booking { id, version, key, first, last }));
                            }
                            _ => self.changes.push(Change::Removed { id, version }),
                        }
                    }
                }
                if step.sql.starts_with("INSERT") {
                    self.changes.extend(step.offered.into_iter().map(Change::Written));
                }
                return Ok(Outcome::Done);
            }
            Err(error) => error,
        };
        let code = self.count(&error)?;
        match code.as_str() {
            "23P01" => {
                let message =
                    error.as_db_error().map(|report| report.message().to_owned()).unwrap_or_default();
                self.history.refused.push(Refused {
                    asked,
                    answered: Instant::now(),
                    offered: step.offered,
                    own: self.changes.clone(),
                    message,
                });
                Ok(Outcome::Refused)
            }
            "40001" | "40P01" => Ok(Outcome::Lost),
            _ => Err(error).context(step.sql),
        }
    }

    fn count(&mut self, error: &tokio_postgres::Error) -> Result<String> {
        let code = error.code().map(SqlState::code).with_context(|| error.to_string())?.to_owned();
        *self.history.codes.entry(code.clone()).or_default() += 1;
        Ok(code)
    }

    async fn commit(&mut self) -> Result<()> {
        let asked = Instant::now();
        if let Err(error) = self.session.batch_execute("COMMIT").await {
            let code = self.count(&error)?;
            anyhow::ensure!(code == "40001", "COMMIT: {error}");
            return Ok(());
        }
        let changes = std::mem::take(&mut self.changes);
        for change in &changes {
            match *change {
                Change::Written(booking) if booking.id / IDS == self.number => self.own.push(booking),
                Change::Written(_) => {}
                Change::Removed { id, version } => {
                    self.own.retain(|row| (row.id, row.version) != (id, version));
                }
            }
        }
        self.history.committed.push(Committed { asked, answered: Instant::now(), changes });
        Ok(())
    }

    async fn roll_back(&mut self) -> Result<()> {
        self.changes.clear();
        self.send("ROLLBACK").await
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

fn remove(id: i32) -> Step {
    Step {
        sql: format!("DELETE FROM bookings WHERE id = {id} RETURNING 'removed', id, version"),
        offered: Vec::new(),
    }
}
