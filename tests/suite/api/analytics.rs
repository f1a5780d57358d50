//! Hours and overtime, recounted from the listed assignments.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use chrono::{Datelike, Days, NaiveDate};
use serde_json::{Value, json};

use super::random_roster;
use super::service::{Service, items, number};

const MEASURES: [&str; 4] = ["assignments", "elapsed_minutes", "worked_minutes", "overtime_minutes"];

/// What [`MEASURES`] names, in that order.
type Sums = [i64; 4];

/// A binding assignment as it is listed.
struct Duty {
    employee_id: i64,
    date: NaiveDate,
    elapsed_minutes: i64,
    worked_minutes: i64,
}

/// The people's weekly minutes and the duties of a department or of all, without any window.
async fn listed(service: &Service, department: &str) -> Result<(BTreeMap<i64, i64>, Vec<Duty>)> {
    let mut weekly_minutes = BTreeMap::new();
    for active in [true, false] {
        let target =
            format!("/api/employees?fields=employee_id,weekly_minutes&page_size=1000&active={active}");
        for person in items(&service.read(&target).await?)? {
            weekly_minutes.insert(number(&person["employee_id"])?, number(&person["weekly_minutes"])?);
        }
    }
    let fields = "employee_id,date,elapsed_minutes,worked_minutes,binding";
    let answer =
        service.read(&format!("/api/assignments?fields={fields}&page_size=1000{department}")).await?;
    anyhow::ensure!(answer["has_more"] == false, "more than one page");
    let duty = |item: &Value| {
        Ok(Duty {
            employee_id: number(&item["employee_id"])?,
            date: item["date"].as_str().context("no date")?.parse()?,
            elapsed_minutes: number(&item["elapsed_minutes"])?,
            worked_minutes: number(&item["worked_minutes"])?,
        })
    };
    let duties =
        items(&answer)?.iter().filter(|item| item["binding"] == true).map(duty).collect::<Result<_>>()?;
    Ok((weekly_minutes, duties))
}

/// By employee and Monday: the sums of a window, counted one duty after another.
fn recount(
    weekly_minutes: &BTreeMap<i64, i64>,
    duties: &[Duty],
    from_date: NaiveDate,
    to_date: NaiveDate,
) -> BTreeMap<(i64, NaiveDate), Sums> {
    let mut sums: BTreeMap<(i64, NaiveDate), Sums> = BTreeMap::new();
    let mut worked_in_week: BTreeMap<(i64, NaiveDate), i64> = BTreeMap::new();
    let mut in_order: Vec<&Duty> = duties.iter().filter(|duty| duty.date < to_date).collect();
    in_order.sort_by_key(|duty| duty.date);
    for duty in in_order {
        let week =
            (duty.employee_id, duty.date - Days::new(duty.date.weekday().num_days_from_monday().into()));
        let worked = worked_in_week.entry(week).or_default();
        let limit = weekly_minutes[&duty.employee_id];
        let overtime = (*worked + duty.worked_minutes - limit).max(0) - (*worked - limit).max(0);
        *worked += duty.worked_minutes;
        if duty.date >= from_date {
            let parts = [1, duty.elapsed_minutes, duty.worked_minutes, overtime];
            sums.entry(week).or_default().iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        }
    }
    sums
}

/// Sums by a part of the key.
fn grouped<K: Ord>(
    sums: &BTreeMap<(i64, NaiveDate), Sums>,
    key: impl Fn(&(i64, NaiveDate)) -> K,
) -> BTreeMap<K, Sums> {
    let mut groups: BTreeMap<K, Sums> = BTreeMap::new();
    for (place, parts) in sums {
        groups.entry(key(place)).or_default().iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
    }
    groups
}

fn measured(item: &Value) -> Result<Sums> {
    let mut sums = [0; 4];
    for (sum, measure) in sums.iter_mut().zip(MEASURES) {
        *sum = number(&item[measure]).context(measure)?;
    }
    Ok(sums)
}

