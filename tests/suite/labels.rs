//! Volatility, parallel safety and strictness of every function of the extension.
//!
//! pgrx labels nothing by itself, and a wrong label shows only as a slow plan or a wrong result.
//! The table is written by hand: a function that is not in it, or is labelled otherwise, fails.

use anyhow::Result;
use rota_tests::database::Database;

/// Name, volatility, parallel safety, and whether NULL in means NULL out.
const LABELS: &[(&str, &str, &str, &str)] = &[
    ("act_on_view", "volatile", "unsafe", "called on null"),
    ("add_to_history", "volatile", "unsafe", "called on null"),
    ("allocation_cost", "immutable", "safe", "called on null"),
    ("announce_catalog_change", "volatile", "unsafe", "called on null"),
    ("announce_tag", "volatile", "unsafe", "strict"),
    ("answer_schedule", "volatile", "unsafe", "called on null"),
    ("argument_list", "stable", "unsafe", "called on null"),
    ("attempt", "volatile", "unsafe", "called on null"),
    ("await_writers", "volatile", "unsafe", "called on null"),
    ("base_type_of", "stable", "unsafe", "called on null"),
    ("cache_report", "stable", "unsafe", "called on null"),
    ("cancel_job", "volatile", "unsafe", "called on null"),
    ("catalog_generation", "stable", "unsafe", "called on null"),
    ("change_time", "volatile", "restricted", "strict"),
    ("check_assignments", "stable", "restricted", "called on null"),
    ("check_cache_options", "stable", "unsafe", "called on null"),
    ("check_declared_reads", "volatile", "unsafe", "called on null"),
    ("check_endpoint_limits", "immutable", "unsafe", "called on null"),
    ("check_event_stream", "stable", "unsafe", "called on null"),
    ("check_freshness", "immutable", "unsafe", "called on null"),
    ("check_guard_column", "stable", "unsafe", "called on null"),
    ("check_guard_types", "stable", "unsafe", "called on null"),
    ("check_guarded_table", "stable", "unsafe", "called on null"),
    ("check_json_function", "stable", "unsafe", "called on null"),
    ("check_manageable", "stable", "unsafe", "called on null"),
    ("check_mapped_tables", "stable", "unsafe", "called on null"),
    ("check_rollup", "volatile", "unsafe", "called on null"),
    ("check_rollup_arguments", "stable", "unsafe", "called on null"),
    ("check_rules", "stable", "restricted", "called on null"),
    ("check_schedule_options", "immutable", "unsafe", "called on null"),
    ("check_source_rights", "stable", "unsafe", "called on null"),
    ("check_staleness_function", "stable", "unsafe", "called on null"),
    ("check_swap", "stable", "restricted", "called on null"),
    ("check_trackable", "stable", "unsafe", "called on null"),
    ("check_watch_keys", "stable", "unsafe", "called on null"),
    ("check_watchable", "stable", "unsafe", "called on null"),
    ("claim_job", "volatile", "unsafe", "called on null"),
    ("classify_pay", "immutable", "safe", "strict"),
    ("clock_ranges", "immutable", "safe", "strict"),
    ("column_list", "immutable", "unsafe", "called on null"),
    ("compare_plan", "immutable", "safe", "called on null"),
    ("compare_rollup", "volatile", "unsafe", "called on null"),
    ("compliance_risks", "stable", "restricted", "called on null"),
    ("compliance_summary", "stable", "restricted", "called on null"),
    ("conceal", "volatile", "unsafe", "called on null"),
    ("conceal_import", "volatile", "unsafe", "called on null"),
    ("conceal_schema", "volatile", "unsafe", "called on null"),
    ("concurrent_refresh_fault", "stable", "unsafe", "called on null"),
    ("coverage", "immutable", "safe", "called on null"),
    ("coverage_accumulate", "immutable", "safe", "called on null"),
    ("coverage_accumulate_heads", "immutable", "safe", "called on null"),
    ("coverage_agg", "immutable", "safe", "called on null"),
    ("coverage_combine", "immutable", "safe", "called on null"),
    ("coverage_deserialize", "immutable", "safe", "strict"),
    ("coverage_finish", "immutable", "safe", "called on null"),
    ("coverage_serialize", "immutable", "safe", "strict"),
    ("coverage_slots", "immutable", "safe", "called on null"),
    ("create_rollup", "volatile", "unsafe", "called on null"),
    ("day_after_months", "immutable", "safe", "strict"),
    ("dispatch_clocks", "immutable", "safe", "called on null"),
    ("drop_rollup", "volatile", "unsafe", "called on null"),
    ("due_job", "stable", "unsafe", "called on null"),
    ("endpoint_caching", "stable", "unsafe", "called on null"),
    ("endpoint_calls", "stable", "unsafe", "called on null"),
    ("endpoint_catalog", "stable", "unsafe", "called on null"),
    ("endpoint_objects", "stable", "unsafe", "called on null"),
    ("enforce_in_new_partitions", "volatile", "unsafe", "called on null"),
    ("enforce_rules", "volatile", "unsafe", "called on null"),
    ("enforce_statement", "volatile", "unsafe", "called on null"),
    ("everything_reason", "stable", "unsafe", "called on null"),
    ("execute_as", "volatile", "unsafe", "strict"),
    ("explain_modes", "volatile", "unsafe", "called on null"),
    ("explain_refresh", "volatile", "unsafe", "called on null"),
    ("explain_roster", "stable", "restricted", "called on null"),
    ("explain_schedule", "stable", "unsafe", "called on null"),
    ("explain_verdict", "stable", "restricted", "called on null"),
    ("expose", "volatile", "unsafe", "called on null"),
    ("expose_import", "volatile", "unsafe", "called on null"),
    ("fail_job", "volatile", "unsafe", "called on null"),
    ("find_conflicts", "stable", "restricted", "called on null"),
    ("find_guard_index", "stable", "unsafe", "called on null"),
    ("find_overlaps", "stable", "unsafe", "called on null"),
    ("find_schedule", "stable", "unsafe", "called on null"),
    ("finish_job", "volatile", "unsafe", "called on null"),
    ("finish_search", "volatile", "unsafe", "called on null"),
    ("follow_change", "volatile", "unsafe", "called on null"),
    ("follow_definitions", "volatile", "unsafe", "called on null"),
    ("follow_dropped_views", "volatile", "unsafe", "called on null"),
    ("follow_drops", "volatile", "unsafe", "called on null"),
    ("follow_managed_views", "volatile", "unsafe", "called on null"),
    ("follow_names", "volatile", "unsafe", "called on null"),
    ("follow_renamed_column", "volatile", "unsafe", "called on null"),
    ("forget_oldest_rosters", "volatile", "unsafe", "called on null"),
    ("generate_schedule", "volatile", "unsafe", "called on null"),
    ("guard_gap_units", "stable", "unsafe", "called on null"),
    ("guard_new_partitions", "volatile", "unsafe", "called on null"),
    ("guard_overlaps", "volatile", "unsafe", "called on null"),
    ("guard_predicate_columns", "stable", "unsafe", "strict"),
    ("guard_row", "volatile", "unsafe", "called on null"),
    ("guard_statement", "volatile", "unsafe", "called on null"),
    ("half_day_range", "immutable", "safe", "called on null"),
    ("holds_job", "volatile", "unsafe", "called on null"),
    ("import_catalog", "stable", "unsafe", "called on null"),
    ("inline_call", "immutable", "safe", "strict"),
    ("inlined", "stable", "safe", "called on null"),
    ("install_tracking", "volatile", "unsafe", "called on null"),
    ("install_watch", "volatile", "unsafe", "called on null"),
    ("invalidation_status", "volatile", "restricted", "strict"),
    ("invalidation_words", "volatile", "restricted", "strict"),
    ("is_comparable_key", "stable", "unsafe", "called on null"),
    ("is_fresh", "immutable", "unsafe", "called on null"),
    ("is_kept_in_memory", "stable", "unsafe", "called on null"),
    ("job_silence", "immutable", "unsafe", "called on null"),
    ("jobs", "stable", "unsafe", "called on null"),
    ("keep_guards_whole", "volatile", "unsafe", "called on null"),
    ("keep_tracking", "volatile", "unsafe", "called on null"),
    ("keep_watch", "volatile", "unsafe", "called on null"),
    ("key_names", "immutable", "unsafe", "called on null"),
    ("key_statement", "volatile", "unsafe", "called on null"),
    ("key_type", "stable", "unsafe", "called on null"),
    ("keyset_cursor", "immutable", "safe", "called on null"),
    ("keyset_page", "stable", "unsafe", "called on null"),
    ("know_view", "volatile", "unsafe", "called on null"),
    ("know_views", "volatile", "unsafe", "called on null"),
    ("known_view", "stable", "unsafe", "called on null"),
    ("local_days", "immutable", "safe", "strict"),
    ("make_enforcement_triggers", "volatile", "unsafe", "called on null"),
    ("make_guard", "volatile", "unsafe", "called on null"),
    ("make_guard_index", "volatile", "unsafe", "called on null"),
    ("make_guard_triggers", "volatile", "unsafe", "called on null"),
    ("make_queue", "volatile", "unsafe", "called on null"),
    ("manage_relation", "volatile", "unsafe", "called on null"),
    ("manage_view", "volatile", "unsafe", "called on null"),
    ("map_changed_rows", "volatile", "unsafe", "called on null"),
    ("mapped_columns", "stable", "unsafe", "called on null"),
    ("mapping_query", "immutable", "unsafe", "called on null"),
    ("mapping_reads_others", "volatile", "unsafe", "called on null"),
    ("mark_intact", "volatile", "unsafe", "called on null"),
    ("members_of", "stable", "unsafe", "called on null"),
    ("merge_duties", "immutable", "safe", "strict"),
    ("merge_ranges", "immutable", "safe", "strict"),
    ("microseconds", "stable", "unsafe", "called on null"),
    ("milliseconds", "immutable", "unsafe", "called on null"),
    ("minutes_in_band", "immutable", "safe", "strict"),
    ("new_enforcement_name", "stable", "unsafe", "called on null"),
    ("new_guard_name", "stable", "unsafe", "called on null"),
    ("next_invalidations", "volatile", "restricted", "strict"),
    ("next_refresh_ms", "stable", "unsafe", "called on null"),
    ("note_catalog_change", "volatile", "unsafe", "called on null"),
    ("note_everything", "volatile", "unsafe", "called on null"),
    ("note_job_progress", "volatile", "unsafe", "called on null"),
    ("object_uses", "stable", "unsafe", "called on null"),
    ("objects_used", "stable", "unsafe", "called on null"),
    ("oids_of", "stable", "unsafe", "called on null"),
    ("option_instant", "stable", "unsafe", "called on null"),
    ("order_views", "volatile", "unsafe", "called on null"),
    ("partial_limit", "stable", "unsafe", "called on null"),
    ("pay_rules", "immutable", "safe", "strict"),
    ("pay_totals", "immutable", "safe", "called on null"),
    ("pending_changes", "stable", "unsafe", "called on null"),
    ("people_alike", "immutable", "unsafe", "called on null"),
    ("period_days", "immutable", "safe", "strict"),
    ("plan_cost", "volatile", "unsafe", "called on null"),
    ("prepare_job", "volatile", "unsafe", "called on null"),
    ("prepare_search", "stable", "unsafe", "called on null"),
    ("proposal_conflicts", "stable", "unsafe", "called on null"),
    ("qualified_guard_predicate", "stable", "unsafe", "strict"),
    ("qualified_name", "stable", "unsafe", "called on null"),
    ("read_absences", "stable", "unsafe", "called on null"),
    ("read_as", "stable", "unsafe", "strict"),
    ("read_keyset_cursor", "immutable", "unsafe", "called on null"),
    ("reads_nothing", "stable", "unsafe", "called on null"),
    ("recall_roster", "stable", "unsafe", "called on null"),
    ("recompute_materialized", "volatile", "unsafe", "called on null"),
    ("recompute_rollup", "volatile", "unsafe", "called on null"),
    ("record_failure", "volatile", "unsafe", "called on null"),
    ("record_refresh", "volatile", "unsafe", "called on null"),
    ("record_slow_calls", "volatile", "unsafe", "called on null"),
    ("refresh", "volatile", "unsafe", "called on null"),
    ("refresh_due", "volatile", "unsafe", "called on null"),
    ("refresh_for", "volatile", "unsafe", "called on null"),
    ("refresh_for_transaction", "volatile", "unsafe", "called on null"),
    ("refresh_graph", "volatile", "unsafe", "called on null"),
    ("refresh_if_free", "volatile", "unsafe", "called on null"),
    ("refresh_one", "volatile", "unsafe", "called on null"),
    ("refuse_broken_mappings", "volatile", "unsafe", "called on null"),
    ("refuse_guard", "stable", "unsafe", "called on null"),
    ("refuse_management", "stable", "unsafe", "called on null"),
    ("refuse_unclean", "volatile", "unsafe", "called on null"),
    ("refuse_unusable", "stable", "unsafe", "called on null"),
    ("regular_rate_pay", "immutable", "safe", "strict"),
    ("relation_excesses", "volatile", "unsafe", "called on null"),
    ("relation_overlaps", "volatile", "unsafe", "called on null"),
    ("relations_read", "stable", "unsafe", "called on null"),
    ("remember_roster", "volatile", "unsafe", "called on null"),
    ("remembers_rosters", "immutable", "unsafe", "called on null"),
    ("remove_tracking", "volatile", "unsafe", "called on null"),
    ("renamed_guard_predicate", "stable", "unsafe", "strict"),
    ("repair_roster", "volatile", "unsafe", "called on null"),
    ("repair_schedule", "volatile", "unsafe", "called on null"),
    ("replace_guard_triggers", "volatile", "unsafe", "called on null"),
    ("replace_own_trigger", "volatile", "unsafe", "called on null"),
    ("require_rule", "immutable", "safe", "called on null"),
    ("resolve_endpoints", "stable", "unsafe", "called on null"),
    ("rollup_keys", "stable", "unsafe", "called on null"),
    ("rollup_statements", "stable", "unsafe", "called on null"),
    ("roster_changes", "immutable", "unsafe", "called on null"),
    ("roster_fingerprints", "stable", "safe", "called on null"),
    ("roster_places", "stable", "unsafe", "called on null"),
    ("roster_rows", "immutable", "unsafe", "called on null"),
    ("roster_violations", "stable", "unsafe", "called on null"),
    ("rule_headroom", "stable", "restricted", "called on null"),
    ("run_job", "volatile", "unsafe", "called on null"),
    ("schedule_problem", "stable", "unsafe", "called on null"),
    ("search_options", "immutable", "unsafe", "called on null"),
    ("shape_fault", "stable", "unsafe", "called on null"),
    ("shift_lasting", "immutable", "safe", "strict"),
    ("shift_pieces", "immutable", "safe", "called on null"),
    ("shift_range", "immutable", "safe", "strict"),
    ("shrink_queue", "volatile", "unsafe", "called on null"),
    ("solve_roster", "volatile", "unsafe", "called on null"),
    ("source_view_readers", "immutable", "unsafe", "called on null"),
    ("spans_refresh", "volatile", "unsafe", "called on null"),
    ("split_shift", "immutable", "safe", "strict"),
    ("staleness_ms", "stable", "unsafe", "called on null"),
    ("staleness_of", "stable", "unsafe", "called on null"),
    ("stamp", "stable", "safe", "strict"),
    ("submit_job", "volatile", "unsafe", "called on null"),
    ("table_members", "stable", "unsafe", "called on null"),
    ("tables_with_partitions", "stable", "unsafe", "called on null"),
    ("tag_hash", "immutable", "safe", "strict"),
    ("take_pending", "volatile", "unsafe", "called on null"),
    ("the_guard", "stable", "unsafe", "called on null"),
    ("time_zone_changes", "immutable", "safe", "strict"),
    ("time_zone_report", "stable", "unsafe", "called on null"),
    ("time_zone_version", "stable", "safe", "strict"),
    ("track_changes", "volatile", "unsafe", "called on null"),
    ("track_source", "volatile", "unsafe", "called on null"),
    ("track_untracked", "volatile", "unsafe", "called on null"),
    ("tracking_fault", "stable", "unsafe", "called on null"),
    ("trigger_arguments", "immutable", "safe", "strict"),
    ("unenforce_rules", "volatile", "unsafe", "called on null"),
    ("unguard_overlaps", "volatile", "unsafe", "called on null"),
    ("union_minutes", "immutable", "safe", "strict"),
    ("unknown_pay_rules", "immutable", "safe", "called on null"),
    ("unmanage_relation", "volatile", "unsafe", "called on null"),
    ("unmanage_view", "volatile", "unsafe", "called on null"),
    ("unwatch", "volatile", "unsafe", "called on null"),
    ("user_functions", "stable", "unsafe", "called on null"),
    ("verify_guard", "volatile", "unsafe", "called on null"),
    ("version", "stable", "safe", "strict"),
    ("view_dues", "stable", "unsafe", "called on null"),
    ("view_statuses", "stable", "unsafe", "called on null"),
    ("view_ways", "stable", "unsafe", "called on null"),
    ("watch", "volatile", "unsafe", "called on null"),
    ("watch_changes", "volatile", "unsafe", "called on null"),
    ("words_of", "volatile", "restricted", "strict"),
    ("worked_minutes", "immutable", "safe", "strict"),
    ("write_answer", "volatile", "unsafe", "called on null"),
    ("written_verdicts", "volatile", "restricted", "strict"),
];

