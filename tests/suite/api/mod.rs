//! The shift manager's endpoints and imports, asked over HTTP as a client would.
//!
//! [`service`] is what the tests stand on: a migrated database with a proxy in front of it.
//! [`samples`] makes the few rows that most of them need, [`random_roster`] the many that an
//! answer is compared with a naive count of.

mod analytics;
mod assignments;
mod bad_input;
mod conflicts;
mod coverage;
mod departments;
mod employees;
mod imports;
mod managed_views;
mod paging;
mod random_roster;
mod samples;
mod schedules;
pub(crate) mod service;
mod shifts;
mod slow_queries;
