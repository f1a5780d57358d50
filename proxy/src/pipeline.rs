//! The life of a request: a row of stages, each able to refuse.
//!
//! limits → route → validate → cache → admission → pool → call → encode. Authentication stands between route and
//! validate and is not built yet. A read may be answered from the cache; a change never is.

mod change;
mod read;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{Method, StatusCode, Version, header};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::cache::claims::Claims;
use crate::cache::store::Cache;
use crate::config::Settings;
use crate::database::call::{Answered, Call, call};
use crate::database::failure::{refused, without_connection};
use crate::database::pool::Pool;
use crate::database::sqlstate;
use crate::endpoint::{Arguments, CatalogWatch, Endpoint, Resolved, bind};
use crate::error::Error;
use crate::http::accept::{Coding, negotiate};
use crate::http::compress::compress;
use crate::http::entity_tag::{entity_tag, matches};
use crate::http::exchange::Exchange;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::reply::{JSON, Reply};
use crate::observe::{Metrics, Observer, Phase, RequestEvent};
use crate::upload;

/// The status under which a request is counted whose client left: nobody reads it. As nginx has it.
const CLIENT_LEFT: u16 = 499;

/// What the stages share.
pub struct Proxy {
    /// The settings.
    pub settings: Settings,
    /// The endpoints.
    pub catalog: Arc<CatalogWatch>,
    /// The connections.
    pub pool: Pool,
    /// Answers that need no connection.
    pub cache: Arc<Cache>,
    /// Log, metrics and slow calls.
    pub observer: Observer,
    /// Places for imports.
    pub import_places: Semaphore,
    /// Set once the proxy is about to stop.
    pub is_stopping: AtomicBool,
    /// Cancelled when running calls have had their time at the stop.
    pub cut_off: CancellationToken,
    places: Semaphore,
}

/// Why a request ends without its result.
pub enum Refusal {
    /// The caller is told.
    Problem(Problem),
    /// Nobody is there to be told.
    ClientLeft,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Proxy {
    /// A proxy that has not read its catalog yet.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let metrics = Arc::new(Metrics::new().map_err(|error| Error::Start(error.to_string()))?);
        Ok(Self {
            catalog: Arc::new(CatalogWatch::new(Arc::clone(&metrics))),
            pool: Pool::new(&settings, Arc::clone(&metrics))?,
            cache: Arc::new(Cache::new(&settings, Arc::clone(&metrics))?),
            observer: Observer::new(&settings, metrics),
            import_places: Semaphore::new(settings.import_limit),
            is_stopping: AtomicBool::new(false),
            cut_off: CancellationToken::new(),
            places: Semaphore::new(settings.in_flight_limit),
            settings,
        })
    }

    /// Answers a request; nothing if the client has left.
    pub async fn answer(&self, exchange: &mut Exchange, event: &mut RequestEvent) -> Option<Reply> {
        match self.stages(exchange, event).await {
            Ok(reply) => Some(reply),
            Err(Refusal::Problem(problem)) => {
                event.problem = Some(problem.kind);
                Some(Reply::problem(&problem, self.settings.retry_after_seconds))
            }
            Err(Refusal::ClientLeft) => {
                event.status = CLIENT_LEFT;
                self.observer.metrics.abandoned.inc();
                None
            }
        }
    }

    async fn stages(&self, exchange: &mut Exchange, event: &mut RequestEvent) -> Result<Reply, Refusal> {
        self.check_limits(exchange)?;
        let catalog = self.catalog.current()?;
        let (method, target) = (exchange.method.clone(), exchange.target.clone());
        match catalog.router.resolve(&method, target.path())? {
            Resolved::Options(allow) => Ok(Reply::options(allow)),
            Resolved::Description => {
                let reply = Reply::new(StatusCode::OK, JSON, catalog.openapi.clone());
                Ok(self.encode(reply, exchange, event).await?)
            }
            Resolved::Import(import) => upload::receive(self, import, exchange, event).await,
            Resolved::Endpoint(endpoint, parameters) => {
                event.endpoint = Some(Arc::clone(endpoint));
                let body = self.read_body(endpoint, exchange).await?;
                let values = parameters.iter().map(|(_, value)| value);
                let mut arguments = bind(endpoint, values, target.query().unwrap_or_default(), &body)?;
                arguments.claims = self.claims(endpoint, exchange)?;
                event.ends(Phase::Validate);
                if endpoint.method == Method::GET {
                    self.read(endpoint, &arguments, &catalog, exchange, event).await
                } else {
                    self.change(endpoint, &arguments, &catalog, exchange, event).await
                }
            }
        }
    }

