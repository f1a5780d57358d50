//! What goes wrong meanwhile.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;
use rota_harness::process::signal;
use rota_tests::database::Database;
use rota_tests::server::OwnServer;
use tokio::time::sleep;

use super::super::shared_level::Redis;
use super::record::Record;

/// Peace between two faults.
const PEACE: Duration = Duration::from_millis(300);

/// What faults are made on.
pub(super) struct Target {
    pub(super) database: Database,
    pub(super) processes: [u32; 2],
    pub(super) redis: Redis,
    pub(super) server: OwnServer,
}

/// Makes one fault after another, all kinds in turn.
pub(super) struct Faults {
    target: Target,
    made: usize,
    crashes: usize,
}

impl Faults {
    pub(super) fn new(target: Target) -> Self {
        Self { target, made: 0, crashes: 0 }
    }

    /// Goes on until the history is over, and leaves everything in order.
    pub(super) async fn run(mut self, record: &Record) -> Result<String> {
        while !record.over.load(Ordering::SeqCst) {
            sleep(PEACE).await;
            match self.made % 8 {
                0 => self.end_readers().await,
                1 => self.redis_is_emptied(),
                2 => self.stop_a_proxy().await?,
                3 => self.hold_the_horizon().await,
                4 => self.replace_the_function().await,
                5 => self.overrun_the_ring().await,
                6 => self.redis_hangs().await?,
                _ => self.crash().await?,
            }
            self.made += 1;
        }
        Ok(self.to_string())
    }

    /// Runs SQL; a server that is away has had its fault already.
    async fn tell(&self, sql: &str) {
        if let Ok(session) = self.target.database.session().await {
            let _ = session.batch_execute(sql).await;
        }
    }

    async fn end_readers(&self) {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name IN ('rota announcements', 'rota checks')";
        self.tell(sql).await;
    }

    fn redis_is_emptied(&self) {
        let _ = self.target.redis.tell(&["FLUSHALL"]);
    }

    async fn redis_hangs(&self) -> Result<()> {
        signal(self.target.redis.process(), Signal::SIGSTOP)?;
        sleep(PEACE).await;
        signal(self.target.redis.process(), Signal::SIGCONT)
    }

    /// Longer than the bound: what it has in memory is old when it goes on.
    async fn stop_a_proxy(&self) -> Result<()> {
        let process = self.target.processes[self.made / 8 % 2];
        signal(process, Signal::SIGSTOP)?;
        sleep(super::LATE * 2).await;
        signal(process, Signal::SIGCONT)
    }

    /// A transaction that runs on: snapshots see later ones, and not this one.
    async fn hold_the_horizon(&self) {
        let Ok(session) = self.target.database.session().await else { return };
        let begun = session.batch_execute("BEGIN; UPDATE counters SET value = value WHERE id = 9").await;
        sleep(PEACE * 2).await;
        if begun.is_ok() {
            let _ = session.batch_execute("COMMIT").await;
        }
    }

    /// The same function, told in other words: everything cached is worthless.
    async fn replace_the_function(&self) {
        let sql = format!(
            "CREATE OR REPLACE FUNCTION counter(counter_id integer) RETURNS json STABLE LANGUAGE sql
             BEGIN ATOMIC SELECT to_json(value + {0} - {0}) FROM counters WHERE id = counter_id; END;",
            self.made
        );
        self.tell(&sql).await;
    }

    /// More changes than the ring holds, while one proxy does not listen.
    async fn overrun_the_ring(&self) {
        let process = self.target.processes[self.made / 8 % 2];
        let _ = signal(process, Signal::SIGSTOP);
        for _ in 0..150 {
            self.tell("UPDATE counters SET value = value WHERE id > 4").await;
        }
        let _ = signal(process, Signal::SIGCONT);
    }

    async fn crash(&mut self) -> Result<()> {
        self.crashes += 1;
        self.target.server.crash().await?;
        self.target.server.start_again().await
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} faults, {} of them crashes of the server", self.made, self.crashes)
    }
}
