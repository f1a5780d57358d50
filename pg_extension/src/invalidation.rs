//! Which transaction changed what: announced to caches outside of the server.
//!
//! ```text
//! statement ─► watch (reads the transition tables) ─► pending (tags of the transaction, savepoints respected)
//!                                                        │ before commit: words are raised
//!                                                        │ after commit:  events enter the ring, readers wake
//!                                                        ▼
//!                     shared memory: words (tag hash → highest transaction), ring (newest events)
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `tag` | names of what can change, and their hashes |
//! | `watch` | the trigger function: rows that changed become tags |
//! | `definition` | what a trigger watches, read once per backend and change of the table |
//! | `key` | a key column: where its value stands in a row, and how it is written |
//! | `pending` | the tags of the running transaction |
//! | `transaction` | the callbacks at its end |
//! | `shared` | the memory that all backends share, and its lock |
//! | `ring` | the newest events, in order |
//! | `bells` | wakes the one process of a database that applies queued changes |
//! | `words` | the highest transaction per tag |
//! | `reader` | waiting for events |
//! | `notify` | the same over NOTIFY where the library is not preloaded |
//! | `stamp` | what a statement sees, for the answers of a cache |
//! | `settings` | what an administrator may choose |
//!
//! A transaction becomes visible between the two steps. Who asks the words thus never misses a change that
//! anybody has seen; who follows the ring hears of it right after.

mod bells;
mod definition;
mod key;
mod notify;
mod pending;
mod reader;
mod ring;
mod settings;
mod shared;
mod stamp;
mod tag;
mod transaction;
mod watch;
mod words;

pub(crate) use bells::Bell;
pub(crate) use reader::{Batch, wait_for_events};
pub(crate) use shared::Shared;
pub(crate) use stamp::stamp as stamp_of_statement;
pub(crate) use tag::Tag;
pub(crate) use transaction::{announce, is_announced, wake_worker_at_commit};
pub(crate) use watch::announce_changes;
pub(crate) use words::word_salt;

/// Called once by `_PG_init`: settings, shared memory when the server is starting, callbacks.
pub(crate) fn register() {
    settings::register();
    shared::register();
    transaction::register();
    definition::register();
}
