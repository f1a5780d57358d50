//! Two proxies, many readers and writers at once: nobody reads what is older than it may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use anyhow::{Result, ensure};
use http::Method;
use rota_tests::http::{Call, Connection};
use tokio::task::JoinSet;

use super::stage::{Stage, number, verdict};

/// Writes of each writer.
const WRITES: i64 = 300;

/// What is known to be committed: a value of the counter that a writer has been told.
#[derive(Default)]
struct Acknowledged {
    value: AtomicI64,
    transaction: AtomicI64,
    over: AtomicBool,
}

#[tokio::test]
async fn no_reader_sees_less_than_what_was_acknowledged_before_it_asked() -> Result<()> {
    let stage = Stage::new().await?;
    let proxies = [stage.proxy().await?, stage.proxy().await?];
    let known = Arc::new(Acknowledged::default());
    let mut tasks: JoinSet<Result<()>> = JoinSet::new();
    let (address, acknowledged) = (proxies[0].address(), Arc::clone(&known));
    tasks.spawn(async move {
        let mut connection = Connection::open(address).await?;
        for _ in 0..WRITES {
            let answer = connection.send(&Call::new(Method::POST, "/counters/1/raise")).await?;
            let transaction = answer.header("rota-transaction").unwrap_or_default().parse()?;
            // In this order: who reads the transaction finds at least its value.
            acknowledged.value.store(number(&answer)?, Ordering::SeqCst);
            acknowledged.transaction.store(transaction, Ordering::SeqCst);
        }
        acknowledged.over.store(true, Ordering::SeqCst);
        Ok(())
    });
    for (index, consistency) in
        [(0, "one-proxy"), (0, "checked"), (1, "checked"), (1, "token"), (0, "token")].into_iter()
    {
        let (address, known) = (proxies[index].address(), Arc::clone(&known));
        tasks.spawn(async move { read(address, consistency, &known).await });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    assert_eq!(number(&proxies[1].get("/counters/1").await?)?, WRITES);
    Ok(())
}

/// Reads until the writer is done: never less than what it had been told, and never less than read before.
async fn read(address: std::net::SocketAddr, consistency: &str, known: &Acknowledged) -> Result<()> {
    let mut connection = Connection::open(address).await?;
    let mut last = 0;
    while !known.over.load(Ordering::SeqCst) {
        let (transaction, value) =
            (known.transaction.load(Ordering::SeqCst), known.value.load(Ordering::SeqCst));
        let call = Call::new(Method::GET, "/counters/1");
        let call = match consistency {
            "token" if transaction > 0 => call.header("Rota-After", &transaction.to_string()),
            "token" => call,
            _ => call.header("Rota-Consistency", consistency),
        };
        let answer = connection.send(&call).await?;
        let read = number(&answer)?;
        // A token promises its own write; the other levels promise everything acknowledged, and an order.
        let least = if consistency == "token" { value - 1 } else { value.max(last) };
        ensure!(read >= least, "{consistency}: {read} after {least}, {}", verdict(&answer));
        last = read;
    }
    Ok(())
}
