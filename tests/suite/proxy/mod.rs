//! The proxy, seen from outside: what it takes, what it answers, and how it bears faults.
//!
//! Most tests expose small functions of their own on a database that holds the extension alone: the
//! proxy knows nothing of the domain, so neither do they.

mod answers;
mod argument_faults;
mod arguments;
mod bodies;
mod catalog;
mod certificates;
mod codings;
mod dashboards;
mod deadlines;
mod entity_tags;
mod imports;
mod lanes;
mod logs;
mod malformed;
mod metrics;
mod openapi;
mod outages;
mod overload;
mod pool;
mod problems;
mod queries;
mod quotas;
mod readiness;
mod refreshing;
pub(crate) mod relay;
mod retries;
mod round_trips;
mod samples;
mod secrecy;
mod settings;
mod slow_calls;
mod smuggling;
mod stage;
mod stopping;
mod storm;
mod tls;
pub(crate) mod waiting;
