//! The SQL surface: schema `rota` of a Postgres server.
//!
//! | module | holds |
//! |---|---|
//! | `api` | the functions that SQL sees: convert, call, convert back |
//! | `convert` | server values to engine values and back, infinities and empties included |
//! | `zone` | time zones: the engine's rules read from the server's own tz database |
//! | `source` | the only room that runs queries: rows of the `rota_source` views |
//! | `invalidation` | which transaction changed what, announced to caches outside |
//! | `conflict` | a roster read, examined and written out as rows |
//! | `rostering` | rosters: a problem read, searched beside the backend, answered |
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
mod conflict;
mod convert;
mod error;
mod guard;
mod invalidation;
mod rostering;
mod source;
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
pgrx::extension_sql_file!(
    "../../sql/extension/invalidation.sql",
    name = "invalidation",
    requires = [
        api::invalidation::announce_tag,
        api::invalidation::invalidation_status,
        api::invalidation::invalidation_words,
        api::invalidation::next_invalidations,
        api::invalidation::tag_hash,
        api::invalidation::watch_changes,
        api::invalidation::words_of
    ]
);
pgrx::extension_sql_file!(
    "../../sql/extension/watch.sql",
    name = "watch",
    requires = ["cache_options", "invalidation"]
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
    requires = ["catalog_changes", guard::install::guard_arguments]
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
    "../../sql/extension/rosters.sql",
    name = "rosters",
    requires =
        ["roster_problem", check_assignments, find_conflicts, solve_roster, repair_roster, explain_roster]
);
pgrx::extension_sql_file!("../../sql/extension/jobs.sql", name = "jobs", requires = ["rosters", run_job]);
pgrx::extension_sql_file!("../../sql/extension/comments.sql", name = "comments", finalize);
