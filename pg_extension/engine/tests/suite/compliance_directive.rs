//! Hand-computed vectors B-1 to B-10: Directive 2003/88/EC and the Working Time Regulations 1998.
//!
//! 2025-01-06 is a Monday.

use rota_engine::Span;
use rota_engine::rule::Level;

use crate::compliance_case::Case;
use crate::zone_source::{date, instant};

const FIRST: &str = "2025-01-06";
/// The last day of 17 weeks.
const LAST: &str = "2025-05-04";

fn seventeen_weeks(case: Case) -> Case {
    case.must(
        "B1",
        "average_minutes",
        r#"{"maximum_minutes": 2880, "per": "period", "period": "119 days from 2025-01-06",
            "leave": "replaced"}"#,
    )
}

#[test]
fn b_1_overtime_counts_into_the_average() {
    let hours: Vec<i64> = [[52; 10].as_slice(), &[40; 7]].concat();
    let case = seventeen_weeks(Case::utc().weeks(FIRST, &hours));
    assert_eq!(case.told(FIRST, LAST), [""; 0]);
    assert_eq!(
        case.nearest("B1", FIRST, LAST),
        ("2823.529411".to_owned(), "960".to_owned()),
        "800 / 17 hours"
    );
}

#[test]
fn b_2_forty_eight_hours_pass_and_an_hour_in_17_weeks_more_does_not() {
    let hours = |last: i64| {
        let hours: Vec<i64> = [[48; 16].as_slice(), &[last]].concat();
        seventeen_weeks(Case::utc().weeks(FIRST, &hours)).told(FIRST, LAST)
    };
    assert_eq!(hours(48), [""; 0]);
    assert_eq!(hours(49), ["B1 violation 2883.529411"]);
}

#[test]
fn b_3_days_of_leave_are_replaced_by_days_worked_afterwards() {
    let hours: Vec<i64> = [[50; 15].as_slice(), &[0; 2]].concat();
    let case = seventeen_weeks(Case::utc().weeks(FIRST, &hours).leave("2025-04-21", LAST));
    let case = case.daily("2025-05-05", 5, "08:00", "18:00").daily("2025-05-12", 5, "08:00", "18:00");
    let case = case.daily("2025-05-19", 5, "08:00", "18:00");
    assert_eq!(case.told(FIRST, LAST), ["B1 violation 3000"], "(750 + 100) / 17 hours");
    let working_days = case.clone();
    let mut working_days = Case { leaves: vec![], ..working_days };
    for (first, last) in [("2025-04-21", "2025-04-25"), ("2025-04-28", "2025-05-02")] {
        working_days = working_days.leave(first, last);
    }
    assert_eq!(working_days.told(FIRST, LAST), ["B1 violation 3000"], "leave booked without the weekends");
    let counted = Case { rules: vec![], ..case }.must(
        "naive",
        "average_minutes",
        r#"{"maximum_minutes": 2880, "per": "period", "period": "119 days from 2025-01-06", "leave": "counted"}"#,
    );
    assert_eq!(counted.nearest("naive", FIRST, LAST).0, "2647.058823", "44.1 hours");
}

