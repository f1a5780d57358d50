//! `rota.find_overlaps` finds every pair that a naive self-join finds, and nothing else.

use anyhow::Result;
use rota_tests::session::Session;

use super::duties::bare;

/// Every overlapping pair, by definition.
const NAIVE: &str = "
    SELECT
        concat('(id) = (', one.id, ')') AS one, concat('(id) = (', other.id, ')') AS other,
        (one.span * other.span)::text AS overlap
    FROM spans AS one
        JOIN spans AS other ON other.key = one.key AND other.id > one.id AND other.span && one.span";

/// What the function finds, the smaller identity first.
const FOUND: &str = "
    SELECT
        CASE WHEN first < second THEN row_identity ELSE other_row_identity END AS one,
        CASE WHEN first < second THEN other_row_identity ELSE row_identity END AS other,
        overlap
    FROM (
        SELECT
            *,
            substring(row_identity FROM '\\(([0-9]+)\\)$')::integer AS first,
            substring(other_row_identity FROM '\\(([0-9]+)\\)$')::integer AS second
        FROM rota.find_overlaps('spans', 'key', 'span')
    ) AS pairs";

async fn spans(key_type: &str, range_type: &str) -> Result<Session> {
    let session = bare().await?;
    session
        .batch_execute(&format!(
            "CREATE TABLE spans (
                id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key {key_type}, span {range_type}
            )"
        ))
        .await?;
    Ok(session)
}

/// Holds the function against the join and returns the number of pairs.
async fn compare(session: &Session, case: &str) -> Result<usize> {
    let difference = session
        .rows(&format!(
            "SELECT 'missed', * FROM (({NAIVE}) EXCEPT ALL ({FOUND})) AS missed
            UNION ALL SELECT 'invented', * FROM (({FOUND}) EXCEPT ALL ({NAIVE})) AS invented LIMIT 20"
        ))
        .await?;
    assert!(difference.is_empty(), "{case}: {difference:?}");
    Ok(session.text(&format!("SELECT count(*) FROM ({NAIVE}) AS pairs")).await?.parse()?)
}

#[tokio::test]
async fn one_long_duty_over_three_short_ones_is_three_pairs() -> Result<()> {
    let session = spans("integer", "tstzrange").await?;
    session
        .batch_execute(
            "INSERT INTO spans (key, span) VALUES (7, hours(0, 24)), (7, hours(1, 2)), (7, hours(5, 6)), (7, hours(23, 25))",
        )
        .await?;
    assert_eq!(compare(&session, "one long duty").await?, 3);
    let minutes = session
        .rows("SELECT concat(key, ': ', trim_scale(minutes)) FROM rota.find_overlaps('spans', 'key', 'span')")
        .await?;
    let minutes: Vec<String> = minutes.into_iter().flatten().flatten().collect();
    assert_eq!(minutes, ["7: 60", "7: 60", "7: 60"]);
    Ok(())
}

/// Rows that a sweep may get wrong, and how many pairs they make.
const ADVERSARIAL: &[(&str, &str, usize)] = &[
    ("nothing", "SELECT 1, int4range(1, 2) WHERE false", 0),
    ("one row", "SELECT 1, int4range(1, 2)", 0),
    ("identical", "SELECT 1, int4range(5, 9) FROM generate_series(1, 30)", 435),
    ("nested", "SELECT 1, int4range(n, 100 - n) FROM generate_series(1, 40) AS n", 780),
    ("nested the other way", "SELECT 1, int4range(41 - n, 59 + n) FROM generate_series(1, 40) AS n", 780),
    ("touching", "SELECT 1, int4range(n, n + 1) FROM generate_series(1, 100) AS n", 0),
    ("touching at one instant", "SELECT 1, int4range(n, n) FROM generate_series(1, 100) AS n", 0),
    ("stairs", "SELECT 1, int4range(n, n + 3) FROM generate_series(1, 100) AS n", 197),
    (
        "a comb",
        "SELECT 1, int4range(n * 2, n * 2 + 1) FROM generate_series(1, 99) AS n UNION ALL SELECT 1, int4range(0, 1000)",
        99,
    ),
    ("empty", "SELECT 1, 'empty'::int4range FROM generate_series(1, 50) UNION ALL SELECT 1, '(,)'", 0),
    ("without a start", "SELECT 1, int4range(NULL, n) FROM generate_series(1, 30) AS n", 435),
    ("without an end", "SELECT 1, int4range(n, NULL) FROM generate_series(1, 30) AS n", 435),
    ("without both", "SELECT 1, '(,)'::int4range FROM generate_series(1, 10)", 45),
    ("without a range", "SELECT 1, NULL::int4range FROM generate_series(1, 50)", 0),
    ("without a key", "SELECT NULL::integer, int4range(1, 9) FROM generate_series(1, 50)", 0),
    ("alone with a key each", "SELECT n, int4range(1, 9) FROM generate_series(1, 50) AS n", 0),
    ("in pairs", "SELECT n / 2, int4range(1, 9) FROM generate_series(0, 99) AS n", 50),
    ("one start, many ends", "SELECT 1, int4range(0, n) FROM generate_series(1, 30) AS n", 435),
    ("many starts, one end", "SELECT 1, int4range(n, 99) FROM generate_series(1, 30) AS n", 435),
    (
        "at the ends of the type",
        "SELECT 1, span::int4range FROM (VALUES ('[2147483646,)'), ('[2147483646,2147483647)'), ('(,-2147483648]'), ('[-2147483648,0)')) AS ends (span)",
        2,
    ),
];

