//! Schedules that nobody would plan, and options that mean nothing: an answer, or an error that says what is wrong.

use anyhow::Result;
use serde_json::{Value, json};

use super::ward::{SHORT, json, ward};

#[tokio::test]
async fn every_fault_of_a_schedules_options_is_refused_with_its_path() -> Result<()> {
    let (_database, session) = ward().await?;
    let absent = |item: Value| json!({"absent": [{"person": "1"}, item]});
    for (options, message) in [
        (json!({"freeze_before": "soon"}), "options.freeze_before is \"soon\", an instant such as"),
        (json!({"freeze_before": 3}), "options.freeze_before is 3, an instant such as"),
        (absent(json!(7)), "options.absent[1] is 7, {\"person\", \"starts_at\", \"ends_at\"} would be right"),
        (absent(json!({"starts_at": null})), "options.absent[1] has no \"person\""),
        (
            absent(json!({"person": "2", "form": 1})),
            "options.absent[1] has {\"form\": 1}, which is not known",
        ),
        (absent(json!({"person": "77"})), "options.absent[1] names person \"77\", who does not exist"),
        (
            absent(json!({"person": "2", "starts_at": "2026-13-01"})),
            "options.absent[1].starts_at is \"2026-13-01\", an instant such as",
        ),
        (
            absent(json!({"person": 2, "starts_at": "2026-03-24", "ends_at": "2026-03-24"})),
            "options.absent[1] ends at or before its start",
        ),
    ] {
        for call in ["generate_schedule", "repair_schedule", "explain_schedule"] {
            let refusal = session.refusal(&format!("SELECT rota.{call}('1', '{options}')")).await?;
            assert_eq!(
                (refusal.sqlstate.as_str(), refusal.column.as_deref()),
                ("22023", Some("options")),
                "{call} {options}: {refusal:?}"
            );
            assert!(refusal.message.contains(message), "{call} {options}: {refusal:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn who_is_absent_by_the_options_has_no_shift() -> Result<()> {
    let (_database, session) = ward().await?;
    let options = json!({"steps": 2000, "absent": [
        {"person": 4}, {"person": "5", "starts_at": "2026-03-30T00:00:00+02:00", "ends_at": null}
    ]});
    let answer = json(&session, &format!("SELECT rota.generate_schedule('1', '{options}')")).await?;
    for item in answer["assignments"].as_array().into_iter().flatten() {
        assert!(item["person"] != "4", "{item}");
        assert!(item["person"] != "5" || item["date"].as_str() < Some("2026-03-30"), "{item}");
    }
    Ok(())
}

#[tokio::test]
async fn a_schedule_without_people_or_without_shifts_has_an_answer() -> Result<()> {
    let (_database, session) = ward().await?;
    session.batch_execute("UPDATE workforce.employees SET active = false").await?;
    for call in ["generate_schedule", "repair_schedule"] {
        let answer = json(&session, &format!("SELECT rota.{call}('1', '{SHORT}')")).await?;
        assert_eq!((&answer["missing_heads"], &answer["added"]), (&json!(56), &json!([])), "{call}");
        assert_eq!(answer["feasible"], true, "{call}");
    }
    session.batch_execute("UPDATE workforce.shifts SET active = false").await?;
    for options in [SHORT, r#"{"time_ms": 50, "commit": true}"#] {
        let answer = json(&session, &format!("SELECT rota.generate_schedule('1', '{options}')")).await?;
        assert_eq!((&answer["missing_heads"], &answer["cost"]), (&json!(0), &json!(0)));
    }
    session.batch_execute("UPDATE workforce.employees SET active = true").await?;
    let answer =
        json(&session, r#"SELECT rota.generate_schedule('1', '{"time_ms": 50, "commit": true}')"#).await?;
    assert_eq!((&answer["missing_heads"], &answer["assignments"]), (&json!(0), &json!([])));
    let explained = json(&session, "SELECT rota.explain_schedule('1')").await?;
    assert_eq!((&explained["cost"], &explained["open_heads"]), (&json!(0), &json!([])));
    Ok(())
}

#[tokio::test]
async fn shifts_that_want_what_nobody_knows_stay_open_and_say_so() -> Result<()> {
    let (_database, session) = ward().await?;
    session
        .batch_execute(
            "INSERT INTO workforce.qualifications (code, name) VALUES ('diver', 'Diver');
             UPDATE workforce.shifts SET required_qualifications = '{diver}'
             WHERE shift_type = 'night' AND date = '2026-03-25'",
        )
        .await?;
    let answer = json(&session, &format!("SELECT rota.generate_schedule('1', '{SHORT}')")).await?;
    let open = &answer["open_heads"];
    assert_eq!((&answer["missing_heads"], &open[0]["date"]), (&json!(1), &json!("2026-03-25")));
    assert!(open[0]["obstacles"].to_string().contains("\"skill\""), "{open}");
    Ok(())
}

#[tokio::test]
async fn schedules_of_years_have_an_answer_and_those_of_decades_are_refused() -> Result<()> {
    let (_database, session) = ward().await?;
    session
        .batch_execute(
            "INSERT INTO workforce.schedules (department_id, period)
             VALUES (1, '[2026-03-01,2031-03-01)'), (1, '[2026-03-01,2056-03-01)')",
        )
        .await?;
    session.batch_execute("SET statement_timeout = '50 s'").await?;
    let years = r#"SELECT rota.generate_schedule('2', '{"time_ms": 500, "explain": false}')"#;
    let answer = json(&session, years).await?;
    assert!(answer["broken_hard"].is_i64(), "{answer}");
    let refusal = session.refusal("SELECT rota.generate_schedule('3')").await?;
    assert_eq!(refusal.sqlstate, "54000");
    assert!(refusal.message.contains("at most 3660 are one roster"), "{refusal:?}");
    Ok(())
}
