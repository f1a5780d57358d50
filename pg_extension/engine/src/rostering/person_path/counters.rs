//! The counters of limits: which value follows which, at what cost, on each day of a window.

use std::ops::Range;

use super::Cost;
use super::classes::Classes;
use super::groups::{Groups, Increment, step_value};
use crate::rostering::periods::Period;
use crate::rostering::person_space::PersonSpace;
use crate::rostering::problem::Counted;
use crate::rostering::window::Window;

/// No value follows: the limit forbids it.
pub(crate) const FORBIDDEN: u32 = u32::MAX;

/// Where each counter value goes, and what that costs.
#[derive(Debug)]
pub(crate) struct Advance<T> {
    /// Every value stays and costs nothing.
    pub(crate) identity: bool,
    pub(crate) next: Vec<u32>,
    pub(crate) cost: Vec<T>,
}

/// The counters of one call.
#[derive(Debug)]
pub(crate) struct Counters<T> {
    /// Number of combined counter values.
    pub(crate) width: usize,
    /// For each day of the window an index of `advances`.
    set_of_day: Vec<usize>,
    /// For each set, kind of increment and weekend (0 or 1).
    advances: Vec<Vec<Advance<T>>>,
    /// What each value costs at the end of the window; none where a limit forbids it.
    pub(crate) end: Vec<Option<T>>,
}

/// A period of an axis that meets the window, with what is used of it outside.
struct CountedPeriod<'a> {
    period: &'a Period,
    outside: i64,
    /// No days of the window take it further than so many steps.
    furthest: i64,
}

/// One axis as this call counts it.
pub(super) struct Counter<'a> {
    axis: usize,
    weekends: bool,
    /// Days before a period on which shifts add to it already.
    ahead: usize,
    pub(super) step: i64,
    /// The value from which on nothing changes any more.
    top: usize,
    /// How many values there are on a day.
    size: usize,
    periods: Vec<CountedPeriod<'a>>,
    /// Its values in classes, where they are many.
    classes: Option<Classes>,
}

impl<T: Cost> Counters<T> {
    /// How many values the axis takes in the window; `outside` is what each of its periods uses outside of it.
    pub(crate) fn size(space: &PersonSpace, axis: usize, window: Window, outside: &[i64]) -> usize {
        counter(space, axis, window, outside).size
    }

    /// Builds the counters for the axes in `tracked`. `outside[axis][period]` is what is used outside of the window;
    /// costs are multiplied by `scale`.
    pub(crate) fn new(
        space: &PersonSpace,
        groups: &Groups,
        tracked: u64,
        window: Window,
        outside: &[Vec<i64>],
        scale: i64,
    ) -> Self {
        let counters: Vec<Counter<'_>> = (0..space.axes.len())
            .filter(|axis| tracked >> axis & 1 == 1)
            .map(|axis| counter(space, axis, window, &outside[axis]))
            .collect();
        let width = counters.iter().map(|counter| counter.size).product();
        let mut set_of_day = Vec::with_capacity(window.len());
        let mut advances = Vec::new();
        let mut known: Option<Vec<Option<usize>>> = None;
        for day in window.days() {
            let active: Vec<Option<usize>> =
                counters.iter().map(|counter| counter.active_period(day)).collect();
            // Classes are those of their day.
            let begins =
                counters.iter().any(|counter| counter.classes.is_some() || counter.beginning(day).is_some());
            if begins || known.as_ref() != Some(&active) {
                advances.push(advances_of_day(&counters, window.start, day, groups, width, scale));
                // The day on which a period begins advances unlike the days after it.
                known = (!begins).then_some(active);
            }
            set_of_day.push(advances.len() - 1);
        }
        let end = (0..width)
            .map(|value| {
                let mut cost = 0;
                for (counter, position) in counters.iter().zip(positions(&counters, value)) {
                    cost += match &counter.classes {
                        Some(classes) => classes.end_cost(position)?,
                        None => counter.cost_at(window.end, position)?,
                    };
                }
                Some(T::of(cost * scale))
            })
            .collect();
        Self { width, set_of_day, advances, end }
    }

