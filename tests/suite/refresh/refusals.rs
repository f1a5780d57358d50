//! Arguments that make no sense, and roles without rights.

use anyhow::Result;

use super::stage::{assert_right_after_refresh, stage, tables};

#[tokio::test]
async fn rollups_that_cannot_be_are_refused_with_what_would_be_right() -> Result<()> {
    let (_database, session) = tables().await?;
    session
        .batch_execute(
            "CREATE VIEW lists_query AS SELECT ARRAY[person_id] AS list, count(*) FROM shifts GROUP BY 1;
            CREATE VIEW twice_query AS SELECT person_id, starts FROM shifts WHERE person_id IS NOT NULL;
            CREATE VIEW null_query AS SELECT NULL::integer AS person_id, 1 AS one",
        )
        .await?;
    for (arguments, sqlstate, column) in [
        ("NULL, 'weekly_query', '{week}'", "22004", Some("name")),
        ("'public.x', NULL, '{week}'", "22004", Some("query")),
        ("'public.x', 'weekly_query', NULL", "22004", Some("key_columns")),
        ("'public.x', 'weekly_query', '{}'", "22004", Some("key_columns")),
        ("'public.x', 'shifts', '{shift_id}'", "42809", Some("query")),
        ("'public.x', 'weekly_query', '{nothing}'", "42703", Some("key_columns")),
        ("'public.x', 'lists_query', '{list}'", "42804", Some("key_columns")),
        ("'x', 'weekly_query', '{person_id,week}'", "22023", Some("name")),
        ("'public.shifts', 'weekly_query', '{person_id,week}'", "42P07", None),
        (
            "'public.x', 'weekly_query', '{person_id,week}', max_staleness => '-1 s'",
            "22023",
            Some("max_staleness"),
        ),
        (
            "'public.x', 'weekly_query', '{person_id,week}', quiet_period => NULL",
            "22004",
            Some("quiet_period"),
        ),
        (
            "'public.x', 'weekly_query', '{person_id,week}', refresh_timeout => '0'",
            "22023",
            Some("refresh_timeout"),
        ),
        ("'public.x', 'twice_query', '{person_id}'", "21000", Some("query")),
        ("'public.x', 'null_query', '{person_id}'", "23502", None),
    ] {
        let refusal = session.refusal(&format!("SELECT rota.create_rollup({arguments})")).await?;
        assert_eq!(refusal.sqlstate, sqlstate, "{arguments}: {refusal:?}");
        assert_eq!(refusal.column.as_deref(), column, "{arguments}: {refusal:?}");
    }
    assert_eq!(session.text("SELECT to_regclass('x') IS NULL").await?, "t");
    Ok(())
}

#[tokio::test]
async fn only_materialized_views_over_tables_that_can_be_tracked_are_managed() -> Result<()> {
    let (_database, session) = tables().await?;
    session
        .batch_execute(
            "CREATE MATERIALIZED VIEW loads AS SELECT count(*) FROM shifts; SELECT rota.manage_view('loads');
            CREATE TABLE parent (id integer); CREATE TABLE child () INHERITS (parent);
            CREATE MATERIALIZED VIEW inherited AS SELECT count(*) FROM parent",
        )
        .await?;
    for (call, sqlstate) in [
        ("rota.manage_view('shifts')", "42809"),
        ("rota.manage_view(NULL)", "22004"),
        ("rota.manage_view('loads')", "42710"),
        ("rota.manage_view('inherited')", "42809"),
        ("rota.unmanage_view('inherited')", "42704"),
        ("rota.refresh('shifts')", "42704"),
        ("rota.refresh('12345')", "42P01"),
        ("rota.check_rollup('loads')", "42809"),
        ("rota.explain_refresh('inherited')", "42704"),
    ] {
        let refusal = session.refusal(&format!("SELECT {call}")).await?;
        assert_eq!(refusal.sqlstate, sqlstate, "{call}: {refusal:?}");
        assert!(refusal.hint.is_some(), "{call}: {refusal:?}");
    }
    assert_eq!(super::stage::staleness(&session, "inherited").await?, None);
    Ok(())
}

