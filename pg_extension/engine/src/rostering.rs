//! Rosters: who works which shift, searched so that the rules hold and the cost is least.
//!
//! | module | holds |
//! |---|---|
//! | [`problem`] | the nouns: shifts with their demand, people with their rules, wishes and fixed days |
//! | [`plan`] | a roster: one shift or a free day per person and day |
//! | [`evaluation`] | what a roster costs and which rules it breaks, read straight off the rules |
//! | [`pruning`] | who can never take what, and why |
//! | [`search()`], [`repair`] | a good roster from nothing, or from one that no longer fits |
//! | [`parts`] | week by week, department by department |
//! | [`fingerprint()`], [`Cache`] | problems told apart, and what is known of those seen before |
//! | [`explanation`] | why heads stayed open, which rules contradict, what a roster's cost is made of |
//!
//! Days count from 0 at the start of the horizon. Minutes count from midnight of day 0.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes are bounded by `Problem::check`, so indexes fit every type they are kept in"
)]

mod cache;
mod ceiling;
pub mod check;
mod columns;
mod compiled;
mod control;
pub mod evaluation;
pub mod explanation;
mod fair_share;
mod fingerprint;
mod incumbent;
mod levels;
mod local_search;
pub mod parts;
mod periods;
mod person_path;
mod person_space;
mod plain_days;
pub mod plan;
mod pool;
pub mod problem;
pub mod pruning;
mod random;
mod relaxation;
pub mod repair;
mod scarcity;
mod scopes;
mod search;
mod successions;
mod window;

pub use cache::Cache;
pub use control::{Limits, MOST_WORK, Progress, Watch};
pub use evaluation::{Evaluation, Finding, RuleName, evaluate};
pub use fingerprint::{fingerprint, person_fingerprints};
pub use parts::{Part, search_in_parts};
pub use plan::{FREE, Plan};
pub use problem::{
    Bound, Counted, Fairness, FixedDay, Force, Level, Limit, OutsideDay, Pairing, Person, Problem, Rotation,
    Share, Shift, Succession, Turn, Wish,
};
pub use search::{Outcome, search, search_from};
