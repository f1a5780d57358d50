//! A write is judged as the whole would be: what is refused is what a full check finds afterwards.

use anyhow::Result;
use rota_tests::session::Session;

use super::tables::{INDEXES, NO_DATES_OF_PEOPLE, lines, rule, tables};

/// Breaches by the full check, of everybody and all time.
async fn breaches(session: &Session) -> Result<i64> {
    let told = "SELECT count(*) FROM rota.check_rules(NULL, '2026-01-01', '2026-06-01')
        WHERE level = 'violation'";
    Ok(session.text(told).await?.parse()?)
}

/// A rule's id, its type and its parameters.
type RuleText = (&'static str, &'static str, &'static str);

/// Rules of many types.
const OF_MANY_TYPES: &[RuleText] = &[
    ("rest", "rest_within", r#"{"minimum_minutes": 660, "within_minutes": 1440}"#),
    ("weekly", "weekly_rest", r#"{"minimum_minutes": 2100, "per": "week"}"#),
    ("hours", "maximum_minutes", r#"{"maximum_minutes": 2400, "per": "week"}"#),
    ("mean", "average_minutes", r#"{"maximum_minutes": 2160, "per": "window", "window_days": 21}"#),
    ("row", "consecutive_days", r#"{"maximum_days": 6}"#),
    ("long", "continuous_duty", r#"{"maximum_minutes": 780}"#),
    ("nights", "consecutive_nights", r#"{"maximum_nights": 3, "night_from": "22:00", "night_to": "06:00"}"#),
];

/// Rules of which work alone may tell that they are kept.
const TOLD_BY_WORK: &[RuleText] = &[
    ("rest", "rest_period", r#"{"minimum_minutes": 420}"#),
    ("hours", "maximum_minutes", r#"{"maximum_minutes": 2400, "per": "week"}"#),
    ("mean", "average_minutes", r#"{"maximum_minutes": 1560, "per": "window", "window_days": 21}"#),
    ("long", "continuous_duty", r#"{"maximum_minutes": 780}"#),
    ("duties", "maximum_duties", r#"{"maximum_duties": 6, "per": "week"}"#),
];

#[tokio::test]
async fn a_write_is_refused_exactly_if_the_full_check_would_find_a_breach() -> Result<()> {
    let (_database, session) = tables().await?;
    refuses_what_the_full_check_would_find(&session, OF_MANY_TYPES).await
}

#[tokio::test]
async fn so_it_is_where_all_that_is_asked_about_a_person_is_found_by_indexes() -> Result<()> {
    let (_database, session) = tables().await?;
    session.batch_execute(INDEXES).await?;
    refuses_what_the_full_check_would_find(&session, OF_MANY_TYPES).await
}

#[tokio::test]
async fn so_it_is_where_that_depends_on_no_setting_either() -> Result<()> {
    let (_database, session) = tables().await?;
    session.batch_execute(INDEXES).await?;
    session.batch_execute(NO_DATES_OF_PEOPLE).await?;
    refuses_what_the_full_check_would_find(&session, OF_MANY_TYPES).await
}

#[tokio::test]
async fn so_it_is_where_work_alone_may_tell_that_rules_are_kept() -> Result<()> {
    let (_database, session) = tables().await?;
    session.batch_execute(INDEXES).await?;
    session.batch_execute(NO_DATES_OF_PEOPLE).await?;
    refuses_what_the_full_check_would_find(&session, TOLD_BY_WORK).await
}

/// Random writes, each judged by the trigger and by a full check of everybody.
async fn refuses_what_the_full_check_would_find(session: &Session, rules: &[RuleText]) -> Result<()> {
    session
        .batch_execute(
            "INSERT INTO rota_source.people (person_id, name, time_zone)
            VALUES ('0', 'Ada', 'Europe/Berlin'), ('1', 'Ben', 'America/New_York'), ('2', 'Cyd', 'Asia/Tokyo')",
        )
        .await?;
    for (id, rule_type, parameters) in rules {
        rule(session, id, "refuse", rule_type, parameters).await?;
    }
    session
        .batch_execute("SELECT rota.enforce_rules('rota_source.assignments', 'person_id', 'during')")
        .await?;
    let mut random = fastrand::Rng::with_seed(61);
    let (mut written, mut refused) = (0, 0);
    for round in 0..350 {
        let (person, day) = (random.u32(0..3), random.u32(0..28));
        let (start, hours) = (random.u32(0..24), random.u32(3..13));
        let during = format!(
            "tstzrange(
                timestamptz '2026-03-16 00:00Z' + interval '{day} days {start} hours',
                timestamptz '2026-03-16 00:00Z' + interval '{day} days {} hours'
            )",
            start + hours
        );
        let statement = match random.u32(0..8) {
            2 => format!(
                "UPDATE rota_source.assignments SET unpaid_minutes = {}
                WHERE assignment_id = '{}'",
                random.u32(0..3) * 30,
                random.u32(0..round.max(1))
            ),
            0 | 1 => format!(
                "UPDATE rota_source.assignments SET during = {during}
                WHERE assignment_id = '{}'",
                random.u32(0..round.max(1))
            ),
            _ => format!(
                "INSERT INTO rota_source.assignments (assignment_id, person_id, during, unpaid_minutes)
                VALUES ('{round}', '{person}', {during}, {})",
                random.u32(0..3) * 30
            ),
        };
        let outcome = session.batch_execute(&statement).await;
        // The same without the trigger, judged as a whole, and taken back.
        session.batch_execute("BEGIN; ALTER TABLE rota_source.assignments DISABLE TRIGGER USER").await?;
        match outcome {
            Ok(()) => {
                written += 1;
                assert_eq!(breaches(session).await?, 0, "round {round} passed: {statement}");
            }
            Err(error) => {
                refused += 1;
                assert_eq!(
                    error.code().map(tokio_postgres::error::SqlState::code),
                    Some("23514"),
                    "{statement}: {error:?}"
                );
                session.batch_execute(&statement).await?;
                assert!(breaches(session).await? > 0, "round {round} was refused: {statement}");
            }
        }
        session.batch_execute("ROLLBACK").await?;
    }
    assert!(written > 40 && refused > 40, "{written} written, {refused} refused");
    Ok(())
}

#[tokio::test]
async fn verdicts_depend_neither_on_the_order_of_rows_nor_on_how_work_is_cut() -> Result<()> {
    let (_database, session) = tables().await?;
    session
        .batch_execute(
            "INSERT INTO rota_source.people (person_id, name, time_zone) VALUES ('ada', 'Ada', 'Europe/Berlin');
            SELECT setseed(0.5);
            CREATE TABLE whole AS
            SELECT number, tstzrange(start, start + (4 + random() * 16) * interval '1 hour') AS during
            FROM generate_series(0, 59) AS number,
                LATERAL (
                    SELECT timestamptz '2026-03-02 05:00Z' + (number + random() * 0.4) * interval '1 day' AS start
                ) AS at",
        )
        .await?;
    let ways = [
        "SELECT number::text, 'ada', during FROM whole ORDER BY number",
        "SELECT number::text, 'ada', during FROM whole ORDER BY md5(number::text)",
        "SELECT number || part, 'ada', piece
        FROM whole,
            LATERAL (SELECT lower(during) + (upper(during) - lower(during)) * 0.37 AS cut) AS at,
            LATERAL (
                VALUES ('a', tstzrange(lower(during), cut)), ('b', tstzrange(cut, upper(during)))
            ) AS pieces (part, piece)
        ORDER BY 3 DESC",
    ];
    for set in ["acgme", "eu-working-time"] {
        let mut told = Vec::new();
        for way in ways {
            session
                .batch_execute(&format!(
                    "TRUNCATE rota_source.assignments, rota_source.rotations;
                    INSERT INTO rota_source.rotations
                    VALUES ('ada', 'ward', rota.local_days('[2026-03-02,2026-03-30)', 'Europe/Berlin')),
                        ('ada', 'night_float', rota.local_days('[2026-03-30,2026-05-01)', 'Europe/Berlin'));
                    INSERT INTO rota_source.assignments (assignment_id, person_id, during) {way}"
                ))
                .await?;
            told.push(
                lines(
                    &session,
                    &format!(
                        "SELECT rule_id, level, during, measured
                        FROM rota.check_rules('{set}', '2026-03-01', '2026-06-01') ORDER BY 1, 3, 2, 4"
                    ),
                )
                .await?,
            );
        }
        assert!(told[0].len() > 5, "{set}: {told:?}");
        assert_eq!(told[0], told[1], "{set}: order of rows");
        assert_eq!(told[0], told[2], "{set}: cut in two");
    }
    Ok(())
}
