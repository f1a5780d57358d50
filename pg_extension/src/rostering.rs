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
//! | `options` | budget, seed, threads, memory, parts |
//! | `start` | a roster known from before: where to begin, or the answer |
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
//! | `shifts` | `id`, `kind`, `nature` (the word by which rules know it; its kind where missing), `starts_at`, `ends_at`, `worked_minutes`, `skills`, `required`, `short_weight`, `surplus_weight`; a shift belongs to the local day on which it starts, and a person takes at most one of a day |
//! | `people` | `id`, `team`, `hired_on`, `skills` (names, or `{"skill", "starts_at", "ends_at"}`), `absences`, `availability` (`preference`, perhaps `weight`), `work` that stands (`shift`, or `starts_at` and `ends_at` with `kind`, `nature` and `worked_minutes`), `wishes` (`shift`, `work`, `weight`), `weekly_minutes` (beyond them, from Monday on, work is overtime), and what stands in `everybody`, for them alone |
//! | `everybody` | `limits` (`counted` minutes, days, weekends or kind; `from_date`, `to_date`, `already`, `least`, `most`), `longest_work`, `shortest_work`, `shortest_rest`, `days_off`, `rotation` (`turns`: a kind, `free` or `any` for each day; `begins_on`), `kind_costs` |
//! | `rules` | `id`, `rule_type`, `parameters`, `level`, `team`, `person`, `strict`, `priority`, as in `rota_source.rules`; a strict violation is never allowed, anything else costs, by `weight` or by the weights below and the priority |
//! | `successions` | `first` and `next`, kinds, with `free_days` between: what may follow what |
//! | `minimum_rest`, `minimum_day_off` | minutes between two days' shifts, and between two with one free day between |
//! | `fairness` | what is shared out evenly: `counted`, `from_date`, `to_date`, `unit`, `weight` of a distance of one unit, squared; among `people`, a `team` or everybody by their contracts, or by `shares` (`person`, `target`) |
//! | `pairings` | `first`, `second`, `together`: who works with whom, or apart |
//! | `weights` | `short`, `short_level`, `surplus`, `warning`, `warning_minute`, `advisory`, `advisory_minute`, `overtime` (each minute), `unavailable`, `preferred` |
//! | `known` | a roster to begin with, to repair or to explain: `person`, `shift` |
//! | `schedule` | anything; it is given back |
//!
//! A bound is a number that may never be broken, or `{"value", "weight"}`. Whatever has a weight may have a `level`:
//! `soft`, or `medium`, which comes before everything soft.

mod answer;
mod field;
mod horizon;
mod job;
mod model;
mod options;
mod reading;
mod settings;
mod signals;
mod start;
mod task;
mod thread;

pub(crate) use job::run_job;
pub(crate) use task::{Task, fingerprints, perform};

/// Called once by `_PG_init`.
pub(crate) fn register() {
    settings::register();
}
