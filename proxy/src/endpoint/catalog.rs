//! The endpoints and imports of one reading of the database's catalogs.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Deserialize;
use tokio_postgres::{Client, Row};

use super::{Argument, ArgumentType, Router, Shape, Staleness, StatementText, openapi};
use crate::admission::{Borrower, Lane};
use crate::cache::key::Viewpoint;
use crate::cache::rules::Rules;
use crate::cache::snapshot::{Snapshot, Stamp};
use crate::cache::verdict::Verdict;
use crate::cache::wish::Consistency;
use crate::import::{self, ImportSpec};
use crate::observe::EndpointMetrics;
use crate::observe::metrics::Metrics;

/// Statement texts kept per endpoint. Callers use a handful of argument sets; past this many the text is
/// built anew each time, so that no caller can grow our memory by trying all sets.
const STATEMENT_TEXTS_KEPT: usize = 64;

/// One endpoint: a method and a path in front of a function.
#[derive(Debug)]
pub struct Endpoint {
    /// GET, POST, PUT, PATCH or DELETE.
    pub method: Method,
    /// The path with its `{parameters}`.
    pub path: String,
    /// The function's schema.
    pub schema: String,
    /// The function's name.
    pub function: String,
    /// One line for people.
    pub summary: Option<String>,
    /// The function's comment.
    pub description: Option<String>,
    /// The status of a good answer.
    pub success_status: StatusCode,
    /// The statement timeout, where it differs from the session's.
    pub statement_timeout: Option<Duration>,
    /// The threshold of slow calls, where it differs from the setting.
    pub slow_threshold: Option<Duration>,
    /// The largest body, where it differs from the setting.
    pub body_limit_bytes: Option<u64>,
    /// Whether it is called again and again, and its answers are sent as server-sent events.
    pub event_stream: bool,
    /// The arguments of the function, in its order.
    pub arguments: Vec<Argument>,
    /// The positions, in `arguments`, of the path's parameters from left to right.
    pub path_arguments: Vec<usize>,
    /// How its answers are cached, or the verdict that says why they are not.
    pub cache: Result<Rules, Verdict>,
    /// The consistency that its answers promise at least.
    pub consistency: Consistency,
    /// The claims of the caller that the function may see.
    pub claims: Vec<String>,
    /// Who tells how old its answers are, where they may come from managed views.
    pub staleness: Option<Staleness>,
    /// The metrics of this endpoint, resolved once.
    pub metrics: EndpointMetrics,
    /// The endpoint as a borrower of connections, with its lane.
    pub borrower: Arc<Borrower>,
    statements: RwLock<HashMap<u128, Arc<StatementText>>>,
}

impl Endpoint {
    /// The statement for this set of supplied arguments.
    pub fn statement(&self, supplied: u128) -> Arc<StatementText> {
        let known = self.statements.read().unwrap_or_else(PoisonError::into_inner).get(&supplied).cloned();
        known.unwrap_or_else(|| {
            let text = Arc::new(StatementText::new(
                &self.schema,
                &self.function,
                &self.arguments,
                supplied,
                self.shape(),
                !self.claims.is_empty(),
                self.staleness.as_ref(),
            ));
            let mut statements = self.statements.write().unwrap_or_else(PoisonError::into_inner);
            if statements.len() < STATEMENT_TEXTS_KEPT {
                statements.insert(supplied, Arc::clone(&text));
            }
            text
        })
    }

    /// What its statements tell besides the result. A GET reads, everything else may write.
    fn shape(&self) -> Shape {
        if self.method == Method::GET { Shape::Read } else { Shape::Write }
    }

