//! Heads on a shift against the heads it needs. A person who is on a shift twice is one head.

use std::cmp::Ordering;

use super::change::{AddedConflict, Change};
use super::input::{Roster, Shift};
use super::row::{Conflict, ConflictKind, Quantity};
use super::sweep::Sink;
use crate::span::Span;

/// Every shift in the window with too few or too many heads.
pub(super) fn find<E>(roster: &Roster<'_>, window: Span, emit: &mut Sink<'_, E>) -> Result<(), E> {
    let heads = Heads::of(roster, |_| true);
    for (number, shift) in roster.shifts.iter().enumerate() {
        if shift.span.overlaps(window)
            && let Some(conflict) = judge(number, shift, heads.on(number))
        {
            emit(conflict)?;
        }
    }
    Ok(())
}

/// Every shift that a change leaves with too many heads and more than before, or too few and fewer.
pub(super) fn find_added<E>(
    roster: &Roster<'_>,
    change: &Change,
    emit: &mut dyn FnMut(AddedConflict) -> Result<(), E>,
) -> Result<(), E> {
    let before = Heads::of(roster, |assignment| change.is_before(assignment));
    let after = Heads::of(roster, |assignment| change.is_after(assignment));
    for (number, shift) in roster.shifts.iter().enumerate() {
        let on_shift = after.on(number);
        let heads_before = judge(number, shift, before.on(number));
        if let Some(conflict) = judge(number, shift, on_shift)
            && !heads_before
                .is_some_and(|before| before.kind == conflict.kind && before.is_as_bad_as(&conflict))
        {
            let proposal = on_shift.iter().filter_map(|head| change.proposal(head.assignment)).min();
            emit(AddedConflict { proposal, conflict })?;
        }
    }
    Ok(())
}

fn judge(number: usize, shift: &Shift, on_shift: &[Head]) -> Option<Conflict> {
    let required = shift.required?;
    let heads = u32::try_from(on_shift.len()).unwrap_or(u32::MAX);
    let kind = match heads.cmp(&required) {
        Ordering::Less => ConflictKind::Understaffed,
        Ordering::Equal => return None,
        Ordering::Greater => ConflictKind::Overstaffed,
    };
    Some(Conflict {
        kind,
        level: kind.default_level(),
        person: None,
        shift: Some(number),
        assignment: None,
        other_assignment: None,
        cause: None,
        during: shift.span,
        measured: Some(Quantity::Heads(heads)),
        limit: Some(Quantity::Heads(required)),
    })
}

/// A person on a shift, with the first assignment that puts them there.
struct Head {
    shift: usize,
    person: usize,
    assignment: usize,
}

/// All heads, by shift.
struct Heads {
    sorted: Vec<Head>,
}

impl Heads {
    fn of(roster: &Roster<'_>, counts: impl Fn(usize) -> bool) -> Self {
        let mut sorted: Vec<Head> = roster
            .assignments
            .iter()
            .enumerate()
            .filter(|(index, assignment)| assignment.binding && counts(*index))
            .filter_map(|(index, assignment)| {
                Some(Head { shift: assignment.shift?, person: assignment.person, assignment: index })
            })
            .collect();
        sorted.sort_unstable_by_key(|head| (head.shift, head.person, head.assignment));
        sorted.dedup_by_key(|head| (head.shift, head.person));
        Self { sorted }
    }

    fn on(&self, shift: usize) -> &[Head] {
        let first = self.sorted.partition_point(|head| head.shift < shift);
        let end = self.sorted.partition_point(|head| head.shift <= shift);
        self.sorted.get(first..end).unwrap_or_default()
    }
}
