//! What was searched before is answered at once or begun with, and kept within bounds.

use anyhow::Result;
use rota_tests::session::Session;
use serde_json::{Value, json};

use super::ward::{DISCORD, json, ward};

async fn generate(session: &Session, options: &Value) -> Result<Value> {
    json(session, &format!("SELECT rota.generate_schedule('1', '{options}')")).await
}

async fn kept(session: &Session) -> Result<(String, String)> {
    let rosters = session.text("SELECT count(*) FROM rota.known_rosters").await?;
    Ok((rosters, session.text("SELECT count(*) FROM rota.known_days").await?))
}

#[tokio::test]
async fn the_same_problem_is_answered_without_a_search() -> Result<()> {
    let (database, session) = ward().await?;
    session.batch_execute(DISCORD).await?;
    let first = generate(&session, &json!({"time_ms": 400})).await?;
    assert_eq!(first["search"]["ended_by"], "time");
    // Another backend, since this one is not what remembers.
    let session = database.session().await?;
    let again = generate(&session, &json!({"time_ms": 400})).await?;
    assert_eq!(again["search"]["ended_by"], "known");
    for member in ["assignments", "cost", "lower_bound", "violations", "added"] {
        assert_eq!(again[member], first[member], "{member}");
    }
    Ok(())
}

#[tokio::test]
async fn more_time_goes_on_from_what_is_known() -> Result<()> {
    let (_database, session) = ward().await?;
    session.batch_execute(DISCORD).await?;
    let first = generate(&session, &json!({"time_ms": 100})).await?;
    let longer = generate(&session, &json!({"time_ms": 600})).await?;
    assert_ne!(longer["search"]["ended_by"], "known");
    assert!(longer["cost"].as_i64() <= first["cost"].as_i64(), "{} after {}", longer["cost"], first["cost"]);
    assert!(longer["lower_bound"].as_i64() >= first["lower_bound"].as_i64());
    assert_eq!(generate(&session, &json!({"time_ms": 100})).await?["cost"], longer["cost"]);
    Ok(())
}

#[tokio::test]
async fn a_proven_roster_is_answered_however_long_is_asked() -> Result<()> {
    let (_database, session) = ward().await?;
    let first = generate(&session, &json!({"time_ms": 20_000, "commit": false})).await?;
    assert_eq!((&first["search"]["ended_by"], &first["cost"]), (&json!("optimum"), &json!(0)));
    let again = generate(&session, &json!({"time_ms": 3_600_000})).await?;
    assert_eq!((&again["search"]["ended_by"], &again["gap_percent"]), (&json!("known"), &json!(0.0)));
    Ok(())
}

#[tokio::test]
async fn the_better_roster_and_the_stronger_bound_stay_whichever_search_found_them() -> Result<()> {
    let (_database, session) = ward().await?;
    session.batch_execute(DISCORD).await?;
    session
        .batch_execute(
            r#"CREATE TEMPORARY TABLE searched AS
               SELECT problem, rota.solve_roster(problem, '{"steps": 2000}') AS answer
               FROM rota.schedule_problem('1', 'generate') AS problem"#,
        )
        .await?;
    let best = json(&session, "SELECT answer FROM searched").await?;
    // What an answer says that was found otherwise.
    let remember = async |cost: i64, lower_bound: i64, searched_ms: i64, assignments: &Value| -> Result<()> {
        let said = json!({
            "cost": cost, "lower_bound": lower_bound, "assignments": assignments,
            "search": {"searched_ms": searched_ms}
        });
        let call = format!("SELECT rota.remember_roster(problem, answer || '{said}') FROM searched");
        session.batch_execute(&call).await?;
        Ok(())
    };
    let known = "SELECT to_jsonb(known) FROM rota.known_rosters AS known";
    let used = "SELECT least((SELECT min(used_at) FROM rota.known_days), (SELECT min(used_at) FROM rota.known_rosters))";
    let (none, all) = (json!([]), &best["assignments"]);

    remember(1_000, 900, 100, all).await?;
    let first = json(&session, known).await?;
    // The same roster, of which less was proven.
    remember(1_000, 500, 50, all).await?;
    let again = json(&session, known).await?;
    assert_eq!((&again["lower_bound"], &again["searched_ms"]), (&json!(900), &json!(100)));
    // A worse one confirms what is known: searched longer, used again, and more was proven.
    let before = session.text(used).await?;
    let days = "SELECT md5(string_agg(days::text, ',' ORDER BY fingerprint, alike)) FROM rota.known_days";
    let days_before = session.text(days).await?;
    remember(2_000, 950, 700, &none).await?;
    let confirmed = json(&session, known).await?;
    assert_eq!((&confirmed["cost"], &confirmed["days"]), (&json!(1_000), &first["days"]));
    assert_eq!((&confirmed["lower_bound"], &confirmed["searched_ms"]), (&json!(950), &json!(700)));
    assert!(session.text(&format!("SELECT '{before}' < ({used})")).await? == "t", "used again");
    assert_eq!(session.text(days).await?, days_before, "people's days are those of the better roster");
    // A better one takes its place, and keeps what the others proved.
    remember(980, 0, 0, &none).await?;
    let better = json(&session, known).await?;
    assert_eq!((&better["cost"], &better["lower_bound"]), (&json!(980), &json!(950)));
    assert_ne!(better["days"], first["days"]);
    assert_ne!(session.text(days).await?, days_before);
    Ok(())
}

