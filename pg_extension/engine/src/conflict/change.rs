//! What a change of the roster adds to its conflicts.
//!
//! A conflict is added unless one of the same kind and cause was there before, of the same person and
//! assignments (of the same shift, where a shift makes the demand), that is at least as bad: it covers the time,
//! and is as far off the limit. So whatever is new is told, and whatever gets worse, but nothing that stays or
//! gets better. A rest is known by its time alone.

use std::collections::{BTreeMap, BTreeSet};

use super::input::{Assignment, Roster};
use super::load::Load;
use super::person::{self, RuleBook};
use super::row::{Conflict, ConflictKind};
use super::staffing;
use super::sweep::{Placed, Scope, TimeLines, by_person};
use crate::instant::Instant;
use crate::local::MICROSECONDS_PER_DAY;
use crate::span::Span;

/// A change: assignments from a position on are proposed, those before it stand.
#[derive(Debug, Clone)]
pub struct Change {
    existing: usize,
    replaced: Vec<Option<usize>>,
    removed: BTreeSet<usize>,
}

/// A conflict that a change would add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddedConflict {
    /// The first proposal that takes part, counted from 0 among the proposals. `None` for one that is there
    /// because an assignment goes.
    pub proposal: Option<usize>,
    /// The conflict, as it would be found once the change is written.
    pub conflict: Conflict,
}

impl Change {
    /// The assignments from position `existing` on are proposed. `replaced` has for each of them the position
    /// of the standing assignment whose place it takes, if any.
    #[must_use]
    pub fn of(existing: usize, replaced: Vec<Option<usize>>) -> Self {
        let removed = replaced.iter().flatten().copied().collect();
        Self { existing, replaced, removed }
    }

    /// Whether an assignment stands before the change.
    pub(super) fn is_before(&self, assignment: usize) -> bool {
        assignment < self.existing
    }

    /// Whether an assignment stands after the change.
    pub(super) fn is_after(&self, assignment: usize) -> bool {
        !self.removed.contains(&assignment)
    }

    /// The number of a proposal; `None` for an assignment that stands before.
    pub(super) fn proposal(&self, assignment: usize) -> Option<usize> {
        assignment.checked_sub(self.existing)
    }

    /// What stands before the change in the place of an assignment.
    fn original(&self, assignment: usize) -> Option<usize> {
        match self.proposal(assignment) {
            Some(proposal) => self.replaced.get(proposal).copied().flatten(),
            None => Some(assignment),
        }
    }
}

/// Finds the conflicts that a change adds: those of the roster after it that were not there before, or were
/// less bad. `during` and `measured` are those after it.
///
/// Give the people of the change with their rows around it, widened by the longest reach of a rule, and all
/// assignments of its shifts. Cost, order and interrupts as in [`super::find_conflicts`]; conflicts of standing
/// assignments with each other cost nothing.
///
/// # Errors
/// Those of `emit`, which end the search.
pub fn find_added_conflicts<E>(
    roster: &Roster<'_>,
    change: &Change,
    mut emit: impl FnMut(AddedConflict) -> Result<(), E>,
) -> Result<(), E> {
    let before = by_person(roster, |assignment| change.is_before(assignment));
    let after = by_person(roster, |assignment| change.is_after(assignment));
    let changed = changed_times(roster, change);
    let lines = TimeLines::of(roster, Span::ALWAYS);
    let rules = RuleBook::of(roster);
    for assignments in after.chunk_by(|(_, one), (_, two)| one.person == two.person) {
        let Some((_, Assignment { person, .. })) = assignments.first() else { continue };
        let Some(changed) = changed.get(person) else { continue };
        let scope = Scope { window: Span::ALWAYS, existing: change.existing };
        lines.sweep(*person, assignments, scope, &mut |conflict| {
            if stood_before(roster, change, &conflict) {
                return Ok(());
            }
            emit(AddedConflict { proposal: of_sides(change, &conflict), conflict })
        })?;
        let sums = |assignments: &[Placed<'_>]| -> Result<Vec<Conflict>, E> {
            let mut found = Vec::new();
            person::find(roster, &rules, assignments, changed.around, &mut |conflict| {
                found.push(conflict);
                Ok(())
            })?;
            found.sort_unstable_by_key(|conflict| (conflict.kind, conflict.cause, conflict.during));
            Ok(found)
        };
        let known = sums(of_person(&before, *person))?;
        for conflict in sums(assignments)? {
            if !is_known(&known, &conflict) {
                let proposal = of_sides(change, &conflict).or_else(|| changed.first_in(conflict.during));
                emit(AddedConflict { proposal, conflict })?;
            }
        }
    }
    staffing::find_added(roster, change, &mut emit)
}

