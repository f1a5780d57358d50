//! What a statement sees, on a primary and on a standby.

use anyhow::{Context, Result};
use rota_tests::server::OwnServer;
use rota_tests::session::Session;

use crate::proxy::waiting::until;

/// More than a backend tells about its subtransactions.
const SAVEPOINTS: usize = 100;

/// A stamp, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    life: i64,
    is_standby: bool,
    xmin: u64,
    xmax: u64,
    running: Vec<u64>,
}

async fn stamp(session: &Session) -> Result<Stamp> {
    let raw: Vec<u8> = session.query_one("SELECT rota.stamp()", &[]).await?.get(0);
    let (life, rest) = raw.split_first_chunk::<8>().context("no life")?;
    let (is_standby, rest) = rest.split_first().context("no standby")?;
    let (count, rest) = rest.split_first_chunk::<4>().context("no count")?;
    let (numbers, tail) = rest.as_chunks::<8>();
    let numbers: Vec<u64> = numbers.iter().map(|number| u64::from_be_bytes(*number)).collect();
    assert!(tail.is_empty() && numbers.len() == 2 + usize::try_from(u32::from_be_bytes(*count))?);
    Ok(Stamp {
        life: i64::from_be_bytes(*life),
        is_standby: *is_standby != 0,
        xmin: numbers[0],
        xmax: numbers[1],
        running: numbers[2..].to_vec(),
    })
}

/// A session in a transaction that has written, and the transaction.
async fn writer(server: &OwnServer, database: &str) -> Result<(Session, u64)> {
    let session = server.database(database)?.session().await?;
    session.batch_execute("BEGIN; INSERT INTO t VALUES (1)").await?;
    let transaction = session.text("SELECT pg_current_xact_id()").await?.parse()?;
    Ok((session, transaction))
}

#[tokio::test]
async fn a_primarys_stamp_is_its_snapshot_and_its_life() -> Result<()> {
    let server = OwnServer::start(&[("autovacuum", "off")]).await?;
    let database = server.with_extension().await?;
    let session = database.session().await?;
    session.batch_execute("CREATE TABLE t (id bigint)").await?;
    let (_one, _) = writer(&server, database.name()).await?;
    let (_two, _) = writer(&server, database.name()).await?;
    let (three, _) = writer(&server, database.name()).await?;
    three.batch_execute("COMMIT").await?;
    let told = session
        .rows(
            "SELECT pg_snapshot_xmin(s), pg_snapshot_xmax(s), ARRAY(SELECT pg_snapshot_xip(s)),
                 (SELECT epoch FROM rota.invalidation_status())
             FROM pg_current_snapshot() AS s",
        )
        .await?;
    let found = stamp(&session).await?;
    let running = found.running.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    let found_texts =
        [found.xmin.to_string(), found.xmax.to_string(), format!("{{{running}}}"), found.life.to_string()];
    assert_eq!(told[0], found_texts.map(Some));
    assert!(!found.is_standby && found.running.len() == 2, "{found:?}");
    Ok(())
}

#[tokio::test]
async fn a_standbys_stamp_names_who_runs_at_the_primary() -> Result<()> {
    let mut server = OwnServer::start(&[("autovacuum", "off"), ("synchronous_commit", "on")]).await?;
    let database = server.with_extension().await?;
    database.session().await?.batch_execute("CREATE TABLE t (id bigint)").await?;
    let standby = server.standby().await?;
    let reader = standby.database(database.name())?.session().await?;

    let (one, first) = writer(&server, database.name()).await?;
    let (two, second) = writer(&server, database.name()).await?;
    let (three, third) = writer(&server, database.name()).await?;
    // Subtransactions beyond what is told of each: the list of them overflows, that of transactions does not.
    for number in 0..SAVEPOINTS {
        let sql = format!("SAVEPOINT s{number}; INSERT INTO t VALUES ({number})");
        one.batch_execute(&sql).await?;
    }
    two.batch_execute("COMMIT").await?;
    // Replayed by then is everything that was written before.
    let (four, fourth) = writer(&server, database.name()).await?;
    four.batch_execute("COMMIT").await?;
    until("the standby has replayed the last commit", async || {
        Ok(reader.text("SELECT count(*) FROM t").await? == "2")
    })
    .await?;

    let found = stamp(&reader).await?;
    assert_eq!((found.life, found.is_standby, found.xmin), (0, true, first), "{found:?}");
    assert!(found.xmax > fourth, "{found:?}");
    for (transaction, runs) in [(first, true), (second, false), (third, true), (fourth, false)] {
        assert_eq!(found.running.contains(&transaction), runs, "{transaction}: {found:?}");
    }
    assert!(found.running.is_sorted());
    one.batch_execute("COMMIT").await?;
    three.batch_execute("ROLLBACK").await?;
    until("nobody runs", async || Ok(stamp(&reader).await?.running.is_empty())).await?;
    let nothing = reader.refusal("SELECT * FROM rota.next_invalidations(1, 0, 0)").await?;
    assert_eq!((nothing.sqlstate.as_str(), nothing.hint.as_deref()), ("55000", Some("ask its primary")));
    Ok(())
}
