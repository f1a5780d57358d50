//! `rota.check_assignments` tells beforehand what `rota.find_conflicts` would tell afterwards.

use anyhow::Result;
use rota_tests::session::Session;

use super::plain_tables::{fill, plain_tables};

/// Random proposals for the roster: on a shift, at a part of it, or at a time of their own.
const PROPOSALS: &str = "
    CREATE TEMP TABLE proposal AS
    SELECT
        number,
        'p' || 1 + floor(random() * 7)::integer AS person_id,
        CASE WHEN share < 0.85 THEN shift_id END AS shift_id,
        share < 0.6 AS whole,
        CASE
            WHEN share < 0.6 THEN during
            ELSE tstzrange(lower(during) + (upper(during) - lower(during)) / 2, upper(during))
        END AS during
    FROM (
        SELECT number, random() AS share, 's' || 1 + floor(random() * 30)::integer AS shift_id
        FROM generate_series(0, 5) AS number
        OFFSET 0
    ) AS drawn
    JOIN rota_source.shifts USING (shift_id);
    CREATE TEMP TABLE proposed AS
    SELECT jsonb_agg(
        jsonb_strip_nulls(
            jsonb_build_object(
                'person_id', person_id,
                'shift_id', shift_id,
                'starts_at', CASE WHEN NOT whole THEN lower(during) END,
                'ends_at', CASE WHEN NOT whole THEN upper(during) END
            )
        )
        ORDER BY number
    ) AS list
    FROM proposal";

/// Whatever staffing is missing is not added by more people.
const COMPARE: &str = "
    CREATE TEMP TABLE before AS SELECT * FROM oracle.found('[2026-03-01,2026-05-01)', NULL, NULL, $rest$);
    CREATE TEMP TABLE checked AS
    SELECT conflict.* FROM proposed, oracle.checked(proposed.list, $rest$) AS conflict;
    INSERT INTO rota_source.assignments (assignment_id, person_id, shift_id, during)
    SELECT 'new' || number, person_id, shift_id, during FROM proposal;
    CREATE TEMP TABLE added AS
    SELECT * FROM oracle.found('[2026-03-01,2026-05-01)', NULL, NULL, $rest$) WHERE kind <> 'understaffed'
    EXCEPT ALL
    SELECT * FROM before";

const DIFFERENCE: &str = "
    SELECT 'checked, but not added', row::text FROM (SELECT * FROM checked EXCEPT ALL SELECT * FROM added) AS row
    UNION ALL
    SELECT 'added, but not checked', row::text FROM (SELECT * FROM added EXCEPT ALL SELECT * FROM checked) AS row";

async fn checked_is_added(session: &Session, seed: u32, rest: &str) -> Result<usize> {
    session.batch_execute(PROPOSALS).await?;
    session.batch_execute(&COMPARE.replace("$rest$", rest)).await?;
    let difference = session.rows(DIFFERENCE).await?;
    let proposed = session.text("SELECT list FROM proposed").await?;
    assert!(difference.is_empty(), "roster {seed}, rest {rest}, {proposed}: {difference:#?}");
    let kinds = session.text("SELECT count(DISTINCT kind) FROM checked").await?.parse()?;
    session.batch_execute("DROP TABLE proposal, proposed, before, checked, added").await?;
    Ok(kinds)
}

#[tokio::test]
async fn what_a_check_tells_is_what_writing_the_proposals_adds() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(include_str!("conflict_oracle.sql")).await?;
    let mut most_kinds = 0;
    for seed in 301..=340 {
        fill(&session, seed).await?;
        let rest = ["NULL", "0", "660", "2000"][seed as usize % 4];
        most_kinds = most_kinds.max(checked_is_added(&session, seed, rest).await?);
    }
    assert!(most_kinds >= 5, "the rosters are too tame: {most_kinds}");
    Ok(())
}

