//! The guard: no two rows of one key overlap, whoever writes them and however.

mod capacity;
mod contention;
mod crash;
mod deferred;
mod duties;
mod gap;
mod keys;
mod life;
mod messages;
mod overlaps;
mod partitions;
mod prepared;
mod proof;
mod ranges;
mod refusals;
mod rights;
mod statements;
mod twin;
mod updates;
mod vectors;
mod waiting;
