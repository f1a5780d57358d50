//! Hand-computed vectors J-14 to J-17: caps on overtime by month, year and the mean of months; and the caps from
//! raw duties.

use rota_engine::compliance::{ClassifiedWork, Reason};
use rota_engine::pay::{
    CountedOn, Limit, Opening, OvertimeTier, PayDuty, PayKind, PayRules, Premium, classify,
};
use rota_engine::rule::Level;
use rota_engine::{Boundary, BreakPosition, Duration, LocalPolicy, SpanSet};

use crate::compliance_case::Case;

fn japan() -> Case {
    let case = Case::in_zone("Asia/Tokyo");
    case.must(
        "month",
        "maximum_overtime",
        r#"{"maximum_minutes": 2700, "period": "month", "unless": "special_clause"}"#,
    )
    .must(
        "year",
        "maximum_overtime",
        r#"{"maximum_minutes": 21600, "period": "12 months from 2025-04-01", "unless": "special_clause"}"#,
    )
    .must(
        "special year",
        "maximum_overtime",
        r#"{"maximum_minutes": 43200, "period": "12 months from 2025-04-01"}"#,
    )
    .must(
        "below 100",
        "maximum_overtime",
        r#"{"below_minutes": 6000, "period": "month", "counts": "overtime_and_holidays"}"#,
    )
    .must(
        "mean 80",
        "maximum_overtime",
        r#"{"maximum_minutes": 4800, "period": "month", "mean_of": [2, 3, 4, 5, 6],
                "counts": "overtime_and_holidays"}"#,
    )
    .must(
        "six months",
        "exceeded_periods",
        r#"{"more_than_minutes": 2700, "period": "month", "within": "12 months from 2025-04-01",
                "maximum_periods": 6}"#,
    )
}

fn with_special_clause() -> Case {
    japan().states("special_clause", true)
}

#[test]
fn j_14_the_mean_of_two_months_and_of_three_is_too_much() {
    let case = with_special_clause().month("2025-05", 90 * 60, 0).month("2025-06", 75 * 60, 0);
    let case = case.month("2025-07", 70 * 60, 10 * 60);
    let told = case.told("2025-05-01", "2025-07-31");
    assert_eq!(told, ["mean 80 violation 4950", "mean 80 violation 4900"], "82.5 and 81.67 hours");
}

#[test]
fn j_15_a_month_stays_below_a_hundred_hours_with_holidays() {
    let month = |holiday_minutes| {
        let case = with_special_clause().month("2025-05", 60 * 60, holiday_minutes);
        case.told("2025-05-01", "2025-05-31")
    };
    assert_eq!(month(40 * 60), ["below 100 violation 6000"]);
    assert_eq!(month(40 * 60 - 1), [""; 0]);
}

#[test]
fn j_15_the_limits_of_a_hundred_and_eighty_hold_without_the_special_clause() {
    let case = japan().month("2025-05", 40 * 60, 61 * 60);
    assert_eq!(case.told("2025-05-01", "2025-05-31"), ["below 100 violation 6060"]);
}

#[test]
fn j_16_without_the_special_clause_45_hours_are_the_most() {
    let month = |hours: i64| japan().month("2025-05", hours * 60, 0).told("2025-05-01", "2025-05-31");
    assert_eq!(month(46), ["month violation 2760"]);
    assert_eq!(month(45), [""; 0]);
}

#[test]
fn j_17_a_seventh_month_over_45_hours_is_one_too_many() {
    let months = |count: usize| {
        let mut case = with_special_clause();
        let all = ["2025-04", "2025-05", "2025-07", "2025-09", "2025-11", "2026-01", "2026-03"];
        for month in &all[..count] {
            case = case.month(month, 46 * 60, 0);
        }
        case.told("2025-04-01", "2026-03-31")
    };
    assert_eq!(months(7), ["six months violation 7"]);
    assert_eq!(months(6), [""; 0]);
}

