//! Work in another system's tables, which the views only rename: rows are taken over column by column, and work far
//! from every limit is judged by a glance.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

/// Three people in three zones, nobody's work and no rules.
const TABLES: &str = "
    CREATE SCHEMA rota_source;
    CREATE TABLE staff (staff_id integer PRIMARY KEY, lives_in text NOT NULL);
    CREATE TABLE duties (
        note varchar(40),
        duty_id bigint GENERATED ALWAYS AS IDENTITY,
        staff_id integer NOT NULL,
        is_guess boolean NOT NULL DEFAULT false,
        planned tstzrange NOT NULL,
        nature varchar(20),
        unpaid smallint NOT NULL DEFAULT 0
    );
    CREATE TABLE leaves (staff_id integer, during tstzrange);
    CREATE TABLE house_rules (rule_id text, rule_type text, parameters jsonb);
    CREATE VIEW rota_source.people AS
    SELECT staff_id AS person_id, 'Number ' || staff_id AS name, lives_in AS time_zone, NULL::text AS team_id
    FROM staff;
    CREATE VIEW rota_source.assignments AS
    SELECT duty_id AS assignment_id, staff_id AS person_id, NULL::bigint AS shift_id, planned AS during,
        nature AS kind, true AS binding, 1::numeric AS load, unpaid AS unpaid_minutes, nature,
        is_guess AS estimated
    FROM duties;
    CREATE VIEW rota_source.absences AS
    SELECT staff_id AS person_id, during, 'leave'::text AS kind, true AS excluded_from_averages FROM leaves;
    CREATE VIEW rota_source.rules AS
    SELECT rule_id, rule_type, parameters, 'violation'::text AS level, NULL::text AS scope,
        '(,)'::tstzrange AS during, 'refuse'::text AS mode
    FROM house_rules;
    INSERT INTO staff VALUES (1, 'Europe/Berlin'), (2, 'America/New_York'), (3, 'Asia/Tokyo');
    INSERT INTO leaves VALUES (1, '[2026-03-23 00:00+01,2026-03-28 00:00+01)');
    CREATE INDEX ON duties (staff_id, lower(planned));
    CREATE INDEX ON leaves (staff_id);
    SELECT rota.enforce_rules('duties', 'staff_id', 'planned')";

/// Rules of which work alone may tell. Less work never breaks them.
const MOST_TIME: &str = r#"INSERT INTO house_rules VALUES
    ('hours', 'maximum_minutes', '{"maximum_minutes": 3000, "per": "week"}'),
    ('calls', 'maximum_minutes', '{"maximum_minutes": 1200, "per": "week", "kinds": ["call"]}'),
    ('stretch', 'maximum_minutes', '{"maximum_minutes": 900, "per": "window", "window_minutes": 1440}'),
    ('mean', 'average_minutes', '{"maximum_minutes": 2000, "per": "window", "window_days": 14}'),
    ('long', 'continuous_duty', '{"maximum_minutes": 780}')"#;

/// Further ones, which are broken too where the middle of a duty goes.
const REST: &str = r#"INSERT INTO house_rules VALUES
    ('rest', 'rest_period', '{"minimum_minutes": 180}'),
    ('number', 'maximum_duties', '{"maximum_duties": 8, "per": "week"}')"#;

async fn tables() -> Result<(Database, Session)> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(TABLES).await?;
    // Indexes are used, however few rows there are: what is asked about a person then needs no executor.
    session.batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off").await?;
    Ok((database, session))
}

#[tokio::test]
async fn a_write_is_refused_exactly_if_the_full_check_would_find_a_breach() -> Result<()> {
    let (_database, session) = tables().await?;
    session.batch_execute(MOST_TIME).await?;
    refuses_what_the_full_check_would_find(&session, 10).await
}

#[tokio::test]
async fn so_it_is_with_rest_where_work_only_comes() -> Result<()> {
    let (_database, session) = tables().await?;
    session.batch_execute(MOST_TIME).await?;
    session.batch_execute(REST).await?;
    refuses_what_the_full_check_would_find(&session, 6).await
}

