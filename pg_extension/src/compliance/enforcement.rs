//! Rules at the moment of writing: the triggers of `rota.enforce_rules`.
//!
//! After a statement the people of its new rows are locked, in the order that the guard locks keys in and for
//! all tables alike, and then their work is read with the latest snapshot and judged. So of two sessions that
//! would break a cap together one waits, and sees what the other wrote. Where something is broken, the same is
//! asked once more without what the statement wrote: what was broken before and is no worse is not its fault.
//!
//! Rows are read as the owner of the table, as the server does for foreign keys. Who may not read the table is
//! not told whose work it is.

mod arguments;
mod known;
mod owner;
mod report;
mod touched;
mod trigger;
mod written;

pub(crate) use report::Breach;
pub(crate) use written::written_verdicts;
