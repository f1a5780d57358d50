//! A part of the problem: some people in a window, everything else as it stands.

use super::variables::Column;
use crate::rostering::compiled::Compiled;
use crate::rostering::incumbent::{Incumbent, demand_cost};
use crate::rostering::parts::Part;
use crate::rostering::plan::FREE;
use crate::rostering::window::Window;

/// Which people, which days.
#[derive(Debug, Clone)]
pub(in crate::rostering) struct Scope {
    pub(in crate::rostering) people: Vec<usize>,
    pub(in crate::rostering) window: Window,
}

impl Scope {
    /// All of a part but those whose rules cannot be kept: no column of theirs keeps them.
    pub(in crate::rostering) fn everybody(compiled: &Compiled<'_>, part: &Part) -> Self {
        let people = part.people.iter().copied().filter(|&person| !compiled.is_softened(person)).collect();
        Self { people, window: part.days.clone().into() }
    }

    /// Whether it spans the whole horizon.
    pub(super) fn is_whole_horizon(&self, compiled: &Compiled<'_>) -> bool {
        self.window == Window::from(0..compiled.days())
    }
}

/// The demand that a scope sees.
#[derive(Debug)]
pub(super) struct Cells {
    /// The shifts that somebody of the scope may take.
    pub(super) shifts: Vec<u32>,
    /// Row of each shift of the problem; [`u32::MAX`] if it has none.
    pub(super) row_of: Vec<u32>,
    /// Heads that the scope should provide; below zero where others already are too many.
    pub(super) required: Vec<i64>,
    /// Cost of everything that the scope cannot change.
    pub(super) outside_cost: i64,
}

impl Cells {
    pub(super) fn new(compiled: &Compiled<'_>, incumbent: &Incumbent, scope: &Scope) -> Self {
        let mut row_of = vec![u32::MAX; compiled.problem.shifts.len()];
        let mut shifts = Vec::new();
        for &person in &scope.people {
            for day in scope.window.open_days() {
                for choice in &compiled.spaces[person].days[day].choices {
                    if row_of[choice.shift as usize] == u32::MAX {
                        row_of[choice.shift as usize] = 0;
                        shifts.push(choice.shift);
                    }
                }
            }
        }
        shifts.sort_unstable();
        let mut own_heads = vec![0_i64; shifts.len()];
        for (row, &shift) in shifts.iter().enumerate() {
            row_of[shift as usize] = row as u32;
        }
        // Pairings couple people, which no column can tell. Without them the bound is lower, and still a bound.
        let mut outside_cost = incumbent.cost() - incumbent.pairings_cost();
        for &person in &scope.people {
            outside_cost -= incumbent.own_cost(person);
            for day in scope.window.open_days() {
                let cell = incumbent.plan.row(person)[day];
                if cell != FREE && row_of[cell as usize] != u32::MAX {
                    own_heads[row_of[cell as usize] as usize] += 1;
                }
            }
        }
        let required = shifts
            .iter()
            .zip(&own_heads)
            .map(|(&shift, own)| {
                let heads = incumbent.heads[shift as usize];
                outside_cost -= demand_cost(compiled, shift as usize, heads);
                i64::from(compiled.problem.shifts[shift as usize].required) - (i64::from(heads) - own)
            })
            .collect();
        Self { shifts, row_of, required, outside_cost }
    }

    /// Rows of the shifts that a path works; those in the gap of a window have none.
    pub(super) fn rows(&self, path: &[u32]) -> Vec<u32> {
        path.iter()
            .filter(|&&cell| cell != FREE)
            .map(|&cell| self.row_of[cell as usize])
            .filter(|&row| row != u32::MAX)
            .collect()
    }

    /// A column of the master.
    pub(super) fn column(&self, person: usize, path: &[u32], cost: f64) -> Column {
        Column { person, cells: self.rows(path), cost, banned: false }
    }
}