/// The assignments of one person.
fn of_person<'a, 'b>(placed: &'b [Placed<'a>], person: usize) -> &'b [Placed<'a>] {
    let first = placed.partition_point(|(_, assignment)| assignment.person < person);
    let end = placed.partition_point(|(_, assignment)| assignment.person <= person);
    placed.get(first..end).unwrap_or_default()
}

/// When one person's work changes.
struct ChangedTime {
    /// All of the changes, and the days around them: the day on which a duty begins may change with the
    /// assignment before it.
    around: Span,
    /// The proposals with their time, in order.
    proposals: Vec<(usize, Span)>,
}

impl ChangedTime {
    /// The first proposal in a span.
    fn first_in(&self, span: Span) -> Option<usize> {
        self.proposals.iter().find(|(_, proposed)| proposed.overlaps(span)).map(|(proposal, _)| *proposal)
    }
}

/// The people of a change.
fn changed_times(roster: &Roster<'_>, change: &Change) -> BTreeMap<usize, ChangedTime> {
    let mut people: BTreeMap<usize, ChangedTime> = BTreeMap::new();
    for (index, assignment) in roster.assignments.iter().enumerate() {
        if !assignment.binding || change.is_before(index) && change.is_after(index) {
            continue;
        }
        let time = widened(assignment.span);
        let changed = people
            .entry(assignment.person)
            .or_insert_with(|| ChangedTime { around: time, proposals: Vec::new() });
        changed.around = changed.around.hull(time);
        changed.proposals.extend(change.proposal(index).map(|proposal| (proposal, assignment.span)));
    }
    people
}

/// With two days more on both sides.
fn widened(span: Span) -> Span {
    let by = 2 * MICROSECONDS_PER_DAY;
    let start = span.start().checked_add_microseconds(-by).unwrap_or(Instant::NEG_INFINITY);
    let end = span.end().checked_add_microseconds(by).unwrap_or(Instant::INFINITY);
    Span::new(start, end).unwrap_or(span)
}

/// The first proposal among the assignments of a conflict.
fn of_sides(change: &Change, conflict: &Conflict) -> Option<usize> {
    let sides = [conflict.assignment, conflict.other_assignment];
    sides.into_iter().flatten().filter_map(|side| change.proposal(side)).min()
}

/// Whether one of these, by kind, cause and time, is as bad. Of one kind and cause they do not overlap, or are
/// all of one length: only the last that starts no later can cover another.
fn is_known(known: &[Conflict], conflict: &Conflict) -> bool {
    let key = |conflict: &Conflict| (conflict.kind, conflict.cause, conflict.during.start());
    let after = known.partition_point(|known| key(known) <= key(conflict));
    after.checked_sub(1).and_then(|last| known.get(last)).is_some_and(|last| {
        (last.kind, last.cause) == (conflict.kind, conflict.cause) && last.is_as_bad_as(conflict)
    })
}

/// Whether assignments that are replaced were in the same conflict, for all of its time.
fn stood_before(roster: &Roster<'_>, change: &Change, conflict: &Conflict) -> bool {
    let original = |side: Option<usize>| {
        let index = change.original(side?)?;
        let assignment = roster.assignments.get(index)?;
        (assignment.binding && Some(assignment.person) == conflict.person).then_some(assignment)
    };
    let Some(first) = original(conflict.assignment) else { return false };
    let both = match conflict.other_assignment {
        None => Some(first.span),
        Some(_) => original(conflict.other_assignment)
            .filter(|second| first.load == Load::WHOLE && second.load == Load::WHOLE)
            .and_then(|second| first.span.intersect(second.span)),
    };
    let on_one_shift = original(conflict.other_assignment)
        .is_some_and(|second| first.shift.is_some() && first.shift == second.shift);
    let is_same_kind = match conflict.kind {
        ConflictKind::Overlap => !on_one_shift,
        ConflictKind::Duplicate => on_one_shift,
        ConflictKind::MissingQualification => first.shift == conflict.shift,
        _ => true,
    };
    is_same_kind && both.is_some_and(|both| both.covers(conflict.during))
}
