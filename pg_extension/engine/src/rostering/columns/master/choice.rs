//! Which variable enters the basis, and which one leaves it for that.

use super::{Master, NOWHERE};
use crate::rostering::columns::variables::{Entering, Leaving, Slack};

/// Entries below this are rounding.
const NOTHING: f64 = 1e-12;
/// Pivots below this are not trusted.
const SMALLEST_PIVOT: f64 = 1e-7;
/// Columns looked at before the best of them is taken.
pub(super) const CHUNK: usize = 400;

impl Master {
    /// A variable that lowers the cost: the best slack or the best column of the next chunk that has one.
    pub(super) fn entering(&mut self) -> Option<(Entering, f64)> {
        let mut best: Option<(Entering, f64)> = None;
        let tolerance = self.tolerance;
        let mut offer = |entering: Entering, reduced: f64| {
            if reduced < -tolerance && best.is_none_or(|best| reduced < best.1) {
                best = Some((entering, reduced));
            }
        };
        for &row in &self.kernel_rows {
            if let Some(shift) = row.checked_sub(self.people) {
                offer(
                    Entering::Slack(shift, Slack::Shortage),
                    self.weights.of(shift, Slack::Shortage) - self.duals[row],
                );
                offer(
                    Entering::Slack(shift, Slack::Surplus),
                    self.weights.of(shift, Slack::Surplus) + self.duals[row],
                );
            }
        }
        let count = self.columns.len();
        let mut number = self.next_column;
        let mut found = false;
        for seen in 0..count {
            if found && seen >= CHUNK {
                break;
            }
            if number >= count {
                number = 0;
            }
            let column = &self.columns[number];
            if !column.banned && self.place_of_column[number] == NOWHERE {
                let reduced = self.reduced_cost(column);
                found |= reduced < -tolerance;
                offer(Entering::Column(number), reduced);
            }
            number += 1;
        }
        self.next_column = number;
        best
    }

    /// Sees the entering variable through the basis: how each basic variable moves against it.
    pub(super) fn look_through(&mut self, entering: Entering) {
        let size = self.kernel.size();
        self.alpha.clear();
        self.slack_alpha.fill(0.0);
        match entering {
            Entering::Slack(shift, slack) => {
                let row = self.place_of_row[self.people + shift] as usize;
                self.alpha.extend((0..size).map(|place| slack.sign() * self.kernel.entry(place, row)));
            }
            Entering::Column(number) => {
                let column = &self.columns[number];
                let mut rows = vec![self.place_of_row[column.person] as usize];
                for &cell in &column.cells {
                    let place = self.place_of_row[self.people + cell as usize];
                    if place == NOWHERE {
                        self.slack_alpha[cell as usize] += 1.0;
                    } else {
                        rows.push(place as usize);
                    }
                }
                self.alpha.extend((0..size).map(|place| self.kernel.sum_of(place, &rows)));
            }
        }
        let slack_alpha = self.slack_alpha.as_mut_slice();
        for (&basic, &alpha) in self.basic.iter().zip(&self.alpha) {
            if alpha.abs() > NOTHING {
                for &cell in &self.columns[basic].cells {
                    slack_alpha[cell as usize] -= alpha;
                }
            }
        }
        for (alpha, slack) in self.slack_alpha.iter_mut().zip(&self.slack) {
            *alpha = slack.map_or(0.0, |slack| *alpha * slack.sign());
        }
    }

    /// The basic variable that reaches zero first, the largest pivot among near ties, and how far that is.
    pub(super) fn leaving(&self) -> Option<(Leaving, f64)> {
        let pairs = || {
            let places = self.alpha.iter().zip(&self.values).enumerate();
            let slacks = self.slack_alpha.iter().zip(&self.slack_values).enumerate();
            places
                .map(|(place, pair)| (Leaving::Place(place), pair))
                .chain(slacks.map(|(shift, pair)| (Leaving::Slack(shift), pair)))
                .filter(|(_, (alpha, _))| **alpha > SMALLEST_PIVOT)
        };
        let limit =
            pairs().map(|(_, (alpha, value))| (value.max(0.0) + 1e-9) / alpha).fold(f64::INFINITY, f64::min);
        let mut best: Option<(Leaving, f64, f64)> = None;
        for (leaving, (&alpha, &value)) in pairs() {
            let step = value.max(0.0) / alpha;
            if step <= limit && best.is_none_or(|best| alpha > best.1) {
                best = Some((leaving, alpha, step));
            }
        }
        best.map(|(leaving, _, step)| (leaving, step))
    }
}
