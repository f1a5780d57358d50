//! The description of all endpoints in OpenAPI 3.1.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::route::OPENAPI_PATH;
use super::{Argument, ArgumentType, Endpoint, Scalar};
use crate::import::ImportSpec;

/// The document for these endpoints and imports.
pub(super) fn description(endpoints: &[Arc<Endpoint>], imports: &[Arc<ImportSpec>]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut identities = BTreeSet::new();
    for endpoint in endpoints {
        let operations = paths.entry(endpoint.path.clone()).or_insert_with(|| json!({}));
        let mut operation = operation(endpoint);
        operation["operationId"] = json!(unique(operation_id(endpoint), &mut identities));
        operations[endpoint.method.as_str().to_lowercase()] = operation;
    }
    for import in imports {
        paths.insert(import.path(), json!({"post": import_operation(import)}));
    }
    paths.insert(OPENAPI_PATH.to_owned(), json!({"get": own_operation()}));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Rota",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Generated from the functions that the database exposes. \
                An array in a query is given by repeating its name.",
        },
        "paths": paths,
        "components": {"schemas": {"Problem": problem_schema()}, "responses": {"Problem": problem_response()}},
    })
}

fn operation(endpoint: &Endpoint) -> Value {
    let in_path = |position: &usize| endpoint.path_arguments.contains(position);
    let reads_body = endpoint.method != Method::GET && endpoint.method != Method::DELETE;
    let mut parameters: Vec<Value> = endpoint
        .path_arguments
        .iter()
        .map(|position| parameter(&endpoint.arguments[*position], "path", true))
        .collect();
    let others = endpoint.arguments.iter().enumerate().filter(|(position, _)| !in_path(position));
    let mut operation = Map::new();
    if let Some(summary) = &endpoint.summary {
        operation.insert("summary".to_owned(), json!(summary));
    }
    if let Some(text) = &endpoint.description {
        operation.insert("description".to_owned(), json!(text));
    }
    if reads_body {
        let members: Vec<&Argument> = others.map(|(_, argument)| argument).collect();
        if !members.is_empty() {
            operation.insert("requestBody".to_owned(), request_body(&members));
        }
    } else {
        parameters.extend(others.map(|(_, argument)| parameter(argument, "query", argument.required)));
    }
    if !parameters.is_empty() {
        operation.insert("parameters".to_owned(), json!(parameters));
    }
    let good = endpoint.success_status.as_str();
    let mut answers = responses(good, "The function's result.", &json!({}));
    if endpoint.event_stream {
        answers[good]["content"] = json!({"text/event-stream": {"schema": {"type": "string"}}});
    }
    operation.insert("responses".to_owned(), answers);
    Value::Object(operation)
}

/// The method and the words of the path: what generated clients name their functions by.
fn operation_id(endpoint: &Endpoint) -> String {
    let path = endpoint.path.replace(['{', '}'], "");
    let words = path.split(['/', '-', '.', '~']).filter(|word| !word.is_empty());
    std::iter::once(endpoint.method.as_str().to_lowercase())
        .chain(words.map(str::to_owned))
        .collect::<Vec<_>>()
        .join("_")
}

/// The identity, numbered when another path has the same words (`/a-b` and `/a/b`).
fn unique(identity: String, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{identity}_{number}"));
    let free = std::iter::once(identity.clone()).chain(numbered).find(|candidate| !taken.contains(candidate));
    let free = free.unwrap_or(identity);
    taken.insert(free.clone());
    free
}

fn parameter(argument: &Argument, place: &str, required: bool) -> Value {
    let mut parameter = json!({
        "name": argument.name,
        "in": place,
        "required": required,
        "schema": schema(&argument.kind),
    });
    if let Some(default) = &argument.default {
        parameter["description"] = json!(format!("Default: `{default}`."));
    }
    if argument.kind.array && place == "query" {
        parameter["style"] = json!("form");
        parameter["explode"] = json!(true);
    }
    parameter
}

fn request_body(members: &[&Argument]) -> Value {
    let properties: Map<String, Value> = members
        .iter()
        .map(|argument| {
            let mut schema = schema(&argument.kind);
            if let Some(default) = &argument.default {
                schema["description"] = json!(format!("Default: `{default}`."));
                // What may be left out may also be null.
                if let Some(kind) = schema.get("type").cloned() {
                    schema["type"] = json!([kind, "null"]);
                }
            }
            (argument.name.to_string(), schema)
        })
        .collect();
    let required: Vec<&str> =
        members.iter().filter(|member| member.required).map(|member| &*member.name).collect();
    json!({
        "required": !required.is_empty(),
        "content": {"application/json": {"schema": {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        }}},
    })
}

