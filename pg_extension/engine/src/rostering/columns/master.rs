//! The restricted master: which of the known rosters to mix so that everybody has one and demand costs least.
//!
//! One row per person (their shares sum to one) and one per shift (heads, with elastic shortage and surplus). Every
//! roster of the current mix is a basis to start from, new columns keep it feasible, and a ban is a high cost: a
//! primal simplex with warm starts never needs another phase. Its inverse is kept dense: a few hundred rows.

use super::pivot;

/// Reduced costs above minus this count as zero, relative to a weight of 100.
const TOLERANCE: f64 = 1e-7;
/// Pivots below this are not trusted.
const SMALLEST_PIVOT: f64 = 1e-7;
/// Cost of a banned column: more than any roster saves.
pub(super) const BANNED: f64 = 1e7;
/// Columns looked at before the best of them is taken.
const CHUNK: usize = 400;
/// Demand is moved by up to this, so that pivots do not stall on ties. Duals stay exact for the moved problem, and any
/// duals give a valid bound.
const PERTURBATION: f64 = 1e-4;

/// A roster of one person.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Number of the person in the scope.
    pub(super) person: usize,
    /// Rows of the shifts it works, counted from 0.
    pub(super) cells: Vec<u32>,
    pub(super) cost: f64,
    pub(super) banned: bool,
}

/// The linear program and its current basis.
pub(super) struct Master {
    people: usize,
    rows: usize,
    pub(super) columns: Vec<Column>,
    short_weight: Vec<f64>,
    surplus_weight: Vec<f64>,
    /// Variable of each row: `2 × shift` is its shortage, one more its surplus, then the columns.
    basis: Vec<usize>,
    is_basic: Vec<bool>,
    inverse: Vec<f64>,
    values: Vec<f64>,
    /// Duals of people, then of shifts.
    duals: Vec<f64>,
    next_column: usize,
    alpha: Vec<f64>,
    pub(super) pivots: u64,
    arch: pulp::Arch,
}

impl Master {
    /// Starts from one column per person, in order. `required` may be below zero where others already stand.
    pub(super) fn new(
        columns: Vec<Column>,
        required: &[f64],
        short_weight: Vec<f64>,
        surplus_weight: Vec<f64>,
        random: &mut fastrand::Rng,
    ) -> Self {
        let (people, shifts) = (columns.len(), required.len());
        let rows = people + shifts;
        let mut values = vec![1.0; people];
        values.extend(required.iter().map(|required| required + random.f64() * PERTURBATION));
        for column in &columns {
            for &cell in &column.cells {
                values[people + cell as usize] -= 1.0;
            }
        }
        let mut basis: Vec<usize> = (0..people).map(|person| 2 * shifts + person).collect();
        let mut inverse = vec![0.0; rows * rows];
        for row in 0..rows {
            inverse[row * rows + row] = 1.0;
        }
        let mut sign = vec![1.0; shifts];
        for shift in 0..shifts {
            let row = people + shift;
            if values[row] < 0.0 {
                values[row] = -values[row];
                sign[shift] = -1.0;
                inverse[row * rows + row] = -1.0;
                basis.push(2 * shift + 1);
            } else {
                basis.push(2 * shift);
            }
        }
        for (person, column) in columns.iter().enumerate() {
            for &cell in &column.cells {
                inverse[(people + cell as usize) * rows + person] = -sign[cell as usize];
            }
        }
        let mut is_basic = vec![false; 2 * shifts + people];
        for &variable in &basis {
            is_basic[variable] = true;
        }
        let mut master = Self {
            people,
            rows,
            columns,
            short_weight,
            surplus_weight,
            basis,
            is_basic,
            inverse,
            values,
            duals: vec![0.0; rows],
            next_column: 0,
            alpha: vec![0.0; rows],
            pivots: 0,
            arch: pulp::Arch::new(),
        };
        master.refresh_duals();
        master
    }

    fn shifts(&self) -> usize {
        self.rows - self.people
    }

