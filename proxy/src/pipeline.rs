//! The life of a request: a row of stages, each able to refuse.
//!
//! limits → rate → route → validate → cache → admission → pool → call → encode. Authentication stands between
//! route and validate and is not built yet. A read may be answered from the cache; a change never is.

mod change;
mod events;
mod read;
mod recent;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Method, StatusCode, Version, header};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::error::SqlState;
use tokio_util::sync::CancellationToken;

use crate::admission::{Admission, Lane, Place, RateLimit, preferred_wait};
use crate::cache::claims::Claims;
use crate::cache::store::Cache;
use crate::config::Settings;
use crate::database::call::{Answered, Call, call};
use crate::database::failure::{refused, shed, without_connection};
use crate::database::imports::ImportConnections;
use crate::database::pool::Pool;
use crate::database::retry::Retries;
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
use crate::refresh::Refreshing;
use crate::upload;

/// The status under which a request is counted whose client left: nobody reads it. As nginx has it.
const CLIENT_LEFT: u16 = 499;
/// What a client would like (RFC 7240); read is `wait`.
const PREFER: HeaderName = HeaderName::from_static("prefer");

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
    /// Who may wait for the database.
    pub admission: Arc<Admission>,
    /// The quotas of clients, if there are any.
    pub rate_limit: Option<RateLimit>,
    /// The connections of imports.
    pub imports: ImportConnections,
    /// What keeps managed views fresh.
    pub refreshing: Refreshing,
    /// Places for imports.
    pub import_places: Semaphore,
    /// Set once the proxy is about to stop.
    pub is_stopping: AtomicBool,
    /// Cancelled when running calls have had their time at the stop.
    pub cut_off: CancellationToken,
}

/// Why a request ends without its result.
pub enum Refusal {
    /// The caller is told.
    Problem(Problem),
    /// Nobody is there to be told.
    ClientLeft,
    /// It has been answered already, piece by piece.
    Streamed,
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
        let admission = Admission::new(&settings, &metrics);
        Ok(Self {
            catalog: Arc::new(CatalogWatch::new(Arc::clone(&metrics))),
            pool: Pool::new(&settings, Arc::clone(&admission), Arc::clone(&metrics))?,
            cache: Arc::new(Cache::new(&settings, Arc::clone(&metrics))?),
            admission,
            rate_limit: RateLimit::new(&settings),
            observer: Observer::new(&settings, metrics),
            imports: ImportConnections::new(&settings)?,
            refreshing: Refreshing::default(),
            import_places: Semaphore::new(settings.import_limit),
            is_stopping: AtomicBool::new(false),
            cut_off: CancellationToken::new(),
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
            Err(Refusal::Streamed) => None,
            Err(Refusal::ClientLeft) => {
                event.status = CLIENT_LEFT;
                self.observer.metrics.abandoned.inc();
                None
            }
        }
    }

