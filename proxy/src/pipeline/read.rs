//! The life of a read: cache, or one flight for all who miss the same answer, or the database alone.

use std::sync::Arc;

use http::{Method, StatusCode, header};
use tokio::time::{Instant, timeout_at};

use super::{Proxy, Refusal};
use crate::cache::entry::{Encoded, Entry, Variants};
use crate::cache::flight::{Landing, Role};
use crate::cache::snapshot::Snapshot;
use crate::cache::store::Question;
use crate::cache::verdict::{Reason, Verdict};
use crate::cache::wish::Wish;
use crate::database::call::Answered;
use crate::endpoint::{Arguments, Catalog, Endpoint};
use crate::http::accept::{Coding, negotiate};
use crate::http::compress::compress;
use crate::http::entity_tag::{entity_tag, matches};
use crate::http::exchange::Exchange;
use crate::http::prepared::unchanging_head;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::reply::{JSON, Reply};
use crate::observe::{Phase, RequestEvent};

/// A read on its way.
pub(super) struct Read<'r> {
    pub(super) endpoint: &'r Arc<Endpoint>,
    pub(super) arguments: &'r Arguments<'r>,
    pub(super) generation: u64,
    pub(super) wish: Wish,
}

impl Read<'_> {
    /// What the answer tells of its age. Nothing where it cannot come from managed views, and on a standby, which does
    /// not know what it lacks.
    fn told(&self, stamp: &Snapshot, staleness_ms: u64) -> Option<u64> {
        (self.endpoint.staleness.is_some() && !stamp.taken_in_recovery).then_some(staleness_ms)
    }
}

impl Proxy {
    /// Answers a read. A hit takes no place among the waiting and no connection.
    pub(super) async fn read(
        &self,
        endpoint: &Arc<Endpoint>,
        arguments: &Arguments<'_>,
        catalog: &Arc<Catalog>,
        exchange: &mut Exchange,
        event: &mut RequestEvent,
    ) -> Result<Reply, Refusal> {
        let wish = Wish::of(&exchange.session.req_header().headers, endpoint.consistency)?;
        let fresh = endpoint.staleness.as_ref().filter(|_| !wish.takes_stale());
        let fresh = fresh.map(|staleness| staleness.demanding_fresh(arguments));
        // What is asked of the cache stays the caller's: an answer that lacks nothing is right for everybody.
        let called = fresh.as_ref().unwrap_or(arguments);
        let read = Read { endpoint, arguments: called, generation: catalog.generation, wish: wish.clone() };
        let started = event.started();
        let question = match self.cache.question(endpoint, arguments, catalog, wish, started) {
            Ok(question) => question,
            Err(verdict) => {
                if matches!(verdict, Verdict::Miss { reason: Reason::CatalogChanged, .. }) {
                    self.catalog.doubt();
                }
                event.cache = verdict;
                return self.uncached(&read, exchange, event).await;
            }
        };
        let reason = match self.cache.find(&question).await {
            Ok(entry) => {
                event.cache = Verdict::Hit;
                return self.reply(&read, &question, &entry, exchange, event).await;
            }
            Err(reason) => reason,
        };
        let entry = self.miss(&read, &question, reason, exchange, event).await?;
        self.reply(&read, &question, &entry, exchange, event).await
    }

    /// The answer to a miss: of a flight that is under way, or of one of its own.
    async fn miss(
        &self,
        read: &Read<'_>,
        question: &Question,
        reason: Reason,
        exchange: &mut Exchange,
        event: &mut RequestEvent,
    ) -> Result<Arc<Entry>, Refusal> {
        loop {
            let mut leader = match self.cache.flights.join(&question.key) {
                Role::Leader(leader) => leader,
                Role::Follower(follower) => {
                    let landed = self.while_wanted(follower.landing(), exchange, event).await?;
                    if let Some(landing) = landed
                        && self.takes(question, &landing).await
                    {
                        event.cache = Verdict::Miss { reason, collapsed: true, stored: false };
                        return Ok(landing.entry);
                    }
                    continue;
                }
            };
            if reason.asks_elsewhere()
                && let Some(entry) = self.cache.find_shared(question).await
            {
                leader.land(Arc::clone(&entry));
                event.cache = Verdict::SharedHit;
                return Ok(entry);
            }
            event.cache = Verdict::Miss { reason, collapsed: false, stored: false };
            leader.begin();
            let answered = self.fetch_recent(read, Some(question), exchange, event).await?;
            let (entry, stored) = self.cache.store(question, answered);
            leader.land(Arc::clone(&entry));
            event.cache = Verdict::Miss { reason, collapsed: false, stored };
            return Ok(entry);
        }
    }