    fn cost(&self, variable: usize) -> f64 {
        let shifts = self.shifts();
        match variable.checked_sub(2 * shifts) {
            Some(column) => {
                let column = &self.columns[column];
                column.cost + if column.banned { BANNED } else { 0.0 }
            }
            None if variable.is_multiple_of(2) => self.short_weight[variable / 2],
            None => self.surplus_weight[variable / 2],
        }
    }

    /// Dual of a person's row.
    pub(super) fn person_dual(&self, person: usize) -> f64 {
        self.duals[person]
    }

    /// Dual of a shift: what one more required head would cost.
    pub(super) fn shift_dual(&self, shift: usize) -> f64 {
        self.duals[self.people + shift]
    }

    /// Cost of the current mix.
    pub(super) fn objective(&self) -> f64 {
        self.basis.iter().zip(&self.values).map(|(&variable, value)| self.cost(variable) * value).sum()
    }

    /// Adds a column; the next solve takes it up.
    pub(super) fn add(&mut self, column: Column) {
        self.next_column = self.next_column.min(self.columns.len());
        self.columns.push(column);
        self.is_basic.push(false);
    }

    /// Share of every column that has one: `(column, share)`.
    pub(super) fn shares(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        let first = 2 * self.shifts();
        self.basis
            .iter()
            .zip(&self.values)
            .filter_map(move |(&variable, &value)| Some((variable.checked_sub(first)?, value)))
    }

    /// Leaves a person one column only.
    pub(super) fn fix(&mut self, column: usize) {
        let person = self.columns[column].person;
        for (number, other) in self.columns.iter_mut().enumerate() {
            other.banned |= other.person == person && number != column;
        }
        self.refresh_duals();
    }

    /// Reduced cost of a column at the current duals.
    pub(super) fn reduced_cost(&self, column: &Column) -> f64 {
        let worth: f64 = column.cells.iter().map(|&cell| self.duals[self.people + cell as usize]).sum();
        column.cost - self.duals[column.person] - worth
    }

    fn refresh_duals(&mut self) {
        self.duals.fill(0.0);
        for row in 0..self.rows {
            let cost = self.cost(self.basis[row]);
            if cost != 0.0 {
                let line = &self.inverse[row * self.rows..(row + 1) * self.rows];
                for (dual, entry) in self.duals.iter_mut().zip(line) {
                    *dual += cost * entry;
                }
            }
        }
    }

    /// Solves to optimality, or until `stop` says so. False if numbers got out of hand.
    pub(super) fn solve(&mut self, stop: &dyn Fn() -> bool) -> bool {
        let most_pivots = self.pivots + 20 * self.rows as u64 + 2_000;
        let mut since_look = 0;
        while let Some((variable, reduced)) = self.entering() {
            self.alpha_of(variable);
            let Some(row) = self.leaving() else { return false };
            self.pivot(variable, row, reduced);
            self.pivots += 1;
            since_look += 1;
            if since_look == 64 {
                since_look = 0;
                if self.pivots > most_pivots {
                    return false;
                }
                if stop() {
                    return true;
                }
            }
        }
        true
    }

    /// A variable that lowers the cost: the best slack or the best column of the next chunk that has one.
    fn entering(&mut self) -> Option<(usize, f64)> {
        let mut best: Option<(usize, f64)> = None;
        let mut offer = |variable: usize, reduced: f64| {
            if reduced < -TOLERANCE * 100.0 && best.is_none_or(|best| reduced < best.1) {
                best = Some((variable, reduced));
            }
        };
        for shift in 0..self.rows - self.people {
            let dual = self.duals[self.people + shift];
            if !self.is_basic[2 * shift] {
                offer(2 * shift, self.short_weight[shift] - dual);
            }
            if !self.is_basic[2 * shift + 1] {
                offer(2 * shift + 1, self.surplus_weight[shift] + dual);
            }
        }
        let first = 2 * (self.rows - self.people);
        let count = self.columns.len();
        let mut seen = 0;
        let mut in_chunk = 0;
        let mut number = self.next_column;
        let mut found = false;
        while seen < count && !(found && in_chunk >= CHUNK) {
            if number >= count {
                number = 0;
            }
            let column = &self.columns[number];
            if !column.banned && !self.is_basic[first + number] {
                let reduced = self.reduced_cost(column);
                if reduced < -TOLERANCE * 100.0 {
                    found = true;
                    offer(first + number, reduced);
                }
            }
            number += 1;
            seen += 1;
            in_chunk += 1;
        }
        self.next_column = number;
        best
    }

