//! The cache: answers that are given out only as long as MVCC arithmetic justifies them.

pub mod checker;
pub mod claims;
pub mod entry;
pub mod flight;
pub mod key;
pub mod level1;
pub mod level2;
pub mod life;
pub mod lives;
pub mod own_writes;
pub mod reader;
pub mod rules;
pub mod snapshot;
pub mod store;
pub mod tag;
pub mod verdict;
pub mod warm;
pub mod wish;
pub mod words;
