//! Rosters made part by part: nothing clashes across a seam, whoever looks.

use std::collections::BTreeMap;

use anyhow::Result;
use rota_tests::session::Session;
use serde_json::{Value, json};

use super::ward::{conflicts, json, ward};

/// Four weeks of two departments, nights in both, on top of the ward.
const TWO_DEPARTMENTS: &str = "
    INSERT INTO workforce.employees (employee_no, name, email, department_id)
    SELECT 'O' || number, 'Other ' || number, 'o' || number || '@example.org', 2
    FROM generate_series(1, 8) AS number;
    INSERT INTO workforce.employee_qualifications (employee_id, qualification_id)
    SELECT employee_id, 2 FROM workforce.employees WHERE department_id = 2;
    INSERT INTO workforce.shifts (
        department_id, shift_type, date, start_time, end_time, break_minutes, required_staff, required_qualifications
    )
    SELECT 2, kind.name, day::date, kind.starts, kind.ends, 30, 1, '{lead}'
    FROM
        generate_series(date '2026-03-16', date '2026-04-10', interval '1 day') AS day
        CROSS JOIN (
            VALUES ('early', time '06:00', time '14:00'), ('night', time '22:00', time '06:00')
        ) AS kind (name, starts, ends);
    INSERT INTO workforce.schedules (department_id, period) VALUES (NULL, '[2026-03-18,2026-04-08)')";

/// What is wrong with the days of each person by a walk over their bookings: rest below eleven hours, more than five days
/// in a row, more than forty hours worked in a week from Monday on. A judge of its own, minute by minute.
async fn clashes(session: &Session) -> Result<Vec<String>> {
    let rows = session
        .rows(
            "SELECT
                employee_id, shift.date - date '2026-03-16',
                extract(epoch FROM lower(shift.during))::bigint / 60, extract(epoch FROM upper(shift.during))::bigint / 60,
                shift.worked_minutes
             FROM workforce.assignments AS assignment
             JOIN workforce.shifts AS shift USING (shift_id)
             WHERE assignment.binding
             ORDER BY 1, 3",
        )
        .await?;
    let mut duties: BTreeMap<i64, Vec<[i64; 4]>> = BTreeMap::new();
    for row in rows {
        let numbers: Vec<i64> = row.iter().flatten().filter_map(|text| text.parse().ok()).collect();
        let [person, day, start, end, worked] = numbers[..] else { anyhow::bail!("no numbers: {row:?}") };
        duties.entry(person).or_default().push([day, start, end, worked]);
    }
    let mondays = session
        .rows(
            "SELECT extract(epoch FROM monday AT TIME ZONE 'Europe/Berlin')::bigint / 60
             FROM generate_series(timestamp '2026-03-16', '2026-04-20', '7 days') AS monday",
        )
        .await?;
    let mondays: Vec<i64> = mondays.iter().flatten().flatten().filter_map(|text| text.parse().ok()).collect();
    let mut clashes = Vec::new();
    for (person, duties) in duties {
        let mut row = 1;
        let mut weeks: BTreeMap<usize, i64> = BTreeMap::new();
        for pair in duties.windows(2) {
            let [[day, _, end, _], [next_day, start, ..]] = pair else { continue };
            if start - end < 660 {
                clashes.push(format!("{person} rests {} minutes after day {day}", start - end));
            }
            row = if next_day - day == 1 { row + 1 } else { 1 };
            if row > 5 {
                clashes.push(format!("{person} works {row} days in a row until day {next_day}"));
            }
        }
        for [_, start, end, worked] in duties {
            // The break lies in the middle.
            let before_break = start + worked / 2;
            let minutes = (start..before_break).chain(end - (worked - worked / 2)..end);
            for minute in minutes {
                *weeks.entry(mondays.partition_point(|monday| *monday <= minute) - 1).or_default() += 1;
            }
        }
        let full = weeks.iter().filter(|(_, minutes)| **minutes > 2_400);
        clashes
            .extend(full.map(|(week, minutes)| format!("{person} works {minutes} minutes in week {week}")));
    }
    Ok(clashes)
}

/// Heads that the shifts of some days lack.
async fn missing(session: &Session, from: &str, to: &str) -> Result<String> {
    session
        .text(&format!(
            "SELECT coalesce(sum(greatest(shift.required_staff - (
                 SELECT count(*) FROM workforce.assignments AS a WHERE a.shift_id = shift.shift_id AND a.binding
             ), 0)), 0)
             FROM workforce.shifts AS shift
             WHERE shift.date >= '{from}' AND shift.date < '{to}'"
        ))
        .await
}

