//! `rota.inlined`: a function's body in the place of its call gives what the call gives.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

/// A table, and functions whose bodies can take the place of a call: each with its arguments.
const TABLE: &str = "
    CREATE TABLE items (item_id integer PRIMARY KEY, category integer, name text);
    INSERT INTO items SELECT number, number % 7, 'item ' || number FROM generate_series(1, 100) AS number;
    CREATE VIEW named AS SELECT item_id, upper(name) AS name FROM items WHERE category <> 3;
    CREATE FUNCTION item(item_id integer) RETURNS json STABLE LANGUAGE sql
    BEGIN ATOMIC
        SELECT to_json(found) FROM items AS found WHERE found.item_id = item.item_id;
    END;";

const FUNCTIONS: &[(&str, &str, &[&str])] = &[
    (
        "CREATE FUNCTION asked(item_id integer) RETURNS json STABLE LANGUAGE sql
         BEGIN ATOMIC SELECT to_json(found) FROM items AS found WHERE found.item_id = asked.item_id; END",
        "integer",
        &["5", "100", "101", "NULL"],
    ),
    (
        "CREATE FUNCTION asked(category integer, most integer DEFAULT 3) RETURNS jsonb STABLE LANGUAGE sql
         RETURN (SELECT jsonb_agg(name ORDER BY name) FROM (
             SELECT name FROM items WHERE items.category = asked.category ORDER BY item_id LIMIT asked.most) AS chosen)",
        "integer",
        &["0", "6", "9", "NULL"],
    ),
    // Many rows: the first one counts.
    (
        "CREATE FUNCTION asked(lowest integer) RETURNS json STABLE LANGUAGE sql
         BEGIN ATOMIC SELECT to_json(name) FROM named WHERE item_id >= lowest ORDER BY item_id DESC; END",
        "integer",
        &["1", "99", "1000"],
    ),
    // The parameter at several depths, in a CTE, a subquery of a subquery, a union and a lateral join.
    (
        "CREATE FUNCTION asked(number integer) RETURNS json STABLE LANGUAGE sql
         BEGIN ATOMIC
             WITH chosen AS (SELECT item_id FROM items WHERE category = number UNION SELECT number)
             SELECT json_build_object(
                 'number', number,
                 'ids', (SELECT json_agg(item_id ORDER BY item_id) FROM chosen WHERE item_id <> number),
                 'near', (SELECT json_agg(near.item_id ORDER BY near.item_id) FROM chosen CROSS JOIN LATERAL (
                     SELECT items.item_id FROM items WHERE items.item_id = chosen.item_id + number) AS near));
         END",
        "integer",
        &["1", "6", "-1"],
    ),
    (
        "CREATE FUNCTION asked(pattern text) RETURNS json IMMUTABLE LANGUAGE sql RETURN to_json(pattern || '!')",
        "text",
        &["'a'", "''", "NULL"],
    ),
];

async fn database() -> Result<(Database, Session)> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(TABLE).await?;
    Ok((database, session))
}

/// Lines of the plan of a prepared statement.
async fn plan(session: &Session, execution: &str) -> Result<String> {
    let lines = session.rows(&format!("EXPLAIN (VERBOSE, COSTS OFF) {execution}")).await?;
    Ok(lines.into_iter().flatten().flatten().collect::<Vec<_>>().join("\n"))
}

