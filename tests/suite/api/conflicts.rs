//! Conflicts of a range, and what a booking would add to them.

use anyhow::Result;
use serde_json::{Value, json};

use super::random_roster;
use super::samples::booking;
use super::service::{Service, items, number};

/// The only conflict of a kind, with what it measures.
fn only<'a>(answer: &'a Value, kind: &str) -> Result<&'a Value> {
    let found: Vec<_> = items(answer)?.iter().filter(|item| item["kind"] == kind).collect();
    anyhow::ensure!(found.len() == 1, "{} of {kind}: {answer}", found.len());
    Ok(found[0])
}

#[tokio::test]
async fn every_kind_of_conflict_is_reported_with_what_was_measured() -> Result<()> {
    let service = Service::start().await?;
    let csv = "employee_no,name,email,department,qualifications,time_zone\n\
               1,Ada,a@example.org,Ward,icu,Europe/Berlin\n2,Ben,b@example.org,Ward,,Europe/Berlin\n";
    service.import("employees", csv.as_bytes()).await?;
    let shifts = "department,date,shift_type,start_time,end_time,time_zone,required_staff,\
                  required_qualifications\n\
                  Ward,2026-10-05,late,14:00,22:00,Europe/Berlin,1,\n\
                  Ward,2026-10-06,early,06:00,14:00,Europe/Berlin,1,\n\
                  Ward,2026-10-08,icu,06:00,14:00,Europe/Berlin,1,icu\n\
                  Ward,2026-10-09,day,08:00,16:00,Europe/Berlin,3,\n\
                  Ward,2026-10-10,day,08:00,16:00,Europe/Berlin,1,\n";
    service.import("shifts", shifts.as_bytes()).await?;
    let assignments = "employee_no,date,shift_type\n1,2026-10-05,late\n1,2026-10-06,early\n2,2026-10-08,icu\n\
                       1,2026-10-09,day\n1,2026-10-10,day\n2,2026-10-10,day\n";
    service.import("assignments", assignments.as_bytes()).await?;
    service.import("time-off", b"employee_no,date,kind\n1,2026-10-09,leave\n").await?;

    let found = service
        .read("/api/conflicts?from_date=2026-10-05&to_date=2026-10-12&time_zone=Europe/Berlin")
        .await?;
    let kinds = json!({
        "insufficient_rest": 1, "time_off": 1, "missing_qualification": 1,
        "understaffed": 1, "overstaffed": 1,
    });
    assert_eq!(found["counts"], kinds, "{found}");
    assert_eq!(found["heads"], json!({"missing": 2, "surplus": 1}));
    let rest = only(&found, "insufficient_rest")?;
    assert_eq!((&rest["measured"], &rest["limit"]), (&json!(480), &json!(660)));
    assert_eq!(
        (&rest["starts_at"], &rest["level"]),
        (&json!("2026-10-05T20:00:00+00:00"), &json!("violation"))
    );
    assert_eq!(only(&found, "time_off")?["minutes"], 480);
    assert_eq!(only(&found, "missing_qualification")?["employee_name"], "Ben");
    let few = only(&found, "understaffed")?;
    assert_eq!((&few["measured"], &few["limit"], &few["department"]), (&json!(1), &json!(3), &json!("Ward")));
    let many = only(&found, "overstaffed")?;
    assert_eq!(
        (&many["measured"], &many["limit"], &many["level"]),
        (&json!(2), &json!(1), &json!("advisory"))
    );
    assert!(items(&found)?.iter().all(|item| item["message"].is_string()));
    Ok(())
}

#[tokio::test]
async fn conflicts_are_narrowed_by_person_kind_rest_and_number() -> Result<()> {
    let service = Service::start().await?;
    random_roster::fill(&service, 23).await?;
    let window = "from_date=2026-10-05&to_date=2026-10-26&time_zone=Europe/Berlin";
    let all = service.read(&format!("/api/conflicts?{window}&limit=10000")).await?;
    let everything = items(&all)?;
    let rests: Vec<_> = everything.iter().filter(|item| item["kind"] == "insufficient_rest").collect();
    assert!(rests.len() > 1, "the sample has too little conflict");
    let person = &rests[0]["employee_id"];

    let of_person =
        service.read(&format!("/api/conflicts?{window}&employee_id={person}&limit=10000")).await?;
    let expected: Vec<_> = everything.iter().filter(|item| &item["employee_id"] == person).collect();
    assert_eq!(items(&of_person)?.iter().collect::<Vec<_>>(), expected);

    let of_kind =
        service.read(&format!("/api/conflicts?{window}&kind=insufficient_rest&limit=10000")).await?;
    assert_eq!(items(&of_kind)?.iter().collect::<Vec<_>>(), rests);
    assert_eq!(of_kind["counts"], json!({"insufficient_rest": rests.len()}));

    let first = service.read(&format!("/api/conflicts?{window}&limit=1")).await?;
    assert_eq!((items(&first)?.len(), &first["has_more"]), (1, &json!(true)));
    assert_eq!((&first["counts"], &first["items"][0]), (&all["counts"], &everything[0]));

    let shorter: usize = rests.iter().filter(|rest| rest["measured"].as_i64() < Some(300)).count();
    let lax = service
        .read(&format!("/api/conflicts?{window}&kind=insufficient_rest&minimum_rest_minutes=300&limit=10000"))
        .await?;
    assert_eq!(items(&lax)?.len(), shorter);
    Ok(())
}