#[tokio::test]
async fn views_are_refreshed_as_their_owners_by_those_who_may() -> Result<()> {
    let (database, session) = stage().await?;
    session
        .batch_execute(
            "DO $$ BEGIN CREATE ROLE refresh_owner LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            DO $$ BEGIN CREATE ROLE refresh_stranger LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            DO $$ BEGIN CREATE ROLE refresh_driver LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            GRANT ALL ON SCHEMA public TO refresh_owner; GRANT SELECT ON shifts TO refresh_owner;
            GRANT EXECUTE ON FUNCTION rota.refresh_due(integer) TO refresh_driver;
            GRANT SELECT, UPDATE ON shifts TO refresh_stranger",
        )
        .await?;
    let (owner, stranger, driver) = (
        database.session_as("refresh_owner").await?,
        database.session_as("refresh_stranger").await?,
        database.session_as("refresh_driver").await?,
    );
    // Whoever made a view runs as its owner, whoever refreshes it.
    owner
        .batch_execute(
            "CREATE FUNCTION who() RETURNS name LANGUAGE sql AS 'SELECT current_user';
            CREATE VIEW mine_query AS SELECT person_id, max(public.who()) AS who, count(*) AS shifts FROM public.shifts
                WHERE person_id IS NOT NULL GROUP BY 1",
        )
        .await?;
    let create = r#"SELECT rota.create_rollup('public.mine', 'mine_query', '{person_id}', '{"public.shifts": ["person_id"]}')"#;
    let refusal = owner.refusal(create).await?;
    assert_eq!(refusal.sqlstate, "42501", "{refusal:?}");
    assert_eq!(refusal.hint.as_deref(), Some("GRANT TRIGGER ON public.shifts TO refresh_owner"));
    session.batch_execute("GRANT TRIGGER ON shifts TO refresh_owner").await?;
    owner.batch_execute(create).await?;
    // Who writes needs no right to the rollup or its queue.
    stranger.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    for call in [
        "rota.refresh('mine')",
        "rota.drop_rollup('mine')",
        "rota.refresh_due()",
        "rota.check_rollup('mine')",
    ] {
        assert_eq!(stranger.refusal(&format!("SELECT {call}")).await?.sqlstate, "42501", "{call}");
    }
    for call in [
        "rota.execute_as(10, 'SELECT 1')",
        "rota.read_as(10, 'SELECT 1')",
        "rota.unmanage_relation(1, 10, '{}')",
        "rota.note_everything(1)",
    ] {
        assert_eq!(owner.refusal(&format!("SELECT {call}")).await?.sqlstate, "42501", "{call}");
    }
    assert_eq!(
        owner.refusal("SELECT rota.act_on_view('note_everything', 'mine'::regclass, '{}')").await?.sqlstate,
        "22023"
    );
    assert_eq!(driver.refusal("SELECT rota.drop_rollup('mine')").await?.sqlstate, "42501");
    assert_eq!(driver.text("SELECT mode FROM rota.refresh('mine')").await?, "partial");
    assert_eq!(session.text("SELECT DISTINCT who FROM mine").await?, "refresh_owner");
    assert_right_after_refresh(&owner, "mine").await?;
    assert_eq!(
        stranger.text("SELECT staleness_ms FROM rota.view_status WHERE view = 'mine'::regclass").await?,
        "0"
    );
    // A rollup with another owner is refreshed as that one.
    session
        .batch_execute(
            "ALTER TABLE mine OWNER TO refresh_stranger; GRANT SELECT ON mine_query TO refresh_stranger",
        )
        .await?;
    stranger.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    assert_eq!(stranger.text("SELECT mode FROM rota.refresh('mine')").await?, "full");
    stranger.batch_execute("SELECT rota.drop_rollup('mine')").await?;
    session
        .batch_execute("DROP OWNED BY refresh_owner, refresh_stranger, refresh_driver; DROP ROLE refresh_owner, refresh_stranger, refresh_driver")
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_query_can_not_do_more_than_its_owner() -> Result<()> {
    let (database, session) = tables().await?;
    session
        .batch_execute(
            "DO $$ BEGIN CREATE ROLE refresh_climber LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            GRANT ALL ON SCHEMA public TO refresh_climber; CREATE TABLE secret (word text); INSERT INTO secret VALUES ('x')",
        )
        .await?;
    let climber = database.session_as("refresh_climber").await?;
    climber
        .batch_execute(
            r#"CREATE TABLE own (id integer);
            CREATE FUNCTION peek() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM public.secret); END $$;
            CREATE VIEW own_query AS SELECT id, public.peek() AS seen FROM own;
            SELECT rota.create_rollup('public.taken', 'own_query', '{id}', '{"public.own": ["id"]}', populate => false);
            INSERT INTO own VALUES (1)"#,
        )
        .await?;
    assert_eq!(session.refusal("SELECT rota.refresh('taken')").await?.sqlstate, "42501");
    let row = session.query_one("SELECT mode, error FROM rota.refresh_due()", &[]).await?;
    assert_eq!(
        (row.get::<_, &str>(0), row.get::<_, &str>(1)),
        ("failed", "permission denied for table secret")
    );
    session.batch_execute("DROP OWNED BY refresh_climber; DROP ROLE refresh_climber").await?;
    Ok(())
}
