//! Partitioned tables: the tags name the topmost table, whichever one a statement names.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::dump::copy;
use rota_tests::session::Session;

use super::follower::Follower;

async fn stage() -> Result<(Session, Follower)> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session
        .batch_execute(
            "CREATE TABLE entries (id bigint, person integer) PARTITION BY RANGE (id);
             CREATE TABLE low PARTITION OF entries FOR VALUES FROM (0) TO (100);
             CREATE TABLE high PARTITION OF entries FOR VALUES FROM (100) TO (200) PARTITION BY LIST (person);
             CREATE TABLE high_one PARTITION OF high FOR VALUES IN (1);
             CREATE TABLE high_rest PARTITION OF high DEFAULT;
             SELECT rota.watch('entries', '{person}')",
        )
        .await?;
    let follower = Follower::of(&database).await?;
    Ok((session, follower))
}

#[tokio::test]
async fn a_statement_on_any_level_announces_the_topmost_table() -> Result<()> {
    let (session, mut follower) = stage().await?;
    let t = "public.entries";
    let steps: &[(&str, &[&str])] = &[
        (
            "INSERT INTO entries VALUES (1, 5), (101, 1)",
            &[t, "public.entries/person=5", "public.entries/person=1"],
        ),
        ("INSERT INTO low VALUES (2, 6)", &[t, "public.entries/person=6"]),
        ("INSERT INTO high VALUES (102, 7)", &[t, "public.entries/person=7"]),
        ("INSERT INTO high_one VALUES (103, 1)", &[t, "public.entries/person=1"]),
        ("UPDATE entries SET id = 150 WHERE person = 5", &[t, "public.entries/person=5"]),
        (
            "UPDATE high SET person = 1 WHERE person = 7",
            &[t, "public.entries/person=1", "public.entries/person=7"],
        ),
        ("DELETE FROM high_rest", &[t, "public.entries/person=5"]),
        ("TRUNCATE low", &[t, "public.entries/*"]),
        ("TRUNCATE entries", &[t, "public.entries/*"]),
    ];
    for (statement, names) in steps {
        session.batch_execute(statement).await?;
        follower.expect(statement, names).await?;
    }
    Ok(())
}

#[tokio::test]
async fn partitions_that_come_later_are_watched_too() -> Result<()> {
    let (session, mut follower) = stage().await?;
    session
        .batch_execute(
            "CREATE TABLE later PARTITION OF entries FOR VALUES FROM (200) TO (300);
             CREATE TABLE joined (id bigint, person integer);
             ALTER TABLE entries ATTACH PARTITION joined FOR VALUES FROM (300) TO (400)",
        )
        .await?;
    follower.events().await?;
    assert_eq!(session.text("SELECT complete FROM rota.watches").await?, "t");
    session.batch_execute("INSERT INTO later VALUES (201, 8)").await?;
    follower.expect("a new partition", &["public.entries", "public.entries/person=8"]).await?;
    session.batch_execute("INSERT INTO joined VALUES (301, 9)").await?;
    follower.expect("an attached partition", &["public.entries", "public.entries/person=9"]).await?;

    session.batch_execute("ALTER TABLE entries RENAME COLUMN person TO human").await?;
    follower.events().await?;
    session.batch_execute("INSERT INTO joined VALUES (302, 9)").await?;
    follower.expect("a renamed key", &["public.entries", "public.entries/human=9"]).await?;
    session.batch_execute("ALTER TABLE entries RENAME TO lines").await?;
    follower.events().await?;
    session.batch_execute("INSERT INTO joined VALUES (303, 9)").await?;
    follower.expect("a renamed parent", &["public.lines", "public.lines/human=9"]).await?;

    session.batch_execute("ALTER TABLE lines DETACH PARTITION joined").await?;
    follower.events().await?;
    session.batch_execute("DELETE FROM joined").await?;
    follower.expect("a detached table", &["public.joined", "public.joined/human=9"]).await?;

    session.batch_execute("SELECT rota.unwatch('lines')").await?;
    assert_eq!(session.rows("SELECT watched_table FROM rota.watches").await?, [[Some("joined".to_owned())]]);
    Ok(())
}

#[tokio::test]
async fn a_watch_with_a_disabled_trigger_is_not_complete_and_stays_as_it_is() -> Result<()> {
    let (session, _follower) = stage().await?;
    session.batch_execute("ALTER TABLE low DISABLE TRIGGER rota_watch_insert").await?;
    assert_eq!(session.text("SELECT complete FROM rota.watches").await?, "f");
    session.batch_execute("SELECT rota.watch('entries', '{person}')").await?;
    assert_eq!(session.text("SELECT complete FROM rota.watches").await?, "t");
    Ok(())
}

#[tokio::test]
async fn a_watched_tree_of_partitions_goes_through_a_dump() -> Result<()> {
    let original = Database::with_extension().await?;
    // A dump makes the triggers in the order of names: some partitions come before their parent, others after.
    original
        .session()
        .await?
        .batch_execute(
            "CREATE TABLE lines (id bigint, person integer) PARTITION BY RANGE (id);
             CREATE TABLE above PARTITION OF lines FOR VALUES FROM (100) TO (200) PARTITION BY LIST (person);
             CREATE TABLE one_above PARTITION OF above FOR VALUES IN (1);
             CREATE TABLE under PARTITION OF lines FOR VALUES FROM (0) TO (100);
             SELECT rota.watch('lines', '{person}')",
        )
        .await?;
    let restored = Database::empty().await?;
    copy(&original, &restored).await?;
    let session = restored.session().await?;
    assert_eq!(session.text("SELECT complete FROM rota.watches").await?, "t");
    let triggers = session
        .text("SELECT count(*) FROM pg_trigger WHERE tgfoid = 'rota.watch_changes'::regproc AND tgenabled = 'A'")
        .await?;
    assert_eq!(triggers, "16");
    Ok(())
}
