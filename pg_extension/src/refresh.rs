//! Managed refresh: views that cost what changed.
//!
//! ```text
//! statement ─► tracking (maps changed rows to keys) ─► queue of the view ─┐   same transaction as the change
//!                  │ commit: worker wakes                                 │
//!                  ▼                                                      ▼
//!               worker ─► rota.refresh_due() ─► consume the queue ─► recompute the keys      one transaction
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `tracking` | the trigger function: changed rows become keys in a queue |
//! | `definition` | what a tracking trigger does, read once per backend and change of the table |
//! | `key_columns` | columns of a table that are a key |
//! | `changed_keys` | the distinct keys in the rows of a statement |
//! | `collection` | those of an UPDATE that leaves the keys alone, without transition tables |
//! | `mapped_keys` | the same where a query says which keys a row touches |
//! | `queue` | the queue of a view, written without a query |
//! | `replacement` | CREATE TRIGGER of a trigger of ours replaces the one that is there |
//! | `authority` | statements run as the owner of a view; who may act on one |
//! | `timeout` | a limit for one statement, also where `statement_timeout` does not reach |
//! | `worker` | the background worker of a database |
//! | `launcher` | starts one for each database that asks |
//! | `settings` | what an administrator may choose |
//!
//! What is a query is SQL, in `sql/extension`: `managed_views` (catalogs), `view_sources`, `view_mappings`,
//! `view_states`, `manage_view`, `rollup_statements`, `rollups`, `refresh`, `refresh_modes`, `refresh_due`,
//! `view_status`, `managed_view_changes`, `trigger_replacement`.
//!
//! # Why nothing is lost
//!
//! *What.* A row of the queue is written by the transaction that changed the table, so both become visible at
//! once or not at all; a savepoint takes back both. A refresh deletes the rows of the queue that it sees and
//! recomputes the keys that they name by a later statement of the same transaction. Its snapshot is the same
//! or newer, so every change whose row was deleted is in the result. A writer that commits later is not seen
//! by the deletion: its row stays, whatever the order of transaction ids. If the refresh fails, the deletion
//! is undone with it.
//!
//! *Two refreshes.* The row lock on `rota.view_states` lets one in at a time. The next takes its snapshots
//! after it has the lock, so it sees what the first one did. Under `REPEATABLE READ` or `SERIALIZABLE` its
//! snapshot may be older: the lock then fails with 40001, because the first one updated that row.
//!
//! *A lost queue.* Queues are unlogged: a crash empties them, as do a restored base backup and a promotion.
//! Each holds one row of kind `s` from the start, which nothing deletes. Where it is missing the queue was
//! lost, and everything is recomputed.
//!
//! *Mappings that look at the changed rows alone* name the keys of the old and the new row whatever others do.
//!
//! *Mappings that read other tables* see those as they were for the writer: in the latest snapshot, at any
//! isolation level. Let a combination of rows (x, y) contribute to key k, and let it appear: the later of both
//! writers commits when the other's row is there, and the mapping is evaluated once more when the change is
//! applied, so k is named then. Let it disappear: the first of those that change x or y after it was there
//! finds the other one unchanged and names k, unless it wrote before the other one was visible. Such a
//! writer wrote before a refresh (which made the combination count) and committed after it; the second
//! evaluation still finds k, unless by then another writer has changed the other row. So where one such row
//! is applied together with rows of another transaction, everything is recomputed.
//!
//! *What triggers do not see* (ALTER TABLE, partitions that come and go, TRIGGERs that were disabled, a
//! refreshed materialized view) is seen by event triggers, which queue "everything".

mod authority;
mod changed_keys;
mod collection;
mod definition;
mod key_columns;
mod launcher;
mod mapped_keys;
mod queue;
mod replacement;
mod settings;
mod timeout;
mod tracking;
mod worker;

pub(crate) use authority::{Refusal, Terms, act_on_view, run_as};
pub(crate) use settings::change_time;
pub(crate) use tracking::queue_changes;

/// Called once by `_PG_init`: settings, a callback, and the launcher when the server is starting.
pub(crate) fn register() {
    settings::register();
    definition::register();
    collection::register();
    launcher::register();
}
