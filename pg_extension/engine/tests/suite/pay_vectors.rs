//! Hand-computed pay: Japan's Labour Standards Act (J), the Fair Labor Standards Act of the United States (F).
//!
//! 2026-08-03 is a Monday. Sunday is the statutory holiday, unless a vector says otherwise.

use std::collections::BTreeMap;

use rota_engine::pay::{
    CountedOn, Limit, Opening, OvertimeTier, PayDuty, PayKind, PayRules, Premium, classify,
};
use rota_engine::{Band, Boundary, BreakPosition, Duration, LocalPolicy, Span, SpanSet, ZoneRules};

use crate::zone_source::{date, local, time, zone};

fn hours(count: i64) -> Duration {
    Duration::from_minutes(count * 60).unwrap()
}

fn japan() -> PayRules {
    let limit = |count, boundary| Limit { time: hours(count), boundary, counted_on: CountedOn::DutyStart };
    let sundays = ["2026-08-02", "2026-08-09", "2026-08-16", "2026-08-23", "2026-08-30"];
    PayRules {
        night: Some(Band { start: time("22:00"), end: time("05:00") }),
        daily: Some(limit(8, Boundary::DAY)),
        weekly: Some(limit(40, Boundary::from_text("week from sunday").unwrap())),
        pay_period: Boundary::from_text("month").unwrap(),
        overtime: vec![
            OvertimeTier { after: Duration::ZERO, premium: Premium(2_500) },
            OvertimeTier { after: hours(60), premium: Premium(5_000) },
        ],
        holidays: sundays.map(date).to_vec(),
        holiday: Premium(3_500),
        night_premium: Premium(2_500),
        policy: LocalPolicy::BOUNDARY,
    }
}

fn span_in(zone_name: &str, start: &str, end: &str) -> Span {
    let at = |text| zone(zone_name).first_instant_at(local(text)).unwrap();
    Span::new(at(start), at(end)).unwrap()
}

/// A duty in Tokyo with breaks, each given by its ends.
fn duty(start: &str, end: &str, breaks: &[(&str, &str)]) -> PayDuty {
    let breaks: SpanSet = breaks.iter().map(|(from, to)| span_in("Asia/Tokyo", from, to)).collect();
    PayDuty { breaks, ..plain(span_in("Asia/Tokyo", start, end)) }
}

fn plain(span: Span) -> PayDuty {
    PayDuty { span, breaks: SpanSet::default(), break_minutes: 0, break_position: BreakPosition::Middle }
}

/// Minutes by what they are: `regular`, `overtime`, `beyond` the second tier, `holiday`, each also `… night`.
fn minutes(duties: &[PayDuty], rules: &PayRules, opening: Opening, zone_name: &str) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for piece in classify(duties, rules, opening, &zone(zone_name)).unwrap() {
        let kind = match piece.kind {
            PayKind::Regular => "regular",
            PayKind::Overtime(0) => "overtime",
            PayKind::Overtime(_) => "beyond",
            PayKind::Holiday => "holiday",
        };
        let night = if piece.is_night { " night" } else { "" };
        *sums.entry(format!("{kind}{night}")).or_default() += piece.worked.microseconds() / 60_000_000;
    }
    sums
}

/// What is paid at a rate an hour, exact: the rules' premiums on all pieces.
fn pay(duties: &[PayDuty], rules: &PayRules, opening: Opening, hourly_rate: i128) -> i128 {
    let pieces = classify(duties, rules, opening, &zone("Asia/Tokyo")).unwrap();
    let parts = pieces.iter().map(|piece| {
        let Premium(premium) = rules.premium(piece.kind, piece.is_night);
        i128::from(piece.worked.microseconds()) * hourly_rate * (10_000 + i128::from(premium))
    });
    let exact: i128 = parts.sum();
    let unit = 3_600_000_000 * 10_000;
    assert_eq!(exact % unit, 0, "the vectors come out even");
    exact / unit
}

fn expect(duties: &[PayDuty], opening: Opening, expected: &[(&str, i64)], expected_pay: i128) {
    let expected: BTreeMap<String, i64> =
        expected.iter().map(|(kind, hours)| ((*kind).to_owned(), hours * 60)).collect();
    assert_eq!(minutes(duties, &japan(), opening, "Asia/Tokyo"), expected);
    assert_eq!(pay(duties, &japan(), opening, 1_500), expected_pay);
}

#[test]
fn j_1_overtime_begins_after_eight_hours_of_work() {
    let duties = [duty("2026-08-04 09:00", "2026-08-04 20:00", &[("2026-08-04 12:00", "2026-08-04 13:00")])];
    expect(&duties, Opening::default(), &[("regular", 8), ("overtime", 2)], 15_750);
}

#[test]
fn j_2_regular_hours_at_night_are_paid_a_quarter_more() {
    let duties = [duty("2026-08-04 16:00", "2026-08-05 01:00", &[("2026-08-04 20:00", "2026-08-04 21:00")])];
    expect(&duties, Opening::default(), &[("regular", 5), ("regular night", 3)], 13_125);
}

