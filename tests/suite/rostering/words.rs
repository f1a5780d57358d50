//! What the engine knows, said in JSON: rotations, fair shares, days off, successions over free days, levels, what holds
//! for everybody. Each roster is held against what the word asks, read off its days.

use std::collections::BTreeMap;

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;
use serde_json::{Value, json};

use super::ward::json;

/// A week from Monday 2026-03-02 in UTC with one shift of each kind a day, and people `a`, `b`, … without rules.
pub(super) fn week(kinds: &[(&str, &str, &str)], people: usize) -> Value {
    let mut shifts = Vec::new();
    for day in 2..9 {
        for (kind, start, length) in kinds {
            let starts_at = format!("2026-03-{day:02}T{start}:00Z");
            let length: i64 = length.parse().unwrap_or(8);
            let end = chrono::DateTime::parse_from_rfc3339(&starts_at)
                .map(|start| (start + chrono::TimeDelta::hours(length)).to_rfc3339())
                .unwrap_or_default();
            shifts.push(json!({
                "id": format!("{kind} {day}"), "kind": kind, "starts_at": starts_at, "ends_at": end
            }));
        }
    }
    let people: Vec<Value> =
        (b'a'..).take(people).map(|letter| json!({"id": String::from(char::from(letter))})).collect();
    json!({
        "from_date": "2026-03-02", "to_date": "2026-03-09", "shifts": shifts, "people": people, "minimum_rest": 660
    })
}

pub(super) const EARLY: (&str, &str, &str) = ("early", "06:00", "8");
pub(super) const LATE: (&str, &str, &str) = ("late", "14:00", "8");
pub(super) const NIGHT: (&str, &str, &str) = ("night", "22:00", "8");

pub(super) async fn session() -> Result<Session> {
    Database::with_extension().await?.session().await
}

async fn solve(session: &Session, problem: &Value) -> Result<Value> {
    let answer =
        json(session, &format!("SELECT rota.solve_roster('{problem}', '{{\"steps\": 20000}}')")).await?;
    assert_eq!(answer["rules_not_searched"], json!([]));
    Ok(answer)
}

/// For each person the kinds of their days, `-` for a free one.
pub(super) fn rows(answer: &Value) -> BTreeMap<String, Vec<String>> {
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for item in answer["assignments"].as_array().into_iter().flatten() {
        let (kind, day) = item["shift"].as_str().and_then(|shift| shift.split_once(' ')).unwrap_or_default();
        let row = rows
            .entry(item["person"].to_string().replace('"', ""))
            .or_insert_with(|| vec!["-".to_owned(); 7]);
        row[day.parse::<usize>().unwrap_or(2) - 2] = kind.to_owned();
    }
    rows
}

#[tokio::test]
async fn a_rotation_is_followed_from_the_day_on_which_it_begins() -> Result<()> {
    let session = session().await?;
    let mut problem = week(&[EARLY, NIGHT], 2);
    // Its first turn was on the Saturday before, so Monday is the third: the free one.
    problem["people"][0]["rotation"] =
        json!({"turns": ["early", "night", "free", "any"], "begins_on": "2026-02-28"});
    let answer = solve(&session, &problem).await?;
    assert_eq!(answer["feasible"], true);
    let row = &rows(&answer)["a"];
    assert_eq!((row[0].as_str(), row[2].as_str(), row[3].as_str()), ("-", "early", "night"), "{row:?}");
    assert_eq!((row[4].as_str(), row[6].as_str()), ("-", "early"), "{row:?}");
    Ok(())
}

#[tokio::test]
async fn a_rotation_with_a_weight_is_left_where_that_costs_less() -> Result<()> {
    let session = session().await?;
    let mut problem = week(&[EARLY], 1);
    problem["people"][0]["rotation"] = json!({"turns": ["early", "free"], "weight": 7});
    let answer = solve(&session, &problem).await?;
    assert_eq!((&answer["missing_heads"], &answer["cost"]), (&json!(0), &json!(3 * 7)));
    problem["weights"] = json!({"short": 6});
    let answer = solve(&session, &problem).await?;
    assert_eq!((&answer["missing_heads"], &answer["cost"]), (&json!(3), &json!(3 * 6)));
    Ok(())
}

