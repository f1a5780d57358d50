//! Rounds of pricing: columns that lower the master's cost, and a bound from every complete round.

use super::master::Master;
use super::scope::{Cells, Scope};
use super::variables::Column;
use super::weights::Weights;
use crate::rostering::incumbent::Incumbent;
use crate::rostering::local_search::Searcher;
use crate::rostering::person_path::Cost;
use crate::rostering::person_path::request::{Found, Request};
use crate::rostering::person_path::solve::{MOST_WIDTH, PROOF_WIDTH};
use crate::rostering::plan::FREE;

/// Part of the last round's prices that the next round keeps (Neame 1999).
const SMOOTHING: f64 = 0.7;
/// Rounds that lower the master's cost by less than [`TAIL_PART`] in all are a tail.
const TAIL_ROUNDS: usize = 8;
/// See [`TAIL_ROUNDS`].
const TAIL_PART: f64 = 0.0003;
/// As long as master and bound are further apart than this part of the value, a tail must be this long: duals of a
/// degenerate master move for many rounds before its value does.
const FAR_PART: f64 = 0.005;
/// See [`FAR_PART`].
const FAR_TAIL_ROUNDS: usize = 30;
/// A gap that shrank to this part is progress.
const GAP_PART: f64 = 0.9;
/// Columns dearer than this part of the heaviest demand are not carried over into a narrower program.
const KEPT_PART: f64 = 0.3;
/// What a head weighs at first, in what people's own days cost on average.
const LIGHT_DAYS: f64 = 16.0;
/// Days that break hard rules cost as much as so many rows at their worst.
const BROKEN_ROWS: f64 = 20.0;
/// Part of the gap per person that reduced costs may be off by.
const ROUGHNESS: f64 = 0.02;
/// The same for a large master, whose pivots are dear.
const LARGE_ROUGHNESS: f64 = 0.06;
/// Rows of a large master.
const LARGE_ROWS: usize = 330;
/// Searches of one person's days for a proof: from one to the next limits that are priced get prices that prove more.
const PROOF_ATTEMPTS: usize = 12;
/// Master and bound this close are as good as equal: prices are rounded to 1/64.
const CLOSE: f64 = 0.3;

/// A column generation in progress.
pub(super) struct Generation {
    pub(super) scope: Scope,
    pub(super) cells: Cells,
    pub(super) master: Master,
    /// The days of each column of the master.
    pub(super) paths: Vec<Vec<u32>>,
    /// Prices of the last round, for each row: what one head less is worth.
    prices: Vec<f64>,
    /// Columns that people are fixed to.
    pub(super) fixed: Vec<Option<usize>>,
    /// Best bound on the cost of the whole roster, of the current node or of one before it.
    pub(super) bound: f64,
    scale: i64,
    /// What a column costs more that breaks hard rules.
    broken_cost: f64,
    most_columns: usize,
    /// For each person what the path search does not see of their cost, scaled, once known.
    unseen: Vec<Option<i64>>,
}

/// Why the rounds ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nothing lowers the master's cost any more, or hardly.
    Converged,
    /// The rounds were used up.
    Rounds,
    /// No roster here beats the incumbent.
    Pruned,
    /// The search is over, or the numbers got out of hand.
    Stopped,
}

impl Generation {
    /// Starts from the incumbent and from columns of the pool.
    pub(super) fn new<T: Cost>(
        searcher: &mut Searcher<'_, '_, T>,
        incumbent: &Incumbent,
        scope: Scope,
        scale: i64,
    ) -> Self {
        let compiled = searcher.compiled;
        let fixed = vec![None; scope.people.len()];
        let most_columns = 4_000 + 40 * scope.people.len();
        let cells = Cells::new(compiled, incumbent, &scope);
        let broken_cost = BROKEN_ROWS * compiled.largest_row_cost() as f64;
        let mut columns = Vec::new();
        let mut paths = Vec::new();
        for (number, &person) in scope.people.iter().enumerate() {
            let path = incumbent.plan.row(person)[scope.window.days()].to_vec();
            let broken = if incumbent.is_whole(person) { 0.0 } else { broken_cost };
            columns.push(cells.column(number, &path, incumbent.own_cost(person) as f64 + broken));
            paths.push(path);
        }
        let weights = |weight: fn(&crate::rostering::Shift) -> i64| -> Vec<f64> {
            cells
                .shifts
                .iter()
                .map(|&shift| weight(&compiled.problem.shifts[shift as usize]) as f64)
                .collect()
        };
        let required: Vec<f64> = cells.required.iter().map(|&required| required as f64).collect();
        let own_costs: i64 = scope.people.iter().map(|&person| incumbent.own_cost(person)).sum();
        let worked = paths.iter().flatten().filter(|&&cell| cell != FREE).count();
        let has_heads = |&shift: &u32| {
            incumbent.heads[shift as usize] >= compiled.problem.shifts[shift as usize].required
        };
        // Where there are not enough people for all heads, what a head weighs is what decides.
        let light = if cells.shifts.iter().all(has_heads) {
            LIGHT_DAYS * (own_costs as f64 / worked.max(1) as f64).max(1.0)
        } else {
            f64::INFINITY
        };
        let (shortage, surplus) =
            (weights(|shift| shift.short_weight), weights(|shift| shift.surplus_weight));
        let weights = Weights::light(shortage, surplus, light);
        let master = Master::new(columns, &required, weights, &mut searcher.random);
        let prices = cells.shifts.iter().map(|&shift| searcher.center[shift as usize]).collect();
        Self {
            scope,
            cells,
            master,
            paths,
            prices,
            unseen: vec![None; fixed.len()],
            fixed,
            bound: f64::NEG_INFINITY,
            scale,
            broken_cost,
            most_columns,
        }
    }

