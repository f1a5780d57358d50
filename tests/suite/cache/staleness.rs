//! Answers from managed views: they tell their age, and none is kept that lacks anything.

use std::time::Instant;

use anyhow::{Context, Result};
use http::Method;
use rota_tests::database::Database;
use rota_tests::http::{Call, Response};
use rota_tests::proxy::Proxy;
use rota_tests::session::Session;

use super::stage::{follows, get, is_hit, number, until_hit, verdict};

/// A rollup of counters by their team; an endpoint that reads it while it is at most a minute old, and the same
/// from the table.
const TEAMS: &str = "
    CREATE TABLE counters (id integer PRIMARY KEY, team integer NOT NULL, value bigint NOT NULL);
    INSERT INTO counters SELECT number, number % 3, 0 FROM generate_series(1, 10) AS number;
    SELECT rota.watch('counters');
    CREATE VIEW team_query AS SELECT team, sum(value)::bigint AS value FROM counters GROUP BY team;
    SELECT rota.create_rollup(
        'public.teams', 'team_query', '{team}', mappings => '{\"public.counters\": [\"team\"]}'
    );

    CREATE FUNCTION total_staleness(max_staleness_ms integer DEFAULT 60000) RETURNS bigint STABLE LANGUAGE sql
    BEGIN ATOMIC
        SELECT told.age FROM (SELECT rota.staleness_ms(ARRAY['teams'::regclass]) AS age) AS told
        WHERE told.age <= max_staleness_ms;
    END;
    CREATE FUNCTION total(max_staleness_ms integer DEFAULT 60000) RETURNS json STABLE LANGUAGE sql
    BEGIN ATOMIC
        SELECT CASE
            WHEN total_staleness(max_staleness_ms) IS NOT NULL
                THEN (SELECT to_json(sum(value)::bigint) FROM teams)
            ELSE (SELECT to_json(sum(value)::bigint) FROM counters)
        END;
    END;
    SELECT rota.expose('total'::regproc, 'GET', '/total', staleness => 'total_staleness'::regproc);

    CREATE FUNCTION raise_counter() RETURNS json LANGUAGE sql
    BEGIN ATOMIC
        UPDATE counters SET value = value + 1 WHERE id = 1 RETURNING to_json(value);
    END;
    SELECT rota.expose('raise_counter'::regproc, 'POST', '/raise');
    SELECT rota.refresh('teams');";

struct Stage {
    proxy: Proxy,
    session: Session,
    _database: Database,
}

impl Stage {
    async fn new() -> Result<Self> {
        let database = Database::with_extension().await?;
        let session = database.session().await?;
        session.batch_execute(TEAMS).await?;
        let proxy = Proxy::on(&database).await?;
        follows(&proxy, "ring").await?;
        until_hit(&proxy, "/total").await?;
        Ok(Self { proxy, session, _database: database })
    }

    async fn raise(&self) -> Result<()> {
        Ok(self.session.batch_execute("UPDATE counters SET value = value + 1 WHERE id = 1").await?)
    }

    async fn refresh(&self) -> Result<()> {
        Ok(self.session.batch_execute("SELECT rota.refresh('teams')").await?)
    }

    /// Raises a counter through the proxy: the transaction.
    async fn raise_through(&self) -> Result<String> {
        let answer = self.proxy.send(&Call::new(Method::POST, "/raise")).await?;
        Ok(answer.header("rota-transaction").context("no Rota-Transaction")?.to_owned())
    }
}

/// What an answer tells of its age, in milliseconds.
fn staleness(answer: &Response) -> Result<u128> {
    let told: u128 = answer.header("rota-staleness").context("no Rota-Staleness")?.parse()?;
    let age: u128 = answer.header("age").context("no Age")?.parse()?;
    assert_eq!(age, told.div_ceil(1000), "both say the same");
    Ok(told)
}

#[tokio::test]
async fn what_an_answer_tells_of_its_age_is_never_less_than_the_truth() -> Result<()> {
    let stage = Stage::new().await?;
    for round in 1..=5 {
        stage.raise().await?;
        let changed = Instant::now();
        for _ in 0..3 {
            tokio::time::sleep(std::time::Duration::from_millis(15)).await;
            let lacking = changed.elapsed().as_millis();
            let answer = stage.proxy.get("/total").await?;
            if number(&answer)? != round {
                assert_eq!(number(&answer)?, round - 1);
                assert!(staleness(&answer)? >= lacking, "{:?}, changed {lacking} ms ago", answer.headers);
            }
        }
        stage.refresh().await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_that_lacks_a_change_is_given_and_not_kept_and_a_fresh_one_is_kept() -> Result<()> {
    let stage = Stage::new().await?;
    stage.raise().await?;
    for _ in 0..3 {
        let answer = get(&stage.proxy, "/total", &[]).await?;
        // The change may not be known here yet.
        if !is_hit(&answer) {
            assert_eq!(number(&answer)?, 0, "from the view");
            assert!(staleness(&answer)? > 0 && !verdict(&answer).contains("stored"), "{}", verdict(&answer));
        }
    }
    stage.refresh().await?;
    let kept = until_hit(&stage.proxy, "/total").await?;
    assert_eq!(number(&kept)?, 1, "nothing older is given after the refresh");
    let confirmed = get(&stage.proxy, "/total", &[("rota-consistency", "checked")]).await?;
    assert_eq!((number(&confirmed)?, staleness(&confirmed)?), (1, 0));
    Ok(())
}

#[tokio::test]
async fn whoever_names_a_transaction_or_wants_everything_gets_it_though_the_view_lacks_it() -> Result<()> {
    let stage = Stage::new().await?;
    for round in 1..=3 {
        let transaction = stage.raise_through().await?;
        let named = get(&stage.proxy, "/total", &[("rota-after", transaction.as_str())]).await?;
        assert_eq!((number(&named)?, staleness(&named)?), (round, 0));
        let own = get(&stage.proxy, "/total", &[("rota-consistency", "one-proxy")]).await?;
        assert_eq!(number(&own)?, round);
        let checked = get(&stage.proxy, "/total", &[("rota-consistency", "checked")]).await?;
        assert_eq!((number(&checked)?, staleness(&checked)?), (round, 0));
    }
    let bounded = get(&stage.proxy, "/total?max_staleness_ms=0", &[("rota-consistency", "checked")]).await?;
    assert_eq!((number(&bounded)?, staleness(&bounded)?), (3, 0));
    Ok(())
}

#[tokio::test]
async fn an_answer_taken_from_tables_is_kept_although_the_view_is_stale() -> Result<()> {
    let stage = Stage::new().await?;
    stage.raise().await?;
    let answer = until_hit(&stage.proxy, "/total?max_staleness_ms=0").await?;
    assert_eq!(number(&answer)?, 1);
    stage.raise().await?;
    let answer = get(&stage.proxy, "/total?max_staleness_ms=0", &[("rota-consistency", "checked")]).await?;
    assert_eq!(number(&answer)?, 2, "the table's changes count");
    Ok(())
}

#[tokio::test]
async fn endpoints_of_tables_alone_tell_no_age() -> Result<()> {
    let stage = Stage::new().await?;
    stage
        .session
        .batch_execute(
            "CREATE FUNCTION plain() RETURNS json STABLE LANGUAGE sql
                 BEGIN ATOMIC SELECT to_json(count(*)) FROM counters; END;
             SELECT rota.expose('plain'::regproc, 'GET', '/plain');",
        )
        .await?;
    let answer = until_hit(&stage.proxy, "/plain").await?;
    assert_eq!((answer.header("age"), answer.header("rota-staleness")), (None, None));
    Ok(())
}