/// Random writes of so many forms, each judged by the trigger and by a full check of everybody; now and then all
/// that is there becomes visible to everybody, and a column is made anew.
async fn refuses_what_the_full_check_would_find(session: &Session, forms: u32) -> Result<()> {
    let breaches = "SELECT coalesce(string_agg(message, '; '), 'none')
        FROM rota.check_rules(NULL, '2026-01-01', '2026-06-01')
        WHERE level = 'violation'";
    let mut random = fastrand::Rng::with_seed(23);
    let (mut written, mut refused) = (0, 0);
    for round in 0..300 {
        if round % 25 == 24 {
            session.batch_execute("VACUUM duties").await?;
        }
        if round % 100 == 60 {
            // Rows of before lack it, and have its default: no less than before, so that nothing is broken by it.
            session
                .batch_execute(
                    "ALTER TABLE duties ADD COLUMN unpaid_anew smallint NOT NULL DEFAULT 60;
                    CREATE OR REPLACE VIEW rota_source.assignments AS
                    SELECT duty_id AS assignment_id, staff_id AS person_id, NULL::bigint AS shift_id,
                        planned AS during, nature AS kind, true AS binding, 1::numeric AS load,
                        unpaid_anew AS unpaid_minutes, nature, is_guess AS estimated
                    FROM duties;
                    ALTER TABLE duties DROP COLUMN unpaid;
                    ALTER TABLE duties RENAME COLUMN unpaid_anew TO unpaid",
                )
                .await?;
        }
        let statement = statement(&mut random, forms, round);
        let outcome = session.batch_execute(&statement).await;
        // The same without the trigger, judged as a whole, and taken back.
        session.batch_execute("BEGIN; ALTER TABLE duties DISABLE TRIGGER USER").await?;
        match outcome {
            Ok(()) => {
                written += 1;
                assert_eq!(session.text(breaches).await?, "none", "round {round} passed: {statement}");
            }
            Err(error) => {
                refused += 1;
                let code = error.code().map(tokio_postgres::error::SqlState::code);
                assert_eq!(code, Some("23514"), "{statement}: {error:?}");
                session.batch_execute(&statement).await?;
                assert_ne!(session.text(breaches).await?, "none", "round {round} was refused: {statement}");
            }
        }
        session.batch_execute("ROLLBACK").await?;
    }
    assert!(written > 40 && refused > 40, "{written} written, {refused} refused");
    Ok(())
}

/// Work comes and is changed; of the last forms it moves, is someone else's, or goes.
fn statement(random: &mut fastrand::Rng, forms: u32, round: u32) -> String {
    let (person, day, start, hours) =
        (random.u32(1..4), random.u32(0..35), random.u32(0..24), random.u32(2..11));
    let planned = format!(
        "tstzrange(
            timestamptz '2026-03-02 00:00Z' + interval '{day} days {start} hours',
            timestamptz '2026-03-02 00:00Z' + interval '{day} days {} hours'
        )",
        start + hours
    );
    let other = random.u32(1..round.max(1) + 1);
    let unpaid = random.u32(0..3) * 30;
    let nature = if random.u32(0..3) == 0 { "'call'" } else { "NULL" };
    match random.u32(0..forms) {
        0 => format!("UPDATE duties SET unpaid = {unpaid}, nature = {nature} WHERE duty_id = {other}"),
        7 => format!("UPDATE duties SET planned = {planned} WHERE duty_id = {other}"),
        8 => format!("UPDATE duties SET staff_id = {person} WHERE duty_id = {other}"),
        9 => format!("DELETE FROM duties WHERE duty_id = {other}"),
        _ => format!(
            "INSERT INTO duties (note, staff_id, planned, nature, unpaid)
            VALUES (nullif('{}', ''), {person}, {planned}, {nature}, {unpaid})",
            "x".repeat(usize::try_from(round % 30).unwrap_or_default())
        ),
    }
}

#[tokio::test]
async fn a_row_that_others_deleted_since_its_page_was_visible_to_all_counts_no_longer() -> Result<()> {
    let (database, writer) = tables().await?;
    let other = database.session().await?;
    writer.batch_execute(MOST_TIME).await?;
    let long = "INSERT INTO duties (staff_id, planned) VALUES (2, '[2026-03-02 06:00Z,2026-03-02 18:00Z)')";
    let more = "INSERT INTO duties (staff_id, planned) VALUES (2, '[2026-03-02 21:00Z,2026-03-03 01:00Z)')";
    writer.batch_execute(long).await?;
    writer.batch_execute("VACUUM duties").await?;
    assert_eq!(writer.refusal(more).await?.sqlstate, "23514");
    other.batch_execute("BEGIN; DELETE FROM duties WHERE staff_id = 2").await?;
    assert_eq!(writer.refusal(more).await?.sqlstate, "23514");
    other.batch_execute("COMMIT").await?;
    writer.batch_execute(more).await?;
    Ok(())
}

#[tokio::test]
async fn a_rest_that_a_row_cuts_short_is_its_fault_before_it_and_after_it() -> Result<()> {
    let (_database, session) = tables().await?;
    session.batch_execute(REST).await?;
    let duty = |hours: &str| format!("INSERT INTO duties (staff_id, planned) VALUES (2, '{hours}')");
    session.batch_execute(&duty("[2026-03-02 06:00Z,2026-03-02 10:00Z)")).await?;
    let refused = ["[2026-03-02 12:00Z,2026-03-02 14:00Z)", "[2026-03-02 01:00Z,2026-03-02 04:00Z)"];
    for hours in refused {
        assert_eq!(session.refusal(&duty(hours)).await?.sqlstate, "23514", "{hours}");
    }
    session.batch_execute(&duty("[2026-03-02 13:00Z,2026-03-02 14:00Z)")).await?;
    Ok(())
}

#[tokio::test]
async fn somebody_whom_the_view_does_not_show_is_not_judged() -> Result<()> {
    let (_database, session) = tables().await?;
    session.batch_execute(MOST_TIME).await?;
    let long = |person: u32| {
        format!("INSERT INTO duties (staff_id, planned) VALUES ({person}, '[2026-03-02,2026-03-04)')")
    };
    assert_eq!(session.refusal(&long(3)).await?.sqlstate, "23514");
    session.batch_execute(&long(9)).await?;
    Ok(())
}
