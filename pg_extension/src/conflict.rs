//! A roster read, examined and written out as rows.

mod check;
mod found;
mod message;
mod reading;
mod row;
mod rules;

use rota_engine::Span;
use rota_engine::conflict::find_conflicts;

pub(crate) use check::{Added, check, check_swap};
pub(crate) use row::ConflictRow;

use crate::error::ExtensionError;
use crate::source::{Connection, Heads, Names, Selection, Views, read_ids, read_roster, read_rules, widened};
use found::Found;
use reading::follow_work;

/// Which conflicts to look for.
pub(crate) struct Question {
    /// Conflicts whose time meets it.
    pub(crate) window: Span,
    /// Only of these people, by id; `None` for everybody, and for staffing.
    pub(crate) people: Option<Vec<String>>,
    /// Only of these teams' people, and of these teams' shifts.
    pub(crate) teams: Option<Vec<String>>,
    /// The least rest; `None` for what the rules say.
    pub(crate) minimum_rest_minutes: Option<i32>,
}

/// Every conflict that a question asks for.
///
/// # Errors
/// Those of the source views; [`ExtensionError::TooManyConflicts`].
pub(crate) fn find(question: Question) -> Result<Vec<ConflictRow>, ExtensionError> {
    let Question { window, people, teams, minimum_rest_minutes } = question;
    let staffing = people.is_none();
    let (rows, rules, is_limited) = Connection::run(|connection| {
        let views = Views::read(connection)?;
        let read = |argument, column, ids: Option<Vec<String>>| {
            ids.map(|ids| read_ids(connection, &views, argument, ("people", column), &ids)).transpose()
        };
        let people = read("people", "person_id", people)?;
        let teams = read("teams", "team_id", teams)?;
        let mut team_ids = Names::default();
        let rules = read_rules(connection, &views, minimum_rest_minutes, &mut team_ids)?;
        let selection = Selection {
            span: window,
            span_of_work: widened(window, rules.reach()),
            zones: rules.need_zones(),
            breaks: rules.need_breaks(),
            people,
            teams,
            heads: if staffing { Heads::OfTeams } else { Heads::Ignored },
        };
        let mut rows = read_roster(connection, &views, &selection, team_ids)?;
        follow_work(connection, &views, &selection, (&rules, &[]), &mut rows)?;
        Ok((rows, rules, selection.is_limited()))
    })?;
    let mut found = Found::default();
    find_conflicts(&rows.roster(&rules.rules), window, staffing, |conflict| {
        // Of the others only the heads were read: what else is known of them is not all there is.
        let of_others = is_limited && conflict.person.is_some_and(|person| person >= rows.people.len());
        if of_others { Ok(()) } else { found.push(ConflictRow::of(&conflict, &rows, &rules)) }
    })?;
    Ok(found.rows)
}
