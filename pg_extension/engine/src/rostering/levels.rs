//! Levels as one number: medium weights multiplied so that they outweigh everything soft.
//!
//! The search knows hard rules and one cost. A medium unit counts as one more than all soft costs can come to, so the
//! least sum is the least in the order of the levels, and division gives the levels back.

use std::borrow::Cow;

use super::ceiling::Ceiling;
use super::evaluation::Evaluation;
use super::problem::{Bound, Force, Level, Problem};

/// A problem without medium rules, and what a medium unit counts in it.
pub(super) struct Flattened<'a> {
    pub(super) problem: Cow<'a, Problem>,
    pub(super) factor: i64,
}

impl<'a> Flattened<'a> {
    /// Flattens a problem that [`Problem::check`] found sound.
    pub(super) fn of(problem: &'a Problem) -> Self {
        // The check keeps the whole sum within 64 bits, and the factor with it.
        let factor = i64::try_from(Ceiling::of(problem).factor()).unwrap_or(1);
        if factor == 1 {
            return Self { problem: Cow::Borrowed(problem), factor };
        }
        let mut flat = problem.clone();
        for shift in &mut flat.shifts {
            if shift.short_level == Level::Medium {
                shift.short_level = Level::Soft;
                shift.short_weight *= factor;
            }
        }
        let flatten = |force: &mut Force| {
            if let Force::Medium(weight) = *force {
                *force = Force::Soft(weight * factor);
            }
        };
        flat.successions.iter_mut().for_each(|rule| flatten(&mut rule.force));
        each_bound(&mut flat, &mut |bound| flatten(&mut bound.force));
        for rotation in flat.people.iter_mut().filter_map(|person| person.rotation.as_mut()) {
            flatten(&mut rotation.force);
        }
        Self { problem: Cow::Owned(flat), factor }
    }
}

/// Calls `change` for every bound of the problem and its people.
fn each_bound(problem: &mut Problem, change: &mut dyn FnMut(&mut Bound)) {
    let Problem { minimum_rest, minimum_day_off, people, .. } = problem;
    [minimum_rest, minimum_day_off].into_iter().flatten().for_each(&mut *change);
    for person in people {
        let runs = [&mut person.longest_work, &mut person.shortest_work, &mut person.shortest_rest];
        runs.into_iter().flatten().for_each(&mut *change);
        for limit in &mut person.limits {
            [&mut limit.least, &mut limit.most].into_iter().flatten().for_each(&mut *change);
        }
    }
}

/// The medium and the soft part of a sum.
pub(super) fn split(cost: i64, factor: i64) -> (i64, i64) {
    if factor == 1 { (0, cost) } else { (cost.div_euclid(factor), cost.rem_euclid(factor)) }
}

impl Evaluation {
    /// What rosters are compared by: hard rules, then medium cost, then soft cost.
    #[must_use]
    pub fn worth(&self) -> (i64, i64, i64) {
        (self.broken_hard, self.medium, self.cost)
    }
}
