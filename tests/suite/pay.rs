//! What work is paid as, through SQL: hand-computed vectors of Japan and of the United States.
//!
//! 2026-08-03 is a Monday. Rates are 1,500 an hour unless a vector says otherwise.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

async fn session() -> Result<Session> {
    Database::with_extension().await?.session().await
}

/// A range in Tokyo; `"04 09:00-20:00"` is on 2026-08-04, an end not after the start on the next day.
fn tokyo(text: &str) -> String {
    let (day, times) = text.split_once(' ').unwrap_or_default();
    let (start, end) = times.split_once('-').unwrap_or_default();
    format!("rota.shift_range('2026-08-{day}', '{start}', '{end}', 'Asia/Tokyo')")
}

fn array(ranges: &[&str]) -> String {
    let ranges: Vec<String> = ranges.iter().map(|range| tokyo(range)).collect();
    format!("ARRAY[{}]::tstzrange[]", ranges.join(", "))
}

/// The kinds of time in minutes, and what they come to.
async fn totals(session: &Session, duties: &[&str], breaks: &[&str], overtime_before: i32) -> Result<String> {
    session
        .text(&format!(
            "SELECT string_agg(
                 concat_ws(' ', kind, overtime_tier, CASE WHEN at_night THEN 'night' END, minutes), ', '
             ) || ': ' || sum(amount)
             FROM rota.pay_totals({}, 'Asia/Tokyo', rota.pay_rules('japan'), 1500, {},
                 overtime_minutes_before => {overtime_before})",
            array(duties),
            array(breaks),
        ))
        .await
}

