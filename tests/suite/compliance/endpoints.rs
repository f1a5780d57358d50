//! The rules over HTTP.

use anyhow::Result;
use serde_json::{Value, json};

use crate::api::service::{Service, items};

/// Ada and Ben in a ward in Berlin; Ada works twelve hours on each of five days.
async fn ward() -> Result<Service> {
    let service = Service::start().await?;
    let people = "employee_no,name,email,department,time_zone\n\
                  1,Ada,a@example.org,Ward,Europe/Berlin\n2,Ben,b@example.org,Ward,Europe/Berlin\n";
    service.import("employees", people.as_bytes()).await?;
    let mut shifts = "department,date,shift_type,start_time,end_time,time_zone,required_staff\n".to_owned();
    let mut assignments = "employee_no,date,shift_type\n".to_owned();
    for day in 5..10 {
        shifts.push_str(&format!("Ward,2026-10-{day:02},long,07:00,20:30,Europe/Berlin,1\n"));
        assignments.push_str(&format!("1,2026-10-{day:02},long\n"));
    }
    service.import("shifts", shifts.as_bytes()).await?;
    service.import("assignments", assignments.as_bytes()).await?;
    Ok(service)
}

const WINDOW: &str = "from_date=2026-10-05&to_date=2026-10-12";

#[tokio::test]
async fn a_range_is_judged_by_a_preset_or_by_the_rules_in_force_here() -> Result<()> {
    let service = ward().await?;
    let by_law = service
        .read(&format!(
            "/api/compliance?{WINDOW}&rule_set=eu-working-time&level=violation&time_zone=Europe/Berlin"
        ))
        .await?;
    // Thirteen and a half hours leave ten and a half of each 24: four times before another duty, and after
    // the last one there is time enough.
    let first = &items(&by_law)?[0];
    assert_eq!(first["rule_name"], "B2", "{by_law}");
    assert_eq!((&first["employee_name"], &first["mode"]), (&json!("Ada"), &json!("refuse")));
    assert_eq!(
        (&first["measured"], &first["limit"], &first["unit"]),
        (&json!(630), &json!(660), &json!("minutes"))
    );
    assert_eq!(first["source"], "Article 3");
    assert!(first["assignment_ids"].as_array().is_some_and(|ids| !ids.is_empty()), "{first}");
    assert_eq!(by_law["counts"]["violation"], items(&by_law)?.len());
    let of_ben =
        service.read(&format!("/api/compliance?{WINDOW}&rule_set=eu-working-time&employee_id=2")).await?;
    assert_eq!(items(&of_ben)?.len(), 0);
    // Here only the eleven hours of daily rest are in force, as a rest between duties.
    let here = service.read(&format!("/api/compliance?{WINDOW}")).await?;
    assert!(items(&here)?.iter().all(|item| item["rule_type"] == "rest_period"), "{here}");
    let problem = service.read_problem(&format!("/api/compliance?{WINDOW}&rule_set=atlantis")).await?;
    let found = (problem.code.as_deref(), problem.field.as_deref());
    assert_eq!(found, (Some("22023"), Some("rule_set")), "{}", problem.text());
    Ok(())
}

#[tokio::test]
async fn a_person_has_a_standing_by_each_rule_and_a_team_a_list_of_risks() -> Result<()> {
    let service = ward().await?;
    let standing = service
        .read("/api/employees/1/compliance?from_date=2026-10-05&to_date=2026-10-12&rule_set=eu-working-time")
        .await?;
    assert_eq!((&standing["employee_name"], &standing["compliant"]), (&json!("Ada"), &json!(false)));
    let rule = |name: &str| {
        let rules = standing["rules"].as_array();
        rules
            .and_then(|rules| rules.iter().find(|rule| rule["rule_name"] == name))
            .cloned()
            .unwrap_or_default()
    };
    assert!(rule("B2")["violations"].as_i64().is_some_and(|count| count > 0), "{standing}");
    assert_eq!(rule("B3")["violations"], 0, "{standing}");
    assert!(rule("B1")["left"].is_number(), "{standing}");
    let nobody = "/api/employees/99/compliance?from_date=2026-10-05&to_date=2026-10-12";
    assert_eq!(service.read_problem(nobody).await?.status, 404);
    let risks =
        service.read(&format!("/api/compliance/risks?{WINDOW}&department_id=1&rule_set=acgme")).await?;
    let first = &items(&risks)?[0];
    assert_eq!(first["employee_name"], "Ada", "{risks}");
    assert!(first["minutes_left"].is_number(), "{risks}");
    Ok(())
}

#[tokio::test]
async fn a_preset_is_copied_changed_and_enforced() -> Result<()> {
    let service = ward().await?;
    let sets = service.read("/api/rule-sets").await?;
    let names: Vec<&Value> =
        sets["presets"].as_array().into_iter().flatten().map(|set| &set["rule_set"]).collect();
    assert!(names.contains(&&json!("acgme")), "{sets}");
    let set = service.read("/api/rule-sets/acgme").await?;
    let rules = set["rules"].as_array().map(Vec::len);
    assert!(rules > Some(10), "{set}");
    let copy = json!({"name": "house", "department_id": 1, "mode": "refuse", "valid_from": "2026-01-01"});
    let copied = service.post("/api/rule-sets/flsa/copies", &copy).await?;
    assert_eq!(copied["rule_set"], "house", "{copied}");
    let modes: Vec<&Value> =
        copied["rules"].as_array().into_iter().flatten().map(|rule| &rule["mode"]).collect();
    assert!(modes.contains(&&json!("refuse")) && modes.contains(&&json!("off")), "{copied}");
    let again = service.post_problem("/api/rule-sets/flsa/copies", &copy).await?;
    assert_eq!((again.status, again.code.as_deref()), (409, Some("23505")), "{}", again.text());
    let unknown = service.post_problem("/api/rule-sets/atlantis/copies", &json!({})).await?;
    assert_eq!((unknown.status, unknown.field.as_deref()), (404, Some("preset")), "{}", unknown.text());
    let own = service.read("/api/rule-sets").await?;
    assert_eq!(own["own"][0]["rule_set"], "house", "{own}");
    // Overtime beyond 40 hours a week is now refused at whatever writes the table.
    let session = service.session().await?;
    session
        .batch_execute("SELECT rota.enforce_rules('workforce.assignments', 'employee_id', 'during', 'house')")
        .await?;
    session
        .batch_execute(
            "INSERT INTO workforce.shifts (department_id, shift_type, date, start_time, end_time, time_zone)
            VALUES (1, 'short', '2026-10-10', '09:00', '10:00', 'Europe/Berlin')",
        )
        .await?;
    let shift = session.text("SELECT shift_id FROM workforce.shifts WHERE shift_type = 'short'").await?;
    let shift: i64 = shift.parse()?;
    let book = |employee: i64| json!({"assignments": [{"employee_id": employee, "shift_id": shift}]});
    let refused = service.post_problem("/api/assignments", &book(1)).await?;
    assert_eq!((refused.status, refused.code.as_deref()), (422, Some("23514")), "{}", refused.text());
    service.create("/api/assignments", &book(2)).await?;
    Ok(())
}
