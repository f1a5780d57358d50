//! The description: valid OpenAPI 3.1, and of everything that is there.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use rota_tests::database::Database;
use rota_tests::proxy::Proxy;
use serde_json::Value;

use super::stage::{Stage, serves};

/// Paths whose words are the same and whose structure is not.
const LOOKALIKES: [&str; 7] = ["/a/b", "/a-b", "/a_b", "/a.b", "/a/{b}", "/a/{b}/c", "/a/b/c"];

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

#[tokio::test]
async fn lookalike_paths_and_all_methods_give_a_valid_description() -> Result<()> {
    let mut sql = String::from(
        "CREATE FUNCTION each_type(
            b bigint DEFAULT 1, at timestamptz DEFAULT now(), names text[] DEFAULT NULL,
            rate numeric DEFAULT 1.5, more jsonb DEFAULT NULL, days daterange DEFAULT NULL
        ) RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(1)';
        SELECT rota.expose('each_type'::regproc, 'DELETE', '/gone', success_status => 204);
        SELECT rota.expose('each_type'::regproc, 'POST', '/made', success_status => 201);
        COMMENT ON FUNCTION each_type IS 'A comment with \"quotes\".';",
    );
    for path in LOOKALIKES {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            sql.push_str(&format!(
                "SELECT rota.expose('each_type'::regproc, '{method}', '{path}', 'Summary');"
            ));
        }
    }
    let stage = Stage::new(&sql).await?;
    let description = stage.proxy.get("/openapi.json").await?;
    assert_eq!(description.header("content-type"), Some("application/json"));
    let document = description.json()?;
    check(&document)?;
    for path in LOOKALIKES {
        for method in ["get", "post", "put", "patch", "delete"] {
            assert!(document["paths"][path][method].is_object(), "{method} {path} is not described");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_products_own_description_is_valid_and_lists_every_endpoint_and_import() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let proxy = Proxy::on(&database).await?;
    serves(&proxy).await?;
    let document = proxy.get("/openapi.json").await?.json()?;
    check(&document)?;
    let endpoints = session.rows("SELECT lower(method), path FROM rota.endpoint_catalog()").await?;
    let imports = session.rows("SELECT 'post', '/api/imports/' || name FROM rota.import_catalog()").await?;
    assert!(!endpoints.is_empty() && !imports.is_empty());
    for row in endpoints.into_iter().chain(imports) {
        let [Some(method), Some(path)] = &row[..] else { anyhow::bail!("{row:?}") };
        let operation = &document["paths"][path][method];
        assert!(operation.is_object(), "{method} {path} is not described");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
    }
    Ok(())
}

/// What the specification of OpenAPI 3.1 demands of a document like ours (sections 4.8.1 to 4.8.24).
fn check(document: &Value) -> Result<()> {
    ensure!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")), "version");
    for member in ["title", "version"] {
        ensure!(document["info"][member].is_string(), "info has no {member}");
    }
    let mut identities = BTreeSet::new();
    for (path, item) in document["paths"].as_object().context("no paths")? {
        ensure!(path.starts_with('/'), "{path}");
        for (method, operation) in item.as_object().with_context(|| format!("{path} is no object"))? {
            ensure!(METHODS.contains(&method.as_str()), "{method} of {path} is no method");
            check_operation(path, operation).with_context(|| format!("{method} {path}"))?;
            let identity = operation["operationId"].as_str().context("no operationId")?;
            ensure!(identities.insert(identity), "operationId {identity} of {method} {path} is not unique");
        }
    }
    check_references(document, document)
}

fn check_operation(path: &str, operation: &Value) -> Result<()> {
    let none = Vec::new();
    let parameters =
        operation.get("parameters").map_or(Some(&none), Value::as_array).context("parameters")?;
    let mut declared = BTreeSet::new();
    for parameter in parameters {
        let (name, place) = (parameter["name"].as_str(), parameter["in"].as_str());
        let (name, place) = (name.context("a nameless parameter")?, place.context("a parameter nowhere")?);
        ensure!(["path", "query", "header", "cookie"].contains(&place), "{name} is in {place}");
        ensure!(declared.insert((place, name)), "{name} is declared twice");
        ensure!(place != "path" || parameter["required"] == true, "{name} is in the path and not required");
        check_schema(&parameter["schema"]).with_context(|| format!("parameter {name}"))?;
    }
    let in_template: BTreeSet<&str> =
        path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
    let in_path: BTreeSet<&str> =
        declared.iter().filter(|(place, _)| *place == "path").map(|(_, name)| *name).collect();
    ensure!(in_template == in_path, "the template has {in_template:?}, declared are {in_path:?}");
    if let Some(body) = operation.get("requestBody") {
        check_content(&body["content"])?;
    }
    let responses = operation["responses"].as_object().context("no responses")?;
    ensure!(responses.keys().any(|status| status.starts_with('2')), "no good answer");
    for (status, response) in responses {
        let is_status = status.len() == 3 && status.parse::<u16>().is_ok();
        ensure!(status == "default" || is_status, "{status} is no status");
        ensure!(response.get("$ref").is_some() || response["description"].is_string(), "{status}");
        if let Some(content) = response.get("content") {
            check_content(content)?;
        }
        ensure!(status != "204" || response.get("content").is_none(), "204 has no content");
    }
    Ok(())
}

fn check_content(content: &Value) -> Result<()> {
    for (media_type, part) in content.as_object().context("no content")? {
        ensure!(media_type.contains('/'), "{media_type}");
        check_schema(&part["schema"]).with_context(|| media_type.clone())?;
    }
    Ok(())
}

/// JSON Schema 2020-12, as far as it is used here.
fn check_schema(schema: &Value) -> Result<()> {
    const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "string", "integer"];
    let members = schema.as_object().context("a schema is an object")?;
    ensure!(!members.contains_key("nullable"), "nullable is of OpenAPI 3.0");
    let named = match &schema["type"] {
        Value::Null => Vec::new(),
        Value::Array(types) => types.iter().collect(),
        one => vec![one],
    };
    ensure!(named.iter().all(|name| name.as_str().is_some_and(|name| TYPES.contains(&name))), "{named:?}");
    if let Some(properties) = schema.get("properties") {
        let properties = properties.as_object().context("properties")?;
        properties.values().try_for_each(check_schema)?;
        for required in schema["required"].as_array().into_iter().flatten() {
            let name = required.as_str().context("required")?;
            ensure!(properties.contains_key(name), "{name} is required and unknown");
        }
    }
    if let Some(items) = schema.get("items") {
        check_schema(items)?;
    }
    schema["oneOf"].as_array().into_iter().flatten().try_for_each(check_schema)
}

fn check_references(document: &Value, part: &Value) -> Result<()> {
    match part {
        Value::Object(members) => {
            if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                let pointer = target.strip_prefix('#').with_context(|| format!("{target} is elsewhere"))?;
                ensure!(document.pointer(pointer).is_some(), "{target} leads nowhere");
            }
            members.values().try_for_each(|member| check_references(document, member))
        }
        Value::Array(elements) => elements.iter().try_for_each(|element| check_references(document, element)),
        _ => Ok(()),
    }
}