    /// Limits that need no catalog.
    fn check_limits(&self, exchange: &Exchange) -> Result<(), Problem> {
        let limit = self.settings.target_limit_bytes;
        let target = &exchange.target;
        let length = target.path().len() + target.query().map_or(0, |query| query.len() + 1);
        if length > limit {
            let detail = format!("the target has {length} bytes, the limit is {limit}");
            return Err(Problem::new(ProblemKind::TargetTooLong, detail));
        }
        let head = exchange.session.req_header();
        if !head.raw_path_is_utf8() {
            return Err(Problem::new(ProblemKind::MalformedRequest, "the target is not UTF-8"));
        }
        if head.version == Version::HTTP_11 && !head.headers.contains_key(header::HOST) {
            let detail = "HTTP/1.1 asks for a Host header (RFC 9112, section 3.2)";
            return Err(Problem::new(ProblemKind::MalformedRequest, detail).closing());
        }
        Ok(())
    }

    /// The JSON body, where the method has one.
    async fn read_body(&self, endpoint: &Endpoint, exchange: &mut Exchange) -> Result<Bytes, Problem> {
        if !exchange.has_body() {
            return Ok(Bytes::new());
        }
        if endpoint.method == Method::GET {
            let detail = "a GET takes no body here; its arguments belong in the query";
            return Err(Problem::new(ProblemKind::MalformedRequest, detail).closing());
        }
        let media_type = exchange.header(header::CONTENT_TYPE).unwrap_or(JSON);
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case(JSON) {
            let detail = "the body must be application/json";
            return Err(Problem::new(ProblemKind::UnsupportedMediaType, detail).closing());
        }
        exchange.body(endpoint.body_limit_bytes.unwrap_or(self.settings.body_limit_bytes)).await
    }

    /// The claims that the endpoint declares, as a gateway in front has verified them.
    fn claims(&self, endpoint: &Endpoint, exchange: &Exchange) -> Result<Claims, Problem> {
        if endpoint.claims.is_empty() {
            return Ok(Claims::default());
        }
        let given = self.settings.claims_header.as_ref().and_then(|name| exchange.session.get_header(name));
        Claims::read(&endpoint.claims, given)
    }

    /// A place among the requests that may wait for the database.
    fn admit(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.places.try_acquire().map_err(|_| {
            let limit = self.settings.in_flight_limit;
            Problem::new(ProblemKind::Overloaded, format!("the limit of {limit} requests at once is reached"))
        })
    }

    /// Pool and call, within the deadline and only as long as the client stays.
    async fn fetch(
        &self,
        endpoint: &Endpoint,
        arguments: &Arguments<'_>,
        generation: u64,
        exchange: &mut Exchange,
        event: &mut RequestEvent,
    ) -> Result<Answered, Refusal> {
        let _place = self.admit()?;
        event.supplied = arguments.supplied;
        let deadline = Instant::from_std(event.started()) + self.settings.request_deadline_ms;
        let fetched = tokio::select! {
            biased;
            fetched = timeout_at(deadline, self.call(endpoint, arguments, generation, event)) => fetched,
            () = exchange.client_leaves() => {
                event.ends_fetching();
                return Err(Refusal::ClientLeft);
            }
            () = self.cut_off.cancelled() => {
                event.ends_fetching();
                return Err(stopping().into());
            }
        };
        match fetched {
            Ok(result) => Ok(result?),
            Err(_) => {
                event.ends_fetching();
                Err(self.late().into())
            }
        }
    }

