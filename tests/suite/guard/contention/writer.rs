//! A session that writes at random and keeps account of the answers.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use rota_tests::database::Database;
use rota_tests::session::Session;
use tokio_postgres::error::SqlState;
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use super::draw::{Booking, Draw, Step, remove};
use super::history::{Change, Committed, History, Refused};

/// A statement with rows of more keys locks the whole table.
const KEY_LOCK_LIMIT: i32 = 8;

const LEVELS: [&str; 3] = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"];

/// How considerate a writer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manners {
    /// A transaction of several statements writes one key, and changes rows of its own session
    /// only: nobody waits for a row of one who waits for a key. Batches and removals of others'
    /// rows are transactions of their own.
    OneKey,
    /// Any rows in any order.
    Anything,
    /// Rows of its own of any keys, judged when the transaction ends.
    Deferred,
}

/// The session and its account.
pub(super) struct Writer {
    session: Session,
    manners: Manners,
    draw: Draw,
    /// Rows of its own that were there when it last heard of them.
    own: Vec<Booking>,
    history: History,
    /// What the running transaction did so far.
    changes: Vec<Change>,
    /// The statement that begins the transaction, until it is sent along with the next.
    begin: String,
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
            manners,
            draw: Draw::new(number),
            own: Vec::new(),
            history: History::default(),
            changes: Vec::new(),
            begin: String::new(),
        })
    }

    /// Writes until it has sent so many statements, and gives its account.
    pub(super) async fn write(mut self, statements: usize) -> Result<History> {
        while self.history.statements < statements {
            let level = LEVELS[self.draw.random.usize(..LEVELS.len())];
            self.begin = format!("BEGIN ISOLATION LEVEL {level}; ");
            self.changes.clear();
            if self.draw.once_in(3) { self.several().await? } else { self.one().await? }
        }
        Ok(self.history)
    }

    /// A transaction of one statement.
    async fn one(&mut self) -> Result<()> {
        let key = self.draw.busy_key();
        let step = match self.draw.random.u8(..100) {
            0..=59 => self.draw.insert(key, 1),
            60..=74 => self.change_own(key),
            75..=94 => remove(self.draw.any_id()),
            _ => self.draw.batch(),
        };
        match self.run(step).await? {
            Outcome::Done => self.commit().await,
            Outcome::Refused | Outcome::Lost => self.roll_back().await,
        }
    }

    /// A transaction of several statements with savepoints.
    async fn several(&mut self) -> Result<()> {
        let key = self.draw.busy_key();
        for _ in 0..self.draw.random.usize(2..7) {
            let protected = self.draw.random.u8(..10) < 7;
            if protected {
                self.send("SAVEPOINT before").await?;
            }
            let kept = self.changes.len();
            let step = self.step(key);
            match self.run(step).await? {
                Outcome::Refused if protected => self.roll_back_to(kept).await?,
                Outcome::Refused | Outcome::Lost => return self.roll_back().await,
                Outcome::Done if protected && self.draw.once_in(8) => self.roll_back_to(kept).await?,
                Outcome::Done => {}
            }
        }
        if self.draw.once_in(8) { self.roll_back().await } else { self.commit().await }
    }

    fn step(&mut self, key: i32) -> Step {
        let kind = self.draw.random.u8(..100);
        let any = self.draw.busy_key();
        if self.manners != Manners::Anything {
            let key = if self.manners == Manners::OneKey { key } else { any };
            return match kind {
                0..=49 => self.draw.insert(key, 1),
                50..=64 => self.draw.insert(key, 3),
                65..=84 => self.change_own(key),
                _ => self.remove_own(key),
            };
        }
        match kind {
            0..=39 => self.draw.insert(any, 1),
            40..=49 => self.draw.insert(any, 3),
            50..=69 => {
                let id = self.draw.any_id();
                self.draw.change(id, any)
            }
            70..=84 => remove(self.draw.any_id()),
            85..=94 => self.change_own(any),
            _ => self.draw.batch(),
        }
    }

    /// One of its own rows of a key goes elsewhere; without one, a new row comes.
    fn change_own(&mut self, key: i32) -> Step {
        match self.own_row(key) {
            Some(row) => self.draw.change(row.id, key),
            None => self.draw.insert(key, 1),
        }
    }

    fn remove_own(&mut self, key: i32) -> Step {
        match self.own_row(key) {
            Some(row) => remove(row.id),
            None => self.draw.insert(key, 1),
        }
    }

    /// One of its own rows of a key, as its running transaction sees them.
    fn own_row(&mut self, key: i32) -> Option<Booking> {
        let written =
            self.changes.iter().filter_map(Change::written).copied().filter(|row| self.draw.is_own(row));
        let rows: Vec<Booking> = self
            .own
            .iter()
            .copied()
            .chain(written)
            .filter(|row| row.key == key)
            .filter(|row| !self.changes.contains(&Change::Removed { id: row.id, version: row.version }))
            .collect();
        rows.get(self.draw.random.usize(..rows.len().max(1))).copied()
    }

    /// Sends a statement that the guard does not judge.
    async fn send(&mut self, sql: &'static str) -> Result<()> {
        self.history.statements += 1;
        let sent = std::mem::take(&mut self.begin) + sql;
        self.session.batch_execute(&sent).await.context(sql)
    }

    async fn run(&mut self, step: Step) -> Result<Outcome> {
        self.history.statements += 1;
        let asked = Instant::now();
        let sent = std::mem::take(&mut self.begin) + &step.sql;
        let error = match self.session.simple_query(&sent).await {
            Ok(answer) => {
                for message in answer {
                    if let SimpleQueryMessage::Row(row) = message {
                        self.changes.extend(changes(&row)?);
                    }
                }
                if step.sql.starts_with("INSERT") {
                    self.changes.extend(step.offered.into_iter().map(Change::Written));
                }
                return Ok(Outcome::Done);
            }
            Err(error) => error,
        };
        match self.count(&error)?.as_str() {
            "23P01" => {
                self.refused(asked, step.offered, &error);
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

    fn refused(&mut self, asked: Instant, offered: Vec<Booking>, error: &tokio_postgres::Error) {
        let message = error.as_db_error().map(|report| report.message().to_owned()).unwrap_or_default();
        let own = self.changes.clone();
        self.history.refused.push(Refused { asked, answered: Instant::now(), offered, own, message });
    }

    async fn commit(&mut self) -> Result<()> {
        let asked = Instant::now();
        if let Err(error) = self.session.batch_execute("COMMIT").await {
            match self.count(&error)?.as_str() {
                "23P01" if self.manners == Manners::Deferred => {
                    let written = self.changes.iter().filter_map(Change::written).copied().collect();
                    self.refused(asked, written, &error);
                }
                code => ensure!(code == "40001", "COMMIT: {error}"),
            }
            return Ok(());
        }
        let changes = std::mem::take(&mut self.changes);
        for change in &changes {
            match *change {
                Change::Written(booking) if self.draw.is_own(&booking) => self.own.push(booking),
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

    /// Goes back to where so many changes had been made.
    async fn roll_back_to(&mut self, kept: usize) -> Result<()> {
        self.changes.truncate(kept);
        self.send("ROLLBACK TO before").await
    }
}

/// What a returned row says that its statement did.
fn changes(row: &SimpleQueryRow) -> Result<Vec<Change>> {
    let number = |column| row.get(column).unwrap_or_default().parse::<i32>();
    let (id, version) = (number(1)?, number(2)?);
    if row.get(0) == Some("removed") {
        return Ok(vec![Change::Removed { id, version }]);
    }
    let (key, first, last) = (number(3)?, number(4)?, number(5)?);
    Ok(vec![
        Change::Removed { id, version: version - 1 },
        Change::Written(Booking { id, version, key, first, last }),
    ])
}
