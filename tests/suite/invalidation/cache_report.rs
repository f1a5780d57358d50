//! Which endpoints are cached, and the reason why others are not.

use anyhow::{Context, Result};
use rota_tests::database::Database;
use rota_tests::session::Session;
use serde_json::{Value, json};

const TABLES: &str = "
    CREATE SCHEMA own;
    CREATE TABLE own.people (person_id bigint PRIMARY KEY, team text, wage numeric);
    CREATE TABLE own.duties (duty_id bigint PRIMARY KEY, person_id bigint);
    CREATE TABLE own.unwatched (id bigint);
    CREATE TABLE own.rights (who text);
    CREATE TABLE own.secrets (id bigint, who text);
    ALTER TABLE own.secrets ENABLE ROW LEVEL SECURITY;
    CREATE TABLE own.parts (id bigint) PARTITION BY RANGE (id);
    CREATE TABLE own.part PARTITION OF own.parts FOR VALUES FROM (0) TO (10);
    CREATE VIEW own.inner_view AS SELECT person_id FROM own.duties;
    CREATE VIEW own.outer_view AS SELECT * FROM own.people JOIN own.inner_view USING (person_id);
    CREATE FUNCTION own.nested() RETURNS bigint STABLE LANGUAGE sql
        BEGIN ATOMIC SELECT count(*) FROM own.outer_view; END;
    CREATE FUNCTION own.text_function() RETURNS bigint STABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
    CREATE FUNCTION own.dice() RETURNS float8 VOLATILE LANGUAGE sql RETURN random();
    SELECT rota.watch('own.people', '{person_id,team}'), rota.watch('own.duties', '{person_id}'),
        rota.watch('own.rights'), rota.watch('own.secrets'), rota.watch('own.parts');";

async fn stage() -> Result<Session> {
    let session = Database::with_extension().await?.session().await?;
    session.batch_execute(TABLES).await?;
    Ok(session)
}

/// Exposes a function with this body as `GET /x` and returns the catalog's row about it.
async fn exposed(session: &Session, body: &str, options: &str) -> Result<(Option<String>, Value)> {
    session
        .batch_execute(&format!(
            "DROP FUNCTION IF EXISTS own.x;
             CREATE FUNCTION own.x(person_id bigint DEFAULT NULL, team text DEFAULT NULL) RETURNS json STABLE
             {body};
             SELECT rota.expose('own.x(bigint,text)', 'GET', '/x' {options})"
        ))
        .await
        .with_context(|| body.to_owned())?;
    let row = session
        .query_one(
            "SELECT uncacheable_reason, read_tables, cacheable
             FROM rota.endpoint_catalog()
             WHERE path = '/x'",
            &[],
        )
        .await?;
    let reason: Option<String> = row.get(0);
    assert_eq!(row.get::<_, bool>(2), reason.is_none());
    Ok((reason, row.get(1)))
}

fn atomic(query: &str) -> String {
    format!("LANGUAGE sql BEGIN ATOMIC SELECT to_json(({query})); END")
}

fn read(table: &str, watched: bool, keys: &Value) -> Value {
    json!({"table": table, "watched": watched, "keys": keys})
}

#[tokio::test]
async fn reads_are_found_through_views_functions_policies_and_partitions() -> Result<()> {
    let session = stage().await?;
    let (reason, reads) = exposed(&session, &atomic("own.nested()"), "").await?;
    assert_eq!(reason, None);
    assert_eq!(reads, json!([read("own.duties", true, &json!({})), read("own.people", true, &json!({}))]));

    session
        .batch_execute(
            "CREATE POLICY by_right ON own.secrets USING (who IN (SELECT own.rights.who FROM own.rights))",
        )
        .await?;
    let (reason, reads) = exposed(&session, &atomic("SELECT count(*) FROM own.secrets"), "").await?;
    assert_eq!(reason, None);
    assert_eq!(reads, json!([read("own.rights", true, &json!({})), read("own.secrets", true, &json!({}))]));

    let (reason, reads) = exposed(&session, &atomic("SELECT count(*) FROM own.part"), "").await?;
    assert_eq!(reason, None);
    assert_eq!(reads, json!([read("own.parts", true, &json!({}))]));

    // A text is followed where it names functions, and trusted in what it declares.
    let body = "LANGUAGE plpgsql AS 'BEGIN RETURN to_json(own.nested()); END'";
    let (reason, reads) = exposed(&session, body, ", reads => ARRAY['own.rights']::regclass[]").await?;
    assert_eq!(reason, None);
    let expected = ["own.duties", "own.people", "own.rights"].map(|table| read(table, true, &json!({})));
    assert_eq!(reads, json!(expected));
    Ok(())
}

