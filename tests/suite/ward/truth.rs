//! What the API says about the ward, against what was computed independently.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::files::{WINDOW, truth, ward};
use crate::api::service::{Service, items, number};

/// The kinds of conflict of the whole ward with a minimum rest of so many hours.
async fn conflicts(service: &Service, hours: i64) -> Result<Value> {
    let minutes = hours * 60;
    let target =
        format!("/api/conflicts?{WINDOW}&time_zone=Europe/Berlin&minimum_rest_minutes={minutes}&limit=10000");
    service.read(&target).await
}

/// How many conflicts of a kind there are.
fn count(answer: &Value, kind: &str) -> i64 {
    answer["counts"][kind].as_i64().unwrap_or(0)
}

#[tokio::test]
async fn people_shifts_and_assignments_are_as_many_as_in_the_files() -> Result<()> {
    let service = ward().await?;
    let truth = truth()?;
    let lists = [
        ("employees", "/api/employees?".to_owned()),
        ("shifts", format!("/api/shifts?{WINDOW}")),
        ("assignments", format!("/api/assignments?{WINDOW}")),
    ];
    for (noun, target) in lists {
        let page = service.read(&format!("{target}&total=exact&page_size=1")).await?;
        assert_eq!(page["total"], json!({"count": truth[noun], "exact": true}), "{noun}");
        let beyond = target.split('?').next().unwrap_or_default();
        let all = service.read(&format!("{beyond}?total=exact&page_size=1")).await?;
        assert_eq!(all["total"]["count"], truth[noun], "{noun} outside of the four weeks");
    }
    Ok(())
}

#[tokio::test]
async fn minutes_are_those_of_the_file_in_all_per_person_and_at_night() -> Result<()> {
    let service = ward().await?;
    let truth = truth()?;
    let overview = service.read(&format!("/api/analytics/overview?{WINDOW}")).await?;
    let totals = &overview["totals"];
    assert_eq!(totals["employees"], truth["employees"]);
    assert_eq!(totals["shifts"], truth["shifts"]);
    assert_eq!(totals["assignments"], truth["assignments"]);
    assert_eq!(totals["elapsed_minutes"], truth["elapsed_minutes_total"]);
    assert_eq!(totals["worked_minutes"], truth["elapsed_minutes_total"], "nobody has a break");
    assert_eq!(totals["band_minutes"], truth["night_minutes_22_06"]);

    let minutes: BTreeMap<&str, &Value> = overview["by_employee"]
        .as_array()
        .context("no by_employee")?
        .iter()
        .filter_map(|person| Some((person["employee_no"].as_str()?, &person["elapsed_minutes"])))
        .collect();
    assert_eq!(json!(minutes), truth["elapsed_minutes_by_employee"]);

    let by_week: i64 = overview["by_week"]
        .as_array()
        .context("no by_week")?
        .iter()
        .map(|week| number(&week["elapsed_minutes"]))
        .sum::<Result<_>>()?;
    assert_eq!(json!(by_week), truth["elapsed_minutes_total"]);
    Ok(())
}

#[tokio::test]
async fn the_roster_of_each_person_adds_up_to_their_minutes() -> Result<()> {
    let service = ward().await?;
    let truth = truth()?;
    let people = service.read("/api/employees?fields=employee_id,employee_no&page_size=1000").await?;
    for person in items(&people)? {
        let target = format!("/api/employees/{}/roster?{WINDOW}", person["employee_id"]);
        let roster = service.read(&target).await?;
        let employee_no = person["employee_no"].as_str().context("no number")?;
        assert_eq!(
            roster["totals"]["elapsed_minutes"], truth["elapsed_minutes_by_employee"][employee_no],
            "{employee_no}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn overlaps_rests_and_heads_are_as_computed_independently() -> Result<()> {
    let service = ward().await?;
    let truth = truth()?;
    let strict = conflicts(&service, 11).await?;
    assert_eq!(count(&strict, "overlap"), number(&truth["overlaps"])?);
    assert_eq!(count(&strict, "insufficient_rest"), number(&truth["rest_under_11h"])?);
    assert_eq!(strict["heads"]["missing"], truth["missing_heads"]);
    assert_eq!(strict["heads"]["surplus"], truth["surplus_heads"]);
    let lax = conflicts(&service, 8).await?;
    assert_eq!(count(&lax, "insufficient_rest"), number(&truth["rest_under_8h"])?);

    let by_rule =
        service.read(&format!("/api/conflicts?{WINDOW}&time_zone=Europe/Berlin&limit=10000")).await?;
    assert_eq!(by_rule["counts"], strict["counts"], "eleven hours are the rule that comes with the tables");
    Ok(())
}

#[tokio::test]
async fn the_only_work_on_a_day_off_is_the_end_of_a_night_that_began_before_it() -> Result<()> {
    let service = ward().await?;
    let found =
        service.read(&format!("/api/conflicts?{WINDOW}&time_zone=Europe/Berlin&kind=time_off")).await?;
    let times: Vec<_> = items(&found)?.iter().map(|item| item["minutes"].as_i64()).collect();
    // Six nights of the files precede a day off, and each has six hours of it.
    assert_eq!(times, [Some(360); 6]);
    Ok(())
}

#[tokio::test]
async fn coverage_by_day_misses_and_exceeds_as_many_heads() -> Result<()> {
    let service = ward().await?;
    let truth = truth()?;
    let coverage = service.read(&format!("/api/coverage?{WINDOW}")).await?;
    assert_eq!(items(&coverage)?.len(), 28);
    assert_eq!(coverage["totals"]["missing"], truth["missing_heads"]);
    assert_eq!(coverage["totals"]["surplus"], truth["surplus_heads"]);
    assert_eq!(coverage["totals"]["assigned"], truth["assignments"]);
    Ok(())
}

#[tokio::test]
async fn the_night_in_which_summer_time_ends_is_an_hour_longer() -> Result<()> {
    let service = ward().await?;
    let fields = "fields=elapsed_minutes,starts_at,ends_at";
    let night = service
        .read(&format!("/api/shifts?from_date=2026-10-24&to_date=2026-10-25&shift_type=p2&{fields}"))
        .await?;
    let expected = json!([{
        "elapsed_minutes": 540,
        "starts_at": "2026-10-24T20:00:00+00:00",
        "ends_at": "2026-10-25T05:00:00+00:00",
    }]);
    assert_eq!(night["items"], expected);
    Ok(())
}

#[tokio::test]
async fn the_ward_walked_in_pages_is_the_whole_ward() -> Result<()> {
    let service = ward().await?;
    let mut minutes = 0;
    let mut rows = 0;
    let mut cursor = String::new();
    loop {
        let target = format!("/api/assignments?{WINDOW}&fields=elapsed_minutes&page_size=37{cursor}");
        let page = service.read(&target).await?;
        for item in items(&page)? {
            minutes += number(&item["elapsed_minutes"])?;
            rows += 1;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let truth = truth()?;
    assert_eq!(
        (json!(rows), json!(minutes)),
        (truth["assignments"].clone(), truth["elapsed_minutes_total"].clone())
    );
    Ok(())
}
