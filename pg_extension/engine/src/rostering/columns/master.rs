//! The restricted master: which of the known rosters to mix so that everybody has one and demand costs least.
//!
//! One row per person (their shares sum to one) and one per shift (heads, with elastic shortage and surplus). Every
//! roster of the current mix is a basis to start from, new columns keep it feasible, and a ban is a high cost: a
//! primal simplex with warm starts never needs another phase. Only the rows without a basic slack are inverted.

mod choice;

use self::choice::CHUNK;
use super::kernel::Kernel;
use super::variables::{Column, Entering, Leaving, Slack};
use super::weights::Weights;

/// The smallest reduced cost that is worth a pivot where weights are small.
const FINEST_TOLERANCE: f64 = 1e-4;
/// Where they are large, rounding allows no finer one than this part of them.
const TOLERANCE_PART: f64 = 1e-9;
/// Cost of a banned column is at least this.
const LEAST_BAN: f64 = 1e7;
/// A ban costs as much as so many heads.
const BANNED_ROWS: f64 = 1e4;
/// Demand is moved by up to this, so that pivots do not stall on ties. Duals stay exact for the moved problem, and any
/// duals give a valid bound.
const PERTURBATION: f64 = 1e-4;
/// Pricing one column is worth about so many additions.
const OPERATIONS_PER_COLUMN: u64 = 30;
/// A row that is off by less than this is kept.
const KEPT: f64 = 1e-3;
/// Values and duals are computed afresh after so many pivots.
const PIVOTS_BETWEEN_CHECKS: u32 = 100;
/// A row that is off by more than this asks for a new inverse.
const MOST_RESIDUAL: f64 = 1e-6;

/// The linear program and its current basis.
pub(super) struct Master {
    people: usize,
    pub(super) columns: Vec<Column>,
    /// For each column a bit per shift.
    covers: Vec<u64>,
    words: usize,
    weights: Weights,
    /// Cost of a banned column: more than any roster saves.
    pub(super) ban: f64,
    /// The smallest reduced cost that is worth a pivot.
    pub(super) finest_tolerance: f64,
    required: Vec<f64>,
    kernel: Kernel,
    /// Column of each line of the kernel's inverse.
    basic: Vec<usize>,
    place_of_column: Vec<u32>,
    /// Row of each entry of a line: people first, then shifts.
    kernel_rows: Vec<usize>,
    place_of_row: Vec<u32>,
    slack: Vec<Option<Slack>>,
    slack_values: Vec<f64>,
    values: Vec<f64>,
    /// Duals of people, then of shifts.
    duals: Vec<f64>,
    next_column: usize,
    /// Reduced costs above minus this count as zero.
    pub(super) tolerance: f64,
    alpha: Vec<f64>,
    slack_alpha: Vec<f64>,
    across: Vec<f64>,
    pivots_since_check: u32,
}

const NOWHERE: u32 = u32::MAX;

impl Master {
    /// Starts from one column per person, in order. `required` may be below zero where others already stand.
    pub(super) fn new(
        columns: Vec<Column>,
        required: &[f64],
        weights: Weights,
        random: &mut fastrand::Rng,
    ) -> Self {
        let (people, shifts) = (columns.len(), required.len());
        let heaviest = weights.heaviest();
        let dearest = columns.iter().map(|column| column.cost).fold(0.0, f64::max);
        let finest_tolerance = FINEST_TOLERANCE.max(heaviest * TOLERANCE_PART);
        let mut place_of_row = vec![NOWHERE; people + shifts];
        for (person, place) in place_of_row.iter_mut().take(people).enumerate() {
            *place = person as u32;
        }
        let mut master = Self {
            people,
            columns: Vec::new(),
            covers: Vec::new(),
            words: shifts.div_ceil(64),
            weights,
            ban: LEAST_BAN.max(BANNED_ROWS * (heaviest + dearest)),
            finest_tolerance,
            required: required.iter().map(|required| required + random.f64() * PERTURBATION).collect(),
            kernel: Kernel::unit(people),
            basic: (0..people).collect(),
            place_of_column: Vec::new(),
            kernel_rows: (0..people).collect(),
            place_of_row,
            slack: vec![Some(Slack::Shortage); shifts],
            slack_values: vec![0.0; shifts],
            values: vec![1.0; people],
            duals: vec![0.0; people + shifts],
            next_column: 0,
            tolerance: finest_tolerance,
            alpha: Vec::new(),
            slack_alpha: vec![0.0; shifts],
            across: Vec::new(),
            pivots_since_check: 0,
        };
        for column in columns {
            master.add(column);
        }
        for person in 0..people {
            master.place_of_column[person] = person as u32;
        }
        master.refresh_values();
        for (slack, value) in master.slack.iter_mut().zip(&mut master.slack_values) {
            if *value < 0.0 {
                (*slack, *value) = (Some(Slack::Surplus), -*value);
            }
        }
        master.refresh_duals();
        master
    }

