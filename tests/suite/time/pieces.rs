//! Shifts by periods, bands and breaks, and by all of them at once.

use anyhow::Result;

use super::{check, session};

/// The pieces by a boundary, each as the start of its period and its minutes.
fn by_period(day: &str, start: &str, end: &str, zone: &str, boundary: &str) -> String {
    format!(
        "string_agg(period_start || ' ' || minutes, ', ' ORDER BY piece)
         FROM rota.split_shift(rota.shift_range('{day}', '{start}', '{end}', '{zone}'), '{zone}', {boundary})"
    )
}

#[tokio::test]
async fn a_night_is_cut_where_the_period_ends() -> Result<()> {
    let night = |day: &str, boundary: &str| by_period(day, "22:00", "06:00", "Europe/Berlin", boundary);
    check(&[
        (&night("2025-06-07", "'week from sunday'"), "2025-06-01 120, 2025-06-08 360"),
        (&night("2025-06-07", "'week from saturday at 22:00'"), "2025-06-07 480"),
        (&night("2025-06-07", "'week from saturday at 23:30'"), "2025-05-31 90, 2025-06-07 390"),
        (&night("2025-06-07", "'day at 05:00'"), "2025-06-07 420, 2025-06-08 60"),
        (&night("2025-01-19", "'14 days from 2025-01-06'"), "2025-01-06 120, 2025-01-20 360"),
        (&night("2025-01-25", "'month to 25'"), "2024-12-26 120, 2025-01-26 360"),
        (&night("2025-02-28", "'month to 30'"), "2025-01-31 120, 2025-03-01 360"),
        (&night("2024-02-28", "'month to 30'"), "2024-01-31 480"),
        (&night("2025-06-15", "'half-month'"), "2025-06-01 120, 2025-06-16 360"),
        (&night("2025-06-30", "'half-month'"), "2025-06-16 120, 2025-07-01 360"),
        (&night("2025-06-10", "'month to 10 and 25'"), "2025-05-26 120, 2025-06-11 360"),
    ])
    .await
}

#[tokio::test]
async fn a_period_has_its_days() -> Result<()> {
    check(&[
        ("rota.period_days('2025-02-28', 'month to 30')", "[2025-01-31,2025-03-01)"),
        ("rota.period_days('2025-06-01', 'week')", "[2025-05-26,2025-06-02)"),
        ("rota.period_days('2025-06-01', 'week from sunday')", "[2025-06-01,2025-06-08)"),
        ("rota.period_days('2025-01-05', '14 days from 2025-01-06')", "[2024-12-23,2025-01-06)"),
    ])
    .await
}

#[tokio::test]
async fn a_boundary_where_the_clocks_change_follows_the_policy() -> Result<()> {
    let spring = |policy: &str| {
        by_period("2025-03-29", "22:00", "06:00", "Europe/Berlin", &format!("'day at 02:30'{policy}"))
    };
    let autumn = |policy: &str| {
        by_period("2025-10-25", "22:00", "06:00", "Europe/Berlin", &format!("'day at 02:30'{policy}"))
    };
    check(&[
        (&spring(""), "2025-03-29 240, 2025-03-30 180"),
        (&spring(", gap => 'earlier'"), "2025-03-29 210, 2025-03-30 210"),
        (&spring(", gap => 'later'"), "2025-03-29 270, 2025-03-30 150"),
        (&autumn(""), "2025-10-25 270, 2025-10-26 270"),
        (&autumn(", fold => 'later'"), "2025-10-25 330, 2025-10-26 210"),
        // Midnight occurs twice.
        (
            &by_period("2024-11-02", "20:00", "04:00", "America/Havana", "'day'"),
            "2024-11-02 240, 2024-11-03 300",
        ),
        (
            &by_period("2024-11-02", "20:00", "04:00", "America/Havana", "'day', fold => 'later'"),
            "2024-11-02 300, 2024-11-03 240",
        ),
        (
            "rota.local_days('[2024-11-03,2024-11-04)', 'America/Havana', fold => 'later')",
            "[\"2024-11-03 05:00:00+00\",\"2024-11-04 05:00:00+00\")",
        ),
        (
            "rota.minutes_in_band(rota.shift_range('2025-03-29', '22:00', '06:00', 'Europe/Berlin'), \
             'Europe/Berlin', '22:00', '02:30', gap => 'later')",
            "270",
        ),
    ])
    .await?;
    let session = session().await?;
    for (pieces, column) in [
        (spring(", gap => 'reject'"), "boundary"),
        (autumn(", fold => 'reject'"), "boundary"),
        ("rota.local_days('[2024-11-03,2024-11-04)', 'America/Havana', fold => 'reject')".to_owned(), "days"),
    ] {
        let refusal = session.refusal(&format!("SELECT {pieces}")).await?;
        assert_eq!((refusal.sqlstate.as_str(), refusal.column.as_deref()), ("22023", Some(column)));
    }
    Ok(())
}