#[test]
fn j_11_and_j_12_a_year_has_360_hours_or_720() {
    let year = |case: Case, hours: i64| {
        let mut case = case;
        for month in ["04", "05", "06", "07", "08", "09", "10", "11", "12"] {
            case = case.month(&format!("2025-{month}"), hours * 60, 0);
        }
        case.told("2026-03-01", "2026-03-31")
    };
    assert_eq!(year(japan(), 40), [""; 0]);
    assert_eq!(year(japan(), 41), ["year violation 22140"]);
    // 80 hours in nine months are 720, but nine months are also more than six.
    assert_eq!(year(with_special_clause(), 80), ["six months violation 9"]);
    assert_eq!(year(with_special_clause(), 81)[0], "special year violation 43740");
}

#[test]
fn pay_months_end_on_their_cut_off_day() {
    let case = Case::in_zone("Asia/Tokyo")
        .must("month", "maximum_overtime", r#"{"maximum_minutes": 2700, "period": "month to 20"}"#)
        .month("2025-05", 25 * 60, 0);
    let later = |day: &str| {
        let mut case = case.clone();
        let day = crate::zone_source::date(day);
        let worked = Duration::from_minutes(21 * 60).unwrap();
        case.overtime.as_mut().unwrap().push(ClassifiedWork { day, worked, on_holiday: false });
        case.told("2025-05-01", "2025-05-31")
    };
    assert_eq!(later("2025-05-20"), ["month violation 2760"]);
    assert_eq!(later("2025-05-21"), [""; 0]);
    assert_eq!(later("2025-04-21"), ["month violation 2760"]);
}

#[test]
fn work_that_nobody_classified_is_unknown_and_no_work_is_none() {
    let case = with_special_clause();
    assert_eq!(case.told("2025-05-01", "2025-05-31"), [""; 0]);
    let case = case.duty("2025-05-01 09:00", "2025-05-01 18:00");
    let verdicts = case.verdicts("2025-05-01", "2025-05-31");
    assert!(verdicts.iter().all(|verdict| verdict.level == Level::Unknown));
    assert!(verdicts.iter().all(|verdict| verdict.reason == Reason::OvertimeNotClassified));
    assert_eq!(verdicts.len(), 4, "the rules that hold with the special clause");
}

#[test]
fn the_caps_are_judged_from_raw_duties() {
    // 23 days of twelve hours without a break in May 2025: 4 hours of overtime each, Sundays are free.
    let mut case = japan();
    for day in (1..=27).filter(|day| (day + 3) % 7 != 0) {
        case = case.duty(&format!("2025-05-{day:02} 09:00"), &format!("2025-05-{day:02} 21:00"));
    }
    let hours = |count: i64| Duration::from_minutes(count * 60).unwrap();
    let limit =
        |count, boundary| Some(Limit { time: hours(count), boundary, counted_on: CountedOn::DutyStart });
    let rules = PayRules {
        night: None,
        daily: limit(8, Boundary::DAY),
        weekly: limit(40, Boundary::from_text("week from sunday").unwrap()),
        pay_period: Boundary::from_text("month").unwrap(),
        overtime: vec![OvertimeTier { after: Duration::ZERO, premium: Premium(2_500) }],
        holidays: vec![],
        holiday: Premium(3_500),
        night_premium: Premium(2_500),
        policy: LocalPolicy::BOUNDARY,
    };
    let duties: Vec<PayDuty> = case
        .duties
        .iter()
        .map(|duty| PayDuty {
            span: duty.span,
            breaks: SpanSet::default(),
            break_minutes: 0,
            break_position: BreakPosition::Middle,
        })
        .collect();
    let pieces = classify(&duties, &rules, Opening::default(), &case.zone).unwrap();
    let overtime = pieces.iter().filter(|piece| matches!(piece.kind, PayKind::Overtime(_)));
    case.overtime = Some(
        overtime
            .map(|piece| ClassifiedWork { day: piece.duty_day, worked: piece.worked, on_holiday: false })
            .collect(),
    );
    // Four hours a day, and each full week's Saturday is overtime as a whole.
    let daily = 4 * i64::try_from(case.duties.len()).unwrap();
    let told = case.told("2025-05-01", "2025-05-31");
    let (measured, _) = case.nearest("month", "2025-05-01", "2025-05-31");
    assert!(measured.parse::<i64>().unwrap() >= daily * 60, "{measured}");
    assert!(told[0].starts_with("month violation"), "{told:?}");
}
