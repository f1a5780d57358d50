//! How recent an answer of the database has to be.
//!
//! A primary's answer contains everything that was committed before it was asked for. A standby may be behind. It is
//! asked again until its answer contains what the caller may rely on, and refused where that takes too long:
//!
//! - the transactions that the caller names;
//! - every change that was announced here for what the endpoint reads when the request came to the cache;
//! - for a `checked` read, everything that the primary had committed by then.
//!
//! Of an endpoint whose reads are not known a standby tells what it has.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::read::Read;
use super::{Proxy, Refusal};
use crate::cache::snapshot::Snapshot;
use crate::cache::store::Question;
use crate::cache::wish::Consistency;
use crate::database::call::Answered;
use crate::http::exchange::Exchange;
use crate::http::problem::{Problem, ProblemKind};
use crate::observe::RequestEvent;

/// Pause before a standby is asked again for what it has not replayed.
const STANDBY_PAUSE: Duration = Duration::from_millis(10);

impl Proxy {
    /// Asks the database until it contains what it has to.
    pub(super) async fn fetch_recent(
        &self,
        read: &Read<'_>,
        question: Option<&Question>,
        exchange: &mut Exchange,
        event: &mut RequestEvent,
    ) -> Result<Answered, Refusal> {
        let deadline = Instant::now() + self.settings.after_wait_ms;
        let may_be_standby = self.settings.announcements_url.is_some();
        let announced = question.filter(|_| may_be_standby).map(|question| (question, question.announced()));
        let mut committed = None;
        loop {
            let answered =
                self.fetch(read.endpoint, read.arguments, read.generation, exchange, event).await?;
            let stamp = &answered.stamp;
            let contains_announced = || {
                announced.as_ref().is_none_or(|(question, announced)| question.is_contained(announced, stamp))
            };
            let missing = if !read.wish.is_met_by(stamp) {
                "the transactions that Rota-After names"
            } else if !stamp.taken_in_recovery {
                return Ok(answered);
            } else if !contains_announced() {
                "changes that were announced before this request"
            } else if !self.contains_committed(read, &mut committed, stamp).await? {
                "what its primary had committed before this request"
            } else {
                return Ok(answered);
            };
            if !stamp.taken_in_recovery || Instant::now() >= deadline {
                let detail = format!("the database does not contain {missing}");
                return Err(Problem::new(ProblemKind::Unavailable, detail).into());
            }
            sleep(STANDBY_PAUSE).await;
        }
    }

    /// Whether a standby's answer to a `checked` read contains everything that the primary has committed. The
    /// primary is asked once for each request.
    async fn contains_committed(
        &self,
        read: &Read<'_>,
        committed: &mut Option<Snapshot>,
        stamp: &Snapshot,
    ) -> Result<bool, Problem> {
        if read.wish.consistency != Consistency::Checked {
            return Ok(true);
        }
        if committed.is_none() {
            *committed = self.cache.checker.committed().await;
        }
        let committed = committed.as_ref().ok_or_else(|| {
            let detail = "a standby answers here, and its primary cannot be asked what it has committed";
            Problem::new(ProblemKind::Unavailable, detail)
        })?;
        Ok(stamp.contains(committed))
    }
}
