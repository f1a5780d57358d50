//! A reader of the ring.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use rota_tests::database::Database;
use rota_tests::session::Session;

/// Follows the events of one database.
pub(super) struct Follower {
    /// Its own session.
    pub(super) session: Session,
    /// The server's life that the position is of.
    pub(super) epoch: i64,
    /// Behind the last event that was read.
    pub(super) position: i64,
}

/// One answer of `rota.next_invalidations`.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) epoch: i64,
    pub(super) upto: i64,
    pub(super) complete: bool,
    /// Transaction and tag of each event.
    pub(super) events: Vec<(i64, i64)>,
    pub(super) oldest_age_us: Option<i64>,
}

impl Follower {
    /// Begins behind everything that was announced so far.
    pub(super) async fn of(database: &Database) -> Result<Self> {
        let mut follower = Self { session: database.session().await?, epoch: 0, position: 0 };
        let begin = follower.ask(0).await?;
        (follower.epoch, follower.position) = (begin.epoch, begin.upto);
        Ok(follower)
    }

    /// Asks once from the present position, which stays.
    pub(super) async fn ask(&self, wait_ms: i32) -> Result<Answer> {
        ask(&self.session, self.epoch, self.position, wait_ms).await
    }

    /// Every event since the last time, in order.
    pub(super) async fn events(&mut self) -> Result<Vec<(i64, i64)>> {
        let mut events = Vec::new();
        loop {
            let answer = self.ask(0).await?;
            ensure!(answer.complete, "events were lost: {answer:?}");
            let is_last = answer.events.is_empty() && answer.upto == self.position;
            self.position = answer.upto;
            events.extend(answer.events);
            if is_last {
                return Ok(events);
            }
        }
    }

    /// The tags of every transaction since the last time.
    pub(super) async fn tags(&mut self) -> Result<BTreeMap<i64, BTreeSet<i64>>> {
        let mut tags: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for (transaction, tag) in self.events().await? {
            let is_new = tags.entry(transaction).or_default().insert(tag);
            ensure!(is_new, "transaction {transaction} announced {tag} twice");
        }
        Ok(tags)
    }

    /// Fails unless exactly these names were announced since the last time, by one transaction.
    pub(super) async fn expect(&mut self, what: &str, names: &[&str]) -> Result<()> {
        let announced = self.tags().await?;
        ensure!(announced.len() <= 1, "{what}: several transactions: {announced:?}");
        let found: BTreeSet<i64> = announced.into_values().flatten().collect();
        let mut wanted = BTreeSet::new();
        for name in names {
            wanted.insert(self.hash(name).await?);
        }
        let missing = self.names_of(names, &wanted - &found).await?;
        ensure!(missing.is_empty(), "{what}: not announced: {missing:?}");
        ensure!(found.is_subset(&wanted), "{what}: {} tags that nobody expects", (&found - &wanted).len());
        Ok(())
    }

    /// The hash of a tag.
    pub(super) async fn hash(&self, name: &str) -> Result<i64> {
        Ok(self.session.query_one("SELECT rota.tag_hash($1)", &[&name]).await?.get(0))
    }

    async fn names_of<'a>(&self, names: &[&'a str], hashes: BTreeSet<i64>) -> Result<Vec<&'a str>> {
        let mut found = Vec::new();
        for name in names {
            if hashes.contains(&self.hash(name).await?) {
                found.push(*name);
            }
        }
        Ok(found)
    }
}

/// Asks for the events behind a position.
pub(super) async fn ask(session: &Session, epoch: i64, after: i64, wait_ms: i32) -> Result<Answer> {
    let row = session
        .query_one("SELECT * FROM rota.next_invalidations($1, $2, $3)", &[&epoch, &after, &wait_ms])
        .await?;
    let (transactions, tags): (Vec<i64>, Vec<i64>) = (row.get("transactions"), row.get("tags"));
    ensure!(transactions.len() == tags.len(), "{} transactions, {} tags", transactions.len(), tags.len());
    Ok(Answer {
        epoch: row.get("epoch"),
        upto: row.get("upto"),
        complete: row.get("complete"),
        events: transactions.into_iter().zip(tags).collect(),
        oldest_age_us: row.get("oldest_age_us"),
    })
}
