//! A glance at work against the full judgement.

use proptest::prelude::*;
use rota_engine::compliance::{Glance, Shown, judge};
use rota_engine::rule::Level;

use crate::compliance_case::Case;
use crate::compliance_properties::{case, window};

/// Rules of every form of which work alone may tell, with a limit in minutes or duties.
const RULES: &[(&str, &str)] = &[
    ("rest_period", r#"{"minimum_minutes": LIMIT}"#),
    ("rest_period", r#"{"minimum_minutes": LIMIT, "except_kinds": ["home"]}"#),
    ("maximum_minutes", r#"{"maximum_minutes": LIMIT, "per": "day"}"#),
    ("maximum_minutes", r#"{"below_minutes": LIMIT, "per": "week", "counts": "elapsed"}"#),
    (
        "maximum_minutes",
        r#"{"maximum_minutes": LIMIT, "per": "period", "period": "14 days from 2025-03-10"}"#,
    ),
    ("maximum_minutes", r#"{"maximum_minutes": LIMIT, "per": "window", "window_days": 3}"#),
    ("maximum_minutes", r#"{"maximum_minutes": LIMIT, "per": "window", "window_minutes": 1440}"#),
    ("maximum_minutes", r#"{"maximum_minutes": LIMIT, "per": "rotation"}"#),
    ("average_minutes", r#"{"maximum_minutes": LIMIT, "per": "window", "window_days": 10}"#),
    (
        "average_minutes",
        r#"{"maximum_minutes": LIMIT, "per": "window", "window_days": 10, "leave": "counted"}"#,
    ),
    ("average_minutes", r#"{"below_minutes": LIMIT, "per_days": 2, "per": "window", "window_days": 3}"#),
    ("continuous_duty", r#"{"maximum_minutes": LIMIT, "bridged_minutes": 120, "kinds": ["call", "home"]}"#),
    ("continuous_duty", r#"{"maximum_minutes": LIMIT}"#),
    ("maximum_duties", r#"{"maximum_duties": LIMIT, "per": "window", "window_days": 3}"#),
    ("maximum_duties", r#"{"maximum_duties": LIMIT, "per": "week", "kinds": ["call"]}"#),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Employment begins within the time in question in some cases: averages are then over fewer days.
    #[test]
    fn whatever_a_glance_shows_as_kept_is_kept(
        case in case(),
        limit in prop_oneof![1..12_i64, 60..1_500_i64, 1_000..9_000_i64],
        employed_from in prop::option::of(0..40_i32),
    ) {
        let mut case = case;
        if let Some(day) = employed_from {
            let first = crate::zone_source::date("2025-03-01").plus_days(day).unwrap().to_string();
            case.employed = case.days(&first, "2026-01-01");
        }
        for (rule_type, parameters) in RULES {
            // There are never so many duties.
            let limit = if *rule_type == "maximum_duties" { limit.min(1_000) } else { limit };
            let parameters = parameters.replace("LIMIT", &limit.to_string());
            let of_rule = Case { rules: vec![], ..case.clone() }.must("rule", rule_type, &parameters);
            let glance = Glance::of(&of_rule.rules);
            let shown = glance.map(|glance| glance.at(&of_rule.duties, !of_rule.leaves.is_empty()));
            match shown {
                Some(Shown::Kept) => {}
                Some(Shown::KeptWhileEmployed) if employed_from.is_none() => {}
                _ => continue,
            }
            let record = of_rule.record();
            let verdicts =
                judge(&of_rule.rules, &of_rule.vocabulary, &record, window(&of_rule), &of_rule.zone).unwrap();
            let told = verdicts.iter().find(|verdict| verdict.level != Level::Unknown);
            prop_assert_eq!(told, None, "{} {}", rule_type, parameters);
        }
    }
}

fn five_days_a_week() -> Case {
    let mut case = Case::in_zone("Europe/Berlin");
    for monday in ["2025-03-10", "2025-03-17", "2025-03-24", "2025-03-31"] {
        case = case.daily(monday, 5, "08:00", "16:30");
    }
    case
}

#[test]
fn a_glance_is_enough_for_who_works_far_from_the_limits() {
    let case = five_days_a_week()
        .must("week", "maximum_minutes", r#"{"maximum_minutes": 3600, "per": "week"}"#)
        .must("long", "continuous_duty", r#"{"maximum_minutes": 720}"#)
        .must("rest", "rest_period", r#"{"minimum_minutes": 660}"#)
        .must("mean", "average_minutes", r#"{"maximum_minutes": 6400, "per": "window", "window_days": 28}"#)
        .must("duties", "maximum_duties", r#"{"maximum_duties": 8, "per": "week"}"#);
    let glance = Glance::of(&case.rules).unwrap();
    assert_eq!(glance.at(&case.duties, false), Shown::Kept);
    assert_eq!(glance.at(&case.duties, true), Shown::Nothing, "leave takes days from the average");
}

#[test]
fn an_average_beyond_half_its_limit_is_shown_as_kept_while_employed() {
    let parameters = r#"{"maximum_minutes": 2880, "per": "window", "window_days": 28}"#;
    let case = five_days_a_week().must("mean", "average_minutes", parameters);
    assert_eq!(Glance::of(&case.rules).unwrap().at(&case.duties, false), Shown::KeptWhileEmployed);
}

#[test]
fn a_glance_says_nothing_near_a_limit() {
    for (rule_type, parameters) in [
        ("maximum_minutes", r#"{"maximum_minutes": 2400, "per": "week"}"#),
        ("continuous_duty", r#"{"maximum_minutes": 500}"#),
        ("rest_period", r#"{"minimum_minutes": 1000}"#),
        ("average_minutes", r#"{"maximum_minutes": 2500, "per": "window", "window_days": 28}"#),
        ("maximum_duties", r#"{"maximum_duties": 5, "per": "week"}"#),
    ] {
        let case = five_days_a_week().must("rule", rule_type, parameters);
        assert_eq!(Glance::of(&case.rules).unwrap().at(&case.duties, false), Shown::Nothing, "{rule_type}");
    }
}

#[test]
fn of_a_rule_that_asks_for_work_or_rest_a_glance_tells_nothing() {
    for (rule_type, parameters) in [
        ("minimum_minutes", r#"{"minimum_minutes": 60, "per": "week"}"#),
        ("weekly_rest", r#"{"minimum_minutes": 2100, "per": "week"}"#),
        ("days_off", r#"{"minimum_days": 2, "per": "week"}"#),
    ] {
        let case = five_days_a_week().must("rule", rule_type, parameters);
        assert!(Glance::of(&case.rules).is_none(), "{rule_type}");
    }
}
