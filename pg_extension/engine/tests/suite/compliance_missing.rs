//! What is not known is said to be unknown, and never passes silently.

use rota_engine::compliance::{Duty, Reason};
use rota_engine::rule::{Level, Mode};
use rota_engine::{Instant, Span};

use crate::compliance_case::Case;
use crate::zone_source::date;

const FIRST: &str = "2025-01-06";
const LAST: &str = "2025-02-02";

fn reasons(case: &Case) -> Vec<(Level, Reason)> {
    case.verdicts(FIRST, LAST).iter().map(|verdict| (verdict.level, verdict.reason)).collect()
}

const INCOMPLETE: (Level, Reason) = (Level::Unknown, Reason::RecordIncomplete);

#[test]
fn a_window_that_is_not_known_as_a_whole_is_unknown_for_every_type_of_rule() {
    let rules = [
        ("rest_period", r#"{"minimum_minutes": 480}"#),
        ("maximum_minutes", r#"{"maximum_minutes": 4800, "per": "week"}"#),
        ("maximum_minutes", r#"{"maximum_minutes": 900, "per": "window", "window_minutes": 1440}"#),
        ("maximum_minutes", r#"{"maximum_minutes": 900, "per": "day", "counts": "spread"}"#),
        (
            "minimum_minutes",
            r#"{"minimum_minutes": 4500, "per": "period", "period": "28 days from 2025-01-06"}"#,
        ),
        ("average_minutes", r#"{"maximum_minutes": 4800, "per": "window", "window_days": 28}"#),
        ("rest_within", r#"{"minimum_minutes": 480, "within_minutes": 1440}"#),
        ("weekly_rest", r#"{"minimum_minutes": 2100, "per": "week"}"#),
        ("days_off", r#"{"minimum_days": 4, "per": "period", "period": "28 days from 2025-01-06"}"#),
        ("continuous_duty", r#"{"maximum_minutes": 1440}"#),
        ("rest_after_duty", r#"{"after_minutes": 600, "minimum_minutes": 660}"#),
        ("rest_break", r#"{"after_minutes": 600, "minimum_minutes": 60}"#),
        ("consecutive_days", r#"{"maximum_days": 10}"#),
        ("consecutive_nights", r#"{"maximum_nights": 6, "night_from": "05:00", "night_to": "09:00"}"#),
        ("maximum_duties", r#"{"maximum_duties": 7, "per": "week"}"#),
        ("forbidden_work", r#"{"night_from": "22:00", "night_to": "05:00"}"#),
    ];
    for (rule_type, parameters) in rules {
        let case = Case::utc().must("rule", rule_type, parameters);
        let case = case.daily("2025-01-06", 6, "08:00", "18:00").daily("2025-01-27", 2, "08:00", "18:00");
        assert_eq!(reasons(&case), [], "{rule_type} is kept");
        // Nothing is known from the evening of a working day on.
        let evening = case.span("2025-01-27 18:00", "2025-01-28 00:00").start();
        let mut case = Case { known: Span::new(Instant::NEG_INFINITY, evening).unwrap(), ..case };
        case.duties.pop();
        assert_eq!(reasons(&case), [INCOMPLETE], "{rule_type} {parameters}");
    }
}

#[test]
fn what_is_broken_whatever_is_missing_is_broken() {
    let case = Case::utc().must("week", "maximum_minutes", r#"{"maximum_minutes": 2400, "per": "week"}"#);
    let case = case.daily(FIRST, 5, "08:00", "18:00");
    let known = case.days(FIRST, "2025-01-10");
    let case = Case { known, ..case };
    assert_eq!(case.told(FIRST, "2025-01-12"), ["week violation 3000"]);
}

#[test]
fn work_outside_of_rotations_is_averaged_over_nothing() {
    let case = Case::utc()
        .must("A1", "average_minutes", r#"{"maximum_minutes": 4800, "per": "rotation"}"#)
        .rotation("ward", FIRST, "2025-01-19")
        .weeks(FIRST, &[40, 40, 40, 40]);
    assert_eq!(reasons(&case), [(Level::Unknown, Reason::RotationMissing)]);
    let covered = case.rotation("icu", "2025-01-20", LAST);
    assert_eq!(reasons(&covered), []);
}

#[test]
fn a_condition_of_which_nothing_is_stated_matters_only_where_the_rule_would_be_broken() {
    let case = |hours: i64| {
        Case::utc()
            .must(
                "B5",
                "maximum_minutes",
                r#"{"maximum_minutes": 2400, "per": "week", "only_if": "night_worker"}"#,
            )
            .week(FIRST, hours * 60)
    };
    assert_eq!(reasons(&case(40)), []);
    assert_eq!(reasons(&case(41)), [(Level::Unknown, Reason::ConditionNotStated)]);
    assert_eq!(reasons(&case(41).states("night_worker", true)), [(Level::Violation, Reason::TooMuch)]);
    assert_eq!(reasons(&case(41).states("night_worker", false)), []);
}

#[test]
fn who_opted_out_is_not_judged_and_who_said_nothing_is() {
    let case = Case::utc()
        .must("B1", "maximum_minutes", r#"{"maximum_minutes": 2880, "per": "week", "unless": "opted_out"}"#)
        .week(FIRST, 50 * 60);
    assert_eq!(reasons(&case), [(Level::Violation, Reason::TooMuch)]);
    assert_eq!(reasons(&case.clone().states("opted_out", false)), [(Level::Violation, Reason::TooMuch)]);
    assert_eq!(reasons(&case.states("opted_out", true)), []);
}

#[test]
fn the_young_may_not_work_at_night_and_an_unknown_age_is_unknown() {
    let born = |birth_date: Option<&str>| {
        let case = Case::utc().must(
            "young",
            "forbidden_work",
            r#"{"night_from": "22:00", "night_to": "05:00", "younger_than_years": 18}"#,
        );
        let case = case.duty("2025-01-10 18:00", "2025-01-10 22:30");
        let case = Case { birth_date: birth_date.map(date), ..case };
        (case.told(FIRST, LAST), reasons(&case))
    };
    let forbidden = (vec!["young violation 30".to_owned()], vec![(Level::Violation, Reason::Forbidden)]);
    assert_eq!(born(Some("2007-01-11")), forbidden, "the day before the birthday");
    assert_eq!(born(Some("2007-01-10")).1, []);
    assert_eq!(born(None).1, [(Level::Unknown, Reason::BirthDateMissing)]);
}

#[test]
fn work_of_a_kind_is_forbidden_to_some() {
    let case = Case::utc()
        .must("A10", "forbidden_work", r#"{"kinds": ["moonlighting"], "only_if": "first_year"}"#)
        .duty("2025-01-10 08:00", "2025-01-10 18:00")
        .duty_of("moonlighting", "2025-01-11 08:00", "2025-01-11 18:00");
    assert_eq!(case.clone().states("first_year", true).told(FIRST, LAST), ["A10 violation 600"]);
    assert_eq!(case.states("first_year", false).told(FIRST, LAST), [""; 0]);
}

#[test]
fn guessed_times_make_estimated_verdicts() {
    let case = Case::utc()
        .must("day", "maximum_minutes", r#"{"maximum_minutes": 480, "per": "day"}"#)
        .duty("2025-01-10 08:00", "2025-01-10 18:00")
        .duty("2025-01-11 08:00", "2025-01-11 18:00");
    let mut half_days = case.clone();
    half_days.duties[1] = Duty { estimated: true, ..half_days.duties[1] };
    let estimated: Vec<bool> =
        half_days.verdicts(FIRST, LAST).iter().map(|verdict| verdict.estimated).collect();
    assert_eq!(estimated, [false, true]);
}

#[test]
fn half_days_are_as_long_as_said_and_estimated() {
    use rota_engine::Duration;
    use rota_engine::compliance::{Half, HalfDays};
    let mut case = Case::in_zone("Europe/Berlin").must(
        "week",
        "maximum_minutes",
        r#"{"maximum_minutes": 600, "per": "week"}"#,
    );
    let judge = |case: &mut Case, hours: i64| {
        let length = Duration::from_minutes(hours * 60).unwrap();
        let half_days = HalfDays {
            length,
            morning: crate::zone_source::time("07:00"),
            afternoon: crate::zone_source::time("13:00"),
        };
        let duty = |day: &str, half| half_days.duty(&case.zone, date(day), half).unwrap();
        case.duties = vec![duty("2025-01-06", Half::Morning), duty("2025-01-06", Half::Afternoon)];
        case.verdicts(FIRST, LAST)
    };
    assert_eq!(judge(&mut case, 5), [], "ten hours");
    let verdicts = judge(&mut case, 6);
    assert_eq!((verdicts.len(), verdicts[0].estimated, verdicts[0].duties.len()), (1, true, 2));
    let nothing = HalfDays {
        length: Duration::ZERO,
        morning: crate::zone_source::time("07:00"),
        afternoon: crate::zone_source::time("13:00"),
    };
    let refused = nothing.duty(&case.zone, date("2025-01-06"), Half::Morning).unwrap_err();
    assert_eq!(refused.argument(), Some("minutes_per_half_day"));
}

#[test]
fn rules_that_are_off_or_not_valid_are_not_judged() {
    let case = Case::utc().must("day", "maximum_minutes", r#"{"maximum_minutes": 480, "per": "day"}"#).daily(
        "2025-01-10",
        2,
        "08:00",
        "18:00",
    );
    let mut off = case.clone();
    off.rules[0].mode = Mode::Off;
    assert_eq!(off.told(FIRST, LAST), [""; 0]);
    let mut later = case.clone();
    later.rules[0].valid = later.days("2025-01-11", LAST);
    assert_eq!(later.told(FIRST, LAST), ["day violation 600"]);
    assert_eq!(later.nearest("day", FIRST, LAST).1, "-120");
}

#[test]
fn a_rule_may_speak_of_somebody_for_some_time() {
    use rota_engine::compliance::{PersonRecord, Scope};
    let case = Case::utc().must("day", "maximum_minutes", r#"{"maximum_minutes": 480, "per": "day"}"#).daily(
        "2025-01-10",
        3,
        "08:00",
        "18:00",
    );
    let scopes = [Scope { rule: 0, during: case.days("2025-01-11", "2025-01-11") }];
    let record = PersonRecord { scopes: Some(&scopes), ..case.record() };
    let verdicts = case.book(case.days(FIRST, LAST)).judge(&record);
    assert_eq!(verdicts.iter().map(|verdict| verdict.window).collect::<Vec<_>>(), [scopes[0].during]);
}

#[test]
fn a_window_without_end_is_refused() {
    let case = Case::utc().must("day", "maximum_minutes", r#"{"maximum_minutes": 480, "per": "day"}"#);
    let refused = rota_engine::compliance::judge(
        &case.rules,
        &case.vocabulary,
        &case.record(),
        Span::ALWAYS,
        &case.zone,
    );
    assert_eq!(refused.unwrap_err().argument(), Some("window_end"));
}