#[tokio::test]
async fn rows_that_mislead_a_sweep_give_the_pairs_of_the_naive_join() -> Result<()> {
    let session = spans("integer", "int4range").await?;
    for (case, rows, pairs) in ADVERSARIAL {
        for order in ["lower(span), key", "lower(span) DESC, upper(span)", "upper(span)", "md5(span::text)"] {
            session
                .batch_execute(&format!(
                    "TRUNCATE spans; INSERT INTO spans (key, span)
                    SELECT * FROM ({rows}) AS made (key, span) ORDER BY {order}"
                ))
                .await?;
            assert_eq!(compare(&session, case).await?, *pairs, "{case}");
        }
    }
    Ok(())
}

/// Bounds of every kind, some empty, some without an end, some missing.
fn random_rows(rows: usize, keys: usize, horizon: usize, longest: usize) -> String {
    format!(
        "INSERT INTO spans (key, span)
        SELECT
            CASE WHEN random() < 0.95 THEN floor(random() * {keys})::integer END,
            CASE
                WHEN kind < 0.02 THEN NULL
                WHEN kind < 0.04 THEN 'empty'
                ELSE numrange(
                    CASE WHEN kind > 0.06 THEN start END,
                    CASE WHEN kind < 0.06 OR kind > 0.08 THEN start + floor(random() * {longest})::integer END,
                    (ARRAY['[]', '[)', '(]', '()'])[1 + floor(random() * 4)::integer]
                )
            END
        FROM (
            SELECT random() AS kind, floor(random() * {horizon})::integer AS start FROM generate_series(1, {rows})
            OFFSET 0
        ) AS drawn"
    )
}

#[tokio::test]
async fn random_rows_give_the_pairs_of_the_naive_join() -> Result<()> {
    let session = spans("integer", "numrange").await?;
    let mut pairs = 0;
    for seed in 1..=12 {
        for (rows, keys, horizon, longest) in
            [(60, 2, 20, 4), (300, 5, 200, 12), (500, 50, 40, 9), (200, 1, 900, 3)]
        {
            session
                .batch_execute(&format!(
                    "TRUNCATE spans; SELECT setseed({seed} / 1000.0); {}",
                    random_rows(rows, keys, horizon, longest)
                ))
                .await?;
            pairs += compare(&session, &format!("seed {seed}, {rows} rows of {keys} keys")).await?;
        }
    }
    assert!(pairs > 10_000, "random rows prove little: {pairs} pairs");
    Ok(())
}

#[tokio::test]
async fn a_predicate_a_view_and_keys_that_equal_though_written_otherwise() -> Result<()> {
    let session = spans("numeric", "tstzrange").await?;
    session
        .batch_execute(
            "INSERT INTO spans (key, span) VALUES (1.0, hours(0, 4)), (1.00, hours(3, 5)), (1, hours(3, 3.5)), (2, hours(0, 9));
            CREATE VIEW shown AS SELECT key, span AS during, id FROM spans WHERE id < 3",
        )
        .await?;
    assert_eq!(compare(&session, "numeric keys").await?, 3);
    let count = |arguments: &str| format!("SELECT count(*) FROM rota.find_overlaps({arguments})");
    assert_eq!(session.text(&count("'spans', 'key', 'span', 'id <> 2'")).await?, "1");
    assert_eq!(session.text(&count("'spans', 'key', 'span', 'span && hours(4, 5)'")).await?, "0");
    assert_eq!(session.text(&count("'shown', 'key', 'during'")).await?, "1");
    let told = session.text("SELECT trim_scale(minutes) FROM rota.find_overlaps('shown', 'key', 'during')");
    assert_eq!(told.await?, "60");
    Ok(())
}

#[tokio::test]
async fn who_may_not_read_a_table_finds_nothing_in_it() -> Result<()> {
    let database = rota_tests::database::Database::with_extension().await?;
    let session = database.session().await?;
    session
        .batch_execute(
            "CREATE TABLE spans (id integer PRIMARY KEY, key integer, span int4range, mine boolean);
            INSERT INTO spans VALUES (1, 1, '[0,9)', true), (2, 1, '[1,5)', false), (3, 1, '[8,9)', true);
            DROP ROLE IF EXISTS overlap_reader;
            CREATE ROLE overlap_reader LOGIN",
        )
        .await?;
    let reader = database.session_as("overlap_reader").await?;
    let refusal = reader.refusal("SELECT * FROM rota.find_overlaps('spans', 'key', 'span')").await?;
    assert_eq!(refusal.sqlstate, "42501", "{refusal:?}");
    session
        .batch_execute(
            "GRANT SELECT ON spans TO overlap_reader;
            ALTER TABLE spans ENABLE ROW LEVEL SECURITY;
            CREATE POLICY mine ON spans USING (mine)",
        )
        .await?;
    assert_eq!(reader.text("SELECT count(*) FROM rota.find_overlaps('spans', 'key', 'span')").await?, "1");
    assert_eq!(session.text("SELECT count(*) FROM rota.find_overlaps('spans', 'key', 'span')").await?, "2");
    session.batch_execute("DROP OWNED BY overlap_reader; DROP ROLE overlap_reader").await?;
    Ok(())
}
