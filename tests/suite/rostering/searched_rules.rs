//! Rules that the search keeps as sums over windows: duties, least and most time, by weeks, months and blocks of days.
//! From the tables they are held against the judge of the rules, which shares nothing with the search.

use anyhow::Result;
use rota_tests::session::Session;
use serde_json::{Value, json};

use super::ward::{json, ward};
use super::words::{EARLY, LATE, NIGHT, rows, session, week};

const COMMIT: &str =
    r#"SELECT rota.generate_schedule('1', '{"steps": 20000, "commit": true, "replace": true}')"#;

/// How often the rule is broken in windows that meet the two weeks.
async fn broken(session: &Session) -> Result<i64> {
    let broken = "SELECT count(*) FROM rota.check_rules(NULL, '2026-03-23 00:00+01', '2026-04-06 00:00+02')
                  WHERE rule_id = '4' AND reason IN ('too_much', 'too_little')";
    Ok(session.text(broken).await?.parse()?)
}

/// Makes a roster without the rule, which breaks it, then one with it.
async fn keeps(rule_type: &str, parameters: &Value, person: Option<i64>) -> Result<Value> {
    let (_database, session) = ward().await?;
    session.batch_execute("INSERT INTO workforce.duty_kinds VALUES ('night', 'call')").await?;
    session.batch_execute(COMMIT).await?;
    let person = person.map_or("NULL".to_owned(), |person| person.to_string());
    session
        .batch_execute(&format!(
            "INSERT INTO workforce.rules (rule_type, parameters, level, employee_id)
             VALUES ('{rule_type}', '{parameters}', 'violation', {person})"
        ))
        .await?;
    assert!(broken(&session).await? > 0, "a roster without the rule breaks it");
    let answer = json(&session, COMMIT).await?;
    assert_eq!((&answer["rules_not_searched"], &answer["feasible"]), (&json!([]), &json!(true)));
    assert_eq!(broken(&session).await?, 0);
    Ok(answer)
}

#[tokio::test]
async fn no_week_has_more_duties_than_the_rule_of_the_tables_allows() -> Result<()> {
    keeps("maximum_duties", &json!({"maximum_duties": 3, "per": "week"}), None).await?;
    Ok(())
}

#[tokio::test]
async fn duties_of_one_nature_are_counted_in_every_stretch_of_days() -> Result<()> {
    let rule = json!({"maximum_duties": 1, "per": "window", "window_days": 7, "kinds": ["call"]});
    keeps("maximum_duties", &rule, None).await?;
    Ok(())
}

#[tokio::test]
async fn one_person_has_the_least_time_of_a_week() -> Result<()> {
    let answer = keeps("minimum_minutes", &json!({"minimum_minutes": 2250, "per": "week"}), Some(7)).await?;
    assert_eq!(answer["missing_heads"], 0, "{:#}", answer["open_heads"]);
    Ok(())
}

#[tokio::test]
async fn the_most_time_of_a_month_counts_what_was_worked_before_the_schedule() -> Result<()> {
    let rule = json!({"maximum_minutes": 1800, "per": "period", "period": "month"});
    keeps("maximum_minutes", &rule, None).await?;
    Ok(())
}

/// A week with some rules in it.
fn with_rules(people: usize, rules: &Value) -> Value {
    let mut problem = week(&[EARLY, LATE, NIGHT], people);
    problem["rules"] = rules.clone();
    problem
}

async fn solve(session: &Session, problem: &Value) -> Result<Value> {
    json(session, &format!("SELECT rota.solve_roster('{problem}', '{{\"steps\": 5000}}')")).await
}

#[tokio::test]
async fn duties_that_stand_count_also_where_two_are_on_one_day() -> Result<()> {
    let session = session().await?;
    let rule = |kinds: Value| {
        let parameters = json!({"maximum_duties": 4, "per": "week", "kinds": kinds});
        json!([{"rule_type": "maximum_duties", "parameters": parameters}])
    };
    let mut problem = with_rules(1, &rule(json!(["early", "late", "night", "visit"])));
    problem["minimum_rest"] = json!(0);
    problem["people"][0]["work"] = json!([
        {"starts_at": "2026-03-03T06:00:00Z", "ends_at": "2026-03-03T09:00:00Z", "kind": "visit"},
        {"starts_at": "2026-03-03T12:00:00Z", "ends_at": "2026-03-03T15:00:00Z", "kind": "visit"},
    ]);
    let answer = solve(&session, &problem).await?;
    assert_eq!(answer["rules_not_searched"], json!([]));
    assert_eq!(answer["assignments"].as_array().map(Vec::len), Some(2), "two beside the two visits");
    problem["rules"] = rule(json!(["visit"]));
    let answer = solve(&session, &problem).await?;
    assert_eq!(answer["assignments"].as_array().map(Vec::len), Some(6), "a week but for the day of visits");
    Ok(())
}