#[tokio::test]
async fn nights_are_shared_out_by_contract() -> Result<()> {
    let session = session().await?;
    let mut problem = week(&[NIGHT], 3);
    for (person, minutes) in [(0, 2_400), (1, 1_200), (2, 600)] {
        problem["people"][person]["weekly_minutes"] = json!(minutes);
    }
    problem["fairness"] = json!([{"counted": "kind", "kind": "night", "weight": 10}]);
    let answer = solve(&session, &problem).await?;
    let nights: Vec<usize> =
        rows(&answer).values().map(|row| row.iter().filter(|kind| *kind == "night").count()).collect();
    assert_eq!((nights, &answer["cost"]), (vec![4, 2, 1], &json!(0)));
    // Named shares win, and one unit off costs the weight, two the fourfold.
    problem["fairness"][0]["shares"] = json!([
        {"person": "a", "target": 0}, {"person": "b", "target": 0}, {"person": "c", "target": 7}
    ]);
    problem["people"][2]["limits"] = json!([{"counted": "days", "most": 5}]);
    let answer = solve(&session, &problem).await?;
    assert_eq!(answer["cost"], 10 * (4 + 1 + 1), "{:?}", rows(&answer));
    assert_eq!(answer["score"]["by_rule"]["fairness_kind_night"]["cost"], 60);
    Ok(())
}

#[tokio::test]
async fn hours_are_shared_in_units_and_among_a_team_alone() -> Result<()> {
    let session = session().await?;
    let mut problem = week(&[EARLY], 3);
    for (person, team) in [(0, "x"), (1, "x"), (2, "y")] {
        problem["people"][person]["team"] = json!(team);
    }
    problem["people"][2]["days_off"] = json!([
        "2026-03-02",
        "2026-03-03",
        "2026-03-04",
        "2026-03-05",
        "2026-03-06",
        "2026-03-07",
        "2026-03-08"
    ]);
    problem["fairness"] = json!([{"counted": "minutes", "team": "x", "unit": 480, "weight": 5}]);
    let answer = solve(&session, &problem).await?;
    let worked: Vec<usize> =
        rows(&answer).values().map(|row| row.iter().filter(|kind| *kind != "-").count()).collect();
    assert_eq!((worked.iter().max(), worked.iter().min()), (Some(&4), Some(&3)), "{worked:?}");
    Ok(())
}

#[tokio::test]
async fn a_single_free_day_has_its_length() -> Result<()> {
    let session = session().await?;
    let mut problem = week(&[EARLY, LATE], 2);
    // From a late duty over one free day to an early one are 32 hours, from early to early 40.
    problem["minimum_day_off"] = json!(36 * 60);
    let answer = solve(&session, &problem).await?;
    assert_eq!(answer["feasible"], true);
    for row in rows(&answer).values() {
        for days in row.windows(3) {
            let [first, middle, last] = days else { continue };
            assert!(!(first == "late" && middle == "-" && last == "early"), "{row:?}");
        }
    }
    // Somebody who is to work late, have a day off and work early breaks it: once, at its price.
    problem["people"] = json!([{"id": "a", "rotation": {"turns": ["late", "free", "early", "free", "free", "free", "free"]}}]);
    problem["minimum_day_off"] = json!({"value": 36 * 60, "weight": 11});
    let answer = solve(&session, &problem).await?;
    assert_eq!(answer["score"]["by_rule"]["minimum_day_off"]["cost"], 11);
    Ok(())
}