#[test]
fn j_3_a_break_counts_for_no_night_when_it_lies_in_it() {
    let in_the_night =
        [duty("2026-08-04 00:00", "2026-08-04 09:00", &[("2026-08-04 04:00", "2026-08-04 05:00")])];
    expect(&in_the_night, Opening::default(), &[("regular", 4), ("regular night", 4)], 13_500);
    let after_it =
        [duty("2026-08-04 00:00", "2026-08-04 09:00", &[("2026-08-04 06:00", "2026-08-04 07:00")])];
    expect(&after_it, Opening::default(), &[("regular", 3), ("regular night", 5)], 13_875);
}

#[test]
fn j_4_overtime_goes_on_after_midnight() {
    let breaks = [("2026-08-04 12:00", "2026-08-04 13:00"), ("2026-08-04 19:00", "2026-08-04 20:00")];
    let duties = [duty("2026-08-04 09:00", "2026-08-05 02:00", &breaks)];
    expect(&duties, Opening::default(), &[("regular", 8), ("overtime", 3), ("overtime night", 4)], 26_625);
}

#[test]
fn j_5_a_duty_that_leaves_the_holiday_is_overtime_past_its_eighth_hour() {
    let duties = [duty("2026-08-09 13:00", "2026-08-10 02:00", &[])];
    expect(
        &duties,
        Opening::default(),
        &[("holiday", 9), ("holiday night", 2), ("overtime night", 2)],
        27_525,
    );
}

#[test]
fn j_6_overtime_that_runs_into_the_holiday_is_cut_at_midnight() {
    let duties = [duty("2026-08-08 13:00", "2026-08-09 03:00", &[])];
    let sums = minutes(&duties, &japan(), Opening::default(), "Asia/Tokyo");
    assert_eq!(sums["holiday night"], 180);
    assert_eq!(sums.get("holiday"), None);
    let rules = japan();
    assert_eq!(rules.premium(PayKind::Holiday, true), Premium(6_000), "3 h at 2,400 yen are 7,200");
}

/// Duties from 09:00 of so many hours on days from Monday 2026-08-03 on.
fn week_of(lengths_hours: &[i64]) -> Vec<PayDuty> {
    lengths_hours
        .iter()
        .zip(3..)
        .map(|(length, day)| {
            let start = format!("2026-08-{day:02} 09:00");
            duty(&start, &format!("2026-08-{day:02} {:02}:00", 9 + length), &[])
        })
        .collect()
}

fn overtime_hours(duties: &[PayDuty]) -> i64 {
    minutes(duties, &japan(), Opening::default(), "Asia/Tokyo").get("overtime").copied().unwrap_or_default()
        / 60
}

#[test]
fn j_7_daily_overtime_does_not_count_towards_the_week_again() {
    assert_eq!(overtime_hours(&week_of(&[9, 9, 9, 9, 9, 9])), 14);
}

#[test]
fn j_8_a_short_saturday_after_long_days_is_weekly_overtime() {
    assert_eq!(overtime_hours(&week_of(&[9, 9, 9, 9, 9, 5])), 10);
}

#[test]
fn j_9_beyond_sixty_hours_of_overtime_the_second_tier_begins() {
    let opening = Opening { overtime: hours(58), ..Opening::default() };
    let duties = [duty("2026-08-04 13:00", "2026-08-05 02:00", &[("2026-08-04 17:00", "2026-08-04 18:00")])];
    expect(&duties, opening, &[("regular", 8), ("overtime night", 2), ("beyond night", 2)], 21_750);
}

#[test]
fn j_10_seventy_hours_of_overtime_are_paid_in_two_tiers() {
    // Fourteen weekdays of thirteen hours: five of them overtime each, forty regular a week.
    let days = [3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 17, 18, 19, 20];
    let duties =
        days.map(|day| duty(&format!("2026-08-{day:02} 06:00"), &format!("2026-08-{day:02} 19:00"), &[]));
    let sums = minutes(&duties, &japan(), Opening::default(), "Asia/Tokyo");
    assert_eq!((sums["overtime"], sums["beyond"]), (60 * 60, 10 * 60));
    let regular_pay = 14 * 8 * 2_000;
    assert_eq!(pay(&duties, &japan(), Opening::default(), 2_000) - regular_pay, 180_000);
}

#[test]
fn j_11_six_short_days_pass_the_week_and_no_day() {
    assert_eq!(overtime_hours(&week_of(&[7, 7, 7, 7, 7, 7])), 2);
}

#[test]
fn j_12_holiday_work_moves_no_overtime_counter() {
    let opening = Opening { overtime: hours(59), ..Opening::default() };
    let duties = [
        duty("2026-08-09 09:00", "2026-08-09 17:00", &[]),
        duty("2026-08-10 09:00", "2026-08-10 18:00", &[]),
    ];
    let sums = minutes(&duties, &japan(), opening, "Asia/Tokyo");
    assert_eq!((sums["holiday"], sums["overtime"], sums.get("beyond")), (480, 60, None));
}

