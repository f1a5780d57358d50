//! Answers from the views that are kept: the same as from the tables, whatever was written.

use anyhow::{Result, ensure};
use rota_tests::session::Session;
use serde_json::Value;

use super::random_roster;
use super::service::Service;

/// What the views answer. Whole weeks of everybody, and each of the others with and without its filter.
const FROM_VIEWS: [&str; 10] = [
    "/api/analytics/overview?from_date=2026-10-05&to_date=2026-10-26",
    "/api/analytics/overview?from_date=2026-10-12&to_date=2026-10-19&employee_limit=3",
    "/api/coverage?from_date=2026-10-01&to_date=2026-10-30",
    "/api/coverage?from_date=2026-10-07&to_date=2026-10-20&department_id=3",
    "/api/departments/hierarchy",
    "/api/departments/hierarchy?root_id=3",
    "/api/schedules/summary?from_date=2026-10-01&to_date=2026-10-30",
    "/api/schedules/summary?from_date=2026-10-01&to_date=2026-10-30&department_id=2&status=draft",
    "/api/employees/1/workload?from_date=2026-10-07&to_date=2026-10-20",
    "/api/employees/7/workload?from_date=2026-01-01&to_date=2026-12-31",
];

/// What they do not hold.
const FROM_TABLES: [&str; 4] = [
    "/api/analytics/overview?from_date=2026-10-06&to_date=2026-10-26",
    "/api/analytics/overview?from_date=2026-10-05&to_date=2026-10-26&department_id=3",
    "/api/analytics/overview?from_date=2026-10-05&to_date=2026-10-26&band_start=21:00",
    "/api/coverage?from_date=2026-10-01&to_date=2026-10-30&department_id=0",
];

/// Every view, as an array.
const VIEWS: &str = "'{workforce.shift_coverage, workforce.daily_coverage, workforce.weekly_workload, \
    workforce.weekly_overview, workforce.schedule_summary, workforce.department_hierarchy}'::regclass[]";

/// What is kept would be given out again, whatever it came from.
const UNCACHED: [(&str, &str); 1] = [("ROTA_CACHE_BYTES", "0")];

/// Plans of departments and weeks, and who is in them.
const PLANS: &str = "
    INSERT INTO workforce.schedules (department_id, period)
    SELECT department_id, daterange(monday::date, monday::date + 7)
    FROM workforce.departments
        CROSS JOIN generate_series(timestamp '2026-10-05', '2026-10-19', '7 days') AS monday;
    UPDATE workforce.assignments AS assignment
    SET schedule_id = plan.schedule_id
    FROM workforce.shifts AS shift JOIN workforce.schedules AS plan
        ON plan.department_id = shift.department_id AND plan.period @> shift.date
    WHERE shift.shift_id = assignment.shift_id AND random() < 0.8";

/// One write of each kind that a view has to notice. A write that the tables refuse is none.
const WRITES: [&str; 17] = [
    "UPDATE workforce.shifts SET date = date + 1 WHERE shift_id % 7 = {seed} % 7 AND random() < 0.3",
    "UPDATE workforce.shifts SET date = date - 7 WHERE shift_id % 23 = {seed} % 23",
    "UPDATE workforce.shifts SET active = NOT active WHERE shift_id % 11 = {seed} % 11",
    "UPDATE workforce.shifts SET department_id = CASE WHEN random() < 0.8 THEN 1 + {seed} % 8 END \
        WHERE shift_id % 13 = {seed} % 13",
    "UPDATE workforce.shifts SET required_staff = required_staff + 1 WHERE shift_id % 5 = {seed} % 5",
    "UPDATE workforce.shifts SET break_minutes = break_minutes + 15 WHERE shift_id % 9 = {seed} % 9",
    "UPDATE workforce.shifts SET time_zone = 'Pacific/Kiritimati' WHERE shift_id % 17 = {seed} % 17",
    "UPDATE workforce.assignments SET status = 'cancelled' WHERE assignment_id % 6 = {seed} % 6",
    "UPDATE workforce.assignments SET status = 'confirmed' WHERE assignment_id % 12 = {seed} % 12",
    "UPDATE workforce.assignments SET schedule_id = 1 + {seed} % 20 WHERE assignment_id % 10 = {seed} % 10",
    "UPDATE workforce.assignments SET schedule_id = NULL WHERE assignment_id % 15 = {seed} % 15",
    "DELETE FROM workforce.assignments WHERE assignment_id % 19 = {seed} % 19",
    "UPDATE workforce.employees SET weekly_minutes = 600 + 60 * ({seed} % 20) WHERE employee_id % 4 = {seed} % 4",
    "UPDATE workforce.employees SET department_id = 1 + {seed} % 8, active = NOT active \
        WHERE employee_id % 5 = {seed} % 5",
    "UPDATE workforce.departments SET parent_id = 1 + {seed} % 5, name = name || '.' WHERE department_id = 6 + {seed} % 3",
    "INSERT INTO workforce.departments (name, parent_id) VALUES ('New ' || {seed}, 1 + {seed} % 8)",
    "UPDATE workforce.departments SET active = NOT active WHERE department_id = 1 + {seed} % 8",
];

