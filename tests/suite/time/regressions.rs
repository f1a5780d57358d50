//! What other systems got wrong, as vectors.

use anyhow::Result;

use super::{check, session};

#[tokio::test]
async fn r4_a_band_that_does_not_cross_midnight_counts_once() -> Result<()> {
    let pieces = "string_agg(in_band || ' ' || minutes, ', ' ORDER BY piece)
        FROM rota.shift_pieces(rota.shift_range('2025-06-02', '01:00', '09:00', 'Europe/Brussels'),
            'Europe/Brussels', band_start => '00:00', band_end => '06:00')";
    check(&[(pieces, "true 300, false 180")]).await
}

#[tokio::test]
async fn r5_a_template_of_five_hours_from_eight_ends_on_the_next_day() -> Result<()> {
    let shift = "rota.shift_lasting('2025-06-02', '20:00', 300, 'Europe/Brussels')";
    check(&[
        (&format!("upper({shift}) AT TIME ZONE 'Europe/Brussels'"), "2025-06-03 01:00:00"),
        (&format!("rota.worked_minutes({shift})"), "300"),
    ])
    .await
}

#[tokio::test]
async fn r6_the_zone_of_the_session_does_not_matter() -> Result<()> {
    let session = session().await?;
    session.batch_execute("SET TimeZone = 'Europe/Brussels'").await?;
    let worked = session
        .text("SELECT rota.worked_minutes(rota.shift_range('2025-06-02', '20:00', '04:00', 'Asia/Kolkata'))")
        .await?;
    assert_eq!(worked, "480");
    Ok(())
}

#[tokio::test]
async fn r8_a_night_over_the_end_of_a_pay_period_is_two_hours_and_six() -> Result<()> {
    let pieces = |boundary: &str| {
        format!(
            "string_agg(period_start || ' ' || minutes, ', ' ORDER BY piece)
             FROM rota.split_shift(rota.shift_range('2025-06-01', '22:00', '06:00',
                 'America/Indiana/Indianapolis'),
                 'America/Indiana/Indianapolis', '{boundary}')"
        )
    };
    check(&[
        (&pieces("14 days from 2025-05-19"), "2025-05-19 120, 2025-06-02 360"),
        (&pieces("week"), "2025-05-26 120, 2025-06-02 360"),
    ])
    .await
}

#[tokio::test]
async fn r9_the_last_night_of_a_month_is_two_hours_and_six() -> Result<()> {
    let pieces = "string_agg(period_start || ' ' || minutes, ', ' ORDER BY piece)
        FROM rota.split_shift(rota.shift_range('2025-06-30', '22:00', '06:00', 'Europe/Zurich'),
            'Europe/Zurich', 'month')";
    check(&[(pieces, "2025-06-01 120, 2025-07-01 360")]).await
}

#[tokio::test]
async fn r10_the_second_day_of_a_night_has_its_six_hours() -> Result<()> {
    let second_day = "sum(minutes) FILTER (WHERE period_start = '2025-06-03')
        FROM rota.split_shift(rota.shift_range('2025-06-02', '22:00', '06:00', 'Europe/Berlin'),
            'Europe/Berlin')";
    check(&[(second_day, "360")]).await
}

#[tokio::test]
async fn r11_a_break_after_midnight_is_taken_off_the_second_day() -> Result<()> {
    let by_day = |breaks: &str| {
        format!(
            "string_agg(local_day || ' ' || worked, ', ' ORDER BY local_day)
             FROM (
                 SELECT local_day, sum(worked_minutes) AS worked, min(worked_minutes) AS least
                 FROM (SELECT rota.shift_range('2025-06-02', '21:00', '03:00', 'Europe/Vienna') AS during)
                     AS shift,
                     rota.shift_pieces(during, 'Europe/Vienna', {breaks})
                 GROUP BY local_day
             ) AS days WHERE least >= 0"
        )
    };
    check(&[
        (
            &by_day("breaks => rota.clock_ranges(during, 'Europe/Vienna', '{00:00}', '{02:00}')"),
            "2025-06-02 180, 2025-06-03 60",
        ),
        (&by_day("break_minutes => 120"), "2025-06-02 120, 2025-06-03 120"),
        (&by_day("break_minutes => 120, break_position => 'end'"), "2025-06-02 180, 2025-06-03 60"),
        (&by_day("break_minutes => 120, break_position => 'start'"), "2025-06-02 60, 2025-06-03 180"),
        (&by_day("break_minutes => 120, break_position => 'proportional'"), "2025-06-02 120, 2025-06-03 120"),
    ])
    .await
}

#[tokio::test]
async fn r16_a_split_shift_is_eight_hours_over_thirteen() -> Result<()> {
    let parts = "(SELECT array_agg(rota.shift_range('2025-06-02', start_time, end_time, 'Asia/Kolkata'))
        FROM (VALUES (time '07:00', time '11:00'), ('16:00', '20:00')) AS part (start_time, end_time))";
    check(&[
        (&format!("rota.union_minutes({parts})"), "480"),
        (&format!("rota.worked_minutes(range_merge(range_agg(part))) FROM unnest({parts}) AS part"), "780"),
    ])
    .await
}

#[tokio::test]
async fn r17_the_japanese_night_is_found_whatever_the_zone_of_the_session() -> Result<()> {
    let night = |start: &str, end: &str| {
        format!(
            "rota.minutes_in_band(rota.shift_range('2025-06-03', '{start}', '{end}', 'Asia/Tokyo'), \
             'Asia/Tokyo', '22:00', '05:00')"
        )
    };
    check(&[(&night("22:00", "05:00"), "420"), (&night("09:00", "18:00"), "0")]).await
}

#[tokio::test]
async fn r23_two_days_and_a_sunday_have_their_minutes() -> Result<()> {
    let worked = |day: &str, start: &str, end: &str, rest: u32| {
        format!("rota.worked_minutes(rota.shift_range('{day}', '{start}', '{end}', 'Asia/Tokyo'), {rest})")
    };
    check(&[
        (&worked("2026-08-03", "09:00", "22:30", 60), "750"),
        (&worked("2026-08-04", "09:00", "18:00", 60), "480"),
        (&worked("2026-08-09", "10:00", "15:00", 0), "300"),
        (
            "rota.minutes_in_band(rota.shift_range('2026-08-03', '09:00', '22:30', 'Asia/Tokyo'), \
             'Asia/Tokyo', '22:00', '05:00')",
            "30",
        ),
    ])
    .await
}
