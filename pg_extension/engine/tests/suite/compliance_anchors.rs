//! Defects of other systems as vectors: R14 to R17, R22, R23.

use rota_engine::compliance::Duty;
use rota_engine::pay::{
    CountedOn, Limit, Opening, OvertimeTier, PayDuty, PayKind, PayPiece, PayRules, Premium, classify,
};
use rota_engine::{Band, Boundary, BreakPosition, Duration, LocalPolicy, SpanSet, time_in_band};

use crate::compliance_case::Case;
use crate::zone_source::{date, time};

#[test]
fn r_14_a_week_of_vacation_is_no_week_without_hours() {
    let case = Case::utc()
        .must("A1", "average_minutes", r#"{"maximum_minutes": 4800, "per": "rotation"}"#)
        .rotation("ward", "2025-01-06", "2025-02-02")
        .weeks("2025-01-06", &[82, 82, 82]);
    assert_eq!(case.told("2025-01-06", "2025-02-02"), [""; 0], "61.5 hours");
    let on_leave = case.leave("2025-01-27", "2025-02-02");
    assert_eq!(on_leave.told("2025-01-06", "2025-02-02"), ["A1 violation 4920"]);
}

#[test]
fn r_15_a_swap_is_judged_for_both() {
    // Two people of 40 and 36 hours swap a shift of 4 hours for one of 10.
    let cap = |case: Case| case.must("cap", "maximum_minutes", r#"{"maximum_minutes": 2400, "per": "week"}"#);
    let full = cap(Case::utc().daily("2025-01-06", 3, "08:00", "20:00"));
    let half = cap(Case::utc().daily("2025-01-06", 3, "08:00", "18:00"));
    let one = |case: &Case, hours: &str| {
        let case = case.clone().duty("2025-01-10 08:00", &format!("2025-01-10 {hours}"));
        case.told("2025-01-06", "2025-01-12")
    };
    assert_eq!((one(&full, "12:00"), one(&half, "18:00")), (vec![], vec![]), "before");
    assert_eq!(one(&full, "18:00"), ["cap violation 2760"], "the swap takes one of them over the cap");
    assert_eq!(one(&half, "12:00"), [""; 0]);
}

#[test]
fn r_16_a_split_shift_is_eight_hours_of_work_and_a_spread_of_thirteen() {
    let case = Case::utc()
        .must("work", "maximum_minutes", r#"{"maximum_minutes": 480, "per": "day"}"#)
        .must("spread", "maximum_minutes", r#"{"maximum_minutes": 720, "per": "day", "counts": "spread"}"#)
        .duty("2025-01-06 07:00", "2025-01-06 11:00")
        .duty("2025-01-06 16:00", "2025-01-06 20:00");
    assert_eq!(case.told("2025-01-06", "2025-01-06"), ["spread violation 780"]);
    assert_eq!(case.nearest("work", "2025-01-06", "2025-01-06").0, "480");
}

#[test]
fn r_17_nights_are_told_by_the_clock_on_the_wall() {
    let case = Case::in_zone("Asia/Tokyo");
    let night = Band { start: time("22:00"), end: time("05:00") };
    let hours = |from: &str, to: &str| {
        let span = case.span(from, to);
        time_in_band(&case.zone, span, night, LocalPolicy::BOUNDARY).unwrap().microseconds() / 3_600_000_000
    };
    assert_eq!(hours("2025-05-01 22:00", "2025-05-02 05:00"), 7);
    assert_eq!(hours("2025-05-01 09:00", "2025-05-01 18:00"), 0);
}

/// 45 hours in the week, and a punch on Friday without its counterpart.
fn open_punch() -> Case {
    let case = Case::utc()
        .must("cap", "maximum_minutes", r#"{"maximum_minutes": 2400, "per": "week"}"#)
        .must("rest", "rest_period", r#"{"minimum_minutes": 660}"#)
        .daily("2025-01-06", 3, "08:00", "18:00")
        .daily("2025-01-13", 4, "08:00", "18:00");
    let unclear = case.span("2025-01-10 08:00", "2025-01-11 00:00");
    Case { unclear: vec![unclear], ..case }
}

#[test]
fn r_22_a_punch_without_its_counterpart_makes_its_week_unknown_and_no_other() {
    let case = open_punch();
    assert_eq!(case.told("2025-01-06", "2025-01-19"), ["cap unknown 1800", "rest unknown ?"]);
    assert_eq!(case.told("2025-01-13", "2025-01-19"), [""; 0]);
    let broken = case.duty("2025-01-09 06:00", "2025-01-09 17:00");
    assert_eq!(
        broken.told("2025-01-06", "2025-01-12")[0],
        "cap violation 2460",
        "broken whatever is missing"
    );
}

#[test]
fn r_23_a_week_with_overtime_a_night_a_holiday_and_an_open_punch() {
    let case = Case::in_zone("Asia/Tokyo")
        .duty("2026-08-03 09:00", "2026-08-03 22:30")
        .duty("2026-08-04 09:00", "2026-08-04 18:00")
        .duty("2026-08-09 10:00", "2026-08-09 15:00")
        .must(
            "week",
            "maximum_minutes",
            r#"{"maximum_minutes": 2400, "per": "week", "week_starts_on": "sunday"}"#,
        );
    let hours = |count: i64| Duration::from_minutes(count * 60).unwrap();
    let limit =
        |count, boundary| Some(Limit { time: hours(count), boundary, counted_on: CountedOn::DutyStart });
    let rules = PayRules {
        night: Some(Band { start: time("22:00"), end: time("05:00") }),
        daily: limit(8, Boundary::DAY),
        weekly: limit(40, Boundary::from_text("week from sunday").unwrap()),
        pay_period: Boundary::from_text("month").unwrap(),
        overtime: vec![OvertimeTier { after: Duration::ZERO, premium: Premium(2_500) }],
        holidays: vec![date("2026-08-02"), date("2026-08-09")],
        holiday: Premium(3_500),
        night_premium: Premium(2_500),
        policy: LocalPolicy::BOUNDARY,
    };
    let pay_duty = |(duty, break_minutes): (&Duty, i64)| PayDuty {
        span: duty.span,
        breaks: SpanSet::default(),
        break_minutes,
        break_position: BreakPosition::Middle,
    };
    let duties: Vec<PayDuty> = case.duties.iter().zip([60, 60, 0]).map(pay_duty).collect();
    let pieces = classify(&duties, &rules, Opening::default(), &case.zone).unwrap();
    let minutes = |wanted: &dyn Fn(&PayPiece) -> bool| {
        let worked = pieces.iter().filter(|piece| wanted(piece)).map(|piece| piece.worked.microseconds());
        worked.sum::<i64>() / 60_000_000
    };
    assert_eq!(minutes(&|piece| piece.kind == PayKind::Regular), 960);
    assert_eq!(minutes(&|piece| matches!(piece.kind, PayKind::Overtime(_))), 270);
    assert_eq!(minutes(&|piece| piece.is_night), 30);
    assert_eq!(minutes(&|piece| piece.kind == PayKind::Holiday), 300);
    let unclear = case.span("2026-08-05 09:00", "2026-08-06 00:00");
    let case = Case { unclear: vec![unclear], ..case };
    assert_eq!(case.told("2026-08-02", "2026-08-08"), ["week unknown 1350"], "to be looked at");
    assert_eq!(case.told("2026-08-09", "2026-08-15"), [""; 0]);
}
