//! The words cover every event, and are raised before a change can be seen.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use rota_tests::database::Database;
use rota_tests::session::Session;

use super::follower::Follower;

async fn copied(session: &Session) -> Result<(i64, Vec<u64>)> {
    let row = session.query_one("SELECT * FROM rota.invalidation_words()", &[]).await?;
    let bytes: Vec<u8> = row.get("words");
    let words = bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")));
    Ok((row.get("position"), words.collect()))
}

fn index(tag: i64, salt: i64, words: &[u64]) -> usize {
    let low = (tag ^ salt).cast_unsigned() & (words.len() as u64 - 1);
    usize::try_from(low).expect("below the number of words")
}

#[tokio::test]
async fn every_announced_tag_is_in_the_words_with_its_highest_transaction() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute("CREATE TABLE t (id bigint, at text); SELECT rota.watch('t', '{id,at}')").await?;
    session.batch_execute("SET rota.invalidation_key_limit = 1000").await?;
    let mut follower = Follower::of(&database).await?;
    for round in 0..40 {
        session
            .batch_execute(&format!(
                "INSERT INTO t SELECT g, 'at ' || g % 7 FROM generate_series({round}, {round} * 3) g"
            ))
            .await?;
    }
    let mut highest: BTreeMap<i64, i64> = BTreeMap::new();
    for (transaction, tag) in follower.events().await? {
        let known = highest.entry(tag).or_insert(transaction);
        *known = transaction.max(*known);
    }
    assert!(highest.len() > 100);
    let (position, words) = copied(&session).await?;
    let salt: i64 = session.query_one("SELECT word_salt FROM rota.invalidation_status()", &[]).await?.get(0);
    assert!(position >= follower.position);
    let tags: Vec<i64> = highest.keys().copied().collect();
    let asked: Vec<i64> = session.query_one("SELECT rota.words_of($1)", &[&tags]).await?.get(0);
    for ((tag, transaction), asked) in highest.iter().zip(asked) {
        let word = words[index(*tag, salt, &words)];
        assert!(word >= transaction.cast_unsigned(), "tag {tag}: {word} < {transaction}");
        assert!(asked.cast_unsigned() >= word);
    }
    Ok(())
}

#[tokio::test]
async fn a_change_that_anybody_can_see_is_in_the_words_however_late_its_event_is() -> Result<()> {
    let database = Database::with_extension().await?;
    let (writer, reader) = (database.session().await?, database.session().await?);
    writer.batch_execute("CREATE TABLE t (id bigint); SELECT rota.watch('t', '{id}')").await?;
    let mut follower = Follower::of(&database).await?;
    let tag = follower.hash("public.t/id=5").await?;
    writer.batch_execute("SET rota.announce_delay_ms = 3000").await?;
    let writing = tokio::spawn(async move {
        writer.batch_execute("INSERT INTO t VALUES (5)").await?;
        anyhow::Ok(writer)
    });
    let seen = loop {
        let rows = reader.rows("SELECT xmin FROM t WHERE id = 5").await?;
        if let Some(row) = rows.into_iter().next() {
            break row.into_iter().next().flatten().context("a row has an xmin")?.parse::<i64>()?;
        }
    };
    let word = reader.query_one("SELECT rota.words_of($1)", &[&vec![tag]]).await?.get::<_, Vec<i64>>(0);
    assert!(word[0] >= seen, "{word:?} < {seen}");

    // Another transaction overtakes it on the way to the ring.
    reader.batch_execute("INSERT INTO t VALUES (6)").await?;
    let overtaking = follower.events().await?;
    assert!(overtaking.iter().all(|(transaction, _)| *transaction > seen), "{overtaking:?}");
    writing.await??;
    let late = follower.events().await?;
    assert!(late.contains(&(seen, tag)), "{late:?}");
    Ok(())
}

#[tokio::test]
async fn a_tag_that_nobody_announced_has_the_word_of_the_life_before() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    // Another tag may share its word; all of several hundred cannot.
    let tags: Vec<i64> = (0..500).map(|number| number * 131 + 7).collect();
    let words: Vec<i64> = session.query_one("SELECT rota.words_of($1)", &[&tags]).await?.get(0);
    let lowest = words.iter().min().context("as many words as tags")?;
    assert!(words.iter().filter(|word| *word == lowest).count() > 250, "{words:?}");
    let next: i64 =
        session.query_one("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint", &[]).await?.get(0);
    assert!(*lowest < next);
    Ok(())
}

#[tokio::test]
async fn equal_tags_of_two_databases_have_words_of_their_own() -> Result<()> {
    let (one, other) = (Database::with_extension().await?, Database::with_extension().await?);
    let (one, other) = (one.session().await?, other.session().await?);
    for session in [&one, &other] {
        session.batch_execute("CREATE TABLE t (id bigint); SELECT rota.watch('t', '{id}')").await?;
    }
    // Whoever writes meanwhile may share one of the words, not most of them.
    let words =
        "SELECT rota.words_of(array_agg(rota.tag_hash('public.t/id=' || g))) FROM generate_series(1, 20) g";
    let before: Vec<i64> = other.query_one(words, &[]).await?.get(0);
    one.batch_execute("INSERT INTO t SELECT generate_series(1, 20)").await?;
    let after: Vec<i64> = other.query_one(words, &[]).await?.get(0);
    assert!(before.iter().zip(&after).filter(|(before, after)| before == after).count() > 10);
    other.batch_execute("INSERT INTO t SELECT generate_series(1, 20)").await?;
    let raised: Vec<i64> = other.query_one(words, &[]).await?.get(0);
    assert!(after.iter().zip(&raised).all(|(after, raised)| after < raised));
    Ok(())
}
