//! Where the library is not preloaded, NOTIFY carries the announcements.

use std::future::poll_fn;

use anyhow::{Context, Result};
use rota_tests::database::Database;
use rota_tests::server::OwnServer;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, Client, NoTls};

const NOT_PRELOADED: &[(&str, &str)] = &[("shared_preload_libraries", "")];

/// A session that tells what the server sends besides answers.
async fn listening(database: &Database) -> Result<(Client, UnboundedReceiver<AsyncMessage>)> {
    let (client, mut connection) = tokio_postgres::connect(&database.url(), NoTls).await?;
    let (sender, messages) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if sender.send(message).is_err() {
                break;
            }
        }
    });
    Ok((client, messages))
}

async fn next_announcement(messages: &mut UnboundedReceiver<AsyncMessage>) -> Result<Vec<i64>> {
    loop {
        if let AsyncMessage::Notification(notification) =
            messages.recv().await.context("the session ended")?
        {
            assert_eq!(notification.channel(), "rota_invalidation");
            assert!(notification.payload().len() < 8000);
            let array: Value = serde_json::from_str(notification.payload())?;
            let numbers = array.as_array().context("not an array")?.iter().map(Value::as_i64);
            return numbers.collect::<Option<_>>().context("not numbers");
        }
    }
}

#[tokio::test]
async fn without_preloading_the_same_tags_travel_by_notify_and_rota_watch_tells_its_price() -> Result<()> {
    let server = OwnServer::start(NOT_PRELOADED).await?;
    let database = server.migrated().await?;
    let (client, mut messages) = listening(&database).await?;
    client.batch_execute("CREATE TABLE t (id bigint); SELECT rota.watch('t', '{id}')").await?;
    let warning = loop {
        if let AsyncMessage::Notice(notice) = messages.recv().await.context("the session ended")? {
            break notice;
        }
    };
    assert_eq!(warning.severity(), "WARNING");
    assert!(warning.message().contains("NOTIFY"), "{warning:?}");
    assert!(warning.detail().is_some_and(|detail| detail.contains("345")), "{warning:?}");

    client.batch_execute("LISTEN rota_invalidation").await?;
    let writer = database.session().await?;
    writer.batch_execute("BEGIN; INSERT INTO t VALUES (8); ROLLBACK").await?;
    let transaction = writer
        .rows("BEGIN; INSERT INTO t VALUES (7); SELECT pg_current_xact_id(); COMMIT")
        .await?
        .into_iter()
        .flatten()
        .flatten()
        .next()
        .context("a transaction has an id")?;
    let row =
        writer.query_one("SELECT rota.tag_hash('public.t'), rota.tag_hash('public.t/id=7')", &[]).await?;
    let expected: [i64; 3] = [transaction.parse()?, row.get(0), row.get(1)];
    assert_eq!(next_announcement(&mut messages).await?, expected);

    // Many tags take several messages, too many are not named.
    writer
        .batch_execute(
            "SET rota.invalidation_key_limit = 10000; INSERT INTO t SELECT generate_series(1, 1000)",
        )
        .await?;
    let mut named = 0;
    while named < 1001 {
        named += next_announcement(&mut messages).await?.len() - 1;
    }
    assert_eq!(named, 1001);
    writer.batch_execute("INSERT INTO t SELECT generate_series(1, 9000)").await?;
    assert_eq!(next_announcement(&mut messages).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn without_preloading_the_ring_says_what_to_do_instead() -> Result<()> {
    let server = OwnServer::start(NOT_PRELOADED).await?;
    let session = server.migrated().await?.session().await?;
    for call in ["next_invalidations(0, 0, 0)", "invalidation_words()", "words_of('{1}')"] {
        let refusal = session.refusal(&format!("SELECT * FROM rota.{call}")).await?;
        assert_eq!(refusal.sqlstate, "55000", "{refusal:?}");
        assert!(refusal.hint.is_some_and(|hint| hint.contains("shared_preload_libraries")));
    }
    let status = session.rows("SELECT mode, epoch, ring_events FROM rota.invalidation_status()").await?;
    assert_eq!(status, [[Some("notify".to_owned()), None, None]]);
    // What is watched is cacheable all the same.
    assert_eq!(session.text("SELECT bool_or(cached) FROM rota.cache_report()").await?, "t");
    Ok(())
}
