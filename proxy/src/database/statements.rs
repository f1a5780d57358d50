//! The bound on the prepared statements of one connection, the least recently used one out.
//!
//! deadpool-postgres keeps the statements beside the client, as many as there ever were. A plan costs the server
//! tens of KiB, so this says which of them go.

use std::collections::HashMap;
use std::sync::Arc;

use deadpool_postgres::ClientWrapper;
use tokio_postgres::{Error, Statement};

use crate::endpoint::StatementText;

#[derive(Debug)]
struct Kept {
    text: Arc<StatementText>,
    last_use: u64,
}

/// Which statements the cache of a client holds, by the id of their text.
#[derive(Debug)]
pub(super) struct Statements {
    limit: usize,
    generation: u64,
    uses: u64,
    kept: HashMap<u64, Kept>,
}

impl Statements {
    /// None yet, and never more than `limit`.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, generation: 0, uses: 0, kept: HashMap::new() }
    }

    /// Whether the statement of this text is prepared. All are dropped first when the catalog has a newer
    /// generation: their functions may be others now.
    pub(super) fn knows(&mut self, client: &ClientWrapper, text: &StatementText, generation: u64) -> bool {
        if self.generation != generation {
            self.clear(client);
            self.generation = generation;
        }
        self.kept.contains_key(&text.id)
    }

    /// The statement of this text. One that is not known is prepared: one more round trip, once for each
    /// connection.
    pub(super) async fn prepare(
        &mut self,
        client: &ClientWrapper,
        text: &Arc<StatementText>,
    ) -> Result<Statement, Error> {
        self.uses += 1;
        let last_use = self.uses;
        if let Some(kept) = self.kept.get_mut(&text.id) {
            kept.last_use = last_use;
        } else {
            self.make_room(client);
            self.kept.insert(text.id, Kept { text: Arc::clone(text), last_use });
        }
        let prepared = client.prepare_typed_cached(&text.sql, &text.types).await;
        if prepared.is_err() {
            self.drop_one(client, text.id);
        }
        prepared
    }

    /// Drops all statements, which closes them on the server.
    pub(super) fn clear(&mut self, client: &ClientWrapper) {
        client.statement_cache.clear();
        self.kept.clear();
    }

    fn make_room(&mut self, client: &ClientWrapper) {
        if self.kept.len() >= self.limit
            && let Some(oldest) = self.kept.iter().min_by_key(|(_, kept)| kept.last_use).map(|(id, _)| *id)
        {
            self.drop_one(client, oldest);
        }
    }

    fn drop_one(&mut self, client: &ClientWrapper, id: u64) {
        if let Some(Kept { text, .. }) = self.kept.remove(&id) {
            client.statement_cache.remove(&text.sql, &text.types);
        }
    }
}