    /// Takes up columns of the pool, which holds days over the whole horizon.
    pub(super) fn take_pool<T: Cost>(&mut self, searcher: &Searcher<'_, '_, T>, incumbent: &Incumbent) {
        if !self.scope.is_whole_horizon(searcher.compiled) {
            return;
        }
        for (number, &person) in self.scope.people.iter().enumerate() {
            for (path, cost) in searcher.pool.columns(person) {
                if path.as_slice() != incumbent.plan.row(person) {
                    self.master.add(self.cells.column(number, path, *cost as f64));
                    self.paths.push(path.clone());
                }
            }
        }
    }

    /// The same for those who are not fixed yet, in a program of its own: `settled` holds the days of all others. It is
    /// smaller, and free of what rounding added up to.
    pub(super) fn narrowed<T: Cost>(&self, searcher: &mut Searcher<'_, '_, T>, settled: &Incumbent) -> Self {
        let free: Vec<usize> = (0..self.fixed.len()).filter(|&number| self.fixed[number].is_none()).collect();
        let people = free.iter().map(|&number| self.scope.people[number]).collect();
        let scope = Scope { people, window: self.scope.window };
        self.keep_prices(searcher);
        let mut narrow = Self::new(searcher, settled, scope, self.scale);
        // With more people fixed no roster costs less.
        narrow.bound = self.bound;
        let mut numbers = vec![None; self.fixed.len()];
        for (new, &old) in free.iter().enumerate() {
            numbers[old] = Some(new);
        }
        let heaviest = searcher.compiled.problem.shifts.iter().map(|shift| shift.short_weight).max();
        let dearest = heaviest.unwrap_or(0) as f64 * KEPT_PART;
        for (column, path) in self.master.columns.iter().zip(&self.paths) {
            let Some(number) = numbers[column.person] else { continue };
            if !self.is_broken(column) && self.master.reduced_cost(column) < dearest {
                narrow.master.add(narrow.cells.column(number, path, column.cost));
                narrow.paths.push(path.clone());
            }
        }
        narrow
    }

    /// Whether a column breaks hard rules: one that a repair begins with.
    fn is_broken(&self, column: &Column) -> bool {
        column.cost >= self.broken_cost
    }

    fn keep_prices<T: Cost>(&self, searcher: &mut Searcher<'_, '_, T>) {
        for (&shift, &price) in self.cells.shifts.iter().zip(&self.prices) {
            searcher.center[shift as usize] = price;
        }
    }

    /// How many people are not fixed yet.
    pub(super) fn free(&self) -> usize {
        self.fixed.iter().filter(|fixed| fixed.is_none()).count()
    }

    /// Whether the master has more rows than this.
    pub(super) fn is_large(&self, rows: usize) -> bool {
        self.scope.people.len() + self.cells.shifts.len() > rows
    }

