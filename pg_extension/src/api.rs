//! The functions that SQL sees. Each converts, calls and converts back; none of them decides anything.

mod compliance;
mod conflict;
mod invalidation;
mod pay;
mod time;
mod version;
mod window;
