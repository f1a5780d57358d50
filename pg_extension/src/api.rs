//! The functions that SQL sees. Each converts, calls and converts back; none of them decides anything.

mod compliance;
mod conflict;
mod inlining;
mod invalidation;
mod pay;
mod refresh;
mod rostering;
mod time;
mod trigger;
mod version;
mod window;
