//! Rosters: a problem read from JSON, searched beside the backend, answered as JSON.
//!
//! ```text
//! problem, options ─► reading ─► model ─► thread (the engine searches; the backend waits) ─► answer
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `field` | a JSON document whose faults name their path |
//! | `horizon` | instants as minutes, dates as days |
//! | `reading` | the words of a problem, each with its limits |
//! | `model` | a problem together with its names |
//! | `options` | budget, seed, threads, memory |
//! | `clock` | sums of minutes by the clock, held against what was found |
//! | `task` | what is asked: solve, repair, explain |
//! | `thread`, `signals` | plain threads that never touch the server, always joined |
//! | `answer` | the roster, what it costs, what is wrong with it and why |
//! | `job` | a search whose progress other sessions see while it runs |
//! | `settings` | what an administrator may choose |
//!
//! # The words of a problem
//!
//! | member | says |
//! |---|---|
//! | `from_date`, `to_date`, `time_zone` | the local days, half-open; UTC where no zone is named |
//! | `known_from`, `known_to` | from when to when all work of the people is known; the horizon where missing |
//! | `shifts` | `id`, `kind`, `starts_at`, `ends_at`, `worked_minutes`, `skills`, `required`, `short_weight`, `surplus_weight`; a shift belongs to the local day on which it starts, and a person takes at most one of a day |
//! | `people` | `id`, `team`, `skills` (names, or `{"skill", "starts_at", "ends_at"}`), `absences`, `availability` (`preference`, perhaps `weight`), `work` that stands (`shift`, or `starts_at` and `ends_at` with `kind` and `worked_minutes`), `wishes` (`shift`, `work`, `weight`), `kind_costs`, `weekly_minutes` (beyond them, from Monday on, work is overtime), `limits` (`counted` minutes, days, weekends or kind; `from_date`, `to_date`, `already`, `least`, `most`), `longest_work`, `shortest_work`, `shortest_rest`, `days_off` |
//! | `rules` | `id`, `rule_type`, `parameters`, `level`, `team`, as in `rota_source.rules`; a violation is never allowed, anything less costs, by `weight` or by the weights below |
//! | `successions`, `minimum_rest`, `pairings` | what may follow what, the rest between two days' shifts, who works together or apart |
//! | `weights` | `short`, `surplus`, `warning`, `warning_minute`, `advisory`, `advisory_minute`, `overtime` (each minute), `unavailable`, `preferred` |
//! | `known` | a roster to begin with, to repair or to explain: `person`, `shift` |
//! | `schedule` | anything; it is given back |
//!
//! A bound is a number that may never be broken, or `{"value", "weight"}`.

mod answer;
mod clock;
mod field;
mod horizon;
mod job;
mod model;
mod options;
mod reading;
mod settings;
mod signals;
mod task;
mod thread;

pub(crate) use job::run_job;
pub(crate) use task::{Task, perform};

/// Called once by `_PG_init`.
pub(crate) fn register() {
    settings::register();
}
