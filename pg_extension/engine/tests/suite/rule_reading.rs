//! Rules are understood as they were meant, or refused with the name of what is wrong.

use rota_engine::EngineError;
use rota_engine::rule::{Requirement, Rule, RuleKind};

use crate::compliance_case::pairs;

/// The parameter that a refusal names.
fn refused(rule_type: &str, parameters: &str) -> String {
    match Rule::read("rule", rule_type, &pairs(parameters)).unwrap_err() {
        EngineError::UnreadableParameter { name, .. } => name,
        EngineError::UnknownChoice { argument, .. } => argument.to_owned(),
        other => other.to_string(),
    }
}

#[test]
fn an_unknown_type_is_refused_with_the_types_there_are() {
    let refusal = Rule::read("rule", "maximum_hours", &[]).unwrap_err();
    assert_eq!((refusal.sqlstate(), refusal.argument()), ("22023", Some("rule_type")));
    for rule_type in RuleKind::TYPES {
        assert!(refusal.to_string().contains(rule_type), "{rule_type}");
    }
}

#[test]
fn a_refusal_names_the_parameter() {
    for (rule_type, parameters, name) in [
        ("rest_period", r#"{}"#, "minimum_minutes"),
        ("rest_period", r#"{"minimum_minutes": -1}"#, "minimum_minutes"),
        ("rest_period", r#"{"minimum_minutes": 660, "per": "week"}"#, "per"),
        ("maximum_minutes", r#"{"maximum_minutes": 600}"#, "per"),
        ("maximum_minutes", r#"{"maximum_minutes": 600, "per": "year"}"#, "per"),
        (
            "maximum_minutes",
            r#"{"maximum_minutes": 600, "below_minutes": 600, "per": "day"}"#,
            "below_minutes",
        ),
        ("maximum_minutes", r#"{"maximum_minutes": 9999999999, "per": "day"}"#, "maximum_minutes"),
        ("maximum_minutes", r#"{"maximum_minutes": 600, "per": "period"}"#, "period"),
        ("maximum_minutes", r#"{"maximum_minutes": 600, "per": "period", "period": "year"}"#, "period"),
        ("maximum_minutes", r#"{"maximum_minutes": 600, "per": "week", "window_days": 7}"#, "window_days"),
        ("maximum_minutes", r#"{"maximum_minutes": 600, "per": "week", "counts": "spread"}"#, "counts"),
        ("maximum_minutes", r#"{"maximum_minutes": 600, "per": "window"}"#, "window_days"),
        (
            "maximum_minutes",
            r#"{"maximum_minutes": 600, "per": "rotation", "longest_days": 0}"#,
            "longest_days",
        ),
        ("maximum_minutes", r#"{"maximum_minutes": 600, "per": "day", "kinds": ["a", ""]}"#, "kinds"),
        (
            "average_minutes",
            r#"{"maximum_minutes": 600, "per": "window", "window_minutes": 60}"#,
            "window_minutes",
        ),
        ("average_minutes", r#"{"maximum_minutes": 600, "per": "week", "leave": "ignored"}"#, "leave"),
        (
            "average_minutes",
            r#"{"maximum_minutes": 600, "per": "week", "leave_weekdays": ["monday"]}"#,
            "leave_weekdays",
        ),
        (
            "average_minutes",
            r#"{"maximum_minutes": 600, "per": "week", "leave": "replaced", "leave_weekdays": ["someday"]}"#,
            "leave_weekdays",
        ),
        ("average_minutes", r#"{"maximum_minutes": 600, "per": "week", "per_days": 0}"#, "per_days"),
        ("rest_within", r#"{"minimum_minutes": 660, "within_minutes": 600}"#, "within_minutes"),
        ("weekly_rest", r#"{"minimum_minutes": 0, "per": "week"}"#, "minimum_minutes"),
        ("days_off", r#"{"minimum_days": 1, "per": "rotation", "rounding": "up"}"#, "rounding"),
        ("continuous_duty", r#"{"maximum_minutes": 1440, "extension_minutes": 240}"#, "extension_kinds"),
        ("continuous_duty", r#"{"maximum_minutes": 1440, "clock": "sundial"}"#, "clock"),
        ("rest_break", r#"{"after_minutes": 360}"#, "minimum_minutes"),
        ("consecutive_nights", r#"{"maximum_nights": 6, "night_from": "23:00"}"#, "night_to"),
        ("consecutive_nights", r#"{"maximum_nights": 6}"#, "night_from"),
        ("maximum_duties", r#"{"maximum_duties": 1, "per_days": 0, "per": "rotation"}"#, "per_days"),
        ("maximum_overtime", r#"{"maximum_minutes": 2700}"#, "period"),
        ("maximum_overtime", r#"{"maximum_minutes": 2700, "period": "month", "mean_of": [0, 2]}"#, "mean_of"),
        (
            "exceeded_periods",
            r#"{"more_than_minutes": 2700, "period": "month", "maximum_periods": 6}"#,
            "within",
        ),
        ("forbidden_work", r#"{"night_from": "22:00", "night_to": "5"}"#, "night_to"),
        ("forbidden_work", r#"{"younger_than_years": "teen"}"#, "younger_than_years"),
        ("assignment_term", r#"{"maximum_months": 36, "cooling_off_months": 3, "place": "home"}"#, "place"),
        ("assignment_term", r#"{"maximum_months": 36}"#, "cooling_off_months"),
    ] {
        assert_eq!(refused(rule_type, parameters), name, "{rule_type} {parameters}");
    }
}

#[test]
fn conflicts_are_found_by_what_both_know_and_by_nothing_else() {
    let requirement =
        |rule_type: &str, parameters: &str| Requirement::read(rule_type, &pairs(parameters)).unwrap();
    assert!(requirement("rest_period", r#"{"minimum_minutes": 660}"#).is_some());
    assert!(
        requirement(
            "maximum_minutes",
            r#"{"maximum_minutes": 2880, "per": "week", "week_starts_on": "sunday"}"#
        )
        .is_some()
    );
    for (rule_type, parameters) in [
        ("rest_period", r#"{"minimum_minutes": 660, "except_kinds": ["home_call"]}"#),
        ("maximum_minutes", r#"{"below_minutes": 2880, "per": "week"}"#),
        ("maximum_minutes", r#"{"maximum_minutes": 2880, "per": "rotation"}"#),
        ("maximum_minutes", r#"{"maximum_minutes": 2880, "per": "period", "period": "month"}"#),
        ("consecutive_days", r#"{"maximum_days": 6, "unless": "opted_out"}"#),
        ("days_off", r#"{"minimum_days": 1, "per": "week"}"#),
        ("house_rule", r#"{}"#),
    ] {
        assert_eq!(requirement(rule_type, parameters), None, "{rule_type} {parameters}");
    }
}

#[test]
fn lists_are_read_as_json_and_with_commas() {
    let kinds = |value: &str| {
        let parameters = [("kinds".to_owned(), value.to_owned())];
        Rule::read("rule", "forbidden_work", &parameters).unwrap().applies.kinds.unwrap()
    };
    assert_eq!(kinds(r#"["night call", "moonlighting"]"#), ["night call", "moonlighting"]);
    assert_eq!(kinds("night call, moonlighting"), ["night call", "moonlighting"]);
    assert_eq!(kinds("moonlighting"), ["moonlighting"]);
}

#[test]
fn a_rule_names_every_kind_of_duty_that_it_tells_apart() {
    let kinds = |rule_type: &str, parameters: &str| {
        let rule = Rule::read("rule", rule_type, &pairs(parameters)).unwrap();
        rule.kinds_of_duties().map(str::to_owned).collect::<Vec<_>>()
    };
    let duty = r#"{"maximum_minutes": 1440, "extension_kinds": ["lesson"], "except_kinds": ["home_call"]}"#;
    assert_eq!(kinds("continuous_duty", duty), ["home_call", "lesson"]);
    let days = r#"{"minimum_days": 1, "per": "week", "except_after_kinds": ["call"]}"#;
    assert_eq!(kinds("days_off", days), ["call"]);
    assert_eq!(kinds("forbidden_work", r#"{"kinds": ["moonlighting"]}"#), ["moonlighting"]);
    assert_eq!(kinds("rest_period", r#"{"minimum_minutes": 660}"#), [""; 0]);
}