#[tokio::test]
async fn japanese_premiums_are_those_computed_by_hand() -> Result<()> {
    let session = session().await?;
    for (name, duties, breaks, before, expected) in [
        ("J-1", "04 09:00-20:00", vec!["04 12:00-13:00"], 0, "regular 480, overtime 1 120: 15750"),
        ("J-2", "04 16:00-01:00", vec!["04 20:00-21:00"], 0, "regular 300, regular night 180: 13125"),
        ("J-3a", "04 00:00-09:00", vec!["04 04:00-05:00"], 0, "regular 240, regular night 240: 13500"),
        ("J-3b", "04 00:00-09:00", vec!["04 06:00-07:00"], 0, "regular 180, regular night 300: 13875"),
        (
            "J-4",
            "04 09:00-02:00",
            vec!["04 12:00-13:00", "04 19:00-20:00"],
            0,
            "regular 480, overtime 1 180, overtime 1 night 240: 26625",
        ),
        ("J-5", "09 13:00-02:00", vec![], 0, "overtime 1 night 120, holiday 540, holiday night 120: 27525"),
        (
            "J-9",
            "04 13:00-02:00",
            vec!["04 17:00-18:00"],
            3480,
            "regular 480, overtime 1 night 120, overtime 2 night 120: 21750",
        ),
    ] {
        assert_eq!(totals(&session, &[duties], &breaks, before).await?, expected, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn j_13_totals_of_a_month_are_rounded_to_hours_and_days_are_not() -> Result<()> {
    let session = session().await?;
    let mut rounded = 0;
    // 40:40, 40:20 and 39:40 of night work in three months; each total is rounded by itself.
    for (hours, minutes, expected) in [(40, 40, 41), (40, 20, 40), (39, 40, 40)] {
        let total = session
            .text(&format!(
                "SELECT trunc(sum(rounded_minutes) / 60) FROM rota.pay_totals(
                     ARRAY(
                         SELECT tstzrange(
                             '2026-08-03 00:00+09'::timestamptz + part * interval '1 day',
                             '2026-08-03 00:00+09'::timestamptz + part * interval '1 day'
                                 + interval '{hours} hours {minutes} minutes' / 10
                         )
                         FROM generate_series(0, 9) AS part
                     ),
                     'Asia/Tokyo', '{{\"pay_period\": \"month\"}}', round_to_minutes => 60
                 )"
            ))
            .await?;
        assert_eq!(total, expected.to_string(), "{hours}:{minutes}");
        rounded += expected;
    }
    assert_eq!(rounded, 121);
    Ok(())
}

/// R18: a library before paid the overtime hours twice and came to 294,000.
#[tokio::test]
async fn r18_sixteen_of_176_hours_are_paid_a_quarter_more_and_no_hour_twice() -> Result<()> {
    let session = session().await?;
    let paid = session
        .text(
            "SELECT sum(amount) FROM rota.pay_totals(
                 ARRAY(
                     SELECT tstzrange(start, start + interval '528 minutes')
                     FROM generate_series(0, 27) AS day,
                         LATERAL (SELECT timestamptz '2026-08-03 09:00+09' + day * interval '1 day' AS start) AS at
                     WHERE day % 7 < 5
                 ),
                 'Asia/Tokyo', rota.pay_rules('japan'), 1500
             )",
        )
        .await?;
    assert_eq!(paid, "270000");
    Ok(())
}

#[tokio::test]
async fn the_regular_rate_is_all_pay_by_all_hours() -> Result<()> {
    let session = session().await?;
    for (name, arguments, expected) in [
        ("F-2", "ARRAY[2700], ARRAY[20], 300", "950.00"),
        ("F-3", "ARRAY[2400, 480], ARRAY[15, 9], 480", "728.00"),
        ("F-4", "ARRAY[2670, 480], ARRAY[10, 8], 750", "569.60"),
    ] {
        let paid = session.text(&format!("SELECT rota.regular_rate_pay({arguments})")).await?;
        assert_eq!(paid, expected, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn f_7_eight_and_eighty_pays_the_daily_excess_and_forty_hours_do_not() -> Result<()> {
    let session = session().await?;
    let duties = ["04", "05", "06", "11", "12", "13", "14"].map(|day| format!("{day} 07:00-19:00"));
    let duties = array(&duties.each_ref().map(String::as_str));
    for (rules, expected) in [
        ("rota.pay_rules('flsa-8-and-80') || '{\"week\": \"14 days from 2026-08-02\"}'", "1680"),
        ("rota.pay_rules('flsa')", "480"),
    ] {
        let overtime = format!(
            "SELECT sum(minutes) FROM rota.classify_pay({duties}, 'Asia/Tokyo', {rules}) WHERE kind = 'overtime'"
        );
        assert_eq!(session.text(&overtime).await?, expected, "{rules}");
    }
    Ok(())
}

#[tokio::test]
async fn each_piece_names_its_duty_its_day_and_its_reason() -> Result<()> {
    let session = session().await?;
    let pieces = session
        .text(&format!(
            "SELECT string_agg(
                 concat_ws(' ', duty, local_day, duty_day, minutes, kind, reason, pay_factor), '; ' ORDER BY piece
             ) FROM rota.classify_pay({}, 'Asia/Tokyo', rota.pay_rules('japan'))",
            array(&["10 09:00-10:00", "09 20:00-06:00"]),
        ))
        .await?;
    let expected = "2 2026-08-09 2026-08-09 120 holiday statutory holiday 1.3500; \
                    2 2026-08-09 2026-08-09 120 holiday statutory holiday 1.6000; \
                    2 2026-08-10 2026-08-09 240 regular within limits 1.2500; \
                    2 2026-08-10 2026-08-09 60 overtime daily limit 1.5000; \
                    2 2026-08-10 2026-08-09 60 overtime daily limit 1.2500; \
                    1 2026-08-10 2026-08-10 60 regular within limits 1.0000";
    assert_eq!(pieces, expected);
    Ok(())
}

#[tokio::test]
async fn pay_rules_that_say_nothing_sensible_are_refused_with_the_field() -> Result<()> {
    let session = session().await?;
    for (rules, sqlstate, column, part) in [
        ("{\"dayly_minutes\": 480}", "22023", "rules", "dayly_minutes"),
        ("{\"daily_minutes\": \"8 h\"}", "22023", "rules", "8 h"),
        ("{\"night_premium_percent\": 12.345}", "22023", "rules", "12.345"),
        ("{\"night_premium_percent\": -25}", "22023", "rules", "-25"),
        ("{\"night\": {\"from\": \"22\", \"to\": \"05:00\"}}", "22023", "rules", "22:00"),
        ("{\"holidays\": [\"2026-02-30\"]}", "22023", "rules", "2026-02-30"),
        ("{\"holiday_weekday\": \"funday\"}", "22023", "rules", "funday"),
        ("{\"week\": \"fortnight\"}", "22023", "boundary", "fortnight"),
        ("{\"daily_minutes\": -1}", "22023", "daily_minutes", "-1"),
        (
            "{\"overtime\": [{\"after_minutes\": 60, \"premium_percent\": 25}]}",
            "22023",
            "overtime_tiers",
            "60",
        ),
    ] {
        let query = format!(
            "SELECT * FROM rota.classify_pay(ARRAY[tstzrange('2026-08-03', '2026-08-04')], 'UTC', '{rules}')"
        );
        let refusal = session.refusal(&query).await?;
        assert_eq!(refusal.sqlstate, sqlstate, "{rules}");
        assert_eq!(refusal.column.as_deref(), Some(column), "{rules}");
        assert!(refusal.message.contains(part), "{rules}: {}", refusal.message);
    }
    let unbounded = "SELECT * FROM rota.classify_pay(ARRAY[tstzrange('2026-08-03', NULL)], 'UTC', '{}')";
    assert_eq!(session.refusal(unbounded).await?.column.as_deref(), Some("duties"));
    let rounding = "SELECT * FROM rota.pay_totals('{}', 'UTC', '{}', round_to_minutes => 0)";
    assert_eq!(session.refusal(rounding).await?.column.as_deref(), Some("round_to_minutes"));
    let unknown = session.refusal("SELECT rota.pay_rules('mars')").await?;
    assert_eq!((unknown.sqlstate.as_str(), unknown.column.as_deref()), ("22023", Some("preset")));
    Ok(())
}