#[tokio::test]
async fn every_function_of_the_extension_has_the_labels_that_were_decided() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let found = session
        .rows(
            "SELECT p.proname,
                 CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
                 CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END,
                 CASE WHEN p.proisstrict THEN 'strict' ELSE 'called on null' END
             FROM pg_proc p
             WHERE p.pronamespace = 'rota'::regnamespace
             ORDER BY 1",
        )
        .await?;
    let found: Vec<String> =
        found.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(" | ")).collect();
    let decided: Vec<String> = LABELS
        .iter()
        .map(|(name, volatility, parallel, strictness)| {
            format!("{name} | {volatility} | {parallel} | {strictness}")
        })
        .collect();
    let unexpected: Vec<&String> = found.iter().filter(|label| !decided.contains(label)).collect();
    let missing: Vec<&String> = decided.iter().filter(|label| !found.contains(label)).collect();
    assert!(
        unexpected.is_empty() && missing.is_empty(),
        "not decided: {unexpected:#?}\nnot found: {missing:#?}"
    );
    Ok(())
}

#[tokio::test]
async fn functions_that_run_queries_pin_their_search_path() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let loose = session
        .rows(
            "SELECT p.oid::regprocedure
             FROM pg_proc p
                 JOIN pg_language l ON l.oid = p.prolang
             WHERE p.pronamespace = 'rota'::regnamespace
                 AND l.lanname = 'plpgsql'
                 AND NOT coalesce(p.proconfig::text LIKE '%search_path%', false)",
        )
        .await?;
    assert!(loose.is_empty(), "no search_path: {loose:?}");
    Ok(())
}

#[tokio::test]
async fn every_function_of_the_extension_says_what_it_does() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let silent = session
        .rows(
            "SELECT p.oid::regprocedure
             FROM pg_proc p
             WHERE p.pronamespace = 'rota'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL",
        )
        .await?;
    assert!(silent.is_empty(), "no comment: {silent:?}");
    Ok(())
}
