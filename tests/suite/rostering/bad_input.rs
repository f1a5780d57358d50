//! Whatever is wrong with a problem or its options is said clearly, with the path of the fault.

use anyhow::Result;
use rota_tests::database::Database;
use serde_json::{Value, json};

fn problem() -> Value {
    json!({
        "from_date": "2026-03-02", "to_date": "2026-03-05",
        "shifts": [
            {"id": "s1", "starts_at": "2026-03-02T06:00:00Z", "ends_at": "2026-03-02T14:00:00Z"},
            {"id": "s2", "starts_at": "2026-03-02T12:00:00Z", "ends_at": "2026-03-02T20:00:00Z"},
        ],
        "people": [{"id": "a"}],
    })
}

/// What is put where, and what the refusal must say: its code and a part of its message.
fn faults() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    vec![
        ("/from_date", json!("2026-02-30"), "22023", "problem.from_date is \"2026-02-30\""),
        ("/from_date", json!(null), "22023", "problem has no \"from_date\""),
        ("/to_date", json!("2026-03-01"), "22023", "problem.to_date is \"2026-03-01\""),
        ("/to_date", json!("2126-03-01"), "54000", "at most 3660 are one roster"),
        ("/time_zone", json!("Mars/Olympus"), "22023", "problem.time_zone is \"Mars/Olympus\""),
        ("/known_from", json!("2020-01-01"), "22023", "problem.known_from is"),
        ("/shifts", json!({}), "22023", "problem.shifts is {}, a list would be right"),
        ("/shifts/0/starts_at", json!("2026-03-02 06:00"), "22023", "problem.shifts[0].starts_at is"),
        ("/shifts/0/starts_at", json!("2026-03-05T06:00:00Z"), "22023", "problem.shifts[0]"),
        ("/shifts/0/ends_at", json!("2026-03-02T06:00:00Z"), "22023", "ends at or before its start"),
        ("/shifts/0/ends_at", json!("2026-03-09T06:00:00Z"), "54000", "at most 2880 are one shift"),
        ("/shifts/1/id", json!("s1"), "22023", "problem.shifts[1].id is \"s1\""),
        ("/shifts/0/required", json!(-1), "22023", "problem.shifts[0].required is -1"),
        ("/shifts/0/required", json!(1.5), "22023", "problem.shifts[0].required is 1.5"),
        ("/shifts/0/worked_minutes", json!(481), "22023", "problem.shifts[0].worked_minutes is 481"),
        ("/shifts/0/short_weight", json!(1_000_000_001), "22023", "problem.shifts[0].short_weight"),
        ("/shifts/0/skills", json!([1]), "22023", "problem.shifts[0].skills[0] is 1, a text"),
        ("/shifts/0/colour", json!("red"), "22023", "problem.shifts[0] has \"colour\", which is not known"),
        ("/people", json!([{"id": "a"}, {"id": "a"}]), "22023", "problem.people[1].id is \"a\""),
        ("/people/0/id", json!(null), "22023", "problem.people[0] has no \"id\""),
        (
            "/people/0/work",
            json!([{"shift": "s9"}]),
            "22023",
            "problem.people[0].work[0].shift names shift \"s9\"",
        ),
        (
            "/people/0/work",
            json!([{"shift": "s1"}, {"shift": "s2"}]),
            "22023",
            "problem.people[0].work[1] overlaps other work",
        ),
        (
            "/people/0/wishes",
            json!([{"shift": "s9", "weight": 1}]),
            "22023",
            "problem.people[0].wishes[0].shift",
        ),
        ("/people/0/days_off", json!(["2026-04-01"]), "22023", "problem.people[0].days_off[0]"),
        (
            "/people/0/limits",
            json!([{"counted": "hours", "most": 1}]),
            "22023",
            "problem.people[0].limits[0].counted is \"hours\"",
        ),
        (
            "/people/0/limits",
            json!(vec![json!({"counted": "days", "most": 1}); 61]),
            "54000",
            "person.limits is 61",
        ),
        (
            "/people/0/longest_work",
            json!({"value": 5, "weight": -1}),
            "22023",
            "problem.people[0].longest_work.weight is -1",
        ),
        (
            "/people/0/availability",
            json!([{"preference": "maybe"}]),
            "22023",
            "problem.people[0].availability[0].preference is \"maybe\"",
        ),
        ("/people/0/absences", json!([3]), "22023", "problem.people[0].absences[0] is 3, an object"),
        ("/rules", json!([{"rule_type": "rest_period"}]), "22023", "problem.rules[0]"),
        ("/rules", json!([{"parameters": {}}]), "22023", "problem.rules[0] has no \"rule_type\""),
        (
            "/successions",
            json!([{"first": "night", "next": "early"}]),
            "22023",
            "problem.successions[0].first names kind \"night\"",
        ),
        (
            "/pairings",
            json!([{"first": "a", "second": "b", "together": true, "weight": 1}]),
            "22023",
            "names person \"b\", who is not in people",
        ),
        (
            "/pairings",
            json!([{"first": "a", "second": "a", "together": true, "weight": 1}]),
            "22023",
            "pairs somebody with themselves",
        ),
        ("/weights", json!({"short": "much"}), "22023", "problem.weights.short is \"much\""),
        ("/weights", json!({"shrt": 1}), "22023", "problem.weights has \"shrt\", which is not known"),
        (
            "/known",
            json!([{"person": "a", "shift": "s1"}, {"person": "a", "shift": "s2"}]),
            "22023",
            "problem.known[1] is a second shift of that person",
        ),
    ]
}