async fn refresh(session: &Session) -> Result<()> {
    let refresh = format!("SELECT rota.refresh(known.view) FROM unnest({VIEWS}) AS known (view)");
    session.batch_execute(&refresh).await?;
    ensure!(staleness(session).await? == "0", "something is still pending");
    Ok(())
}

/// Milliseconds, or nothing where nobody knows.
async fn staleness(session: &Session) -> Result<String> {
    session.text(&format!("SELECT coalesce(rota.staleness_ms({VIEWS})::text, '')")).await
}

async fn answers(service: &Service) -> Result<Vec<(&'static str, Value)>> {
    let mut answers = Vec::new();
    for target in FROM_VIEWS.into_iter().chain(FROM_TABLES) {
        answers.push((target, service.read(target).await?));
    }
    Ok(answers)
}

#[tokio::test]
async fn whatever_was_written_views_answer_what_the_tables_answer() -> Result<()> {
    let service = Service::with_settings(&UNCACHED).await?;
    let session = service.session().await?;
    random_roster::fill(&service, 41).await?;
    session.batch_execute(PLANS).await?;
    let mut written = 0;
    for seed in 0..12_usize {
        for step in 0..3 {
            let write = WRITES[(seed * 5 + step * 7) % WRITES.len()].replace("{seed}", &seed.to_string());
            written += usize::from(session.batch_execute(&write).await.is_ok());
        }
        // Nobody refreshes here: what is read now comes from the tables.
        ensure!(staleness(&session).await? != "0", "round {seed} wrote nothing");
        let from_tables = answers(&service).await?;
        refresh(&session).await?;
        let from_views = answers(&service).await?;
        for ((target, expected), (_, found)) in from_tables.iter().zip(&from_views) {
            assert_eq!(found, expected, "round {seed}: {target}");
        }
        for rollup in
            ["shift_coverage", "daily_coverage", "weekly_workload", "weekly_overview", "schedule_summary"]
        {
            let differences =
                session.rows(&format!("SELECT * FROM rota.check_rollup('workforce.{rollup}')")).await?;
            assert!(differences.is_empty(), "round {seed}: {rollup} {differences:?}");
        }
    }
    assert!(written >= 18, "only {written} writes were taken");
    Ok(())
}

#[tokio::test]
async fn fresh_views_answer_what_they_hold_and_tables_the_rest() -> Result<()> {
    let service = Service::with_settings(&UNCACHED).await?;
    let session = service.session().await?;
    random_roster::fill(&service, 42).await?;
    session.batch_execute(PLANS).await?;
    refresh(&session).await?;
    let before = answers(&service).await?;
    // What no view would hold: whoever reads them tells it.
    session
        .batch_execute(
            "UPDATE workforce.daily_coverage SET surplus = surplus + 1000;
             UPDATE workforce.weekly_workload SET night_minutes = night_minutes + 1000;
             UPDATE workforce.schedule_summary SET assignments = assignments + 1000",
        )
        .await?;
    let queues = session
        .rows("SELECT format('DELETE FROM rota.pending_%s WHERE kind <> ''s''', view_id) FROM rota.managed_views")
        .await?;
    for queue in queues.into_iter().flatten().flatten() {
        session.batch_execute(&queue).await?;
    }
    let after = answers(&service).await?;
    for ((target, before), (_, after)) in before.iter().zip(&after) {
        // A materialized view takes no such change, and of a filter or a person there may be nothing to change.
        let may_stay =
            target.contains("hierarchy") || target.contains("status=") || target.contains("employees/");
        let is_from_a_view = FROM_VIEWS.contains(target);
        assert!(may_stay || (before != after) == is_from_a_view, "{target}: {before} {after}");
    }
    Ok(())
}

