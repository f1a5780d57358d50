//! Plain data in, a roster with its cost, bound and explanation out.

use anyhow::Result;
use rota_tests::database::Database;
use serde_json::{Value, json};

use super::ward::json;

/// Three days, two kinds, four people.
fn problem() -> Value {
    let shift = |id: &str, kind: &str, starts_at: &str, ends_at: &str| json!({"id": id, "kind": kind, "starts_at": starts_at, "ends_at": ends_at, "skills": ["nurse"]});
    json!({
        "from_date": "2026-03-02", "to_date": "2026-03-05", "time_zone": "Europe/Berlin",
        "shifts": [
            shift("e1", "early", "2026-03-02T06:00:00+01:00", "2026-03-02T14:00:00+01:00"),
            shift("n1", "night", "2026-03-02T22:00:00+01:00", "2026-03-03T06:00:00+01:00"),
            shift("e2", "early", "2026-03-03T06:00:00+01:00", "2026-03-03T14:00:00+01:00"),
            shift("e3", "early", "2026-03-04T06:00:00+01:00", "2026-03-04T14:00:00+01:00"),
        ],
        "people": [
            {"id": "a", "skills": ["nurse"]},
            {"id": "b", "skills": ["nurse"], "absences": [{"starts_at": "2026-03-03T06:00:00+01:00"}]},
            {"id": "c", "skills": []},
        ],
        "minimum_rest": 660,
    })
}

async fn solve(problem: &Value, options: &str) -> Result<Value> {
    let session = Database::with_extension().await?.session().await?;
    json(&session, &format!("SELECT rota.solve_roster('{problem}', '{options}')")).await
}

fn pairs(answer: &Value) -> Vec<(String, String)> {
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let items = answer["assignments"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| (text(item, "person"), text(item, "shift"))).collect()
}

