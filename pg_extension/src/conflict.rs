//! A roster read, examined and written out as rows.

mod message;
mod row;

use pgrx::JsonB;
use rota_engine::conflict::{Assignment, Conflict, find_added_conflicts, find_conflicts};
use rota_engine::{Duration, Instant, Span};

pub(crate) use row::ConflictRow;

use crate::error::ExtensionError;
use crate::source::{
    Connection, Heads, Names, Proposal, RestRules, RosterRows, Selection, Views, read_ids, read_proposals,
    read_rest_rules, read_roster,
};

/// Rows of one call. They are some 300 bytes each while a call lasts, and nobody reads so many.
const MOST_CONFLICTS: usize = 1_000_000;

/// Conflicts found between two looks at pending interrupts: below a millisecond.
const CONFLICTS_PER_INTERRUPT_CHECK: usize = 4_096;

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
        let rules = rest_rules(connection, &views, minimum_rest_minutes, &mut team_ids)?;
        let heads = if staffing { Heads::OfTeams } else { Heads::Ignored };
        let selection = Selection { span: widened(window, rules.longest()), people, teams, heads };
        let rows = read_roster(connection, &views, &selection, team_ids)?;
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

/// Every conflict that proposals would add.
///
/// # Errors
/// Those of the source views and of the proposals; [`ExtensionError::TooManyConflicts`].
pub(crate) fn check(
    proposed: JsonB,
    minimum_rest_minutes: Option<i32>,
) -> Result<Vec<ConflictRow>, ExtensionError> {
    let (mut rows, rules, proposals) = Connection::run(|connection| {
        let views = Views::read(connection)?;
        let mut team_ids = Names::default();
        let rules = rest_rules(connection, &views, minimum_rest_minutes, &mut team_ids)?;
        let proposals = read_proposals(connection, &views, proposed)?;
        let Some(hull) = hull(&proposals) else { return Ok((RosterRows::default(), rules, proposals)) };
        let selection = Selection {
            span: widened(hull, rules.longest()),
            people: Some(proposals.iter().map(|proposal| proposal.person_id.clone()).collect()),
            teams: None,
            heads: Heads::OfShifts(
                proposals.iter().filter_map(|proposal| proposal.shift_id.clone()).collect(),
            ),
        };
        let rows = read_roster(connection, &views, &selection, team_ids)?;
        Ok((rows, rules, proposals))
    })?;
    let existing = rows.assignments.len();
    for (position, proposal) in proposals.iter().enumerate() {
        append(proposal, position, &mut rows)?;
    }
    let mut found = Found::default();
    find_added_conflicts(&rows.roster(&rules.rules), existing, |added| {
        let other = other_proposal(&added.conflict, added.proposal, existing);
        let row = ConflictRow::of(&added.conflict, &rows, &rules);
        found.push(ConflictRow { proposal: Some(added.proposal), other_proposal: other, ..row })
    })?;
    Ok(found.rows)
}

fn rest_rules(
    connection: &Connection,
    views: &Views,
    minimum_rest_minutes: Option<i32>,
    team_ids: &mut Names,
) -> Result<RestRules, ExtensionError> {
    match minimum_rest_minutes {
        Some(minutes) => RestRules::of_minutes(minutes),
        None => read_rest_rules(connection, views, team_ids),
    }
}

/// Adds a proposal to the assignments.
fn append(proposal: &Proposal, position: usize, rows: &mut RosterRows) -> Result<(), ExtensionError> {
    let person =
        rows.person_ids.find(proposal.person_id.as_str().into()).filter(|person| *person < rows.people.len());
    let person = person.ok_or_else(|| ExtensionError::UnknownInProposal {
        position,
        noun: "person",
        id: proposal.person_id.clone(),
    })?;
    let shift = proposal.shift_id.as_deref().map(|shift| rows.shift_ids.number(shift.into()));
    rows.assignments.push(Assignment { person, shift, span: proposal.span, binding: true });
    rows.assignment_ids.push(None);
    Ok(())
}

/// The proposal on the other side of a conflict, if that is one.
fn other_proposal(conflict: &Conflict, proposal: usize, existing: usize) -> Option<usize> {
    [conflict.assignment, conflict.other_assignment]
        .into_iter()
        .flatten()
        .filter_map(|assignment| assignment.checked_sub(existing))
        .find(|side| *side != proposal)
}

/// From the start of the first proposal to the end of the last.
fn hull(proposals: &[Proposal]) -> Option<Span> {
    let start = proposals.iter().map(|proposal| proposal.span.start()).min()?;
    let end = proposals.iter().map(|proposal| proposal.span.end()).max()?;
    Span::new(start, end)
}

/// A span with some time more on both sides, as far as time goes.
fn widened(span: Span, by: Duration) -> Span {
    let start = span.start().checked_add_microseconds(-by.microseconds()).unwrap_or(Instant::NEG_INFINITY);
    let end = span.end().checked_add_microseconds(by.microseconds()).unwrap_or(Instant::INFINITY);
    Span::new(start, end).unwrap_or(span)
}

/// Rows on their way out, with a limit and an ear for interrupts.
#[derive(Default)]
struct Found {
    rows: Vec<ConflictRow>,
}

impl Found {
    fn push(&mut self, row: ConflictRow) -> Result<(), ExtensionError> {
        if self.rows.len() >= MOST_CONFLICTS {
            return Err(ExtensionError::TooManyConflicts { limit: MOST_CONFLICTS });
        }
        if self.rows.len().is_multiple_of(CONFLICTS_PER_INTERRUPT_CHECK) {
            pgrx::check_for_interrupts!();
        }
        self.rows.push(row);
        Ok(())
    }
}