#[tokio::test]
async fn the_check_finds_what_the_booking_is_then_refused_for_or_causes() -> Result<()> {
    let service = Service::start().await?;
    random_roster::fill(&service, 42).await?;
    let session = service.session().await?;
    let candidates = session
        .rows(
            "SELECT employee_id, shift_id
             FROM workforce.employees CROSS JOIN workforce.shifts AS shift
             WHERE employees.active AND shift.active AND NOT EXISTS (
                 SELECT FROM workforce.assignments AS assignment
                 WHERE assignment.shift_id = shift.shift_id
                     AND assignment.employee_id = employees.employee_id)
             ORDER BY md5(employee_id || ' ' || shift_id)
             LIMIT 60",
        )
        .await?;
    let window = "/api/conflicts?from_date=2026-09-01&to_date=2026-12-01&limit=10000";
    let (mut refused, mut troubled) = (0, 0);
    for candidate in candidates {
        let [Some(employee_id), Some(shift_id)] = &candidate[..] else { anyhow::bail!("{candidate:?}") };
        let body = json!({"assignments": [booking(employee_id.parse()?, shift_id.parse()?)]});
        let check = service.post("/api/assignments/check", &body).await?;
        let overlaps = items(&check)?.iter().any(|item| item["kind"] == "overlap");

        let before = service.read(window).await?;
        let answer = service.proxy.post("/api/assignments", &body).await?;
        assert_eq!(answer.status == 409, overlaps, "{} after {check}", answer.text());
        if overlaps {
            refused += 1;
            continue;
        }
        let after = service.read(window).await?;
        let added = |kind: &str| -> Result<i64> {
            let count = |answer: &Value| answer["counts"][kind].as_i64().unwrap_or(0);
            Ok(count(&after) - count(&before))
        };
        // A rest that the booking cuts in two was one conflict and may become another.
        for kind in ["time_off", "missing_qualification", "overstaffed"] {
            let found = items(&check)?.iter().filter(|item| item["kind"] == kind).count();
            let staffed_over_already = kind == "overstaffed" && added(kind)? == 0;
            assert!(staffed_over_already || added(kind)? == i64::try_from(found)?, "{kind}: {check}");
            troubled += found;
        }
        for conflict in items(&check)?.iter().filter(|item| item["kind"] == "insufficient_rest") {
            let stands = items(&after)?.iter().any(|item| {
                item["kind"] == "insufficient_rest"
                    && item["employee_id"] == conflict["employee_id"]
                    && item["starts_at"] == conflict["starts_at"]
                    && item["measured"] == conflict["measured"]
            });
            assert!(stands, "{conflict} is not among {after}");
        }
        let id = &serde_json::from_slice::<Value>(&answer.body)?["items"][0]["assignment_id"];
        service.delete(&format!("/api/assignments/{id}")).await?;
    }
    assert!(refused > 0 && troubled > 0, "the sample is too peaceful: {refused} {troubled}");
    Ok(())
}

#[tokio::test]
async fn the_check_writes_nothing_and_sees_the_batch_itself() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let early = service.shift(department_id, "2026-10-05", "06:00", "14:00").await?;
    let day = service.shift(department_id, "2026-10-05", "08:00", "16:00").await?;
    let body = json!({"assignments": [booking(employee_id, early), booking(employee_id, day)]});
    let check = service.post("/api/assignments/check", &body).await?;
    let overlap = only(&check, "overlap")?;
    assert_eq!((&overlap["minutes"], &overlap["employee_name"]), (&json!(360), &json!("Person 1")));
    assert!(number(&check["violations"])? >= 1);
    assert_eq!(service.read("/api/assignments").await?["items"], json!([]));

    let unplanned = json!({"assignments": [
        booking(employee_id, early),
        {"employee_id": employee_id, "starts_at": "2026-10-05T14:00:00Z", "ends_at": "2026-10-05T20:00:00Z"},
    ]});
    let check = service.post("/api/assignments/check", &unplanned).await?;
    assert_eq!(only(&check, "insufficient_rest")?["measured"], 120, "a shift that does not exist yet");
    Ok(())
}

