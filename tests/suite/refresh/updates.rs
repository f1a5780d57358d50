//! Whichever columns an UPDATE names, and whatever else happens in its statement, no key is missed.
//!
//! Keys of an UPDATE that leaves the key columns alone are collected while it runs, without transition tables,
//! once the trigger has fired in the session. So each change is made more than once.

use anyhow::{Context, Result};
use rota_tests::database::Database;
use rota_tests::session::Session;

use super::stage::{assert_right_after_refresh, differences, refresh};

const TABLES: &str = r#"
    CREATE TABLE items (
        id integer PRIMARY KEY, parent integer REFERENCES items ON UPDATE CASCADE ON DELETE SET NULL,
        team integer, day date NOT NULL, code uuid NOT NULL, label text NOT NULL, amount integer NOT NULL,
        month integer GENERATED ALWAYS AS (extract(month FROM day)::integer) STORED
    );
    INSERT INTO items (id, parent, team, day, code, label, amount)
    SELECT g, nullif((g - 1) / 3, 0), g % 4, date '2026-01-01' + g * 3, md5((g % 5)::text)::uuid,
        repeat('label ' || g % 3, 500), g
    FROM generate_series(1, 60) AS g;
    CREATE VIEW months_query AS
        SELECT team, month, count(*), sum(amount) AS amount, sum(parent) AS parents FROM items
        WHERE team IS NOT NULL GROUP BY team, month;
    CREATE VIEW codes_query AS
        SELECT code, label, count(*), sum(amount) AS amount, sum(parent) AS parents FROM items
        GROUP BY code, label;
    SELECT rota.create_rollup('public.months', 'months_query', '{team,month}',
        '{"public.items": ["team", "month"]}');
    SELECT rota.create_rollup('public.codes', 'codes_query', '{code,label}',
        '{"public.items": ["code", "label"]}')"#;

async fn stage() -> Result<(Database, Session)> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(TABLES).await?;
    Ok((database, session))
}

