//! Backends are killed and the server crashes while sessions write: what was committed stays, what
//! was not leaves nothing, and no overlap comes of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use fastrand::Rng;
use nix::sys::signal::Signal;
use rota_harness::process;
use rota_tests::database::Database;
use rota_tests::server::OwnServer;
use rota_tests::session::Session;
use tokio_postgres::error::SqlState;

const SESSIONS: i32 = 6;
const KEYS: i32 = 4;

/// Ids of a session's rows begin at its number times this.
const IDS: i32 = 1_000_000;

/// Commits between two blows.
const COMMITS: usize = 400;

/// Row, and where it stands: key, first and last hour.
type Rows = BTreeMap<i32, (i32, i32, i32)>;

/// Shared between the writers and the one who strikes.
#[derive(Default)]
struct Course {
    commits: AtomicUsize,
    done: AtomicBool,
}

#[tokio::test]
async fn killed_backends_and_a_crashed_server_lose_nothing_committed_and_leave_no_overlap() -> Result<()> {
    let mut server = OwnServer::start(&[("synchronous_commit", "on"), ("deadlock_timeout", "50ms")]).await?;
    let database = server.with_extension().await?;
    let session = database.session().await?;
    session
        .batch_execute(
            "CREATE TABLE bookings (id integer PRIMARY KEY, key integer NOT NULL, during int4range NOT NULL);
            SELECT rota.guard_overlaps('bookings', 'key', 'during')",
        )
        .await?;
    drop(session);
    let course = Arc::new(Course::default());
    let writers: Vec<_> =
        (0..SESSIONS).map(|number| tokio::spawn(Writer::new(&database, number, &course).write())).collect();
    let struck = strike(&mut server, &database, &course).await;
    course.done.store(true, Ordering::Relaxed);
    let mut cut_off = 0;
    for writer in writers {
        cut_off += writer.await??;
    }
    struck?;
    // A slow session may sleep through a blow.
    ensure!(cut_off >= 2 * usize::try_from(SESSIONS)?, "only {cut_off} sessions were cut off");
    let session = database.session().await?;
    assert!(session.rows("SELECT * FROM rota.verify_guard('bookings')").await?.is_empty());
    session
        .batch_execute(
            "CREATE EXTENSION btree_gist;
            ALTER TABLE bookings ADD EXCLUDE USING gist (key WITH =, during WITH &&)",
        )
        .await?;
    Ok(())
}

/// Kills a backend and crashes the server in turn, each after some work was done.
async fn strike(server: &mut OwnServer, database: &Database, course: &Course) -> Result<()> {
    for blow in 0..4 {
        progress(course).await?;
        if blow % 2 == 0 {
            kill_a_writer(database).await?;
        } else {
            server.crash().await?;
            server.start_again().await?;
        }
    }
    progress(course).await
}