#[test]
fn r_18_overtime_hours_are_paid_once_and_a_quarter_not_twice() {
    // 176 h of which 16 h are overtime: twenty days of eight hours, sixteen of them of nine.
    let days = [3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 17, 18, 19, 20, 21, 24, 25, 26, 27, 28];
    let duties: Vec<PayDuty> = days
        .iter()
        .enumerate()
        .map(|(position, day)| {
            let end = if position < 16 { "18:00" } else { "17:00" };
            duty(&format!("2026-08-{day:02} 09:00"), &format!("2026-08-{day:02} {end}"), &[])
        })
        .collect();
    let sums = minutes(&duties, &japan(), Opening::default(), "Asia/Tokyo");
    assert_eq!((sums["regular"], sums["overtime"]), (160 * 60, 16 * 60));
    assert_eq!(pay(&duties, &japan(), Opening::default(), 1_500), 270_000);
}

/// Nothing but a weekly limit, by the instant.
fn workweek(boundary: &str) -> PayRules {
    let boundary = Boundary::from_text(boundary).unwrap();
    PayRules {
        night: None,
        daily: None,
        weekly: Some(Limit { time: hours(40), boundary, counted_on: CountedOn::Instant }),
        overtime: vec![OvertimeTier { after: Duration::ZERO, premium: Premium(5_000) }],
        holidays: Vec::new(),
        ..japan()
    }
}

#[test]
fn f_1_weeks_are_not_averaged() {
    let mut duties = week_of(&[10, 10, 10]);
    duties.extend(
        [10, 11, 12, 13, 14]
            .map(|day| duty(&format!("2026-08-{day} 09:00"), &format!("2026-08-{day} 19:00"), &[])),
    );
    let sums = minutes(&duties, &workweek("week"), Opening::default(), "Asia/Tokyo");
    assert_eq!((sums["regular"], sums["overtime"]), (70 * 60, 10 * 60));
}

#[test]
fn f_5_a_duty_over_the_end_of_the_workweek_counts_by_the_instant() {
    let opening = Opening { weekly_regular: hours(38), ..Opening::default() };
    let duties = [duty("2026-08-09 20:00", "2026-08-10 06:00", &[])];
    let sums = minutes(&duties, &workweek("week"), opening, "Asia/Tokyo");
    assert_eq!((sums["regular"], sums["overtime"]), (8 * 60, 2 * 60));
}

#[test]
fn f_6_elapsed_hours_are_paid_on_the_nights_of_the_clock_change() {
    for (day, next_day, expected_minutes) in
        [("2025-03-08", "2025-03-09", 420), ("2025-11-01", "2025-11-02", 540)]
    {
        let span = span_in("America/New_York", &format!("{day} 22:00"), &format!("{next_day} 06:00"));
        let sums = minutes(&[plain(span)], &workweek("week"), Opening::default(), "America/New_York");
        assert_eq!(sums["regular"], expected_minutes, "{day}");
    }
}

#[test]
fn f_7_eight_and_eighty_pays_the_daily_excess_and_forty_hours_do_not() {
    let duties = [3, 4, 5, 10, 11, 12, 13]
        .map(|day| duty(&format!("2026-08-{day:02} 07:00"), &format!("2026-08-{day:02} 19:00"), &[]));
    let eighty = Limit {
        time: hours(80),
        boundary: Boundary::from_text("14 days from 2026-08-03").unwrap(),
        counted_on: CountedOn::Instant,
    };
    let daily = Limit { time: hours(8), boundary: Boundary::DAY, counted_on: CountedOn::Instant };
    let eight_and_eighty = PayRules { daily: Some(daily), weekly: Some(eighty), ..workweek("week") };
    let overtime = |rules| minutes(&duties, rules, Opening::default(), "Asia/Tokyo")["overtime"];
    assert_eq!(overtime(&eight_and_eighty), 28 * 60);
    assert_eq!(overtime(&workweek("week")), 8 * 60);
}

#[test]
fn limits_below_zero_and_tiers_that_do_not_rise_are_refused() {
    let refused = |rules: PayRules| rules.check().unwrap_err().argument();
    let limit = |minutes| {
        let time = Duration::from_minutes(minutes).unwrap();
        Some(Limit { time, boundary: Boundary::DAY, counted_on: CountedOn::Instant })
    };
    let tiers = |hours_after: &[i64]| {
        hours_after.iter().map(|after| OvertimeTier { after: hours(*after), premium: Premium(1) }).collect()
    };
    assert_eq!(refused(PayRules { daily: limit(-1), ..japan() }), Some("daily_minutes"));
    assert_eq!(refused(PayRules { weekly: limit(-1), ..japan() }), Some("weekly_minutes"));
    assert_eq!(refused(PayRules { overtime: tiers(&[1]), ..japan() }), Some("overtime_tiers"));
    assert_eq!(refused(PayRules { overtime: tiers(&[0, 60, 60]), ..japan() }), Some("overtime_tiers"));
}