    fn shifts(&self) -> usize {
        self.required.len()
    }

    fn column_cost(&self, number: usize) -> f64 {
        let column = &self.columns[number];
        column.cost + if column.banned { self.ban } else { 0.0 }
    }

    fn covers(&self, column: usize, shift: usize) -> bool {
        self.covers[column * self.words + shift / 64] >> (shift % 64) & 1 == 1
    }

    /// Dual of a shift: what one more required head would cost.
    pub(super) fn shift_dual(&self, shift: usize) -> f64 {
        self.duals[self.people + shift]
    }

    /// Cost of the current mix.
    pub(super) fn objective(&self) -> f64 {
        let columns: f64 = self
            .basic
            .iter()
            .zip(&self.values)
            .map(|(&column, value)| self.column_cost(column) * value)
            .sum();
        let slacks: f64 = (0..self.shifts())
            .filter_map(|shift| Some(self.weights.of(shift, self.slack[shift]?) * self.slack_values[shift]))
            .sum();
        columns + slacks
    }

    /// Raises the weights of rows that are not kept at the present ones. False if there are none.
    pub(super) fn raise_weights(&mut self) -> bool {
        let mut raised = false;
        for shift in 0..self.shifts() {
            if let Some(slack) = self.slack[shift].filter(|_| self.slack_values[shift] > KEPT) {
                raised |= self.weights.raise(shift, slack);
            }
        }
        if raised {
            self.refresh_duals();
        }
        raised
    }

    /// Adds a column; the next solve takes it up.
    pub(super) fn add(&mut self, column: Column) {
        self.next_column = self.next_column.min(self.columns.len());
        let first = self.covers.len();
        self.covers.resize(first + self.words, 0);
        for &cell in &column.cells {
            self.covers[first + cell as usize / 64] |= 1 << (cell % 64);
        }
        self.columns.push(column);
        self.place_of_column.push(NOWHERE);
    }

    /// Share of every column that has one: `(column, share)`.
    pub(super) fn shares(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.basic.iter().copied().zip(self.values.iter().copied())
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
        let shifts = &self.duals[self.people..];
        let worth: f64 = column.cells.iter().map(|&cell| shifts[cell as usize]).sum();
        column.cost - self.duals[column.person] - worth
    }

    /// Solves to optimality. False if `stop` said so, which is told of the work, or if numbers got out of hand.
    pub(super) fn solve(&mut self, stop: &dyn Fn(u64) -> bool) -> bool {
        let most_pivots = 20 * (self.people + self.shifts()) + 2_000;
        for _ in 0..most_pivots {
            let Some((entering, reduced)) = self.entering() else { return true };
            self.look_through(entering);
            let Some((leaving, step)) = self.leaving() else { return false };
            self.pivot(entering, leaving, reduced, step);
            self.pivots_since_check += 1;
            if self.pivots_since_check >= PIVOTS_BETWEEN_CHECKS && !self.check(stop) {
                return false;
            }
            let size = self.kernel.size() as u64;
            if stop(size * size + (CHUNK + self.shifts()) as u64 * OPERATIONS_PER_COLUMN) {
                return false;
            }
        }
        false
    }

