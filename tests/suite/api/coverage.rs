//! Coverage by day.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::random_roster;
use super::service::{Service, items, number};

#[tokio::test]
async fn coverage_is_what_a_naive_count_over_the_listed_shifts_gives() -> Result<()> {
    let service = Service::start().await?;
    random_roster::fill(&service, 5).await?;
    let department = service.read("/api/departments?page_size=1&sort=-name").await?;
    let department_id = number(&items(&department)?[0]["department_id"])?;
    for filter in [String::new(), format!("&department_id={department_id}")] {
        let window = format!("from_date=2026-10-07&to_date=2026-10-20{filter}");
        let shifts = service
            .read(&format!("/api/shifts?{window}&fields=date,required_staff,assigned_staff&page_size=1000"))
            .await?;
        let mut days: BTreeMap<String, [i64; 5]> = BTreeMap::new();
        for shift in items(&shifts)? {
            let (required, assigned) = (number(&shift["required_staff"])?, number(&shift["assigned_staff"])?);
            let day = days.entry(shift["date"].as_str().context("no date")?.to_owned()).or_default();
            let heads = [1, required, assigned, (required - assigned).max(0), (assigned - required).max(0)];
            day.iter_mut().zip(heads).for_each(|(sum, part)| *sum += part);
        }
        let coverage = service.read(&format!("/api/coverage?{window}")).await?;
        let expected: Vec<Value> = days.iter().map(|(date, heads)| in_words(heads, Some(date))).collect();
        assert_eq!(items(&coverage)?, &expected);
        let totals = days.values().fold([0; 5], |sums, day| std::array::from_fn(|at| sums[at] + day[at]));
        assert_eq!(coverage["totals"], in_words(&totals, None));
        assert!(totals[3] > 0 && totals[4] > 0, "the sample is neither short nor over: {totals:?}");
    }
    Ok(())
}

fn in_words([shifts, required, assigned, missing, surplus]: &[i64; 5], date: Option<&str>) -> Value {
    let mut day = json!({
        "shifts": shifts, "required": required, "assigned": assigned, "missing": missing, "surplus": surplus,
    });
    if let Some(date) = date {
        day["date"] = json!(date);
    }
    day
}

#[tokio::test]
async fn neither_cancelled_people_nor_called_off_shifts_cover_anything() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let kept = service.shift(department_id, "2026-10-05", "22:00", "06:00").await?;
    let dropped = service.shift(department_id, "2026-10-05", "06:00", "14:00").await?;
    let assignment = service.book(employee_id, kept).await?;
    service.post(&format!("/api/shifts/{dropped}/deactivate"), &json!({})).await?;
    let target = "/api/coverage?from_date=2026-10-05&to_date=2026-10-07";
    let expected = json!([in_words(&[1, 1, 1, 0, 0], Some("2026-10-05"))]);
    assert_eq!(service.read(target).await?["items"], expected, "the night belongs to its first date");
    service
        .change(&format!("/api/assignments/{}", assignment["assignment_id"]), &json!({"status": "cancelled"}))
        .await?;
    assert_eq!(service.read(target).await?["totals"], in_words(&[1, 1, 0, 1, 0], None));
    Ok(())
}

#[tokio::test]
async fn open_heads_are_shown_slot_by_slot_of_the_clock() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    service.shift(department_id, "2026-10-24", "22:00", "03:30").await?;
    let booked = service.shift(department_id, "2026-10-24", "23:30", "01:30").await?;
    service.book(employee_id, booked).await?;
    let slots = async |target: &str| -> Result<Vec<String>> {
        let coverage = service.read(&format!("/api/coverage/slots?{target}")).await?;
        let row = |slot: &Value| {
            format!(
                "{} {} {} {} {}",
                slot["local_start"].as_str().unwrap_or_default(),
                slot["required"],
                slot["assigned"],
                slot["missing"],
                slot["missing_minutes"]
            )
        };
        Ok(items(&coverage)?.iter().map(row).collect())
    };
    let window = "from_date=2026-10-25&to_date=2026-10-26&time_zone=Europe/Berlin";
    let day = slots(window).await?;
    assert_eq!(day.len(), 25, "the clocks go back");
    assert_eq!(
        day[..6],
        [
            "2026-10-25T00:00:00 2 1 1 60",
            "2026-10-25T01:00:00 2 0 1 60",
            "2026-10-25T02:00:00 1 0 1 60",
            "2026-10-25T02:00:00 1 0 1 60",
            "2026-10-25T03:00:00 1 0 1 30",
            "2026-10-25T04:00:00 0 0 0 0",
        ]
    );
    let nobody = slots(&format!("{window}&department_id=0&slot_minutes=720")).await?;
    assert_eq!(nobody, ["2026-10-25T00:00:00 0 0 0 0", "2026-10-25T12:00:00 0 0 0 0"]);
    let problem = service.read_problem(&format!("/api/coverage/slots?{window}&slot_minutes=1")).await?;
    assert_eq!((problem.status, problem.field.as_deref()), (400, Some("slot_minutes")));
    Ok(())
}
