//! Managed views: whatever is written, and whoever refreshes, a refreshed view is what its query gives.

mod crash;
mod definitions;
mod due;
mod isolation;
mod life;
mod mappings;
mod materialized;
mod oracle;
mod refusals;
mod rollups;
mod stage;
mod standby;
mod tracking;
mod updates;
mod worker;