    fn pivot(&mut self, entering: Entering, leaving: Leaving, reduced: f64, step: f64) {
        for (value, alpha) in self.values.iter_mut().zip(&self.alpha) {
            *value -= step * alpha;
        }
        for (value, alpha) in self.slack_values.iter_mut().zip(&self.slack_alpha) {
            *value -= step * alpha;
        }
        match leaving {
            Leaving::Place(place) => {
                let change = reduced / self.alpha[place];
                for (&row, entry) in self.kernel_rows.iter().zip(self.kernel.line(place)) {
                    self.duals[row] += change * entry;
                }
                self.place_of_column[self.basic[place]] = NOWHERE;
                match entering {
                    Entering::Column(number) => {
                        self.kernel.replace_column(place, &mut self.alpha);
                        self.basic[place] = number;
                        self.place_of_column[number] = place as u32;
                        self.values[place] = step;
                    }
                    Entering::Slack(shift, slack) => self.shrink(place, shift, slack, step),
                }
            }
            Leaving::Slack(left) => {
                let sign = self.slack[left].map_or(1.0, Slack::sign);
                self.see_row(left);
                let change = sign * reduced / self.slack_alpha[left];
                self.duals[self.people + left] += change;
                for (&row, across) in self.kernel_rows.iter().zip(&self.across) {
                    self.duals[row] -= change * across;
                }
                self.slack[left] = None;
                self.slack_values[left] = 0.0;
                match entering {
                    Entering::Column(number) => {
                        self.kernel.grow(&self.alpha, &self.across, sign * self.slack_alpha[left]);
                        self.place_of_column[number] = self.basic.len() as u32;
                        self.basic.push(number);
                        self.values.push(step);
                        self.place_of_row[self.people + left] = self.kernel_rows.len() as u32;
                        self.kernel_rows.push(self.people + left);
                    }
                    Entering::Slack(shift, slack) => {
                        let row = self.place_of_row[self.people + shift] as usize;
                        self.kernel.replace_row(row, &self.across);
                        self.kernel_rows[row] = self.people + left;
                        self.place_of_row[self.people + left] = row as u32;
                        self.place_of_row[self.people + shift] = NOWHERE;
                        self.slack[shift] = Some(slack);
                        self.slack_values[shift] = step;
                    }
                }
            }
        }
    }

    /// A column leaves for a slack: the kernel loses both.
    fn shrink(&mut self, place: usize, shift: usize, slack: Slack, step: f64) {
        let row = self.place_of_row[self.people + shift] as usize;
        self.kernel.shrink(place, row);
        self.basic.swap_remove(place);
        self.values.swap_remove(place);
        if let Some(&moved) = self.basic.get(place) {
            self.place_of_column[moved] = place as u32;
        }
        self.kernel_rows.swap_remove(row);
        if let Some(&moved) = self.kernel_rows.get(row) {
            self.place_of_row[moved] = row as u32;
        }
        self.place_of_row[self.people + shift] = NOWHERE;
        self.slack[shift] = Some(slack);
        self.slack_values[shift] = step;
    }

    /// Sees the row of a shift through the inverse.
    fn see_row(&mut self, shift: usize) {
        self.across.clear();
        self.across.resize(self.kernel.size(), 0.0);
        for (place, &column) in self.basic.iter().enumerate() {
            if self.covers(column, shift) {
                for (sum, entry) in self.across.iter_mut().zip(self.kernel.line(place)) {
                    *sum += entry;
                }
            }
        }
    }