    fn from_row(row: &Row, metrics: &Metrics) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        #[derive(Deserialize)]
        struct Declared {
            name: String,
            r#type: String,
            type_oid: serde_json::Value,
            required: bool,
            default: Option<String>,
        }
        let declared: Vec<Declared> = serde_json::from_str(row.try_get("arguments")?)?;
        if declared.len() > u128::BITS as usize {
            return Err(format!("has {} arguments, the most are {}", declared.len(), u128::BITS).into());
        }
        let arguments: Vec<Argument> = declared
            .into_iter()
            .map(|argument| {
                // json_build_object writes an oid as a string.
                let oid = argument.type_oid.as_u64().and_then(|oid| u32::try_from(oid).ok());
                let oid = oid.or_else(|| argument.type_oid.as_str()?.parse().ok()).unwrap_or_default();
                Argument {
                    kind: ArgumentType::new(oid, &argument.r#type),
                    name: argument.name.into(),
                    required: argument.required,
                    default: argument.default.map(Into::into),
                }
            })
            .collect();
        let path: String = row.try_get("path")?;
        let path_arguments = super::route::parameters(&path)
            .map(|name| {
                let position = arguments.iter().position(|argument| &*argument.name == name);
                position.ok_or_else(|| format!("path parameter {name} is no argument"))
            })
            .collect::<Result<_, _>>()?;
        let method: String = row.try_get("method")?;
        let milliseconds = |column: &str| -> Result<Option<Duration>, tokio_postgres::Error> {
            let value: Option<i32> = row.try_get(column)?;
            Ok(value.and_then(|value| u64::try_from(value).ok()).map(Duration::from_millis))
        };
        let lane = Lane::named(row.try_get("lane")?)?;
        let status: i32 = row.try_get("success_status")?;
        let consistency: String = row.try_get("consistency")?;
        let consistency = Consistency::named(&consistency)
            .ok_or_else(|| format!("consistency {consistency} is not known"))?;
        let cache = if row.try_get("cacheable")? {
            let reads: Option<&str> = row.try_get("read_tables")?;
            let reads = serde_json::from_str(reads.unwrap_or("[]"))?;
            Ok(Rules::new(reads, &arguments, milliseconds("cache_ttl_ms")?, row.try_get("warm")?))
        } else {
            let reason: Option<&str> = row.try_get("uncacheable_reason")?;
            Err(Verdict::uncacheable(reason.unwrap_or("its database does not let it be cached")))
        };
        let staleness = match row.try_get::<_, Option<String>>("staleness_name")? {
            Some(name) => {
                let taken: Vec<String> = row.try_get("staleness_arguments")?;
                Some(Staleness::new(row.try_get("staleness_schema")?, name, &taken, &arguments)?)
            }
            None => None,
        };
        Ok(Self {
            cache,
            staleness,
            consistency,
            claims: row.try_get::<_, Option<Vec<String>>>("claims")?.unwrap_or_default(),
            metrics: metrics.endpoint(&method, &path),
            borrower: metrics.borrower(&method, &path, lane),
            method: method.parse()?,
            path,
            schema: row.try_get("function_schema")?,
            function: row.try_get("function_name")?,
            summary: row.try_get("summary")?,
            description: row.try_get("description")?,
            success_status: StatusCode::from_u16(u16::try_from(status)?)?,
            statement_timeout: milliseconds("statement_timeout_ms")?,
            slow_threshold: milliseconds("slow_ms")?,
            body_limit_bytes: row
                .try_get::<_, Option<i64>>("body_limit_bytes")?
                .and_then(|l| u64::try_from(l).ok()),
            event_stream: row.try_get("event_stream")?,
            arguments,
            path_arguments,
            statements: RwLock::default(),
        })
    }
}

/// One reading of the catalogs: everything that requests are routed by.
#[derive(Debug)]
pub struct Catalog {
    /// Counts the readings of this process; prepared statements of an older one are dropped.
    pub generation: u64,
    /// Who reads, and the database's own count of its changes: the same for every proxy of one role.
    pub viewpoint: Viewpoint,
    /// What the reading saw at least: with the tag that changes of the catalog announce, it tells whether the
    /// reading is still the current one.
    pub stamp: Snapshot,
    /// The endpoints, by path and method.
    pub endpoints: Vec<Arc<Endpoint>>,
    /// The imports, by name.
    pub imports: Vec<Arc<ImportSpec>>,
    /// Finds the endpoint of a request.
    pub router: Router,
    /// The description in OpenAPI 3.1, as JSON.
    pub openapi: Bytes,
}

const SEEN: &str = "
    SELECT
        current_database()::text, current_user::text, rota.catalog_generation(), rota.stamp()";

