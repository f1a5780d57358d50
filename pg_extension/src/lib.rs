//! The SQL surface: schema `rota` of a Postgres server.
//!
//! | module | holds |
//! |---|---|
//! | `api` | the functions that SQL sees: convert, call, convert back |
//! | `convert` | server values to engine values and back, infinities and empties included |
//! | `zone` | time zones: the engine's rules read from the server's own tz database |
//! | `source` | the only room that runs queries: rows of the `rota_source` views |
//! | `inlining` | calls of SQL functions, planned with the statement that makes them |
//! | `invalidation` | which transaction changed what, announced to caches outside |
//! | `compliance` | working-time rules: judged when asked, and when rows are written |
//! | `conflict` | a roster read, examined and written out as rows |
//! | `rostering` | rosters: a problem read, searched beside the backend, answered |
//! | `refresh` | managed views: changes tracked, keys recomputed, a worker that does it |
//! | `guard` | rows of one key never overlap: trigger functions, locks, probes |
//! | `error` | the one error enum, and how it becomes a report with SQLSTATE, hint and column |
//!
//! Functions whose work is a query are SQL, in `sql/extension`; this file only orders them.
#![allow(
    unsafe_code,
    reason = "a Postgres extension is called by, and calls, C; each use argues its own case"
)]
#![allow(missing_docs, reason = "nothing here is called from Rust; what SQL sees has COMMENT ON")]

mod api;
mod compliance;
mod conflict;
mod convert;
mod error;
mod guard;
mod inlining;
mod invalidation;
mod pinned_settings;
mod refresh;
mod rostering;
mod source;
mod unguarded;
mod zone;

pgrx::pg_module_magic!();

/// Called by the server when it loads the library.
///
/// pgrx appends a Rust backtrace to the DETAIL of server errors that pass through it wherever
/// `RUST_BACKTRACE` is set. DETAIL reaches clients, so backtraces are off unless `RUST_LIB_BACKTRACE` asks
/// for them.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    const SWITCH: &str = "RUST_LIB_BACKTRACE";
    if std::env::var_os(SWITCH).is_none() {
        // SAFETY: the server has one thread, and runs none of its code meanwhile.
        unsafe { std::env::set_var(SWITCH, "0") };
    }
    guard::register();
    invalidation::register();
    refresh::register();
    rostering::register();
}

