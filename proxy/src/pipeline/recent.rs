//! How recent an answer of the database has to be.
//!
//! A primary's answer contains everything that was committed before it was asked for. A standby may be behind. It is
//! asked again until its answer contains what the caller may rely on, and refused where that takes too long:
//!
//! - the transactions that the caller names;
//! - of a cached endpoint, every change that was announced here for what it reads when the request came, or, while
//!   announcements cannot be relied on, everything that the primary had committed, if it answers;
//! - for a `checked` read of any endpoint, everything that the primary had committed.
//!
//! Otherwise an endpoint whose reads are not known tells what the standby has.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::read::Read;
use super::{Proxy, Refusal};
use crate::cache::snapshot::Snapshot;
use crate::cache::store::Question;
use crate::cache::wish::Consistency;
use crate::cache::words::Announced;
use crate::database::call::Answered;
use crate::http::exchange::Exchange;
use crate::http::problem::{Problem, ProblemKind};
use crate::observe::RequestEvent;

/// Pause before a standby is asked again for what it has not replayed.
const STANDBY_PAUSE: Duration = Duration::from_millis(10);

/// What a standby's answer is measured by.
enum Measure<'q> {
    /// Nothing: there is no standby, or nobody knows more than it.
    Nothing,
    /// What had been announced when the request came.
    Announced(&'q Question, Announced),
    /// What the primary has committed, as far as it could be asked.
    Committed(Option<Snapshot>),
    /// What the primary has committed. It is asked when the first answer is a standby's.
    ToBeAsked,
}

impl Measure<'_> {
    /// What is missing from an answer, in words.
    fn missing(&self, stamp: &Snapshot) -> Option<&'static str> {
        match self {
            Self::Announced(question, announced) => (!question.is_contained(announced, stamp))
                .then_some("changes that were announced before this request"),
            Self::Committed(Some(committed)) => {
                (!stamp.contains(committed)).then_some("what its primary had committed before this request")
            }
            Self::Nothing | Self::Committed(None) | Self::ToBeAsked => None,
        }
    }
}

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
        let mut measure = self.measure(read, question);
        loop {
            let answered =
                self.fetch(read.endpoint, read.arguments, read.generation, exchange, event).await?;
            let stamp = &answered.stamp;
            if stamp.taken_in_recovery && matches!(measure, Measure::ToBeAsked) {
                measure = Measure::Committed(self.committed(read).await?);
            }
            let missing = if !read.wish.is_met_by(stamp) {
                Some("the transactions that Rota-After names")
            } else if stamp.taken_in_recovery {
                measure.missing(stamp)
            } else {
                None
            };
            let Some(missing) = missing else { return Ok(answered) };
            if !stamp.taken_in_recovery || Instant::now() >= deadline {
                let detail = format!("the database does not contain {missing}");
                return Err(Problem::new(ProblemKind::Unavailable, detail).into());
            }
            sleep(STANDBY_PAUSE).await;
        }
    }

    fn measure<'q>(&self, read: &Read<'_>, question: Option<&'q Question>) -> Measure<'q> {
        if read.wish.consistency == Consistency::Checked {
            return Measure::ToBeAsked;
        }
        if self.settings.announcements_url.is_none() || read.endpoint.cache.is_err() {
            return Measure::Nothing;
        }
        match question {
            Some(question) if self.cache.is_followed(question) => {
                Measure::Announced(question, question.announced())
            }
            _ => Measure::ToBeAsked,
        }
    }

    /// What the primary of a standby has committed.
    async fn committed(&self, read: &Read<'_>) -> Result<Option<Snapshot>, Problem> {
        let committed = self.cache.checker.committed().await;
        if committed.is_none() && read.wish.consistency == Consistency::Checked {
            let detail = "a standby answers here, and its primary cannot be asked what it has committed";
            return Err(Problem::new(ProblemKind::Unavailable, detail));
        }
        Ok(committed)
    }
}