async fn is_whole(session: &Session, parts: Value) -> Result<()> {
    session.batch_execute(TWO_DEPARTMENTS).await?;
    let (before, clashed) = (conflicts(session).await?, clashes(session).await?);
    let options = json!({"steps": 30_000, "commit": true, "parts": parts});
    let answer = json(session, &format!("SELECT rota.generate_schedule('2', '{options}')")).await?;
    assert_eq!((&answer["feasible"], &answer["committed"]), (&json!(true), &json!(true)));
    assert_eq!(clashes(session).await?, clashed);
    assert_eq!(conflicts(session).await?, before);
    assert_eq!(missing(session, "2026-03-18", "2026-04-08").await?, "0");
    Ok(())
}

#[tokio::test]
async fn week_by_week_nothing_clashes_across_a_seam() -> Result<()> {
    let (_database, session) = ward().await?;
    is_whole(&session, json!({"weeks": 1})).await
}

#[tokio::test]
async fn department_by_department_nothing_clashes() -> Result<()> {
    let (_database, session) = ward().await?;
    is_whole(&session, json!({"teams": true})).await
}

#[tokio::test]
async fn departments_of_two_weeks_each_nothing_clashes() -> Result<()> {
    let (_database, session) = ward().await?;
    is_whole(&session, json!({"weeks": 2, "teams": true})).await
}

#[tokio::test]
async fn schedules_of_one_week_each_see_both_sides_of_every_seam() -> Result<()> {
    let (_database, session) = ward().await?;
    // The middle week last: it has neighbours on both sides.
    session
        .batch_execute(
            "INSERT INTO workforce.schedules (department_id, period) VALUES
                 (1, '[2026-03-16,2026-03-23)'), (1, '[2026-03-30,2026-04-06)'), (1, '[2026-03-23,2026-03-30)')",
        )
        .await?;
    for schedule in [2, 3, 4] {
        let options = json!({"steps": 20_000, "commit": true});
        let answer =
            json(&session, &format!("SELECT rota.generate_schedule('{schedule}', '{options}')")).await?;
        assert_eq!(answer["committed"], true);
    }
    assert_eq!(clashes(&session).await?, Vec::<String>::new());
    assert_eq!(conflicts(&session).await?, Vec::<Vec<Option<String>>>::new());
    assert_eq!(missing(&session, "2026-03-16", "2026-04-06").await?, "0");
    Ok(())
}

#[tokio::test]
async fn the_walk_over_bookings_finds_what_is_wrong() -> Result<()> {
    let (_database, session) = ward().await?;
    assert_eq!(clashes(&session).await?, Vec::<String>::new());
    // Person 1 comes out of a night; six earlies from that morning on are too soon and too many.
    session
        .batch_execute(
            "INSERT INTO workforce.assignments (shift_id, during, employee_id)
             SELECT shift_id, during, 1 FROM workforce.shifts
             WHERE shift_type = 'early' AND date BETWEEN '2026-03-23' AND '2026-03-28'",
        )
        .await?;
    let found = clashes(&session).await?.join("; ");
    for part in ["1 rests 0 minutes after day 6", "6 days in a row", "1 works 3030 minutes in week 1"] {
        assert!(found.contains(part), "{part}: {found}");
    }
    Ok(())
}

#[tokio::test]
async fn parts_that_mean_nothing_are_refused() -> Result<()> {
    let (_database, session) = ward().await?;
    for (parts, message) in [
        (r#""weeks""#, "options.parts is \"weeks\", an object would be right"),
        (r#"{"days": 3}"#, "options.parts has \"days\", which is not known"),
        (r#"{"weeks": 0}"#, "options.parts.weeks is 0"),
        (r#"{"teams": 1}"#, "options.parts.teams is 1"),
    ] {
        let call = format!(r#"SELECT rota.generate_schedule('1', '{{"parts": {parts}}}')"#);
        let refusal = session.refusal(&call).await?;
        assert_eq!((refusal.sqlstate.as_str(), refusal.column.as_deref()), ("22023", Some("options")));
        assert!(refusal.message.contains(message), "{refusal:?}");
    }
    Ok(())
}