    /// How the counters advance on a day of the window, counted from its start.
    pub(crate) fn advance(&self, offset: usize, increment: usize, weekend: bool) -> &Advance<T> {
        &self.advances[self.set_of_day[offset]][increment * 2 + usize::from(weekend)]
    }
}

fn counter<'a>(space: &'a PersonSpace, axis: usize, window: Window, outside: &[i64]) -> Counter<'a> {
    let counted = &space.axes[axis];
    let step = step_value(space, counted);
    let periods: Vec<CountedPeriod<'a>> = counted
        .periods
        .iter()
        .zip(outside)
        .filter(|(period, _)| window.meets(&counted.adding_days(period)))
        .map(|(period, &outside)| {
            let furthest = furthest(space, counted.counted, &counted.adding_days(period), window);
            CountedPeriod { period, outside, furthest }
        })
        .collect();
    let top = periods.iter().map(|period| period.top(step)).max().unwrap_or(0);
    let mut counter = Counter {
        axis,
        weekends: counted.counted == Counted::Weekends,
        ahead: usize::from(counted.counted == Counted::ClockMinutes),
        step,
        top,
        size: top + 1,
        periods,
        classes: None,
    };
    if matches!(counted.counted, Counted::Minutes | Counted::ClockMinutes) {
        let classes = Classes::new(space, counted, &counter, window);
        counter.size = classes.size;
        counter.classes = Some(classes);
    }
    counter
}

/// The most steps that the open days of a window can add to a sum over some days.
pub(super) fn furthest(space: &PersonSpace, counted: Counted, days: &Range<usize>, window: Window) -> i64 {
    let [first, second] = window.open_within(days);
    let days = (first + second) as i64;
    match counted {
        Counted::Minutes => days * space.longest_shift_units as i64,
        Counted::ClockMinutes => days * space.longest_clock_units as i64,
        Counted::Days | Counted::Kind(_) => days,
        // A stretch meets one weekend more than it has weeks at each end.
        Counted::Weekends => days / 7 + if window.is_whole() { 2 } else { 4 },
    }
}

impl CountedPeriod<'_> {
    /// The value from which on every further step costs the same and nothing is missing.
    fn top(&self, step: i64) -> usize {
        if self.period.fair.is_some() {
            return self.furthest.max(0) as usize;
        }
        // A hard most is reached at the last full step, any other bound at the first that is not below.
        let last = self.period.hard_most().map(|most| (most - self.outside).div_euclid(step));
        let bounds = self.period.most.iter().chain(&self.period.least);
        let asked = bounds.map(|bound| (bound.value - self.outside + step - 1).div_euclid(step)).max();
        let asked = asked.unwrap_or(0).min(last.unwrap_or(i64::MAX));
        asked.min(self.furthest).max(0) as usize
    }
}

