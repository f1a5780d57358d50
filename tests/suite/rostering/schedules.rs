//! Rosters generated from the tables.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::Value;

use super::ward::{SHORT, conflicts, json, ward};

#[tokio::test]
async fn a_generated_roster_has_no_conflict_not_even_with_its_neighbours() -> Result<()> {
    let (_, session) = ward().await?;
    let before = conflicts(&session).await?;
    let answer =
        json(&session, r#"SELECT rota.generate_schedule('1', '{"steps": 3000, "commit": true}')"#).await?;
    assert_eq!(answer["committed"], true);
    assert_eq!(answer["missing_heads"], 0, "{:#}", answer["open_heads"]);
    assert_eq!(conflicts(&session).await?, before);
    let heads = session
        .rows(
            "SELECT shift.shift_id
             FROM workforce.shifts AS shift
             WHERE shift.date >= '2026-03-23' AND shift.date < '2026-04-06'
                 AND shift.required_staff <> (
                     SELECT count(*) FROM workforce.assignments AS a WHERE a.shift_id = shift.shift_id AND a.binding
                 )",
        )
        .await?;
    assert!(heads.is_empty(), "other heads than required: {heads:?}");
    Ok(())
}

#[tokio::test]
async fn skills_count_only_while_they_are_valid() -> Result<()> {
    let (_, session) = ward().await?;
    let answer = json(&session, &format!("SELECT rota.generate_schedule('1', '{SHORT}')")).await?;
    let assignments = answer["assignments"].as_array().cloned().unwrap_or_default();
    let of = |person: &str| -> BTreeSet<String> {
        let items = assignments.iter().filter(|item| item["person"] == person);
        items.filter_map(|item| item["date"].as_str().map(str::to_owned)).collect()
    };
    assert!(of("10").is_empty(), "no nurse");
    assert!(of("9").iter().all(|date| date.as_str() >= "2026-03-30"), "a nurse later: {:?}", of("9"));
    assert!(of("3").iter().all(|date| !("2026-03-25"..="2026-03-27").contains(&date.as_str())), "away");
    Ok(())
}

#[tokio::test]
async fn a_proposal_writes_nothing_and_tells_its_conflicts() -> Result<()> {
    let (_, session) = ward().await?;
    let count = "SELECT count(*), max(updated_at) FROM workforce.assignments";
    let before = session.rows(count).await?;
    let answer = json(&session, &format!("SELECT rota.generate_schedule('1', '{SHORT}')")).await?;
    assert_eq!(
        (&answer["committed"], &answer["conflicts"]),
        (&Value::Bool(false), &Value::Array(Vec::new()))
    );
    assert_eq!(session.rows(count).await?, before);
    Ok(())
}

#[tokio::test]
async fn an_answer_is_read_as_rows() -> Result<()> {
    let (_, session) = ward().await?;
    let rows = format!(
        "SELECT count(*), count(DISTINCT date), bool_or(settled)
         FROM rota.roster_rows(rota.generate_schedule('1', '{SHORT}'))"
    );
    let rows = session.rows(&rows).await?;
    let wanted = ["56", "14", "f"].map(|text| Some(text.to_owned()));
    assert_eq!(rows, [wanted.to_vec()]);
    Ok(())
}

#[tokio::test]
async fn equal_seeds_and_steps_give_the_same_schedule() -> Result<()> {
    let (_, session) = ward().await?;
    let call = r#"SELECT rota.generate_schedule('1', '{"steps": 3000, "seed": 3}') - 'search'"#;
    assert_eq!(json(&session, call).await?, json(&session, call).await?);
    Ok(())
}

#[tokio::test]
async fn what_is_booked_stands_and_only_the_rest_is_filled() -> Result<()> {
    let (_, session) = ward().await?;
    session
        .batch_execute(
            "INSERT INTO workforce.assignments (shift_id, during, employee_id)
             SELECT shift_id, during, 6 FROM workforce.shifts
             WHERE shift_type = 'late' AND date BETWEEN '2026-03-24' AND '2026-03-26'",
        )
        .await?;
    let answer = json(&session, &format!("SELECT rota.generate_schedule('1', '{SHORT}')")).await?;
    let settled = answer["assignments"].as_array().cloned().unwrap_or_default();
    let settled: Vec<Value> = settled.into_iter().filter(|item| item["settled"] == true).collect();
    assert_eq!(settled.len(), 3);
    assert!(settled.iter().all(|item| item["person"] == "6"));
    assert_eq!(answer["added"].as_array().map(Vec::len), Some(53));
    Ok(())
}

#[tokio::test]
async fn heads_from_elsewhere_count_and_are_left_alone() -> Result<()> {
    let (_, session) = ward().await?;
    session
        .batch_execute(
            "INSERT INTO workforce.employees (employee_no, name, email, department_id)
             VALUES ('X1', 'Guest', 'guest@example.org', 2);
             INSERT INTO workforce.assignments (shift_id, during, employee_id)
             SELECT shift_id, during, 11 FROM workforce.shifts
             WHERE shift_type = 'night' AND date = '2026-03-24'",
        )
        .await?;
    let answer = json(&session, &format!("SELECT rota.generate_schedule('1', '{SHORT}')")).await?;
    assert_eq!(answer["added"].as_array().map(Vec::len), Some(55));
    assert!(!answer.to_string().contains("\"11\""), "the guest takes no part");
    Ok(())
}

#[tokio::test]
async fn a_rule_that_the_search_does_not_keep_is_told() -> Result<()> {
    let (_, session) = ward().await?;
    session
        .batch_execute(
            r#"INSERT INTO workforce.rules (rule_type, parameters)
               VALUES ('maximum_minutes', '{"maximum_minutes": 780, "per": "window", "window_minutes": 1440}')"#,
        )
        .await?;
    let answer = json(&session, &format!("SELECT rota.generate_schedule('1', '{SHORT}')")).await?;
    let told = &answer["rules_not_searched"][0];
    assert_eq!((&told["rule_type"], &told["id"]), (&"maximum_minutes".into(), &"4".into()));
    Ok(())
}

#[tokio::test]
async fn a_schedule_that_does_not_exist_is_refused_by_its_id() -> Result<()> {
    let (_, session) = ward().await?;
    for (call, code) in [
        ("rota.generate_schedule('77')", "P0002"),
        ("rota.generate_schedule('seven')", "22P02"),
        ("rota.generate_schedule(NULL)", "22004"),
        ("rota.repair_schedule('77')", "P0002"),
        ("rota.explain_schedule('77')", "P0002"),
    ] {
        let refusal = session.refusal(&format!("SELECT {call}")).await?;
        assert_eq!(
            (refusal.sqlstate.as_str(), refusal.column.as_deref()),
            (code, Some("schedule_id")),
            "{call}"
        );
    }
    for options in
        [r#"{"commit": "yes"}"#, r#"{"weights": 3}"#, r#"{"absent": {}}"#, "[]", r#"{"fast": true}"#]
    {
        let refusal = session.refusal(&format!("SELECT rota.generate_schedule('1', '{options}')")).await?;
        assert_eq!(
            (refusal.sqlstate.as_str(), refusal.column.as_deref()),
            ("22023", Some("options")),
            "{options}"
        );
    }
    Ok(())
}