    fn refresh_duals(&mut self) {
        for shift in 0..self.shifts() {
            if let Some(slack) = self.slack[shift] {
                self.duals[self.people + shift] = slack.sign() * self.weights.of(shift, slack);
            }
        }
        let mut kernel_duals = vec![0.0; self.kernel.size()];
        for (place, &number) in self.basic.iter().enumerate() {
            let explained: f64 = self.columns[number]
                .cells
                .iter()
                .filter(|&&cell| self.slack[cell as usize].is_some())
                .map(|&cell| self.duals[self.people + cell as usize])
                .sum();
            let cost = self.column_cost(number) - explained;
            for (dual, entry) in kernel_duals.iter_mut().zip(self.kernel.line(place)) {
                *dual += cost * entry;
            }
        }
        for (&row, dual) in self.kernel_rows.iter().zip(kernel_duals) {
            self.duals[row] = dual;
        }
    }

    fn right_side(&self, row: usize) -> f64 {
        row.checked_sub(self.people).map_or(1.0, |shift| self.required[shift])
    }

    /// Computes all values afresh; returns the largest residual of a kernel row.
    fn refresh_values(&mut self) -> f64 {
        let right: Vec<f64> = self.kernel_rows.iter().map(|&row| self.right_side(row)).collect();
        for (place, value) in self.values.iter_mut().enumerate() {
            *value = self.kernel.line(place).iter().zip(&right).map(|(entry, right)| entry * right).sum();
        }
        let mut rest: Vec<f64> = (0..self.people + self.shifts()).map(|row| self.right_side(row)).collect();
        for (&number, value) in self.basic.iter().zip(&self.values) {
            rest[self.columns[number].person] -= value;
            for &cell in &self.columns[number].cells {
                rest[self.people + cell as usize] -= value;
            }
        }
        for (shift, slack) in self.slack.iter().enumerate() {
            self.slack_values[shift] = slack.map_or(0.0, |slack| slack.sign() * rest[self.people + shift]);
        }
        self.kernel_rows.iter().map(|&row| rest[row].abs()).fold(0.0, f64::max)
    }

    /// Takes out what rounding has added up to. False if even a new inverse does not help.
    fn check(&mut self, stop: &dyn Fn(u64) -> bool) -> bool {
        self.pivots_since_check = 0;
        let mut fine = self.refresh_values() < MOST_RESIDUAL;
        if !fine {
            let ones = |place: usize| -> Box<dyn Iterator<Item = usize>> {
                let column = &self.columns[self.basic[place]];
                let rows = std::iter::once(column.person)
                    .chain(column.cells.iter().map(|&cell| self.people + cell as usize))
                    .map(|row| self.place_of_row[row])
                    .filter(|&place| place != NOWHERE);
                Box::new(rows.map(|place| place as usize).collect::<Vec<_>>().into_iter())
            };
            fine = self.kernel.invert(self.basic.len(), ones, stop) && self.refresh_values() < MOST_RESIDUAL;
        }
        self.refresh_duals();
        fine
    }

    /// Drops columns that are far from useful when there are more than `most`; returns each one's new number.
    pub(super) fn forget(&mut self, most: usize) -> Option<Vec<Option<usize>>> {
        if self.columns.len() <= most {
            return None;
        }
        let reduced: Vec<f64> = self.columns.iter().map(|column| self.reduced_cost(column)).collect();
        let mut sorted = reduced.clone();
        let (_, &mut cut, _) = sorted.select_nth_unstable_by(most / 2, f64::total_cmp);
        let mut moved = Vec::with_capacity(reduced.len());
        let mut kept = 0;
        for (number, reduced) in reduced.into_iter().enumerate() {
            let basic = self.place_of_column[number] != NOWHERE;
            let keep = basic || (!self.columns[number].banned && reduced <= cut);
            moved.push(keep.then_some(kept));
            kept += usize::from(keep);
        }
        let columns = std::mem::take(&mut self.columns);
        self.covers.clear();
        self.place_of_column.clear();
        for (column, moved) in columns.into_iter().zip(&moved) {
            if moved.is_some() {
                self.add(column);
            }
        }
        for (place, column) in self.basic.iter_mut().enumerate() {
            if let Some(number) = moved[*column] {
                *column = number;
                self.place_of_column[number] = place as u32;
            }
        }
        self.next_column = 0;
        Some(moved)
    }
}
