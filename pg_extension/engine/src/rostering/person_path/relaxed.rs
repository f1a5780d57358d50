//! The cheapest days of one person with a price on every sum instead of a counter: the fastest search there is. It says
//! what days cannot cost less than, and by how much the sums are off, which tells better prices.

use super::Cost;
use super::counters::{Counters, furthest};
use super::forward::Layers;
use super::groups::step_value;
use super::limits::{Terms, Usage, credit, most_paid, used};
use super::request::Request;
use super::solve::PathFinder;
use super::steps::Band;
use crate::rostering::person_space::PersonSpace;
use crate::rostering::plan::FREE;
use crate::rostering::problem::Counted;
use crate::rostering::window::Window;

/// A scaled price per step of each sum of a person.
#[derive(Debug, Clone)]
pub(crate) struct SumPrices {
    /// Of each axis.
    pub(crate) axes: Vec<f64>,
    /// Of minutes over the whole horizon.
    pub(crate) minutes: f64,
}

/// What a search at such prices says.
#[derive(Debug, Clone)]
pub(crate) struct Relaxed {
    /// No days that keep all rules cost less, scaled, in the costs that the search sees.
    pub(crate) bound: i64,
    /// What the days found cost in these terms, prices of sums left out.
    pub(crate) cost: i64,
    /// What the sums of the days found cost; none if they break a hard bound.
    pub(crate) sums: Option<i64>,
    /// How many steps each sum is above what its price allows: the direction in which the price proves more.
    pub(crate) above: SumPrices,
}

impl SumPrices {
    /// No price on anything.
    pub(crate) fn none(space: &PersonSpace) -> Self {
        Self { axes: vec![0.0; space.axes.len()], minutes: 0.0 }
    }

    /// Moves every price along a direction, none further than `most` from zero.
    pub(crate) fn advance(&mut self, direction: &Self, step: f64, most: f64) {
        for (price, by) in self.axes.iter_mut().zip(&direction.axes) {
            *price = (*price + step * by).clamp(-most, most);
        }
        self.minutes = (self.minutes + step * direction.minutes).clamp(-most, most);
    }

    /// Squared length.
    pub(crate) fn square(&self) -> f64 {
        self.axes.iter().map(|price| price * price).sum::<f64>() + self.minutes * self.minutes
    }

    fn terms(&self) -> Terms {
        let multipliers = self.axes.iter().map(|price| price.round() as i64).collect();
        Terms { multipliers, minutes: self.minutes.round() as i64, banned: Vec::new() }
    }
}

/// Bytes of the table of an exact search over the whole horizon that counts weekends and minutes.
pub(crate) fn table_bytes(space: &PersonSpace) -> usize {
    let whole = Window::from(0..space.days.len());
    let mut band = Band::default();
    if !band.lay_out(space, whole, 0) {
        return 0;
    }
    let weekends = space.axes.iter().enumerate().filter(|(_, axis)| axis.counted == Counted::Weekends);
    let width = weekends.fold(1_usize, |width, (number, axis)| {
        let already: Vec<i64> = axis.periods.iter().map(|period| period.already).collect();
        width.saturating_mul(Counters::<i32>::size(space, number, whole, &already))
    });
    Layers::<i32>::bytes(whole.len(), space.states(), width, band.row)
}

impl<T: Cost> PathFinder<T> {
    /// Searches the whole horizon at prices on sums. The days found are in `path`; they may break any limit on a sum.
    /// None if no days keep the other hard rules, or if `stop` said so.
    pub(crate) fn relaxed(
        &mut self,
        request: &Request<'_, T>,
        prices: &SumPrices,
        random: &mut fastrand::Rng,
        stop: &dyn Fn(u64) -> bool,
    ) -> Option<Relaxed> {
        let space = request.space;
        let usage = Usage::of(request);
        let terms = prices.terms();
        self.settled.clear();
        self.band.lay_out_uncounted(request.window);
        let value = self.search(request, &usage, 0, &terms, random, stop)?;
        let mut above = SumPrices::none(space);
        let mut sums = Some(0);
        let (window, scale) = (request.window, request.scale);
        for (number, (axis, outside)) in space.axes.iter().zip(&usage.outside).enumerate() {
            let (step, price) = (step_value(space, axis), terms.multipliers[number]);
            for (period, &outside) in axis.periods.iter().zip(outside) {
                let sum = used(request, axis, period, &self.path);
                sums = sums.zip(period.cost(outside, outside + sum)).map(|(sums, cost)| sums + cost);
                let steps = 0..=furthest(space, axis.counted, &axis.adding_days(period), window);
                let allowed = most_paid(period, outside, step, steps, price, scale, sum / step);
                above.axes[number] += allowed.map_or(0.0, |allowed| (sum / step - allowed.0) as f64);
            }
        }
        let mut paid_for_minutes = 0;
        if let Some(period) = &space.minutes {
            let (given, unit, sum) = (period.already, space.unit_minutes, self.minutes(request));
            sums = sums.zip(period.cost(given, given + sum)).map(|(sums, cost)| sums + cost);
            let steps = 0..=furthest(space, Counted::Minutes, &period.days, window);
            let allowed = most_paid(period, given, unit, steps, terms.minutes, scale, sum / unit)?;
            above.minutes = (sum / unit - allowed.0) as f64;
            paid_for_minutes = allowed.1;
        }
        let bound = value - credit(request, &usage, &terms) - paid_for_minutes;
        Some(Relaxed { bound, cost: value - self.paid(request, &terms), sums, above })
    }

    fn minutes(&self, request: &Request<'_, T>) -> i64 {
        let worked = self.path.iter().filter(|&&cell| cell != FREE);
        worked.map(|&cell| request.problem.shifts[cell as usize].worked_minutes).sum()
    }
}