/// Makes a change several times in a session, each followed by refreshes, which know what was touched.
async fn make(session: &Session, change: &str) -> Result<()> {
    for _ in 0..3 {
        session.batch_execute(change).await.with_context(|| change.to_owned())?;
        for rollup in ["months", "codes"] {
            let (mode, reason, _) = refresh(session, rollup).await?;
            let knows_keys = mode != "full" || reason.contains("keys changed, more than");
            assert!(knows_keys, "{rollup}: {mode}, {reason}: {change}");
            let wrong = differences(session, rollup).await?;
            assert!(wrong.is_empty(), "{rollup} after {change}: {wrong:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_update_queues_the_keys_of_its_rows_whichever_columns_it_names() -> Result<()> {
    let (_database, session) = stage().await?;
    for change in [
        "UPDATE items SET amount = amount + 1 WHERE id = 7",
        "UPDATE items SET amount = amount + 1 WHERE id BETWEEN 10 AND 14",
        "UPDATE items SET amount = amount + 1 WHERE false",
        "UPDATE items SET team = (team + 1) % 4 WHERE id = 8",
        // What the generated key is computed from.
        "UPDATE items SET day = day + 31 WHERE id = 9",
        "UPDATE items SET team = NULL WHERE id = 10; UPDATE items SET amount = 1 WHERE id = 10;
            UPDATE items SET team = 2 WHERE id = 10",
        "UPDATE items SET code = md5(code::text)::uuid, label = label || '!' WHERE id = 11",
        "INSERT INTO items (id, team, day, code, label, amount)
            SELECT 12, 3, day, code, label, 1 FROM items WHERE id = 1
            ON CONFLICT (id) DO UPDATE SET amount = items.amount + 1",
        "MERGE INTO items USING (VALUES (13), (14)) AS given (number) ON id = given.number
            WHEN MATCHED AND id = 13 THEN UPDATE SET team = (team + 1) % 4
            WHEN MATCHED THEN UPDATE SET amount = amount + 1",
    ] {
        make(&session, change).await?;
    }
    session.batch_execute("UPDATE items SET amount = amount + 1 WHERE id IN (20, 24, 24, 32)").await?;
    assert_eq!(
        session
            .rows("SELECT kind, key_1, key_2 FROM rota.pending_1 WHERE kind = 'k' ORDER BY 1, 2, 3")
            .await?,
        session
            .rows("SELECT DISTINCT 'k', team, month FROM items WHERE id IN (20, 24, 32) ORDER BY 1, 2, 3")
            .await?
    );
    Ok(())
}

#[tokio::test]
async fn rows_are_kept_for_the_triggers_only_where_keys_may_change() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute(
            "INSERT INTO items (id, team, day, code, label, amount)
                SELECT g + 10000, g % 4, '2026-01-01', md5('')::uuid, '', g FROM generate_series(1, 5000) AS g;
            SET work_mem = '64kB'; UPDATE items SET amount = amount + 1 WHERE id > 10000",
        )
        .await?;
    // What does not fit into so little memory is kept in files.
    let files = "SELECT temp_files FROM pg_stat_database WHERE datname = current_database()";
    let mut counts = Vec::new();
    for change in [
        "SELECT 1",
        "UPDATE items SET amount = amount + 1 WHERE id > 10000",
        "UPDATE items SET team = (team + 1) % 4 WHERE id > 10000",
    ] {
        session.batch_execute(change).await?;
        session.batch_execute("SELECT pg_stat_force_next_flush()").await?;
        counts.push(session.text(files).await?.parse::<u64>()?);
    }
    assert_eq!(counts[0], counts[1], "{counts:?}");
    assert!(counts[2] > counts[1], "{counts:?}");
    Ok(())
}

#[tokio::test]
async fn several_updates_of_a_table_in_one_statement_are_all_seen() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute(
            "CREATE FUNCTION raise(integer) RETURNS integer LANGUAGE sql AS
                'UPDATE items SET amount = amount + 1 WHERE id = $1 RETURNING 1';
            CREATE FUNCTION move(integer) RETURNS integer LANGUAGE sql AS
                'UPDATE items SET team = (team + 1) % 4 WHERE id = $1 RETURNING 1'",
        )
        .await?;
    for change in [
        "WITH moved AS (UPDATE items SET team = (team + 1) % 4 WHERE id = 20)
            UPDATE items SET amount = amount + 1 WHERE id = 30",
        "WITH raised AS (UPDATE items SET amount = amount + 1 WHERE id = 30)
            UPDATE items SET team = (team + 1) % 4 WHERE id = 20",
        "WITH gone AS (DELETE FROM items WHERE id = 60 RETURNING *), back AS (
                INSERT INTO items (id, team, day, code, label, amount)
                SELECT 61 + amount, team, day, code, label, amount FROM gone
            ) UPDATE items SET amount = amount + 1 WHERE id = 31",
        // The foreign key changes rows of the same table, whose team is not the one that the statement names.
        "UPDATE items SET id = id + 1000 WHERE id = 2; UPDATE items SET id = id - 1000 WHERE id = 1002",
        "UPDATE items SET id = id + 1000, team = (team + 1) % 4 WHERE id = 3;
            UPDATE items SET id = id - 1000 WHERE id = 1003",
        "UPDATE items SET amount = raise(41) WHERE id = 42",
        "UPDATE items SET amount = move(43) WHERE id = 44",
        "UPDATE items SET team = (team + move(45)) % 4 WHERE id = 46",
        "DO $$ DECLARE written record; BEGIN
            FOR written IN UPDATE items SET amount = amount + 1 WHERE id IN (47, 48) RETURNING id LOOP
                UPDATE items SET amount = amount + 1 WHERE id = written.id + 2;
            END LOOP; END $$",
        "EXPLAIN (ANALYZE, COSTS off) UPDATE items SET amount = amount + 1 WHERE id = 50",
        "EXPLAIN UPDATE items SET amount = amount + 1 WHERE id = 51",
    ] {
        make(&session, change).await?;
    }
    Ok(())
}

