//! Working-time rules: what they say about people's work, and what becomes of writes that break them.
//!
//! | module | holds |
//! |---|---|
//! | `law` | rules as they are applied, and what has to be known for them |
//! | `inquiry`, `one_person`, `case` | who is asked about, one record after the other |
//! | `row`, `message` | verdicts with names, in sentences |
//! | `change` | what a change adds to the verdicts |
//! | `enforcement` | the triggers of `rota.enforce_rules` |
//!
//! A person's record is put together from the source views while their rows stream by, judged by the engine,
//! and forgotten. What is read at a write is read about the people of the written rows, around the time of
//! those rows, through plans that the server keeps.

mod case;
mod change;
pub(crate) mod enforcement;
mod inquiry;
mod law;
mod message;
mod one_person;
mod row;

use rota_engine::Span;
use rota_engine::compliance::Verdict;

pub(crate) use case::{AddedDuty, Amendment, Case};
pub(crate) use change::added_by;
pub(crate) use row::{HeadroomRow, VerdictRow};

use crate::error::ExtensionError;
use crate::source::{Connection, RuleQuestion, Views, read_ids};
use inquiry::{Inquiry, Questions};
use law::Law;

/// Rows of one call. They are some 500 bytes each while a call lasts, and nobody reads so many.
const MOST_VERDICTS: usize = 1_000_000;

/// What SQL asks.
pub(crate) struct Asked {
    /// The rules: of a set, or all that are in force here.
    pub(crate) rule_set: Option<String>,
    /// Windows that meet it are judged.
    pub(crate) window: Span,
    /// Only of these people, by id.
    pub(crate) people: Option<Vec<String>>,
    /// Only of these teams' people, by id.
    pub(crate) teams: Option<Vec<String>>,
}

/// Every verdict that is asked for, by person, rule and time.
///
/// # Errors
/// Those of the rules and the views; [`ExtensionError::TooManyVerdicts`].
pub(crate) fn verdicts(asked: Asked) -> Result<Vec<VerdictRow>, ExtensionError> {
    let mut rows = Vec::new();
    each_case(asked, &mut |case, law| {
        for verdict in case.book.judge(&case.record) {
            push(&mut rows, VerdictRow::of(&verdict, case, law))?;
        }
        Ok(())
    })?;
    Ok(rows)
}

/// How near each person comes to each limit.
///
/// # Errors
/// As [`verdicts`].
pub(crate) fn headroom(asked: Asked) -> Result<Vec<HeadroomRow>, ExtensionError> {
    let mut rows = Vec::new();
    each_case(asked, &mut |case, law| {
        for headroom in case.book.headroom(&case.record) {
            push(&mut rows, HeadroomRow::of(&headroom, case, law))?;
        }
        Ok(())
    })?;
    Ok(rows)
}

/// Has somebody's verdicts by one rule told with the record that they were found in.
///
/// # Errors
/// As [`verdicts`].
pub(crate) fn explain(
    asked: Asked,
    rule_id: &str,
    each: &mut dyn FnMut(&Verdict, &Case<'_>, String) -> Result<(), ExtensionError>,
) -> Result<(), ExtensionError> {
    each_case(asked, &mut |case, law| {
        let rule = law.rules.iter().position(|rule| rule.id == rule_id);
        let rule = rule.ok_or_else(|| ExtensionError::UnknownRule { id: rule_id.to_owned() })?;
        let found = case.book.judge(&case.record);
        found.iter().filter(|verdict| verdict.rule == rule).try_for_each(|verdict| {
            let row = VerdictRow::of(verdict, case, law);
            each(verdict, case, row.map(|row| row.message).unwrap_or_default())
        })
    })
}

fn each_case(
    asked: Asked,
    each: &mut dyn FnMut(&Case<'_>, &Law) -> Result<(), ExtensionError>,
) -> Result<(), ExtensionError> {
    let Asked { rule_set, window, people, teams } = asked;
    Connection::run(|connection| {
        let views = Views::read(connection)?;
        let read = |argument, column, ids: Option<Vec<String>>| {
            ids.map(|ids| read_ids(connection, &views, argument, ("people", column), &ids)).transpose()
        };
        let people = read("people", "person_id", people)?;
        let teams = read("teams", "team_id", teams)?;
        let written = RuleQuestion::new(connection, &views, rule_set.as_deref())?.ask(connection)?;
        let law = Law::read(connection, &written, |_| true)?;
        let questions = Questions::new(&views, &law, people.is_some(), teams.is_some())?;
        let inquiry = Inquiry { window, people: people.as_deref(), teams: teams.as_deref(), amendment: None };
        questions.ask(connection, &law, inquiry, &mut |case| each(case, &law))
    })
}

fn push<T>(rows: &mut Vec<T>, row: Option<T>) -> Result<(), ExtensionError> {
    if rows.len() >= MOST_VERDICTS {
        return Err(ExtensionError::TooManyVerdicts { limit: MOST_VERDICTS });
    }
    rows.extend(row);
    Ok(())
}
