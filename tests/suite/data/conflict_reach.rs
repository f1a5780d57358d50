//! Questions about a few people read a few rows, whatever the size of the tables.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

use super::plain_tables::plain_tables;

/// Sequential scans of a table so far, and rows read of it, as this session counts them.
const COUNTS: &str = "
    SELECT coalesce(sum(seq_scan), 0), coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)
    FROM pg_stat_xact_user_tables WHERE relid = 'TABLE'::regclass";

async fn counts(session: &Session, table: &str) -> Result<(u64, u64)> {
    let rows = session.rows(&COUNTS.replace("TABLE", table)).await?;
    let counts = rows.into_iter().flatten().flatten().map(|count| count.parse());
    let counts: Vec<u64> = counts.collect::<Result<_, _>>()?;
    Ok((counts[0], counts[1]))
}

/// How often a question scans a table from end to end, and how many of its rows it reads.
async fn reads(session: &Session, question: &str, table: &str) -> Result<(u64, u64)> {
    // In one transaction, since what is counted may be handed over at the end of any.
    session.batch_execute("BEGIN").await?;
    let (scans_before, rows_before) = counts(session, table).await?;
    session.batch_execute(question).await?;
    let (scans, rows) = counts(session, table).await?;
    session.batch_execute("ROLLBACK").await?;
    Ok((scans - scans_before, rows - rows_before))
}

/// 20 people in each department, each of them on a shift on each of 150 days: 3,000 assignments a department.
const ROSTER: &str = "
    INSERT INTO workforce.departments (name)
    SELECT 'Ward ' || number FROM generate_series(1, $departments) AS number;
    INSERT INTO workforce.employees (employee_no, name, email, department_id)
    SELECT 'E' || number, 'Person ' || number, number || '@example.org', 1 + number % $departments
    FROM generate_series(1, 20 * $departments) AS number;
    INSERT INTO workforce.shifts (department_id, shift_type, date, start_time, end_time, required_staff)
    SELECT department_id, 'early', date '2026-01-01' + day, '06:00', '14:00', 20
    FROM workforce.departments CROSS JOIN generate_series(0, 149) AS day
    ORDER BY day, department_id;
    INSERT INTO workforce.assignments (shift_id, during, employee_id)
    SELECT shift.shift_id, shift.during, employee.employee_id
    FROM workforce.shifts AS shift JOIN workforce.employees AS employee USING (department_id)
    ORDER BY shift.shift_id;
    VACUUM (ANALYZE) workforce.departments, workforce.employees, workforce.shifts, workforce.assignments";

async fn roster(departments: u32) -> Result<(Database, Session)> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    for statement in ROSTER.replace("$departments", &departments.to_string()).split(";\n") {
        session.batch_execute(statement).await?;
    }
    Ok((database, session))
}

#[tokio::test]
async fn a_question_about_one_person_or_one_day_reads_their_rows_and_not_the_table() -> Result<()> {
    let (_database, session) = roster(10).await?;
    let cases = [
        // One person over all days: their own 150, once for the shifts and once for the person. A few people in a
        // week: the planner may look at the heads of the shifts of that week instead.
        ("rota.find_conflicts('2026-01-01', '2026-06-30', people => '{7}')", 400),
        ("rota.find_conflicts('2026-03-02', '2026-03-09', people => '{7,8}')", 400),
        // Everybody on one day and in the rests around it.
        ("rota.find_conflicts('2026-03-02', '2026-03-03')", 700),
        ("rota.find_conflicts('2026-03-02', '2026-03-03', teams => '{3}')", 700),
        (r#"rota.check_assignments('[{"person_id": 7, "shift_id": 600}]')"#, 60),
    ];
    for (question, most_rows) in cases {
        let question = format!("SELECT count(*) FROM {question}");
        let (scans, rows) = reads(&session, &question, "workforce.assignments").await?;
        assert_eq!(scans, 0, "{question}");
        assert!(rows <= most_rows, "{question} reads {rows} rows");
    }
    Ok(())
}

#[tokio::test]
async fn a_question_about_one_person_reads_as_much_of_a_table_four_times_as_large() -> Result<()> {
    // The hours of their weeks, and 150 days in a row followed to both ends.
    let rules = "INSERT INTO workforce.rules (rule_type, parameters)
        VALUES ('maximum_minutes', '{\"maximum_minutes\": 2400, \"per\": \"week\"}'),
            ('consecutive_days', '{\"maximum_days\": 6}')";
    let questions = [
        "rota.find_conflicts('2026-03-02', '2026-03-09', people => '{7}')".to_owned(),
        r#"rota.check_assignments('[{"person_id": 7, "starts_at": "2026-03-02 15:00Z", "ends_at": "2026-03-02 16:00Z"}]')"#
            .to_owned(),
        "rota.check_swap(
            (SELECT min(assignment_id)::text FROM workforce.assignments WHERE employee_id = 7),
            (SELECT max(assignment_id)::text FROM workforce.assignments WHERE employee_id = 8)
        )"
        .to_owned(),
    ];
    let mut read = Vec::new();
    for departments in [5, 20] {
        let (_database, session) = roster(departments).await?;
        session.batch_execute(rules).await?;
        let mut rows_of_size = Vec::new();
        for question in &questions {
            let question = format!("SELECT count(*) FROM {question}");
            assert_ne!(session.text(&question).await?, "0", "{question}");
            let (scans, rows) = reads(&session, &question, "workforce.assignments").await?;
            assert_eq!(scans, 0, "{question}");
            rows_of_size.push(rows);
        }
        read.push(rows_of_size);
    }
    for (small, large) in read[0].iter().zip(&read[1]) {
        // A page more or less is the planner's business.
        assert!(large <= &(small + 50), "{read:?}");
    }
    Ok(())
}

#[tokio::test]
async fn everybodys_window_does_not_walk_through_the_index_that_forbids_double_bookings() -> Result<()> {
    let (_database, session) = roster(10).await?;
    let plan = session
        .rows(
            "EXPLAIN SELECT assignment_id FROM rota_source.assignments
            WHERE binding AND during && tstzrange '[2026-03-02 00:00Z,2026-03-03 00:00Z)'",
        )
        .await?;
    let plan: Vec<String> = plan.into_iter().flatten().flatten().collect();
    assert!(plan.iter().any(|line| line.contains("assignments_by_during")), "{plan:#?}");
    Ok(())
}

#[tokio::test]
async fn ones_own_index_on_text_ids_serves_too() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session
        .batch_execute(
            "INSERT INTO rota_source.people (person_id, name)
            SELECT 'p' || number, 'Person ' || number FROM generate_series(1, 1000) AS number;
            INSERT INTO rota_source.assignments (assignment_id, person_id, during)
            SELECT number, 'p' || 1 + number % 1000, tstzrange(start, start + interval '8 hours')
            FROM generate_series(1, 30000) AS number,
                LATERAL (SELECT timestamptz '2026-01-01 00:00Z' + number / 1000 * interval '1 day' AS start) AS day;
            CREATE INDEX ON rota_source.people (person_id);
            CREATE INDEX ON rota_source.assignments (person_id);
            ANALYZE rota_source.people, rota_source.assignments",
        )
        .await?;
    let question = "SELECT count(*) FROM rota.find_conflicts('2026-01-01', '2026-03-01', people => '{p7}')";
    for (table, most_rows) in [("rota_source.assignments", 70), ("rota_source.people", 2)] {
        let (scans, rows) = reads(&session, question, table).await?;
        assert_eq!(scans, 0, "{table}");
        assert!(rows <= most_rows, "{rows} rows of {table}");
    }
    Ok(())
}
