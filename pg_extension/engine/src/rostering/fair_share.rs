//! What would be fair: what the demand asks of everybody together, shared out by contract.

use std::ops::Range;

use super::problem::{Counted, Fairness, Force, Problem, Share};

impl Fairness {
    /// Shares what the demand of some days asks among people, in proportion to the minutes that each may work at most;
    /// evenly if somebody has no such limit. Targets are rounded to whole units of what is counted.
    #[must_use]
    pub fn even(
        problem: &Problem,
        counted: Counted,
        days: Range<usize>,
        people: &[usize],
        unit: i64,
        weight: i64,
    ) -> Self {
        let asked = asked(problem, counted, &days);
        let contracts: Option<Vec<i64>> = people.iter().map(|&person| contract(problem, person)).collect();
        let contracts = contracts.unwrap_or_else(|| vec![1; people.len()]);
        let whole: i128 = contracts.iter().map(|&minutes| i128::from(minutes)).sum::<i128>().max(1);
        let shares = people
            .iter()
            .zip(&contracts)
            .map(|(&person, &minutes)| {
                let part = 2 * i128::from(asked) * i128::from(minutes) + whole;
                Share { person, target: i64::try_from(part / (2 * whole)).unwrap_or(i64::MAX) }
            })
            .collect();
        Self { counted, days, unit, weight, shares }
    }
}

/// What all heads of these days come to. Of a weekend, the day that needs more.
fn asked(problem: &Problem, counted: Counted, days: &Range<usize>) -> i64 {
    let shifts = || problem.shifts.iter().filter(|shift| days.contains(&shift.day));
    let heads = |day: usize| -> i64 {
        shifts().filter(|shift| shift.day == day).map(|shift| i64::from(shift.required)).sum()
    };
    match counted {
        Counted::Minutes | Counted::ClockMinutes => {
            shifts().map(|shift| i64::from(shift.required) * shift.worked_minutes).sum()
        }
        Counted::Days => shifts().map(|shift| i64::from(shift.required)).sum(),
        Counted::Kind(kind) => {
            shifts().filter(|shift| shift.kind == kind).map(|shift| i64::from(shift.required)).sum()
        }
        Counted::Weekends => days
            .clone()
            .filter(|&day| problem.is_saturday(day) || (problem.is_sunday(day) && day == days.start))
            .map(|day| if problem.is_saturday(day) { heads(day).max(heads(day + 1)) } else { heads(day) })
            .sum(),
    }
}

/// The most minutes that a person may work by a hard limit over the longest period.
fn contract(problem: &Problem, person: usize) -> Option<i64> {
    let limits = problem.people.get(person)?.limits.iter();
    limits
        .filter(|limit| limit.counted == Counted::Minutes)
        .filter_map(|limit| {
            Some((limit.days.len(), limit.most.filter(|most| most.force == Force::Hard)?.value))
        })
        .max()
        .map(|(_, minutes)| minutes)
}