#[tokio::test]
async fn a_changed_problem_begins_with_the_days_of_everybody_who_is_as_before() -> Result<()> {
    let (_database, session) = ward().await?;
    generate(&session, &json!({"time_ms": 20_000})).await?;
    let recall = "SELECT rota.recall_roster(rota.schedule_problem('1', 'generate'))";
    let whole = json(&session, recall).await?;
    assert_eq!(whole["days"].as_array().map(Vec::len), Some(10));
    assert!(whole["searched_ms"].is_i64());
    session
        .batch_execute("INSERT INTO workforce.time_off (employee_id, days, kind) VALUES (2, '[2026-03-24,2026-03-26)', 'sick')")
        .await?;
    let partial = json(&session, recall).await?;
    assert_eq!(partial["searched_ms"], Value::Null);
    for person in 0..10 {
        let (before, now) = (&whole["days"][person], &partial["days"][person]);
        if person == 1 {
            assert_eq!(now, &Value::Null, "who is away now");
        } else {
            assert_eq!(now, before, "person {person}");
        }
    }
    let answer = generate(&session, &json!({"time_ms": 20_000})).await?;
    assert_eq!((&answer["missing_heads"], &answer["feasible"]), (&json!(0), &json!(true)));
    Ok(())
}

#[tokio::test]
async fn a_stale_memory_never_answers_for_rows_that_changed() -> Result<()> {
    let (_database, session) = ward().await?;
    generate(&session, &json!({"time_ms": 20_000})).await?;
    for change in [
        "UPDATE workforce.shifts SET required_staff = 2 WHERE shift_type = 'late' AND date = '2026-03-25'",
        "DELETE FROM workforce.employee_qualifications WHERE employee_id = 4",
        "UPDATE workforce.rules SET parameters = '{\"maximum_days\": 4}' WHERE rule_type = 'consecutive_days'",
    ] {
        session.batch_execute(change).await?;
        let answer = generate(&session, &json!({"time_ms": 20_000})).await?;
        assert_ne!(answer["search"]["ended_by"], "known", "{change}");
        assert_eq!((&answer["missing_heads"], &answer["feasible"]), (&json!(0), &json!(true)), "{change}");
        assert_eq!(answer["conflicts"], json!([]), "{change}");
    }
    Ok(())
}

