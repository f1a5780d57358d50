//! What a house asks beyond its tables, said in the options of a schedule; and what its rules say beside their limits.

use anyhow::Result;

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