#[tokio::test]
async fn every_endpoint_that_reads_views_is_cached_by_the_tables_behind_them() -> Result<()> {
    let service = Service::start().await?;
    let session = service.session().await?;
    let faults = session
        .rows(
            "WITH RECURSIVE source (path, relation) AS (
                 SELECT endpoint.path, told.refobjid
                 FROM rota.endpoints AS endpoint
                     JOIN pg_proc AS function
                         ON function.oid = to_regprocedure(endpoint.staleness_signature)
                     JOIN pg_depend AS told
                         ON told.objid = function.oid AND told.refclassid = 'pg_class'::regclass
                 UNION
                 SELECT source.path, read.oid
                 FROM source
                     JOIN rota.view_states AS state USING (relation)
                     CROSS JOIN LATERAL unnest(state.reads) AS read (oid)
             )
             SELECT report.path, source.relation::regclass, report.reason
             FROM source JOIN rota.cache_report() AS report USING (path)
             WHERE NOT report.cached
                 OR (source.relation::regclass::text = ANY (report.reads))
                     = (source.relation IN (SELECT state.relation FROM rota.view_states AS state))",
        )
        .await?;
    assert!(faults.is_empty(), "{faults:?}");
    let known =
        session.text("SELECT count(*) FROM rota.endpoints WHERE staleness_signature IS NOT NULL").await?;
    assert_eq!(known, "5");
    Ok(())
}

#[tokio::test]
async fn a_staleness_function_that_could_not_be_asked_is_refused_with_its_reason() -> Result<()> {
    let service = Service::start().await?;
    let session = service.session().await?;
    session
        .batch_execute(
            "CREATE FUNCTION f(a integer, max_staleness_ms integer DEFAULT 0) RETURNS json STABLE LANGUAGE sql
                 BEGIN ATOMIC SELECT to_json(1); END;
             CREATE FUNCTION is_text(max_staleness_ms integer DEFAULT 0) RETURNS text STABLE LANGUAGE sql
                 BEGIN ATOMIC SELECT ''::text; END;
             CREATE FUNCTION is_volatile(max_staleness_ms integer DEFAULT 0) RETURNS bigint LANGUAGE sql
                 BEGIN ATOMIC SELECT 0::bigint; END;
             CREATE FUNCTION is_unbounded(a integer) RETURNS bigint STABLE LANGUAGE sql
                 BEGIN ATOMIC SELECT 0::bigint; END;
             CREATE FUNCTION has_other_default(max_staleness_ms integer DEFAULT 5) RETURNS bigint STABLE LANGUAGE sql
                 BEGIN ATOMIC SELECT 0::bigint; END;
             CREATE FUNCTION takes_more(b integer, max_staleness_ms integer DEFAULT 0) RETURNS bigint STABLE
                 LANGUAGE sql BEGIN ATOMIC SELECT 0::bigint; END;",
        )
        .await?;
    for (function, reason) in [
        ("is_text", "does not return one bigint"),
        ("is_volatile", "is volatile"),
        ("is_unbounded", "has no argument max_staleness_ms"),
        ("has_other_default", "takes max_staleness_ms other than"),
        ("takes_more", "takes b other than"),
    ] {
        let call =
            format!("SELECT rota.expose('f'::regproc, 'GET', '/f', staleness => '{function}'::regproc)");
        let refusal = session.refusal(&call).await?;
        assert_eq!(refusal.sqlstate, "22023");
        assert!(refusal.message.contains(reason), "{function}: {}", refusal.message);
    }
    Ok(())
}
