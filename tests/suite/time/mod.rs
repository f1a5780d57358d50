//! Hours are exact: shifts, days, splits and bands on the server's own time zone data.

mod coverage;
mod pieces;
mod regressions;
mod rules;
mod time_zone_report;
mod zones;

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

/// Zones with unusual rules: half-hour summer time, transitions at midnight or one minute past it,
/// a skipped day, negative summer time, offsets of quarter hours, rules that follow the moon.
const ZONES: &str = "ARRAY[
    'Europe/Berlin', 'Europe/Dublin', 'Europe/Lisbon', 'Europe/Istanbul', 'Atlantic/Azores',
    'America/New_York', 'America/Sao_Paulo', 'America/Havana', 'America/Asuncion', 'America/St_Johns',
    'America/Nuuk', 'America/Santiago', 'America/Caracas', 'America/Adak', 'Africa/Casablanca',
    'Africa/Cairo', 'Africa/Juba', 'Asia/Beirut', 'Asia/Gaza', 'Asia/Tehran', 'Asia/Kathmandu',
    'Asia/Pyongyang', 'Asia/Amman', 'Australia/Lord_Howe', 'Australia/Sydney', 'Pacific/Apia',
    'Pacific/Chatham', 'Pacific/Fiji', 'Antarctica/Troll', 'UTC']";

async fn session() -> Result<Session> {
    Database::with_extension().await?.session().await
}

/// Each expression with the text of its value.
async fn check(vectors: &[(&str, &str)]) -> Result<()> {
    let session = session().await?;
    for (expression, expected) in vectors {
        assert_eq!(session.text(&format!("SELECT {expression}")).await?, *expected, "{expression}");
    }
    Ok(())
}

#[tokio::test]
async fn a_night_shift_is_as_long_as_the_night() -> Result<()> {
    let shift = |day: &str, start: &str, end: &str, zone: &str| {
        format!("rota.worked_minutes(rota.shift_range('{day}', '{start}', '{end}', '{zone}'))")
    };
    check(&[
        (&shift("2025-03-29", "22:00", "06:00", "Europe/Berlin"), "420"),
        (&shift("2025-10-25", "22:00", "06:00", "Europe/Berlin"), "540"),
        (&shift("2025-03-08", "22:00", "06:00", "America/New_York"), "420"),
        (&shift("2025-11-01", "22:00", "06:00", "America/New_York"), "540"),
        (&shift("2025-04-05", "22:00", "06:00", "Australia/Lord_Howe"), "510"),
        (&shift("2025-06-02", "22:00", "06:00", "Europe/Berlin"), "480"),
    ])
    .await
}

#[tokio::test]
async fn a_shift_that_ends_when_it_starts_lasts_a_local_day() -> Result<()> {
    let shift = |day: &str| {
        format!("rota.worked_minutes(rota.shift_range('{day}', '08:00', '08:00', 'Europe/Berlin'))")
    };
    check(&[(&shift("2025-06-02"), "1440"), (&shift("2025-03-29"), "1380"), (&shift("2025-10-25"), "1500")])
        .await
}

#[tokio::test]
async fn a_start_in_the_gap_follows_the_policy() -> Result<()> {
    let start = |policy: &str| {
        format!("lower(rota.shift_range('2025-03-30', '02:30', '10:00', 'Europe/Berlin'{policy}))")
    };
    check(&[
        (&start(""), "2025-03-30 01:30:00+00"),
        (&start(", gap => 'later'"), "2025-03-30 01:30:00+00"),
        (&start(", gap => 'earlier'"), "2025-03-30 00:30:00+00"),
    ])
    .await?;
    let session = session().await?;
    let refusal = session.refusal(&format!("SELECT {}", start(", gap => 'reject'"))).await?;
    assert_eq!(refusal.sqlstate, "22023", "{refusal:?}");
    Ok(())
}