#[tokio::test]
async fn hours_and_days_beyond_a_rule_are_reported_with_the_rule_that_says_so() -> Result<()> {
    let service = Service::start().await?;
    let session = service.session().await?;
    let department_id = service.department("Ward", None).await?;
    let employee_id = service.employee("1", department_id).await?;
    let mut shifts = Vec::new();
    for day in 5..12 {
        shifts.push(service.shift(department_id, &format!("2026-10-{day:02}"), "06:00", "15:00").await?);
    }
    for shift_id in &shifts[..6] {
        service.book(employee_id, *shift_id).await?;
    }
    session
        .batch_execute(
            "INSERT INTO workforce.rules (rule_type, parameters, level)
            VALUES
                ('maximum_minutes', '{\"maximum_minutes\": 480, \"per\": \"day\"}', 'advisory'),
                ('maximum_minutes', '{\"maximum_minutes\": 3300, \"per\": \"week\"}', 'violation'),
                ('consecutive_days', '{\"maximum_days\": 6}', 'warning')",
        )
        .await?;
    let window = "/api/conflicts?from_date=2026-10-07&to_date=2026-10-08&time_zone=Europe/Berlin";
    let found = service.read(&format!("{window}&kind=excessive_hours")).await?;
    let hours = only(&found, "excessive_hours")?;
    assert_eq!(
        (&hours["measured"], &hours["limit"], &hours["rule_id"]),
        (&json!(540), &json!(480), &json!(2))
    );
    assert_eq!(hours["message"], "Person 1 works 9 h on 2026-10-07, 8 h at most");
    assert_eq!(hours["starts_at"], "2026-10-06T22:00:00+00:00", "the day is that of Berlin");

    // One more day is a day too many, and hours too many in the week.
    let body = json!({"assignments": [booking(employee_id, shifts[6])]});
    let check = service.post("/api/assignments/check", &body).await?;
    let messages: Vec<&Value> = items(&check)?.iter().map(|item| &item["message"]).collect();
    let expected = [
        "Person 1 works 7 days in a row, 2026-10-05 to 2026-10-11, 6 days at most",
        "Person 1 works 63 h in the week from 2026-10-05, 55 h at most",
        "Person 1 works 9 h on 2026-10-11, 8 h at most",
    ];
    assert_eq!(messages, expected);
    assert_eq!(check["violations"], 1);

    // In place of the first of them it adds a day, and no more hours.
    let first = service.read(&format!("/api/assignments?employee_id={employee_id}&page_size=1")).await?;
    let replaces = &items(&first)?[0]["assignment_id"];
    let body = json!({"assignments": [
        {"employee_id": employee_id, "shift_id": shifts[6], "replaces": replaces},
    ]});
    let check = service.post("/api/assignments/check", &body).await?;
    let kinds: Vec<&Value> = items(&check)?.iter().map(|item| &item["kind"]).collect();
    assert_eq!(kinds, ["excessive_hours", "understaffed"], "{check}");
    Ok(())
}

/// Conflicts as a check shows them: it leaves out the name of the department.
fn without_department(answer: &Value) -> Result<Vec<Value>> {
    let mut found = items(answer)?.clone();
    for item in &mut found {
        if let Some(members) = item.as_object_mut() {
            members.remove("department");
        }
    }
    Ok(found)
}

