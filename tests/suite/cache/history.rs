//! A history of reads and writes under faults, checked as it happens.
//!
//! Counters only rise. Writers raise them through two proxies and in SQL, readers read them through both at
//! every level of consistency, while faults run. A read that is older than its level promises fails the test.
//! `SUITE_HISTORY_OPERATIONS` says how many operations there are; the suite runs some thousands, a proof a
//! million.

pub(super) mod clients;
mod faults;
pub(super) mod record;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rota_tests::server::OwnServer;
use tokio::task::JoinSet;

use self::clients::{LEVELS, Writer, read, write};
use self::faults::{Faults, Target};
use self::record::Record;
use super::shared_level::Redis;
use super::stage::Stage;

/// Operations where nothing else is said: some seconds.
const OPERATIONS: u64 = 20_000;
/// The bound on staleness that the proxies run with. A stopped proxy is well beyond it.
pub(super) const LATE: Duration = Duration::from_millis(300);

/// How many operations a history has.
pub(super) fn operations() -> u64 {
    let given = std::env::var("SUITE_HISTORY_OPERATIONS").ok().and_then(|text| text.parse().ok());
    given.unwrap_or(OPERATIONS)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_is_older_than_its_level_promises_whatever_fails() -> Result<()> {
    // What the server acknowledged must outlast its crash.
    let server =
        OwnServer::start(&[("synchronous_commit", "on"), ("rota.invalidation_ring_events", "1024")]).await?;
    let stage = Stage::on(server.migrated().await?).await?;
    let redis = Redis::start()?;
    let (url, late) = (redis.url(), LATE.as_millis().to_string());
    let settings = [("ROTA_REDIS_URL", url.as_str()), ("ROTA_CACHE_READER_LATE_MS", late.as_str())];
    let mut proxies = [stage.proxy_with(&settings).await?, stage.proxy_with(&settings).await?];
    let addresses = [proxies[0].address(), proxies[1].address()];
    let record = Arc::new(Record::new(operations()));

    let mut clients: JoinSet<Result<()>> = JoinSet::new();
    for writer in [Writer::Proxy(0), Writer::Proxy(1), Writer::Sql, Writer::SlowlyAnnounced] {
        let (record, database) = (Arc::clone(&record), stage.database.clone());
        clients.spawn(async move { write(writer, addresses, &database, &record).await });
    }
    for reader in 0..6 {
        let record = Arc::clone(&record);
        clients.spawn(async move { read(reader, &LEVELS, addresses, &record).await });
    }
    let processes = [proxies[0].process().id(), proxies[1].process().id()];
    let target = Target { database: stage.database.clone(), processes, redis, server };
    let faulty = Arc::clone(&record);
    let faults = tokio::spawn(async move { Faults::new(target).run(&faulty).await });
    let mut outcome = Ok(());
    while let Some(ended) = clients.join_next().await {
        if let Err(error) = ended? {
            record.over.store(true, Ordering::SeqCst);
            outcome = outcome.and(Err(error));
        }
    }
    let survived = faults.await?.context("making faults")?;
    outcome?;
    rota_harness::progress::say(&format!("history: {record}; {survived}"));
    ensure!(record.hits() > 0, "nothing was answered from the cache: {record}");
    Ok(())
}