    /// Waits for something that needs no connection, within the deadline and only as long as the client stays.
    async fn while_wanted<T>(
        &self,
        waited_for: impl Future<Output = T>,
        exchange: &mut Exchange,
        event: &RequestEvent,
    ) -> Result<T, Refusal> {
        let deadline = Instant::from_std(event.started()) + self.settings.request_deadline_ms;
        tokio::select! {
            biased;
            waited = timeout_at(deadline, waited_for) => waited.map_err(|_| self.late().into()),
            () = exchange.client_leaves() => Err(Refusal::ClientLeft),
            () = self.cut_off.cancelled() => Err(stopping().into()),
        }
    }

    fn late(&self) -> Problem {
        let limit_ms = self.settings.request_deadline_ms.as_millis();
        let detail = format!("the request took longer than its limit of {limit_ms} ms");
        Problem::new(ProblemKind::DeadlineExceeded, detail)
    }

    /// Takes a connection and calls. Dropped midway, the connection is cancelled and never used again.
    async fn call(
        &self,
        endpoint: &Endpoint,
        arguments: &Arguments<'_>,
        generation: u64,
        event: &mut RequestEvent,
    ) -> Result<Answered, Problem> {
        let lease = self.pool.lease().await;
        event.ends(Phase::Pool);
        event.pool_used_percent = Some(self.pool.used_percent());
        let mut lease = lease.map_err(|error| without_connection(&error, event))?;
        let text = endpoint.statement(arguments.supplied);
        let statement_timeout = endpoint.statement_timeout;
        let (claims, values) = (arguments.claims.json(), &arguments.values);
        let outcome =
            call(&mut lease, &Call { text: &text, generation, statement_timeout, claims, values }).await;
        event.ends(Phase::Call);
        outcome.map_err(|error| {
            if error.code().is_some_and(|code| sqlstate::asks_to_read_the_catalog_again(code.code())) {
                self.catalog.doubt();
            }
            refused(&error, event)
        })
    }

    /// Tags the answer, answers 304 where the client has it, compresses it where that pays.
    pub async fn encode(
        &self,
        mut reply: Reply,
        exchange: &Exchange,
        event: &mut RequestEvent,
    ) -> Result<Reply, Problem> {
        reply.varies = reply.body.len() > self.settings.compress_above_bytes;
        if reply.varies {
            reply.coding = negotiate(exchange.header(header::ACCEPT_ENCODING));
        }
        let is_tagged =
            reply.status == StatusCode::OK && matches!(exchange.method, Method::GET | Method::HEAD);
        if is_tagged {
            let tag = entity_tag(&reply.body, reply.coding);
            if exchange.header(header::IF_NONE_MATCH).is_some_and(|given| matches(given, &tag)) {
                event.ends(Phase::Encode);
                let unchanged = Reply::empty(StatusCode::NOT_MODIFIED);
                return Ok(Reply { entity_tag: Some(tag), varies: reply.varies, ..unchanged });
            }
            reply.entity_tag = Some(tag);
        }
        if reply.coding != Coding::Identity {
            reply.body = compress(reply.body, reply.coding).await.map_err(|error| {
                event.cause = Some(error.to_string());
                Problem::new(ProblemKind::Internal, "the answer could not be compressed")
            })?;
        }
        event.ends(Phase::Encode);
        Ok(reply)
    }

    /// Brings the gauge of admitted requests to what it is now.
    pub fn observe_places(&self) {
        let taken = self.settings.in_flight_limit.saturating_sub(self.places.available_permits());
        self.observer.metrics.in_flight.set(i64::try_from(taken).unwrap_or(i64::MAX));
    }

    /// Whether the proxy is about to stop.
    pub fn stops(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}

/// The problem of a request that the stop of the proxy cuts off.
fn stopping() -> Problem {
    Problem::new(ProblemKind::Unavailable, "the proxy is stopping").closing()
}
