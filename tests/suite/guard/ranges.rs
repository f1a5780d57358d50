//! What overlaps and what does not, for every kind of range.

use anyhow::Result;

use super::duties::{bare, clash, duties, duty, guarded};

#[tokio::test]
async fn a_row_without_a_key_or_a_range_and_an_empty_range_are_in_nobodys_way() -> Result<()> {
    let (_database, session) = guarded().await?;
    session
        .batch_execute(
            "INSERT INTO duties (person, during) VALUES
                (NULL, hours(8, 16)), (NULL, hours(8, 16)), (7, NULL), (7, NULL), (7, 'empty'), (7, 'empty'),
                (NULL, NULL), (7, hours(8, 16)), (7, hours(9, 9)), (7, hours(8, 8)), (7, hours(16, 16));
            INSERT INTO duties (person, during) VALUES
                (NULL, hours(8, 16)), (7, NULL), (7, 'empty'), (7, hours(10, 10))",
        )
        .await?;
    clash(&session, "UPDATE duties SET person = 7 WHERE person IS NULL AND during IS NOT NULL").await?;
    clash(&session, "UPDATE duties SET during = hours(12, 13) WHERE during = 'empty' AND duty_id < 1006")
        .await?;
    session.batch_execute("UPDATE duties SET during = 'empty'").await?;
    session.batch_execute("UPDATE duties SET person = 7").await?;
    Ok(())
}

#[tokio::test]
async fn a_range_without_an_end_is_in_the_way_of_all_that_comes_later() -> Result<()> {
    let (_database, session) = guarded().await?;
    session
        .batch_execute("INSERT INTO duties (duty_id, person, during) VALUES (1, 7, hours(8, NULL))")
        .await?;
    for range in ["hours(9, 10)", "hours(9, NULL)", "hours(NULL, 9)", "'(,)'", "hours(0, 9)", "'[infinity,]'"]
    {
        clash(&session, &format!("INSERT INTO duties (person, during) VALUES (7, {range})")).await?;
    }
    session
        .batch_execute("INSERT INTO duties (duty_id, person, during) VALUES (2, 7, hours(NULL, 8))")
        .await?;
    for range in ["hours(7, 8)", "hours(-1000, -999)", "'(,)'", "'(,-infinity]'", "hours(NULL, -5)"] {
        clash(&session, &format!("INSERT INTO duties (person, during) VALUES (7, {range})")).await?;
    }
    session.batch_execute("INSERT INTO duties (duty_id, person, during) VALUES (3, 8, '(,)')").await?;
    for range in ["hours(7, 8)", "hours(8, NULL)", "hours(NULL, 8)", "'(,)'", "'[-infinity,infinity]'"] {
        clash(&session, &format!("INSERT INTO duties (person, during) VALUES (8, {range})")).await?;
    }
    session.batch_execute("INSERT INTO duties (duty_id, person, during) VALUES (4, 8, 'empty')").await?;
    Ok(())
}

#[tokio::test]
async fn infinity_is_an_instant_and_no_end() -> Result<()> {
    let (_database, session) = guarded().await?;
    session
        .batch_execute(
            "INSERT INTO duties (duty_id, person, during) VALUES
                (1, 7, '[2026-03-02 08:00Z,infinity)'),
                (2, 7, '[infinity,infinity]'),
                (3, 7, '(infinity,)')",
        )
        .await?;
    clash(&session, "INSERT INTO duties (person, during) VALUES (7, '[infinity,)')").await?;
    clash(&session, "INSERT INTO duties (person, during) VALUES (7, '[2027-01-01,2027-01-02)')").await?;
    Ok(())
}