    /// Whether a follower takes what a flight brought: see the flights for why this is fresh enough.
    async fn takes(&self, question: &Question, landing: &Landing) -> bool {
        if landing.entry.staleness_ms > 0 && !question.wish.takes_stale() {
            return false;
        }
        let stamp = &landing.entry.stamp;
        // A statement on a standby may see less than what was committed when it began.
        let is_recent = landing.began_after(question.arrived) && !stamp.taken_in_recovery;
        question.wish.is_met_by(stamp)
            && (is_recent || self.cache.judge(question, &landing.entry).await.is_ok())
    }

    /// The answer of the database, for an endpoint that is not cached.
    async fn uncached(
        &self,
        read: &Read<'_>,
        exchange: &mut Exchange,
        event: &mut RequestEvent,
    ) -> Result<Reply, Refusal> {
        let answered = self.fetch_recent(read, None, exchange, event).await?;
        if read.wish.tells_snapshot {
            event.snapshot = Some(answered.stamp.to_string());
        }
        event.staleness_ms = read.told(&answered.stamp, answered.staleness_ms);
        let body = answered.json.ok_or_else(nothing_found)?;
        let reply = Reply::new(read.endpoint.success_status, JSON, body);
        let is_private = !read.endpoint.claims.is_empty();
        Ok(self.encode(Reply { is_private, ..reply }, exchange, event).await?)
    }

    /// The answer of the database to nobody, or nothing if there is none.
    pub async fn fetch_unasked(
        &self,
        endpoint: &Arc<Endpoint>,
        arguments: &Arguments<'_>,
        generation: u64,
        deadline: Instant,
        event: &mut RequestEvent,
    ) -> Option<Answered> {
        let place = self.admission.enter(&endpoint.borrower, deadline.into_std()).ok()?;
        timeout_at(deadline, self.call(endpoint, arguments, generation, &place, event)).await.ok()?.ok()
    }

    /// The reply that an entry gives to this request: in its coding, or 304, or 404 for NULL.
    async fn reply(
        &self,
        read: &Read<'_>,
        question: &Question,
        entry: &Arc<Entry>,
        exchange: &Exchange,
        event: &mut RequestEvent,
    ) -> Result<Reply, Refusal> {
        if read.wish.tells_snapshot {
            event.snapshot = Some(entry.stamp.to_string());
        }
        let now = Instant::now().into_std();
        let is_hit = matches!(event.cache, Verdict::Hit | Verdict::SharedHit);
        let unknown_ms = if is_hit { question.hit_age_ms(now) } else { 0 };
        event.staleness_ms = read.told(&entry.stamp, entry.staleness_ms(now).max(unknown_ms));
        let variants = entry.answer.as_ref().ok_or_else(nothing_found)?;
        let varies = variants.identity().body.len() > self.settings.compress_above_bytes;
        let wanted =
            if varies { negotiate(exchange.header(header::ACCEPT_ENCODING)) } else { Coding::Identity };
        let made;
        let encoded = match variants.get(wanted) {
            Some(encoded) => encoded,
            None => {
                made = self.encoded(question, entry, variants, wanted, event).await?;
                &made
            }
        };
        event.ends(Phase::Encode);
        let status = read.endpoint.success_status;
        let is_tagged = status == StatusCode::OK && matches!(exchange.method, Method::GET | Method::HEAD);
        let entity_tag = is_tagged.then(|| encoded.entity_tag.clone());
        let is_private = !read.endpoint.claims.is_empty();
        let is_known = is_tagged
            && exchange
                .header(header::IF_NONE_MATCH)
                .is_some_and(|given| matches(given, &encoded.entity_tag));
        if is_known {
            let unchanged = Reply::empty(StatusCode::NOT_MODIFIED);
            return Ok(Reply { varies, entity_tag, is_private, ..unchanged });
        }
        let prepared = matches!(event.cache, Verdict::Hit).then(|| {
            let tag = entity_tag.as_ref();
            encoded.head(|| unchanging_head(status, wanted, varies, is_private, tag, encoded.body.len()))
        });
        let reply = Reply::new(status, JSON, encoded.body.clone());
        Ok(Reply { varies, entity_tag, is_private, coding: wanted, prepared, ..reply })
    }

    /// Makes the answer of an entry in one more coding, and keeps it for the next who wants it.
    async fn encoded(
        &self,
        question: &Question,
        entry: &Arc<Entry>,
        variants: &Variants,
        coding: Coding,
        event: &mut RequestEvent,
    ) -> Result<Encoded, Problem> {
        let identity = &variants.identity().body;
        let body = compress(identity.clone(), coding).await.map_err(|error| {
            event.cause = Some(error.to_string());
            Problem::new(ProblemKind::Internal, "the answer could not be compressed")
        })?;
        let made = Encoded::new(body, entity_tag(identity, coding));
        self.cache.keep(question, &Arc::new(entry.with_coding(coding, made.clone())));
        Ok(made)
    }
}

/// The problem of a function that returned NULL.
pub(super) fn nothing_found() -> Problem {
    Problem::new(ProblemKind::NothingFound, "the function found nothing for this")
}
