//! The functions that SQL sees. Each converts, calls and converts back; none of them decides anything.

mod conflict;
mod invalidation;
mod pay;
mod rostering;
mod time;
mod version;
