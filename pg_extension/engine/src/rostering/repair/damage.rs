//! What a change did to a roster: days that cannot stay, and heads that it opened.

use super::Change;
use crate::error::EngineError;
use crate::rostering::evaluation::{broken_by_assignment, heads};
use crate::rostering::plan::{FREE, Plan};
use crate::rostering::problem::{FixedDay, Problem};

/// The roster to keep to, and the heads that were open before.
pub(super) struct Damage {
    /// The known roster without the days that cannot stay.
    pub(super) base: Plan,
    /// People who lost days: they change in any case.
    pub(super) lost: Vec<bool>,
    /// For each shift the heads that may stay open, as they were open before.
    pub(super) tolerated: Vec<i64>,
    /// The days on which something happened.
    pub(super) days: Vec<usize>,
}

impl Damage {
    /// Holds a roster against a problem that changed since.
    pub(super) fn of(problem: &Problem, known: &Plan, changes: &[Change]) -> Result<Self, EngineError> {
        let before = heads(problem, known);
        let short =
            |shift: usize| (i64::from(problem.shifts[shift].required) - i64::from(before[shift])).max(0);
        let mut tolerated: Vec<i64> = (0..problem.shifts.len()).map(short).collect();
        let mut days = Vec::new();
        for change in changes {
            match change {
                Change::Shift { shift } => {
                    let count = tolerated.len();
                    let Some(entry) = tolerated.get_mut(*shift) else {
                        return Err(reference("change.shift", *shift, count));
                    };
                    *entry = 0;
                    days.push(problem.shifts[*shift].day);
                }
                Change::Back { person, days: back } => {
                    check(problem, *person, back)?;
                    for (shift, tolerated) in problem.shifts.iter().zip(&mut tolerated) {
                        if back.contains(&shift.day) {
                            *tolerated = 0;
                        }
                    }
                    days.extend(back.clone());
                }
                Change::Away { person, days: away } => check(problem, *person, away)?,
                Change::Rules | Change::Swap { .. } => {}
            }
        }
        let mut base = known.clone();
        let mut lost = vec![false; problem.people.len()];
        for (number, person) in problem.people.iter().enumerate() {
            for day in 0..problem.days {
                let cell = base.row(number)[day];
                let settled = person.fixed.iter().find(|fixed| fixed.day == day);
                let wanted = match settled {
                    Some(fixed) => fixed.shift.map_or(FREE, |shift| shift as u32),
                    None if cell == FREE => FREE,
                    None if broken_by_assignment(problem, person, day, cell as usize).next().is_some() => {
                        FREE
                    }
                    None => cell,
                };
                if wanted != cell {
                    base.row_mut(number)[day] = wanted;
                    lost[number] = true;
                    days.push(day);
                }
            }
        }
        days.sort_unstable();
        days.dedup();
        Ok(Self { base, lost, tolerated, days })
    }
}

/// Carries out the swaps: the problem with the swapped days settled, and the roster after them.
pub(super) fn swapped(
    problem: &Problem,
    known: &Plan,
    changes: &[Change],
) -> Result<(Problem, Plan), EngineError> {
    let mut settled = problem.clone();
    let mut plan = known.clone();
    for change in changes {
        let Change::Swap { first, second, days } = change else { continue };
        check(problem, *first, days)?;
        check(problem, *second, days)?;
        for day in days.clone() {
            let (one, other) = (plan.row(*first)[day], plan.row(*second)[day]);
            for (person, cell) in [(*first, other), (*second, one)] {
                plan.row_mut(person)[day] = cell;
                let shift = (cell != FREE).then_some(cell as usize);
                let fixed = &mut settled.people[person].fixed;
                if let Some(known) = fixed.iter().find(|fixed| fixed.day == day) {
                    if known.shift != shift {
                        return Err(EngineError::RosterContradiction {
                            argument: "change.days",
                            problem: format!("day {day} of person {person} is fixed and cannot be swapped"),
                        });
                    }
                } else {
                    fixed.push(FixedDay { day, shift });
                }
            }
        }
    }
    Ok((settled, plan))
}

fn check(problem: &Problem, person: usize, days: &std::ops::Range<usize>) -> Result<(), EngineError> {
    if person >= problem.people.len() {
        return Err(reference("change.person", person, problem.people.len()));
    }
    if days.end > problem.days {
        return Err(reference("change.days", days.end, problem.days + 1));
    }
    Ok(())
}

fn reference(argument: &'static str, given: usize, count: usize) -> EngineError {
    EngineError::RosterReference { argument, given, count }
}