#[tokio::test]
async fn an_answer_that_may_change_unseen_is_not_cached_and_the_report_says_why() -> Result<()> {
    let session = stage().await?;
    session.batch_execute("CREATE POLICY own_rows ON own.secrets USING (who = current_user)").await?;
    let plpgsql = |body: &str| format!("LANGUAGE plpgsql AS $f$ BEGIN RETURN to_json(({body})); END $f$");
    let cases: &[(&str, &str, &[&str])] = &[
        (&atomic("SELECT count(*) FROM own.unwatched"), "", &["nobody watches own.unwatched"]),
        (
            &atomic("SELECT count(*) FROM pg_class"),
            "",
            &["reads the system's pg_class, which nobody can watch"],
        ),
        (&atomic("SELECT count(*) FROM pg_stat_activity"), "", &["pg_stat_activity, which nobody can watch"]),
        (&atomic("own.text_function()"), "", &["nobody knows what own.text_function() reads"]),
        (&plpgsql("1"), "", &["nobody knows what own.x(bigint,text) reads"]),
        (&atomic("now()"), "", &["depends on the time by now"]),
        (&atomic("SELECT current_date"), "", &["depends on the time by current_date"]),
        (&atomic("SELECT age(timestamptz '2020-01-01')"), "", &["depends on the time by age"]),
        (&plpgsql("localtimestamp"), ", reads => '{}'", &["depends on the time by localtimestamp"]),
        (&atomic("random()"), "", &["calls volatile random"]),
        (&atomic("own.dice()"), "", &["calls volatile own.dice(), random"]),
        (&atomic("SELECT current_user"), "", &["depends on the session by current_user"]),
        (&atomic("SELECT count(*) FROM own.secrets"), "", &["depends on the session by current_user"]),
        (&atomic("current_setting('app.user')"), "", &["depends on settings by current_setting"]),
        (&atomic("1"), ", cached => false", &["cached => false"]),
        (
            &atomic("SELECT count(*) FROM own.unwatched WHERE now() > '-infinity'"),
            "",
            &["own.unwatched", "now"],
        ),
    ];
    for (body, options, parts) in cases {
        let (reason, _) = exposed(&session, body, options).await?;
        let reason = reason.with_context(|| format!("cached: {body}"))?;
        for part in *parts {
            assert!(reason.contains(part), "{body}: {reason}");
        }
        let reported = session.text("SELECT reason FROM rota.cache_report() WHERE NOT cached").await?;
        assert_eq!(reported, reason);
    }
    for (body, options) in [
        (&atomic("1"), ""),
        (&atomic("now()"), ", cache_ttl_ms => 1000"),
        (&atomic("current_setting('app.user')"), ", claims => '{sub}'"),
        (&atomic("SELECT count(*) FROM own.people"), ", reads => '{}'"),
        (&plpgsql("1"), ", reads => '{}'"),
        (&atomic("SELECT age(timestamptz '2020-01-01', timestamptz '2020-01-02')"), ""),
    ] {
        assert_eq!(exposed(&session, body, options).await?.0, None, "{body}");
    }
    Ok(())
}

#[tokio::test]
async fn a_table_that_stops_being_watched_takes_its_endpoints_out_of_the_cache() -> Result<()> {
    let session = stage().await?;
    let body = atomic("SELECT count(*) FROM own.people");
    assert_eq!(exposed(&session, &body, "").await?.0, None);
    for (change, undo) in [
        ("SELECT rota.unwatch('own.people')", "SELECT rota.watch('own.people')"),
        ("ALTER TABLE own.people DISABLE TRIGGER ALL", "SELECT rota.watch('own.people')"),
        ("DROP TRIGGER rota_watch_truncate ON own.people", "SELECT rota.watch('own.people')"),
        ("CREATE TABLE own.child () INHERITS (own.people)", "DROP TABLE own.child"),
    ] {
        session.batch_execute(change).await?;
        let row = session.query_one("SELECT cached, unwatched FROM rota.cache_report()", &[]).await?;
        assert!(!row.get::<_, bool>(0), "{change}");
        assert_eq!(row.get::<_, Vec<String>>(1), ["own.people"], "{change}");
        session.batch_execute(undo).await?;
        assert_eq!(session.text("SELECT cached FROM rota.cache_report()").await?, "t", "{undo}");
    }
    Ok(())
}

