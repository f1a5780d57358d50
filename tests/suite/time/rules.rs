//! The durations that labour rules are about, computed by hand.

use anyhow::Result;

use super::check;

/// The ranges of shifts (date, start, end) in a zone, as an array.
fn shifts(zone: &str, rows: &str) -> String {
    format!(
        "(SELECT array_agg(rota.shift_range(day, start_time, end_time, '{zone}'))
         FROM (VALUES {rows}) AS shift (day, start_time, end_time))"
    )
}

/// A row of [`shifts`].
fn row(day: &str, start: &str, end: &str) -> String {
    format!("(date '{day}', time '{start}', time '{end}')")
}

/// The minutes without duty between the duties of an array, in order.
fn gaps(duties: &str) -> String {
    format!(
        "string_agg(rota.worked_minutes(during)::text, ' ' ORDER BY during)
         FROM rota.coverage({duties}) WHERE heads = 0"
    )
}

#[tokio::test]
async fn c2_a_length_is_elapsed_time() -> Result<()> {
    let night = |day: &str, zone: &str| {
        format!("rota.worked_minutes(rota.shift_range('{day}', '22:00', '06:00', '{zone}'))")
    };
    check(&[
        (&night("2025-03-08", "America/New_York"), "420"),
        (&night("2025-11-01", "America/New_York"), "540"),
        (&night("2025-03-29", "Europe/Berlin"), "420"),
        (&night("2025-10-25", "Europe/Berlin"), "540"),
    ])
    .await
}

#[tokio::test]
async fn c3_duties_that_touch_are_one_and_a_gap_is_a_setting() -> Result<()> {
    let duties =
        "ARRAY['[2025-01-06 07:00+00,2025-01-06 19:00+00)', '[2025-01-06 19:00+00,2025-01-07 07:00+00)',
        '[2025-01-07 07:30+00,2025-01-07 08:00+00)']::tstzrange[]";
    let merged = |gap: &str| {
        format!(
            "string_agg(rota.worked_minutes(duty)::text, ' ' ORDER BY duty)
                FROM rota.merge_duties({duties}{gap}) AS duty"
        )
    };
    check(&[(&merged(""), "1440 30"), (&merged(", 29"), "1440 30"), (&merged(", gap_minutes => 30"), "1500")])
        .await
}

#[tokio::test]
async fn c4_a_period_has_its_part_without_the_breaks_in_that_part() -> Result<()> {
    let weeks = "string_agg(period_start || ' ' || worked, ', ' ORDER BY period_start)
        FROM (
            SELECT period_start, sum(worked_minutes) AS worked
            FROM (SELECT rota.shift_range('2025-06-01', '18:00', '06:00', 'Europe/Paris') AS during) AS shift,
                rota.shift_pieces(during, 'Europe/Paris', 'week',
                    breaks => rota.clock_ranges(during, 'Europe/Paris', '{20:00,23:30}', '{20:15,00:15}'))
            GROUP BY period_start
        ) AS weeks";
    check(&[(weeks, "2025-05-26 315, 2025-06-02 345")]).await
}

#[tokio::test]
async fn c5_doubled_duties_count_once() -> Result<()> {
    let doubled =
        "ARRAY['[2025-06-02 08:00+00,2025-06-02 16:00+00)', '[2025-06-02 08:00+00,2025-06-02 16:00+00)',
        '[2025-06-02 12:00+00,2025-06-02 18:00+00)']::tstzrange[]";
    check(&[(&format!("rota.union_minutes({doubled})"), "600")]).await
}

#[tokio::test]
async fn c6_nothing_is_rounded_before_it_is_compared() -> Result<()> {
    let days = |seconds: u32| {
        format!(
            "sum(rota.worked_minutes(tstzrange(at, at + interval '{seconds} seconds'))) > 4800
             FROM generate_series(timestamptz '2025-06-02 08:00+00', '2025-06-11 08:00+00', '1 day') AS at"
        )
    };
    check(&[(&days(28_800), "f"), (&days(28_801), "t")]).await
}

#[tokio::test]
async fn a7_a_call_from_home_counts_the_work_alone() -> Result<()> {
    let worked = shifts(
        "America/Chicago",
        &[row("2025-01-06", "23:00", "02:00"), row("2025-01-07", "05:00", "05:30")].join(", "),
    );
    check(&[(&format!("rota.union_minutes({worked})"), "210")]).await
}

#[tokio::test]
async fn a8_and_a9_twenty_four_days_in_a_row_leave_103_hours_and_twenty_five_79() -> Result<()> {
    check(&[(&left_of_block(24), "103"), (&left_of_block(25), "79")]).await
}

/// The hours from the end of the last of so many days in a row to the end of the block.
fn left_of_block(days: u32) -> String {
    format!(
        "trim_scale(rota.worked_minutes(tstzrange(
             upper(rota.shift_range(date '2025-01-05' + {days}, '07:00', '17:00', 'America/Chicago')),
             upper(rota.local_days('[2025-01-06,2025-02-03)', 'America/Chicago'))
         )) / 60)"
    )
}