#[tokio::test]
async fn a_succession_reaches_over_free_days() -> Result<()> {
    let session = session().await?;
    let mut problem = week(&[EARLY, NIGHT], 3);
    problem["successions"] = json!([
        {"first": "night", "next": "early", "free_days": 1},
        {"first": "night", "next": "early", "free_days": 2}
    ]);
    let answer = solve(&session, &problem).await?;
    assert_eq!(answer["missing_heads"], 0);
    for row in rows(&answer).values() {
        for (day, kind) in row.iter().enumerate().filter(|(_, kind)| *kind == "night") {
            let next = row.iter().enumerate().skip(day + 1).find(|(_, kind)| *kind != "-");
            if let Some((later, next)) = next {
                assert!(next != "early" || later - day > 3, "{kind} then {next}: {row:?}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_is_medium_comes_before_everything_soft() -> Result<()> {
    let session = session().await?;
    let mut problem = week(&[EARLY], 1);
    // Every head costs 1 and every day of work 1,000: softly nobody would work.
    problem["weights"] = json!({"short": 1});
    problem["everybody"] = json!({"kind_costs": {"early": 1_000}});
    let answer = solve(&session, &problem).await?;
    assert_eq!((&answer["missing_heads"], &answer["medium"]), (&json!(7), &json!(0)));
    problem["weights"]["short_level"] = json!("medium");
    let answer = solve(&session, &problem).await?;
    assert_eq!((&answer["missing_heads"], &answer["cost"]), (&json!(0), &json!(7_000)));
    // A medium bound of the same weight ties with the heads, one of more weight wins.
    problem["everybody"]["limits"] =
        json!([{"counted": "days", "most": {"value": 5, "weight": 3, "level": "medium"}}]);
    let answer = solve(&session, &problem).await?;
    assert_eq!((&answer["missing_heads"], &answer["medium"]), (&json!(2), &json!(2)));
    Ok(())
}

#[tokio::test]
async fn what_holds_for_everybody_holds_beside_ones_own_words() -> Result<()> {
    let session = session().await?;
    let mut problem = week(&[EARLY, LATE], 3);
    problem["everybody"] = json!({"longest_work": 2, "limits": [{"counted": "weekends", "most": 0}]});
    problem["people"][0]["longest_work"] = json!(4);
    problem["people"][0]["limits"] = json!([{"counted": "days", "least": 4}]);
    let answer = solve(&session, &problem).await?;
    assert_eq!(answer["feasible"], true, "{:#}", answer["violations"]);
    let rows = rows(&answer);
    let longest = |row: &[String]| row.split(|kind| kind == "-").map(<[String]>::len).max().unwrap_or(0);
    assert!(rows["a"].iter().filter(|kind| *kind != "-").count() >= 4, "{rows:?}");
    for (person, row) in &rows {
        assert!(longest(row) <= if person == "a" { 4 } else { 2 }, "{person}: {row:?}");
        assert!(row[5] == "-" && row[6] == "-", "no weekends: {row:?}");
    }
    Ok(())
}

#[tokio::test]
async fn pairs_work_together_or_apart() -> Result<()> {
    let session = session().await?;
    let mut problem = week(&[EARLY], 3);
    for shift in problem["shifts"].as_array_mut().into_iter().flatten() {
        shift["required"] = json!(2);
    }
    problem["everybody"] = json!({"limits": [{"counted": "days", "most": 5}]});
    problem["pairings"] = json!([{"first": "a", "second": "b", "together": false, "weight": 1}]);
    let answer = solve(&session, &problem).await?;
    // Fourteen heads by three people of whom nobody works more than five days: at least two days have both.
    let rows = rows(&answer);
    let both = (0..7).filter(|day| rows["a"][*day] != "-" && rows["b"][*day] != "-").count();
    assert_eq!((both, &answer["score"]["by_rule"]["pairing"]["cost"]), (2, &json!(2)), "{rows:?}");
    Ok(())
}

#[tokio::test]
async fn a_rule_of_one_person_holds_for_them_and_one_that_is_not_strict_has_a_price() -> Result<()> {
    let session = session().await?;
    let mut problem = week(&[EARLY], 2);
    problem["rules"] = json!([
        {"rule_type": "consecutive_days", "parameters": {"maximum_days": 1}, "person": "a"},
        {"rule_type": "consecutive_days", "parameters": {"maximum_days": 2}, "person": "b", "strict": false, "priority": 10}
    ]);
    let answer = solve(&session, &problem).await?;
    assert_eq!((&answer["missing_heads"], &answer["cost"]), (&json!(0), &json!(0)));
    problem["people"] =
        json!([{"id": "a", "days_off": ["2026-03-02", "2026-03-03", "2026-03-04"]}, {"id": "b"}]);
    let answer = solve(&session, &problem).await?;
    // Three days in a row for b are one too many: a warning's 500, doubled by the priority.
    assert_eq!((&answer["missing_heads"], &answer["cost"]), (&json!(0), &json!(1_000)));
    Ok(())
}

#[tokio::test]
async fn every_fault_of_these_words_is_refused_with_its_path() -> Result<()> {
    let session = session().await?;
    let day_bound = |bound: Value| json!([{"counted": "days", "most": bound}]);
    let rotation = |rotation: Value| json!({"rotation": rotation});
    for (name, value, path) in [
        ("everybody", json!({"id": "x"}), "problem.everybody has \"id\", which is not known"),
        ("everybody", rotation(json!({"turns": []})), "problem.everybody.rotation.turns has 0 days"),
        (
            "everybody",
            rotation(json!({"turns": ["dusk"]})),
            "problem.everybody.rotation.turns[0] names kind \"dusk\"",
        ),
        ("everybody", rotation(json!({})), "problem.everybody.rotation has no \"turns\""),
        (
            "everybody",
            rotation(json!({"turns": ["free"], "begins_on": "soon"})),
            "problem.everybody.rotation.begins_on is \"soon\"",
        ),
        (
            "everybody",
            json!({"limits": day_bound(json!({"value": 1, "level": "medium"}))}),
            "problem.everybody.limits[0].most has no \"weight\"",
        ),
        (
            "everybody",
            json!({"limits": day_bound(json!({"value": 1, "weight": 2, "level": "hard"}))}),
            "problem.everybody.limits[0].most.level is \"hard\" beside a weight",
        ),
        (
            "everybody",
            json!({"limits": day_bound(json!({"value": 1, "weight": 2, "level": "mild"}))}),
            "problem.everybody.limits[0].most.level is \"mild\"",
        ),
        ("minimum_day_off", json!(99_999), "problem.minimum_day_off is 99999"),
        ("minimum_rest", json!("long"), "problem.minimum_rest is \"long\""),
        ("fairness", json!([{"counted": "days"}]), "problem.fairness[0] has no \"weight\""),
        ("fairness", json!([{"counted": "kind", "weight": 1}]), "problem.fairness[0] has no \"kind\""),
        ("fairness", json!([{"counted": "days", "weight": 1, "unit": 0}]), "problem.fairness[0].unit is 0"),
        (
            "fairness",
            json!([{"counted": "days", "weight": 1, "people": ["zoe"]}]),
            "problem.fairness[0].people[0] names person \"zoe\"",
        ),
        (
            "fairness",
            json!([{"counted": "days", "weight": 1, "shares": [
                {"person": "a", "target": 1}, {"person": "a", "target": 2}
            ]}]),
            "problem.fairness[0].shares[1].person is \"a\"",
        ),
        (
            "successions",
            json!([{"first": "early", "next": "early", "free_days": 15}]),
            "problem.successions[0].free_days is 15",
        ),
        ("weights", json!({"short_level": "hard"}), "problem.weights.short_level is \"hard\""),
        (
            "rules",
            json!([{"rule_type": "consecutive_days", "parameters": {"maximum_days": 1}, "priority": 11}]),
            "problem.rules[0].priority is 11",
        ),
        (
            "rules",
            json!([{"rule_type": "consecutive_days", "parameters": {"maximum_days": 1}, "person": "zoe"}]),
            "problem.rules[0].person names person \"zoe\"",
        ),
    ] {
        let mut problem = week(&[EARLY], 1);
        problem[name] = value;
        let refusal = session.refusal(&format!("SELECT rota.solve_roster('{problem}')")).await?;
        assert_eq!(
            (refusal.sqlstate.as_str(), refusal.column.as_deref()),
            ("22023", Some("problem")),
            "{path}"
        );
        assert!(refusal.message.contains(path), "{path}: {refusal:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_day_that_somebody_prefers_costs_once_when_they_are_free_on_it() -> Result<()> {
    let session = session().await?;
    let mut problem = week(&[EARLY, LATE, NIGHT], 1);
    let told = |preference: &str, from: u32, to: u32| {
        let at = |day: u32| format!("2026-03-{day:02}T00:00:00Z");
        json!({"starts_at": at(from), "ends_at": at(to), "preference": preference, "weight": 7})
    };
    problem["weights"] = json!({"short": 0});
    problem["people"][0]["days_off"] = json!(["2026-03-02", "2026-03-03", "2026-03-04"]);
    problem["people"][0]["availability"] = json!([told("preferred", 2, 4)]);
    let answer = solve(&session, &problem).await?;
    assert_eq!(answer["cost"], 14, "two days: {:#}", answer["violations"]);
    // A day that one may take is worked on, whichever of its shifts it is, and one that one would rather not is free.
    problem["people"][0]["availability"] = json!([told("preferred", 4, 6), told("unavailable", 6, 9)]);
    let answer = solve(&session, &problem).await?;
    assert_eq!(answer["cost"], 7, "{:#}", answer["violations"]);
    let row = rows(&answer).remove("a").unwrap_or_default();
    assert_eq!(row.iter().filter(|kind| *kind != "-").count(), 1, "{row:?}");
    Ok(())
}

#[tokio::test]
async fn nobody_is_rostered_before_they_are_hired_but_for_work_that_stands() -> Result<()> {
    let session = session().await?;
    let mut problem = week(&[EARLY], 1);
    problem["people"][0]["hired_on"] = json!("2026-03-05");
    let answer = solve(&session, &problem).await?;
    let row = rows(&answer).remove("a").unwrap_or_default();
    assert_eq!(row, ["-", "-", "-", "early", "early", "early", "early"]);
    problem["people"][0]["work"] = json!([{"shift": "early 3"}]);
    let answer = solve(&session, &problem).await?;
    let row = rows(&answer).remove("a").unwrap_or_default();
    assert_eq!(row, ["-", "early", "-", "early", "early", "early", "early"]);
    assert_eq!(answer["feasible"], true);
    Ok(())
}