pgrx::extension_sql_file!("../../sql/extension/catalog_changes.sql", name = "catalog_changes", bootstrap);
pgrx::extension_sql_file!(
    "../../sql/extension/user_functions.sql",
    name = "user_functions",
    requires = ["catalog_changes"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/endpoints.sql",
    name = "endpoints",
    requires = ["user_functions"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/expose_checks.sql",
    name = "expose_checks",
    requires = ["endpoints"]
);
pgrx::extension_sql_file!("../../sql/extension/imports.sql", name = "imports", requires = ["expose_checks"]);
pgrx::extension_sql_file!(
    "../../sql/extension/cache_options.sql",
    name = "cache_options",
    requires = ["catalog_changes"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/endpoint_reads.sql",
    name = "endpoint_reads",
    requires = ["endpoints"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/cache_report.sql",
    name = "cache_report",
    requires = ["cache_options", "endpoint_reads", "watch"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/expose.sql",
    name = "expose",
    requires = ["cache_report", "imports"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/slow_calls.sql",
    name = "slow_calls",
    requires = ["catalog_changes"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/keyset_page.sql",
    name = "keyset_page",
    requires = ["catalog_changes"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/coverage_step.sql",
    name = "coverage_step",
    requires = ["catalog_changes"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/coverage_aggregate.sql",
    name = "coverage_aggregate",
    requires = [
        coverage_accumulate,
        coverage_accumulate_heads,
        coverage_combine,
        coverage_serialize,
        coverage_deserialize,
        coverage_finish
    ]
);
pgrx::extension_sql_file!(
    "../../sql/extension/time_zone_report.sql",
    name = "time_zone_report",
    requires = [time_zone_changes, time_zone_version]
);
pgrx::extension_sql_file!("../../sql/extension/pay.sql", name = "pay", requires = [classify_pay]);
pgrx::extension_sql_file!("../../sql/extension/inlining.sql", name = "inlining", requires = [inline_call]);
pgrx::extension_sql_file!(
    "../../sql/extension/invalidation.sql",
    name = "invalidation",
    requires = [
        api::invalidation::announce_tag,
        api::invalidation::invalidation_status,
        api::invalidation::invalidation_words,
        api::invalidation::next_invalidations,
        api::invalidation::stamp,
        api::invalidation::tag_hash,
        api::invalidation::watch_changes,
        api::invalidation::words_of
    ]
);
pgrx::extension_sql_file!(
    "../../sql/extension/watch.sql",
    name = "watch",
    requires = ["cache_options", "invalidation", api::trigger::trigger_arguments]
);
pgrx::extension_sql_file!(
    "../../sql/extension/declared_reads.sql",
    name = "declared_reads",
    requires = ["cache_report"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/definition_changes.sql",
    name = "definition_changes",
    requires = ["watch"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/guards.sql",
    name = "guards",
    requires = ["catalog_changes", api::trigger::trigger_arguments]
);
pgrx::extension_sql_file!(
    "../../sql/extension/guard_checks.sql",
    name = "guard_checks",
    requires = ["guards"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/guard_verification.sql",
    name = "guard_verification",
    requires = ["guard_checks", guard::overlaps::relation_overlaps, guard::overlaps::relation_excesses]
);
pgrx::extension_sql_file!(
    "../../sql/extension/guard_overlaps.sql",
    name = "guard_overlaps",
    requires = ["guard_verification", guard::install::qualified_guard_predicate]
);
pgrx::extension_sql_file!(
    "../../sql/extension/guard_changes.sql",
    name = "guard_changes",
    requires = ["guard_overlaps"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/roster_options.sql",
    name = "roster_options",
    requires = ["catalog_changes"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/roster_problem.sql",
    name = "roster_problem",
    requires = ["roster_options", local_days, worked_minutes]
);
pgrx::extension_sql_file!(
    "../../sql/extension/roster_answer.sql",
    name = "roster_answer",
    requires = ["roster_problem", check_assignments, find_conflicts]
);
pgrx::extension_sql_file!(
    "../../sql/extension/roster_memory.sql",
    name = "roster_memory",
    requires = ["roster_answer", roster_fingerprints]
);
pgrx::extension_sql_file!(
    "../../sql/extension/rosters.sql",
    name = "rosters",
    requires = ["roster_memory", solve_roster, repair_roster, explain_roster]
);
pgrx::extension_sql_file!("../../sql/extension/jobs.sql", name = "jobs", requires = ["rosters", run_job]);
pgrx::extension_sql_file!(
    "../../sql/extension/rule_sets.sql",
    name = "rule_sets",
    requires = [require_rule, "catalog_changes"]
);
pgrx::extension_sql_file!("../../sql/presets/acgme.sql", name = "preset_acgme", requires = ["rule_sets"]);
pgrx::extension_sql_file!(
    "../../sql/presets/eu-working-time.sql",
    name = "preset_eu_working_time",
    requires = ["rule_sets"]
);
pgrx::extension_sql_file!("../../sql/presets/flsa.sql", name = "preset_flsa", requires = ["rule_sets"]);
pgrx::extension_sql_file!("../../sql/presets/japan.sql", name = "preset_japan", requires = ["rule_sets"]);
pgrx::extension_sql_file!(
    "../../sql/presets/japan-dispatch.sql",
    name = "preset_japan_dispatch",
    requires = ["rule_sets"]
);
pgrx::extension_sql_file!(
    "../../sql/presets/uk-working-time.sql",
    name = "preset_uk_working_time",
    requires = ["rule_sets"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/compliance.sql",
    name = "compliance",
    requires = [check_rules, rule_headroom]
);
pgrx::extension_sql_file!(
    "../../sql/extension/dispatch_clocks.sql",
    name = "dispatch_clocks",
    requires = ["guard_checks"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/allocations.sql",
    name = "allocations",
    requires = ["catalog_changes"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/half_days.sql",
    name = "half_days",
    requires = ["guard_checks"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/enforcements.sql",
    name = "enforcements",
    requires = ["guards"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/enforce_rules.sql",
    name = "enforce_rules",
    requires = ["enforcements", "guard_checks", check_rules]
);
pgrx::extension_sql_file!(
    "../../sql/extension/managed_views.sql",
    name = "managed_views",
    requires = ["watch", "guard_changes"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/view_sources.sql",
    name = "view_sources",
    requires = ["managed_views", "endpoint_reads", api::refresh::track_changes]
);
pgrx::extension_sql_file!(
    "../../sql/extension/rollup_statements.sql",
    name = "rollup_statements",
    requires = ["view_sources"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/view_states.sql",
    name = "view_states",
    requires = ["rollup_statements"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/view_mappings.sql",
    name = "view_mappings",
    requires = ["view_states", api::refresh::execute_as]
);
pgrx::extension_sql_file!(
    "../../sql/extension/manage_view.sql",
    name = "manage_view",
    requires = ["view_mappings", api::refresh::act_on_view, api::refresh::change_time]
);
pgrx::extension_sql_file!(
    "../../sql/extension/refresh.sql",
    name = "refresh",
    requires = ["manage_view", api::refresh::read_as]
);
pgrx::extension_sql_file!(
    "../../sql/extension/refresh_modes.sql",
    name = "refresh_modes",
    requires = ["refresh"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/refresh_due.sql",
    name = "refresh_due",
    requires = ["refresh_modes"]
);
pgrx::extension_sql_file!("../../sql/extension/rollups.sql", name = "rollups", requires = ["refresh_due"]);
pgrx::extension_sql_file!(
    "../../sql/extension/view_status.sql",
    name = "view_status",
    requires = ["refresh_due"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/managed_view_changes.sql",
    name = "managed_view_changes",
    requires = ["view_status", "rollups"]
);
pgrx::extension_sql_file!(
    "../../sql/extension/trigger_replacement.sql",
    name = "trigger_replacement",
    requires = ["managed_view_changes"]
);
pgrx::extension_sql_file!("../../sql/extension/comments.sql", name = "comments", finalize);