#[tokio::test]
async fn a_start_in_the_fold_follows_the_policy() -> Result<()> {
    let start = |policy: &str| {
        format!("lower(rota.shift_range('2025-10-26', '02:30', '10:00', 'Europe/Berlin'{policy}))")
    };
    check(&[
        (&start(""), "2025-10-26 00:30:00+00"),
        (&start(", fold => 'earlier'"), "2025-10-26 00:30:00+00"),
        (&start(", fold => 'later'"), "2025-10-26 01:30:00+00"),
    ])
    .await?;
    let session = session().await?;
    let refusal = session.refusal(&format!("SELECT {}", start(", fold => 'reject'"))).await?;
    assert_eq!(refusal.sqlstate, "22023", "{refusal:?}");
    Ok(())
}

#[tokio::test]
async fn a_day_begins_with_its_first_instant() -> Result<()> {
    let day = |days: &str, zone: &str| format!("rota.local_days('{days}', '{zone}')");
    check(&[
        // Summer time began at midnight: the day began at one o'clock.
        (
            &day("[2018-11-04,2018-11-05)", "America/Sao_Paulo"),
            "[\"2018-11-04 03:00:00+00\",\"2018-11-05 02:00:00+00\")",
        ),
        (
            &day("[2025-03-30,2025-03-31)", "Europe/Berlin"),
            "[\"2025-03-29 23:00:00+00\",\"2025-03-30 22:00:00+00\")",
        ),
        // 30 December 2011 did not happen in Samoa.
        (&format!("rota.worked_minutes({})", day("[2011-12-29,2012-01-01)", "Pacific/Apia")), "2880"),
        (&day("[2025-01-01,)", "Asia/Kathmandu"), "[\"2024-12-31 18:15:00+00\",)"),
        (&day("empty", "Europe/Berlin"), "empty"),
    ])
    .await
}

#[tokio::test]
async fn worked_minutes_are_exact_and_never_rounded() -> Result<()> {
    let worked = |range: &str, rest: &str| format!("rota.worked_minutes('{range}'::tstzrange{rest})");
    check(&[
        (&worked("[2025-06-02 08:00+00,2025-06-02 16:30+00)", ", 30"), "480"),
        (&worked("[2025-06-02 08:00+00,2025-06-02 15:59:30+00)", ""), "479.5"),
        (&worked("[2025-06-02 08:00:00.00003+00,2025-06-02 08:01+00)", ""), "0.9999995"),
        (&worked("empty", ""), "0"),
    ])
    .await
}

#[tokio::test]
async fn the_band_counts_only_what_lies_in_it() -> Result<()> {
    let band = |day: &str, start: &str, end: &str, band: &str| {
        format!(
            "rota.minutes_in_band(rota.shift_range('{day}', '{start}', '{end}', 'Europe/Berlin'), \
             'Europe/Berlin', {band})"
        )
    };
    let night = "'22:00', '06:00'";
    check(&[
        (&band("2025-06-02", "22:00", "06:00", night), "480"),
        (&band("2025-06-02", "18:00", "02:00", night), "240"),
        (&band("2025-06-02", "04:00", "23:00", night), "180"),
        (&band("2025-06-02", "08:00", "16:00", night), "0"),
        (&band("2025-06-02", "08:00", "08:00", night), "480"),
        (&band("2025-03-29", "22:00", "06:00", night), "420"),
        (&band("2025-10-25", "18:00", "10:00", night), "540"),
        (&band("2025-06-02", "08:00", "16:00", "'12:00', '13:00'"), "60"),
        (&band("2025-06-02", "20:00", "04:00", "'00:00', '24:00'"), "480"),
    ])
    .await
}

