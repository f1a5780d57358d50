//! The suite: whatever needs a real server. One binary, one module per subject.
//!
//! `cargo xtask test` runs it on each server; `cargo xtask test time` runs what has `time` in its
//! name.

mod api;
mod cache;
mod compliance;
mod data;
mod errors;
mod guard;
mod inlining;
mod invalidation;
mod labels;
mod pay;
mod proxy;
mod refresh;
mod rostering;
mod smoke;
mod time;
mod ward;
