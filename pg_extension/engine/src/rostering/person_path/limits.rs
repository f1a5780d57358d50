//! Limits that a path search does not count: what is used of them, whether a path breaks them, what prices prove.

use std::ops::RangeInclusive;

use super::Cost;
use super::counters::furthest;
use super::forward::Weekday;
use super::groups::step_value;
use super::request::Request;
use crate::rostering::periods::{Axis, Period};
use crate::rostering::person_space::PersonSpace;
use crate::rostering::plan::FREE;
use crate::rostering::problem::{Counted, OutsideDay};

/// Prices on limits, and choices that are taken away, during one call.
pub(super) struct Terms {
    /// Scaled price per step of each axis.
    pub(super) multipliers: Vec<i64>,
    /// The same for minutes over the whole horizon, where they are not counted.
    pub(super) minutes: i64,
    /// Days and kinds that are not to be chosen.
    pub(super) banned: Vec<(usize, usize)>,
}

impl Terms {
    /// Everything free of charge.
    pub(super) fn none(space: &PersonSpace) -> Self {
        Self { multipliers: vec![0; space.axes.len()], minutes: 0, banned: Vec::new() }
    }
}

/// What the days outside of the window use of each limit.
pub(super) struct Usage {
    pub(super) minutes: i64,
    /// By axis and period.
    pub(super) outside: Vec<Vec<i64>>,
}

impl Usage {
    pub(super) fn of<T: Cost>(request: &Request<'_, T>) -> Self {
        let space = request.space;
        let whole = WholeUsage::of(request);
        let used = |axis: &Axis, period: &Period| -> i64 {
            if period.days == (0..request.row.len())
                && let Some(sum) = whole.of_sum(axis.counted)
            {
                return sum;
            }
            let closed = axis.adding_days(period).filter(|&day| !request.window.is_open(day));
            closed.map(|day| added(request, axis, period, day)).sum()
        };
        let minutes = if space.minutes.is_some() { whole.minutes } else { 0 };
        let outside = space
            .axes
            .iter()
            .map(|axis| axis.periods.iter().map(|period| period.already + used(axis, period)).collect())
            .collect();
        Self { minutes, outside }
    }
}

/// What all days outside of the window use, as most limits are about the whole horizon.
struct WholeUsage {
    minutes: i64,
    days: i64,
    weekends: i64,
    kinds: Vec<i64>,
}

impl WholeUsage {
    fn of<T: Cost>(request: &Request<'_, T>) -> Self {
        let mut usage = Self { minutes: 0, days: 0, weekends: 0, kinds: vec![0; request.problem.kinds] };
        for (day, &cell) in request.row.iter().enumerate() {
            if cell == FREE || request.window.is_open(day) {
                continue;
            }
            let shift = &request.problem.shifts[cell as usize];
            usage.minutes += shift.worked_minutes;
            usage.days += 1;
            usage.weekends += weekends(request, day);
            usage.kinds[shift.kind] += 1;
        }
        usage
    }

    /// None where the days alone do not say what counts.
    fn of_sum(&self, what: Counted) -> Option<i64> {
        match what {
            Counted::Minutes => Some(self.minutes),
            Counted::ClockMinutes => None,
            Counted::Days => Some(self.days),
            Counted::Weekends => Some(self.weekends),
            Counted::Kind(kind) => Some(self.kinds[kind]),
        }
    }
}

/// What a day of the person's row adds to a period.
fn added<T: Cost>(request: &Request<'_, T>, axis: &Axis, period: &Period, day: usize) -> i64 {
    let cell = request.row[day];
    if cell == FREE {
        return 0;
    }
    if axis.counted == Counted::Weekends {
        return weekends(request, day);
    }
    axis.added(period, day, (&request.problem.shifts[cell as usize]).into())
}