#[test]
fn b_4_a_new_starter_is_judged_over_the_weeks_so_far() {
    for window in [
        r#""per": "window", "window_days": 119"#,
        r#""per": "period", "period": "119 days from 2025-01-06""#,
        r#""per": "period", "period": "119 days from 2024-12-02""#,
    ] {
        let parameters = format!(r#"{{"maximum_minutes": 2880, "leave": "replaced", {window}}}"#);
        let case = Case::utc().must("B1", "average_minutes", &parameters).weeks(FIRST, &[50; 6]);
        let case = Case {
            employed: Span::new(instant("2025-01-06T00:00:00Z"), Span::ALWAYS.end()).unwrap(),
            ..case
        };
        assert_eq!(case.told("2025-02-10", "2025-02-16"), ["B1 violation 3000"], "{window}");
        assert_eq!(case.told(FIRST, "2025-01-08"), [""; 0], "three days say nothing of a week: {window}");
    }
}

#[test]
fn b_5_eleven_hours_between_duties_are_rest() {
    let next = |start: &str| {
        Case::utc()
            .must("B2", "rest_period", r#"{"minimum_minutes": 660}"#)
            .duty("2025-01-06 14:00", "2025-01-06 22:00")
            .duty(&format!("2025-01-07 {start}"), "2025-01-07 16:00")
            .told(FIRST, LAST)
    };
    assert_eq!(next("08:00"), ["B2 violation 600"]);
    assert_eq!(next("09:00"), [""; 0]);
}

#[test]
fn b_6_the_rest_lies_within_24_hours_of_the_start() {
    let day = |end: &str| {
        Case::utc()
            .must("B2", "rest_within", r#"{"minimum_minutes": 660, "within_minutes": 1440}"#)
            .must("gap", "rest_period", r#"{"minimum_minutes": 660}"#)
            .duty("2025-01-06 06:00", &format!("2025-01-06 {end}"))
            .duty("2025-01-07 07:00", "2025-01-07 15:00")
            .told(FIRST, LAST)
    };
    assert_eq!(day("20:00"), ["B2 violation 600"], "a test of the gap alone misses it");
    assert_eq!(day("19:00"), [""; 0]);
}

fn weekly_rest(case: Case) -> Case {
    case.must("B3", "weekly_rest", r#"{"minimum_minutes": 2100, "per": "week"}"#).rule(
        "B3a",
        Level::Advisory,
        "weekly_rest",
        r#"{"minimum_minutes": 2100, "per": "window", "window_days": 7}"#,
    )
}

#[test]
fn b_7_a_free_sunday_is_a_weekly_rest_with_the_nights_around_it() {
    let case =
        weekly_rest(Case::utc().daily(FIRST, 6, "08:00", "16:00").daily("2025-01-13", 6, "08:00", "16:00"));
    assert_eq!(case.told(FIRST, "2025-01-12"), [""; 0], "40 hours");
}

#[test]
fn b_8_eleven_days_in_a_row_pass_in_fixed_weeks_and_are_told_of_sliding_ones() {
    let case =
        weekly_rest(
            Case::utc()
                .daily("2025-01-04", 2, "11:00", "19:00")
                .daily("2025-01-07", 11, "11:00", "19:00")
                .daily("2025-01-19", 3, "11:00", "19:00"),
        );
    assert_eq!(case.told(FIRST, "2025-01-19"), ["B3a advisory 0"]);
}

#[test]
fn b_9_fixed_periods_pass_where_the_weeks_across_their_seam_do_not() {
    let hours: Vec<i64> = [[36; 13], [58; 13], [58; 13], [36; 13]].concat();
    let case = Case::utc()
        .must(
            "fixed",
            "average_minutes",
            r#"{"maximum_minutes": 2880, "per": "period", "period": "182 days from 2025-01-06"}"#,
        )
        .must("B1c", "average_minutes", r#"{"maximum_minutes": 2880, "per": "window", "window_days": 182}"#)
        .weeks(FIRST, &hours);
    let last = date(FIRST).plus_days(364 - 1).unwrap().to_string();
    assert_eq!(case.told(FIRST, &last), ["B1c violation 3480"], "58 hours");
    assert_eq!(case.nearest("fixed", FIRST, &last).0, "2820", "47 hours");
}

#[test]
fn b_10_hazardous_night_work_is_eight_hours_in_any_24() {
    let night = |end: &str| {
        Case::utc()
            .must(
                "B5",
                "maximum_minutes",
                r#"{"maximum_minutes": 480, "per": "window", "window_minutes": 1440,
                    "only_if": "hazardous_night_work"}"#,
            )
            .states("hazardous_night_work", true)
            .duty("2025-01-06 22:00", &format!("2025-01-07 {end}"))
            .with_break(30)
            .told(FIRST, LAST)
    };
    assert_eq!(night("07:00"), ["B5 violation 510"]);
    assert_eq!(night("06:00"), [""; 0]);
}

#[test]
fn a_day_of_more_than_six_hours_has_a_break() {
    let day = |end: &str, minutes: i64| {
        Case::utc()
            .must("B4", "rest_break", r#"{"after_minutes": 360, "minimum_minutes": 20}"#)
            .duty("2025-01-06 08:00", &format!("2025-01-06 {end}"))
            .with_break(minutes)
            .told(FIRST, LAST)
    };
    assert_eq!(day("14:00", 0), [""; 0]);
    assert_eq!(day("14:01", 0), ["B4 violation 0"]);
    assert_eq!(day("14:20", 19), ["B4 violation 19"]);
    assert_eq!(day("14:20", 20), [""; 0], "six hours of work");
    assert_eq!(day("18:00", 20), [""; 0]);
}

#[test]
fn a_gap_that_is_bridged_is_a_break() {
    let rows = |bridged: i64| {
        let parameters =
            format!(r#"{{"after_minutes": 360, "minimum_minutes": 45, "bridged_minutes": {bridged}}}"#);
        Case::utc()
            .must("J10", "rest_break", &parameters)
            .duty("2025-01-06 08:00", "2025-01-06 12:00")
            .duty("2025-01-06 12:30", "2025-01-06 17:00")
            .told(FIRST, LAST)
    };
    assert_eq!(rows(60), ["J10 violation 30"]);
    assert_eq!(rows(0), [""; 0], "two duties of less than six hours");
}
