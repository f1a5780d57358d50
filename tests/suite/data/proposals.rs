//! `rota.check_assignments` tells beforehand what `rota.find_conflicts` would tell afterwards.

use std::collections::BTreeSet;

use anyhow::Result;
use rota_tests::session::Session;

use super::hours::{PEOPLE, work};
use super::plain_tables::{fill, install_oracle, plain_tables};

/// Random proposals for the roster. Four are new: on a shift, at a part of it, or at a time of their own. Three
/// replace what is there: by another person, on another shift, at another time.
const PROPOSALS: &str = "
    CREATE TEMP TABLE proposal AS
    SELECT
        drawn.number,
        replaced.assignment_id AS replaces,
        CASE WHEN number IN (5, 6) THEN replaced.person_id ELSE drawn.person_id END AS person_id,
        CASE
            WHEN number IN (4, 6) THEN replaced.shift_id
            WHEN number = 5 OR share < 0.85 THEN shift.shift_id
        END AS shift_id,
        CASE
            WHEN number = 4 THEN replaced.during
            WHEN number = 5 OR number < 4 AND share < 0.6 THEN shift.during
            ELSE tstzrange(lower(shift.during) + (upper(shift.during) - lower(shift.during)) / 2, upper(shift.during))
        END AS during,
        CASE
            WHEN number IN (4, 6) THEN replaced.unpaid_minutes
            WHEN number = 5 OR share < 0.85 THEN shift.break_minutes
        END AS unpaid_minutes,
        coalesce(replaced.load, 1) AS load,
        number <> 4 AND number <> 5 AND share >= 0.6 OR number = 6 AS has_own_time
    FROM (
        SELECT
            number,
            random() AS share,
            's' || 1 + floor(random() * 30)::integer AS shift_id,
            'p' || 1 + floor(random() * 7)::integer AS person_id
        FROM generate_series(0, 6) AS number
        OFFSET 0
    ) AS drawn
    JOIN rota_source.shifts AS shift USING (shift_id)
    LEFT JOIN (
        SELECT assignment.*, 3 + row_number() OVER (ORDER BY random()) AS number
        FROM rota_source.assignments AS assignment
        JOIN rota_source.people USING (person_id)
        WHERE NOT isempty(assignment.during)
    ) AS replaced USING (number);
    CREATE TEMP TABLE proposed AS
    SELECT jsonb_agg(
        jsonb_strip_nulls(
            jsonb_build_object(
                'replaces', replaces,
                'person_id', CASE WHEN number < 5 THEN person_id END,
                'shift_id', CASE WHEN number NOT IN (4, 6) THEN shift_id END,
                'starts_at', CASE WHEN has_own_time THEN lower(during) END,
                'ends_at', CASE WHEN has_own_time THEN upper(during) END
            )
        )
        ORDER BY number
    ) AS list
    FROM proposal";

const COMPARE: &str = "
    CREATE TEMP TABLE before AS SELECT * FROM oracle.found('[2026-03-01,2026-05-01)', NULL, NULL, $rest$);
    CREATE TEMP TABLE checked AS
    SELECT conflict.* FROM proposed, oracle.checked(proposed.list, $rest$) AS conflict;
    INSERT INTO rota_source.assignments (assignment_id, person_id, shift_id, during, unpaid_minutes)
    SELECT 'new' || number, person_id, shift_id, during, unpaid_minutes FROM proposal WHERE replaces IS NULL;
    UPDATE rota_source.assignments AS assignment
    SET
        person_id = proposal.person_id,
        shift_id = proposal.shift_id,
        during = proposal.during,
        unpaid_minutes = proposal.unpaid_minutes,
        load = proposal.load,
        binding = true
    FROM proposal
    WHERE proposal.replaces = assignment.assignment_id";

/// What is there after a change and was not as bad before.
const ADDED: &str = "
    CREATE TEMP TABLE added AS
    SELECT * FROM oracle.found('[2026-03-01,2026-05-01)', NULL, NULL, $rest$) AS after
    WHERE NOT EXISTS (SELECT FROM before WHERE oracle.is_as_bad(ROW(before.*)::oracle.conflict, after))";

