//! Heads over time, as functions of arrays and as an aggregate.

use anyhow::Result;

use super::{check, session};

const MORNING: &str = "'[2025-06-02 08:00+00,2025-06-02 12:00+00)', \
    '[2025-06-02 08:00+00,2025-06-02 10:00+00)', \
    '[2025-06-02 14:00+00,2025-06-02 15:00+00)', 'empty', NULL";

fn shown(steps: &str) -> String {
    format!(
        "string_agg(concat_ws('-', to_char(lower(during) AT TIME ZONE 'UTC', 'HH24:MI'),
             to_char(upper(during) AT TIME ZONE 'UTC', 'HH24:MI')) || ' ' || heads, ', ' ORDER BY during)
         FROM {steps}"
    )
}

#[tokio::test]
async fn stretches_follow_one_another_and_say_how_many_are_there() -> Result<()> {
    let ranges = format!("ARRAY[{MORNING}]::tstzrange[]");
    check(&[
        (
            &shown(&format!("rota.coverage({ranges})")),
            "08:00-10:00 2, 10:00-12:00 1, 12:00-14:00 0, 14:00-15:00 1",
        ),
        (
            &shown(&format!("rota.coverage({ranges}, '[2025-06-02 07:00+00,2025-06-02 11:00+00)')")),
            "07:00-08:00 0, 08:00-10:00 2, 10:00-11:00 1",
        ),
        (
            &shown(&format!("rota.coverage({ranges}, heads => '{{3,-1,2,9,9}}')")),
            "08:00-10:00 2, 10:00-12:00 3, 12:00-14:00 0, 14:00-15:00 2",
        ),
        // Whoever goes when another comes changes nothing.
        (
            &shown(
                "rota.coverage(ARRAY['[2025-06-02 08:00+00,2025-06-02 12:00+00)',
                     '[2025-06-02 12:00+00,2025-06-02 16:00+00)']::tstzrange[])",
            ),
            "08:00-16:00 1",
        ),
        (&shown("rota.coverage(ARRAY['[2025-06-02 08:00+00,)']::tstzrange[])"), "08:00 1"),
        ("count(*) FROM rota.coverage('{}')", "0"),
        ("count(*) FROM rota.coverage(NULL)", "0"),
        (&shown("rota.coverage('{}', '[2025-06-02 08:00+00,2025-06-02 09:00+00)')"), "08:00-09:00 0"),
    ])
    .await
}

#[tokio::test]
async fn slots_follow_the_clock_where_it_changes() -> Result<()> {
    let slots = |day: &str, zone: &str, minutes: u32| {
        format!(
            "string_agg(to_char(local_start, 'HH24:MI') || ' ' || rota.worked_minutes(slot), ', '
                ORDER BY slot)
             FROM rota.coverage_slots('{{}}', rota.local_days('[{day},{day}]', '{zone}'), '{zone}', {minutes})
             WHERE local_start::time < '04:00'"
        )
    };
    check(&[
        (&slots("2025-06-02", "Europe/Berlin", 60), "00:00 60, 01:00 60, 02:00 60, 03:00 60"),
        (&slots("2025-03-30", "Europe/Berlin", 60), "00:00 60, 01:00 60, 03:00 60"),
        (&slots("2025-10-26", "Europe/Berlin", 60), "00:00 60, 01:00 60, 02:00 60, 02:00 60, 03:00 60"),
        (&slots("2025-04-06", "Australia/Lord_Howe", 60), "00:00 60, 01:00 90, 02:00 60, 03:00 60"),
        (&slots("2025-10-05", "Australia/Lord_Howe", 60), "00:00 60, 01:00 60, 02:30 30, 03:00 60"),
        (&slots("2025-10-26", "Europe/Berlin", 720), "00:00 780"),
        (&slots("2025-06-02", "Asia/Kathmandu", 90), "00:00 90, 01:30 90, 03:00 90"),
    ])
    .await
}

#[tokio::test]
async fn open_heads_are_those_wanted_less_those_booked() -> Result<()> {
    let slots = "string_agg(to_char(local_start, 'HH24:MI') || ' ' || fewest || ' ' || most || ' '
        || head_minutes, ', '
            ORDER BY slot)
        FROM rota.coverage_slots(
            ARRAY['[2025-06-02 08:00+00,2025-06-02 12:00+00)', '[2025-06-02 08:00+00,2025-06-02 12:00+00)',
                '[2025-06-02 09:30+00,2025-06-02 12:00+00)']::tstzrange[],
            '[2025-06-02 08:00+00,2025-06-02 11:00+00)', 'UTC', heads => '{3,-1,-2}')";
    check(&[(slots, "08:00 2 2 120, 09:00 0 2 60, 10:00 0 0 0")]).await
}