const QUERY: &str = "
    SELECT
        method, path, function_schema, function_name, summary, description, success_status,
        statement_timeout_ms, slow_ms, body_limit_bytes, arguments::text AS arguments,
        cacheable, uncacheable_reason, cache_ttl_ms, claims, consistency, warm, lane, event_stream,
        read_tables::text AS read_tables, staleness_schema, staleness_name, staleness_arguments
    FROM rota.endpoint_catalog()
    ORDER BY path, method";

impl Catalog {
    /// Reads both catalogs. An endpoint that cannot be served is logged and left out.
    ///
    /// # Errors
    ///
    /// The server's: it is away, or the extension is not installed.
    pub async fn read(
        client: &Client,
        generation: u64,
        metrics: &Metrics,
    ) -> Result<Self, crate::error::Error> {
        // Before everything else, so that what is read afterwards is at least as new.
        let seen = Self::seen(client)
            .await
            .map_err(crate::error::Error::database("does not tell the state of its catalog"))?;
        let rows = client
            .query(QUERY, &[])
            .await
            .map_err(crate::error::Error::database("does not tell its endpoints"))?;
        let imports = import::read_catalog(client)
            .await
            .map_err(crate::error::Error::database("does not tell its imports"))?;
        let mut endpoints = Vec::with_capacity(rows.len());
        for row in rows {
            match Endpoint::from_row(&row, metrics) {
                Ok(endpoint) => endpoints.push(Arc::new(endpoint)),
                Err(error) => {
                    let path: &str = row.try_get("path").unwrap_or_default();
                    tracing::warn!(path, %error, "endpoint left out");
                }
            }
        }
        let imports: Vec<_> = imports.into_iter().map(Arc::new).collect();
        for import in &imports {
            // Their series begin at zero, as those of the endpoints do.
            drop(metrics.endpoint("POST", &import.path()));
        }
        Ok(Self::new(generation, seen, endpoints, imports))
    }

    /// The viewpoint and the snapshot of this moment.
    async fn seen(client: &Client) -> Result<(Viewpoint, Snapshot), tokio_postgres::Error> {
        let row = client.query_one(SEEN, &[]).await?;
        let (database, role, generation) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let Stamp { snapshot, .. } = row.try_get(3)?;
        Ok((Viewpoint { database, role, generation }, snapshot))
    }

    /// The catalog of these endpoints and imports.
    pub fn new(
        generation: u64,
        (viewpoint, stamp): (Viewpoint, Snapshot),
        endpoints: Vec<Arc<Endpoint>>,
        imports: Vec<Arc<ImportSpec>>,
    ) -> Self {
        let router = Router::new(&endpoints, &imports);
        let openapi = Bytes::from(openapi::description(&endpoints, &imports).to_string());
        Self { generation, viewpoint, stamp, endpoints, imports, router, openapi }
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    /// An endpoint of the function `api.f` with arguments given as (name, OID, type, required).
    pub(crate) fn endpoint(method: &str, path: &str, arguments: &[(&str, u32, &str, bool)]) -> Arc<Endpoint> {
        let arguments: Vec<Argument> = arguments
            .iter()
            .map(|(name, oid, type_name, required)| Argument {
                name: (*name).into(),
                kind: ArgumentType::new(*oid, type_name),
                required: *required,
                default: (!required).then(|| "NULL".into()),
            })
            .collect();
        let path_arguments = super::super::route::parameters(path)
            .map(|name| arguments.iter().position(|argument| &*argument.name == name).unwrap())
            .collect();
        Arc::new(Endpoint {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            schema: "api".to_owned(),
            function: "f".to_owned(),
            summary: Some("A sample.".to_owned()),
            description: None,
            success_status: StatusCode::OK,
            statement_timeout: None,
            slow_threshold: None,
            body_limit_bytes: None,
            event_stream: false,
            arguments,
            path_arguments,
            cache: Err(Verdict::uncacheable("a sample")),
            consistency: Consistency::default(),
            claims: Vec::new(),
            staleness: None,
            metrics: Metrics::new().unwrap().endpoint(method, path),
            borrower: Metrics::new().unwrap().borrower(method, path, Lane::Interactive),
            statements: RwLock::default(),
        })
    }
}
