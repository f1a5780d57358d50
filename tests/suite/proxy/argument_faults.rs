//! Every fault that arguments can have: told by name, all at once, with what would be right.

use anyhow::{Context, Result};
use rota_tests::http::Response;
use serde_json::{Value, json};

use super::arguments::post;
use super::stage::Stage;

const PERSON: &str = "
    CREATE FUNCTION person(person_id bigint, since date, name text DEFAULT 'nobody', tags text[] DEFAULT NULL)
        RETURNS json IMMUTABLE LANGUAGE sql
        AS $$ SELECT json_build_array(person_id, since, name, tags) $$;
    SELECT rota.expose('person'::regproc, 'GET', '/person/{person_id}');
    SELECT rota.expose('person'::regproc, 'POST', '/person/{person_id}');";

/// The names at fault, in the order told.
fn fields(answer: &Response) -> Result<Vec<String>> {
    let problem = answer.json()?;
    let errors = problem["errors"].as_array().with_context(|| format!("no errors: {problem}"))?;
    Ok(errors.iter().filter_map(|fault| fault["field"].as_str().map(str::to_owned)).collect())
}

#[tokio::test]
async fn all_faults_are_told_at_once_each_with_what_would_be_right() -> Result<()> {
    let stage = Stage::new(PERSON).await?;
    let answer = stage.proxy.get("/person/x?name=a&name=b&wage=1").await?;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.json()?;
    let mut named = fields(&answer)?;
    named.sort();
    assert_eq!(named, ["name", "person_id", "since", "wage"]);
    assert_eq!(problem.get("field"), None, "several are none");
    assert_eq!(problem["status"], 400);
    assert_eq!(problem["type"], "urn:rota:problem:invalid-arguments");
    let unknown = problem["errors"].as_array().and_then(|errors| {
        errors.iter().find(|fault| fault["field"] == "wage")?["message"].as_str().map(str::to_owned)
    });
    let unknown = unknown.context("the unknown argument has no message")?;
    for known in ["since", "name", "tags"] {
        assert!(unknown.contains(known), "{unknown}");
    }
    Ok(())
}

#[tokio::test]
async fn a_missing_argument_is_named_and_null_does_not_stand_for_it() -> Result<()> {
    let stage = Stage::new(PERSON).await?;
    let answer = stage.proxy.get("/person/7").await?;
    assert_eq!((answer.status.as_u16(), &answer.json()?["field"]), (400, &json!("since")));
    let answer = stage.proxy.post("/person/7", &json!({"since": null})).await?;
    assert_eq!((answer.status.as_u16(), &answer.json()?["field"]), (400, &json!("since")));
    Ok(())
}

#[tokio::test]
async fn an_argument_given_twice_is_refused_wherever_it_is_given() -> Result<()> {
    let stage = Stage::new(PERSON).await?;
    let since = "since=2026-01-01";
    for (target, field) in [
        (format!("/person/7?{since}&{since}"), "since"),
        (format!("/person/7?{since}&person_id=7"), "person_id"),
    ] {
        let answer = stage.proxy.get(&target).await?;
        assert_eq!((answer.status.as_u16(), &answer.json()?["field"]), (400, &json!(field)), "{target}");
    }
    for (target, body, field) in [
        ("/person/7", r#"{"since":"2026-01-01","since":"2026-01-01"}"#, "since"),
        ("/person/7?since=2026-01-01", r#"{"since":"2026-01-01"}"#, "since"),
        ("/person/7?since=2026-01-01&tags=a", r#"{"tags":["b"]}"#, "tags"),
        ("/person/7", r#"{"since":"2026-01-01","person_id":7}"#, "person_id"),
        ("/person/7", r#"{"since":"2026-01-01","sinc\u0065":"2026-01-01"}"#, "since"),
    ] {
        let answer = post(&stage.proxy, target, body).await?;
        let message = format!("{target} {body}: {}", answer.text());
        assert_eq!((answer.status.as_u16(), &answer.json()?["field"]), (400, &json!(field)), "{message}");
    }
    Ok(())
}

#[tokio::test]
async fn names_may_be_encoded_like_values() -> Result<()> {
    let stage = Stage::new(PERSON).await?;
    for answer in [
        stage.proxy.get("/person/%37?%73ince=2026-01-01&n%61me=a+b%20c").await?,
        post(&stage.proxy, "/person/7", r#"{"\u0073ince":"2026\u002d01-01","name":"a b\u0020c"}"#).await?,
    ] {
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()?, json!([7, "2026-01-01", "a b c", null]));
    }
    Ok(())
}

#[tokio::test]
async fn broken_percent_encoding_is_refused_by_name() -> Result<()> {
    let stage = Stage::new(PERSON).await?;
    let since = "since=2026-01-01";
    for (target, field) in [
        (format!("/person/7?{since}&name=%"), "name"),
        (format!("/person/7?{since}&name=%4"), "name"),
        (format!("/person/7?{since}&name=a%zzb"), "name"),
        (format!("/person/7?{since}&name=%ff"), "name"),
        (format!("/person/7?{since}&name=%ED%A0%80"), "name"),
        (format!("/person/%zz?{since}"), "person_id"),
        (format!("/person/7?{since}&%ff=1"), "%ff"),
    ] {
        let answer = stage.proxy.get(&target).await?;
        assert_eq!(answer.status, 400, "{target}: {}", answer.text());
        assert_eq!(answer.json()?["field"], field, "{target}");
    }
    Ok(())
}

#[tokio::test]
async fn hundreds_of_faults_give_a_short_answer() -> Result<()> {
    let stage = Stage::new(PERSON).await?;
    let query: Vec<String> = (0..600).map(|number| format!("x{number}=1")).collect();
    let answer = stage.proxy.get(&format!("/person/7?{}", query.join("&"))).await?;
    assert_eq!(answer.status, 400);
    assert!(answer.body.len() < 20_000, "{} bytes", answer.body.len());
    let long = Value::String("é".repeat(100_000));
    let answer = stage.proxy.post("/person/7", &json!({"since": long})).await?;
    assert_eq!(answer.status, 400);
    assert!(answer.body.len() < 2_000, "{} bytes", answer.body.len());
    Ok(())
}