    async fn stages(&self, exchange: &mut Exchange, event: &mut RequestEvent) -> Result<Reply, Refusal> {
        self.check_limits(exchange)?;
        self.check_rate(exchange, event)?;
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
                if endpoint.event_stream {
                    self.stream_events(endpoint, arguments, &catalog, exchange, event).await
                } else if endpoint.method == Method::GET {
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

    /// The quota of the client.
    fn check_rate(&self, exchange: &Exchange, event: &mut RequestEvent) -> Result<(), Problem> {
        let Some(limit) = &self.rate_limit else { return Ok(()) };
        let client = exchange.client(&self.settings.rate_limit_header);
        limit.count(&client).map(|quota| event.quota = Some(quota)).map_err(|quota| {
            event.quota = Some(quota);
            self.observer.metrics.rate_limited.inc();
            let detail =
                format!("the quota of {} requests in {} s is used up", quota.requests, quota.window_seconds);
            let problem = Problem::new(ProblemKind::RateLimited, detail);
            Problem { retry_after_seconds: Some(quota.next_in_seconds.max(1)), ..problem }
        })
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

    /// How long a request may take: as long as its client is willing to wait, and never longer than the
    /// setting.
    fn patience(&self, exchange: &Exchange) -> Duration {
        let most = self.settings.request_deadline_ms;
        exchange.header(PREFER).and_then(preferred_wait).map_or(most, |wait| wait.min(most))
    }

    /// Admission, pool and call, within the deadline and only as long as the client stays.
    async fn fetch(
        &self,
        endpoint: &Endpoint,
        arguments: &Arguments<'_>,
        generation: u64,
        exchange: &mut Exchange,
        event: &mut RequestEvent,
    ) -> Result<Answered, Refusal> {
        event.supplied = arguments.supplied;
        let patience = self.patience(exchange);
        let deadline = Instant::from_std(event.started()) + patience;
        let place =
            self.admission.enter(&endpoint.borrower, deadline.into_std()).map_err(|told| shed(&told))?;
        let fetched = tokio::select! {
            biased;
            fetched = timeout_at(deadline, self.call(endpoint, arguments, generation, &place, event)) => fetched,
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
                Err(late(patience).into())
            }
        }
    }

    /// Waits for something that needs no connection, within the deadline and only as long as the client
    /// stays.
    async fn while_wanted<T>(
        &self,
        waited_for: impl Future<Output = T>,
        exchange: &mut Exchange,
        event: &RequestEvent,
    ) -> Result<T, Refusal> {
        let patience = self.patience(exchange);
        let deadline = Instant::from_std(event.started()) + patience;
        tokio::select! {
            biased;
            waited = timeout_at(deadline, waited_for) => waited.map_err(|_| late(patience).into()),
            () = exchange.client_leaves() => Err(Refusal::ClientLeft),
            () = self.cut_off.cancelled() => Err(stopping().into()),
        }
    }

    /// Takes a connection and calls; again, on a connection of its own, where the server says that it may.
    async fn call(
        &self,
        endpoint: &Endpoint,
        arguments: &Arguments<'_>,
        generation: u64,
        place: &Place<'_>,
        event: &mut RequestEvent,
    ) -> Result<Answered, Problem> {
        let mut retries = Retries::new(self.settings.retry_limit);
        loop {
            let error = match self.attempt(endpoint, arguments, generation, place, event).await? {
                Ok(result) => return Ok(result),
                Err(error) => error,
            };
            let code = error.code().map(SqlState::code).unwrap_or_default();
            if let Some(pause) = retries.next(code) {
                self.observer.metrics.retries.with_label_values(&[code]).inc();
                sleep(pause).await;
                continue;
            }
            if sqlstate::asks_to_read_the_catalog_again(code) {
                self.catalog.doubt();
            }
            return Err(refused(&error, self.settings.log_database_messages, event));
        }
    }

    /// One call on one connection. Dropped midway, the call is ended in the server before the connection is
    /// used again.
    async fn attempt(
        &self,
        endpoint: &Endpoint,
        arguments: &Arguments<'_>,
        generation: u64,
        place: &Place<'_>,
        event: &mut RequestEvent,
    ) -> Result<Result<Answered, tokio_postgres::Error>, Problem> {
        let lease = self.pool.lease(place).await;
        event.ends(Phase::Pool);
        event.pool_used_percent = Some(self.pool.used_percent());
        let mut lease = lease.map_err(|error| without_connection(&error, event))?;
        let text = endpoint.statement(arguments.supplied);
        let statement_timeout = endpoint.statement_timeout;
        let (claims, values) = (arguments.claims.json(), &arguments.values);
        let wanted = Call { text: &text, generation, statement_timeout, claims, values };
        let outcome = call(&mut lease, &wanted).await;
        event.ends(Phase::Call);
        Ok(outcome)
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
                let (varies, is_private) = (reply.varies, reply.is_private);
                return Ok(Reply { entity_tag: Some(tag), varies, is_private, ..unchanged });
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
        let taken: usize = Lane::ALL.into_iter().map(|lane| self.admission.admitted(lane)).sum();
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

/// The problem of a request whose time is over.
fn late(patience: Duration) -> Problem {
    let limit_ms = patience.as_millis();
    let detail = format!("the request took longer than its limit of {limit_ms} ms");
    Problem::new(ProblemKind::DeadlineExceeded, detail)
}