/// The document with a member or element set; null takes it away.
fn changed(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
    if let Some(place) = document.pointer_mut(parent).and_then(Value::as_object_mut) {
        if value.is_null() {
            place.remove(name);
        } else {
            place.insert(name.to_owned(), value);
        }
    }
    document
}

#[tokio::test]
async fn every_fault_of_a_problem_is_refused_with_its_path() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    for (pointer, value, code, message) in faults() {
        let document = changed(problem(), pointer, value);
        let call = format!("SELECT rota.solve_roster('{document}', '{{\"steps\": 1}}')");
        let refusal = session.refusal(&call).await?;
        assert_eq!(refusal.sqlstate, code, "{pointer}: {refusal:?}");
        assert!(refusal.message.contains(message), "{pointer}: {refusal:?}");
    }
    Ok(())
}

#[tokio::test]
async fn weights_whose_sum_would_not_be_exact_are_refused() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let mut document = problem();
    document["people"][0]["limits"] =
        json!([{"counted": "minutes", "least": {"value": 50_000_000, "weight": 1_000_000_000}}]);
    let refusal = session.refusal(&format!("SELECT rota.solve_roster('{document}')")).await?;
    assert_eq!(refusal.sqlstate, "54000");
    assert!(refusal.message.contains("has weights that could sum to"), "{refusal:?}");
    Ok(())
}

#[tokio::test]
async fn every_fault_of_options_is_refused_with_its_path() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let document = problem();
    for (options, message) in [
        (json!([]), "options is [], an object would be right"),
        (json!({"time": 3}), "options has \"time\", which is not known"),
        (json!({"time_ms": 0}), "options.time_ms is 0, a whole number from 1 to 86400000"),
        (json!({"time_ms": "3 s"}), "options.time_ms is \"3 s\""),
        (json!({"steps": -4}), "options.steps is -4"),
        (json!({"seed": 0.5}), "options.seed is 0.5"),
        (json!({"threads": 0}), "options.threads is 0"),
        (json!({"gap_percent": 101}), "options.gap_percent is 101"),
        (json!({"patience_ms": 0}), "options.patience_ms is 0"),
        (json!({"explain": 1}), "options.explain is 1, true or false"),
    ] {
        let refusal =
            session.refusal(&format!("SELECT rota.solve_roster('{document}', '{options}')")).await?;
        assert_eq!((refusal.sqlstate.as_str(), refusal.column.as_deref()), ("22023", Some("options")));
        assert!(refusal.message.contains(message), "{refusal:?}");
    }
    let refusal = session.refusal("SELECT rota.solve_roster(NULL)").await?;
    assert_eq!((refusal.sqlstate.as_str(), refusal.column.as_deref()), ("22004", Some("problem")));
    Ok(())
}

#[tokio::test]
async fn what_no_program_can_hold_is_refused_and_no_panic() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let deep = "jsonb_build_object('shifts', (repeat('[', 500) || repeat(']', 500))::jsonb)";
    for (document, message) in [
        ("'null'", "problem is null, an object would be right"),
        ("'[]'", "problem is [], an object would be right"),
        ("'\"roster\"'", "problem is \"roster\", an object"),
        ("'{\"weights\": {\"short\": 1e400}}'", "problem cannot be read (number out of range"),
        (deep, "problem cannot be read (recursion limit exceeded"),
    ] {
        for call in ["solve_roster", "repair_roster", "explain_roster", "roster_fingerprints"] {
            let refusal = session.refusal(&format!("SELECT rota.{call}({document})")).await?;
            assert_eq!(
                (refusal.sqlstate.as_str(), refusal.column.as_deref()),
                ("22023", Some("problem")),
                "{call}({document}): {refusal:?}"
            );
            assert!(refusal.message.contains(message), "{call}({document}): {refusal:?}");
        }
    }
    let options = session.refusal("SELECT rota.solve_roster('{}', '{\"seed\": 1e400}')").await?;
    assert_eq!((options.sqlstate.as_str(), options.column.as_deref()), ("22023", Some("options")));
    Ok(())
}

#[tokio::test]
async fn a_horizon_of_years_has_an_answer() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let mut document = problem();
    document["to_date"] = json!("2036-02-28");
    let call = format!("SELECT rota.solve_roster('{document}', '{{\"time_ms\": 500}}') -> 'missing_heads'");
    // Two overlapping shifts of one day, one person.
    assert_eq!(session.text(&call).await?, "1");
    Ok(())
}
