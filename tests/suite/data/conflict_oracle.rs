//! `rota.find_conflicts` finds what plain joins find, over anybody's tables and over ours.

use std::collections::BTreeSet;

use anyhow::Result;
use rota_tests::session::Session;

use super::demo::organisation;
use super::plain_tables::{fill, install_oracle, plain_tables};

/// Questions about a roster of two weeks: everything, one hour on the edge of much, a day, some
/// people, a team, a rest of one's own, none at all, and all of it together.
const QUESTIONS: &[&str] = &[
    "'[2026-03-01 00:00Z,2026-05-01 00:00Z)', NULL, NULL, NULL",
    "'[2026-03-27 06:00Z,2026-03-27 07:00Z)', NULL, NULL, NULL",
    "'[2026-03-27 06:00Z,2026-03-27 07:00Z)', NULL, NULL, 0",
    "'[2026-03-28 00:00Z,2026-03-29 00:00Z)', NULL, NULL, 900",
    "'[2026-03-24 00:00Z,2026-04-02 00:00Z)', '{p1,p2,nobody}', NULL, NULL",
    "'[2026-03-30 12:00Z,2026-03-30 13:00Z)', '{p3,p4,p5}', NULL, 0",
    "'[2026-03-24 00:00Z,2026-04-02 00:00Z)', NULL, '{t1,t3}', NULL",
    "'[2026-03-31 05:00Z,2026-03-31 07:00Z)', NULL, '{t2}', 300",
    "'[2026-03-24 00:00Z,2026-04-02 00:00Z)', '{p1,p2,p3}', '{t2,t3}', NULL",
    "'[2026-03-24 00:00Z,2026-04-02 00:00Z)', '{}', NULL, NULL",
    "'[2026-03-24 00:00Z,2026-04-02 00:00Z)', NULL, '{}', NULL",
];

async fn difference(session: &Session, question: &str) -> Result<Vec<String>> {
    let rows = session.rows(&format!("SELECT fault, conflict FROM oracle.difference({question})")).await?;
    Ok(rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(": ")).collect())
}

#[tokio::test]
async fn every_conflict_of_random_rosters_is_found_and_nothing_else_in_anybodys_tables() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    install_oracle(&session).await?;
    let mut kinds = BTreeSet::new();
    for seed in 1..=25 {
        fill(&session, seed).await?;
        for question in QUESTIONS {
            let difference = difference(&session, question).await?;
            assert!(difference.is_empty(), "roster {seed}, {question}: {difference:#?}");
        }
        kinds.extend(session.rows(&format!("SELECT kind FROM oracle.found({})", QUESTIONS[0])).await?);
    }
    assert_eq!(kinds.len(), 11, "{kinds:?}");
    Ok(())
}

#[tokio::test]
async fn the_assignments_of_a_rest_are_those_on_its_two_sides_and_each_row_names_its_shift() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    for seed in 101..=110 {
        fill(&session, seed).await?;
        let wrong = session
            .rows(
                "SELECT conflict.*
                FROM rota.find_conflicts('2026-03-01', '2026-05-01') AS conflict
                    JOIN rota_source.assignments AS one USING (assignment_id)
                    LEFT JOIN rota_source.assignments AS two
                        ON two.assignment_id = conflict.other_assignment_id
                WHERE conflict.shift_id IS DISTINCT FROM one.shift_id
                    OR conflict.person_id <> one.person_id
                    OR conflict.person_id <> two.person_id
                    OR conflict.kind = 'insufficient_rest'
                        AND (upper(one.during) <> lower(conflict.during) OR lower(two.during) <> upper(conflict.during))
                    OR conflict.kind IN ('overlap', 'duplicate') AND lower(one.during) > lower(two.during)",
            )
            .await?;
        assert!(wrong.is_empty(), "roster {seed}: {wrong:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_order_in_which_rows_are_stored_changes_nothing_that_counts() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    install_oracle(&session).await?;
    for seed in 201..=205 {
        fill(&session, seed).await?;
        let found = format!(
            "SELECT md5(string_agg(found::text, ',' ORDER BY found::text)) FROM oracle.found({}) AS found",
            QUESTIONS[0]
        );
        let before = session.text(&found).await?;
        session
            .batch_execute(
                "CREATE TEMP TABLE shuffled AS SELECT * FROM rota_source.assignments ORDER BY random();
                TRUNCATE rota_source.assignments;
                INSERT INTO rota_source.assignments SELECT * FROM shuffled;
                DROP TABLE shuffled",
            )
            .await?;
        assert_eq!(session.text(&found).await?, before, "roster {seed}");
    }
    Ok(())
}

#[tokio::test]
async fn every_conflict_of_the_demo_organisation_is_found_and_nothing_else_in_our_tables() -> Result<()> {
    let database = organisation("120", "4", "2026-10-05").await?;
    let session = database.session().await?;
    install_oracle(&session).await?;
    session
        .batch_execute(
            "INSERT INTO workforce.rules (rule_type, parameters, level, department_id, valid)
            SELECT 'rest_period', '{\"minimum_minutes\": 780}', 'warning', max(department_id), '[2026-10-20,)'
            FROM workforce.employees;
            INSERT INTO workforce.rules (rule_type, parameters)
            VALUES
                ('maximum_minutes', '{\"maximum_minutes\": 480, \"per\": \"day\"}'),
                ('maximum_minutes', '{\"maximum_minutes\": 2400, \"per\": \"week\"}'),
                ('maximum_minutes', '{\"maximum_minutes\": 960, \"per\": \"window\", \"window_minutes\": 2880}'),
                ('consecutive_days', '{\"maximum_days\": 4}');
            INSERT INTO workforce.availability (employee_id, during, preference)
            SELECT employee_id, tstzrange('2026-10-24 18:00Z', '2026-10-25 06:00Z'), 'unavailable'
            FROM workforce.employees WHERE employee_id % 7 = 0",
        )
        .await?;
    let questions = [
        "'[2026-10-01 00:00Z,2026-12-31 00:00Z)', NULL, NULL, NULL",
        "'[2026-10-24 22:00Z,2026-10-25 02:00Z)', NULL, NULL, NULL",
        "'[2026-10-19 00:00Z,2026-10-26 00:00Z)', NULL, NULL, 780",
        "'[2026-10-01 00:00Z,2026-12-31 00:00Z)', '{1,2,3,50,51,9999}', NULL, NULL",
        "'[2026-10-01 00:00Z,2026-12-31 00:00Z)', NULL, '{1,5,6,7}', 720",
    ];
    for question in questions {
        let difference = difference(&session, question).await?;
        assert!(difference.is_empty(), "{question}: {difference:#?}");
    }
    let found =
        session.text(&format!("SELECT count(DISTINCT kind) FROM oracle.found({})", questions[0])).await?;
    // The guard leaves no overlap, the unique constraint no duplicate, and everybody is booked whole.
    assert_eq!(found, "8");
    Ok(())
}
