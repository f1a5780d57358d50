//! The life of a change: never cached, and marked for as long as it is not known what it changed.

use std::sync::Arc;
use std::time::Duration;

use super::read::nothing_found;
use super::{Proxy, Refusal};
use crate::cache::own_writes::OwnWrite;
use crate::cache::verdict::Verdict;
use crate::database::sqlstate;
use crate::endpoint::{Arguments, Catalog, Endpoint};
use crate::http::exchange::Exchange;
use crate::http::reply::{JSON, Reply};
use crate::observe::{Phase, RequestEvent};

/// What a call may take beyond its statement timeout until it has surely ended: its commit's flush.
const COMMIT_TIME: Duration = Duration::from_secs(5);

impl Proxy {
    /// Answers a change, and tells its transaction.
    pub(super) async fn change(
        &self,
        endpoint: &Arc<Endpoint>,
        arguments: &Arguments<'_>,
        catalog: &Catalog,
        exchange: &mut Exchange,
        event: &mut RequestEvent,
    ) -> Result<Reply, Refusal> {
        event.cache = Verdict::Write;
        let longest = endpoint.statement_timeout.unwrap_or(self.settings.statement_timeout_ms);
        let write = self.own_write(longest);
        let fetched = self.fetch(endpoint, arguments, catalog.generation, exchange, event).await;
        let answered = match fetched {
            Ok(answered) => answered,
            Err(refusal) => {
                if has_changed_nothing(event) {
                    write.ended(None);
                }
                return Err(refusal);
            }
        };
        write.ended(answered.transaction);
        event.transaction = answered.transaction;
        let body = answered.json.ok_or_else(nothing_found)?;
        let reply = Reply::new(endpoint.success_status, JSON, body);
        Ok(self.encode(reply, exchange, event).await?)
    }

    /// Marks a write that takes `longest` at most.
    pub fn own_write(&self, longest: Duration) -> OwnWrite {
        self.cache.lives.own_writes.begin(longest + COMMIT_TIME)
    }
}

/// Whether a call that failed is known to have left nothing behind: it was never sent, or the server refused the statement.
/// A server that ends the session may have committed before.
fn has_changed_nothing(event: &RequestEvent) -> bool {
    match &event.sqlstate {
        Some(code) => !sqlstate::ends_session(code),
        None => event.phase(Phase::Call).is_none(),
    }
}