#[tokio::test]
async fn only_boundaries_inside_of_the_range_are_rejected() -> Result<()> {
    let away = |day: &str| {
        by_period(day, "08:00", "16:00", "America/Havana", "'month to 2', fold => 'reject', gap => 'reject'")
    };
    check(&[(&away("2024-11-20"), "2024-11-03 480"), (&away("2024-11-03"), "2024-11-03 480")]).await
}

#[tokio::test]
async fn every_piece_says_its_day_period_band_and_break() -> Result<()> {
    let session = session().await?;
    let rows = session
        .rows(
            "SELECT local_day, period_start, in_band, is_break, lower(piece) AT TIME ZONE 'Europe/Berlin',
                 minutes, worked_minutes
             FROM (SELECT rota.shift_range('2025-06-01', '19:00', '06:30', 'Europe/Berlin') AS during)
                 AS shift,
                 rota.shift_pieces(during, 'Europe/Berlin', 'week', '22:00', '06:00',
                     breaks => rota.clock_ranges(during, 'Europe/Berlin', '{21:45}', '{22:15}'),
                     break_minutes => 60, break_position => 'end')
             ORDER BY piece",
        )
        .await?;
    let rows: Vec<String> =
        rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        rows,
        [
            "2025-06-01 2025-05-26 f f 2025-06-01 19:00:00 165 165",
            "2025-06-01 2025-05-26 f t 2025-06-01 21:45:00 15 0",
            "2025-06-01 2025-05-26 t t 2025-06-01 22:00:00 15 0",
            "2025-06-01 2025-05-26 t f 2025-06-01 22:15:00 105 105",
            "2025-06-02 2025-06-02 t f 2025-06-02 00:00:00 330 330",
            "2025-06-02 2025-06-02 t t 2025-06-02 05:30:00 30 0",
            "2025-06-02 2025-06-02 f t 2025-06-02 06:00:00 30 0",
        ]
    );
    Ok(())
}

#[tokio::test]
async fn an_unplaced_break_lies_within_the_time_that_other_breaks_leave() -> Result<()> {
    let pieces = |position: &str| {
        format!(
            "string_agg(to_char(lower(piece) AT TIME ZONE 'UTC', 'HH24:MI') || ' ' || worked_minutes, ', '
                ORDER BY piece)
             FROM rota.shift_pieces('[2025-06-02 08:00+00,2025-06-02 16:00+00)', 'UTC',
                 breaks => '{{\"[2025-06-02 11:30+00,2025-06-02 12:30+00)\"}}',
                 break_minutes => 60{position})"
        )
    };
    check(&[
        // Seven hours are left, so the middle hour lies around the other break.
        (&pieces(""), "08:00 180, 11:00 0, 13:00 180"),
        (&pieces(", break_position => 'start'"), "08:00 0, 09:00 150, 11:30 0, 12:30 210"),
        (&pieces(", break_position => 'end'"), "08:00 210, 11:30 0, 12:30 150, 15:00 0"),
        (&pieces(", break_position => 'proportional'"), "08:00 180, 11:30 0, 12:30 180"),
    ])
    .await
}

