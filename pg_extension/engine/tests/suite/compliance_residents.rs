//! Hand-computed vectors A-1 to A-19: the work hours of residents.
//!
//! The block is 2025-01-06, a Monday, to 2025-02-02, unless a vector says otherwise.

use rota_engine::compliance::Reason;
use rota_engine::rule::Level;

use crate::compliance_case::Case;

const FIRST: &str = "2025-01-06";
const LAST: &str = "2025-02-02";

fn average(case: Case) -> Case {
    case.must("A1", "average_minutes", r#"{"maximum_minutes": 4800, "per": "rotation"}"#)
}

fn with_early_signs(case: Case) -> Case {
    average(case)
        .rule(
            "A1c",
            Level::Advisory,
            "average_minutes",
            r#"{"maximum_minutes": 4800, "per": "window", "window_days": 28}"#,
        )
        .rule("A1d", Level::Advisory, "maximum_minutes", r#"{"maximum_minutes": 4800, "per": "week"}"#)
}

fn days_off(case: Case) -> Case {
    case.must("A2", "days_off", r#"{"minimum_days": 1, "per": "rotation"}"#)
}

fn night_float(case: Case) -> Case {
    case.must(
        "A8",
        "days_off",
        r#"{"minimum_days": 1, "per": "window", "window_days": 7, "rotations": ["night_float"]}"#,
    )
}

fn continuous(case: Case) -> Case {
    case.must(
        "A4",
        "continuous_duty",
        r#"{"maximum_minutes": 1440, "extension_minutes": 240, "extension_kinds": ["transition", "education"]}"#,
    )
    .must("A5", "rest_after_duty", r#"{"after_minutes": 1440, "minimum_minutes": 840}"#)
}

fn block() -> Case {
    Case::utc().rotation("ward", FIRST, LAST)
}

#[test]
fn a_1_eighty_hours_on_average_pass_and_full_weeks_are_early_signs() {
    let case = with_early_signs(block().weeks(FIRST, &[85, 82, 76, 77]));
    assert_eq!(case.told(FIRST, LAST), ["A1d advisory 5100", "A1d advisory 4920"]);
    assert_eq!(case.nearest("A1", FIRST, LAST), ("4800".to_owned(), "0".to_owned()));
}

#[test]
fn a_2_a_quarter_of_an_hour_more_is_a_violation() {
    let case = average(block().weeks(FIRST, &[85, 82, 76, 78]));
    assert_eq!(case.told(FIRST, LAST), ["A1 violation 4815"]);
}

#[test]
fn a_2_a_hundredth_of_an_hour_decides_and_is_not_rounded_away() {
    let hundredth = |seconds: i64| {
        let mut case = average(block().weeks(FIRST, &[80, 80, 80, 80]));
        let last = case.duties.pop().unwrap().span;
        let end = last.end().checked_add_microseconds(seconds * 1_000_000).unwrap();
        case.duties
            .push(rota_engine::compliance::Duty::of(rota_engine::Span::new(last.start(), end).unwrap()));
        case.told(FIRST, LAST)
    };
    assert_eq!(hundredth(0), [""; 0]);
    assert_eq!(hundredth(1), ["A1 violation 4800.004166"]);
    // 80.01 hours a week are 144 seconds more in four weeks.
    assert_eq!(hundredth(144), ["A1 violation 4800.6"]);
}

#[test]
fn a_3_a_week_of_leave_leaves_both_sides_of_the_average() {
    let case = average(block().weeks(FIRST, &[85, 0, 80, 80]).leave("2025-01-13", "2025-01-19"));
    assert_eq!(case.told(FIRST, LAST), ["A1 violation 4900"]);
}

#[test]
fn a_4_the_heaviest_rotation_has_to_comply_by_itself() {
    let rotations = Case::utc()
        .rotation("icu", FIRST, "2025-01-19")
        .rotation("clinic", "2025-01-20", LAST)
        .weeks(FIRST, &[88, 86, 60, 60]);
    let case = with_early_signs(rotations);
    let told = case.told(FIRST, LAST);
    assert_eq!(
        told,
        ["A1 violation 5220", "A1d advisory 5280", "A1d advisory 5160"],
        "73.5 on a rolling average"
    );
}

#[test]
fn a_5_full_weeks_around_a_seam_are_an_early_sign_and_no_violation() {
    let case = with_early_signs(
        block().rotation("icu", "2025-02-03", "2025-03-02").weeks(FIRST, &[70, 70, 90, 90, 90, 90, 70, 70]),
    );
    let told = case.told(FIRST, "2025-03-02");
    assert_eq!(told[0], "A1c advisory 5400", "the fullest 28 days, told once");
    assert!(told[1..].iter().all(|told| told.starts_with("A1d")), "{told:?}");
    assert_eq!(case.nearest("A1", FIRST, LAST).0, "4800");
}

#[test]
fn a_6_a_month_of_31_days_is_divided_by_its_own_weeks() {
    // The last Friday fills up; Saturday is February.
    let exact = |minutes: i64| {
        let case = average(Case::utc().rotation("ward", "2025-01-01", "2025-01-31"));
        let case = case.weeks("2025-01-06", &[80, 80, 80]).daily("2025-01-01", 4, "05:00", "20:00");
        let mut case = case.daily("2025-01-27", 4, "05:00", "18:00");
        let start = case.span("2025-01-31 05:00", "2025-01-31 06:00").start();
        let end = start.checked_add_microseconds((minutes - 352 * 60) * 60_000_000).unwrap();
        case.duties.push(rota_engine::compliance::Duty::of(rota_engine::Span::new(start, end).unwrap()));
        case.told("2025-01-01", "2025-01-31")
    };
    assert_eq!(exact(354 * 60), [""; 0]);
    assert_eq!(exact(355 * 60), ["A1 violation 4809.677419"]);
}

#[test]
fn a_7_of_call_at_home_only_the_active_time_counts() {
    let case = Case::utc()
        .must(
            "A9",
            "maximum_minutes",
            r#"{"maximum_minutes": 720, "per": "window", "window_days": 2,
            "except_kinds": ["home_call"]}"#,
        )
        .duty_of("home_call", "2025-01-06 19:00", "2025-01-07 07:00")
        .duty_of("home_call_active", "2025-01-06 23:00", "2025-01-07 02:00")
        .duty_of("home_call_active", "2025-01-07 03:00", "2025-01-07 03:30");
    assert_eq!(case.nearest("A9", "2025-01-06", "2025-01-07").0, "210");
}

#[test]
fn a_8_four_days_off_at_the_end_make_up_for_24_days_in_a_row() {
    let case =
        days_off(block().daily(FIRST, 24, "07:00", "17:00").duty("2025-02-03 07:00", "2025-02-03 17:00"))
            .rule(
                "A2c",
                Level::Advisory,
                "days_off",
                r#"{"minimum_days": 1, "per": "window", "window_days": 7}"#,
            );
    let told = case.told(FIRST, LAST);
    assert!(!told.is_empty() && told.iter().all(|told| told == "A2c advisory 0"), "{told:?}");
    assert_eq!(case.nearest("A2", FIRST, LAST), ("4".to_owned(), "0".to_owned()));
}

#[test]
fn a_9_three_days_off_are_too_few() {
    let case =
        days_off(block().daily(FIRST, 25, "07:00", "17:00").duty("2025-02-03 07:00", "2025-02-03 17:00"));
    assert_eq!(case.told(FIRST, LAST), ["A2 violation 3"]);
}

#[test]
fn a_10_a_rest_over_the_seam_counts_where_it_begins() {
    let mut case = days_off(block());
    for monday in ["2025-01-06", "2025-01-13", "2025-01-20", "2025-01-27"] {
        case = case.daily(monday, 6, "19:00", "07:00");
    }
    let case = case.duty("2025-02-03 19:00", "2025-02-04 07:00");
    assert_eq!(case.told(FIRST, LAST), [""; 0]);
    assert_eq!(case.nearest("A2", FIRST, LAST).0, "4");
}

#[test]
fn a_10_a_rest_that_ends_too_early_after_the_seam_does_not_count() {
    let mut case = days_off(block());
    for monday in ["2025-01-06", "2025-01-13", "2025-01-20", "2025-01-27"] {
        case = case.daily(monday, 6, "19:00", "07:00");
    }
    // Sunday 07:00 to Monday 06:59.
    let case = case.duty("2025-02-03 06:59", "2025-02-03 19:00");
    assert_eq!(case.told(FIRST, LAST), ["A2 violation 3"]);
}

#[test]
fn a_11_fourteen_hours_are_free_after_the_actual_departure() {
    let next = |start: &str| {
        continuous(Case::utc())
            .duty_of("in_house_call", "2025-01-06 07:00", "2025-01-07 07:00")
            .duty_of("transition", "2025-01-07 07:00", "2025-01-07 11:00")
            .duty(&format!("2025-01-08 {start}"), "2025-01-08 12:00")
            .told(FIRST, LAST)
    };
    assert_eq!(next("01:00"), [""; 0]);
    assert_eq!(next("00:59"), ["A5 violation 839"]);
}

#[test]
fn a_12_a_new_patient_after_24_hours_is_no_extension() {
    let case = continuous(Case::utc())
        .duty_of("in_house_call", "2025-01-06 07:00", "2025-01-07 08:00")
        .duty_of("transition", "2025-01-07 08:00", "2025-01-07 11:00");
    assert_eq!(case.told(FIRST, LAST), ["A4 violation 1500"]);
    assert_eq!(case.verdicts(FIRST, LAST)[0].reason, Reason::NoExtension);
}

#[test]
fn a_13_an_extension_of_four_hours_and_a_minute_is_too_long() {
    let case = continuous(Case::utc())
        .duty_of("in_house_call", "2025-01-06 07:00", "2025-01-07 07:00")
        .duty_of("transition", "2025-01-07 07:00", "2025-01-07 11:01");
    assert_eq!(case.told(FIRST, LAST), ["A4 violation 1681"]);
}

#[test]
fn a_14_eight_hours_between_duties_should_be_free() {
    let next = |start: &str| {
        Case::utc()
            .rule("A6", Level::Warning, "rest_period", r#"{"minimum_minutes": 480}"#)
            .duty("2025-01-06 13:00", "2025-01-06 23:00")
            .duty(&format!("2025-01-07 {start}"), "2025-01-07 15:00")
            .told(FIRST, LAST)
    };
    assert_eq!(next("06:59"), ["A6 warning 479"]);
    assert_eq!(next("07:00"), [""; 0]);
}

#[test]
fn a_15_rows_that_touch_are_one_long_duty() {
    let case = continuous(Case::utc())
        .duty_of("clinic", "2025-01-06 07:00", "2025-01-06 19:00")
        .duty_of("in_house_call", "2025-01-06 19:00", "2025-01-07 07:00")
        .duty("2025-01-07 20:00", "2025-01-07 22:00");
    assert_eq!(case.told(FIRST, LAST), ["A5 violation 780"]);
    assert_eq!(case.verdicts(FIRST, LAST)[0].duties, [1, 2], "the duties on both sides of the rest");
}

#[test]
fn a_16_a_duty_over_a_clock_change_is_as_long_as_it_lasts() {
    let on = |first: &str, last: &str, clock: &str| {
        Case::in_zone("America/New_York")
            .must("A3", "continuous_duty", &format!(r#"{{"maximum_minutes": 1440, "clock": "{clock}"}}"#))
            .must(
                "A5",
                "rest_after_duty",
                &format!(r#"{{"after_minutes": 1440, "minimum_minutes": 840, "clock": "{clock}"}}"#),
            )
            .duty(&format!("{first} 07:00"), &format!("{last} 07:00"))
            .duty(&format!("{last} 19:00"), &format!("{last} 20:00"))
            .told(first, last)
    };
    assert_eq!(on("2025-03-08", "2025-03-09", "elapsed"), [""; 0], "23 hours");
    assert_eq!(on("2025-11-01", "2025-11-02", "elapsed"), ["A3 violation 1500", "A5 violation 720"]);
    assert_eq!(on("2025-03-08", "2025-03-09", "nominal"), ["A5 violation 720"]);
    assert_eq!(on("2025-11-01", "2025-11-02", "nominal"), ["A5 violation 720"]);
}

#[test]
fn a_17_call_is_no_more_than_every_third_night_that_is_not_leave() {
    let calls = |count: i32, case: Case| {
        let mut case = case.must(
            "A7",
            "maximum_duties",
            r#"{"maximum_duties": 1, "per_days": 3, "per": "rotation", "kinds": ["in_house_call"]}"#,
        );
        for call in 0..count {
            let day = crate::zone_source::date(FIRST).plus_days(2 * call).unwrap();
            let next = day.plus_days(1).unwrap();
            case = case.duty_of("in_house_call", &format!("{day} 19:00"), &format!("{next} 07:00"));
        }
        case.told(FIRST, LAST)
    };
    assert_eq!(calls(9, block()), [""; 0]);
    assert_eq!(calls(10, block()), ["A7 violation 10"]);
    assert_eq!(calls(7, block().leave("2025-01-27", LAST)), [""; 0]);
    assert_eq!(calls(8, block().leave("2025-01-27", LAST)), ["A7 violation 8"]);
}

#[test]
fn a_18_seven_nights_of_night_float_leave_no_day_off() {
    let case = night_float(Case::utc().rotation("night_float", FIRST, "2025-01-19"));
    let case = case.daily(FIRST, 7, "19:00", "07:00");
    assert_eq!(case.told(FIRST, "2025-01-19"), ["A8 violation 0"]);
    let six = night_float(Case::utc().rotation("night_float", FIRST, "2025-01-19"));
    assert_eq!(six.daily(FIRST, 6, "19:00", "07:00").told(FIRST, "2025-01-19"), [""; 0]);
}

#[test]
fn a_18_six_nights_in_a_row_are_the_most() {
    let nights = |count| {
        Case::utc()
            .rule(
                "A8a",
                Level::Warning,
                "consecutive_nights",
                r#"{"maximum_nights": 6, "night_from": "00:00",
                "night_to": "05:00"}"#,
            )
            .daily(FIRST, count, "19:00", "07:00")
            .told(FIRST, "2025-01-19")
    };
    assert_eq!(nights(6), [""; 0]);
    assert_eq!(nights(7), ["A8a warning 7"]);
}

#[test]
fn a_19_the_same_week_on_an_ordinary_rotation_is_averaged() {
    let case = night_float(days_off(block())).daily(FIRST, 7, "19:00", "07:00");
    let case = case.duty("2025-02-03 07:00", "2025-02-03 17:00");
    assert_eq!(case.told(FIRST, LAST), [""; 0]);
}

#[test]
fn a_2b_the_day_after_a_call_may_be_no_day_off() {
    let case = |parameters: &str| {
        block()
            .must("A2", "days_off", parameters)
            .duty_of("in_house_call", "2025-01-10 19:00", "2025-01-11 07:00")
            .duty("2025-01-12 07:00", "2025-01-12 17:00")
            .told("2025-01-06", "2025-01-12")
    };
    let week = r#""minimum_days": 6, "per": "week""#;
    assert_eq!(case(&format!("{{{week}}}")), [""; 0]);
    let told = case(&format!(r#"{{{week}, "except_after_kinds": ["in_house_call"]}}"#));
    assert_eq!(told, ["A2 violation 5"]);
}
