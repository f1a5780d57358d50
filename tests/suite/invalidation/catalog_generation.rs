//! The catalog's generation rises with what answers depend on besides rows.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

use super::follower::Follower;

async fn generation(session: &Session) -> Result<i64> {
    Ok(session.query_one("SELECT rota.catalog_generation()", &[]).await?.get(0))
}

const STAGE: &str = "
    CREATE TABLE t (id bigint, note text);
    CREATE FUNCTION f() RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(1)';
    CREATE VIEW v AS SELECT id FROM t;
    CREATE POLICY p ON t USING (true);";

#[tokio::test]
async fn definitions_rights_endpoints_and_watches_raise_it_once_per_transaction() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(STAGE).await?;
    let mut follower = Follower::of(&database).await?;
    for statement in [
        "CREATE OR REPLACE FUNCTION f() RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(2)'",
        "ALTER FUNCTION f() VOLATILE",
        "ALTER FUNCTION f() STABLE",
        "CREATE OR REPLACE VIEW v AS SELECT id + 1 AS id FROM t",
        "ALTER VIEW v RENAME TO w",
        "ALTER POLICY p ON t USING (false)",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "GRANT SELECT ON t TO PUBLIC",
        "REVOKE SELECT ON t FROM PUBLIC",
        "SELECT rota.expose('f()', 'GET', '/f')",
        "SELECT rota.conceal('GET', '/f')",
        "SELECT rota.watch('t', '{id}')",
        "SELECT rota.unwatch('t')",
        "DROP POLICY p ON t",
        "CREATE TABLE child () INHERITS (t)",
        "SET LOCAL session_replication_role = replica; DROP TABLE child",
        "ALTER TABLE t DROP COLUMN note",
        "DROP VIEW w; DROP FUNCTION f(); DROP TABLE t",
    ] {
        let before = generation(&session).await?;
        session.batch_execute(&format!("BEGIN; {statement}; COMMIT")).await?;
        assert_eq!(generation(&session).await?, before + 1, "{statement}");
        follower.expect(statement, &["rota.catalog"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn rows_temporary_objects_and_what_is_rolled_back_leave_it_as_it_is() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(STAGE).await?;
    let before = generation(&session).await?;
    let mut follower = Follower::of(&database).await?;
    for statement in [
        "INSERT INTO t VALUES (1)",
        "CREATE TABLE unrelated (id bigint)",
        "CREATE TEMP TABLE scratch AS SELECT 1 AS id; ALTER TABLE scratch ADD COLUMN note text",
        "CREATE TEMP VIEW glance AS SELECT 1 AS id",
        "DROP VIEW glance; DROP TABLE scratch",
        "BEGIN; DROP VIEW v; ROLLBACK",
        "BEGIN; SAVEPOINT one; DROP VIEW v; ROLLBACK TO one; COMMIT",
        "CREATE INDEX ON t (id)",
        "ANALYZE t",
    ] {
        session.batch_execute(statement).await?;
        assert_eq!(generation(&session).await?, before, "{statement}");
        follower.expect(statement, &[]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn changes_at_once_do_not_wait_for_each_other_and_each_counts() -> Result<()> {
    let database = Database::with_extension().await?;
    let (first, second) = (database.session().await?, database.session().await?);
    let before = generation(&first).await?;
    first.batch_execute("BEGIN; CREATE VIEW one AS SELECT 1").await?;
    second.batch_execute("CREATE VIEW two AS SELECT 2").await?;
    assert_eq!(generation(&second).await?, before + 1);
    first.batch_execute("COMMIT").await?;
    assert_eq!(generation(&second).await?, before + 2);
    // Rows are summed up now and then; nobody sees that.
    for _ in 0..200 {
        second.batch_execute("CREATE OR REPLACE VIEW two AS SELECT 2").await?;
    }
    assert_eq!(generation(&first).await?, before + 202);
    let rows: i64 = first.query_one("SELECT count(*) FROM rota.catalog_changes", &[]).await?.get(0);
    assert!(rows <= 66, "{rows} rows");
    Ok(())
}

#[tokio::test]
async fn any_user_who_may_define_something_raises_it() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session
        .batch_execute(
            "DO $$ BEGIN CREATE ROLE definer LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
             GRANT ALL ON SCHEMA public TO definer",
        )
        .await?;
    let before = generation(&session).await?;
    let definer = database.session_as("definer").await?;
    definer.batch_execute("CREATE VIEW mine AS SELECT 1").await?;
    assert_eq!(generation(&definer).await?, before + 1);
    Ok(())
}

#[tokio::test]
async fn the_extension_comes_and_goes_with_its_event_triggers() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    session.batch_execute(STAGE).await?;
    session.batch_execute("SELECT rota.watch('t')").await?;
    let before = generation(&session).await?;
    session.batch_execute("DROP EXTENSION rota CASCADE; INSERT INTO t VALUES (1); DROP VIEW v").await?;
    session.batch_execute("CREATE EXTENSION rota").await?;
    assert!(generation(&session).await? > before);
    Ok(())
}
