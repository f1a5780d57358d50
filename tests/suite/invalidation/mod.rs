//! Watched tables, and what is announced about them.

mod cache_report;
mod catalog_generation;
mod concurrency;
mod declared_reads;
mod fallback;
mod follower;
mod partitions;
mod random_transactions;
mod refusals;
mod restarts;
mod ring;
mod stamps;
mod statements;
mod transactions;
mod words;
