//! The fewest people who can take over what somebody leaves, proven by trying all of them.
//!
//! Some people can take over if what they had and what was left can be shared out among them with every hard rule kept
//! and nothing left open. Whether that is so is a roster of these people alone, small enough to be searched to the end.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio_postgres::Client;

/// Most people at once that are tried; of fifty there are some thousand pairs.
const MOST_TOGETHER: i64 = 2;

/// Price of a head too few where nothing else has one. With a price of 1 the prices of the search, which are whole
/// numbers, leave it nothing to prove anything by.
const HEAD: i64 = 1_000;

/// How few people it takes.
pub(super) enum Fewest {
    /// So many can, and fewer cannot.
    Exactly(i64),
    /// Fewer cannot.
    AtLeast(i64),
}

impl fmt::Display for Fewest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(count) => write!(formatter, "{count}"),
            Self::AtLeast(count) => write!(formatter, "at least {count}"),
        }
    }
}

/// A problem and what was left.
struct Left<'a> {
    problem: &'a Value,
    /// Shifts by their ids.
    shifts: BTreeMap<&'a str, &'a Value>,
    /// The other people by their ids.
    people: BTreeMap<&'a str, &'a Value>,
    /// The shifts that each person has.
    held: BTreeMap<&'a str, Vec<&'a str>>,
    /// The shifts that somebody must take.
    open: Vec<&'a str>,
}

/// Tries everybody alone, then all pairs.
pub(super) async fn fewest(session: &Client, problem: &Value, absent: &str) -> Result<Fewest> {
    let left = Left::of(problem, absent)?;
    if left.open.is_empty() {
        return Ok(Fewest::Exactly(0));
    }
    let names: Vec<&str> = left.people.keys().copied().collect();
    let mut groups: Vec<Vec<&str>> = names.iter().map(|name| vec![*name]).collect();
    for together in 1..=MOST_TOGETHER {
        let mut is_proven = true;
        for group in &groups {
            match left.can_take_over(session, group).await? {
                Some(true) => return Ok(Fewest::Exactly(together)),
                Some(false) => {}
                None => is_proven = false,
            }
        }
        // Some of them perhaps can.
        if !is_proven {
            return Ok(Fewest::AtLeast(together));
        }
        groups = groups
            .iter()
            .flat_map(|group| {
                let later = names.iter().filter(|name| group.last().is_none_or(|last| *name > last));
                later.map(|name| [group.as_slice(), &[*name]].concat()).collect::<Vec<_>>()
            })
            .collect();
    }
    Ok(Fewest::AtLeast(MOST_TOGETHER + 1))
}

impl<'a> Left<'a> {
    fn of(problem: &'a Value, absent: &str) -> Result<Self> {
        let by_id = |name: &str| -> Result<BTreeMap<&'a str, &'a Value>> {
            let list = problem[name].as_array().with_context(|| format!("no {name}"))?;
            Ok(list.iter().filter_map(|item| Some((item["id"].as_str()?, item))).collect())
        };
        let (shifts, mut people) = (by_id("shifts")?, by_id("people")?);
        let mut held: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for pair in problem["known"].as_array().into_iter().flatten() {
            let (Some(person), Some(shift)) = (pair["person"].as_str(), pair["shift"].as_str()) else {
                continue;
            };
            held.entry(person).or_default().push(shift);
        }
        let away = people.remove(absent).context("nobody is absent")?;
        let lost = |shift: &&str| {
            away["absences"].as_array().into_iter().flatten().any(|absence| overlap(shifts[shift], absence))
        };
        let open = held.get(absent).into_iter().flatten().copied().filter(|shift| lost(shift)).collect();
        Ok(Self { problem, shifts, people, held, open })
    }

    /// Whether these people can share out what they have and what was left, such that all of it is done; none where the
    /// search found no way and no proof. A group that cannot do it by skills alone is not searched.
    async fn can_take_over(&self, session: &Client, group: &[&str]) -> Result<Option<bool>> {
        let mut wanted: BTreeMap<&str, i64> = BTreeMap::new();
        let own = group.iter().filter_map(|person| self.held.get(person)).flatten();
        for shift in own.chain(&self.open) {
            *wanted.entry(shift).or_default() += 1;
        }
        let people: Vec<&Value> = group.iter().map(|person| self.people[person]).collect();
        if !self.open.iter().all(|shift| people.iter().any(|person| has_skills(person, self.shifts[shift]))) {
            return Ok(Some(false));
        }
        let people: Vec<Value> = people.into_iter().map(without_wishes).collect();
        let shifts: Vec<Value> = wanted
            .iter()
            .map(|(shift, heads)| {
                let mut shift = self.shifts[shift].clone();
                shift["required"] = json!(heads);
                shift
            })
            .collect();
        let mut problem = self.problem.clone();
        problem["weights"] = json!({ "short": HEAD, "surplus": 0, "overtime": 0 });
        problem["people"] = Value::Array(people);
        problem["shifts"] = Value::Array(shifts);
        problem["known"] = json!([]);
        let answer: Value = session
            .query_one(r#"SELECT rota.solve_roster($1, '{"steps": 20000, "explain": false}')"#, &[&problem])
            .await?
            .get(0);
        if answer["feasible"] == true && answer["missing_heads"] == 0 {
            return Ok(Some(true));
        }
        let is_proven = answer["lower_bound"].as_i64().is_some_and(|bound| bound > 0);
        Ok(is_proven.then_some(false))
    }
}

/// A person with nothing but what they must keep.
fn without_wishes(person: &Value) -> Value {
    let mut person = person.clone();
    if let Some(members) = person.as_object_mut() {
        members.remove("availability");
        members.remove("weekly_minutes");
    }
    for limit in person["limits"].as_array_mut().into_iter().flatten() {
        if let Some(members) = limit.as_object_mut() {
            members.remove("least");
        }
    }
    person
}

fn has_skills(person: &Value, shift: &Value) -> bool {
    let words = |value: &Value| -> HashSet<String> {
        let list = value.as_array().into_iter().flatten();
        list.map(|skill| skill["skill"].as_str().or(skill.as_str()).unwrap_or_default().to_owned()).collect()
    };
    words(&shift["skills"]).is_subset(&words(&person["skills"]))
}

/// Whether a shift meets an absence. Instants of one document are written alike, but for the offset.
fn overlap(shift: &Value, absence: &Value) -> bool {
    let instant =
        |value: &Value| value.as_str().and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok());
    let (start, end) = (instant(&shift["starts_at"]), instant(&shift["ends_at"]));
    let (from, to) = (instant(&absence["starts_at"]), instant(&absence["ends_at"]));
    let begins_before = to.is_none_or(|to| start.is_some_and(|start| start < to));
    let ends_after = from.is_none_or(|from| end.is_some_and(|end| end > from));
    begins_before && ends_after
}
