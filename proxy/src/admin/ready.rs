//! /ready: whether requests would be answered, and if not, what is missing.

use std::time::Duration;

use http::StatusCode;
use serde::Serialize;

use crate::database::connect::{SessionOptions, connect};
use crate::endpoint::CatalogState;
use crate::http::reply::{JSON, Reply};
use crate::migration::{self, MigrationStatus};
use crate::pipeline::Proxy;

/// Longest time for one look at the database: balancers ask every few seconds and give up after one or two.
const LOOK_WITHIN: Duration = Duration::from_secs(2);

#[derive(Debug, Default, Serialize)]
struct Readiness {
    ready: bool,
    /// What keeps it from being ready, in words.
    missing: Vec<String>,
    database_reachable: bool,
    endpoints: usize,
    imports: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<MigrationStatus>,
}

pub(super) async fn answer(proxy: &Proxy) -> Reply {
    let mut readiness = Readiness::default();
    if proxy.stops() {
        readiness.missing.push("the proxy is stopping".to_owned());
    }
    look(proxy, &mut readiness).await;
    match &*proxy.catalog.state() {
        CatalogState::Read(catalog) => {
            readiness.endpoints = catalog.endpoints.len();
            readiness.imports = catalog.imports.len();
            if catalog.endpoints.is_empty() {
                readiness.missing.push("no endpoint is exposed".to_owned());
            }
        }
        CatalogState::Absent(reason) => readiness.missing.push(format!("no endpoints: {reason}")),
    }
    readiness.ready = readiness.missing.is_empty();
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    // Serialising strings and numbers into memory cannot fail.
    Reply::new(status, JSON, serde_json::to_vec(&readiness).unwrap_or_default())
}

/// A connection of its own, so that a full pool does not pass for an absent database.
async fn look(proxy: &Proxy, readiness: &mut Readiness) {
    let session = SessionOptions { application_name: "rota ready", statement_timeout: Some(LOOK_WITHIN) };
    let client = match tokio::time::timeout(LOOK_WITHIN, connect(&proxy.settings, session)).await {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => return readiness.missing.push(error.to_string()),
        Err(_) => return readiness.missing.push("the database does not answer".to_owned()),
    };
    readiness.database_reachable = true;
    match tokio::time::timeout(LOOK_WITHIN, migration::status(&client)).await {
        Ok(Ok(status)) => {
            readiness.missing.extend(status.missing());
            readiness.database = Some(status);
        }
        Ok(Err(error)) => readiness.missing.push(error.to_string()),
        Err(_) => readiness.missing.push("the database does not tell its migration level in time".to_owned()),
    }
}