#[tokio::test]
async fn a_most_that_is_below_a_number_of_minutes_is_a_minute_less() -> Result<()> {
    let session = session().await?;
    for (name, most, shifts) in [("maximum_minutes", 960, 2), ("below_minutes", 960, 1)] {
        let parameters = json!({name: most, "per": "week"});
        let mut problem = week(&[EARLY, LATE], 1);
        problem["rules"] = json!([{"rule_type": "maximum_minutes", "parameters": parameters}]);
        let answer = solve(&session, &problem).await?;
        assert_eq!(answer["assignments"].as_array().map(Vec::len), Some(shifts), "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn a_night_counts_in_the_week_in_which_its_minutes_lie() -> Result<()> {
    let session = session().await?;
    let nights = |most: i64| {
        let parameters = json!({"maximum_minutes": most, "per": "week"});
        let mut problem = with_rules(1, &json!([{"rule_type": "maximum_minutes", "parameters": parameters}]));
        problem["shifts"].as_array_mut().into_iter().for_each(|shifts| {
            shifts.retain(|shift| shift["kind"] == "night");
        });
        problem
    };
    // Of the last night two hours lie in this week.
    for (most, dates) in [(480, 1), (599, 1), (600, 2), (1_079, 2), (1_080, 3)] {
        let answer = solve(&session, &nights(most)).await?;
        assert_eq!(answer["assignments"].as_array().map(Vec::len), Some(dates), "{most}");
    }
    // A night before the first day leaves six hours of itself in it.
    let mut problem = nights(960);
    problem["known_from"] = json!("2026-03-01");
    problem["people"][0]["work"] =
        json!([{"starts_at": "2026-03-01T22:00:00Z", "ends_at": "2026-03-02T06:00:00Z", "kind": "night"}]);
    let answer = solve(&session, &problem).await?;
    assert_eq!(answer["assignments"].as_array().map(Vec::len), Some(2), "one night and the last");
    Ok(())
}

#[tokio::test]
async fn a_least_has_a_price_where_it_is_not_strict_and_asks_nothing_of_who_came_later() -> Result<()> {
    let session = session().await?;
    let parameters = json!({"minimum_minutes": 1_920, "per": "week"});
    let rule = json!({"rule_type": "minimum_minutes", "parameters": parameters, "person": "b"});
    let mut problem = with_rules(2, &json!([rule]));
    // Whatever b works costs more than a missing head.
    problem["weights"] = json!({"short": 1});
    problem["people"][1]["kind_costs"] = json!({"early": 50, "late": 50, "night": 60});
    let days = |answer: &Value| {
        rows(answer).get("b").map_or(0, |row| row.iter().filter(|kind| *kind != "-").count())
    };
    let answer = solve(&session, &problem).await?;
    assert_eq!((days(&answer), &answer["feasible"]), (4, &json!(true)));
    // A day of work is 480 minutes of the minimum.
    problem["rules"][0]["weight"] = json!(0);
    assert_eq!(days(&solve(&session, &problem).await?), 0);
    problem["rules"][0]["weight"] = json!(1);
    assert_eq!(days(&solve(&session, &problem).await?), 4);
    problem["people"][1]["hired_on"] = json!("2026-03-03");
    assert_eq!(days(&solve(&session, &problem).await?), 0);
    problem["people"][1]["hired_on"] = json!("2026-03-02");
    assert_eq!(days(&solve(&session, &problem).await?), 4);
    Ok(())
}

#[tokio::test]
async fn what_the_search_cannot_keep_is_told_with_its_reason() -> Result<()> {
    let session = session().await?;
    for (rule_type, parameters, reason) in [
        ("weekly_rest", json!({"minimum_minutes": 2_160, "per": "week"}), "does not know this type"),
        (
            "maximum_duties",
            json!({"maximum_duties": 2, "per": "week", "per_days": 7}),
            "not by the days that are no leave",
        ),
        (
            "maximum_duties",
            json!({"maximum_duties": 2, "per": "week", "kinds": ["early", "late"]}),
            "of one kind or of all, not of several",
        ),
        (
            "maximum_duties",
            json!({"maximum_duties": 2, "per": "week", "except_kinds": ["long night"]}),
            "only a part of the shifts of one kind counts",
        ),
        (
            "maximum_minutes",
            json!({"maximum_minutes": 900, "per": "week", "kinds": ["early"]}),
            "only to count duties",
        ),
        ("maximum_minutes", json!({"maximum_minutes": 900, "per": "rotation"}), "no rotations of people"),
        (
            "maximum_minutes",
            json!({"maximum_minutes": 900, "per": "period", "period": "week at 06:00"}),
            "another time than midnight",
        ),
        (
            "minimum_minutes",
            json!({"minimum_minutes": 900, "per": "period", "period": "month"}),
            "none of its windows ends within the horizon",
        ),
        (
            "minimum_minutes",
            json!({"minimum_minutes": 900, "per": "week", "kinds": ["call"]}),
            "none of the shifts counts for it",
        ),
        (
            "minimum_minutes",
            json!({"minimum_minutes": 900, "per": "week", "younger_than_years": 18}),
            "no ages, conditions and rotations",
        ),
    ] {
        let mut problem = with_rules(1, &json!([{"rule_type": rule_type, "parameters": parameters}]));
        problem["shifts"][2]["nature"] = json!("long night");
        let answer = solve(&session, &problem).await?;
        let told = &answer["rules_not_searched"];
        assert_eq!((told.as_array().map(Vec::len), &told[0]["rule_type"]), (Some(1), &json!(rule_type)));
        assert!(told[0]["reason"].as_str().is_some_and(|told| told.contains(reason)), "{reason}: {told}");
        assert_eq!(answer["missing_heads"], 14, "{reason}: nobody is held to it");
    }
    Ok(())
}