#[tokio::test]
async fn hours_and_overtime_by_person_and_week_are_those_of_a_naive_recount() -> Result<()> {
    let service = Service::start().await?;
    random_roster::fill(&service, 77).await?;
    let windows = [("2026-10-05", "2026-10-26"), ("2026-10-08", "2026-10-23"), ("2026-10-14", "2026-10-15")];
    for department in ["", "&department_id=3"] {
        let (weekly_minutes, duties) = listed(&service, department).await?;
        for (from_date, to_date) in windows {
            let sums = recount(&weekly_minutes, &duties, from_date.parse()?, to_date.parse()?);
            let target =
                format!("/api/analytics/overview?from_date={from_date}&to_date={to_date}{department}");
            let overview = service.read(&target).await?;

            let by_employee: BTreeMap<i64, Sums> = overview["by_employee"]
                .as_array()
                .context("no by_employee")?
                .iter()
                .map(|item| Ok((number(&item["employee_id"])?, measured(item)?)))
                .collect::<Result<_>>()?;
            assert_eq!(by_employee, grouped(&sums, |(employee_id, _)| *employee_id), "{target}");
            let by_week: BTreeMap<NaiveDate, Sums> = overview["by_week"]
                .as_array()
                .context("no by_week")?
                .iter()
                .map(|item| Ok((item["week_start"].as_str().context("no week")?.parse()?, measured(item)?)))
                .collect::<Result<_>>()?;
            assert_eq!(by_week, grouped(&sums, |(_, monday)| *monday), "{target}");
            let totals = grouped(&sums, |_| ()).remove(&()).unwrap_or_default();
            assert_eq!(measured(&overview["totals"])?, totals);
            assert_eq!(overview["totals"]["employees"], json!(by_employee.len()));
            if department.is_empty() && from_date == "2026-10-05" {
                assert!(totals[3] > 0, "the sample has no overtime");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn overtime_of_windows_laid_end_to_end_adds_up_to_the_whole() -> Result<()> {
    let service = Service::start().await?;
    random_roster::fill(&service, 78).await?;
    let overtime = async |from_date: &str, to_date: &str| -> Result<i64> {
        let target = format!("/api/analytics/overview?from_date={from_date}&to_date={to_date}");
        number(&service.read(&target).await?["totals"]["overtime_minutes"])
    };
    let seams = ["2026-10-05", "2026-10-07", "2026-10-10", "2026-10-18", "2026-10-22", "2026-10-26"];
    let mut parts = 0;
    for seam in seams.windows(2) {
        parts += overtime(seam[0], seam[1]).await?;
    }
    assert_eq!(parts, overtime(seams[0], seams[5]).await?);
    Ok(())
}

#[tokio::test]
async fn minutes_in_the_night_band_are_those_that_a_clock_on_the_wall_shows() -> Result<()> {
    let service = Service::start().await?;
    random_roster::fill(&service, 79).await?;
    let session = service.session().await?;
    for (band_start, band_end) in [("22:00", "06:00"), ("02:00", "03:00"), ("12:30", "18:00")] {
        let minutes = session
            .text(&format!(
                "SELECT count(*)
                 FROM workforce.assignments JOIN workforce.shifts USING (shift_id)
                     CROSS JOIN LATERAL generate_series(
                         lower(shifts.during), upper(shifts.during) - interval '1 minute', interval '1 minute'
                     ) AS minute
                     CROSS JOIN LATERAL (SELECT (minute AT TIME ZONE time_zone)::time AS clock) AS wall
                 WHERE binding AND date >= '2026-10-12' AND date < '2026-10-26'
                     AND CASE
                         WHEN time '{band_start}' < time '{band_end}'
                             THEN clock >= '{band_start}' AND clock < '{band_end}'
                         ELSE clock >= '{band_start}' OR clock < '{band_end}'
                     END"
            ))
            .await?;
        let target = format!(
            "/api/analytics/overview?from_date=2026-10-12&to_date=2026-10-26\
             &band_start={band_start}&band_end={band_end}"
        );
        let overview = service.read(&target).await?;
        assert_eq!(overview["totals"]["band_minutes"], minutes.parse::<i64>()?, "{band_start} to {band_end}");
    }
    Ok(())
}

#[tokio::test]
async fn the_people_shown_are_those_with_most_overtime_and_the_totals_hold_everybody() -> Result<()> {
    let service = Service::start().await?;
    random_roster::fill(&service, 80).await?;
    let target = "/api/analytics/overview?from_date=2026-10-05&to_date=2026-10-26";
    let all = service.read(target).await?;
    let some = service.read(&format!("{target}&employee_limit=3")).await?;
    let everybody = all["by_employee"].as_array().context("no by_employee")?;
    assert!(everybody.is_sorted_by_key(|item| std::cmp::Reverse(item["overtime_minutes"].as_i64())));
    assert_eq!(some["by_employee"].as_array().map(Vec::as_slice), everybody.get(..3));
    assert_eq!((&some["has_more"], &all["has_more"]), (&json!(true), &json!(false)));
    assert_eq!((&some["totals"], &some["by_week"]), (&all["totals"], &all["by_week"]));
    Ok(())
}
