//! What is nobody's business stays inside: no name of a table, no value of a row, no line of source.

use anyhow::Result;
use http::Method;
use rota_tests::http::{Call, Response};

use super::stage::Stage;

const TABLES: &str = "
    CREATE TABLE hidden_parent (hidden_id integer PRIMARY KEY);
    CREATE TABLE hidden_child (
        hidden_id integer NOT NULL,
        hidden_wage integer,
        CONSTRAINT one_each UNIQUE (hidden_id),
        CONSTRAINT parent_is_known FOREIGN KEY (hidden_id) REFERENCES hidden_parent,
        CONSTRAINT wage_is_positive CHECK (hidden_wage > 0)
    );
    INSERT INTO hidden_parent VALUES (1), (2);
    INSERT INTO hidden_child VALUES (1, 70707);
    CREATE FUNCTION write(id integer, wage integer DEFAULT 1) RETURNS json VOLATILE LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO hidden_child VALUES (write.id, write.wage);
        RETURN '1';
    END $$;
    CREATE FUNCTION broken(how text) RETURNS json STABLE LANGUAGE plpgsql AS $$
    BEGIN
        CASE how
            WHEN 'table' THEN EXECUTE 'SELECT * FROM hidden_gone';
            WHEN 'column' THEN EXECUTE 'SELECT hidden_gone FROM hidden_child';
            WHEN 'function' THEN EXECUTE 'SELECT hidden_gone()';
            WHEN 'syntax' THEN EXECUTE 'SELECT hidden FROM FROM';
            WHEN 'write' THEN EXECUTE 'INSERT INTO hidden_child VALUES (2)';
            WHEN 'rows' THEN PERFORM (SELECT hidden_id FROM hidden_parent);
            WHEN 'assert' THEN ASSERT false, 'hidden assertion';
            WHEN 'raise' THEN RAISE 'hidden % exception', 70707;
            WHEN 'right' THEN SET LOCAL ROLE hidden_nobody;
        END CASE;
        RETURN '1';
    END $$;
    SELECT rota.expose('write'::regproc, 'POST', '/write');
    SELECT rota.expose('broken'::regproc, 'GET', '/broken');";

fn tells_nothing(answer: &Response, what: &str) {
    let text = answer.text();
    for word in
        ["hidden", "70707", "SELECT", "INSERT", "PL/pgSQL", ".c\"", ".rs\"", "DETAIL", "CONTEXT", "plpgsql"]
    {
        assert!(!text.contains(word), "{what} tells {word}: {text}");
    }
}

#[tokio::test]
async fn a_broken_constraint_is_told_by_its_name_and_without_tables_columns_and_rows() -> Result<()> {
    let stage = Stage::new(TABLES).await?;
    for (body, status, code) in [
        (r#"{"id":1}"#, 409, ("23505", "one_each")),
        (r#"{"id":3}"#, 409, ("23503", "parent_is_known")),
        (r#"{"id":2,"wage":-1}"#, 422, ("23514", "wage_is_positive")),
    ] {
        let call = Call::new(Method::POST, "/write").body("application/json", body);
        let answer = stage.proxy.send(&call).await?;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert_eq!(answer.json()?["code"], code.0, "{body}");
        assert!(answer.text().contains(code.1), "{body}: {}", answer.text());
        tells_nothing(&answer, body);
    }
    Ok(())
}

#[tokio::test]
async fn a_missing_value_of_a_row_is_422_and_names_no_table() -> Result<()> {
    let stage = Stage::new(
        "CREATE TABLE hidden_table (hidden_name text NOT NULL);
        CREATE FUNCTION write(name text DEFAULT NULL) RETURNS json VOLATILE LANGUAGE sql
            AS 'INSERT INTO hidden_table VALUES (name) RETURNING to_json(1)';
        SELECT rota.expose('write'::regproc, 'POST', '/write');",
    )
    .await?;
    let answer = stage.proxy.send(&Call::new(Method::POST, "/write")).await?;
    assert_eq!((answer.status.as_u16(), answer.json()?["code"].as_str()), (422, Some("23502")));
    tells_nothing(&answer, "a NULL");
    Ok(())
}

#[tokio::test]
async fn a_broken_function_is_500_and_tells_nothing() -> Result<()> {
    let stage = Stage::new(TABLES).await?;
    for how in ["table", "column", "function", "syntax", "write", "rows", "assert", "raise"] {
        let answer = stage.proxy.get(&format!("/broken?how={how}")).await?;
        assert_eq!(answer.status, 500, "{how}: {}", answer.text());
        assert_eq!(answer.json()?["type"], "urn:rota:problem:internal", "{how}");
        tells_nothing(&answer, how);
    }
    Ok(())
}

#[tokio::test]
async fn the_reason_of_a_500_is_in_the_log() -> Result<()> {
    let stage = Stage::new(TABLES).await?;
    stage.proxy.get("/broken?how=table").await?;
    super::waiting::until("the log has the reason", async || {
        Ok(stage.proxy.log()?.iter().any(|line| {
            line["sqlstate"] == "42P01"
                && line["cause"].as_str().is_some_and(|text| text.contains("hidden_gone"))
        }))
    })
    .await
}

#[tokio::test]
async fn what_a_function_raises_is_in_the_log_by_its_code_alone_unless_asked_for() -> Result<()> {
    for (setting, is_told) in [("false", false), ("true", true)] {
        let stage = Stage::with_settings(TABLES, &[("ROTA_LOG_DATABASE_MESSAGES", setting)]).await?;
        stage.proxy.get("/broken?how=raise").await?;
        super::waiting::until("the log has the failure", async || {
            Ok(stage.proxy.log()?.iter().any(|line| line["sqlstate"] == "P0001"))
        })
        .await?;
        let log: String = stage.proxy.log()?.iter().map(ToString::to_string).collect();
        assert_eq!(log.contains("70707"), is_told, "{log}");
        assert!(is_told || log.contains("exec_stmt_raise"), "{log}");
    }
    Ok(())
}

#[tokio::test]
async fn an_unreachable_database_is_told_without_its_address() -> Result<()> {
    let url = "postgres://secret_user:secret_word@127.0.0.1:1/secret_base";
    let proxy = rota_tests::proxy::Proxy::with_url(url, &[]).await?;
    let answer = proxy.get("/anything").await?;
    assert_eq!(answer.status, 503);
    for word in ["secret", "127.0.0.1", "refused"] {
        assert!(!answer.text().contains(word), "{}", answer.text());
    }
    let ready = proxy.admin("/ready").await?;
    assert_eq!(ready.status, 503);
    for text in [ready.text(), proxy.log()?.iter().map(ToString::to_string).collect()] {
        assert!(!text.contains("secret_word"), "{text}");
    }
    Ok(())
}