#[tokio::test]
async fn bounds_count_as_they_are_written() -> Result<()> {
    let session = bare().await?;
    session
        .batch_execute(
            "CREATE TABLE belts (belt integer, stretch numrange);
            SELECT rota.guard_overlaps('belts', 'belt', 'stretch')",
        )
        .await?;
    // First range, second range, whether they meet.
    let pairs = [
        ("[1,2]", "[2,3]", true),
        ("[1,2]", "(2,3]", false),
        ("[1,2)", "[2,3]", false),
        ("[1,2)", "(2,3]", false),
        ("[2,2]", "[2,3)", true),
        ("[2,2]", "(2,3)", false),
        ("[2,2]", "[1,2)", false),
        ("[2,2]", "[2,2]", true),
        ("(1,2)", "(1,2)", true),
        ("(1,2)", "[1,1]", false),
        ("[1,2]", "[1,2)", true),
        ("(,2)", "[2,)", false),
        ("(,2]", "[2,)", true),
        ("(1,3)", "[2,2]", true),
        ("(,)", "[2,2]", true),
    ];
    for (belt, (first, second, meet)) in (1..).zip(pairs) {
        for (belt, one, two) in [(belt, first, second), (-belt, second, first)] {
            session.batch_execute(&format!("INSERT INTO belts VALUES ({belt}, '{one}')")).await?;
            let insert = format!("INSERT INTO belts VALUES ({belt}, '{two}')");
            if meet {
                clash(&session, &insert).await?;
            } else {
                session.batch_execute(&insert).await?;
            }
            // The same two in one statement.
            let both = format!("INSERT INTO belts VALUES ({belt} + 100, '{one}'), ({belt} + 100, '{two}')");
            if meet {
                clash(&session, &both).await?;
            } else {
                session.batch_execute(&both).await?;
            }
        }
    }
    Ok(())
}

/// Range type, how to make it when it is not there, and three ranges: the second touches the
/// first, the third overlaps both.
const TYPES: &[(&str, &str, [&str; 3])] = &[
    ("int4range", "", ["[1,5)", "[5,9)", "[4,6)"]),
    ("int4range", "", ["[1,4]", "[5,8]", "(3,5]"]),
    ("int4range", "", ["[2147483640,2147483646]", "[-2147483648,2147483640)", "[2147483639,)"]),
    ("int8range", "", ["[1,5)", "[5,9)", "[4,6)"]),
    ("int8range", "", ["(,-9000000000000000000)", "[-9000000000000000000,)", "[-9000000000000000001,0)"]),
    ("numrange", "", ["[0.1,0.2)", "[0.20,0.3)", "[0.19999999999999999999,0.20000000000000000001)"]),
    ("numrange", "", ["[-Infinity,0)", "[0,NaN)", "[-0.5,0.5]"]),
    ("daterange", "", ["[2026-03-01,2026-03-31]", "[2026-04-01,2026-04-30]", "[2026-03-31,2026-04-01]"]),
    ("daterange", "", ["[2026-03-01,)", "(,2026-02-28]", "[2026-02-28,2026-03-01]"]),
    (
        "tsrange",
        "",
        [
            "[2026-03-29 01:00,2026-03-29 02:00)",
            "[2026-03-29 02:00,2026-03-29 03:00)",
            "[2026-03-29 01:59:59.999999,2026-03-29 02:00:00.000001)",
        ],
    ),
    (
        "tstzrange",
        "",
        [
            "[2026-10-25 02:00+02,2026-10-25 02:00+01)",
            "[2026-10-25 02:00+01,2026-10-25 03:00+01)",
            "[2026-10-25 02:30+02,2026-10-25 02:30+01)",
        ],
    ),
    (
        "clock_range",
        "CREATE TYPE clock_range AS RANGE (subtype = time)",
        ["[06:00,14:00)", "[14:00,22:00)", "[13:00,15:00)"],
    ),
    (
        "float_range",
        "CREATE TYPE float_range AS RANGE (subtype = float8, subtype_diff = float8mi)",
        ["[-0,0.5)", "[0.5,1)", "[0.49999,0.5]"],
    ),
    (
        "name_range",
        "CREATE TYPE name_range AS RANGE (subtype = text, collation = \"C\")",
        ["[Adams,Baker)", "[Baker,Clark)", "[B,C)"],
    ),
    (
        "shift_time",
        "CREATE DOMAIN shift_time AS tstzrange CHECK (NOT isempty(VALUE))",
        [
            "[2026-03-02 06:00Z,2026-03-02 14:00Z)",
            "[2026-03-02 14:00Z,2026-03-02 22:00Z)",
            "[2026-03-02 13:00Z,2026-03-02 15:00Z)",
        ],
    ),
];