#[tokio::test]
async fn the_optimum_of_a_small_problem_is_found_and_proven() -> Result<()> {
    let answer = solve(&problem(), r#"{"steps": 1000}"#).await?;
    let mut found = pairs(&answer);
    found.sort();
    // b is away from the second day on, and whoever works the night cannot work the morning after.
    let wanted = [("a", "e1"), ("a", "e2"), ("a", "e3"), ("b", "n1")];
    assert_eq!(found, wanted.map(|(person, shift)| (person.to_owned(), shift.to_owned())));
    assert_eq!((&answer["cost"], &answer["lower_bound"]), (&json!(0), &json!(0)));
    assert_eq!((&answer["feasible"], &answer["gap_percent"]), (&json!(true), &json!(0.0)));
    assert_eq!(answer["search"]["ended_by"], "optimum");
    Ok(())
}

#[tokio::test]
async fn an_open_head_names_what_keeps_each_group_of_people_off() -> Result<()> {
    let mut problem = problem();
    problem["people"][0]["days_off"] = json!(["2026-03-04"]);
    let answer = solve(&problem, r#"{"steps": 1000}"#).await?;
    assert_eq!(answer["missing_heads"], 1);
    let open = &answer["open_heads"][0];
    assert_eq!((&open["shift"], &open["missing"]), (&json!("e3"), &json!(1)));
    let obstacle = |rule: &str| {
        let obstacles = open["obstacles"].as_array().cloned().unwrap_or_default();
        obstacles
            .into_iter()
            .find(|obstacle| obstacle["rules"].to_string().contains(rule))
            .unwrap_or_default()
    };
    assert_eq!(obstacle("day_off")["people"], json!(["a"]));
    assert_eq!(obstacle("absence")["people"], json!(["b"]));
    assert_eq!(obstacle("skill")["people"], json!(["c"]));
    assert_eq!(obstacle("day_off")["relaxing_changes_cost_by"], -10_000);
    Ok(())
}

#[tokio::test]
async fn equal_seeds_and_steps_give_equal_answers() -> Result<()> {
    let mut answers = Vec::new();
    for _ in 0..2 {
        let mut answer = solve(&problem(), r#"{"steps": 3000, "seed": 7}"#).await?;
        if let Some(members) = answer.as_object_mut() {
            members.remove("search");
        }
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1]);
    Ok(())
}

#[tokio::test]
async fn nobody_nothing_and_no_day_have_answers() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    for problem in [
        json!({"from_date": "2026-03-02", "to_date": "2026-03-02"}),
        json!({"from_date": "2026-03-02", "to_date": "2026-03-09"}),
        json!({"from_date": "2026-03-02", "to_date": "2026-03-09", "people": [{"id": 1}]}),
        json!({"from_date": "2026-03-02", "to_date": "2026-03-09", "people": [], "shifts": [
            {"id": 1, "starts_at": "2026-03-02T06:00:00Z", "ends_at": "2026-03-02T14:00:00Z", "required": 3}
        ]}),
    ] {
        let answer = json(&session, &format!("SELECT rota.solve_roster('{problem}')")).await?;
        assert_eq!(answer["feasible"], true, "{problem}");
        let heads = if problem["shifts"].is_null() { 0 } else { 3 };
        assert_eq!(answer["missing_heads"], heads, "{problem}");
    }
    Ok(())
}

#[tokio::test]
async fn a_person_with_no_possible_shift_stays_free() -> Result<()> {
    let mut problem = problem();
    problem["people"] = json!([{"id": "z", "skills": ["nurse"], "absences": [{}]}]);
    let answer = solve(&problem, r#"{"steps": 100}"#).await?;
    assert_eq!((&answer["missing_heads"], pairs(&answer)), (&json!(4), Vec::new()));
    assert_eq!(answer["pruned"]["excluded"], 4);
    Ok(())
}

#[tokio::test]
async fn rules_that_contradict_each_other_are_told_as_few_as_they_are() -> Result<()> {
    let mut problem = problem();
    problem["people"][0]["limits"] =
        json!([{"counted": "days", "least": 3}, {"counted": "minutes", "most": 99999}]);
    problem["people"][0]["days_off"] = json!(["2026-03-03"]);
    let answer = solve(&problem, r#"{"steps": 3000}"#).await?;
    assert_eq!(answer["feasible"], false);
    let contradiction = &answer["contradictions"][0];
    assert_eq!(contradiction["person"], "a");
    let rules: Vec<&Value> = contradiction["rules"].as_array().into_iter().flatten().collect();
    assert_eq!(rules.len(), 2, "{contradiction}");
    assert!(
        rules.iter().any(|rule| rule["least"] == 3) && rules.iter().any(|rule| rule["rule"] == "day_off")
    );
    Ok(())
}

#[tokio::test]
async fn work_that_stands_is_kept_and_counted() -> Result<()> {
    let mut problem = problem();
    // Two pieces of work on one day, one of them a shift of the problem; and a night before the horizon.
    problem["people"][0]["work"] = json!([
        {"shift": "e1"},
        {"starts_at": "2026-03-02T15:00:00+01:00", "ends_at": "2026-03-02T18:00:00+01:00"},
    ]);
    problem["people"][1]["work"] =
        json!([{"starts_at": "2026-03-01T22:00:00+01:00", "ends_at": "2026-03-02T06:00:00+01:00"}]);
    problem["known_from"] = json!("2026-02-28");
    let answer = solve(&problem, r#"{"steps": 3000}"#).await?;
    let found = pairs(&answer);
    let has = |person: &str, shift: &str| found.contains(&(person.to_owned(), shift.to_owned()));
    assert!(!has("b", "e1"), "b comes out of a night: {found:?}");
    assert_eq!(answer["missing_heads"], 0, "e1 is worked already: {answer:#}");
    assert!(has("b", "n1") && has("a", "e2") && has("a", "e3"), "{found:?}");
    Ok(())
}