#[tokio::test]
async fn minutes_sum_to_the_whole_to_the_last_decimal() -> Result<()> {
    let session = session().await?;
    for position in ["start", "middle", "end", "proportional"] {
        let wrong = session
            .rows(&format!(
                "SELECT n, sum(minutes), sum(worked_minutes), rota.worked_minutes(during)
                 FROM generate_series(1, 300) AS n,
                     LATERAL (
                         SELECT timestamptz '2025-10-25 11:00:00.000001+00'
                             + n * interval '997.000013 seconds' AS start
                     ) AS starts,
                     LATERAL (SELECT tstzrange(start, start + n * interval '1234.000007 seconds') AS during)
                         AS shift,
                     rota.shift_pieces(during, 'Europe/Berlin', 'week', '22:00', '06:00',
                         break_minutes => n * 7, break_position => '{position}')
                 GROUP BY n, during
                 HAVING sum(minutes) <> rota.worked_minutes(during)
                     OR sum(worked_minutes) <> rota.worked_minutes(during, n * 7)
                     OR range_agg(piece) <> multirange(during)
                     OR min(worked_minutes) < 0
                     OR bool_or(worked_minutes > minutes + 0.000000000001)
                     OR bool_or(is_break AND worked_minutes <> 0)"
            ))
            .await?;
        assert!(wrong.is_empty(), "{position}: {wrong:?}");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_known_and_nothing_there_have_no_pieces() -> Result<()> {
    check(&[
        ("count(*) FROM rota.shift_pieces(NULL, 'UTC')", "0"),
        ("count(*) FROM rota.shift_pieces('empty', 'UTC')", "0"),
        ("count(*) FROM rota.split_shift('empty', 'UTC')", "0"),
        ("rota.clock_ranges('empty', 'UTC', '{12:00}', '{13:00}')", "{}"),
        ("count(*) FROM rota.merge_duties('{}')", "0"),
    ])
    .await
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() -> Result<()> {
    let session = session().await?;
    let shift = "'[2025-06-02 08:00+00,2025-06-02 16:00+00)'";
    for (call, sqlstate, column) in [
        (format!("rota.split_shift({shift}, 'UTC', 'fortnight')"), "22023", "boundary"),
        (format!("rota.split_shift({shift}, 'UTC', 'month to 32')"), "22023", "boundary"),
        (format!("rota.split_shift({shift}, 'UTC', fold => 'change')"), "22023", "fold"),
        (format!("rota.shift_pieces({shift}, NULL)"), "22004", "time_zone"),
        (format!("rota.shift_pieces({shift}, 'UTC', band_start => '22:00')"), "22004", "band_end"),
        (format!("rota.shift_pieces({shift}, 'UTC', band_end => '22:00')"), "22004", "band_start"),
        (format!("rota.shift_pieces({shift}, 'UTC', break_minutes => -1)"), "22023", "break_minutes"),
        (format!("rota.shift_pieces({shift}, 'UTC', break_minutes => 481)"), "22023", "break_minutes"),
        (format!("rota.shift_pieces({shift}, 'UTC', break_position => 'noon')"), "22023", "break_position"),
        ("rota.shift_pieces('[2025-06-02 08:00+00,)', 'UTC')".to_owned(), "22023", "during"),
        (format!("rota.clock_ranges({shift}, 'UTC', '{{12:00}}', '{{}}')"), "22023", "band_ends"),
        (format!("rota.clock_ranges({shift}, 'UTC', '{{NULL}}', '{{12:00}}')"), "22004", "band_starts"),
        ("rota.merge_duties('{}', -1)".to_owned(), "22023", "gap_minutes"),
        ("rota.shift_lasting('2025-06-02', '20:00', 0, 'UTC')".to_owned(), "22023", "elapsed_minutes"),
        ("rota.period_days('infinity', 'month')".to_owned(), "22008", "day"),
        ("rota.period_days('5874897-12-31', 'month')".to_owned(), "22008", "day"),
    ] {
        let refusal = session.refusal(&format!("SELECT {call}")).await?;
        assert_eq!(
            (refusal.sqlstate.as_str(), refusal.column.as_deref()),
            (sqlstate, Some(column)),
            "{call}"
        );
    }
    Ok(())
}
