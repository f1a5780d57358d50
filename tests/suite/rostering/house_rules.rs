//! What a house asks beyond its tables, said in the options of a schedule; and what its rules say beside their limits.

use anyhow::Result;
use serde_json::json;

use super::ward::{json, ward};

#[tokio::test]
async fn house_rules_of_the_options_reach_the_search() -> Result<()> {
    let (_, session) = ward().await?;
    let plain = json(&session, r#"SELECT rota.generate_schedule('1', '{"steps": 20000}')"#).await?;
    assert_eq!(plain["score"]["by_rule"]["fairness_kind_night"].as_object(), None);
    let answer = json(
        &session,
        r#"SELECT rota.generate_schedule('1', '{"steps": 20000, "house_rules": {
               "everybody": {"shortest_rest": {"value": 2, "weight": 30}},
               "fairness": [{"counted": "kind", "kind": "night", "weight": 10}],
               "successions": [{"first": "night", "next": "early", "free_days": 1, "weight": 40}],
               "minimum_day_off": 1800,
               "pairings": [{"first": "1", "second": "4", "together": false, "weight": 5}]
           }}')"#,
    )
    .await?;
    assert_eq!(answer["feasible"], true);
    // Fourteen nights among ten people, of whom one is no nurse and one becomes one later: somebody is off the mean.
    assert!(
        answer["score"]["by_rule"]["fairness_kind_night"]["cost"].as_i64() > Some(0),
        "{:#}",
        answer["score"]
    );
    Ok(())
}

#[tokio::test]
async fn house_rules_are_kept_with_the_department_and_the_schedule() -> Result<()> {
    let (_, session) = ward().await?;
    session
        .batch_execute(
            r#"UPDATE workforce.departments
               SET roster_options = '{"house_rules": {"minimum_day_off": 1800}, "weights": {"short": 7}}';
               UPDATE workforce.schedules
               SET roster_options = '{"weights": {"surplus": 3}}'"#,
        )
        .await?;
    let problem = async |options: &str| {
        json(&session, &format!("SELECT rota.schedule_problem('1', 'generate', '{options}')")).await
    };
    // The schedule's weights replace the department's, house rules are the department's.
    let kept = problem("{}").await?;
    assert_eq!((&kept["minimum_day_off"], &kept["weights"]), (&json!(1_800), &json!({"surplus": 3})));
    // What a call says is added, and wins.
    let called = problem(
        r#"{"house_rules": {"fairness": [{"counted": "days", "weight": 1}]}, "weights": {"surplus": 4, "short": 5}}"#,
    )
    .await?;
    assert_eq!(
        (&called["minimum_day_off"], &called["weights"]),
        (&json!(1_800), &json!({"surplus": 4, "short": 5}))
    );
    assert_eq!(called["fairness"][0]["weight"], 1);
    // A job reads them, too.
    session
        .batch_execute(
            r#"UPDATE workforce.schedules SET roster_options = '{"house_rules": {"everybody": {"days_off": ["2026-03-23"]}}}';
               SELECT rota.submit_job('generate', '{"schedule_id": 1, "options": {"steps": 200}}');"#,
        )
        .await?;
    session.batch_execute("CALL rota.run_job()").await?;
    let job = json(&session, "SELECT to_jsonb(job) FROM rota.jobs() AS job").await?;
    let dates = job["answer"]["assignments"].as_array().into_iter().flatten().map(|item| &item["date"]);
    let dates: Vec<_> = dates.collect();
    assert!(!dates.is_empty() && dates.iter().all(|date| **date != "2026-03-23"), "{:#}", job["error"]);
    Ok(())
}

#[tokio::test]
async fn options_that_cannot_be_kept_are_refused_where_they_stand_or_are_read() -> Result<()> {
    let (_, session) = ward().await?;
    for options in [r#"{"commit": true}"#, "[]", "3"] {
        for table in ["departments", "schedules"] {
            let refusal = session
                .refusal(&format!("UPDATE workforce.{table} SET roster_options = '{options}'"))
                .await?;
            assert!(["23514", "22023"].contains(&refusal.sqlstate.as_str()), "{table}: {refusal:?}");
        }
    }
    for (options, message) in [
        (
            r#"{"house_rules": {"people": []}}"#,
            "the schedule's options.house_rules has people, which is not known",
        ),
        (r#"{"weights": 3}"#, "the schedule's options.weights is 3, an object such as"),
        (r#"{"weights": {"shrt": 3}}"#, "problem.weights has \"shrt\""),
    ] {
        session
            .batch_execute(&format!("UPDATE workforce.schedules SET roster_options = '{options}'"))
            .await?;
        let refusal = session.refusal("SELECT rota.generate_schedule('1')").await?;
        assert_eq!(refusal.sqlstate, "22023", "{options}");
        assert!(refusal.message.contains(message), "{refusal:?}");
    }
    Ok(())
}

#[tokio::test]
async fn house_rules_that_mean_nothing_are_refused() -> Result<()> {
    let (_, session) = ward().await?;
    for (rules, message) in [
        ("[]", "options.house_rules is [], an object such as"),
        (r#"{"people": []}"#, "options.house_rules has people, which is not known"),
        (r#"{"fairness": 3}"#, "problem.fairness is 3"),
    ] {
        let call = format!(r#"SELECT rota.generate_schedule('1', '{{"house_rules": {rules}}}')"#);
        let refusal = session.refusal(&call).await?;
        assert_eq!(refusal.sqlstate, "22023", "{rules}");
        assert!(refusal.message.contains(message), "{refusal:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_rule_of_the_tables_that_is_not_strict_may_be_broken_at_a_price() -> Result<()> {
    let (_, session) = ward().await?;
    // Nine nurses for four heads a day: two days in a row and then a free one leaves heads open.
    session
        .batch_execute(
            r#"UPDATE workforce.rules SET parameters = '{"maximum_days": 1}' WHERE rule_type = 'consecutive_days';
            UPDATE workforce.employees SET active = false WHERE employee_id IN (5, 6, 7, 8)"#,
        )
        .await?;
    let generate = r#"SELECT rota.generate_schedule('1', '{"steps": 20000}')"#;
    let strict = json(&session, generate).await?;
    session
        .batch_execute("UPDATE workforce.rules SET strict = false WHERE rule_type = 'consecutive_days'")
        .await?;
    let lax = json(&session, generate).await?;
    let missing = |answer: &serde_json::Value| answer["missing_heads"].as_i64().unwrap_or_default();
    assert!(missing(&lax) < missing(&strict), "{} < {}", missing(&lax), missing(&strict));
    let cost = lax["score"]["by_rule"]["longest_work"]["cost"].as_i64().unwrap_or_default();
    assert!(cost > 0 && cost % 500 == 0, "{:#}", lax["score"]["by_rule"]);
    Ok(())
}

#[tokio::test]
async fn a_rule_of_one_person_limits_that_person() -> Result<()> {
    let (_, session) = ward().await?;
    session
        .batch_execute(
            r#"INSERT INTO workforce.rules (rule_type, parameters, level, employee_id)
               VALUES ('maximum_minutes', '{"maximum_minutes": 450, "per": "week"}', 'violation', 6)"#,
        )
        .await?;
    let answer = json(&session, r#"SELECT rota.generate_schedule('1', '{"steps": 20000}')"#).await?;
    let of_six = answer["assignments"].as_array().into_iter().flatten().filter(|item| item["person"] == "6");
    assert!(of_six.count() <= 2, "one shift a week");
    assert_eq!(answer["missing_heads"], 0);
    Ok(())
}