#[tokio::test]
async fn triggers_checks_and_readers_of_transition_tables_beside_ours_go_on() -> Result<()> {
    let (_database, session) = stage().await?;
    session
        .batch_execute(
            "CREATE VIEW cheap AS SELECT id, team, amount FROM items WHERE amount < 1000 WITH CHECK OPTION;
            PREPARE raise (integer, integer) AS UPDATE cheap SET amount = amount + $2 WHERE id = $1",
        )
        .await?;
    make(&session, "EXECUTE raise (5, 1); EXECUTE raise (6, 2); UPDATE cheap SET amount = 1 WHERE id = 8")
        .await?;
    for _ in 0..3 {
        assert_eq!(session.refusal("EXECUTE raise (5, 1000)").await?.sqlstate, "44000");
    }
    make(&session, "EXECUTE raise (5, 1)").await?;
    // A trigger that writes what the statement does not name.
    session
        .batch_execute(
            "CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN NEW.team := (OLD.team + 1) % 4; RETURN NEW; END';
            CREATE TRIGGER move BEFORE UPDATE ON items FOR EACH ROW WHEN (OLD.id = 9) EXECUTE FUNCTION move()",
        )
        .await?;
    make(&session, "UPDATE items SET amount = amount + 1 WHERE id IN (9, 10)").await?;
    // Somebody else's reader of both tables.
    session
        .batch_execute(
            "DROP TRIGGER move ON items;
            CREATE TABLE counted (old_rows bigint, new_rows bigint);
            CREATE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN INSERT INTO counted SELECT (SELECT count(*) FROM o), (SELECT count(*) FROM n); RETURN NULL; END';
            CREATE TRIGGER count_rows AFTER UPDATE ON items REFERENCING OLD TABLE AS o NEW TABLE AS n
                FOR EACH STATEMENT EXECUTE FUNCTION count_rows()",
        )
        .await?;
    make(&session, "UPDATE items SET amount = amount + 1 WHERE id IN (11, 12, 13)").await?;
    assert_eq!(session.rows("SELECT DISTINCT * FROM counted").await?.len(), 1);
    assert_eq!(session.text("SELECT count(*) FROM counted WHERE old_rows = 3 AND new_rows = 3").await?, "3");
    // The owner's own index on the queue: rows are written by a query then.
    session
        .batch_execute("DROP TRIGGER count_rows ON items; CREATE INDEX ON rota.pending_1 (queued_at)")
        .await?;
    make(&session, "UPDATE items SET amount = amount + 1 WHERE id = 14").await
}

#[tokio::test]
async fn an_update_that_fails_half_way_leaves_nothing_behind_for_the_next() -> Result<()> {
    let (_database, session) = stage().await?;
    make(&session, "UPDATE items SET amount = amount + 1 WHERE id = 7").await?;
    for _ in 0..3 {
        let refusal = session.refusal("UPDATE items SET amount = 1 / (30 - id) WHERE id >= 20").await?;
        assert_eq!(refusal.sqlstate, "22012");
        session
            .batch_execute(
                "DO $$ BEGIN UPDATE items SET amount = 1 / (30 - id) WHERE id >= 20;
                EXCEPTION WHEN division_by_zero THEN UPDATE items SET amount = amount + 1 WHERE id = 15; END $$;
                BEGIN; SAVEPOINT s; UPDATE items SET amount = amount + 1 WHERE id = 16; ROLLBACK TO s;
                UPDATE items SET amount = amount + 1 WHERE id = 17; COMMIT",
            )
            .await?;
        assert_eq!(refresh(&session, "months").await?.2, Some(2));
        assert_right_after_refresh(&session, "months").await?;
        assert_right_after_refresh(&session, "codes").await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_update_that_waited_for_a_row_queues_the_key_that_it_has_now() -> Result<()> {
    let (database, mut session) = stage().await?;
    make(&session, "UPDATE items SET amount = amount + 1 WHERE id = 7").await?;
    for _ in 0..3 {
        let other = database.session().await?;
        other.batch_execute("BEGIN; UPDATE items SET team = (team + 1) % 4 WHERE id = 7").await?;
        let waiting = tokio::spawn(async move {
            session.batch_execute("BEGIN; UPDATE items SET amount = amount + 1 WHERE id = 7").await?;
            Ok::<_, anyhow::Error>(session)
        });
        let waits = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while other.text(waits).await? == "0" {
            tokio::task::yield_now().await;
        }
        other.batch_execute("COMMIT").await?;
        session = waiting.await??;
        // What the first one queued is applied before the second one commits.
        assert_right_after_refresh(&other, "months").await?;
        session.batch_execute("COMMIT").await?;
        assert_right_after_refresh(&session, "months").await?;
    }
    Ok(())
}