/// Waits until the writers have committed as much again.
async fn progress(course: &Course) -> Result<()> {
    let goal = course.commits.load(Ordering::Relaxed) + COMMITS;
    while course.commits.load(Ordering::Relaxed) < goal {
        ensure!(!course.done.load(Ordering::Relaxed), "a writer gave up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Ends one writer's backend as nothing else would: the server restarts all of them.
async fn kill_a_writer(database: &Database) -> Result<()> {
    let session = database.session().await?;
    let victim = session
        .text(
            "SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
            ORDER BY xact_start NULLS LAST LIMIT 1",
        )
        .await?;
    process::signal(victim.parse()?, Signal::SIGKILL)
}

/// A session, and what it found.
struct Connected {
    session: Session,
    /// The life of the server: another after each crash.
    life: String,
    /// The writer's rows.
    stored: Rows,
}

/// A session that writes rows of its own to keys that all share.
struct Writer {
    database: Database,
    number: i32,
    random: Rng,
    course: Arc<Course>,
    last_id: i32,
    /// What it knows to be committed.
    known: Rows,
}

impl Writer {
    fn new(database: &Database, number: i32, course: &Arc<Course>) -> Self {
        Self {
            database: database.clone(),
            number,
            random: Rng::with_seed(77 + u64::from(number.unsigned_abs())),
            course: course.clone(),
            last_id: number * IDS,
            known: Rows::new(),
        }
    }

    /// Writes until the course is done. Returns how often it was cut off.
    async fn write(mut self) -> Result<usize> {
        let outcome = self.go_on().await;
        // Whoever waits for progress is told of a failure, too.
        if outcome.is_err() {
            self.course.done.store(true, Ordering::Relaxed);
        }
        outcome
    }

    async fn go_on(&mut self) -> Result<usize> {
        let mut cut_off = 0;
        let mut connected = self.connect("").await?;
        while !self.course.done.load(Ordering::Relaxed) {
            if let Some(in_flight) = self.transaction(&connected.session).await? {
                cut_off += 1;
                connected = self.connect(&connected.life).await?;
                self.examine(&connected.stored, &in_flight)?;
            }
        }
        let Connected { stored, .. } = self.connect("").await?;
        self.examine(&stored, &self.known.clone())?;
        Ok(cut_off)
    }

    /// Connects as soon as the server takes connections, in another life than the given one. Whoever is quick
    /// comes in before the server has noticed that a backend was killed: what that backend had written to the
    /// log as committed is not to be seen then, and is after the recovery.
    async fn connect(&self, ended_life: &str) -> Result<Connected> {
        let mut last = None;
        for _ in 0..3000 {
            match self.try_to_connect().await {
                Ok(connected) if connected.life == ended_life => {}
                Ok(connected) => return Ok(connected),
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(last.unwrap_or_else(|| anyhow!("the server did not restart")))
    }

    async fn try_to_connect(&self) -> Result<Connected> {
        let session = self.database.session().await?;
        let life = session
            .text("SELECT backend_start FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
            .await?;
        let stored = self.stored(&session).await?;
        Ok(Connected { session, life, stored })
    }

    /// One transaction. When the connection is lost, the rows that the transaction in flight would have left.
    async fn transaction(&mut self, session: &Session) -> Result<Option<Rows>> {
        let mut after = self.known.clone();
        let statements: Vec<String> =
            (0..self.random.usize(1..4)).map(|_| self.statement(&mut after)).collect();
        for statement in ["BEGIN".to_owned()].iter().chain(&statements) {
            if let Err(error) = session.batch_execute(statement).await {
                if !refused(&error) {
                    return Ok(Some(self.known.clone()));
                }
                // When this does not arrive either, nothing is lost by it.
                session.batch_execute("ROLLBACK").await.ok();
                return Ok(None);
            }
        }
        if session.batch_execute("COMMIT").await.is_err() {
            // The end was asked for and not answered: all of it is there, or nothing.
            return Ok(Some(after));
        }
        self.known = after;
        self.course.commits.fetch_add(1, Ordering::Relaxed);
        Ok(None)
    }

    /// A statement that changes `rows` when it succeeds.
    fn statement(&mut self, rows: &mut Rows) -> String {
        let key = self.random.i32(1..=KEYS);
        let first = self.random.i32(0..400);
        let last = first + self.random.i32(1..4);
        let own: Vec<i32> = rows.keys().copied().collect();
        let id = own.get(self.random.usize(..own.len().max(1))).copied();
        match (self.random.u8(..10), id) {
            (0..=1, Some(id)) => {
                rows.remove(&id);
                format!("DELETE FROM bookings WHERE id = {id}")
            }
            (2..=3, Some(id)) => {
                rows.insert(id, (key, first, last));
                format!(
                    "UPDATE bookings SET key = {key}, during = int4range({first}, {last}) WHERE id = {id}"
                )
            }
            _ => {
                self.last_id += 1;
                rows.insert(self.last_id, (key, first, last));
                format!("INSERT INTO bookings VALUES ({}, {key}, int4range({first}, {last}))", self.last_id)
            }
        }
    }

    /// Sees that its rows are those it knows of, or those that the transaction in flight would have left.
    fn examine(&mut self, stored: &Rows, in_flight: &Rows) -> Result<()> {
        ensure!(
            *stored == self.known || stored == in_flight,
            "session {} finds {stored:?}\ninstead of {:?}\nor {in_flight:?}",
            self.number,
            self.known
        );
        self.known = stored.clone();
        Ok(())
    }

    async fn stored(&self, session: &Session) -> Result<Rows> {
        let rows = session
            .query(
                "SELECT id, key, lower(during), upper(during) FROM bookings WHERE id / $1 = $2",
                &[&IDS, &self.number],
            )
            .await?;
        Ok(rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2), row.get(3)))).collect())
    }
}

/// Whether the server gave an answer that leaves the session alive.
fn refused(error: &tokio_postgres::Error) -> bool {
    error
        .code()
        .is_some_and(|code| [SqlState::EXCLUSION_VIOLATION, SqlState::T_R_DEADLOCK_DETECTED].contains(code))
}
