//! Arguments of every type, from path, query and body.

use anyhow::Result;
use http::Method;
use rota_tests::http::{Call, Response};
use rota_tests::proxy::Proxy;
use serde_json::json;

use super::stage::Stage;

/// A type with the text of a path or query, the JSON of a body, and what SQL makes of either.
struct Sample {
    name: &'static str,
    sql_type: &'static str,
    default: &'static str,
    text: &'static str,
    body: &'static str,
    seen: &'static str,
    wrong_text: &'static str,
    wrong_body: &'static str,
}

const fn sample(
    (name, sql_type, default): (&'static str, &'static str, &'static str),
    (text, body, seen): (&'static str, &'static str, &'static str),
    (wrong_text, wrong_body): (&'static str, &'static str),
) -> Sample {
    Sample { name, sql_type, default, text, body, seen, wrong_text, wrong_body }
}

/// Values sit at the edges of their types where a type has edges.
const SAMPLES: [Sample; 12] = [
    sample(
        ("bigint", "bigint", "1"),
        ("-9223372036854775808", "-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", "1.5"),
    ),
    sample(("integer", "integer", "1"), ("2147483647", "2147483647", "2147483647"), ("2147483648", "\"7\"")),
    sample(("boolean", "boolean", "true"), ("false", "false", "false"), ("yes", "0")),
    sample(
        ("date", "date", "'2000-01-01'"),
        ("2024-02-29", "\"2024-02-29\"", "\"2024-02-29\""),
        ("2023-02-29", "20240229"),
    ),
    sample(
        ("time", "time", "'01:00'"),
        ("23%3A59%3A59.999999", "\"23:59:59.999999\"", "\"23:59:59.999999\""),
        ("25%3A00", "\"noon\""),
    ),
    sample(
        ("instant", "timestamptz", "'2000-01-01Z'"),
        ("2026-03-29T03%3A00%3A00%2B02%3A00", "\"2026-03-29T01:00:00Z\"", "\"2026-03-29T01:00:00+00:00\""),
        ("2026-03-29", "\"2026-03-29T03:00:00\""),
    ),
    sample(
        ("uuid", "uuid", "'00000000-0000-0000-0000-000000000000'"),
        (
            "6fa459ea-ee8a-3ca4-894e-db77e160355e",
            "\"6FA459EA-EE8A-3CA4-894E-DB77E160355E\"",
            "\"6fa459ea-ee8a-3ca4-894e-db77e160355e\"",
        ),
        ("6fa459ea", "7"),
    ),
    sample(
        ("numeric", "numeric", "1"),
        (
            "0.1234567890123456789012345678901",
            "0.1234567890123456789012345678901",
            "0.1234567890123456789012345678901",
        ),
        ("1%2C5", "true"),
    ),
    sample(
        ("text", "text", "'none'"),
        ("%C3%84%20%26%2B%25%2F'%22%3B--", r#""Ä &+%/'\";--""#, r#""Ä &+%/'\";--""#),
        ("%00", "7"),
    ),
    sample(("texts", "text[]", "'{}'"), ("a%2Cb", r#"["a,b"]"#, r#"["a,b"]"#), ("%00", r#"["a", 7]"#)),
    sample(("bigints", "bigint[]", "'{}'"), ("7", "[7]", "[7]"), ("seven", "7")),
    sample(
        ("jsonb", "jsonb", "'{}'"),
        ("%7B%22a%22%3A%5B1%2Cnull%5D%7D", r#"{"a": [1, null]}"#, r#"{"a": [1, null]}"#),
        ("%7Ba", r#"{"a": }"#),
    ),
];

async fn samples() -> Result<Stage> {
    let mut sql = String::new();
    for Sample { name, sql_type, default, .. } in SAMPLES {
        sql.push_str(&format!(
            "CREATE FUNCTION echo_{name}(value {sql_type} DEFAULT {default}) RETURNS jsonb IMMUTABLE
                LANGUAGE sql AS 'SELECT jsonb_build_object(''value'', to_jsonb(value))';
            SELECT rota.expose('echo_{name}'::regproc, 'GET', '/path/{name}/{{value}}');
            SELECT rota.expose('echo_{name}'::regproc, 'GET', '/query/{name}');
            SELECT rota.expose('echo_{name}'::regproc, 'POST', '/body/{name}');"
        ));
    }
    Stage::new(&sql).await
}

pub(super) async fn post(proxy: &Proxy, target: &str, body: &str) -> Result<Response> {
    let call = Call::new(Method::POST, target).body("application/json", body.to_owned());
    proxy.send(&call).await
}

/// Compared as texts: a number of JSON would lose digits in a test that parses it.
fn shows(answer: &Response, seen: &str, where_from: &str) {
    assert_eq!(answer.status, 200, "{where_from}: {}", answer.text());
    assert_eq!(answer.text(), format!("{{\"value\": {seen}}}"), "{where_from}");
}

#[tokio::test]
async fn every_type_arrives_unchanged_from_path_query_and_body() -> Result<()> {
    let stage = samples().await?;
    for Sample { name, text, body, seen, .. } in SAMPLES {
        shows(&stage.proxy.get(&format!("/path/{name}/{text}")).await?, seen, &format!("{name} in path"));
        let from_query = stage.proxy.get(&format!("/query/{name}?value={text}")).await?;
        shows(&from_query, seen, &format!("{name} in query"));
        let from_body =
            post(&stage.proxy, &format!("/body/{name}"), &format!("{{\"value\":{body}}}")).await?;
        shows(&from_body, seen, &format!("{name} in body"));
    }
    Ok(())
}

#[tokio::test]
async fn what_is_left_out_takes_the_default_of_sql_and_null_is_null() -> Result<()> {
    let stage = samples().await?;
    for Sample { name, sql_type, default, .. } in SAMPLES {
        let default = stage.session.text(&format!("SELECT to_jsonb(({default})::{sql_type})")).await?;
        shows(&stage.proxy.get(&format!("/query/{name}")).await?, &default, &format!("{name} left out"));
        shows(&post(&stage.proxy, &format!("/body/{name}"), "{}").await?, &default, name);
        shows(&post(&stage.proxy, &format!("/body/{name}"), "{\"value\":null}").await?, "null", name);
    }
    Ok(())
}

#[tokio::test]
async fn an_ill_typed_argument_is_refused_by_name_wherever_it_stands() -> Result<()> {
    let stage = samples().await?;
    for Sample { name, wrong_text, wrong_body, .. } in SAMPLES {
        let body = format!("{{\"value\":{wrong_body}}}");
        let from_body = post(&stage.proxy, &format!("/body/{name}"), &body).await?;
        let answers = [
            stage.proxy.get(&format!("/path/{name}/{wrong_text}")).await?,
            stage.proxy.get(&format!("/query/{name}?value={wrong_text}")).await?,
        ];
        for answer in answers {
            assert_eq!(answer.status, 400, "{name}: {}", answer.text());
            assert_eq!(answer.json()?["field"], "value", "{name}: {}", answer.text());
        }
        assert_eq!(from_body.status, 400, "{name}: {}", from_body.text());
        // Broken JSON has no arguments yet that could be named.
        if name != "jsonb" {
            assert_eq!(from_body.json()?["field"], "value", "{name}: {}", from_body.text());
        }
    }
    Ok(())
}

#[tokio::test]
async fn dates_times_and_instants_have_one_spelling() -> Result<()> {
    let stage = samples().await?;
    let wrong = [
        ("date", ["2026-%203-29", "2026-3-029", "-001-01-01", "0000-01-01", "%2B026-03-29", "2026-03-29%20"]),
        ("time", ["22%3A%205", "%201%3A00", "%2B1%3A00", "22%3A-5", "22%3A00%3A%207", "22%3A00%20"]),
        (
            "instant",
            [
                "2026-03-29T%203%3A00%3A00Z",
                "2026-03-29T03%3A00Z",
                "2026-03-29",
                "now",
                "infinity",
                "-001-03-29T03%3A00%3A00Z",
            ],
        ),
    ];
    for (name, texts) in wrong {
        for text in texts {
            let answer = stage.proxy.get(&format!("/query/{name}?value={text}")).await?;
            assert_eq!(answer.status, 400, "{name} {text}: {}", answer.text());
        }
    }
    Ok(())
}

#[tokio::test]
async fn arrays_are_given_by_repetition_and_hold_nulls_only_in_bodies() -> Result<()> {
    let stage = samples().await?;
    shows(&stage.proxy.get("/query/texts?value=b&value=a&value=").await?, r#"["b", "a", ""]"#, "query");
    shows(&stage.proxy.get("/query/bigints?value=2&value=1").await?, "[2, 1]", "query");
    shows(&post(&stage.proxy, "/body/texts", r#"{"value":["a",null]}"#).await?, r#"["a", null]"#, "body");
    shows(&post(&stage.proxy, "/body/bigints", r#"{"value":[]}"#).await?, "[]", "body");
    let answer = stage.proxy.get("/query/bigints?value=1&value=x").await?;
    assert_eq!((answer.status.as_u16(), &answer.json()?["field"]), (400, &json!("value")));
    Ok(())
}