/// Weekends that count on a worked day of the person's row.
fn weekends<T: Cost>(request: &Request<'_, T>, day: usize) -> i64 {
    match request.weekdays[day] {
        Weekday::Other => 0,
        Weekday::Saturday => 1,
        Weekday::Sunday => {
            let saturday_worked = if day == 0 {
                matches!(request.space.before.last(), Some(OutsideDay::Worked { .. }))
            } else {
                request.row[day - 1] != FREE
            };
            i64::from(!saturday_worked)
        }
    }
}

/// What the window's days add to a period of an axis.
pub(super) fn used<T: Cost>(request: &Request<'_, T>, axis: &Axis, period: &Period, path: &[u32]) -> i64 {
    let window = request.window;
    let days = axis.adding_days(period);
    let start = days.start.max(window.start);
    let end = days.end.min(window.end).max(start);
    (start..end)
        .filter(|&day| window.is_open(day))
        .map(|day| {
            let cell = path[day - window.start];
            if cell == FREE {
                return 0;
            }
            if axis.counted == Counted::Weekends && request.weekdays[day] == Weekday::Sunday {
                let saturday_worked = match day.checked_sub(window.start + 1) {
                    Some(saturday) => path[saturday] != FREE,
                    None => matches!(request.space.before.last(), Some(OutsideDay::Worked { .. })),
                };
                return i64::from(!saturday_worked);
            }
            if axis.counted == Counted::Weekends {
                return i64::from(request.weekdays[day] == Weekday::Saturday);
            }
            axis.added(period, day, (&request.problem.shifts[cell as usize]).into())
        })
        .sum()
}

/// Axes that are not counted and that the path breaks: bit sets.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Broken {
    /// Sums that are too large, for a limit or for a fair share.
    pub(super) above: u64,
    /// Sums that are too small.
    pub(super) below: u64,
    /// Those of both where a hard limit is broken.
    pub(super) hard: u64,
    /// What the others cost.
    pub(super) cost: i64,
}

pub(super) fn broken_axes<T: Cost>(
    request: &Request<'_, T>,
    usage: &Usage,
    path: &[u32],
    tracked: u64,
) -> Broken {
    let mut broken = Broken::default();
    for (number, axis) in request.space.axes.iter().enumerate() {
        if tracked >> number & 1 == 1 {
            continue;
        }
        for (period, &outside) in axis.periods.iter().zip(&usage.outside[number]) {
            if !request.window.meets(&axis.adding_days(period)) {
                continue;
            }
            let sum = outside + used(request, axis, period, path);
            match period.cost(outside, sum) {
                Some(0) => continue,
                Some(cost) => broken.cost += cost,
                None => broken.hard |= 1 << number,
            }
            if period.is_above(sum) {
                broken.above |= 1 << number;
            } else {
                broken.below |= 1 << number;
            }
        }
    }
    broken
}

pub(super) fn weekends_can_bind<T: Cost>(request: &Request<'_, T>, axis: &Axis, outside: &[i64]) -> bool {
    axis.periods.iter().zip(outside).any(|(period, &outside)| {
        let start = period.days.start.max(request.window.start);
        let end = period.days.end.min(request.window.end).max(start);
        let possible = (start..end)
            .filter(|&day| request.window.is_open(day))
            .filter(|&day| match request.weekdays[day] {
                Weekday::Other => false,
                Weekday::Saturday => true,
                Weekday::Sunday => day == start,
            })
            .count() as i64;
        start < end
            && (period.fair.is_some()
                || period.least.iter().any(|least| outside < least.value)
                || period.most.iter().any(|most| outside + possible > most.value))
    })
}

/// Kinds of which the days outside of the window leave none.
pub(super) fn ban_exhausted<T: Cost>(request: &Request<'_, T>, usage: &Usage, terms: &mut Terms) {
    for (axis, outside) in request.space.axes.iter().zip(&usage.outside) {
        let (Counted::Kind(kind), [period], [outside]) =
            (axis.counted, axis.periods.as_slice(), outside.as_slice())
        else {
            continue;
        };
        let covers = period.days.start <= request.window.start && request.window.end <= period.days.end;
        if covers && period.hard_most().is_some_and(|most| *outside >= most) {
            terms.banned.push((usize::MAX, kind));
        }
    }
}

