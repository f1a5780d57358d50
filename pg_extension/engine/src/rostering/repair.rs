//! Repair: a roster that no longer fits, with as few changes as possible.
//!
//! Every change of a person's day away from the roster they know costs more than anything that could be won by it,
//! except broken hard rules and heads that are missing on days that the change of the problem touched.

use super::control::{Limits, Watch};
use super::evaluation::evaluate;
use super::plan::{FREE, Plan};
use super::problem::{Problem, Wish};
use super::search::{Outcome, search_from};
use crate::error::EngineError;

/// What a repair found.
#[derive(Debug, Clone)]
pub struct Repaired {
    /// The roster, priced by the problem as it is.
    pub outcome: Outcome,
    /// The people whose days changed.
    pub changed_people: Vec<usize>,
    /// Days of people that changed.
    pub changed_days: usize,
}

/// Repairs a roster for a problem that changed since. Fixed days stay; among the rest a changed day costs
/// `change_weight`: with a weight above every other, changes are minimised first and cost second. Shifts of the roster
/// that the problem no longer has must have been taken out by the caller.
///
/// # Errors
///
/// What [`Problem::check`] refuses.
pub fn repair(
    problem: &Problem,
    known: &Plan,
    change_weight: i64,
    limits: Limits,
    watch: &dyn Watch,
) -> Result<Repaired, EngineError> {
    problem.check()?;
    let mut priced = problem.clone();
    for (number, person) in priced.people.iter_mut().enumerate() {
        for (day, &cell) in known.row(number).iter().enumerate() {
            let settled = person.fixed.iter().any(|fixed| fixed.day == day);
            if settled {
                continue;
            }
            if cell == FREE {
                // Any shift on a day that was free is a change.
                let shifts = problem.shifts.iter().enumerate().filter(|(_, shift)| shift.day == day);
                person.wishes.extend(shifts.map(|(shift, _)| Wish {
                    shift,
                    work: false,
                    weight: change_weight,
                }));
            } else {
                person.wishes.push(Wish { shift: cell as usize, work: true, weight: change_weight });
            }
        }
    }
    let found = search_from(&priced, Some(known.clone()), limits, watch)?;
    let evaluation = evaluate(problem, &found.plan, &mut |_| {});
    let mut changed_people = Vec::new();
    let mut changed_days = 0;
    for person in 0..problem.people.len() {
        let different =
            known.row(person).iter().zip(found.plan.row(person)).filter(|(old, new)| old != new).count();
        if different > 0 {
            changed_people.push(person);
            changed_days += different;
        }
    }
    // The bound is one on the priced problem: it says nothing about cost alone.
    let outcome = Outcome { plan: found.plan, evaluation, lower_bound: 0 };
    Ok(Repaired { outcome, changed_people, changed_days })
}