    /// Prices until nothing or hardly anything improves, for at most so many rounds or until that part of the budget
    /// is used. `cutoff` is the cost that must be beaten.
    pub(super) fn rounds<T: Cost>(
        &mut self,
        searcher: &mut Searcher<'_, '_, T>,
        incumbent: &Incumbent,
        most: usize,
        cutoff: i64,
        until: f64,
    ) -> Ended {
        let mut smoothing = SMOOTHING;
        let mut tail = (f64::INFINITY, 0);
        let mut smallest_gap = f64::INFINITY;
        let tail_rounds = TAIL_ROUNDS.min(most / 3 + 1);
        let mut tolerance = self.master.finest_tolerance;
        let roughness = if self.is_large(LARGE_ROWS) { LARGE_ROUGHNESS } else { ROUGHNESS };
        for _ in 0..most {
            let control = searcher.control;
            self.master.tolerance = tolerance;
            let pulse = &searcher.pulse;
            if !self.master.solve(&|operations| pulse.beat(control, operations)) || control.is_over() {
                return Ended::Stopped;
            }
            if let Some(moved) = self.master.forget(self.most_columns) {
                self.follow(&moved);
            }
            let value = self.master.objective() + self.cells.outside_cost as f64;
            if self.bound > f64::NEG_INFINITY && value - self.bound < CLOSE {
                if !self.master.raise_weights() {
                    return Ended::Converged;
                }
                tail = (f64::INFINITY, 0);
                continue;
            }
            let gap = value - self.bound;
            if value < tail.0 - TAIL_PART * value.abs() || gap < smallest_gap * GAP_PART {
                tail = (value.min(tail.0), 0);
                smallest_gap = gap.min(smallest_gap);
            } else {
                tail.1 += 1;
                let patience = if gap > FAR_PART * value.abs() { FAR_TAIL_ROUNDS } else { tail_rounds };
                if tail.1 >= patience || control.used() > until {
                    if control.used() > until || !self.master.raise_weights() {
                        return Ended::Rounds;
                    }
                    tail = (f64::INFINITY, 0);
                    continue;
                }
            }
            for row in 0..self.prices.len() {
                let dual = self.master.shift_dual(row);
                self.prices[row] = smoothing * self.prices[row] + (1.0 - smoothing) * dual;
            }
            let Some((added, bound)) = self.price(searcher, incumbent, 1.0, 1) else { return Ended::Stopped };
            self.bound = self.bound.max(bound);
            // As long as master and bound are far apart, rough duals are good enough.
            let apart = (value - bound).abs() / self.scope.people.len() as f64;
            let finest = self.master.finest_tolerance;
            tolerance = (apart * roughness).clamp(finest, finest.max(1.0));
            if self.bound > cutoff as f64 - 1.0 + 1e-6 {
                return Ended::Pruned;
            }
            if added == 0 {
                if smoothing == 0.0 {
                    if !self.master.raise_weights() {
                        return Ended::Converged;
                    }
                    tail = (f64::INFINITY, 0);
                    continue;
                }
                smoothing = if smoothing > 0.3 { 0.3 } else { 0.0 };
            } else {
                smoothing = SMOOTHING;
            }
        }
        let (control, pulse) = (searcher.control, &searcher.pulse);
        let solved = self.master.solve(&|operations| pulse.beat(control, operations));
        if solved { Ended::Rounds } else { Ended::Stopped }
    }

    /// A round that raises the bound only: at the master's duals, all limits counted instead of priced.
    pub(super) fn prove<T: Cost>(&mut self, searcher: &mut Searcher<'_, '_, T>, incumbent: &Incumbent) {
        let smoothed = self.prices.clone();
        searcher.finder.most_width = PROOF_WIDTH;
        for part in [1.0, 0.5] {
            for (row, price) in self.prices.iter_mut().enumerate() {
                *price = part * self.master.shift_dual(row) + (1.0 - part) * smoothed[row];
            }
            if let Some((_, bound)) = self.price(searcher, incumbent, 1.0, PROOF_ATTEMPTS) {
                self.bound = self.bound.max(bound);
            }
        }
        searcher.finder.most_width = MOST_WIDTH;
        self.prices = smoothed;
    }

    /// A bound from the prices as they were last known, for a problem whose linear program is too large. Given up at that
    /// part of the budget.
    pub(super) fn bound_at_prices<T: Cost>(
        &mut self,
        searcher: &mut Searcher<'_, '_, T>,
        incumbent: &Incumbent,
        until: f64,
    ) {
        if let Some((_, bound)) = self.price(searcher, incumbent, until, 1) {
            self.bound = self.bound.max(bound);
        }
    }

    /// Notes the bound as one on the whole problem.
    pub(super) fn note_bound<T: Cost>(&self, searcher: &Searcher<'_, '_, T>) {
        if self.bound.is_finite() {
            searcher.control.note_bound((self.bound - 1e-6).ceil() as i64);
        }
    }