#[tokio::test]
async fn the_check_of_a_swap_tells_what_is_found_after_it_and_writes_nothing() -> Result<()> {
    // What the constraints would refuse is no swap.
    const PAIR: &str = "
        SELECT one.assignment_id, other.assignment_id
        FROM workforce.assignments AS one
            JOIN workforce.assignments AS other ON one.employee_id < other.employee_id
        WHERE one.binding AND other.binding AND one.shift_id <> other.shift_id
            AND NOT EXISTS (
                SELECT FROM workforce.assignments AS third
                WHERE third.assignment_id NOT IN (one.assignment_id, other.assignment_id)
                    AND (third.employee_id = one.employee_id
                        AND (third.shift_id = other.shift_id OR third.binding AND third.during && other.during)
                        OR third.employee_id = other.employee_id
                        AND (third.shift_id = one.shift_id OR third.binding AND third.during && one.during)))
        ORDER BY md5(concat(one.assignment_id, ' ', other.assignment_id, ' $round'))
        LIMIT 1";
    let service = Service::start().await?;
    let session = service.session().await?;
    random_roster::fill(&service, 77).await?;
    session
        .batch_execute(
            "INSERT INTO workforce.rules (rule_type, parameters)
            VALUES ('maximum_minutes', '{\"maximum_minutes\": 1500, \"per\": \"week\"}')",
        )
        .await?;
    let window = "/api/conflicts?from_date=2026-09-01&to_date=2026-12-01&limit=10000";
    let mut told = 0;
    for round in 0..25 {
        let pair = session.rows(&PAIR.replace("$round", &round.to_string())).await?;
        let [Some(one), Some(other)] = &pair[0][..] else { anyhow::bail!("{pair:?}") };
        let body =
            json!({"assignment_id": one.parse::<i64>()?, "other_assignment_id": other.parse::<i64>()?});
        let before = service.read(window).await?;
        let check = service.post("/api/swaps/check", &body).await?;
        assert_eq!(service.read(window).await?, before, "a check writes nothing");
        session
            .batch_execute(&format!(
                "BEGIN;
                CREATE TEMP TABLE pair ON COMMIT DROP AS
                SELECT * FROM workforce.assignments WHERE assignment_id IN ({one}, {other});
                DELETE FROM workforce.assignments WHERE assignment_id IN ({one}, {other});
                INSERT INTO workforce.assignments (assignment_id, shift_id, during, employee_id, status)
                OVERRIDING SYSTEM VALUE
                SELECT pair.assignment_id, pair.shift_id, pair.during, partner.employee_id, pair.status
                FROM pair JOIN pair AS partner ON partner.assignment_id <> pair.assignment_id;
                COMMIT"
            ))
            .await?;
        let (before, after) =
            (without_department(&before)?, without_department(&service.read(window).await?)?);
        let check = items(&check)?;
        for item in check {
            assert!(after.contains(item), "{item} is not among {after:?}");
        }
        // Whatever is new since then, or got worse, was told.
        for found in after.iter().filter(|found| !before.contains(found)) {
            let got_better = before.iter().any(|known| {
                let of = |item: &Value| {
                    [&item["kind"], &item["employee_id"], &item["starts_at"], &item["rule_id"]]
                        .map(Value::clone)
                };
                of(known) == of(found) && known["measured"].as_f64() >= found["measured"].as_f64()
            });
            assert!(check.contains(found) || got_better, "{found} was not told by {check:?}");
        }
        told += check.len();
    }
    assert!(told > 10, "the sample is too peaceful: {told}");
    Ok(())
}

#[tokio::test]
async fn a_swap_that_cannot_be_is_refused_by_its_reason() -> Result<()> {
    let service = Service::start().await?;
    let department_id = service.department("Ward", None).await?;
    let (ada, ben) =
        (service.employee("1", department_id).await?, service.employee("2", department_id).await?);
    let early = service.shift(department_id, "2026-10-05", "06:00", "14:00").await?;
    let late = service.shift(department_id, "2026-10-06", "14:00", "22:00").await?;
    let night = service.shift(department_id, "2026-10-08", "22:00", "06:00").await?;
    let one = number(&service.book(ada, early).await?["assignment_id"])?;
    let same = number(&service.book(ada, night).await?["assignment_id"])?;
    let other = number(&service.book(ben, late).await?["assignment_id"])?;
    let swap = |one: i64, other: i64| json!({"assignment_id": one, "other_assignment_id": other});
    let fine = service.post("/api/swaps/check", &swap(one, other)).await?;
    assert_eq!(fine, json!({"items": [], "violations": 0}));

    let refused = service.post_problem("/api/swaps/check", &swap(one, 987_654)).await?;
    assert_eq!((refused.status, refused.field.as_deref()), (404, Some("other_assignment_id")));
    let refused = service.post_problem("/api/swaps/check", &swap(one, same)).await?;
    assert_eq!((refused.status, refused.field.as_deref()), (400, Some("other_assignment_id")));
    assert!(refused.detail.contains("both of employee"), "{}", refused.detail);
    let cancel = rota_tests::http::Call::new(http::Method::PATCH, &format!("/api/assignments/{other}"))
        .json(&json!({"status": "cancelled"}));
    service.proxy.send(&cancel).await?;
    let refused = service.post_problem("/api/swaps/check", &swap(one, other)).await?;
    assert_eq!((refused.status, refused.code.as_deref()), (409, Some("55000")));
    assert!(refused.detail.contains("is cancelled"), "{}", refused.detail);
    let refused = service.post_problem("/api/swaps/check", &json!({"assignment_id": one})).await?;
    assert_eq!((refused.status, refused.field.as_deref()), (400, Some("other_assignment_id")));
    Ok(())
}
