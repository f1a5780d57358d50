//! What nobody would roster and somebody sends all the same: each has an answer, or an error that says what is wrong.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;
use serde_json::{Value, json};

use super::ward::{json, ward};

/// So many days from 2026-03-02 with an early and a late shift each, and so many people.
fn problem(days: i64, people: i64) -> Value {
    let first = chrono::NaiveDate::from_ymd_opt(2026, 3, 2).unwrap_or_default();
    let date = |day: i64| first + chrono::TimeDelta::days(day);
    let shift = |day: i64, kind: &str, start: &str, end: &str| {
        json!({
            "id": format!("{kind} {day}"), "kind": kind,
            "starts_at": format!("{}T{start}:00Z", date(day)), "ends_at": format!("{}T{end}:00Z", date(day)),
        })
    };
    let shifts: Vec<Value> = (0..days)
        .flat_map(|day| [shift(day, "early", "06:00", "14:00"), shift(day, "late", "14:00", "22:00")])
        .collect();
    let people: Vec<Value> = (0..people).map(|person| json!({"id": person})).collect();
    json!({"from_date": date(0), "to_date": date(days), "shifts": shifts, "people": people, "minimum_rest": 660})
}

async fn session() -> Result<Session> {
    Database::with_extension().await?.session().await
}

async fn solve(session: &Session, problem: &Value, options: &str) -> Result<Value> {
    let answer = json(session, &format!("SELECT rota.solve_roster('{problem}', '{options}')")).await?;
    // Whatever was asked: no sum is wrong.
    let sum = |level: &str| -> i64 {
        let listed = answer["violations"].as_array().into_iter().flatten();
        listed.filter(|item| item["level"] == level).filter_map(|item| item["cost"].as_i64()).sum()
    };
    if answer["violations_left_off"] == 0 {
        assert_eq!((&answer["cost"], &answer["medium"]), (&json!(sum("soft")), &json!(sum("medium"))));
    }
    Ok(answer)
}

const STEPS: &str = r#"{"steps": 2000}"#;

#[tokio::test]
async fn contradictory_demands_have_the_roster_that_breaks_the_least() -> Result<()> {
    let session = session().await?;
    let mut problem = problem(7, 2);
    // At least five days, at most three. Off on Monday, and at work then: what is settled is not judged.
    problem["people"][0]["limits"] = json!([{"counted": "days", "least": 5, "most": 3}]);
    problem["people"][1]["days_off"] = json!(["2026-03-02"]);
    problem["people"][1]["work"] = json!([{"shift": "early 0"}]);
    let answer = solve(&session, &problem, STEPS).await?;
    assert_eq!(
        (&answer["feasible"], &answer["broken_hard"]),
        (&json!(false), &json!(2)),
        "{:#}",
        answer["violations"]
    );
    let told: Vec<&Value> = answer["contradictions"].as_array().into_iter().flatten().collect();
    assert!(told.iter().any(|item| item["person"] == "0"), "{told:?}");
    Ok(())
}

#[tokio::test]
async fn a_rest_longer_than_the_days_between_leaves_heads_open() -> Result<()> {
    let session = session().await?;
    let mut problem = problem(4, 1);
    problem["minimum_rest"] = json!(14 * 1_440);
    let answer = solve(&session, &problem, STEPS).await?;
    assert_eq!((&answer["feasible"], &answer["missing_heads"]), (&json!(true), &json!(7)));
    Ok(())
}

#[tokio::test]
async fn skills_that_nobody_has_leave_heads_open_and_say_so() -> Result<()> {
    let session = session().await?;
    let mut problem = problem(2, 3);
    problem["shifts"][0]["skills"] = json!(["juggler", "diver"]);
    let answer = solve(&session, &problem, STEPS).await?;
    assert_eq!(answer["missing_heads"], 1);
    assert_eq!(answer["open_heads"][0]["shift"], "early 0");
    assert_eq!(answer["open_heads"][0]["obstacles"][0]["rules"], json!(["skill"]));
    Ok(())
}

#[tokio::test]
async fn a_person_who_can_take_no_shift_has_none() -> Result<()> {
    let session = session().await?;
    let mut problem = problem(3, 2);
    problem["people"][1]["absences"] =
        json!([{"starts_at": "2026-03-01T00:00:00Z", "ends_at": "2026-04-01T00:00:00Z"}]);
    let answer = solve(&session, &problem, STEPS).await?;
    let people: Vec<&Value> =
        answer["assignments"].as_array().into_iter().flatten().map(|item| &item["person"]).collect();
    assert_eq!((people.len(), &answer["missing_heads"]), (3, &json!(3)));
    assert!(people.iter().all(|person| *person == "0"));
    Ok(())
}

#[tokio::test]
async fn nobody_at_all_leaves_every_head_open() -> Result<()> {
    let session = session().await?;
    let answer = solve(&session, &problem(5, 0), STEPS).await?;
    assert_eq!((&answer["missing_heads"], &answer["assignments"]), (&json!(10), &json!([])));
    Ok(())
}

