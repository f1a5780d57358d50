//! Repair: a roster that no longer fits, with as few changes as possible.
//!
//! What is compared, in this order: hard rules; heads that the change opened; people whose days change; days that
//! change; cost. Heads that were open before are no reason to move anybody. Settled days stay.
//!
//! Changes are few. If people can take all open heads beside what they have, the fewest who can do. Else the search is one
//! of chains: the best person for an open head; if none can take it, whoever can with somebody else behind them, and a
//! third behind those. Each link is an exact search over one person's days.

mod chains;
mod damage;

use super::compiled::Compiled;
use super::control::{Control, Limits, Watch};
use super::evaluation::evaluate;
use super::levels::Flattened;
use super::plan::Plan;
use super::problem::Problem;
use super::search::Outcome;
use crate::error::EngineError;

use chains::{ChangePrices, Repairer};
use damage::Damage;

/// What changed since a roster was made. The problem states the new facts; this says where heads count as opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Somebody cannot work on these days.
    Away {
        /// The person.
        person: usize,
        /// The days.
        days: std::ops::Range<usize>,
    },
    /// Somebody can work again on these days. Heads open then count as opened: they may be filled.
    Back {
        /// The person.
        person: usize,
        /// The days.
        days: std::ops::Range<usize>,
    },
    /// A shift is new, was moved, or needs other heads. Its open heads count as opened.
    Shift {
        /// The shift.
        shift: usize,
    },
    /// Rules changed. Whoever breaks one now is given other days.
    Rules,
    /// Two people change places on these days, which are settled by that.
    Swap {
        /// One person.
        first: usize,
        /// The other person.
        second: usize,
        /// The days.
        days: std::ops::Range<usize>,
    },
}

/// What a repair found.
#[derive(Debug, Clone)]
pub struct Repaired {
    /// The roster, priced by the problem as it is. The bound says nothing: it is one on cost alone.
    pub outcome: Outcome,
    /// The people whose days are not those of the known roster. Swapped days do not count.
    pub changed_people: Vec<usize>,
    /// Days of people that changed.
    pub changed_days: usize,
    /// Heads that the change opened and nobody fills.
    pub opened_heads: i64,
}

/// Repairs a roster for a problem that changed since. The known roster may hold shifts that people can no longer take;
/// shifts that there are no longer must have been taken out.
///
/// # Errors
///
/// What [`Problem::check`] refuses, a roster of another shape, changes that refer to nothing.
pub fn repair(
    problem: &Problem,
    known: &Plan,
    changes: &[Change],
    limits: Limits,
    watch: &dyn Watch,
) -> Result<Repaired, EngineError> {
    problem.check()?;
    known.check(problem)?;
    let (settled, known) = damage::swapped(problem, known, changes)?;
    let flat = Flattened::of(&settled);
    let control = Control::new(limits, watch, flat.factor);
    let mut compiled = Compiled::new(&flat.problem, &control)?;
    let damage = Damage::of(&settled, &known, changes)?;
    let mut repairer = Repairer::new(&compiled, &control, &damage);
    let hopeless = repairer.mend();
    let mut plan = repairer.into_plan();
    // Whoever cannot keep all rules breaks as few as possible.
    let outweighed = ChangePrices::beside_hard_rules(&compiled).of_a_row(&compiled);
    if compiled.soften(&hopeless, outweighed) {
        let mut repairer = Repairer::of(&compiled, &control, &damage, plan);
        repairer.settle_people(&hopeless);
        plan = repairer.into_plan();
    }
    let mut repairer = Repairer::of(&compiled, &control, &damage, plan);
    repairer.fill();
    repairer.tidy();
    let opened_heads = repairer.opened();
    let plan = repairer.into_plan();

    let evaluation = evaluate(problem, &plan, &mut |_| {});
    let mut changed_people = Vec::new();
    let mut changed_days = 0;
    for person in 0..problem.people.len() {
        let days = known.row(person).iter().zip(plan.row(person)).filter(|(old, new)| old != new).count();
        if days > 0 {
            changed_people.push(person);
            changed_days += days;
        }
    }
    let outcome = Outcome { plan, evaluation, lower_medium: 0, lower_bound: 0 };
    Ok(Repaired { outcome, changed_people, changed_days, opened_heads })
}