    /// One round: the cheapest days of everybody who is not fixed, searched so often at most. Returns how many columns
    /// help, and the bound.
    fn price<T: Cost>(
        &mut self,
        searcher: &mut Searcher<'_, '_, T>,
        incumbent: &Incumbent,
        until: f64,
        attempts: usize,
    ) -> Option<(usize, f64)> {
        let compiled = searcher.compiled;
        let mut bound = 0_i64;
        for (row, &shift) in self.cells.shifts.iter().enumerate() {
            let weights = &compiled.problem.shifts[shift as usize];
            let price = (self.prices[row] * self.scale as f64).round() as i64;
            let price = price.clamp(-weights.surplus_weight * self.scale, weights.short_weight * self.scale);
            searcher.prices[shift as usize] = T::of(-price);
            bound += price * self.cells.required[row];
        }
        let mut proven = true;
        let mut added = 0;
        let mut row = Vec::new();
        for (number, &person) in self.scope.people.iter().enumerate() {
            if let Some(column) = self.fixed[number] {
                bound += (self.master.columns[column].cost * self.scale as f64).round() as i64
                    + self.path_price(searcher, &self.paths[column]);
                continue;
            }
            let control = searcher.control;
            if number % 8 == 7 && (control.is_over() || control.used() > until) {
                return None;
            }
            let window = self.scope.window;
            let row_before = incumbent.plan.row(person);
            let request = compiled.request(person, row_before, window, &searcher.prices);
            let request = Request { scale: self.scale, ..request };
            searcher.control.step();
            let (control, pulse) = (searcher.control, &searcher.pulse);
            let stop = |operations: u64| pulse.beat(control, operations);
            let mut found = searcher.finder.find(&request, &mut searcher.random, &stop);
            for _ in 1..attempts {
                let Some(best) = found.filter(|found| found.bound < found.cost) else { break };
                let Some(again) = searcher.finder.find(&request, &mut searcher.random, &stop) else { break };
                found = Some(Found { bound: best.bound.max(again.bound), ..again });
            }
            let Some(found) = found else {
                if stop(0) {
                    return None;
                }
                // No days were found. What was proven on the way still counts.
                match self.unseen[number] {
                    Some(unseen) if searcher.finder.proven > i64::MIN => {
                        bound += searcher.finder.proven + unseen;
                    }
                    _ => proven = false,
                }
                continue;
            };
            let path = &searcher.finder.path;
            row.clear();
            row.extend_from_slice(incumbent.plan.row(person));
            row[window.days()].copy_from_slice(path);
            let own = compiled.person_cost(person, &row);
            // What the path search does not see of the person's cost is the same for all days it may choose.
            let unseen = own.cost * self.scale + self.path_price(searcher, path) - found.cost;
            self.unseen[number] = Some(unseen);
            bound += found.bound + unseen;
            let column = self.cells.column(number, path, own.cost as f64);
            if own.broken_hard == 0 && self.master.reduced_cost(&column) < -1e-4 {
                self.paths.push(path.clone());
                self.master.add(column);
                added += 1;
            }
        }
        let bound = bound as f64 / self.scale as f64 + self.cells.outside_cost as f64;
        Some((added, if proven { bound } else { f64::NEG_INFINITY }))
    }

    fn path_price<T: Cost>(&self, searcher: &Searcher<'_, '_, T>, path: &[u32]) -> i64 {
        self.scope
            .window
            .days()
            .zip(path)
            .filter(|&(day, &cell)| cell != FREE && self.scope.window.is_open(day))
            .map(|(_, &cell)| searcher.prices[cell as usize].value())
            .sum()
    }

    /// Renumbers after columns were dropped.
    fn follow(&mut self, moved: &[Option<usize>]) {
        let mut number = 0;
        self.paths.retain(|_| {
            number += 1;
            moved[number - 1].is_some()
        });
        for fixed in self.fixed.iter_mut().flatten() {
            if let Some(place) = moved[*fixed] {
                *fixed = place;
            }
        }
    }

    /// Leaves the prices for the next scope to start from, and the best columns for the next to know.
    pub(super) fn leave<T: Cost>(&self, searcher: &mut Searcher<'_, '_, T>) {
        self.keep_prices(searcher);
        if !self.scope.is_whole_horizon(searcher.compiled) {
            return;
        }
        for (column, path) in self.master.columns.iter().zip(&self.paths) {
            if !self.is_broken(column) && !column.banned && self.master.reduced_cost(column) < 5.0 {
                searcher.pool.add(self.scope.people[column.person], path, column.cost as i64);
            }
        }
    }
}
