//! What holds in every zone of the server, around every change of its clocks from 1970 to 2037.

use anyhow::Result;
use rota_tests::session::Session;

use super::session;

/// The zones of the server that differ, each once; and around each change of their offset two ranges that
/// touch where the clocks change, or 61 minutes before.
const AROUND: &str = "
    CREATE TABLE changes AS
    SELECT name AS zone, changed_at, offset_seconds
    FROM pg_timezone_names, rota.time_zone_changes(name, '[1970-01-01 00:00Z,2038-01-01 00:00Z)');
    CREATE TABLE zones AS
    -- A name without a slash may be an abbreviation as well, which AT TIME ZONE would take it for.
    SELECT coalesce(min(zone) FILTER (WHERE zone LIKE '%/%'), min(zone)) AS zone
    FROM (
        SELECT zone, array_agg((changed_at, offset_seconds) ORDER BY changed_at) AS rules
        FROM changes
        GROUP BY zone
    ) AS each
    GROUP BY rules;
    CREATE TABLE around AS
    SELECT zone, changed_at, tstzrange(seam - first, seam) AS before, tstzrange(seam, seam + second) AS after,
        tstzrange(seam - first, seam + second) AS during
    FROM (SELECT changes.*, row_number() OVER () % 2 AS shape FROM changes JOIN zones USING (zone)) AS each
        JOIN (
            VALUES (0, interval '0', interval '9 hours 17 minutes', interval '30 hours'),
                (1, '61 minutes', '26 hours', '1 hour')
        ) AS shapes (shape, ahead, first, second) USING (shape),
        LATERAL (SELECT changed_at - ahead AS seam) AS seams;
    ANALYZE around;";

const BOUNDARIES: [&str; 4] =
    ["day", "week from sunday at 01:30", "9 days from 2001-09-09", "month to 30 at 00:30"];

async fn around() -> Result<Session> {
    let session = session().await?;
    session.batch_execute(AROUND).await?;
    Ok(session)
}

async fn expect_none(session: &Session, what: &str, query: &str) -> Result<()> {
    let wrong = session.rows(&format!("{query} LIMIT 5")).await?;
    assert!(wrong.is_empty(), "{what}: {wrong:?}");
    Ok(())
}

#[tokio::test]
async fn every_zone_of_the_server_is_walked() -> Result<()> {
    let session = around().await?;
    let counted = session
        .rows(
            "SELECT (SELECT count(DISTINCT zone) FROM changes) = (SELECT count(*) FROM pg_timezone_names),
            (SELECT count(*) FROM zones) > 250, (SELECT count(*) FROM around) > 15000",
        )
        .await?;
    let counted: Vec<Option<String>> = counted.into_iter().flatten().collect();
    assert!(counted.iter().all(|holds| holds.as_deref() == Some("t")), "{counted:?}");
    Ok(())
}

#[tokio::test]
async fn pieces_sum_to_the_whole_for_every_boundary() -> Result<()> {
    let session = around().await?;
    for boundary in BOUNDARIES {
        expect_none(
            &session,
            boundary,
            &format!(
                "SELECT zone, during
                 FROM around,
                     LATERAL (
                         SELECT sum(minutes) AS minutes, range_agg(piece) AS pieces, count(*) AS number,
                             count(DISTINCT period_start) AS periods
                         FROM rota.split_shift(during, zone, '{boundary}')
                     ) AS split
                 WHERE minutes <> rota.worked_minutes(during) OR pieces <> multirange(during)
                     OR number <> periods"
            ),
        )
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn splitting_first_or_merging_first_is_the_same() -> Result<()> {
    let session = around().await?;
    for boundary in BOUNDARIES {
        expect_none(
            &session,
            boundary,
            &format!(
                "SELECT zone, during
                 FROM around,
                     LATERAL (
                         SELECT array_agg((period_start, pieces) ORDER BY period_start) AS apart
                         FROM (
                             SELECT period_start, range_agg(piece) AS pieces
                             FROM (VALUES (before), (after)) AS part (part),
                                 rota.split_shift(part, zone, '{boundary}')
                             GROUP BY period_start
                         ) AS each
                     ) AS one,
                     LATERAL (
                         SELECT array_agg((period_start, multirange(piece)) ORDER BY period_start) AS together
                         FROM rota.split_shift(during, zone, '{boundary}')
                     ) AS other
                 WHERE apart <> together"
            ),
        )
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn local_days_are_what_splitting_by_days_finds() -> Result<()> {
    let session = around().await?;
    expect_none(
        &session,
        "a piece lies within its day, and ends where the range or the day does",
        "SELECT zone, during, piece, period_start
         FROM around, rota.split_shift(during, zone, 'day'),
             LATERAL (SELECT rota.local_days(daterange(period_start, period_start + 1), zone) AS day) AS local
         WHERE piece IS DISTINCT FROM day * during",
    )
    .await
}

#[tokio::test]
async fn pieces_of_every_kind_sum_to_the_whole() -> Result<()> {
    let session = around().await?;
    for position in ["middle", "proportional"] {
        expect_none(
            &session,
            position,
            &format!(
                "SELECT zone, during
                 FROM around,
                     LATERAL (
                         SELECT sum(minutes) AS minutes, sum(worked_minutes) AS worked,
                             range_agg(piece) AS pieces,
                             sum(minutes) FILTER (WHERE in_band) AS night, min(worked_minutes) AS least
                         FROM rota.shift_pieces(during, zone, 'week', '22:00', '05:00', break_minutes => 45,
                             break_position => '{position}')
                     ) AS split
                 WHERE minutes <> rota.worked_minutes(during) OR worked <> rota.worked_minutes(during, 45)
                     OR pieces <> multirange(during) OR least < 0
                     OR coalesce(night, 0) <> rota.minutes_in_band(during, zone, '22:00', '05:00')"
            ),
        )
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_band_and_its_complement_are_the_whole() -> Result<()> {
    let session = around().await?;
    expect_none(
        &session,
        "a night and a day",
        "SELECT zone, during
         FROM around
         WHERE rota.minutes_in_band(during, zone, '23:30', '02:30')
                 + rota.minutes_in_band(during, zone, '02:30', '23:30')
             <> rota.worked_minutes(during)",
    )
    .await
}

#[tokio::test]
async fn slots_follow_one_another_over_the_whole() -> Result<()> {
    let session = around().await?;
    expect_none(
        &session,
        "slots of forty minutes",
        "SELECT zone, during
         FROM around,
             LATERAL (
                 SELECT range_agg(slot) AS slots, sum(head_minutes) AS minutes,
                     bool_and((lower(slot) AT TIME ZONE zone) = local_start) AS shown
                 FROM rota.coverage_slots(ARRAY[before, after], during, zone, 40)
             ) AS split
         WHERE slots <> multirange(during) OR minutes <> rota.worked_minutes(during) OR NOT shown",
    )
    .await
}
