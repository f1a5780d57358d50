//! The history of the cache, read from a standby: writers at the primary, readers at the standby, faults at both.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rota_tests::proxy::Proxy;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::super::history::clients::{Writer, read, write};
use super::super::history::record::Record;
use super::super::history::{LATE, operations};
use super::super::stage::follows;
use super::stage::Stage;

/// What a read may rely on that does not pass through the proxy of its writer.
const LEVELS: [&str; 3] = ["bounded", "token", "checked"];
/// Peace between two faults, and how long most of them last.
const PEACE: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_of_a_standby_is_older_than_its_level_promises_whatever_fails() -> Result<()> {
    let stage = Stage::new().await?;
    let (primary, late) = (stage.database.url(), LATE.as_millis().to_string());
    let settings = [("ROTA_ANNOUNCEMENTS_URL", primary.as_str()), ("ROTA_CACHE_READER_LATE_MS", &late)];
    let readers = [stage.proxy_on_standby(&settings).await?, stage.proxy_on_standby(&settings).await?];
    let other = Proxy::with_settings(&stage.database, &[]).await?;
    for proxy in readers.iter().chain([&other]) {
        follows(proxy, "ring").await?;
    }
    let writing = [stage.writer.address(), other.address()];
    let reading = [readers[0].address(), readers[1].address()];
    let record = Arc::new(Record::new(operations()));

    let mut clients: JoinSet<Result<()>> = JoinSet::new();
    for writer in [Writer::Proxy(0), Writer::Proxy(1), Writer::Sql, Writer::SlowlyAnnounced] {
        let (record, database) = (Arc::clone(&record), stage.database.clone());
        clients.spawn(async move { write(writer, writing, &database, &record).await });
    }
    for reader in 0..6 {
        let record = Arc::clone(&record);
        clients.spawn(async move { read(reader, &LEVELS, reading, &record).await });
    }
    let ended = async {
        let mut outcome = Ok(());
        while let Some(ended) = clients.join_next().await {
            if let Err(error) = ended? {
                record.over.store(true, Ordering::SeqCst);
                outcome = outcome.and(Err(error));
            }
        }
        outcome
    };
    let (outcome, faults) = tokio::join!(ended, make_faults(stage, &record));
    outcome?;
    let faults = faults.context("making faults")?;
    rota_harness::progress::say(&format!("history of a standby: {record}; {faults} faults"));
    ensure!(record.hits() > 0, "nothing was answered from the cache: {record}");
    Ok(())
}

/// Makes one fault after another, all kinds in turn, until the history is over. Tells how many.
async fn make_faults(mut stage: Stage, record: &Record) -> Result<usize> {
    let mut made = 0;
    while !record.over.load(Ordering::SeqCst) {
        sleep(PEACE).await;
        match made % 6 {
            0 => {
                stage.pause_replay().await?;
                sleep(PEACE).await;
                stage.resume_replay().await?;
            }
            1 => {
                let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE application_name IN ('rota announcements', 'rota checks')";
                stage.on_primary(sql).await?;
            }
            2 => {
                let long = stage.database.session().await?;
                long.batch_execute("BEGIN; UPDATE counters SET value = value WHERE id = 9").await?;
                sleep(PEACE * 2).await;
                long.batch_execute("COMMIT").await?;
            }
            3 => {
                stage.standby.crash().await?;
                stage.standby.start_again().await?;
            }
            4 => {
                let sql = format!(
                    "CREATE OR REPLACE FUNCTION counter(counter_id integer) RETURNS json STABLE LANGUAGE sql
                     BEGIN ATOMIC SELECT to_json(value + {made} - {made}) FROM counters WHERE id = counter_id; END"
                );
                stage.on_primary(&sql).await?;
            }
            _ => {
                // What the primary acknowledged last may not have reached the standby.
                record.unmeasured.store(true, Ordering::SeqCst);
                stage.primary.crash().await?;
                stage.primary.start_again().await?;
                sleep(PEACE * 4).await;
                record.unmeasured.store(false, Ordering::SeqCst);
            }
        }
        made += 1;
    }
    Ok(made)
}
