//! What cannot be watched, and arguments that make no sense.

use anyhow::Result;
use rota_tests::database::Database;

#[tokio::test]
async fn what_a_statement_trigger_cannot_see_is_not_watched() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    session
        .batch_execute(
            "CREATE TABLE t (id bigint);
             CREATE VIEW a_view AS SELECT 1 AS id;
             CREATE MATERIALIZED VIEW a_copy AS SELECT 1 AS id;
             CREATE TEMP TABLE temporary (id bigint);
             CREATE TABLE parent (id bigint);
             CREATE TABLE child () INHERITS (parent);
             CREATE TABLE parts (id bigint) PARTITION BY RANGE (id);
             CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (1)",
        )
        .await?;
    for (table, reason) in [
        ("a_view", "is no table"),
        ("a_copy", "is no table"),
        ("temporary", "is temporary"),
        ("parent", "inheritance"),
        ("child", "inheritance"),
        ("part", "watch public.parts"),
        ("pg_class", "belongs to the system"),
    ] {
        let refusal = session.refusal(&format!("SELECT rota.watch('{table}')")).await?;
        assert_eq!(refusal.sqlstate, "42809", "{table}: {refusal:?}");
        assert!(refusal.message.contains(reason), "{table}: {refusal:?}");
        assert_eq!(refusal.column.as_deref(), Some("watched_table"));
    }
    Ok(())
}

#[tokio::test]
async fn a_key_is_a_column_whose_equal_values_have_equal_texts() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    session
        .batch_execute(
            "CREATE TYPE color AS ENUM ('red');
             CREATE DOMAIN id AS bigint;
             CREATE TABLE t (good id, kind color, price numeric, at timestamptz, fixed char(3))",
        )
        .await?;
    for (keys, reason) in [
        ("{nothing}", "is no column"),
        ("{good,good}", "more than once"),
        ("{price}", "numeric"),
        ("{at}", "timestamp with time zone"),
        ("{fixed}", "character(3)"),
        ("{NULL}", "is no column"),
        ("{ctid}", "is no column"),
    ] {
        let refusal = session.refusal(&format!("SELECT rota.watch('t', '{keys}')")).await?;
        assert_eq!(refusal.sqlstate, "22023", "{keys}: {refusal:?}");
        assert!(refusal.message.contains(reason), "{keys}: {refusal:?}");
        assert_eq!(refusal.column.as_deref(), Some("keys"));
    }
    // Collations that call unequal texts equal are ICU's, which not every server was built with.
    if session.has_icu().await? {
        session
            .batch_execute(
                "CREATE COLLATION loose (provider = icu, locale = 'und', deterministic = false);
                 ALTER TABLE t ADD COLUMN loose text COLLATE loose",
            )
            .await?;
        let refusal = session.refusal("SELECT rota.watch('t', '{loose}')").await?;
        assert!(refusal.message.contains("collation"), "{refusal:?}");
    }
    session.batch_execute("SELECT rota.watch('t', '{good,kind}')").await?;
    for (call, column) in [("NULL, '{}'", "watched_table"), ("'t', NULL", "keys")] {
        let refusal = session.refusal(&format!("SELECT rota.watch({call})")).await?;
        assert_eq!((refusal.sqlstate.as_str(), refusal.column.as_deref()), ("22004", Some(column)));
    }
    Ok(())
}

#[tokio::test]
async fn only_who_owns_a_table_watches_it() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session
        .batch_execute(
            "CREATE TABLE t (id bigint);
             DO $$ BEGIN CREATE ROLE watcher LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
             GRANT ALL ON SCHEMA public TO watcher",
        )
        .await?;
    let stranger = database.session_as("watcher").await?;
    assert_eq!(stranger.refusal("SELECT rota.watch('t')").await?.sqlstate, "42501");
    assert_eq!(stranger.refusal("SELECT rota.announce_tag('rota.catalog')").await?.sqlstate, "42501");
    assert_eq!(stranger.refusal("SET rota.announce_delay_ms = 1").await?.sqlstate, "42501");
    stranger.batch_execute("CREATE TABLE own (id bigint); SELECT rota.watch('own', '{id}')").await?;
    Ok(())
}

#[tokio::test]
async fn a_wait_is_at_most_a_second() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    for wait_ms in [-1, 1001] {
        let refusal =
            session.refusal(&format!("SELECT * FROM rota.next_invalidations(0, 0, {wait_ms})")).await?;
        assert_eq!(refusal.sqlstate, "22023", "{refusal:?}");
        assert_eq!(refusal.column.as_deref(), Some("wait_ms"));
    }
    Ok(())
}

#[tokio::test]
async fn a_trigger_that_rota_watch_would_not_make_is_refused_when_it_fires() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    session
        .batch_execute(
            "CREATE TABLE t (id bigint);
             CREATE TRIGGER wrong AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION rota.watch_changes()",
        )
        .await?;
    assert_eq!(session.refusal("INSERT INTO t VALUES (1)").await?.sqlstate, "39P01");
    Ok(())
}