#[tokio::test]
async fn no_shift_at_all_is_a_roster_of_free_days() -> Result<()> {
    let session = session().await?;
    let mut problem = problem(5, 4);
    problem["shifts"] = json!([]);
    let answer = solve(&session, &problem, STEPS).await?;
    assert_eq!(
        (&answer["feasible"], &answer["cost"], &answer["assignments"]),
        (&json!(true), &json!(0), &json!([]))
    );
    Ok(())
}

#[tokio::test]
async fn two_years_of_twenty_people_have_an_answer_within_their_time() -> Result<()> {
    let session = session().await?;
    let mut problem = problem(730, 20);
    problem["everybody"] = json!({"longest_work": 5, "shortest_rest": 2});
    problem["rules"] = json!([
        {"rule_type": "maximum_minutes", "parameters": {"maximum_minutes": 2400, "per": "week"}}
    ]);
    session.batch_execute("SET statement_timeout = '50 s'").await?;
    let answer = solve(&session, &problem, r#"{"time_ms": 2000, "explain": false}"#).await?;
    assert_eq!(answer["search"]["ended_by"], "time");
    // More weeks than a search counts for one person: told, not forgotten.
    assert_eq!(answer["rules_not_searched"][0]["rule_type"], "maximum_minutes");
    Ok(())
}

#[tokio::test]
async fn more_than_ten_years_and_more_people_than_fit_are_refused() -> Result<()> {
    let session = session().await?;
    for (name, value, message) in [
        ("to_date", json!("2056-03-02"), "at most 3660 are one roster"),
        ("people", Value::Array((0..20_001).map(|id| json!({"id": id})).collect()), "from 0 to 20000"),
    ] {
        let mut problem = problem(1, 1);
        problem[name] = value;
        let refusal = session.refusal(&format!("SELECT rota.solve_roster('{problem}')")).await?;
        assert_eq!(refusal.sqlstate, "54000", "{name}");
        assert!(refusal.message.contains(message), "{name}: {}", refusal.message);
    }
    Ok(())
}

#[tokio::test]
async fn work_that_overlaps_other_work_of_the_same_person_is_refused() -> Result<()> {
    let session = session().await?;
    let mut problem = problem(2, 1);
    problem["people"][0]["work"] = json!([
        {"starts_at": "2026-03-02T20:00:00Z", "ends_at": "2026-03-03T07:00:00Z"},
        {"shift": "early 1"},
    ]);
    let refusal = session.refusal(&format!("SELECT rota.solve_roster('{problem}')")).await?;
    assert_eq!(refusal.sqlstate, "22023");
    assert!(refusal.message.contains("problem.people[0].work[1] overlaps other work"), "{refusal:?}");
    Ok(())
}

#[tokio::test]
async fn bookings_that_overlap_in_the_tables_are_named_by_the_schedule() -> Result<()> {
    let (_database, session) = ward().await?;
    session
        .batch_execute(
            "SET session_replication_role = replica;
             INSERT INTO workforce.assignments (shift_id, during, employee_id)
             SELECT shift_id, during, 6 FROM workforce.shifts WHERE shift_type = 'late' AND date = '2026-03-25';
             INSERT INTO workforce.shifts (department_id, shift_type, date, start_time, end_time, time_zone)
             VALUES (1, 'extra', '2026-03-25', '16:00', '20:00', 'Europe/Berlin');
             INSERT INTO workforce.assignments (shift_id, during, employee_id)
             SELECT shift_id, during, 6 FROM workforce.shifts WHERE shift_type = 'extra';
             RESET session_replication_role",
        )
        .await?;
    let refusal = session.refusal("SELECT rota.generate_schedule('1')").await?;
    assert_eq!(refusal.sqlstate, "22023");
    assert!(refusal.message.contains("overlaps other work of that person"), "{refusal:?}");
    Ok(())
}

#[tokio::test]
async fn weights_up_to_the_limit_sum_rightly_and_beyond_it_are_refused() -> Result<()> {
    let session = session().await?;
    let mut problem = problem(3, 1);
    problem["weights"] = json!({"short": 1_000_000_000});
    let answer = solve(&session, &problem, STEPS).await?;
    assert_eq!(answer["cost"], 3_000_000_000_i64);
    problem["weights"]["short"] = json!(1_000_000_001);
    let refusal = session.refusal(&format!("SELECT rota.solve_roster('{problem}')")).await?;
    assert_eq!(refusal.sqlstate, "22023");
    assert!(refusal.message.contains("problem.weights.short is 1000000001"), "{refusal:?}");
    problem["weights"] = json!({"short": i128::from(i64::MAX) as f64 * 4.0});
    assert_eq!(session.refusal(&format!("SELECT rota.solve_roster('{problem}')")).await?.sqlstate, "22023");
    problem["weights"] = json!({"short": 1_000_000_000, "short_level": "medium"});
    problem["everybody"] =
        json!({"limits": [{"counted": "minutes", "most": {"value": 0, "weight": 1_000_000_000}}]});
    let refusal = session.refusal(&format!("SELECT rota.solve_roster('{problem}')")).await?;
    assert_eq!(refusal.sqlstate, "54000", "the levels together would not fit 64 bits: {refusal:?}");
    Ok(())
}
