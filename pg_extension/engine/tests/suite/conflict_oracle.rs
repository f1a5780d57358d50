//! The definition of every conflict, one question at a time, in quadratic time and worse.

use std::collections::BTreeSet;

use rota_engine::conflict::{
    Assignment, Cause, Conflict, ConflictKind, Level, Load, Preference, Quantity, Requirement, Roster,
    find_conflicts,
};
use rota_engine::{Instant, Span};

use crate::conflict_sums::sums;

/// What the engine finds, sorted.
pub(crate) fn found(roster: &Roster<'_>, window: Span, staffing: bool) -> Vec<Conflict> {
    let mut found = Vec::new();
    let outcome: Result<(), ()> = find_conflicts(roster, window, staffing, |conflict| {
        found.push(conflict);
        Ok(())
    });
    outcome.unwrap();
    found.sort();
    found
}

/// What the definitions say, sorted.
pub(crate) fn defined(roster: &Roster<'_>, window: Span, staffing: bool) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    let booked: Vec<usize> =
        (0..roster.assignments.len()).filter(|index| roster.assignments[*index].binding).collect();
    for &one in &booked {
        for &two in &booked {
            pair(roster, one, two, &mut conflicts);
        }
        blocked(roster, one, &mut conflicts);
        unqualified(roster, one, &mut conflicts);
        rest_after(roster, &booked, one, &mut conflicts);
    }
    for person in booked.iter().map(|index| roster.assignments[*index].person).collect::<BTreeSet<usize>>() {
        sums(roster, person, &mut conflicts);
    }
    if staffing {
        staffed(roster, &booked, &mut conflicts);
    }
    conflicts.retain(|conflict| conflict.during.overlaps(window));
    conflicts.sort();
    conflicts
}

fn row(kind: ConflictKind, level: Level, index: usize, assignment: Assignment, during: Span) -> Conflict {
    Conflict {
        kind,
        level,
        person: Some(assignment.person),
        shift: assignment.shift,
        assignment: Some(index),
        other_assignment: None,
        cause: None,
        during,
        measured: None,
        limit: None,
    }
}

fn pair(roster: &Roster<'_>, one: usize, two: usize, conflicts: &mut Vec<Conflict>) {
    let (first, second) = (roster.assignments[one], roster.assignments[two]);
    let in_order = (first.span.start(), one) < (second.span.start(), two);
    let both_whole = first.load == Load::WHOLE && second.load == Load::WHOLE;
    if !in_order || !both_whole || first.person != second.person {
        return;
    }
    if let Some(during) = first.span.intersect(second.span) {
        let same_shift = first.shift.is_some() && first.shift == second.shift;
        let kind = if same_shift { ConflictKind::Duplicate } else { ConflictKind::Overlap };
        let row = row(kind, Level::Violation, one, first, during);
        conflicts.push(Conflict { other_assignment: Some(two), ..row });
    }
}

fn blocked(roster: &Roster<'_>, one: usize, conflicts: &mut Vec<Conflict>) {
    let assignment = roster.assignments[one];
    for (index, absence) in roster.absences.iter().enumerate() {
        if absence.person == assignment.person
            && let Some(during) = absence.span.intersect(assignment.span)
        {
            let row = row(ConflictKind::TimeOff, Level::Violation, one, assignment, during);
            conflicts.push(Conflict { cause: Some(Cause::Absence(index)), ..row });
        }
    }
    for (index, told) in roster.availability.iter().enumerate() {
        if told.person == assignment.person
            && told.preference == Preference::Unavailable
            && let Some(during) = told.span.intersect(assignment.span)
        {
            let row = row(ConflictKind::Unavailable, Level::Warning, one, assignment, during);
            conflicts.push(Conflict { cause: Some(Cause::Availability(index)), ..row });
        }
    }
}

fn unqualified(roster: &Roster<'_>, one: usize, conflicts: &mut Vec<Conflict>) {
    let assignment = roster.assignments[one];
    let Some(shift) = assignment.shift.and_then(|shift| roster.shifts.get(shift)) else { return };
    for skill in shift.skills.iter().copied().collect::<BTreeSet<usize>>() {
        let validities: Vec<Span> = roster
            .skills
            .iter()
            .filter(|validity| validity.person == assignment.person && validity.skill == skill)
            .map(|validity| validity.span)
            .collect();
        // A span is covered when its start is, and each instant in it at which a validity ends.
        let ends = validities.iter().map(|span| span.end());
        let throughout = std::iter::once(assignment.span.start())
            .chain(ends)
            .filter(|instant| assignment.span.contains(*instant))
            .all(|instant| validities.iter().any(|span| span.contains(instant)));
        if !throughout {
            let during = assignment.span;
            let row = row(ConflictKind::MissingQualification, Level::Violation, one, assignment, during);
            conflicts.push(Conflict { cause: Some(Cause::Skill(skill)), ..row });
        }
    }
}

/// A rest begins where an assignment ends and none is running or starts; it ends where the next one starts.
fn rest_after(roster: &Roster<'_>, booked: &[usize], one: usize, conflicts: &mut Vec<Conflict>) {
    let assignment = roster.assignments[one];
    let end = assignment.span.end();
    let own = || {
        let assignments = roster.assignments;
        let same_person = |index: &usize| assignments[*index].person == assignment.person;
        booked.iter().copied().filter(same_person).map(|index| (index, assignments[index].span))
    };
    let at_work = own().any(|(_, span)| span.contains(end));
    let first_to_end = own().filter(|(_, span)| span.end() == end).map(|(index, _)| index).min();
    let next = own().filter(|(_, span)| span.start() > end).map(|(index, span)| (span.start(), index)).min();
    let Some((start, other)) = next else { return };
    if at_work || first_to_end != Some(one) || end == Instant::INFINITY {
        return;
    }
    let rest = Span::new(end, start).unwrap();
    let team = roster.people.get(assignment.person).and_then(|person| person.team);
    for (index, rule) in roster.rules.iter().enumerate() {
        let Requirement::Rest(minimum) = rule.requirement else { continue };
        let measured = rest.elapsed().unwrap();
        let applies = rule.team.is_none() || rule.team == team;
        if applies && rule.valid.contains(end) && measured < minimum {
            conflicts.push(Conflict {
                other_assignment: Some(other),
                cause: Some(Cause::Rule(index)),
                measured: Some(Quantity::Time(measured)),
                limit: Some(Quantity::Time(minimum)),
                ..row(ConflictKind::InsufficientRest, rule.level, one, assignment, rest)
            });
        }
    }
}

fn staffed(roster: &Roster<'_>, booked: &[usize], conflicts: &mut Vec<Conflict>) {
    for (number, shift) in roster.shifts.iter().enumerate() {
        let on_shift = booked.iter().filter(|index| roster.assignments[**index].shift == Some(number));
        let people: BTreeSet<usize> = on_shift.map(|index| roster.assignments[*index].person).collect();
        let heads = u32::try_from(people.len()).unwrap();
        let Some(required) = shift.required.filter(|required| *required != heads) else { continue };
        let (kind, level) = if heads < required {
            (ConflictKind::Understaffed, Level::Warning)
        } else {
            (ConflictKind::Overstaffed, Level::Advisory)
        };
        conflicts.push(Conflict {
            kind,
            level,
            person: None,
            shift: Some(number),
            assignment: None,
            other_assignment: None,
            cause: None,
            during: shift.span,
            measured: Some(Quantity::Heads(heads)),
            limit: Some(Quantity::Heads(required)),
        });
    }
}