#[tokio::test]
async fn a10_six_nights_leave_thirty_six_hours() -> Result<()> {
    let nights = "(SELECT array_agg(rota.shift_range(day::date, '19:00', '07:00', 'America/Chicago'))
        FROM generate_series(date '2025-01-06', '2025-01-13', '1 day') AS day
        WHERE extract(isodow FROM day) < 7)";
    check(&[(&gaps(nights), "720 720 720 720 720 2160")]).await
}

#[tokio::test]
async fn a11_to_a13_a_duty_and_its_hand_off_are_one_run() -> Result<()> {
    let run = |hand_off: &str| {
        let duties = shifts(
            "America/Chicago",
            &[row("2025-01-06", "07:00", "07:00"), row("2025-01-07", "07:00", hand_off)].join(", "),
        );
        format!("rota.worked_minutes(duty) FROM rota.merge_duties({duties}) AS duty")
    };
    check(&[(&run("11:00"), "1680"), (&run("08:00"), "1500"), (&run("11:01"), "1681")]).await
}

#[tokio::test]
async fn a14_and_b5_a_rest_is_measured_to_the_minute() -> Result<()> {
    let rest = |end: &str, start: &str| {
        let duties = [row("2025-01-06", "09:00", end), row("2025-01-07", start, "17:00")].join(", ");
        gaps(&shifts("America/Chicago", &duties))
    };
    check(&[
        (&rest("23:00", "06:59"), "479"),
        (&rest("23:00", "07:00"), "480"),
        (&rest("22:00", "08:00"), "600"),
        (&rest("22:00", "09:00"), "660"),
    ])
    .await
}

#[tokio::test]
async fn a15_a_clinic_and_a_call_are_one_duty_of_a_day() -> Result<()> {
    let duties = shifts(
        "America/Chicago",
        &[row("2025-01-06", "07:00", "19:00"), row("2025-01-06", "19:00", "07:00")].join(", "),
    );
    check(&[(
        &format!("string_agg(rota.worked_minutes(duty)::text, ' ') FROM rota.merge_duties({duties}) AS duty"),
        "1440",
    )])
    .await
}

#[tokio::test]
async fn a16_a_day_on_duty_is_23_hours_in_spring_and_25_in_autumn() -> Result<()> {
    let duty = |day: &str| {
        format!("rota.worked_minutes(rota.shift_range('{day}', '07:00', '07:00', 'America/New_York'))")
    };
    check(&[(&duty("2025-03-08"), "1380"), (&duty("2025-11-01"), "1500")]).await
}

#[tokio::test]
async fn b7_and_b8_weekly_rests_are_40_and_35_hours() -> Result<()> {
    let rests = |days: &str, start: &str, end: &str| {
        let duties = format!(
            "(SELECT array_agg(rota.shift_range(day, '{start}', '{end}', 'Europe/Paris'))
             FROM unnest('{days}'::date[]) AS day)"
        );
        gaps(&duties)
    };
    check(&[
        (&rests("{2025-01-11,2025-01-13}", "08:00", "16:00"), "2400"),
        (&rests("{2025-01-10,2025-01-12}", "11:00", "19:00"), "2400"),
        // The week begins with the free Monday: 35 hours of it.
        (
            "rota.worked_minutes(tstzrange(lower(rota.local_days('[2025-01-06,2025-01-07)', 'Europe/Paris')),
                 lower(rota.shift_range('2025-01-07', '11:00', '19:00', 'Europe/Paris'))))",
            "2100",
        ),
    ])
    .await
}

#[tokio::test]
async fn b10_a_night_without_its_break() -> Result<()> {
    let night = |end: &str| {
        format!("rota.worked_minutes(rota.shift_range('2025-01-06', '22:00', '{end}', 'Europe/Paris'), 30)")
    };
    check(&[(&night("07:00"), "510"), (&night("06:00"), "450")]).await
}

/// The minutes of shifts by week from a day on, and what of each week is over forty hours.
fn weeks(duties: &str, boundary: &str) -> String {
    format!(
        "string_agg(minutes || ' ' || greatest(minutes - 2400, 0), ', ' ORDER BY period_start)
         FROM (
             SELECT period_start, sum(minutes) AS minutes
             FROM unnest({duties}) AS duty, rota.split_shift(duty, 'America/New_York', '{boundary}')
             GROUP BY period_start
         ) AS weeks"
    )
}

#[tokio::test]
async fn f1_each_week_stands_alone() -> Result<()> {
    let days = [
        "2025-01-06",
        "2025-01-07",
        "2025-01-08",
        "2025-01-13",
        "2025-01-14",
        "2025-01-15",
        "2025-01-16",
        "2025-01-17",
    ];
    let duties = shifts("America/New_York", &days.map(|day| row(day, "08:00", "18:00")).join(", "));
    check(&[(&weeks(&duties, "week"), "1800 0, 3000 600")]).await
}