#[tokio::test]
async fn a_keyed_read_narrows_only_by_a_watched_column_of_the_arguments_type() -> Result<()> {
    let session = stage().await?;
    let body = atomic("SELECT count(*) FROM own.people AS p WHERE p.person_id = x.person_id");
    let keyed = r#", keyed_reads => '{"own.people": {"person_id": "person_id"}}'"#;
    let (_, reads) = exposed(&session, &body, keyed).await?;
    assert_eq!(reads, json!([read("own.people", true, &json!({"person_id": "person_id"}))]));

    session.batch_execute("SELECT rota.watch('own.people', '{team}')").await?;
    let row = session.query_one("SELECT note FROM rota.cache_report()", &[]).await?;
    assert!(row.get::<_, Option<String>>(0).is_some_and(|note| note.contains("narrows nothing")));
    let reads = session.query_one("SELECT read_tables FROM rota.endpoint_catalog()", &[]).await?;
    assert_eq!(reads.get::<_, Value>(0), json!([read("own.people", true, &json!({}))]));

    for (option, argument) in [
        (r#"keyed_reads => '{"own.people": {"person_id": "team"}}'"#, "keyed_reads"),
        (r#"keyed_reads => '{"own.people": {"wage": "person_id"}}'"#, "keyed_reads"),
        (r#"keyed_reads => '{"own.people": {"person_id": "nobody"}}'"#, "keyed_reads"),
        (r#"keyed_reads => '{"own.nothing": {"person_id": "person_id"}}'"#, "keyed_reads"),
        (r#"keyed_reads => '{"own.people": "person_id"}'"#, "keyed_reads"),
        (r#"keyed_reads => '{"own.people": {"person_id": 1}}'"#, "keyed_reads"),
        ("keyed_reads => '[]'", "keyed_reads"),
        ("cache_ttl_ms => 0", "cache_ttl_ms"),
        ("consistency => 'eventual'", "consistency"),
        ("consistency => NULL", "consistency"),
        ("claims => NULL", "claims"),
        ("claims => '{\"\"}'", "claims"),
        ("lane => 'fast'", "lane"),
    ] {
        let refusal = session
            .refusal(&format!("SELECT rota.expose('own.x(bigint,text)', 'GET', '/x', {option})"))
            .await?;
        assert_eq!(refusal.sqlstate, "22023", "{option}: {refusal:?}");
        assert_eq!(refusal.column.as_deref(), Some(argument), "{option}: {refusal:?}");
        assert!(refusal.hint.is_some(), "{option}");
    }
    session
        .batch_execute("CREATE FUNCTION own.y(id bigint) RETURNS json STABLE LANGUAGE sql RETURN to_json(id)")
        .await?;
    let refusal = session.refusal("SELECT rota.expose('own.y(bigint)', 'GET', '/y', warm => true)").await?;
    assert_eq!(refusal.column.as_deref(), Some("warm"));
    Ok(())
}

#[tokio::test]
async fn every_get_endpoint_of_the_api_over_watched_tables_is_cached() -> Result<()> {
    let session = Database::migrated().await?.session().await?;
    let uncached = session
        .rows(
            "SELECT path, reason FROM rota.cache_report()
             WHERE NOT cached AND reason NOT LIKE 'it was exposed with cached => false%'",
        )
        .await?;
    let told = [Some("/api/slow-queries".to_owned()), Some("nobody watches rota.slow_calls".to_owned())];
    assert_eq!(uncached, [told]);
    assert_eq!(session.rows("SELECT path FROM rota.cache_report() WHERE note IS NOT NULL").await?.len(), 0);
    Ok(())
}

/// Stable functions in Rust that are steps of others, or of the proxy's own statements: no endpoint calls them.
const STEPS: [&str; 7] = [
    "check_guard_types",
    "find_guard_index",
    "guard_predicate_columns",
    "qualified_guard_predicate",
    "read_as",
    "renamed_guard_predicate",
    "stamp",
];

#[tokio::test]
async fn what_each_stable_function_of_the_library_reads_was_decided() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let undecided = session
        .rows(
            "SELECT p.proname
             FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
             WHERE p.pronamespace = 'rota'::regnamespace AND l.lanname = 'c' AND p.provolatile = 's'
                 AND NOT rota.reads_nothing(p.oid)
                 AND p.proname NOT IN (SELECT rota.source_view_readers())
             ORDER BY 1",
        )
        .await?;
    let undecided: Vec<String> = undecided.into_iter().flatten().flatten().collect();
    assert_eq!(undecided, STEPS);
    Ok(())
}
