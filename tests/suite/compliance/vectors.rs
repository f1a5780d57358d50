//! Hand-computed vectors, as data: what each rule set says of somebody's work.
//!
//! `vectors/*.json` has them. A duty is `2025-01-06 07:00+600 x24 every=1 kind=call break=30`: a local day, a
//! start with a length in minutes (none for a punch without its end) or an end, how often and every how many
//! days. `weeks` spreads hours evenly over so many days of each week from 07:00 on, `overtime` so many minutes
//! of it over the first weekdays of a month from 09:00 on. Whoever has no other date of birth was born in 1990, and
//! works by day unless a condition says otherwise. Expected is every violation, warning and unknown,
//! and those of the advisories that are named.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use rota_tests::session::Session;
use serde_json::Value;

use super::tables::{lines, tables};

#[tokio::test]
async fn residents_work_as_the_council_allows() -> Result<()> {
    all_hold(include_str!("vectors/residents.json"), "acgme", "America/Chicago").await
}

#[tokio::test]
async fn the_directive_and_its_british_form_are_kept_as_computed_by_hand() -> Result<()> {
    all_hold(include_str!("vectors/directive.json"), "eu-working-time", "Europe/Berlin").await
}

#[tokio::test]
async fn overtime_and_postings_are_limited_as_computed_by_hand() -> Result<()> {
    all_hold(include_str!("vectors/overtime.json"), "japan", "UTC").await
}

async fn all_hold(vectors: &str, set: &str, zone: &str) -> Result<()> {
    let vectors: Vec<Value> = serde_json::from_str(vectors)?;
    let (_database, session) = tables().await?;
    let mut wrong = Vec::new();
    for vector in &vectors {
        let name = text(vector, "name").context("a vector without a name")?;
        wrong.extend(fault(&session, vector, set, zone).await.with_context(|| name.to_owned())?);
    }
    ensure!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), vectors.len(), wrong.join("\n"));
    Ok(())
}

/// What is wrong with a vector.
async fn fault(session: &Session, vector: &Value, set: &str, zone: &str) -> Result<Option<String>> {
    let set = text(vector, "set").unwrap_or(set);
    let zone = text(vector, "zone").unwrap_or(zone);
    let from = text(vector, "from").unwrap_or("2025-01-06");
    let to = text(vector, "to").unwrap_or("2025-02-03");
    let set = record(session, vector, set, (zone, from, to)).await?;
    let arguments = format!(
        "{set}, lower(rota.local_days('[{from},{to})', '{zone}')), upper(rota.local_days('[{from},{to})', '{zone}'))"
    );
    let told = lines(
        session,
        &format!(
            "SELECT coalesce(rule_name, rule_id) || ' ' || level, measured, message FROM rota.check_rules({arguments})"
        ),
    )
    .await?;
    let mut wanted: Vec<&str> = list(vector, "expect").filter_map(Value::as_str).collect();
    let mut unexpected = Vec::new();
    for said in &told {
        let found = wanted
            .iter()
            .position(|wanted| said.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(' ')));
        match found {
            Some(position) => drop(wanted.remove(position)),
            None if said.contains(" advisory ") => {}
            None => unexpected.push(said.as_str()),
        }
    }
    let mut faults: Vec<String> = Vec::new();
    if !wanted.is_empty() || !unexpected.is_empty() {
        faults.push(format!("missing {wanted:?}, unexpected {unexpected:?}, told {told:?}"));
    }
    for (rule, measured) in vector["standing"].as_object().into_iter().flatten() {
        let query = format!(
            "SELECT measured FROM rota.rule_headroom({arguments}) WHERE coalesce(rule_name, rule_id) = '{rule}'"
        );
        let found = lines(session, &query).await?;
        if found.first().map(String::as_str) != measured.as_str() {
            faults.push(format!("{rule} stands at {found:?}, not at {measured}"));
        }
    }
    let name = text(vector, "name").unwrap_or_default();
    Ok((!faults.is_empty()).then(|| format!("{name}: {}", faults.join("; "))))
}

