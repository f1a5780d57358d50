//! The prepared statements of one connection, bounded, the least recently used one out.

use std::collections::HashMap;

use tokio_postgres::{Client, Error, Statement};

use crate::endpoint::StatementText;

#[derive(Debug)]
struct Prepared {
    statement: Statement,
    last_use: u64,
}

/// Prepared statements by the id of their text. Dropping one closes it on the server.
#[derive(Debug)]
pub(super) struct Statements {
    limit: usize,
    generation: u64,
    uses: u64,
    prepared: HashMap<u64, Prepared>,
}

impl Statements {
    /// An empty set that holds at most `limit` statements.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, generation: 0, uses: 0, prepared: HashMap::new() }
    }

    /// The statement of this text, if it is prepared. All are dropped first when the catalog has a newer
    /// generation: their functions may be others now.
    pub(super) fn find(&mut self, text: &StatementText, generation: u64) -> Option<Statement> {
        if self.generation != generation {
            self.clear();
            self.generation = generation;
        }
        self.uses += 1;
        let prepared = self.prepared.get_mut(&text.id)?;
        prepared.last_use = self.uses;
        Some(prepared.statement.clone())
    }

    /// Prepares the statement and keeps it: one more round trip, once for each connection.
    pub(super) async fn prepare(
        &mut self,
        client: &Client,
        text: &StatementText,
    ) -> Result<Statement, Error> {
        let statement = client.prepare_typed(&text.sql, &text.types).await?;
        if self.prepared.len() >= self.limit
            && let Some(oldest) =
                self.prepared.iter().min_by_key(|(_, prepared)| prepared.last_use).map(|(id, _)| *id)
        {
            self.prepared.remove(&oldest);
        }
        self.prepared.insert(text.id, Prepared { statement: statement.clone(), last_use: self.uses });
        Ok(statement)
    }

    /// Drops all statements.
    pub(super) fn clear(&mut self) {
        self.prepared.clear();
    }
}