#[tokio::test]
async fn a_check_names_both_sides_of_a_conflict_within_the_batch() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session
        .batch_execute(
            "INSERT INTO rota_source.people (person_id, name) VALUES ('anna', 'Anna'), ('ben', 'Ben');
            INSERT INTO rota_source.shifts (shift_id, during, required)
            VALUES
                ('early', '[2026-02-02 06:00Z,2026-02-02 14:00Z)', 1),
                ('middle', '[2026-02-02 10:00Z,2026-02-02 18:00Z)', 1);
            INSERT INTO rota_source.assignments (assignment_id, person_id, shift_id, during)
            VALUES ('kept', 'anna', 'early', '[2026-02-02 06:00Z,2026-02-02 14:00Z)')",
        )
        .await?;
    let check = |proposed: &str| {
        format!(
            "SELECT concat_ws(' ', kind, assignment_id, other_assignment_id, '#' || proposal, '#' || other_proposal)
            FROM rota.check_assignments('{proposed}') ORDER BY 1"
        )
    };
    let cases: &[(&str, &[&str])] = &[
        ("[]", &[]),
        (r#"[{"person_id": "ben", "shift_id": "middle"}]"#, &[]),
        (r#"[{"person_id": "anna", "shift_id": "middle"}]"#, &["overlap kept #0"]),
        (r#"[{"person_id": "ben", "shift_id": "early"}]"#, &["overstaffed #0"]),
        (
            r#"[{"person_id": "ben", "shift_id": "middle"},
                {"person_id": "ben", "starts_at": "2026-02-02T17:00:00Z", "ends_at": "2026-02-02T19:00:00Z"}]"#,
            &["overlap #0 #1"],
        ),
        (
            r#"[{"person_id": "ben", "shift_id": "middle"}, {"person_id": "ben", "shift_id": "middle"}]"#,
            &["duplicate #0 #1"],
        ),
        (r#"[{"person_id": "anna", "shift_id": "early"}]"#, &["duplicate kept #0"]),
    ];
    for (proposed, wanted) in cases {
        let found: Vec<String> =
            session.rows(&check(proposed)).await?.into_iter().flatten().flatten().collect();
        assert_eq!(found, *wanted, "{proposed}");
    }
    Ok(())
}

#[tokio::test]
async fn proposals_that_cannot_be_read_are_refused_by_position() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session
        .batch_execute(
            "INSERT INTO rota_source.people (person_id, name) VALUES ('anna', 'Anna');
            INSERT INTO rota_source.shifts (shift_id, during) VALUES ('s', '[2026-02-02,2026-02-03)')",
        )
        .await?;
    let good = r#"{"person_id": "anna", "shift_id": "s"}"#;
    let cases = [
        (r#"{"person_id": "anna"}"#.to_owned(), "22023", "no list"),
        ("[7]".to_owned(), "22023", "proposal 0"),
        (format!(r#"[{good}, {{"shift_id": "s"}}]"#), "22023", "proposal 1 has no person_id"),
        (format!(r#"[{good}, {{"person_id": "anna"}}]"#), "22023", "proposal 1"),
        (format!(r#"[{good}, {{"person_id": "zoe", "shift_id": "s"}}]"#), "22023", "zoe"),
        (format!(r#"[{good}, {{"person_id": "anna", "shift_id": "t"}}]"#), "22023", "\"t\""),
        (
            r#"[{"person_id": "anna", "starts_at": "2026-02-02", "ends_at": "2026-02-02"}]"#.to_owned(),
            "22023",
            "proposal 0 does not end after it starts",
        ),
        (r#"[{"person_id": "anna", "starts_at": "2026-02-02"}]"#.to_owned(), "22023", "only one of"),
    ];
    for (proposed, sqlstate, words) in cases {
        let refusal = session.refusal(&format!("SELECT * FROM rota.check_assignments('{proposed}')")).await?;
        assert_eq!(refusal.sqlstate, sqlstate, "{proposed}: {}", refusal.message);
        assert!(refusal.message.contains(words), "{proposed}: {}", refusal.message);
        assert_eq!(refusal.column.as_deref(), Some("proposed"), "{proposed}");
    }
    Ok(())
}
