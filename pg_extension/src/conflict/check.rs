//! What writing would add.

use std::collections::HashMap;

use pgrx::JsonB;
use rota_engine::conflict::{Assignment, Change, Conflict, find_added_conflicts};
use rota_engine::{Duration, EngineError, Span};

use super::found::Found;
use super::reading::follow_work;
use super::row::ConflictRow;
use super::rules::{BrokenRule, broken_rules};
use crate::error::ExtensionError;
use crate::source::{
    Booking, Connection, Heads, Name, Names, Proposal, RosterRows, Rules, Selection, Views, read_bookings,
    read_ids, read_proposals, read_roster, read_rules, widened,
};

/// Time around a change in which it may change the day on which a duty begins: two days.
const AROUND: Duration = Duration::from_microseconds(2 * 86_400_000_000);

/// What a change would add.
pub(crate) struct Added {
    /// Conflicts.
    pub(crate) conflicts: Vec<ConflictRow>,
    /// Rules that it would break, other than those that conflicts are found by.
    pub(crate) rules: Vec<BrokenRule>,
}

/// Everything that proposals would add.
///
/// # Errors
/// Those of the source views and of the proposals; [`ExtensionError::TooManyConflicts`].
pub(crate) fn check(proposed: JsonB, minimum_rest_minutes: Option<i32>) -> Result<Added, ExtensionError> {
    let (plan, rules) = Connection::run(|connection| {
        let views = Views::read(connection)?;
        let proposals = read_proposals(connection, &views, proposed)?;
        let plan = Plan::read(connection, &views, &proposals, minimum_rest_minutes)?;
        let rules = plan.broken_rules(connection, &views, &proposals)?;
        Ok((plan, rules))
    })?;
    Ok(Added { conflicts: plan.added_conflicts()?, rules })
}

/// Everything that it would add if two people exchanged these assignments.
///
/// # Errors
/// [`ExtensionError::UnfitForSwap`]; those of the source views; [`ExtensionError::TooManyConflicts`].
pub(crate) fn check_swap(
    assignment_id: String,
    other_assignment_id: String,
    minimum_rest_minutes: Option<i32>,
) -> Result<Added, ExtensionError> {
    let (plan, rules) = Connection::run(|connection| {
        let views = Views::read(connection)?;
        let one = read_side(connection, &views, "assignment_id", assignment_id)?;
        let other = read_side(connection, &views, "other_assignment_id", other_assignment_id)?;
        if one.person_id == other.person_id {
            return Err(unfit(
                "other_assignment_id",
                &other,
                format!("is of person \"{}\", like the other: a swap wants two people", one.person_id),
            ));
        }
        let proposals = [taken_over(&one, &other.person_id), taken_over(&other, &one.person_id)];
        let plan = Plan::read(connection, &views, &proposals, minimum_rest_minutes);
        let plan = plan.map_err(|error| match error {
            // The first proposal is of the other's person.
            ExtensionError::UnknownInProposal { position, id, .. } => {
                let fault = format!("is of person \"{id}\", who does not exist");
                if position == 0 {
                    unfit("other_assignment_id", &other, fault)
                } else {
                    unfit("assignment_id", &one, fault)
                }
            }
            error => error,
        })?;
        let rules = plan.broken_rules(connection, &views, &proposals)?;
        Ok((plan, rules))
    })?;
    Ok(Added { conflicts: plan.added_conflicts()?, rules })
}

/// An assignment that may be swapped.
fn read_side(
    connection: &Connection,
    views: &Views,
    argument: &'static str,
    id: String,
) -> Result<Booking, ExtensionError> {
    let column = ("assignments", "assignment_id");
    let ids = read_ids(connection, views, argument, column, &[id])?;
    let id = ids.first().cloned().unwrap_or_default();
    let booking = read_bookings(connection, views, &ids)?
        .remove(&id)
        .ok_or_else(|| ExtensionError::UnfitForSwap { argument, id, fault: "does not exist".to_owned() })?;
    if booking.binding {
        Ok(booking)
    } else {
        Err(unfit(argument, &booking, "is not binding: nobody is booked by it".to_owned()))
    }
}

fn unfit(argument: &'static str, booking: &Booking, fault: String) -> ExtensionError {
    ExtensionError::UnfitForSwap { argument, id: booking.assignment_id.clone(), fault }
}

/// An assignment as it is, but of another person.
fn taken_over(booking: &Booking, person_id: &str) -> Proposal {
    Proposal {
        person_id: person_id.to_owned(),
        shift_id: booking.shift_id.clone(),
        span: booking.span,
        load: booking.load,
        unpaid: Some(booking.unpaid),
        replaced: Some(booking.clone()),
    }
}

/// A roster with proposals at the end of its assignments.
struct Plan {
    rows: RosterRows,
    rules: Rules,
    existing: usize,
    change: Change,
}