/// The JSON schema of a type. `numeric` may also be a string, so that no digit is lost on the way.
fn schema(kind: &ArgumentType) -> Value {
    let one = match kind.scalar {
        Scalar::Boolean => json!({"type": "boolean"}),
        Scalar::SmallInteger => json!({"type": "integer", "minimum": i16::MIN, "maximum": i16::MAX}),
        Scalar::Integer => json!({"type": "integer", "format": "int32"}),
        Scalar::BigInteger => json!({"type": "integer", "format": "int64"}),
        Scalar::Real => json!({"type": "number", "format": "float"}),
        Scalar::Double => json!({"type": "number", "format": "double"}),
        Scalar::Numeric => json!({"oneOf": [{"type": "number"}, {"type": "string", "format": "decimal"}]}),
        Scalar::Text => json!({"type": "string"}),
        Scalar::Date => json!({"type": "string", "format": "date"}),
        Scalar::Time => json!({"type": "string", "format": "time-local"}),
        Scalar::Timestamp => json!({"type": "string", "format": "date-time-local"}),
        Scalar::TimestampWithZone => json!({"type": "string", "format": "date-time"}),
        Scalar::Uuid => json!({"type": "string", "format": "uuid"}),
        Scalar::Json | Scalar::Jsonb => json!({}),
        Scalar::Other => json!({"type": "string", "description": format!("As `{}` reads it.", kind.name)}),
    };
    if kind.array { json!({"type": "array", "items": one}) } else { one }
}

fn responses(good: &str, description: &str, schema: &Value) -> Value {
    let mut response = json!({"description": description});
    if good != StatusCode::NO_CONTENT.as_str() {
        response["content"] = json!({"application/json": {"schema": schema}});
    }
    json!({
        good: response,
        "default": {"$ref": "#/components/responses/Problem"},
    })
}

fn import_operation(import: &ImportSpec) -> Value {
    let columns =
        format!("Columns: {}. Required: {}.", import.columns.join(", "), import.required_columns.join(", "));
    let counts = ["rows", "inserted", "updated", "unchanged", "refused"];
    let mut properties: Map<String, Value> =
        counts.iter().map(|name| ((*name).to_owned(), json!({"type": "integer"}))).collect();
    properties.insert("refusals".to_owned(), json!({"type": "array", "items": {"type": "object"}}));
    properties.insert("dry_run".to_owned(), json!({"type": "boolean"}));
    let report = json!({"type": "object", "properties": properties});
    json!({
        "operationId": format!("import_{}", import.name.replace('-', "_")),
        "summary": import.summary.clone().unwrap_or_else(|| format!("Import {}.", import.name)),
        "parameters": [{
            "name": "dry_run",
            "in": "query",
            "required": false,
            "description": "Judge every row, change nothing.",
            "schema": {"type": "boolean", "default": false},
        }],
        "requestBody": {
            "required": true,
            "description": columns,
            "content": {"text/csv": {"schema": {"type": "string"}}},
        },
        "responses": responses("200", "What became of the rows.", &report),
    })
}

fn own_operation() -> Value {
    json!({
        "operationId": "describe",
        "summary": "This description.",
        "responses": responses("200", "The description.", &json!({"type": "object"})),
    })
}

fn problem_response() -> Value {
    json!({
        "description": "A problem (RFC 9457).",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    })
}

fn problem_schema() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri", "description": "The kind of problem."},
            "title": text("The kind in words."),
            "status": {"type": "integer", "description": "The status of the answer."},
            "detail": text("What happened this time."),
            "code": text("The SQLSTATE, when the database refused."),
            "hint": text("What to do about it."),
            "field": text("The argument at fault, when it is one."),
            "errors": {
                "type": "array",
                "description": "All arguments at fault.",
                "items": {
                    "type": "object",
                    "required": ["field", "message"],
                    "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::catalog::samples::endpoint;

    fn sample() -> Value {
        description(
            &[
                endpoint(
                    "GET",
                    "/api/employees/{employee_id}",
                    &[("employee_id", 20, "bigint", true), ("fields", 1009, "text[]", false)],
                ),
                endpoint("GET", "/api/employees-employee_id", &[]),
                endpoint(
                    "POST",
                    "/api/employees",
                    &[("name", 25, "text", true), ("rate", 1700, "numeric", false)],
                ),
            ],
            &[],
        )
    }

    #[test]
    fn a_get_has_parameters_and_a_post_a_closed_body() {
        let document = sample();
        let get = &document["paths"]["/api/employees/{employee_id}"]["get"];
        assert_eq!(get["operationId"], "get_api_employees_employee_id");
        assert_eq!(get["parameters"][0]["in"], "path");
        assert_eq!(get["parameters"][0]["schema"]["format"], "int64");
        assert_eq!(get["parameters"][1]["explode"], true);
        assert_eq!(get.get("requestBody"), None);
        let schema = &document["paths"]["/api/employees"]["post"]["requestBody"]["content"]["application/json"]
            ["schema"];
        assert_eq!(schema["required"], json!(["name"]));
        assert_eq!(schema["additionalProperties"], false);
    }

    #[test]
    fn every_operation_has_an_identity_a_good_answer_and_a_problem() {
        let document = sample();
        assert_eq!(document["openapi"], "3.1.0");
        let mut identities = BTreeSet::new();
        for operations in document["paths"].as_object().unwrap().values() {
            for operation in operations.as_object().unwrap().values() {
                assert!(identities.insert(operation["operationId"].as_str().unwrap().to_owned()));
                let responses = operation["responses"].as_object().unwrap();
                assert_eq!(responses["default"]["$ref"], "#/components/responses/Problem");
                assert!(responses.keys().any(|status| status.starts_with('2')));
            }
        }
        assert_eq!(identities.len(), 4);
        assert!(identities.contains("get_api_employees_employee_id_2"));
    }
}