const DIFFERENCE: &str = "
    SELECT 'checked, but not added', row::text FROM (SELECT * FROM checked EXCEPT ALL SELECT * FROM added) AS row
    UNION ALL
    SELECT 'added, but not checked', row::text FROM (SELECT * FROM added EXCEPT ALL SELECT * FROM checked) AS row";

/// Compares what was told with what was added, and gives the kinds that were told.
async fn told_is_added(session: &Session, rest: &str, case: &str) -> Result<BTreeSet<String>> {
    session.batch_execute(&ADDED.replace("$rest$", rest)).await?;
    let difference = session.rows(DIFFERENCE).await?;
    assert!(difference.is_empty(), "rest {rest}, {case}: {difference:#?}");
    let kinds = session.rows("SELECT DISTINCT kind FROM checked").await?;
    session.batch_execute("DROP TABLE before, checked, added").await?;
    Ok(kinds.into_iter().flatten().flatten().collect())
}

#[tokio::test]
async fn what_a_check_tells_is_what_writing_the_proposals_adds() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    install_oracle(&session).await?;
    let mut kinds = BTreeSet::new();
    for seed in 301..=340 {
        fill(&session, seed).await?;
        let rest = ["NULL", "0", "660", "2000"][seed as usize % 4];
        session.batch_execute(PROPOSALS).await?;
        session.batch_execute(&COMPARE.replace("$rest$", rest)).await?;
        let proposed = session.text("SELECT list FROM proposed").await?;
        kinds.extend(told_is_added(&session, rest, &format!("roster {seed}, {proposed}")).await?);
        session.batch_execute("DROP TABLE proposal, proposed").await?;
    }
    assert_eq!(kinds.len(), 11, "the rosters are too tame: {kinds:?}");
    Ok(())
}

#[tokio::test]
async fn what_a_check_of_a_swap_tells_is_what_writing_the_swap_adds() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    install_oracle(&session).await?;
    let mut kinds = BTreeSet::new();
    for seed in 401..=430 {
        fill(&session, seed).await?;
        for _ in 0..4 {
            let pair = session
                .rows(
                    "SELECT one.assignment_id, other.assignment_id
                    FROM rota_source.assignments AS one
                        JOIN rota_source.assignments AS other ON one.person_id < other.person_id
                    WHERE one.binding AND other.binding AND NOT isempty(one.during) AND NOT isempty(other.during)
                        AND greatest(one.person_id, other.person_id) < 'p8'
                    ORDER BY random() LIMIT 1",
                )
                .await?;
            let [Some(one), Some(other)] = &pair[0][..] else { anyhow::bail!("{pair:?}") };
            let rest = ["NULL", "0", "1500"][seed as usize % 3];
            session
                .batch_execute(&format!(
                    "CREATE TEMP TABLE before AS
                    SELECT * FROM oracle.found('[2026-03-01,2026-05-01)', NULL, NULL, {rest});
                    CREATE TEMP TABLE checked AS SELECT * FROM oracle.swapped('{one}', '{other}', {rest});
                    UPDATE rota_source.assignments AS assignment
                    SET person_id = partner.person_id
                    FROM rota_source.assignments AS partner
                    WHERE assignment.assignment_id IN ('{one}', '{other}')
                        AND partner.assignment_id IN ('{one}', '{other}')
                        AND partner.assignment_id <> assignment.assignment_id"
                ))
                .await?;
            kinds.extend(told_is_added(&session, rest, &format!("roster {seed}, {one} for {other}")).await?);
        }
    }
    // A swap leaves as many heads as there were, unless one of the two is on the other's shift already.
    kinds.remove("understaffed");
    assert_eq!(kinds.len(), 10, "the rosters are too tame: {kinds:?}");
    Ok(())
}

