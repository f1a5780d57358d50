//! Who can never take what, and why; and how much smaller the search is for it.

use super::evaluation::{RuleName, broken_by_assignment};
use super::person_space::is_kind_forbidden;
use super::problem::{Counted, Problem};

/// A shift that a person can never take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exclusion {
    /// The person.
    pub person: usize,
    /// The shift.
    pub shift: usize,
    /// The rule that excludes it, the first of those that do.
    pub rule: RuleName,
}

/// What pruning came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Pairs of person and shift.
    pub pairs: u64,
    /// Those of them that no roster can hold.
    pub excluded: u64,
}

/// Reports every shift that a person can never take.
pub fn prune(problem: &Problem, report: &mut dyn FnMut(Exclusion)) -> Pruned {
    let mut pruned = Pruned { pairs: (problem.people.len() * problem.shifts.len()) as u64, excluded: 0 };
    for person in 0..problem.people.len() {
        for shift in 0..problem.shifts.len() {
            if let Some(rule) = excluded_by(problem, person, shift) {
                pruned.excluded += 1;
                report(Exclusion { person, shift, rule });
            }
        }
    }
    pruned
}

/// The rule that keeps a person off a shift in every roster; none if some roster might hold it.
#[must_use]
pub fn excluded_by(problem: &Problem, person: usize, shift: usize) -> Option<RuleName> {
    let rules = &problem.people[person];
    let asked = &problem.shifts[shift];
    if let Some(fixed) = rules.fixed.iter().find(|fixed| fixed.day == asked.day) {
        return (fixed.shift != Some(shift)).then_some(RuleName::Fixed);
    }
    if let Some(rule) = broken_by_assignment(problem, rules, asked.day, shift).next() {
        return Some(rule);
    }
    is_kind_forbidden(rules, asked.kind, asked.day).then_some(RuleName::Most(Counted::Kind(asked.kind)))
}