/// Fills the tables, and returns the rule set as SQL: the preset itself, or NULL for rules of the vector's own.
async fn record(
    session: &Session,
    vector: &Value,
    set: &str,
    (zone, from, to): (&str, &str, &str),
) -> Result<String> {
    let mut attributes = BTreeMap::from([("born_on", text(vector, "born_on").unwrap_or("1990-01-01"))]);
    attributes.extend(text(vector, "hired_on").map(|day| ("hired_on", day)));
    session
        .batch_execute(&format!(
            "TRUNCATE rota_source.people, rota_source.assignments, rota_source.absences, rota_source.rules,
                rota_source.conditions, rota_source.rotations, rota_source.postings;
            INSERT INTO rota_source.people (person_id, name, time_zone, attributes)
            VALUES ('ada', 'Ada', '{zone}', '{}')",
            serde_json::to_string(&attributes)?
        ))
        .await?;
    let days = |first: &str, end: &str| format!("rota.local_days('[{first},{end})', '{zone}')");
    let mut statements: Vec<String> = duties(vector)?.iter().map(|duty| duty.insert(zone)).collect();
    let rotations: Vec<(&str, &str, &str)> = match list(vector, "rotations").count() {
        0 => vec![(from, to, "ward")],
        _ => list(vector, "rotations").map(triple).collect::<Result<_>>()?,
    };
    for (first, end, kind) in rotations {
        statements.push(format!(
            "INSERT INTO rota_source.rotations VALUES ('ada', '{kind}', {})",
            days(first, end)
        ));
    }
    for leave in list(vector, "leave") {
        let (first, end) = (item(leave, 0)?, item(leave, 1)?);
        statements.push(format!(
            "INSERT INTO rota_source.absences (person_id, during, excluded_from_averages)
            VALUES ('ada', {}, true)",
            days(first, end)
        ));
    }
    if list(vector, "conditions").all(|stated| stated[0] != "night_worker") {
        statements
            .push("INSERT INTO rota_source.conditions VALUES ('ada', 'night_worker', false)".to_owned());
    }
    for stated in list(vector, "conditions") {
        let holds = stated[1].as_bool().context("a condition that is neither true nor false")?;
        statements.push(format!(
            "INSERT INTO rota_source.conditions VALUES ('ada', '{}', {holds})",
            item(stated, 0)?
        ));
    }
    for (number, posting) in list(vector, "postings").enumerate() {
        let (unit, place) = (item(posting, 0)?, item(posting, 1)?);
        let (first, end) = (item(posting, 2)?, item(posting, 3)?);
        statements.push(format!(
            "INSERT INTO rota_source.postings
            VALUES ('{number}', 'ada', '{unit}', '{place}', '[{first},{end})')"
        ));
    }
    let (on, off) = (names(vector, "on"), names(vector, "off"));
    let is_own = vector["rules"].is_object() || !on.is_empty() || !off.is_empty();
    for (name, rule) in vector["rules"].as_object().into_iter().flatten() {
        statements.push(format!(
            "INSERT INTO rota_source.rules (rule_id, rule_type, parameters) VALUES ('{name}', '{}', '{}')",
            item(rule, 0)?,
            rule[1]
        ));
    }
    if is_own && !vector["rules"].is_object() {
        statements.push(format!(
            "INSERT INTO rota_source.rules
                (rule_id, rule_set, rule_name, rule_type, parameters, level, mode, jurisdiction, source)
            SELECT
                rule.rule_name, rule.rule_set, rule.rule_name, rule.rule_type, rule.parameters, rule.level,
                CASE
                    WHEN rule.rule_name = ANY ('{{{on}}}') THEN 'warn'
                    WHEN rule.rule_name = ANY ('{{{off}}}') THEN 'off'
                    ELSE rule.mode
                END,
                known.jurisdiction, rule.source
            FROM rota.preset_rules AS rule JOIN rota.rule_sets AS known USING (rule_set)
            WHERE rule_set = '{set}'"
        ));
    }
    session.batch_execute(&statements.join(";\n")).await?;
    Ok(if is_own { "NULL".to_owned() } else { format!("'{set}'") })
}

/// A duty of a vector.
struct Duty {
    day: String,
    offset_days: i64,
    start: String,
    /// Minutes, an end, or nothing.
    length: String,
    kind: Option<String>,
    break_minutes: String,
}