    fn alpha_of(&mut self, variable: usize) {
        let rows = self.rows;
        match variable.checked_sub(2 * self.shifts()) {
            None => {
                let sign = if variable.is_multiple_of(2) { 1.0 } else { -1.0 };
                let position = self.people + variable / 2;
                for (row, alpha) in self.alpha.iter_mut().enumerate() {
                    *alpha = sign * self.inverse[row * rows + position];
                }
            }
            Some(column) => {
                let column = &self.columns[column];
                for (alpha, line) in self.alpha.iter_mut().zip(self.inverse.chunks_exact(rows)) {
                    let mut sum = line[column.person];
                    let shifts = &line[self.people..];
                    for &cell in &column.cells {
                        sum += shifts[cell as usize];
                    }
                    *alpha = sum;
                }
            }
        }
    }

    /// The basic variable that reaches zero first; the largest pivot among near ties.
    fn leaving(&self) -> Option<usize> {
        let mut limit = f64::INFINITY;
        for (alpha, value) in self.alpha.iter().zip(&self.values) {
            if *alpha > SMALLEST_PIVOT {
                limit = limit.min((value.max(0.0) + 1e-9) / alpha);
            }
        }
        let mut best: Option<(usize, f64)> = None;
        for (row, (alpha, value)) in self.alpha.iter().zip(&self.values).enumerate() {
            if *alpha > SMALLEST_PIVOT
                && value.max(0.0) / alpha <= limit
                && best.is_none_or(|best| *alpha > best.1)
            {
                best = Some((row, *alpha));
            }
        }
        best.map(|best| best.0)
    }

    fn pivot(&mut self, variable: usize, row: usize, reduced: f64) {
        let rows = self.rows;
        let divisor = self.alpha[row];
        let step = self.values[row].max(0.0) / divisor;
        for (value, alpha) in self.values.iter_mut().zip(&self.alpha) {
            *value -= step * alpha;
        }
        self.values[row] = step;
        let line = &mut self.inverse[row * rows..(row + 1) * rows];
        for entry in line.iter_mut() {
            *entry /= divisor;
        }
        for (dual, entry) in self.duals.iter_mut().zip(line.iter()) {
            *dual += reduced * entry;
        }
        self.arch.dispatch(pivot::Eliminate { inverse: &mut self.inverse, rows, row, alpha: &self.alpha });
        self.is_basic[self.basis[row]] = false;
        self.is_basic[variable] = true;
        self.basis[row] = variable;
    }

    /// Drops columns that are far from useful, when there are more than `most`.
    pub(super) fn forget(&mut self, most: usize) -> Option<Vec<Option<usize>>> {
        if self.columns.len() <= most {
            return None;
        }
        let first = 2 * self.shifts();
        let mut reduced: Vec<f64> = self.columns.iter().map(|column| self.reduced_cost(column)).collect();
        let mut sorted = reduced.clone();
        let (_, cut, _) = sorted.select_nth_unstable_by(most / 2, f64::total_cmp);
        let cut = *cut;
        let mut moved = Vec::with_capacity(reduced.len());
        let mut kept = 0;
        for (number, reduced) in reduced.drain(..).enumerate() {
            let keep = self.is_basic[first + number] || (!self.columns[number].banned && reduced <= cut);
            moved.push(keep.then_some(kept));
            kept += usize::from(keep);
        }
        let mut number = 0;
        self.columns.retain(|_| {
            number += 1;
            moved[number - 1].is_some()
        });
        self.is_basic.truncate(first);
        self.is_basic.resize(first + kept, false);
        for variable in &mut self.basis {
            if let Some(column) = variable.checked_sub(first)
                && let Some(Some(place)) = moved.get(column)
            {
                *variable = first + place;
                self.is_basic[*variable] = true;
            }
        }
        self.next_column = 0;
        Some(moved)
    }
}