impl Plan {
    fn read(
        connection: &Connection,
        views: &Views,
        proposals: &[Proposal],
        minimum_rest_minutes: Option<i32>,
    ) -> Result<Self, ExtensionError> {
        let mut team_ids = Names::default();
        let rules = read_rules(connection, views, minimum_rest_minutes, &mut team_ids)?;
        let Some(hull) = hull(proposals) else {
            return Ok(Self::of(RosterRows::default(), rules, Vec::new(), &[]));
        };
        let replaced = proposals.iter().filter_map(|proposal| proposal.replaced.as_ref());
        let people = proposals.iter().map(|proposal| &proposal.person_id);
        let people = people.chain(replaced.clone().map(|booking| &booking.person_id));
        let shifts = proposals.iter().filter_map(|proposal| proposal.shift_id.as_ref());
        let shifts = shifts.chain(replaced.filter_map(|booking| booking.shift_id.as_ref()));
        let span = widened(hull, AROUND);
        let selection = Selection {
            span,
            span_of_work: widened(span, rules.reach()),
            zones: rules.need_zones(),
            breaks: true,
            people: Some(people.cloned().collect()),
            teams: None,
            heads: Heads::OfShifts(shifts.cloned().collect()),
        };
        let mut rows = read_roster(connection, views, &selection, team_ids)?;
        let proposed = proposals
            .iter()
            .enumerate()
            .map(|(position, proposal)| assignment_of(proposal, position, &mut rows))
            .collect::<Result<Vec<Assignment>, _>>()?;
        follow_work(connection, views, &selection, (&rules, &proposed), &mut rows).map_err(of_proposals)?;
        Ok(Self::of(rows, rules, proposed, proposals))
    }

    fn of(mut rows: RosterRows, rules: Rules, proposed: Vec<Assignment>, proposals: &[Proposal]) -> Self {
        let existing = rows.assignments.len();
        let ids = rows.assignment_ids.iter().enumerate();
        let positions: HashMap<String, usize> =
            ids.filter_map(|(at, id)| Some((id.as_ref()?.to_string(), at))).collect();
        let mut replaced = Vec::with_capacity(proposals.len());
        for proposal in proposals {
            let id = proposal.replaced.as_ref().map(|booking| booking.assignment_id.as_str());
            replaced.push(id.and_then(|id| positions.get(id).copied()));
            // Once written, it keeps the id of what it replaces.
            rows.assignment_ids.push(id.map(|id| Name::from(id).kept()));
        }
        rows.assignments.extend(proposed);
        let change = Change::of(existing, replaced);
        Self { rows, rules, existing, change }
    }

    /// The rules that the proposals would break.
    fn broken_rules(
        &self,
        connection: &Connection,
        views: &Views,
        proposals: &[Proposal],
    ) -> Result<Vec<BrokenRule>, ExtensionError> {
        let Some(hull) = hull(proposals) else { return Ok(Vec::new()) };
        let unpaid = self.rows.assignments.iter().skip(self.existing).map(|assignment| assignment.unpaid);
        broken_rules(connection, views, (hull, proposals), unpaid)
    }

    fn added_conflicts(&self) -> Result<Vec<ConflictRow>, ExtensionError> {
        let Self { rows, rules, existing, change } = self;
        let mut found = Found::default();
        find_added_conflicts(&rows.roster(&rules.rules), change, |added| {
            let other = other_proposal(&added.conflict, added.proposal, *existing);
            let row = ConflictRow::of(&added.conflict, rows, rules);
            found.push(ConflictRow { proposal: added.proposal, other_proposal: other, ..row })
        })?;
        Ok(found.rows)
    }
}

/// Has an error of time without bounds name the argument that holds it.
fn of_proposals(error: ExtensionError) -> ExtensionError {
    let argument = "proposed";
    match error {
        ExtensionError::Engine(EngineError::UnboundedSpan { .. }) => {
            EngineError::UnboundedSpan { argument }.into()
        }
        ExtensionError::Engine(EngineError::SpanTooLong { days, limit_days, .. }) => {
            EngineError::SpanTooLong { argument, days, limit_days }.into()
        }
        error => error,
    }
}

/// A proposal as the engine wants it.
fn assignment_of(
    proposal: &Proposal,
    position: usize,
    rows: &mut RosterRows,
) -> Result<Assignment, ExtensionError> {
    let person =
        rows.person_ids.find(proposal.person_id.as_str().into()).filter(|person| *person < rows.people.len());
    let person = person.ok_or_else(|| ExtensionError::UnknownInProposal {
        position,
        noun: "person",
        id: proposal.person_id.clone(),
    })?;
    let shift = proposal.shift_id.as_deref().map(|shift| rows.shift_ids.number(shift.into()));
    let of_shift = || shift.and_then(|shift| rows.shift_breaks.get(shift)).copied();
    let unpaid = proposal.unpaid.or_else(of_shift).unwrap_or_default();
    Ok(Assignment { person, shift, span: proposal.span, binding: true, load: proposal.load, unpaid })
}

/// The proposal on the other side of a conflict, if that is one.
fn other_proposal(conflict: &Conflict, proposal: Option<usize>, existing: usize) -> Option<usize> {
    [conflict.assignment, conflict.other_assignment]
        .into_iter()
        .flatten()
        .filter_map(|assignment| assignment.checked_sub(existing))
        .find(|side| Some(*side) != proposal)
}

/// From the first start to the last end of the proposals and of what they replace.
fn hull(proposals: &[Proposal]) -> Option<Span> {
    let replaced = proposals.iter().filter_map(|proposal| proposal.replaced.as_ref());
    let spans = proposals.iter().map(|proposal| proposal.span).chain(replaced.map(|booking| booking.span));
    spans.reduce(Span::hull)
}