#[tokio::test]
async fn f5_a_night_over_the_end_of_the_week_pays_overtime_in_the_old_week() -> Result<()> {
    let mut rows: Vec<String> = ["2025-06-02", "2025-06-03", "2025-06-04", "2025-06-05"]
        .iter()
        .map(|day| row(day, "08:00", "17:30"))
        .collect();
    rows.push(row("2025-06-08", "20:00", "06:00"));
    check(&[(&weeks(&shifts("America/New_York", &rows.join(", ")), "week"), "2520 120, 360 0")]).await
}

#[tokio::test]
async fn f6_the_night_of_the_clock_change_is_paid_as_it_lasted() -> Result<()> {
    let night = |day: &str| {
        format!("rota.worked_minutes(rota.shift_range('{day}', '22:00', '06:00', 'America/New_York'))")
    };
    check(&[(&night("2025-03-08"), "420"), (&night("2025-11-01"), "540")]).await
}

#[tokio::test]
async fn f7_seven_shifts_of_twelve_hours_by_day_fortnight_and_week() -> Result<()> {
    let days =
        ["2025-01-06", "2025-01-08", "2025-01-10", "2025-01-13", "2025-01-15", "2025-01-17", "2025-01-19"];
    let duties = shifts("America/New_York", &days.map(|day| row(day, "07:00", "19:00")).join(", "));
    let excess = |boundary: &str, limit: u32| {
        format!(
            "trim_scale(sum(greatest(minutes - {limit}, 0)) / 60)
             FROM (
                 SELECT sum(minutes) AS minutes
                 FROM unnest({duties}) AS duty, rota.split_shift(duty, 'America/New_York', '{boundary}')
                 GROUP BY period_start
             ) AS periods"
        )
    };
    check(&[
        (&excess("day", 480), "28"),
        (&excess("14 days from 2025-01-06", 4_800), "4"),
        (&excess("week", 2_400), "8"),
    ])
    .await
}

/// Worked minutes by day outside of the Japanese night and within, of a shift with breaks at fixed times.
fn by_night(day: &str, start: &str, end: &str, breaks: (&str, &str)) -> String {
    format!(
        "string_agg(day_minutes || ' ' || night_minutes, ', ' ORDER BY local_day)
         FROM (
             SELECT local_day,
                 coalesce(sum(worked_minutes) FILTER (WHERE NOT in_band), 0) AS day_minutes,
                 coalesce(sum(worked_minutes) FILTER (WHERE in_band), 0) AS night_minutes
             FROM (SELECT rota.shift_range('{day}', '{start}', '{end}', 'Asia/Tokyo') AS during) AS shift,
                 rota.shift_pieces(during, 'Asia/Tokyo', band_start => '22:00', band_end => '05:00',
                     breaks => rota.clock_ranges(during, 'Asia/Tokyo', '{{{}}}', '{{{}}}'))
             GROUP BY local_day
         ) AS days",
        breaks.0, breaks.1
    )
}

#[tokio::test]
async fn j1_a_long_tuesday_has_no_night() -> Result<()> {
    check(&[(&by_night("2025-06-03", "09:00", "20:00", ("12:00", "13:00")), "600 0")]).await
}

#[tokio::test]
async fn j2_an_evening_has_five_hours_and_three_of_night() -> Result<()> {
    check(&[(&by_night("2025-06-03", "16:00", "01:00", ("20:00", "21:00")), "300 120, 0 60")]).await
}

#[tokio::test]
async fn j3_a_break_is_taken_off_the_band_it_lies_in() -> Result<()> {
    check(&[
        (&by_night("2025-06-03", "00:00", "09:00", ("04:00", "05:00")), "240 240"),
        (&by_night("2025-06-03", "00:00", "09:00", ("06:00", "07:00")), "180 300"),
    ])
    .await
}

#[tokio::test]
async fn j4_two_breaks_by_day_leave_the_night_whole() -> Result<()> {
    let pieces = by_night("2025-06-03", "09:00", "02:00", ("12:00,19:00", "13:00,20:00"));
    check(&[(&pieces, "660 120, 0 120")]).await
}

#[tokio::test]
async fn j5_a_holiday_ends_at_midnight_and_the_night_does_not() -> Result<()> {
    check(&[(&by_night("2025-06-01", "13:00", "02:00", ("", "")), "540 120, 0 120")]).await
}

#[tokio::test]
async fn j6_the_first_hours_of_a_holiday_are_at_night() -> Result<()> {
    check(&[(&by_night("2025-05-31", "18:00", "03:00", ("", "")), "240 120, 0 180")]).await
}

#[tokio::test]
async fn j9_overtime_at_night_is_told_from_the_day() -> Result<()> {
    check(&[(&by_night("2025-06-03", "13:00", "02:00", ("17:00", "18:00")), "480 120, 0 120")]).await
}