#[tokio::test]
async fn slots_that_make_no_sense_are_refused_by_name() -> Result<()> {
    let session = session().await?;
    let day = "'[2025-06-02 00:00+00,2025-06-03 00:00+00)'";
    for (arguments, sqlstate, column) in [
        (format!("'{{}}', {day}, 'UTC', 0"), "22023", "slot_minutes"),
        (format!("'{{}}', {day}, 'UTC', 1441"), "22023", "slot_minutes"),
        (format!("'{{}}', {day}, NULL"), "22004", "time_zone"),
        ("'{}', NULL, 'UTC'".to_owned(), "22004", "within"),
        ("'{}', '[2025-06-02 00:00+00,)', 'UTC'".to_owned(), "22023", "within"),
        ("'{}', '[2025-06-02 00:00+00,2026-06-02 00:00+00)', 'UTC', 5".to_owned(), "54000", "within"),
        (format!("'{{NULL}}', {day}, 'UTC', heads => '{{}}'"), "22023", "heads"),
    ] {
        let refusal = session.refusal(&format!("SELECT * FROM rota.coverage_slots({arguments})")).await?;
        assert_eq!(
            (refusal.sqlstate.as_str(), refusal.column.as_deref()),
            (sqlstate, Some(column)),
            "{arguments}"
        );
    }
    Ok(())
}

/// A table of duties that start and end at many instants, big enough to be read by several workers.
const DUTIES: &str = "
    CREATE TABLE duties AS
    SELECT
        tstzrange(start, start + n % 13 * interval '1 hour 7 minutes') AS during,
        (n % 5 - 1)::bigint AS heads
    FROM generate_series(1, 20000) AS n,
        LATERAL (
            SELECT timestamptz '2025-01-01 00:00+00' + n * 7919 % 3000 * interval '10 minutes' AS start
        ) AS starts;
    INSERT INTO duties VALUES (NULL, 1), ('empty', 1), ('[2025-01-02 00:00+00,2025-01-03 00:00+00)', NULL);
    ANALYZE duties;
    SET max_parallel_workers_per_gather = 4;
    SET parallel_setup_cost = 0;
    SET parallel_tuple_cost = 0;
    SET min_parallel_table_scan_size = 0;";

#[tokio::test]
async fn the_aggregate_is_the_function_of_all_rows_also_in_parallel() -> Result<()> {
    let session = session().await?;
    session.batch_execute(DUTIES).await?;
    let difference = |aggregate: &str, function: &str| {
        format!(
            "WITH
             aggregated AS (SELECT step.* FROM (SELECT {aggregate} AS steps FROM duties) AS one,
                 unnest(steps) AS step),
             expected AS (SELECT * FROM {function})
             SELECT count(*) FROM (TABLE aggregated EXCEPT ALL TABLE expected) AS a
             UNION ALL SELECT count(*) FROM (TABLE expected EXCEPT ALL TABLE aggregated) AS b
             UNION ALL SELECT count(*) FROM aggregated WHERE heads > 1"
        )
    };
    for (aggregate, function) in [
        ("rota.coverage_agg(during)", "rota.coverage((SELECT array_agg(during) FROM duties))"),
        (
            "rota.coverage_agg(during, heads)",
            "rota.coverage((SELECT array_agg(during ORDER BY during, heads) FROM duties),
                 heads => (SELECT array_agg(heads ORDER BY during, heads) FROM duties))",
        ),
    ] {
        let plan = session.rows(&format!("EXPLAIN SELECT {aggregate} FROM duties")).await?;
        let plan: String = plan.into_iter().flatten().flatten().collect();
        assert!(plan.contains("Partial Aggregate") && plan.contains("Gather"), "{plan}");
        let counts = session.rows(&difference(aggregate, function)).await?;
        let counts: Vec<String> = counts.into_iter().flatten().flatten().collect();
        assert_eq!((counts[0].as_str(), counts[1].as_str()), ("0", "0"), "{aggregate}");
        assert_ne!(counts[2], "0", "nothing overlaps");
    }
    Ok(())
}

#[tokio::test]
async fn the_aggregate_counts_by_group_and_knows_nothing_of_no_rows() -> Result<()> {
    let session = session().await?;
    session.batch_execute(DUTIES).await?;
    let wrong = session
        .rows(
            "SELECT heads
             FROM (
                 SELECT heads, rota.coverage_agg(during) AS steps, array_agg(during) AS ranges
                 FROM duties
                 GROUP BY heads
             ) AS each
             WHERE (SELECT array_agg(step) FROM unnest(steps) AS step)
                 IS DISTINCT FROM (SELECT array_agg(step::rota.coverage_step) FROM rota.coverage(ranges)
                     AS step)",
        )
        .await?;
    assert!(wrong.is_empty(), "{wrong:?}");
    check(&[
        ("rota.coverage_agg(r) IS NULL FROM unnest('{}'::tstzrange[]) AS r", "t"),
        ("rota.coverage_agg(r) IS NULL FROM unnest('{NULL,empty}'::tstzrange[]) AS r", "t"),
    ])
    .await
}

#[tokio::test]
async fn coverage_is_what_counting_at_each_instant_counts() -> Result<()> {
    let session = session().await?;
    session.batch_execute(DUTIES).await?;
    let wrong = session
        .rows(
            "SELECT step.during, step.heads, counted
             FROM (SELECT array_agg(during) AS ranges FROM duties WHERE heads > 2) AS few,
                 rota.coverage(ranges) AS step,
                 LATERAL (SELECT count(*) AS counted FROM unnest(ranges) AS range
                     WHERE range @> lower(step.during)) AS oracle
             WHERE step.heads <> counted OR isempty(step.during)
             LIMIT 5",
        )
        .await?;
    assert!(wrong.is_empty(), "{wrong:?}");
    Ok(())
}