impl Counter<'_> {
    fn active_period(&self, day: usize) -> Option<usize> {
        self.periods.iter().position(|counted| counted.period.days.contains(&day))
    }

    /// The period that shifts of this day are the first to add to, if the counter starts anew for it.
    fn beginning(&self, day: usize) -> Option<usize> {
        let begins = |counted: &CountedPeriod<'_>| counted.period.days.start == day + self.ahead;
        // The first one has nothing to end and begins at nothing.
        self.periods.iter().position(begins).filter(|&period| period > 0 || self.ahead > 0)
    }

    fn last_begun(&self, day: usize) -> Option<usize> {
        self.periods.iter().rposition(|counted| counted.period.days.start < day + self.ahead)
    }

    /// Cost of ending the period that began last before a day; none if a limit forbids it.
    pub(super) fn cost_at(&self, day: usize, position: usize) -> Option<i64> {
        self.last_begun(day).map_or(Some(0), |ended| self.end_cost(ended, position))
    }

    /// Value and cost after advancing; none if a limit forbids it.
    fn advance(&self, period: usize, position: usize, amount: i64) -> Option<(usize, i64)> {
        let CountedPeriod { period: limit, outside, furthest } = &self.periods[period];
        let (from, to) = (position as i64, position as i64 + amount);
        if to > *furthest {
            // No days come to this value: its cost may not even fit.
            return None;
        }
        let cost = limit.added_cost(outside + from * self.step, outside + to * self.step)?;
        Some(((to as usize).min(self.top), cost))
    }

    /// Value and cost after a day on which a shift takes so many steps in the period of the day and in the one that
    /// begins on the next; none if a limit forbids it.
    pub(super) fn step_on(&self, day: usize, from: usize, own: i64, next: i64) -> Option<(usize, i64)> {
        let (mut position, mut cost) = (from, 0);
        let beginning = self.beginning(day);
        if beginning.is_some() && self.ahead == 0 {
            cost += self.cost_at(day, position)?;
            position = 0;
        }
        if let Some(period) = self.active_period(day) {
            let (reached, added) = self.advance(period, position, own)?;
            position = reached;
            cost += added;
        }
        if let Some(beginning) = beginning.filter(|_| self.ahead > 0) {
            cost += self.cost_at(day, position)?;
            let (reached, added) = self.advance(beginning, 0, next)?;
            position = reached;
            cost += added;
        }
        Some((position, cost))
    }

    /// Cost of leaving a period at this value; none if a limit forbids it.
    fn end_cost(&self, period: usize, position: usize) -> Option<i64> {
        let CountedPeriod { period: limit, outside, .. } = &self.periods[period];
        let sum = outside + position as i64 * self.step;
        Some(limit.fair_cost(sum) + limit.missing_cost(sum)?)
    }
}

/// The value of each counter inside a combined value.
fn positions<'a>(counters: &'a [Counter<'_>], value: usize) -> impl Iterator<Item = usize> + 'a {
    let mut rest = value;
    counters.iter().map(move |counter| {
        let position = rest % counter.size;
        rest /= counter.size;
        position
    })
}

fn advances_of_day<T: Cost>(
    counters: &[Counter<'_>],
    start: usize,
    day: usize,
    groups: &Groups,
    width: usize,
    scale: i64,
) -> Vec<Advance<T>> {
    let mut advances = Vec::with_capacity(groups.increments.len() * 2);
    for increment in &groups.increments {
        for weekend in [false, true] {
            let mut next = Vec::with_capacity(width);
            let mut cost = Vec::with_capacity(width);
            for value in 0..width {
                let step = combined_step(counters, start, day, increment, weekend, value);
                next.push(step.map_or(FORBIDDEN, |step| step.0));
                cost.push(T::of(step.map_or(0, |step| step.1 * scale)));
            }
            let identity = next.iter().zip(0..).all(|(&next, value)| next == value)
                && cost.iter().all(|&cost| cost == T::ZERO);
            advances.push(Advance { identity, next, cost });
        }
    }
    advances
}

fn combined_step(
    counters: &[Counter<'_>],
    start: usize,
    day: usize,
    increment: &[Increment],
    weekend: bool,
    value: usize,
) -> Option<(u32, i64)> {
    let mut cost = 0;
    let mut combined = 0;
    let mut factor = 1;
    for (counter, position) in counters.iter().zip(positions(counters, value)) {
        let taken = increment.iter().find(|taken| taken.axis == counter.axis);
        let (own, next) = match taken {
            _ if counter.weekends => (i64::from(weekend), 0),
            Some(taken) => (taken.own, taken.next),
            None => (0, 0),
        };
        let (reached, added) = match &counter.classes {
            Some(classes) => classes.step(day - start, position, own, next)?,
            None => counter.step_on(day, position, own, next)?,
        };
        cost += added;
        combined += reached * factor;
        factor *= counter.size;
    }
    Some((combined as u32, cost))
}
