//! The guard: rows of one key never overlap, enforced by triggers as foreign keys enforce reference.
//!
//! A statement's new rows are read from its transition table ([`batch`]), their keys are locked in one order
//! ([`lock`]), and then, with the latest snapshot, the rows around each of them are read from a B-tree on key
//! and start ([`scan`]) and compared ([`neighbours`], or [`capacity`] where several may be there at once).
//! Locking first makes the loser of a race wait and then see what the winner committed; an exclusion
//! constraint lets both write and find each other, which is a deadlock.
//!
//! | module | holds |
//! |---|---|
//! | `arguments` | what the triggers carry as their arguments: the guard's definition |
//! | `definition`, `definitions` | the same, found in the catalog; kept per trigger |
//! | `index`, `predicate` | the B-tree that serves; which rows are guarded |
//! | `partitions` | what lies above and below a relation |
//! | `key`, `line`, `load`, `quantity` | keys, the line that ranges lie on, exact loads |
//! | `slot`, `transition_table`, `batch`, `scan` | rows: one, those of a statement, those to look at, those around a place in the index |
//! | `lock` | the lock of each key, and that of the table |
//! | `neighbours`, `capacity` | what must not be |
//! | `violation`, `witness` | the report, and the rows that it names |
//! | `trigger` | what the server calls |
//! | `install` | what `sql/extension/guards.sql` asks before it makes a guard |
//! | `overlaps`, `relation_rows`, `key_numbers` | every overlap of a whole table or view |
//! | `settings` | the one setting |

mod arguments;
mod batch;
mod capacity;
mod definition;
mod definitions;
mod index;
pub(crate) mod install;
mod key;
mod key_numbers;
mod line;
mod load;
mod lock;
mod neighbours;
pub(crate) mod overlaps;
mod partitions;
mod predicate;
mod quantity;
mod relation_rows;
mod scan;
mod settings;
mod slot;
mod transition_table;
mod trigger;
mod violation;
mod witness;

pub(crate) use definition::{name_of, schema_of};
pub(crate) use lock::lock_people;
pub(crate) use scan::LatestSnapshot;
pub(crate) use settings::register;
pub(crate) use slot::{Slot, attribute};
pub(crate) use transition_table::TransitionTable;
pub(crate) use trigger::trigger_of;
pub(crate) use violation::Violation;
pub(crate) use witness::{may_read, text_of};