/// Shifts of many shapes around every change of offset of [`ZONES`] between two years, as a
/// relation `around(zone, during)`.
fn shifts_around_transitions(years: (u32, u32), hours: &str) -> String {
    format!(
        "WITH days AS (
             SELECT zone, day, day::timestamp AT TIME ZONE zone AS midnight
             FROM unnest({ZONES}) AS zone,
                 generate_series(date '{}-01-01', date '{}-12-31', interval '1 day') AS day
         ),
         transitions AS (
             SELECT zone, midnight
             FROM (
                 SELECT zone, midnight, lead(midnight) OVER (PARTITION BY zone ORDER BY midnight) AS next
                 FROM days
             ) AS neighbours
             WHERE next - midnight <> interval '24 hours'
         ),
         around AS (
             SELECT zone, tstzrange(start, start + make_interval(hours => hours)) AS during
             FROM transitions,
                 unnest(ARRAY[{hours}]) AS hours,
                 LATERAL (VALUES (midnight - interval '14 hours'), (midnight - interval '2 hours 17 minutes'))
                     AS starts(start)
         )",
        years.0, years.1
    )
}

#[tokio::test]
async fn the_pieces_of_a_split_sum_to_the_whole_around_every_transition() -> Result<()> {
    let session = session().await?;
    for boundary in ["day", "week"] {
        let wrong = session
            .rows(&format!(
                "{}
                 SELECT zone, during, count(*), sum(minutes), rota.worked_minutes(during)
                 FROM around, rota.split_shift(during, zone, '{boundary}')
                 GROUP BY zone, during
                 HAVING sum(minutes) <> rota.worked_minutes(during)
                     OR range_agg(piece) <> multirange(during)
                     OR count(*) <> count(DISTINCT period_start)
                     OR bool_or(isempty(piece))
                     OR '{boundary}' = 'week' AND bool_or(extract(isodow FROM period_start) <> 1)
                 LIMIT 5",
                shifts_around_transitions((2000, 2026), "8, 24, 53")
            ))
            .await?;
        assert!(wrong.is_empty(), "split by {boundary}: {wrong:?}");
    }
    Ok(())
}

#[tokio::test]
async fn transitions_are_found_in_number() -> Result<()> {
    let session = session().await?;
    let found = session
        .text(&format!("{} SELECT count(*) > 1000 FROM around", shifts_around_transitions((2000, 2026), "8")))
        .await?;
    assert_eq!(found, "t");
    Ok(())
}

#[tokio::test]
async fn a_band_counts_what_counting_minute_by_minute_counts() -> Result<()> {
    let session = session().await?;
    let wrong = session
        .rows(&format!(
            "{}
             SELECT zone, during, rota.minutes_in_band(during, zone, '22:00', '06:00'), counted
             FROM around,
                 LATERAL (
                     SELECT count(*) AS counted
                     FROM generate_series(lower(during), upper(during) - interval '1 minute', '1 minute') AS m
                     WHERE (m AT TIME ZONE zone)::time >= '22:00' OR (m AT TIME ZONE zone)::time < '06:00'
                 ) AS oracle
             WHERE rota.minutes_in_band(during, zone, '22:00', '06:00') <> counted
             LIMIT 5",
            shifts_around_transitions((2014, 2019), "31")
        ))
        .await?;
    assert!(wrong.is_empty(), "{wrong:?}");
    Ok(())
}

#[tokio::test]
async fn touching_ranges_merge_and_overlaps_count_once() -> Result<()> {
    let ranges = "ARRAY['[2025-06-02 08:00+00,2025-06-02 10:00+00)',
        '[2025-06-02 10:00+00,2025-06-02 12:00+00)',
        '[2025-06-02 11:00+00,2025-06-02 11:30+00)', 'empty',
        '[2025-06-02 20:00+00,2025-06-02 21:00+00)']::tstzrange[]";
    check(&[
        (&format!("rota.union_minutes({ranges})"), "300"),
        (
            &format!("string_agg(r::text, ' ') FROM rota.merge_ranges({ranges}) AS r"),
            "[\"2025-06-02 08:00:00+00\",\"2025-06-02 12:00:00+00\") \
             [\"2025-06-02 20:00:00+00\",\"2025-06-02 21:00:00+00\")",
        ),
    ])
    .await
}