#[tokio::test]
async fn ranges_of_any_type_are_guarded() -> Result<()> {
    for (range_type, creation, [first, touching, overlapping]) in TYPES {
        let session = bare().await?;
        session.batch_execute(creation).await?;
        session
            .batch_execute(&format!(
                "CREATE TABLE kept (key integer, kept_range {range_type});
                SELECT rota.guard_overlaps('kept', 'key', 'kept_range');
                INSERT INTO kept VALUES (1, '{first}'), (1, '{touching}');
                INSERT INTO kept VALUES (2, '{touching}');
                INSERT INTO kept VALUES (2, '{first}')"
            ))
            .await?;
        for statement in [
            format!("INSERT INTO kept VALUES (1, '{overlapping}')"),
            format!("INSERT INTO kept VALUES (2, '{overlapping}')"),
            format!("INSERT INTO kept VALUES (3, '{overlapping}'), (3, '{first}')"),
            format!("INSERT INTO kept VALUES (3, '{touching}'), (3, '{overlapping}')"),
            format!("UPDATE kept SET kept_range = '{overlapping}' WHERE kept_range = '{first}'"),
        ] {
            let refusal = clash(&session, &statement).await?;
            assert_eq!(refusal.constraint.as_deref(), Some("kept_no_overlap"), "{range_type}");
        }
        let proof = session.rows("SELECT * FROM rota.verify_guard('kept')").await?;
        assert!(proof.is_empty(), "{range_type}: {proof:?}");
    }
    Ok(())
}

#[tokio::test]
async fn ranges_of_a_text_order_by_their_own_collation() -> Result<()> {
    let session = bare().await?;
    session
        .batch_execute(
            "CREATE TYPE name_range AS RANGE (subtype = text, collation = \"C\");
            CREATE TABLE drawers (key integer, names name_range);
            SELECT rota.guard_overlaps('drawers', 'key', 'names');
            INSERT INTO drawers VALUES (1, '[A,Z]')",
        )
        .await?;
    // By bytes, small letters come after all capitals.
    session.batch_execute("INSERT INTO drawers VALUES (1, '[a,z]')").await?;
    clash(&session, "INSERT INTO drawers VALUES (1, '[X,b]')").await?;
    Ok(())
}

#[tokio::test]
async fn many_empty_and_unbounded_ranges_hide_no_neighbour() -> Result<()> {
    let (_database, session) = guarded().await?;
    session
        .batch_execute(
            "INSERT INTO duties (person, during) SELECT 7, 'empty' FROM generate_series(1, 200);
            INSERT INTO duties (person, during) SELECT 7, NULL FROM generate_series(1, 200);
            INSERT INTO duties (person, during) SELECT 7, hours(n, n) FROM generate_series(1, 20) AS n;
            INSERT INTO duties (person, during) VALUES (7, hours(NULL, 0)), (7, hours(8, 16)), (7, hours(24, NULL))",
        )
        .await?;
    for (first, last) in [(-5, 1), (0, 9), (15, 17), (23, 25), (30, 31)] {
        clash(&session, &duty(5000, 7, first, last)).await?;
    }
    session.batch_execute(&duty(5000, 7, 0, 8)).await?;
    session.batch_execute(&duty(5001, 7, 16, 24)).await?;
    assert!(!duties(&session).await?.is_empty());
    Ok(())
}