#[tokio::test]
async fn a_swap_of_what_cannot_be_swapped_is_refused_by_the_name_of_the_argument() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    session.batch_execute(PEOPLE).await?;
    work(&session, "of anna", "anna", "", 0, 8).await?;
    work(&session, "of anna too", "anna", "", 40, 48).await?;
    work(&session, "of ben", "ben", "", 8, 16).await?;
    work(&session, "wished for", "ben", "", 60, 66).await?;
    work(&session, "of a stranger", "zoe", "", 0, 8).await?;
    session
        .batch_execute(
            "UPDATE rota_source.assignments SET binding = false WHERE assignment_id = 'wished for'",
        )
        .await?;
    let cases = [
        ("'of anna', 'of ben'", "", ""),
        ("'nothing', 'of ben'", "assignment_id", "assignment \"nothing\" does not exist"),
        ("'of anna', 'nothing'", "other_assignment_id", "does not exist"),
        ("'of anna', 'wished for'", "other_assignment_id", "is not binding"),
        ("'of anna', 'of anna too'", "other_assignment_id", "of person \"anna\", like the other"),
        ("'of anna', 'of anna'", "other_assignment_id", "of person \"anna\", like the other"),
        ("'of anna', 'of a stranger'", "other_assignment_id", "is of person \"zoe\", who does not exist"),
        ("NULL, 'of ben'", "assignment_id", "assignment_id is null"),
        ("'of anna', NULL", "other_assignment_id", "other_assignment_id is null"),
        ("'of anna', 'of ben', -1", "minimum_rest_minutes", "zero or more would be right"),
    ];
    for (arguments, column, words) in cases {
        let question = format!("SELECT count(*) FROM rota.check_swap({arguments})");
        if column.is_empty() {
            assert_eq!(session.text(&question).await?, "0");
            continue;
        }
        let refusal = session.refusal(&question).await?;
        assert_eq!(refusal.column.as_deref(), Some(column), "{arguments}: {}", refusal.message);
        assert!(refusal.message.contains(words), "{arguments}: {}", refusal.message);
        assert!(["22023", "22004"].contains(&refusal.sqlstate.as_str()), "{arguments}");
    }
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
        // In place of what is there, by its own id.
        (r#"[{"replaces": "kept", "shift_id": "middle"}]"#, &["understaffed"]),
        (r#"[{"replaces": "kept", "person_id": "ben"}]"#, &[]),
        (
            r#"[{"replaces": "kept", "person_id": "ben"}, {"person_id": "ben", "shift_id": "middle"}]"#,
            &["overlap kept #0 #1"],
        ),
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
            INSERT INTO rota_source.shifts (shift_id, during) VALUES ('s', '[2026-02-02,2026-02-03)');
            INSERT INTO rota_source.assignments (assignment_id, person_id, shift_id, during)
            VALUES ('a', 'anna', 's', '[2026-02-02,2026-02-03)')",
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
        (r#"[{"replaces": "x"}]"#.to_owned(), "22023", "names assignment \"x\", which does not exist"),
        (
            r#"[{"replaces": "a"}, {"replaces": "a"}]"#.to_owned(),
            "22023",
            "proposal 1 replaces what another proposal replaces",
        ),
        (r#"[{"person_id": "anna", "shift_id": "s", "load": -1}]"#.to_owned(), "22023", "a load below zero"),
        (r#"[{"person_id": "anna", "shift_id": "s", "load": "some"}]"#.to_owned(), "22P02", "numeric"),
        (
            r#"[{"person_id": "anna", "shift_id": "s", "unpaid_minutes": -1}]"#.to_owned(),
            "22023",
            "unpaid_minutes below zero",
        ),
    ];
    for (proposed, sqlstate, words) in cases {
        let refusal = session.refusal(&format!("SELECT * FROM rota.check_assignments('{proposed}')")).await?;
        assert_eq!(refusal.sqlstate, sqlstate, "{proposed}: {}", refusal.message);
        assert!(refusal.message.contains(words), "{proposed}: {}", refusal.message);
        assert_eq!(refusal.column.as_deref(), Some("proposed"), "{proposed}");
    }
    Ok(())
}