#[tokio::test]
async fn an_inlined_call_gives_what_the_call_gives_in_generic_and_in_custom_plans() -> Result<()> {
    for (definition, argument, values) in FUNCTIONS {
        let (_database, session) = database().await?;
        session.batch_execute(definition).await?;
        session
            .batch_execute(&format!(
                "PREPARE bare ({argument}) AS SELECT asked($1);
                 PREPARE inlined ({argument}) AS SELECT rota.inlined(asked($1))"
            ))
            .await?;
        for mode in ["force_generic_plan", "force_custom_plan"] {
            session.batch_execute(&format!("SET plan_cache_mode = {mode}")).await?;
            let plan = plan(&session, &format!("EXECUTE inlined ({})", values[0])).await?;
            assert!(!plan.contains("asked("), "{definition} is still called, {mode}:\n{plan}");
            for value in *values {
                let bare = session.rows(&format!("EXECUTE bare ({value})")).await?;
                let inlined = session.rows(&format!("EXECUTE inlined ({value})")).await?;
                assert_eq!(bare, inlined, "{definition} of {value}, {mode}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_inlined_is_called_and_gives_the_same() -> Result<()> {
    for (definition, call) in [
        ("(number integer) RETURNS json VOLATILE LANGUAGE sql RETURN FROM_ITEMS", "asked($1)"),
        ("(number integer) RETURNS json STABLE SECURITY DEFINER LANGUAGE sql RETURN FROM_ITEMS", "asked($1)"),
        ("(number integer) RETURNS json STABLE STRICT LANGUAGE sql RETURN FROM_ITEMS", "asked($1)"),
        (
            "(number integer) RETURNS json STABLE SET work_mem = '1MB' LANGUAGE sql RETURN FROM_ITEMS",
            "asked($1)",
        ),
        (
            "(number integer) RETURNS json STABLE LANGUAGE sql AS 'SELECT json_agg(item_id) FROM items'",
            "asked($1)",
        ),
        (
            "(number integer) RETURNS json STABLE LANGUAGE plpgsql AS 'BEGIN RETURN to_json(number); END'",
            "asked($1)",
        ),
        (
            "(number integer) RETURNS json STABLE LANGUAGE sql
             BEGIN ATOMIC SELECT 1 FROM items; SELECT to_json(name) FROM items WHERE item_id = number; END",
            "asked($1)",
        ),
        (
            "(number integer) RETURNS json STABLE LANGUAGE sql
             BEGIN ATOMIC SELECT to_json(name) FROM items ORDER BY item_id LIMIT number; END",
            "asked($1)",
        ),
        (
            "(number integer) RETURNS json STABLE LANGUAGE sql RETURN FROM_ITEMS",
            "asked((random() + $1)::integer / 9)",
        ),
        (
            "(number integer) RETURNS json STABLE LANGUAGE sql RETURN FROM_ITEMS",
            "asked(item_id)) FROM (SELECT item_id FROM items WHERE item_id < $1) AS low WHERE (true",
        ),
    ] {
        let (_database, session) = database().await?;
        let definition =
            definition.replace("FROM_ITEMS", "(SELECT to_json(name) FROM items WHERE item_id = number)");
        session.batch_execute(&format!("CREATE FUNCTION asked{definition}")).await?;
        session
            .batch_execute(&format!(
                "PREPARE bare (integer) AS SELECT ({call});
                 PREPARE inlined (integer) AS SELECT rota.inlined({call})"
            ))
            .await?;
        let shown = plan(&session, "EXECUTE inlined (5)").await?;
        assert!(shown.contains("asked("), "{definition} is not called:\n{shown}");
        assert_eq!(
            session.rows("EXECUTE bare (5)").await?,
            session.rows("EXECUTE inlined (5)").await?,
            "{definition}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_body_that_locks_rows_is_refused_as_a_call_of_it_is() -> Result<()> {
    for body in [
        "SELECT to_json(name) FROM items WHERE item_id = number FOR UPDATE",
        "SELECT to_json(locked.name) FROM (SELECT name FROM items WHERE item_id = number FOR SHARE) AS locked",
        "WITH locked AS (SELECT name FROM items WHERE item_id = number FOR UPDATE) SELECT to_json(name) FROM locked",
    ] {
        let (_database, session) = database().await?;
        session
            .batch_execute(&format!(
                "CREATE FUNCTION asked(number integer) RETURNS json STABLE LANGUAGE sql BEGIN ATOMIC {body}; END;
                 PREPARE bare (integer) AS SELECT asked($1);
                 PREPARE inlined (integer) AS SELECT rota.inlined(asked($1))"
            ))
            .await?;
        for statement in ["EXECUTE bare (5)", "EXECUTE inlined (5)"] {
            let refusal = session.refusal(statement).await?;
            assert_eq!(refusal.sqlstate, "0A000", "{statement} of {body}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_prepared_call_follows_changes_of_the_function_and_of_its_tables() -> Result<()> {
    let (database, session) = database().await?;
    session
        .batch_execute(
            "SET plan_cache_mode = force_generic_plan;
             PREPARE inlined (integer) AS SELECT rota.inlined(item($1))",
        )
        .await?;
    assert!(session.text("EXECUTE inlined (5)").await?.contains("item 5"));
    let other = database.session().await?;
    for (change, shows) in [
        ("UPDATE items SET name = 'thing' WHERE item_id = 5", "thing"),
        ("ALTER TABLE items RENAME name TO label", "label"),
        ("ALTER TABLE items ADD colour text DEFAULT 'red'", "red"),
        ("VACUUM FULL items", "red"),
        (
            "CREATE OR REPLACE FUNCTION item(item_id integer) RETURNS json STABLE LANGUAGE sql
             RETURN (SELECT to_json('replaced ' || count(*)) FROM items)",
            "replaced 100",
        ),
        (
            "CREATE OR REPLACE FUNCTION item(item_id integer) RETURNS json STABLE LANGUAGE plpgsql
             AS $$ BEGIN RETURN to_json('called ' || item_id); END $$",
            "called 5",
        ),
    ] {
        other.batch_execute(change).await?;
        let answer = session.text("EXECUTE inlined (5)").await?;
        assert_eq!(answer, other.text("SELECT item(5)").await?, "{change}");
        assert!(answer.contains(shows), "{answer} after {change}");
    }
    other.batch_execute("DROP FUNCTION item").await?;
    assert_eq!(session.refusal("EXECUTE inlined (5)").await?.sqlstate, "42883");
    Ok(())
}

#[tokio::test]
async fn a_prepared_call_sees_what_its_transaction_wrote() -> Result<()> {
    let (_database, session) = database().await?;
    session
        .batch_execute(
            "SET plan_cache_mode = force_generic_plan;
             PREPARE inlined (integer) AS SELECT rota.inlined(item($1)) ->> 'name';
             BEGIN;
             SAVEPOINT before;
             UPDATE items SET name = 'mine' WHERE item_id = 5",
        )
        .await?;
    assert_eq!(session.text("EXECUTE inlined (5)").await?, "mine");
    session.batch_execute("ROLLBACK TO before").await?;
    assert_eq!(session.text("EXECUTE inlined (5)").await?, "item 5");
    Ok(())
}

#[tokio::test]
async fn whoever_may_not_call_the_function_is_refused_also_with_a_plan_made_before() -> Result<()> {
    let (database, owner) = database().await?;
    let role = format!("caller_of_{}", database.name());
    owner
        .batch_execute(&format!(
            "CREATE ROLE {role} LOGIN; GRANT SELECT ON items TO {role};
             REVOKE EXECUTE ON FUNCTION item FROM PUBLIC; GRANT EXECUTE ON FUNCTION item TO {role}"
        ))
        .await?;
    let caller = database.session_as(&role).await?;
    caller
        .batch_execute(
            "SET plan_cache_mode = force_generic_plan;
             PREPARE inlined (integer) AS SELECT rota.inlined(item($1)) ->> 'name'",
        )
        .await?;
    assert_eq!(caller.text("EXECUTE inlined (5)").await?, "item 5");
    owner.batch_execute(&format!("REVOKE EXECUTE ON FUNCTION item FROM {role}")).await?;
    let refusal = caller.refusal("EXECUTE inlined (5)").await?;
    assert_eq!((refusal.sqlstate.as_str(), refusal.message.contains("item")), ("42501", true));
    owner
        .batch_execute(&format!(
            "GRANT EXECUTE ON FUNCTION item TO {role}; REVOKE SELECT ON items FROM {role}"
        ))
        .await?;
    let refusal = caller.refusal("EXECUTE inlined (5)").await?;
    assert_eq!((refusal.sqlstate.as_str(), refusal.message.contains("items")), ("42501", true));
    drop(caller);
    owner.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await?;
    Ok(())
}

#[tokio::test]
async fn row_security_of_the_body_holds_for_each_role_that_runs_the_plan() -> Result<()> {
    let (database, owner) = database().await?;
    let (even, odd) = (format!("even_{}", database.name()), format!("odd_{}", database.name()));
    owner
        .batch_execute(&format!(
            "CREATE ROLE {even}; CREATE ROLE {odd}; GRANT SELECT ON items TO {even}, {odd};
             ALTER TABLE items ENABLE ROW LEVEL SECURITY;
             CREATE POLICY even ON items TO {even} USING (item_id % 2 = 0);
             CREATE POLICY odd ON items TO {odd} USING (item_id % 2 = 1);
             SET plan_cache_mode = force_generic_plan;
             PREPARE inlined (integer) AS SELECT rota.inlined(item($1)) ->> 'item_id'"
        ))
        .await?;
    for _ in 0..2 {
        for (role, sees) in [(&even, [None, Some("6")]), (&odd, [Some("5"), None])] {
            owner.batch_execute(&format!("SET ROLE {role}")).await?;
            for (item, seen) in [5, 6].into_iter().zip(sees) {
                let rows = owner.rows(&format!("EXECUTE inlined ({item})")).await?;
                assert_eq!(rows, [[seen.map(str::to_owned)]], "{role} asks for {item}");
            }
        }
    }
    owner
        .batch_execute(&format!("RESET ROLE; DROP OWNED BY {even}, {odd}; DROP ROLE {even}; DROP ROLE {odd}"))
        .await?;
    Ok(())
}
