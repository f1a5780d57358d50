//! Repairs: as few changes as possible, frozen work kept.

use std::collections::BTreeSet;

use anyhow::Result;
use rota_tests::session::Session;
use serde_json::Value;

use super::ward::{conflicts, json, ward};

async fn generate(session: &Session) -> Result<()> {
    session
        .batch_execute(r#"SELECT rota.generate_schedule('1', '{"steps": 20000, "commit": true}')"#)
        .await?;
    Ok(())
}

fn changed_people(answer: &Value) -> BTreeSet<String> {
    let people = answer["changed_people"].as_array().cloned().unwrap_or_default();
    people.iter().filter_map(|person| person.as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_drop_out_is_replaced_and_few_others_change() -> Result<()> {
    let (_, session) = ward().await?;
    generate(&session).await?;
    session
        .batch_execute("INSERT INTO workforce.time_off (employee_id, days, kind) VALUES (2, '[2026-03-24,2026-03-28)', 'sick')")
        .await?;
    let lost: usize = session
        .text(
            "SELECT count(*) FROM workforce.assignments AS a JOIN workforce.shifts AS s USING (shift_id)
             WHERE a.employee_id = 2 AND s.date >= '2026-03-24' AND s.date < '2026-03-28'",
        )
        .await?
        .parse()?;
    let answer =
        json(&session, r#"SELECT rota.repair_schedule('1', '{"steps": 20000, "commit": true}')"#).await?;
    assert_eq!(answer["missing_heads"], 0, "{:#}", answer["open_heads"]);
    let changed = changed_people(&answer);
    assert!(changed.contains("2") || lost == 0, "{changed:?}");
    assert!(changed.len() <= lost + 2, "{lost} shifts were lost, {changed:?} changed");
    assert_eq!(conflicts(&session).await?, Vec::<Vec<Option<String>>>::new());
    Ok(())
}

#[tokio::test]
async fn a_repair_without_a_budget_fills_every_head_that_somebody_can_take() -> Result<()> {
    let (_, session) = ward().await?;
    generate(&session).await?;
    session
        .batch_execute("INSERT INTO workforce.time_off (employee_id, days, kind) VALUES (4, '[2026-03-24,2026-04-02)', 'sick')")
        .await?;
    let answer = json(&session, r#"SELECT rota.repair_schedule('1', '{"commit": true}')"#).await?;
    assert_eq!((&answer["missing_heads"], &answer["committed"]), (&0.into(), &true.into()));
    assert_eq!(conflicts(&session).await?, Vec::<Vec<Option<String>>>::new());
    Ok(())
}

#[tokio::test]
async fn a_roster_that_fits_is_left_as_it_is() -> Result<()> {
    let (_, session) = ward().await?;
    generate(&session).await?;
    let answer = json(&session, r#"SELECT rota.repair_schedule('1', '{"steps": 20000}')"#).await?;
    assert_eq!(answer["changes"], Value::Array(Vec::new()));
    Ok(())
}

#[tokio::test]
async fn what_if_somebody_were_absent_writes_nothing() -> Result<()> {
    let (_, session) = ward().await?;
    generate(&session).await?;
    let before = session.text("SELECT count(*) FROM workforce.assignments WHERE binding").await?;
    let answer = json(
        &session,
        r#"SELECT rota.repair_schedule('1', '{"steps": 20000, "absent": [
               {"person": "1", "starts_at": "2026-03-23T00:00:00+01:00", "ends_at": "2026-04-06T00:00:00+02:00"}
           ]}')"#,
    )
    .await?;
    let of_one = answer["assignments"].as_array().into_iter().flatten().any(|item| item["person"] == "1");
    assert!(!of_one, "absent all the time");
    assert_eq!(session.text("SELECT count(*) FROM workforce.assignments WHERE binding").await?, before);
    Ok(())
}

#[tokio::test]
async fn frozen_work_is_kept_even_of_somebody_who_drops_out() -> Result<()> {
    let (_, session) = ward().await?;
    generate(&session).await?;
    session.batch_execute("UPDATE workforce.employees SET active = false WHERE employee_id = 7").await?;
    let held = "SELECT count(*) FROM workforce.assignments AS a JOIN workforce.shifts AS s USING (shift_id)
                WHERE a.employee_id = 7 AND a.binding AND lower(a.during) < '2026-03-30 00:00+02'";
    let before = session.text(held).await?;
    session
        .batch_execute(
            r#"SELECT rota.repair_schedule('1', '{"steps": 20000, "commit": true, "allow_conflicts": true,
                   "freeze_before": "2026-03-30T00:00:00+02:00"}')"#,
        )
        .await?;
    assert_eq!(session.text(held).await?, before, "what is frozen stays");
    let later = held.replace("< '2026", ">= '2026");
    assert_eq!(session.text(&later).await?, "0", "what is not is given to others");
    Ok(())
}

#[tokio::test]
async fn a_shift_that_wants_one_more_gets_one_more() -> Result<()> {
    let (_, session) = ward().await?;
    generate(&session).await?;
    session
        .batch_execute(
            "UPDATE workforce.shifts SET required_staff = 3 WHERE shift_type = 'early' AND date = '2026-03-31'",
        )
        .await?;
    let answer = json(&session, r#"SELECT rota.repair_schedule('1', '{"steps": 20000}')"#).await?;
    assert_eq!(answer["missing_heads"], 0);
    assert!((1..=2).contains(&changed_people(&answer).len()), "{:#}", answer["changes"]);
    Ok(())
}
