//! A schedule as it stands, taken apart.

use anyhow::Result;

use super::ward::{json, ward};

#[tokio::test]
async fn an_empty_schedule_tells_for_every_head_who_could_take_it() -> Result<()> {
    let (_, session) = ward().await?;
    let answer = json(&session, "SELECT rota.explain_schedule('1')").await?;
    assert_eq!(answer["missing_heads"], 56);
    assert_eq!(answer["open_heads"].as_array().map(Vec::len), Some(42));
    assert_eq!(answer["cost"], 560_000);
    let first = &answer["open_heads"][0];
    let obstacles = first["obstacles"].as_array().cloned().unwrap_or_default();
    let people: usize = obstacles.iter().filter_map(|group| group["people"].as_array().map(Vec::len)).sum();
    assert_eq!(people, 10, "everybody is in one group: {first:#}");
    assert!(obstacles.iter().any(|group| group.to_string().contains("skill")), "{first:#}");
    Ok(())
}

#[tokio::test]
async fn every_soft_violation_is_listed_with_its_cost() -> Result<()> {
    let (_, session) = ward().await?;
    session
        .batch_execute(
            "INSERT INTO workforce.assignments (shift_id, during, employee_id)
             SELECT shift_id, during, 4 FROM workforce.shifts WHERE shift_type = 'early' AND date = '2026-04-01'",
        )
        .await?;
    let answer = json(&session, "SELECT rota.explain_schedule('1')").await?;
    let wishes: Vec<_> =
        answer["violations"].as_array().into_iter().flatten().filter(|item| item["rule"] == "wish").collect();
    assert_eq!(wishes.len(), 1, "{wishes:?}");
    assert_eq!((&wishes[0]["person"], &wishes[0]["cost"]), (&"4".into(), &300.into()));
    let listed: i64 =
        answer["violations"].as_array().into_iter().flatten().filter_map(|item| item["cost"].as_i64()).sum();
    assert_eq!(answer["cost"], listed, "the costs of all violations sum to the cost");
    let people = answer["score"]["by_person"].as_array().cloned().unwrap_or_default();
    assert_eq!(people.len(), 10);
    assert_eq!(
        people.iter().find(|one| one["person"] == "4").map(|one| one["minutes"].clone()),
        Some(450.into())
    );
    assert_eq!(answer["score"]["fairness"]["minutes"]["most"], 450);
    Ok(())
}
