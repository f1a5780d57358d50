//! The cache: what may be given out without asking the database, and that nothing older ever is.

mod claims;
mod ddl;
mod flights;
mod freshness;
mod history;
mod hits;
mod notifications;
mod races;
mod reader;
mod shared_cluster;
mod shared_level;
mod stage;
mod staleness;
mod standby;
mod tokens;
mod warming;
