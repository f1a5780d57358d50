//! Those who write and those who read.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use http::Method;
use rota_tests::database::Database;
use rota_tests::http::{Call, Connection, Response};
use rota_tests::session::Session;
use tokio::time::sleep;

use super::LATE;
use super::record::{COUNTERS, Record};
use crate::cache::stage::{number, verdict};

/// Pause after a fault, before a client tries again.
const PAUSE: Duration = Duration::from_millis(20);

/// How a counter is raised. Each writer has a counter of its own.
#[derive(Clone, Copy)]
pub(in crate::cache) enum Writer {
    Proxy(usize),
    Sql,
    /// In SQL, its commits visible long before they are announced.
    SlowlyAnnounced,
}

impl Writer {
    fn counter(self) -> usize {
        match self {
            Self::Proxy(proxy) => proxy,
            Self::Sql => 2,
            Self::SlowlyAnnounced => 3,
        }
    }
}

/// Raises a counter until there are enough operations. A write without an answer may have happened or not: it
/// promises nothing, and the next one tells.
pub(in crate::cache) async fn write(
    writer: Writer,
    addresses: [SocketAddr; 2],
    database: &Database,
    record: &Record,
) -> Result<()> {
    let counter = writer.counter();
    let mut line: Option<Connection> = None;
    let mut session: Option<Session> = None;
    while record.goes_on() {
        let written = match writer {
            Writer::Proxy(proxy) => through_proxy(&mut line, addresses[proxy], counter).await,
            Writer::Sql => in_sql(&mut session, database, counter, "0").await,
            Writer::SlowlyAnnounced => in_sql(&mut session, database, counter, "20").await,
        };
        match written {
            Ok((value, transaction)) => record.acknowledge(counter, value, transaction),
            Err(_) => {
                (line, session) = (None, None);
                sleep(PAUSE).await;
            }
        }
        // Readers are to find something: between two writes, an answer is asked for several times.
        sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

async fn through_proxy(
    line: &mut Option<Connection>,
    address: SocketAddr,
    counter: usize,
) -> Result<(i64, Option<u64>)> {
    let target = format!("/counters/{}/raise", counter + 1);
    let answer = send(line, address, &Call::new(Method::POST, &target)).await?;
    ensure!(answer.status == 200, "{}", answer.status);
    let transaction = answer.header("rota-transaction").context("no Rota-Transaction")?.parse()?;
    Ok((number(&answer)?, Some(transaction)))
}

async fn in_sql(
    session: &mut Option<Session>,
    database: &Database,
    counter: usize,
    delay_ms: &str,
) -> Result<(i64, Option<u64>)> {
    if session.is_none() {
        let opened = database.session().await?;
        opened.batch_execute(&format!("SET rota.announce_delay_ms = {delay_ms}")).await?;
        *session = Some(opened);
    }
    let session = session.as_ref().context("just opened")?;
    let sql = format!(
        "UPDATE counters SET value = value + 1 WHERE id = {} RETURNING value, pg_current_xact_id()",
        counter + 1
    );
    let rows = session.rows(&sql).await?;
    let [Some(value), Some(transaction)] = &rows.first().context("no row")?[..] else {
        anyhow::bail!("no values")
    };
    Ok((value.parse()?, Some(transaction.parse()?)))
}

async fn send(line: &mut Option<Connection>, address: SocketAddr, call: &Call) -> Result<Response> {
    if line.is_none() {
        *line = Some(Connection::open(address).await?);
    }
    let answer = line.as_mut().context("just opened")?.send(call).await;
    if answer.is_err() {
        *line = None;
    }
    answer
}

/// Every level of consistency, and reads with a token.
pub(in crate::cache) const LEVELS: [&str; 4] = ["bounded", "token", "checked", "one-proxy"];

/// Reads counters at these levels, through both proxies in turn, and checks what it is told.
pub(in crate::cache) async fn read(
    reader: usize,
    levels: &[&str],
    addresses: [SocketAddr; 2],
    record: &Record,
) -> Result<()> {
    let mut lines: [Option<Connection>; 2] = [None, None];
    let mut round = reader;
    while record.goes_on() {
        round += 1;
        let (counter, proxy) = (round % COUNTERS, round / COUNTERS % 2);
        let level = levels[round / (2 * COUNTERS) % levels.len()];
        // What passes through one proxy is the counter of that proxy's own writer.
        let proxy = if level == "one-proxy" { counter % 2 } else { proxy };
        let counter = if level == "one-proxy" { proxy } else { counter };
        let was_unmeasured = record.unmeasured.load(Ordering::SeqCst);
        let (asked, told) = (Instant::now(), record.told(counter));
        let known = record.last_before(counter, asked);
        let call = Call::new(Method::GET, &format!("/counters/{}", counter + 1));
        let (call, least) = match level {
            "bounded" => {
                // A read that is answered from the database sees more; what was told may be older by the
                // bound.
                let moment = asked.checked_sub(LATE).unwrap_or(asked);
                (call, record.last_before(counter, moment).map_or(0, |write| write.value))
            }
            "token" => match known.and_then(|write| Some((write.transaction?, write.value))) {
                Some((transaction, value)) => (call.header("Rota-After", &transaction.to_string()), value),
                None => (call, 0),
            },
            _ => {
                let least = known.map_or(0, |write| write.value).max(told);
                (call.header("Rota-Consistency", level), least)
            }
        };
        let Ok(answer) = send(&mut lines[proxy], addresses[proxy], &call).await else {
            sleep(PAUSE).await;
            continue;
        };
        if answer.status != 200 {
            sleep(PAUSE).await;
            continue;
        }
        let value = number(&answer)?;
        let is_unmeasured = was_unmeasured || record.unmeasured.load(Ordering::SeqCst);
        ensure!(
            value >= least || (level == "bounded" && is_unmeasured),
            "counter {counter} through proxy {proxy}, {level}: {value} after {least}, {}",
            verdict(&answer)
        );
        // One that was checked binds both levels: whoever reads through one proxy asked after it. The other
        // way round it does not: another proxy may not know yet.
        if level == "checked" {
            record.tell(counter, value);
        }
        record.observe(counter, value, asked, verdict(&answer).starts_with("Rota; hit"));
    }
    Ok(())
}
