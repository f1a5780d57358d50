//! Requests that are wrong as a whole.

use anyhow::Result;
use http::Method;
use rota_tests::http::Call;
use serde_json::{Value, json};

use super::super::service::Service;

#[tokio::test]
async fn all_faults_of_a_request_are_told_at_once() -> Result<()> {
    let service = Service::start().await?;
    let target = "/api/conflicts?from_date=never&wage=1&limit=ten";
    let answer = service.proxy.get(target).await?;
    assert_eq!(answer.status, 400);
    let problem = answer.json()?;
    let mut fields: Vec<_> = problem["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|fault| fault["field"].as_str())
        .collect();
    fields.sort_unstable();
    assert_eq!(fields, ["from_date", "limit", "to_date", "wage"], "{problem}");
    Ok(())
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_with_the_place_of_the_fault() -> Result<()> {
    let service = Service::start().await?;
    let post =
        |body: &[u8]| Call::new(Method::POST, "/api/departments").body("application/json", body.to_vec());
    for (body, word) in [
        (&b"{\"name\": "[..], "line 1"),
        (b"{\"name\":\n 'x'}", "line 2"),
        (b"[1]", "JSON object"),
        (b"\"name\"", "JSON object"),
        (b"{\"name\": \"\xFF\"}", "UTF-8"),
    ] {
        let problem = service.problem(&post(body)).await?;
        assert_eq!(problem.status, 400);
        assert!(problem.text().contains(word), "{word} is not in {problem:?}");
    }
    let twice = service.problem(&post(b"{\"name\": \"A\", \"name\": \"B\"}")).await?;
    assert_eq!((twice.status, twice.field.as_deref()), (400, Some("name")));
    assert_eq!(service.read("/api/departments").await?["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn an_oversized_body_is_refused_with_the_limit() -> Result<()> {
    let service = Service::with_settings(&[("ROTA_BODY_LIMIT_BYTES", "500")]).await?;
    let fits = json!({"name": "x".repeat(200)});
    service.create("/api/departments", &fits).await?;
    let large = json!({"name": "x".repeat(600)});
    let problem = service.post_problem("/api/departments", &large).await?;
    assert_eq!(problem.status, 413);
    assert!(problem.text().contains("500"), "{problem:?}");
    Ok(())
}

#[tokio::test]
async fn an_unknown_path_method_or_media_type_has_its_own_answer() -> Result<()> {
    let service = Service::start().await?;
    assert_eq!(service.read_problem("/api/employers").await?.status, 404);
    let wrong_method = service.proxy.delete("/api/employees").await?;
    assert_eq!(wrong_method.status, 405);
    let allowed = wrong_method.header("Allow").unwrap_or_default();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
    let form =
        Call::new(Method::POST, "/api/departments").body("application/x-www-form-urlencoded", "name=Ward");
    let problem = service.problem(&form).await?;
    assert_eq!(problem.status, 415);
    assert!(problem.text().contains("application/json"), "{problem:?}");
    Ok(())
}

#[tokio::test]
async fn text_from_a_caller_is_data_wherever_it_ends_up() -> Result<()> {
    let service = Service::start().await?;
    let names = ["'; DROP TABLE workforce.employees; --", "%s %I %1$s $1 {0}", "\\'; \" \u{1F469} \\u0041"];
    for (number, name) in names.into_iter().enumerate() {
        let email = format!("{number}@example.org");
        let body = json!({"employee_no": number.to_string(), "name": name, "email": email});
        let created = service.create("/api/employees", &body).await?;
        assert_eq!(created["name"], name);
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let found = service.read(&format!("/api/employees?search={encoded}&page_size=1")).await?;
        assert_eq!(found["items"][0]["name"], name);
        assert_eq!(found["next_cursor"], Value::Null);
    }
    let quoted = service.read("/api/employees?sort=name&page_size=1&fields=name").await?;
    assert!(quoted["next_cursor"].is_string());
    let next = format!(
        "/api/employees?sort=name&page_size=2&cursor={}",
        quoted["next_cursor"].as_str().unwrap_or("")
    );
    assert_eq!(service.read(&next).await?["items"].as_array().map(Vec::len), Some(2));
    Ok(())
}