#[tokio::test]
async fn steps_and_whoever_asks_for_it_search_without_memory() -> Result<()> {
    let (_database, session) = ward().await?;
    for options in [json!({"steps": 300}), json!({"time_ms": 100, "remember": false})] {
        for _ in 0..2 {
            assert_ne!(generate(&session, &options).await?["search"]["ended_by"], "known");
        }
    }
    assert_eq!(kept(&session).await?, ("0".to_owned(), "0".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_read_only_transaction_generates_and_keeps_nothing() -> Result<()> {
    let (_database, session) = ward().await?;
    session.batch_execute("BEGIN READ ONLY").await?;
    assert_eq!(generate(&session, &json!({"time_ms": 20_000})).await?["missing_heads"], 0);
    session.batch_execute("COMMIT").await?;
    assert_eq!(kept(&session).await?.0, "0");
    Ok(())
}

#[tokio::test]
async fn who_keeps_a_roster_makes_nobody_wait() -> Result<()> {
    let (database, session) = ward().await?;
    let other = database.session().await?;
    session.batch_execute("BEGIN").await?;
    generate(&session, &json!({"time_ms": 20_000})).await?;
    // The first has not committed, so its row is not seen and would be waited for.
    other.batch_execute("SET lock_timeout = 1").await?;
    assert_eq!(generate(&other, &json!({"time_ms": 20_000})).await?["missing_heads"], 0);
    session.batch_execute("COMMIT").await?;
    assert_eq!(kept(&session).await?.0, "1");
    Ok(())
}

#[tokio::test]
async fn jobs_share_the_memory() -> Result<()> {
    let (_database, session) = ward().await?;
    session.batch_execute(DISCORD).await?;
    let first = generate(&session, &json!({"time_ms": 300})).await?;
    session
        .batch_execute(
            r#"SELECT rota.submit_job('generate', '{"schedule_id": 1, "options": {"time_ms": 300}}');"#,
        )
        .await?;
    session.batch_execute("CALL rota.run_job()").await?;
    let job = json(&session, "SELECT to_jsonb(job) FROM rota.jobs() AS job").await?;
    assert_eq!(job["answer"]["search"]["ended_by"], "known", "{:#}", job["error"]);
    assert_eq!(job["answer"]["cost"], first["cost"]);
    Ok(())
}

#[tokio::test]
async fn the_memory_of_one_role_is_not_seen_by_another() -> Result<()> {
    let (_database, session) = ward().await?;
    generate(&session, &json!({"time_ms": 20_000})).await?;
    session
        .batch_execute(
            "CREATE ROLE planner;
             GRANT USAGE ON SCHEMA workforce, rota_source TO planner;
             GRANT SELECT ON ALL TABLES IN SCHEMA rota_source TO planner;
             SET ROLE planner",
        )
        .await?;
    assert_eq!(kept(&session).await?, ("0".to_owned(), "0".to_owned()));
    let answer = generate(&session, &json!({"time_ms": 20_000})).await?;
    assert_ne!(answer["search"]["ended_by"], "known");
    assert_eq!(kept(&session).await?.0, "1");
    let forged = "INSERT INTO rota.known_rosters (known_by, fingerprint, days, broken_hard, medium, cost,
                      lower_medium, lower_bound, searched_ms, used_at)
                  SELECT 'postgres', gen_random_uuid(), days, 0, 0, 0, 0, 0, 0, now() FROM rota.known_rosters";
    assert_eq!(session.refusal(forged).await?.sqlstate, "42501");
    session.batch_execute("RESET ROLE; DROP OWNED BY planner; DROP ROLE planner").await?;
    Ok(())
}

#[tokio::test]
async fn what_was_not_of_use_for_the_longest_is_dropped() -> Result<()> {
    let (_database, session) = ward().await?;
    session
        .batch_execute(
            "INSERT INTO rota.known_rosters (fingerprint, days, broken_hard, medium, cost, lower_medium,
                 lower_bound, searched_ms, used_at)
             SELECT gen_random_uuid(), array_fill(-1, ARRAY[100, 100]), 0, 0, 0, 0, 0, 0,
                 now() - number * interval '1 hour'
             FROM generate_series(1, 100) AS number;
             INSERT INTO rota.known_days (fingerprint, alike, days, used_at)
             SELECT gen_random_uuid(), 1, array_fill(-1, ARRAY[1000]), now() - number * interval '1 hour'
             FROM generate_series(1, 1000) AS number",
        )
        .await?;
    generate(&session, &json!({"time_ms": 20_000})).await?;
    for table in ["known_rosters", "known_days"] {
        let bytes: i64 = session.text(&format!("SELECT sum(bytes) FROM rota.{table}")).await?.parse()?;
        assert!((1_900_000..=2_097_152).contains(&bytes), "{table}: {bytes}");
        let oldest =
            format!("SELECT extract(epoch FROM now() - min(used_at))::bigint / 3600 FROM rota.{table}");
        let hours: i64 = session.text(&oldest).await?.parse()?;
        assert!(hours < 600, "{table}: the newest stay, the oldest is {hours} hours old");
        let newest =
            format!("SELECT count(*) FROM rota.{table} WHERE used_at > now() - interval '30 minutes'");
        assert_ne!(session.text(&newest).await?, "0", "{table}");
    }
    Ok(())
}

#[tokio::test]
async fn a_start_that_is_no_roster_of_the_problem_is_refused() -> Result<()> {
    let (_database, session) = ward().await?;
    for (start, message) in [
        ("3", "options.start is 3, an object would be right"),
        (r#"{"days": [[0]]}"#, "options.start.days is not a list of 10 people with 14 days each"),
        (r#"{"days": [["x"]]}"#, "options.start.days[0][0] is \"x\""),
        (r#"{"days": [[-2]]}"#, "options.start.days[0][0] is -2"),
        (r#"{"days": [], "lower_bound": -1}"#, "options.start.lower_bound is -1"),
    ] {
        let call = format!(
            r#"SELECT rota.solve_roster(rota.schedule_problem('1', 'generate'), '{{"start": {start}}}')"#
        );
        let refusal = session.refusal(&call).await?;
        assert_eq!(
            (refusal.sqlstate.as_str(), refusal.column.as_deref()),
            ("22023", Some("options")),
            "{start}"
        );
        assert!(refusal.message.contains(message), "{refusal:?}");
    }
    Ok(())
}