impl Duty {
    fn insert(&self, zone: &str) -> String {
        let Self { day, offset_days, start, length, kind, break_minutes } = self;
        let day = format!("date '{day}' + {offset_days}");
        let during = match length.strip_prefix('+') {
            Some("") => format!("tstzrange(lower(rota.shift_lasting({day}, '{start}', 1, '{zone}')), NULL)"),
            Some(minutes) => format!("rota.shift_lasting({day}, '{start}', {minutes}, '{zone}')"),
            None => {
                format!("rota.shift_range({day}, '{start}', '{}', '{zone}')", length.trim_start_matches('-'))
            }
        };
        let nature = kind.as_ref().map_or_else(|| "NULL".to_owned(), |kind| format!("'{kind}'"));
        format!(
            "INSERT INTO rota_source.assignments (assignment_id, person_id, during, nature, unpaid_minutes)
            SELECT (count(*) + 1)::text, 'ada', {during}, {nature}, {break_minutes}
            FROM rota_source.assignments"
        )
    }
}

fn duties(vector: &Value) -> Result<Vec<Duty>> {
    let mut duties = Vec::new();
    for written in list(vector, "duties").filter_map(Value::as_str) {
        let mut words = written.split(' ');
        let day = words.next().context("a duty without a day")?.to_owned();
        let times = words.next().context("a duty without times")?;
        let (start, length) = times.split_at(times.find(['+', '-']).context("a duty without a length")?);
        let (mut count, mut every, mut kind, mut break_minutes) = (1, 1, None, "0".to_owned());
        for word in words {
            match word.split_once('=') {
                Some(("every", days)) => every = days.parse()?,
                Some(("kind", given)) => kind = Some(given.to_owned()),
                Some(("break", minutes)) => break_minutes = minutes.to_owned(),
                _ => count = word.strip_prefix('x').context("an unknown word")?.parse()?,
            }
        }
        duties.extend((0..count).map(|number| Duty {
            day: day.clone(),
            offset_days: number * every,
            start: start.to_owned(),
            length: length.to_owned(),
            kind: kind.clone(),
            break_minutes: break_minutes.clone(),
        }));
    }
    duties.extend(weeks(&vector["weeks"])?);
    for (month, minutes) in vector["overtime"].as_object().into_iter().flatten() {
        duties.extend(overtime(month, minutes.as_i64().context("overtime in minutes")?)?);
    }
    Ok(duties)
}

/// Hours of weeks, spread over their first days.
fn weeks(weeks: &Value) -> Result<Vec<Duty>> {
    let Some(from) = text(weeks, "from") else { return Ok(Vec::new()) };
    let days = weeks["days"].as_i64().unwrap_or(6);
    let mut duties = Vec::new();
    for (week, hours) in (0_i64..).zip(list(weeks, "hours")) {
        let minutes = hours.as_i64().context("hours of a week")? * 60;
        ensure!(minutes % days == 0, "{hours} hours do not divide by {days} days");
        for day in (0..days).filter(|_| minutes > 0) {
            duties.push(Duty {
                day: from.to_owned(),
                offset_days: week * 7 + day,
                start: "07:00".to_owned(),
                length: format!("+{}", minutes / days),
                kind: None,
                break_minutes: "0".to_owned(),
            });
        }
    }
    Ok(duties)
}

/// Overtime of a month: beyond eight hours on its first twenty weekdays.
fn overtime(month: &str, minutes: i64) -> Result<Vec<Duty>> {
    const WEEKDAYS: i64 = 20;
    let first = chrono::NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d")?;
    let is_weekday = |day: &chrono::NaiveDate| {
        !matches!(chrono::Datelike::weekday(day), chrono::Weekday::Sat | chrono::Weekday::Sun)
    };
    let days = first.iter_days().filter(is_weekday).zip(0..WEEKDAYS);
    let duties = days.map(|(day, number)| {
        let share = minutes / WEEKDAYS + i64::from(number < minutes % WEEKDAYS);
        Duty {
            day: day.to_string(),
            offset_days: 0,
            start: "09:00".to_owned(),
            length: format!("+{}", 480 + share),
            kind: None,
            break_minutes: "0".to_owned(),
        }
    });
    Ok(duties.collect())
}

fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member)?.as_str()
}

fn list<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}

fn names(value: &Value, member: &str) -> String {
    list(value, member).map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn item(value: &Value, position: usize) -> Result<&str> {
    value.get(position).and_then(Value::as_str).with_context(|| format!("no text at {position} of {value}"))
}

fn triple(value: &Value) -> Result<(&str, &str, &str)> {
    Ok((item(value, 0)?, item(value, 1)?, item(value, 2)?))
}