/// What the days of a path pay for weekends that are not counted, scaled.
pub(super) fn weekend_prices<T: Cost>(request: &Request<'_, T>, terms: &Terms, day: usize) -> i64 {
    if request.weekdays[day] == Weekday::Other {
        return 0;
    }
    let axes = request.space.axes.iter().zip(&terms.multipliers);
    axes.filter(|(axis, multiplier)| {
        **multiplier != 0
            && axis.counted == Counted::Weekends
            && axis.periods.iter().any(|period| period.days.contains(&day))
    })
    .map(|(_, multiplier)| multiplier)
    .sum()
}

/// What the multipliers may have paid more than a path's limits cost, at most: less this, the cost of the cheapest
/// path at any multipliers is a bound. Tries every sum that the window can come to.
pub(super) fn credit<T: Cost>(request: &Request<'_, T>, usage: &Usage, terms: &Terms) -> i64 {
    let space = request.space;
    let window = request.window;
    let mut credit = 0_i64;
    for ((axis, outside), &multiplier) in space.axes.iter().zip(&usage.outside).zip(&terms.multipliers) {
        if multiplier == 0 {
            continue;
        }
        let step = step_value(space, axis);
        for (period, &outside) in axis.periods.iter().zip(outside) {
            if !window.meets(&axis.adding_days(period)) {
                continue;
            }
            let furthest = furthest(space, axis.counted, &axis.adding_days(period), window);
            let most = most_paid(period, outside, step, 0..=furthest, multiplier, request.scale, 0);
            credit = credit.saturating_add(most.map_or(0, |most| most.1));
        }
    }
    credit
}

/// The steps at which a multiplier pays the most beyond what the sum costs, of several the nearest to some steps, and
/// how much it pays there; none if a hard bound forbids every sum.
pub(super) fn most_paid(
    period: &Period,
    outside: i64,
    step: i64,
    steps: RangeInclusive<i64>,
    multiplier: i64,
    scale: i64,
    near: i64,
) -> Option<(i64, i64)> {
    let paid = |steps: i64| {
        let cost = period.cost(outside, outside + steps * step)?;
        Some((steps, multiplier * steps - cost * scale))
    };
    steps.filter_map(paid).max_by_key(|&(steps, paid)| (paid, -(steps - near).abs()))
}

/// Takes a kind away from all but as many days as its limit has left, chosen among the path's own.
pub(super) fn ban_surplus<T: Cost>(
    request: &Request<'_, T>,
    usage: &Usage,
    above: u64,
    path: &[u32],
    random: &mut fastrand::Rng,
    terms: &mut Terms,
) {
    for (number, axis) in request.space.axes.iter().enumerate().filter(|(axis, _)| above >> axis & 1 == 1) {
        let Counted::Kind(kind) = axis.counted else { continue };
        for (period, &outside) in axis.periods.iter().zip(&usage.outside[number]) {
            let Some(most) = period.hard_most() else { continue };
            let window = request.window;
            let start = period.days.start.max(window.start);
            let end = period.days.end.min(window.end).max(start);
            let open = || (start..end).filter(|&day| window.is_open(day));
            let is_kind = |day: usize| {
                let cell = path[day - window.start];
                cell != FREE && request.problem.shifts[cell as usize].kind == kind
            };
            let mut kept: Vec<usize> = open().filter(|&day| is_kind(day)).collect();
            random.shuffle(&mut kept);
            kept.truncate((most - outside).max(0) as usize);
            terms.banned.extend(open().filter(|day| !kept.contains(day)).map(|day| (day, kind)));
        }
    }
}
