//! A roster with its cost kept up to date.

use std::ops::Range;

use super::compiled::Compiled;
use super::plan::{FREE, Plan};
use super::window::Window;

/// A roster, the heads on each shift, and what all of it costs.
#[derive(Debug, Clone)]
pub(super) struct Incumbent {
    pub(super) plan: Plan,
    pub(super) heads: Vec<u32>,
    /// Cost of each person's own rules and wishes.
    own: Vec<i64>,
    /// Units by which each person breaks hard rules.
    broken: Vec<i64>,
    demand: i64,
    pairings: i64,
}

/// What is compared: hard rules first, then cost.
pub(super) type Worth = (i64, i64);

impl Incumbent {
    pub(super) fn new(compiled: &Compiled<'_>, plan: Plan) -> Self {
        let heads = super::evaluation::heads(compiled.problem, &plan);
        let (mut own, mut broken) = (Vec::new(), Vec::new());
        for person in 0..compiled.people() {
            let evaluation = compiled.person_cost(person, plan.row(person));
            own.push(evaluation.cost);
            broken.push(evaluation.broken_hard);
        }
        let demand = (0..heads.len()).map(|shift| demand_cost(compiled, shift, heads[shift])).sum();
        let pairings = super::evaluation::pairings_cost(compiled.problem, &plan);
        Self { plan, heads, own, broken, demand, pairings }
    }

    pub(super) fn worth(&self) -> Worth {
        (self.broken.iter().sum(), self.cost())
    }

    pub(super) fn cost(&self) -> i64 {
        self.own.iter().sum::<i64>() + self.demand + self.pairings
    }

    /// What all pairings cost.
    pub(super) fn pairings_cost(&self) -> i64 {
        self.pairings
    }

    /// Cost of one person's own rules and wishes.
    pub(super) fn own_cost(&self, person: usize) -> i64 {
        self.own[person]
    }

    /// Whether this person keeps all hard rules.
    pub(super) fn is_whole(&self, person: usize) -> bool {
        self.broken[person] == 0
    }

    /// Takes a person off all shifts of a window as far as demand goes; their row stays as it is.
    pub(super) fn withdraw(&mut self, compiled: &Compiled<'_>, person: usize, window: impl Into<Window>) {
        for day in window.into().days() {
            let cell = self.plan.row(person)[day];
            if cell != FREE {
                self.change_heads(compiled, cell as usize, false);
            }
        }
    }

    /// Puts a withdrawn person back with new days in the window.
    pub(super) fn replace(&mut self, compiled: &Compiled<'_>, person: usize, start: usize, path: &[u32]) {
        self.plan.row_mut(person)[start..start + path.len()].copy_from_slice(path);
        for &cell in path {
            if cell != FREE {
                self.change_heads(compiled, cell as usize, true);
            }
        }
        let evaluation = compiled.person_cost(person, self.plan.row(person));
        self.own[person] = evaluation.cost;
        self.broken[person] = evaluation.broken_hard;
        if !compiled.problem.pairings.is_empty() {
            self.pairings = super::evaluation::pairings_cost(compiled.problem, &self.plan);
        }
    }

    fn change_heads(&mut self, compiled: &Compiled<'_>, shift: usize, added: bool) {
        let before = demand_cost(compiled, shift, self.heads[shift]);
        if added {
            self.heads[shift] += 1;
        } else {
            self.heads[shift] -= 1;
        }
        self.demand += demand_cost(compiled, shift, self.heads[shift]) - before;
    }

    /// What the open heads of some days cost.
    pub(super) fn missing_cost(&self, compiled: &Compiled<'_>, days: Range<usize>) -> i64 {
        compiled.by_day[days]
            .iter()
            .flatten()
            .map(|&number| {
                let shift = &compiled.problem.shifts[number as usize];
                let missing = i64::from(shift.required) - i64::from(self.heads[number as usize]);
                missing.max(0) * shift.short_weight
            })
            .sum()
    }

    /// What one more head on the shift changes, for this person: demand and their pairings.
    pub(super) fn marginal(&self, compiled: &Compiled<'_>, shift: usize) -> i64 {
        demand_cost(compiled, shift, self.heads[shift] + 1) - demand_cost(compiled, shift, self.heads[shift])
    }

    /// What pairings add to the cost of each shift of a day for this person: `note(shift, cost)`.
    pub(super) fn pairing_prices(
        &self,
        compiled: &Compiled<'_>,
        person: usize,
        day: usize,
        note: &mut dyn FnMut(usize, i64),
    ) {
        for &number in &compiled.pairings[person] {
            let pairing = compiled.problem.pairings[number];
            let other = if pairing.first == person { pairing.second } else { pairing.first };
            let cell = self.plan.row(other)[day];
            for &shift in &compiled.by_day[day] {
                let same = cell == shift;
                match (pairing.together, same) {
                    (true, true) => note(shift as usize, -pairing.weight),
                    (true, false) | (false, true) => note(shift as usize, pairing.weight),
                    (false, false) => {}
                }
            }
        }
    }
}

/// Cost of so many heads on a shift.
pub(super) fn demand_cost(compiled: &Compiled<'_>, shift: usize, heads: u32) -> i64 {
    let shift = &compiled.problem.shifts[shift];
    let missing = i64::from(shift.required) - i64::from(heads);
    if missing > 0 { missing * shift.short_weight } else { -missing * shift.surplus_weight }
}
