//! Rules at the moment of writing: what is refused, what is told, what is left alone.

use anyhow::Result;
use rota_tests::session::Session;

use super::tables::{INDEXES, anna_and_ben, hours, lines, rule, work};

/// Anna and Ben, at most ten hours a day, and assignments that are enforced.
async fn enforced(mode: &str) -> Result<(rota_tests::database::Database, Session)> {
    let (database, session) = anna_and_ben().await?;
    rule(&session, "daily", mode, "maximum_minutes", r#"{"maximum_minutes": 600, "per": "day"}"#).await?;
    session
        .batch_execute("SELECT rota.enforce_rules('rota_source.assignments', 'person_id', 'during')")
        .await?;
    Ok((database, session))
}

async fn assignments(session: &Session) -> Result<Vec<String>> {
    lines(session, "SELECT assignment_id FROM rota_source.assignments ORDER BY 1").await
}

#[tokio::test]
async fn a_write_that_breaks_a_rule_is_refused_with_everything_that_matters() -> Result<()> {
    let (_database, session) = enforced("refuse").await?;
    session.batch_execute(&work("1", "anna", 8, 16)).await?;
    let refusal = session.refusal(&work("2", "anna", 17, 20)).await?;
    assert_eq!(refusal.sqlstate, "23514", "{refusal:?}");
    assert_eq!(refusal.message, "Anna has 11 h on 2026-03-02, 10 h at most (rule daily)");
    assert_eq!(refusal.constraint.as_deref(), Some("daily"));
    assert_eq!(refusal.column.as_deref(), Some("person_id"));
    let table = (refusal.schema.as_deref(), refusal.table.as_deref());
    assert_eq!(table, (Some("rota_source"), Some("assignments")));
    let detail = refusal.detail.unwrap_or_default();
    for fact in ["Person anna", "measured 660 minutes", "limit 600", "2026-03-02 00:00", "the house"] {
        assert!(detail.contains(fact), "{fact}: {detail}");
    }
    assert_eq!(assignments(&session).await?, ["1"]);
    session.batch_execute(&work("2", "anna", 17, 19)).await?;
    session.batch_execute(&work("3", "ben", 8, 18)).await?;
    Ok(())
}

#[tokio::test]
async fn a_refused_statement_writes_none_of_its_rows() -> Result<()> {
    let (_database, session) = enforced("refuse").await?;
    let both = format!(
        "INSERT INTO rota_source.assignments (assignment_id, person_id, during)
        VALUES ('1', 'ben', {}), ('2', 'anna', {})",
        hours(8, 16),
        hours(8, 20)
    );
    assert_eq!(session.refusal(&both).await?.sqlstate, "23514");
    assert_eq!(assignments(&session).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn what_was_broken_before_is_no_fault_of_a_write_that_makes_it_no_worse() -> Result<()> {
    let (_database, session) = anna_and_ben().await?;
    session.batch_execute(&work("1", "anna", 6, 20)).await?;
    rule(&session, "daily", "refuse", "maximum_minutes", r#"{"maximum_minutes": 600, "per": "day"}"#).await?;
    session
        .batch_execute("SELECT rota.enforce_rules('rota_source.assignments', 'person_id', 'during')")
        .await?;
    // Another day, a note, a shorter day: all fine. A longer one is not.
    session.batch_execute(&work("2", "anna", 32, 40)).await?;
    session.batch_execute("UPDATE rota_source.assignments SET kind = 'noted'").await?;
    let set = |last| {
        format!("UPDATE rota_source.assignments SET during = {} WHERE assignment_id = '1'", hours(6, last))
    };
    session.batch_execute(&set(19)).await?;
    assert_eq!(session.refusal(&set(20)).await?.sqlstate, "23514");
    let moved =
        format!("UPDATE rota_source.assignments SET during = {} WHERE assignment_id = '1'", hours(7, 20));
    session.batch_execute(&moved).await?;
    Ok(())
}

#[tokio::test]
async fn r15_a_swap_that_takes_one_person_over_the_cap_is_refused_as_a_whole() -> Result<()> {
    let (_database, session) = enforced("refuse").await?;
    for statement in [work("1", "anna", 8, 16), work("2", "anna", 30, 32), work("3", "ben", 16, 19)] {
        session.batch_execute(&statement).await?;
    }
    let swap = |one: &str, other: &str| {
        format!(
            "UPDATE rota_source.assignments
            SET person_id = CASE person_id WHEN 'anna' THEN 'ben' ELSE 'anna' END
            WHERE assignment_id IN ('{one}', '{other}')"
        )
    };
    assert_eq!(session.refusal(&swap("2", "3")).await?.sqlstate, "23514");
    let who = "SELECT assignment_id, person_id FROM rota_source.assignments ORDER BY 1";
    assert_eq!(lines(&session, who).await?, ["1 anna", "2 anna", "3 ben"]);
    session.batch_execute(&swap("1", "3")).await?;
    assert_eq!(lines(&session, who).await?, ["1 ben", "2 anna", "3 anna"]);
    Ok(())
}

#[tokio::test]
async fn warnings_are_told_and_kept_and_the_row_is_written() -> Result<()> {
    let (_database, session) = enforced("warn").await?;
    session.batch_execute(&work("1", "anna", 8, 20)).await?;
    let told = "SELECT rule_id, mode, level, person_id, measured, limit_value, source, assignment_ids
        FROM rota.written_verdicts()";
    let expected = ["daily warn violation anna 720 600 the house {1}"];
    assert_eq!(lines(&session, told).await?, expected);
    // The next statement that is told something takes its place.
    session.batch_execute(&work("2", "ben", 8, 21)).await?;
    assert_eq!(lines(&session, "SELECT person_id FROM rota.written_verdicts()").await?, ["ben"]);
    Ok(())
}

#[tokio::test]
async fn a_write_that_was_rolled_back_leaves_nothing() -> Result<()> {
    let (_database, session) = enforced("warn").await?;
    let told = "SELECT person_id FROM rota.written_verdicts()";
    session.batch_execute(&format!("BEGIN; {}; ROLLBACK", work("1", "anna", 8, 20))).await?;
    assert_eq!(lines(&session, told).await?, Vec::<String>::new());
    session
        .batch_execute(&format!(
            "BEGIN; {}; SAVEPOINT here; {}; ROLLBACK TO here; COMMIT",
            work("1", "anna", 8, 20),
            work("2", "ben", 8, 20)
        ))
        .await?;
    assert_eq!(lines(&session, told).await?, ["anna"]);
    assert_eq!(assignments(&session).await?, ["1"]);
    Ok(())
}

#[tokio::test]
async fn a_changed_rule_acts_on_the_next_write() -> Result<()> {
    let (_database, session) = enforced("refuse").await?;
    assert_eq!(session.refusal(&work("1", "anna", 8, 20)).await?.sqlstate, "23514");
    session
        .batch_execute(
            "UPDATE rota_source.rules SET parameters = '{\"maximum_minutes\": 720, \"per\": \"day\"}'",
        )
        .await?;
    session.batch_execute(&work("1", "anna", 8, 20)).await?;
    session.batch_execute("UPDATE rota_source.rules SET mode = 'off'").await?;
    session.batch_execute(&work("2", "anna", 20, 23)).await?;
    // A view that changes is read anew, too.
    session.batch_execute("UPDATE rota_source.rules SET mode = 'refuse'").await?;
    session
        .batch_execute("ALTER TABLE rota_source.assignments ALTER COLUMN unpaid_minutes TYPE numeric")
        .await?;
    assert_eq!(session.refusal(&work("3", "ben", 8, 21)).await?.sqlstate, "23514");
    Ok(())
}

#[tokio::test]
async fn rules_of_a_team_or_a_person_hold_for_those_only_and_for_their_days() -> Result<()> {
    let (_database, session) = anna_and_ben().await?;
    for (id, column, value) in [("ward", "scope", "ward"), ("hers", "person_id", "anna")] {
        session
            .batch_execute(&format!(
                "INSERT INTO rota_source.rules (rule_id, rule_type, parameters, {column}, mode, during)
                VALUES (
                    '{id}', 'maximum_minutes',
                    '{{\"maximum_minutes\": {}, \"per\": \"day\"}}', '{value}', 'refuse', '[2026-03-01,2026-03-10)'
                )",
                if id == "ward" { 720 } else { 240 }
            ))
            .await?;
    }
    session
        .batch_execute("SELECT rota.enforce_rules('rota_source.assignments', 'person_id', 'during')")
        .await?;
    let refused = |refusal: rota_tests::session::Refusal| refusal.constraint.unwrap_or_default();
    assert_eq!(refused(session.refusal(&work("1", "anna", 8, 13)).await?), "hers");
    session.batch_execute(&work("1", "ben", 8, 13)).await?;
    assert_eq!(refused(session.refusal(&work("2", "ben", 13, 22)).await?), "ward");
    // Ten days later neither is valid.
    session.batch_execute(&work("2", "anna", 240, 260)).await?;
    Ok(())
}

#[tokio::test]
async fn leave_that_takes_an_average_over_its_limit_is_refused_on_its_own_table() -> Result<()> {
    let (_database, session) = anna_and_ben().await?;
    rule(
        &session,
        "mean",
        "refuse",
        "average_minutes",
        r#"{"maximum_minutes": 2400, "per": "period", "period": "14 days from 2026-03-02"}"#,
    )
    .await?;
    session
        .batch_execute(
            "INSERT INTO rota_source.assignments (assignment_id, person_id, during)
            SELECT day::text, 'anna', tstzrange(start, start + interval '10 hours')
            FROM generate_series(0, 4) AS day,
                LATERAL (SELECT timestamptz '2026-03-02 08:00Z' + day * interval '1 day' AS start) AS at;
            SELECT rota.enforce_rules('rota_source.absences', 'person_id', 'during')",
        )
        .await?;
    let leave = |excluded: bool| {
        format!(
            "INSERT INTO rota_source.absences (person_id, during, excluded_from_averages)
            VALUES ('anna', '[2026-03-09 00:00Z,2026-03-16 00:00Z)', {excluded})"
        )
    };
    session.batch_execute(&leave(false)).await?;
    let refusal = session.refusal(&leave(true)).await?;
    assert_eq!(refusal.constraint.as_deref(), Some("mean"), "{refusal:?}");
    Ok(())
}

#[tokio::test]
async fn partitions_enforce_too_those_that_come_later_as_well() -> Result<()> {
    let (_database, session) = anna_and_ben().await?;
    rule(&session, "daily", "refuse", "maximum_minutes", r#"{"maximum_minutes": 600, "per": "day"}"#).await?;
    session
        .batch_execute(
            "CREATE TABLE duties (id text, who text, during tstzrange, part integer) PARTITION BY LIST (part);
            CREATE TABLE duties_1 PARTITION OF duties FOR VALUES IN (1);
            DROP TABLE rota_source.assignments;
            CREATE VIEW rota_source.assignments AS
            SELECT id AS assignment_id, who AS person_id, NULL::text AS shift_id, during, 'duty'::text AS kind,
                true AS binding, 1::numeric AS load, 0 AS unpaid_minutes
            FROM duties;
            SELECT rota.enforce_rules('duties', 'who', 'during');
            CREATE TABLE duties_2 PARTITION OF duties FOR VALUES IN (2)",
        )
        .await?;
    for (table, part) in [("duties", 1), ("duties_1", 1), ("duties", 2), ("duties_2", 2)] {
        let write =
            format!("INSERT INTO {table} VALUES ('{table} {part}', 'anna', {}, {part})", hours(8, 20));
        assert_eq!(session.refusal(&write).await?.sqlstate, "23514", "{table} {part}");
    }
    session.batch_execute("SELECT rota.unenforce_rules('duties')").await?;
    session.batch_execute(&format!("INSERT INTO duties_2 VALUES ('x', 'anna', {}, 2)", hours(8, 20))).await?;
    Ok(())
}

#[tokio::test]
async fn who_may_only_insert_is_judged_and_reads_nothing_in_the_refusal() -> Result<()> {
    let (database, session) = enforced("refuse").await?;
    session
        .batch_execute(
            "DROP ROLE IF EXISTS rules_writer; CREATE ROLE rules_writer LOGIN;
            GRANT USAGE ON SCHEMA rota_source TO rules_writer;
            GRANT INSERT ON rota_source.assignments TO rules_writer",
        )
        .await?;
    session.batch_execute(&work("1", "anna", 8, 16)).await?;
    let writer = database.session_as("rules_writer").await?;
    writer.batch_execute(&work("2", "ben", 8, 16)).await?;
    let refusal = writer.refusal(&work("3", "anna", 17, 20)).await?;
    assert_eq!(refusal.sqlstate, "23514");
    let told = format!("{refusal:?}");
    for secret in ["Anna", "660", "11 h"] {
        assert!(!told.contains(secret), "{secret} told in {told}");
    }
    assert_eq!(refusal.constraint.as_deref(), Some("daily"));
    drop(writer);
    session.batch_execute("DROP OWNED BY rules_writer; DROP ROLE rules_writer").await?;
    Ok(())
}

#[tokio::test]
async fn many_rows_of_many_people_are_judged_each_by_their_own_work() -> Result<()> {
    let (_database, session) = enforced("refuse").await?;
    session
        .batch_execute(
            "INSERT INTO rota_source.people (person_id, name)
            SELECT 'p' || number, 'P' || number FROM generate_series(1, 400) AS number",
        )
        .await?;
    let everybody = |hours: &str| {
        format!(
            "INSERT INTO rota_source.assignments (assignment_id, person_id, during)
            SELECT number::text, 'p' || number, tstzrange(start, start + {hours} * interval '1 hour')
            FROM generate_series(1, 400) AS number,
                LATERAL (SELECT timestamptz '2026-03-02 06:00Z' + number * interval '1 day' AS start) AS at"
        )
    };
    let refusal = session.refusal(&everybody("CASE number WHEN 377 THEN 11 ELSE 10 END")).await?;
    assert!(refusal.message.starts_with("P377 has 11 h"), "{refusal:?}");
    session.batch_execute(&everybody("10")).await?;
    Ok(())
}

#[tokio::test]
async fn a_write_reads_the_work_of_its_people_around_its_time_however_much_there_is() -> Result<()> {
    let (_database, session) = anna_and_ben().await?;
    rule(&session, "weekly", "refuse", "maximum_minutes", r#"{"maximum_minutes": 6000, "per": "week"}"#)
        .await?;
    session
        .batch_execute(
            "DROP TABLE rota_source.assignments;
            CREATE TABLE duties (id text, who text, during tstzrange);
            INSERT INTO duties
            SELECT number || ' ' || day, CASE number WHEN 0 THEN 'anna' ELSE 'p' || number END,
                tstzrange(start, start + interval '8 hours')
            FROM generate_series(0, 99) AS number, generate_series(0, 599) AS day,
                LATERAL (SELECT timestamptz '2025-01-01 08:00Z' + day * interval '1 day' AS start) AS at;
            CREATE INDEX ON duties (who, lower(during));
            ANALYZE duties;
            CREATE VIEW rota_source.assignments AS
            SELECT id AS assignment_id, who AS person_id, NULL::text AS shift_id, during, 'duty'::text AS kind,
                true AS binding, 1::numeric AS load, 0 AS unpaid_minutes
            FROM duties;
            SELECT rota.enforce_rules('duties', 'who', 'during')",
        )
        .await?;
    // What this session has counted so far is told to the server first: it would be counted along.
    session.batch_execute("SELECT pg_stat_force_next_flush()").await?;
    session
        .batch_execute(&format!("BEGIN; INSERT INTO duties VALUES ('new', 'anna', {})", hours(17, 18)))
        .await?;
    let scans = "SELECT seq_scan, idx_tup_fetch < 100 FROM pg_stat_xact_user_tables WHERE relname = 'duties'";
    assert_eq!(lines(&session, scans).await?, ["0 t"]);
    session.batch_execute("COMMIT").await?;
    Ok(())
}

#[tokio::test]
async fn work_in_tables_that_were_never_analysed_is_found_by_its_indexes() -> Result<()> {
    const SCANS: &str = "SELECT relname, seq_scan, idx_scan > 0 FROM pg_stat_user_tables
        WHERE schemaname = 'rota_source' AND relname IN ('people', 'assignments', 'absences') ORDER BY 1";
    let (_database, session) = anna_and_ben().await?;
    session
        .batch_execute(
            "CREATE INDEX ON rota_source.people (person_id);
            CREATE INDEX ON rota_source.assignments (person_id, lower(during));
            CREATE INDEX ON rota_source.absences (person_id)",
        )
        .await?;
    // The mean asks for leave, and for who somebody is.
    rule(&session, "daily", "refuse", "maximum_minutes", r#"{"maximum_minutes": 600, "per": "day"}"#).await?;
    let mean = r#"{"maximum_minutes": 4800, "per": "window", "window_days": 28}"#;
    rule(&session, "mean", "refuse", "average_minutes", mean).await?;
    session
        .batch_execute("SELECT rota.enforce_rules('rota_source.assignments', 'person_id', 'during')")
        .await?;
    session.batch_execute(&work("first", "anna", 8, 16)).await?;
    session.batch_execute("SELECT pg_stat_force_next_flush()").await?;
    let before = lines(&session, SCANS).await?;
    for day in 1..20 {
        session.batch_execute(&work(&day.to_string(), "anna", day * 24 + 8, day * 24 + 16)).await?;
    }
    assert_eq!(session.refusal(&work("more", "anna", 24 + 17, 24 + 20)).await?.sqlstate, "23514");
    session.batch_execute("SELECT pg_stat_force_next_flush()").await?;
    assert_eq!(lines(&session, SCANS).await?, before);
    assert!(before.iter().all(|line| line.ends_with(" t")), "{before:?}");
    Ok(())
}

#[tokio::test]
async fn an_average_of_somebody_hired_within_the_window_is_judged_over_the_days_since() -> Result<()> {
    let (_database, session) = anna_and_ben().await?;
    session.batch_execute(INDEXES).await?;
    session
        .batch_execute(
            r#"UPDATE rota_source.people SET attributes = '{"hired_on": "2026-03-02"}' WHERE person_id = 'anna'"#,
        )
        .await?;
    let parameters = r#"{"maximum_minutes": 2400, "per": "window", "window_days": 28}"#;
    rule(&session, "mean", "refuse", "average_minutes", parameters).await?;
    session
        .batch_execute("SELECT rota.enforce_rules('rota_source.assignments', 'person_id', 'during')")
        .await?;
    for person in ["anna", "ben"] {
        for day in 0..6 {
            let (id, start) = (format!("{person} {day}"), day * 24 + 8);
            session.batch_execute(&work(&id, person, start, start + 8)).await?;
        }
    }
    // 56 hours in her first seven days, in his last 28.
    let refusal = session.refusal(&work("anna 6", "anna", 152, 160)).await?;
    assert_eq!((refusal.sqlstate.as_str(), refusal.constraint.as_deref()), ("23514", Some("mean")));
    session.batch_execute(&work("ben 6", "ben", 152, 160)).await?;
    Ok(())
}
