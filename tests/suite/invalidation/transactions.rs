//! What is rolled back is not announced.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::server::OwnServer;
use rota_tests::session::Session;

use super::follower::Follower;

async fn stage() -> Result<(Database, Session, Follower)> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute("CREATE TABLE t (id bigint PRIMARY KEY); SELECT rota.watch('t', '{id}')").await?;
    let follower = Follower::of(&database).await?;
    Ok((database, session, follower))
}

#[tokio::test]
async fn a_savepoint_takes_back_exactly_its_own_tags() -> Result<()> {
    let (_database, session, mut follower) = stage().await?;
    session
        .batch_execute(
            "BEGIN;
             INSERT INTO t VALUES (1);
             SAVEPOINT one; INSERT INTO t VALUES (2);
                 SAVEPOINT two; INSERT INTO t VALUES (3); RELEASE two;
                 SAVEPOINT three; INSERT INTO t VALUES (4); ROLLBACK TO three; INSERT INTO t VALUES (5);
             RELEASE one;
             SAVEPOINT four; INSERT INTO t VALUES (6);
                 SAVEPOINT five; INSERT INTO t VALUES (7); RELEASE five;
             ROLLBACK TO four;
             COMMIT",
        )
        .await?;
    let names = ["public.t", "public.t/id=1", "public.t/id=2", "public.t/id=3", "public.t/id=5"];
    follower.expect("nested savepoints", &names).await?;

    // A table that is first touched in a savepoint, then again outside.
    session
        .batch_execute(
            "BEGIN;
             SAVEPOINT one; DELETE FROM t WHERE id = 1; ROLLBACK TO one;
             DELETE FROM t WHERE id = 2;
             COMMIT",
        )
        .await?;
    follower.expect("after a rolled back first touch", &["public.t", "public.t/id=2"]).await?;

    session
        .batch_execute(
            "DO $$ BEGIN
                 FOR id IN 11..13 LOOP
                     BEGIN
                         INSERT INTO t VALUES (id);
                         IF id = 12 THEN RAISE division_by_zero; END IF;
                     EXCEPTION WHEN division_by_zero THEN NULL;
                     END;
                 END LOOP;
             END $$",
        )
        .await?;
    follower.expect("an exception block", &["public.t", "public.t/id=11", "public.t/id=13"]).await
}

#[tokio::test]
async fn a_savepoint_that_went_over_the_limit_gives_the_limit_back() -> Result<()> {
    let (_database, session, mut follower) = stage().await?;
    session
        .batch_execute(
            "SET rota.invalidation_key_limit = 2;
             BEGIN;
             INSERT INTO t VALUES (1);
             SAVEPOINT one; INSERT INTO t VALUES (2), (3), (4); ROLLBACK TO one;
             INSERT INTO t VALUES (5);
             COMMIT",
        )
        .await?;
    follower.expect("under the limit again", &["public.t", "public.t/id=1", "public.t/id=5"]).await
}

#[tokio::test]
async fn an_aborted_transaction_announces_nothing_and_leaves_nothing_behind() -> Result<()> {
    let (_database, session, mut follower) = stage().await?;
    session.batch_execute("BEGIN; INSERT INTO t VALUES (1); ROLLBACK").await?;
    session.refusal("INSERT INTO t VALUES (2), (2)").await?;
    session.refusal("BEGIN; INSERT INTO t VALUES (3); SELECT 1 / 0; COMMIT").await?;
    session.batch_execute("ROLLBACK").await?;
    follower.expect("aborted transactions", &[]).await?;
    session.batch_execute("INSERT INTO t VALUES (4)").await?;
    follower.expect("the next one", &["public.t", "public.t/id=4"]).await
}

#[tokio::test]
async fn a_deferred_constraint_that_fails_at_commit_announces_nothing() -> Result<()> {
    let (_database, session, mut follower) = stage().await?;
    session
        .batch_execute(
            "ALTER TABLE t ADD CONSTRAINT once UNIQUE (id) DEFERRABLE INITIALLY DEFERRED;
             ALTER TABLE t DROP CONSTRAINT t_pkey",
        )
        .await?;
    follower.events().await?;
    session.refusal("INSERT INTO t VALUES (2), (2)").await?;
    follower.expect("a refused commit", &[]).await
}

#[tokio::test]
async fn what_deferred_triggers_write_is_announced() -> Result<()> {
    let (_database, session, mut follower) = stage().await?;
    session
        .batch_execute(
            "CREATE TABLE cause (id bigint);
             CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql
                 AS 'BEGIN INSERT INTO t VALUES (NEW.id); RETURN NULL; END';
             CREATE CONSTRAINT TRIGGER follow AFTER INSERT ON cause DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW EXECUTE FUNCTION follow()",
        )
        .await?;
    follower.events().await?;
    session.batch_execute("INSERT INTO cause VALUES (77)").await?;
    follower.expect("a deferred trigger", &["public.t", "public.t/id=77"]).await
}

#[tokio::test]
async fn a_transaction_that_announces_cannot_be_prepared_and_others_can() -> Result<()> {
    let server = OwnServer::start(&[("max_prepared_transactions", "2")]).await?;
    let database = server.migrated().await?;
    let session = database.session().await?;
    for step in [
        "CREATE TABLE t (id bigint); CREATE TABLE free (id bigint); SELECT rota.watch('t')",
        "BEGIN; INSERT INTO free VALUES (1); PREPARE TRANSACTION 'free'",
        "COMMIT PREPARED 'free'",
        "BEGIN; INSERT INTO t SELECT 1 WHERE false; PREPARE TRANSACTION 'none'",
        "COMMIT PREPARED 'none'",
        "BEGIN; INSERT INTO t VALUES (1)",
    ] {
        session.batch_execute(step).await?;
    }
    let refusal = session.refusal("PREPARE TRANSACTION 'watched'").await?;
    assert_eq!(refusal.sqlstate, "0A000", "{refusal:?}");
    assert_eq!(session.text("SELECT count(*) FROM t").await?, "0");
    Ok(())
}
