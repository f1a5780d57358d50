//! The cheapest days of one person in a window, all limits kept.
//!
//! Limits are counted lazily: the path is searched without them, and only those that it breaks become counters of a
//! second search. Counters that would multiply to too many values are priced instead, with a multiplier per limit.

use std::collections::HashMap;

use super::Cost;
use super::counters::Counters;
use super::course::{Course, groups_of, settle};
use super::forward::{Forward, Layers};
use super::groups::{Group, Groups, KnownGroups, step_value};
use super::limits::{
    Broken, Terms, Usage, ban_exhausted, ban_surplus, broken_axes, credit, used, weekend_prices,
    weekends_can_bind,
};
use super::request::{Found, Request};
use super::retrace::{Cell, Retrace};
use super::steps::{Band, LANES, minutes_cost};
use super::suffix::Suffix;
use crate::rostering::periods::Work;
use crate::rostering::plan::FREE;
use crate::rostering::problem::Counted;

/// Most combined counter values; more cost more time than pricing the limits does.
pub(crate) const MOST_WIDTH: usize = 24;
/// The same with minutes of a shorter period than the horizon among them, which take many values by themselves and whose
/// price says little: whoever is over a week's hours has other weeks with room.
const MOST_MINUTES_WIDTH: usize = 32;
/// The same where each value's row is a single vector.
const MOST_NARROW_WIDTH: usize = 104;
/// Most combined counter values where a bound is wanted that pricing would weaken.
pub(crate) const PROOF_WIDTH: usize = 512;
/// Tables of this size are searched at once, however many counter values they have.
const SMALL_BYTES: usize = 512 << 10;
/// Part of the memory that known groups of shifts may take.
const GROUPS_PART: usize = 4;
/// Rounds of pricing before kinds are taken away instead.
const PRICING_ROUNDS: usize = 12;
/// Rounds of pricing for the sake of soft limits alone.
const SOFT_ROUNDS: usize = 5;
/// What a raise adds to a multiplier at least, in cost units.
const FIRST_MULTIPLIER: i64 = 2;
/// Rounds in which multipliers are raised by a part only.
const GENTLE_ROUNDS: usize = 4;
/// Multipliers are kept from call to call in this scale.
const KEPT_SCALE: i64 = 64;

/// Finds paths; one per thread, as it keeps its memory from call to call.
pub(crate) struct PathFinder<T> {
    layers: Layers<T>,
    pub(super) band: Band,
    group_costs: Vec<T>,
    weekend_prices: Vec<T>,
    pub(super) settled: Vec<Option<Group>>,
    taken: Vec<Option<usize>>,
    groups: KnownGroups,
    /// Axes that were binding when a person was last asked for.
    hints: HashMap<usize, u64>,
    multipliers: HashMap<(usize, usize), i64>,
    /// Most bytes of the layers.
    memory_bytes: usize,
    /// The days found, one entry per day of the window.
    pub(crate) path: Vec<u32>,
    /// What the last call proved, also when it found nothing: no days cost less.
    pub(crate) proven: i64,
    arch: pulp::Arch,
    /// Most combined counter values.
    pub(crate) most_width: usize,
}

impl<T: Cost> PathFinder<T> {
    pub(crate) fn new(memory_bytes: usize) -> Self {
        Self {
            layers: Layers::default(),
            band: Band::default(),
            group_costs: Vec::new(),
            weekend_prices: Vec::new(),
            settled: Vec::new(),
            taken: Vec::new(),
            groups: KnownGroups::new(memory_bytes / GROUPS_PART),
            hints: HashMap::new(),
            multipliers: HashMap::new(),
            memory_bytes,
            path: Vec::new(),
            proven: i64::MIN,
            arch: pulp::Arch::new(),
            most_width: MOST_WIDTH,
        }
    }

    /// Most bytes of a table.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Forgets what it knows of people: whoever is asked for next is somebody else.
    pub(crate) fn forget(&mut self) {
        self.forget_groups();
        self.hints.clear();
        self.multipliers.clear();
    }

    /// Forgets the groups that shifts fall into, which costs time and changes nothing.
    pub(crate) fn forget_groups(&mut self) {
        self.groups.forget();
    }

    /// Counts all limits that memory allows, instead of pricing them: slower, and certain.
    pub(crate) fn count_all(&mut self) {
        self.most_width = usize::MAX;
    }

    /// Finds the cheapest days; they are in `path`. None if no days keep all hard rules, or none were found.
    /// Each piece of work is told to `stop`; once it says so, nothing is found.
    pub(crate) fn find(
        &mut self,
        request: &Request<'_, T>,
        random: &mut fastrand::Rng,
        stop: &dyn Fn(u64) -> bool,
    ) -> Option<Found> {
        let usage = Usage::of(request);
        let space = request.space;
        let settles = settle(space, request.row, request.window, &mut self.settled);
        if !settles || !self.band.lay_out(space, request.window, usage.minutes) {
            return None;
        }
        let mut always = 0;
        for (number, axis) in space.axes.iter().enumerate() {
            if axis.counted == Counted::Weekends && weekends_can_bind(request, axis, &usage.outside[number]) {
                always |= 1 << number;
            }
        }
        let hint = self.hints.get(&request.person).copied().unwrap_or(0);
        let mut tracked = self.affordable(request, &usage, always, hint);
        let mut terms = Terms::none(space);
        ban_exhausted(request, &usage, &mut terms);
        for axis in (0..space.axes.len()).filter(|axis| tracked >> axis & 1 == 0) {
            if space.axes[axis].counted == Counted::Weekends && always >> axis & 1 == 0 {
                continue;
            }
            if let Some(kept) = self.multipliers.get(&(request.person, axis)) {
                terms.multipliers[axis] = kept * request.scale / KEPT_SCALE;
            }
        }
        let mut bound = i64::MIN;
        self.proven = bound;
        let mut fallback: Option<(i64, Vec<u32>)> = None;
        for round in 0..PRICING_ROUNDS + space.axes.len() + 1 {
            let Some(value) = self.search(request, &usage, tracked, &terms, random, stop) else { break };
            // Once more is taken away than must be, the cost proves nothing.
            if round < PRICING_ROUNDS {
                bound = bound.max(value - credit(request, &usage, &terms));
                self.proven = bound;
            }
            let broken = broken_axes(request, &usage, &self.path, tracked);
            let cost = value - self.paid(request, &terms) + broken.cost * request.scale;
            if broken.above | broken.below == 0 {
                self.remember(request, &usage, tracked & !always);
                self.keep_multipliers(request, &usage, &terms);
                return Some(Found { bound, cost });
            }
            let more = self.affordable(request, &usage, tracked, broken.above | broken.below);
            if more != tracked {
                for axis in (0..space.axes.len()).filter(|axis| more >> axis & 1 == 1) {
                    terms.multipliers[axis] = 0;
                }
                tracked = more;
                continue;
            }
            if broken.hard == 0 {
                if fallback.as_ref().is_none_or(|best| cost < best.0) {
                    fallback = Some((cost, self.path.clone()));
                }
                if round >= SOFT_ROUNDS {
                    break;
                }
            }
            if round + 1 < PRICING_ROUNDS {
                self.price(request, broken, round, &mut terms);
            } else {
                ban_surplus(request, &usage, broken.above, &self.path, random, &mut terms);
            }
        }
        // No days keep everything, or none were found; what breaks soft limits only is an answer.
        let (cost, path) = fallback?;
        self.keep_multipliers(request, &usage, &terms);
        self.path = path;
        Some(Found { bound, cost })
    }

    /// Adds axes to the tracked ones as long as the counters stay few.
    fn affordable(&self, request: &Request<'_, T>, usage: &Usage, tracked: u64, wanted: u64) -> u64 {
        let space = request.space;
        let window = request.window;
        let open_days = window.open_days().count();
        let narrow = self.band.row <= 2 * LANES;
        let size = |axis: usize| Counters::<T>::size(space, axis, window, &usage.outside[axis]);
        let mut tracked = tracked;
        let mut width: usize =
            (0..space.axes.len()).filter(|axis| tracked >> axis & 1 == 1).map(size).product();
        let added = wanted & !tracked;
        for axis in (0..space.axes.len()).filter(|axis| added >> axis & 1 == 1) {
            let wider = width.saturating_mul(size(axis));
            let bytes = |days: usize| Layers::<T>::bytes(days, space.states(), wider, self.band.row);
            // Hardly anything is reached in a gap.
            let small = bytes(open_days) <= SMALL_BYTES;
            let most_width = match space.axes[axis].counted {
                Counted::Minutes | Counted::ClockMinutes if narrow => MOST_NARROW_WIDTH,
                Counted::Minutes | Counted::ClockMinutes => MOST_MINUTES_WIDTH,
                Counted::Days | Counted::Kind(_) | Counted::Weekends => 0,
            };
            let most_width = most_width.max(self.most_width);
            if (wider <= most_width || small) && bytes(window.len()) <= self.memory_bytes {
                tracked |= 1 << axis;
                width = wider;
            }
        }
        tracked
    }

    /// Keeps in mind which limits were reached, to count them at once next time.
    fn remember(&mut self, request: &Request<'_, T>, usage: &Usage, tracked: u64) {
        let mut hint = 0;
        for (number, axis) in request.space.axes.iter().enumerate() {
            if tracked >> number & 1 == 0 {
                continue;
            }
            let reached = axis.periods.iter().zip(&usage.outside[number]).any(|(period, &outside)| {
                let sum = outside + used(request, axis, period, &self.path);
                period.is_reached(sum)
            });
            hint |= u64::from(reached) << number;
        }
        self.hints.insert(request.person, hint);
    }

    /// What the path paid for limits.
    pub(super) fn paid(&self, request: &Request<'_, T>, terms: &Terms) -> i64 {
        let window = request.window;
        let shifts: i64 = window
            .days()
            .zip(&self.path)
            .filter(|(day, cell)| **cell != FREE && window.is_open(*day))
            .map(|(day, &cell)| {
                let shift = &request.problem.shifts[cell as usize];
                multiplier_cost(request, terms, day, shift.into())
            })
            .sum();
        let weekends = request
            .space
            .axes
            .iter()
            .zip(&terms.multipliers)
            .filter(|(axis, multiplier)| axis.counted == Counted::Weekends && **multiplier != 0);
        let weekends = weekends.map(|(axis, multiplier)| {
            let periods = axis.periods.iter();
            multiplier * periods.map(|period| used(request, axis, period, &self.path)).sum::<i64>()
        });
        shifts + weekends.sum::<i64>()
    }

    /// Raises the price of each limit that was broken; below a least the price is a reward.
    fn price(&self, request: &Request<'_, T>, broken: Broken, round: usize, terms: &mut Terms) {
        for (axis, multiplier) in terms.multipliers.iter_mut().enumerate() {
            let above = broken.above >> axis & 1 == 1;
            if !above && broken.below >> axis & 1 == 0 {
                continue;
            }
            let current = if above { *multiplier } else { -*multiplier }.max(0);
            // Gently at first: prices change little from call to call, and too high a price proves less.
            let raised = if round < GENTLE_ROUNDS { current + current / 3 } else { current * 2 };
            let raised =
                (raised + FIRST_MULTIPLIER * request.scale).min(request.most_multiplier * request.scale);
            *multiplier = if above { raised } else { -raised };
        }
    }

    /// Keeps the prices of limits for the next call; those that were too high come down.
    fn keep_multipliers(&mut self, request: &Request<'_, T>, usage: &Usage, terms: &Terms) {
        for (number, (axis, &multiplier)) in request.space.axes.iter().zip(&terms.multipliers).enumerate() {
            if multiplier == 0 {
                continue;
            }
            let slack = axis.periods.iter().zip(&usage.outside[number]).all(|(period, &outside)| {
                let sum = outside + used(request, axis, period, &self.path);
                let limits = if multiplier > 0 { &period.most } else { &period.least };
                period.fair.is_none() && limits.iter().all(|limit| limit.value != sum)
            });
            let kept = if slack { multiplier - multiplier / 5 - multiplier.signum() } else { multiplier };
            self.multipliers.insert((request.person, number), kept * KEPT_SCALE / request.scale);
        }
    }

    /// One exact search with the axes in `tracked` counted. Returns the cost of the path.
    pub(super) fn search(
        &mut self,
        request: &Request<'_, T>,
        usage: &Usage,
        tracked: u64,
        terms: &Terms,
        random: &mut fastrand::Rng,
        stop: &dyn Fn(u64) -> bool,
    ) -> Option<i64> {
        let groups = self.groups.take(request.space, request.person, tracked, request.window);
        let value = self.search_groups(request, usage, tracked, &groups, terms, random, stop);
        self.groups.keep(request.person, groups);
        value
    }

    #[expect(clippy::too_many_arguments, reason = "a search is what it is")]
    fn search_groups(
        &mut self,
        request: &Request<'_, T>,
        usage: &Usage,
        tracked: u64,
        groups: &Groups,
        terms: &Terms,
        random: &mut fastrand::Rng,
        stop: &dyn Fn(u64) -> bool,
    ) -> Option<i64> {
        let space = request.space;
        let window = request.window;
        let counters: Counters<T> =
            Counters::new(space, groups, tracked, window, &usage.outside, request.scale);
        let bytes = Layers::<T>::bytes(window.len(), space.states(), counters.width, self.band.row);
        if bytes > self.memory_bytes {
            return None;
        }
        self.layers.lay_out(window.len(), space.states(), counters.width, self.band.row);
        self.layers.start(space.state_before(request.row, window.start)?);
        self.group_costs.clear();
        self.weekend_prices.clear();
        for day in window.days() {
            self.weekend_prices.push(T::of(weekend_prices(request, terms, day)));
            for group in groups_of(groups, &self.settled, window, day) {
                if !window.is_open(day) {
                    self.group_costs.push(T::ZERO);
                    continue;
                }
                let costs =
                    group.choices.iter().filter_map(|&choice| choice_cost(request, day, choice, terms));
                self.group_costs.push(costs.min().unwrap_or(T::UNREACHABLE));
            }
        }
        let course = Course {
            space,
            window,
            groups,
            settled: &self.settled,
            group_costs: &self.group_costs,
            counters: &counters,
            band: &self.band,
            scale: request.scale,
            weekdays: request.weekdays,
            weekend_prices: &self.weekend_prices,
        };
        let stopped = self.arch.dispatch(Forward { course: &course, layers: &mut self.layers, stop });
        // The end and the way back look at every cell once more, at most.
        if stopped || stop((space.states() * counters.width * self.band.row) as u64) {
            return None;
        }
        let (value, cell) = self.cheapest_end(request, usage, &counters, random)?;
        if !(Retrace { course: &course, layers: &self.layers }).run(cell, random, &mut self.taken) {
            return None;
        }
        self.write_path(request, groups, terms, random);
        Some(value)
    }

    fn cheapest_end(
        &self,
        request: &Request<'_, T>,
        usage: &Usage,
        counters: &Counters<T>,
        random: &mut fastrand::Rng,
    ) -> Option<(i64, Cell)> {
        let space = request.space;
        let days = request.window.len();
        let suffix = Suffix::new(space, request.row, request.window.end);
        let minutes: Vec<Option<i64>> = (0..self.band.length(days))
            .map(|position| {
                let minutes = self.band.units(days, position) as i64 * space.unit_minutes + usage.minutes;
                if self.band.counts() { minutes_cost(space, minutes) } else { Some(0) }
            })
            .collect();
        let mut best: Option<(i64, Cell)> = None;
        let mut ties = 0;
        for state in (0..space.states()).filter(|&state| self.layers.is_reached(days, state)) {
            let after = match &suffix {
                None => Some(0),
                Some(suffix) => match space.rests.get(state) {
                    Some(&rest) => suffix.after_rest(rest),
                    None => {
                        let (class, length) = space.work_of(state);
                        suffix.after_work(class, length)
                    }
                },
            };
            let Some(after) = after else { continue };
            for (counter, end) in counters.end.iter().enumerate() {
                let Some(end) = end else { continue };
                for (position, minutes) in minutes.iter().enumerate() {
                    let Some(minutes) = minutes else { continue };
                    let cost = self.layers.cell(days, state, counter, position);
                    if !cost.is_real() {
                        continue;
                    }
                    let value = cost.value() + (after + minutes) * request.scale + end.value();
                    if best.is_none_or(|best| value <= best.0) {
                        ties = if best.is_some_and(|best| value == best.0) { ties + 1 } else { 1 };
                        if random.u32(0..ties) == 0 {
                            best = Some((value, Cell { state, counter, position }));
                        }
                    }
                }
            }
        }
        best
    }

    fn write_path(
        &mut self,
        request: &Request<'_, T>,
        groups: &Groups,
        terms: &Terms,
        random: &mut fastrand::Rng,
    ) {
        self.path.clear();
        for (day, taken) in request.window.days().zip(&self.taken) {
            if !request.window.is_open(day) {
                self.path.push(request.row[day]);
                continue;
            }
            let Some(group) = taken else {
                self.path.push(FREE);
                continue;
            };
            let mut best: Option<(T, usize)> = None;
            let mut ties = 0;
            for &choice in &groups.of_day(day)[*group].choices {
                let Some(cost) = choice_cost(request, day, choice, terms) else { continue };
                if best.is_none_or(|best| cost <= best.0) {
                    ties = if best.is_some_and(|best| cost == best.0) { ties + 1 } else { 1 };
                    if random.u32(0..ties) == 0 {
                        best = Some((cost, choice));
                    }
                }
            }
            let choices = &request.space.days[day].choices;
            self.path.push(best.map_or(FREE, |(_, choice)| choices[choice].shift));
        }
    }
}

fn choice_cost<T: Cost>(request: &Request<'_, T>, day: usize, choice: usize, terms: &Terms) -> Option<T> {
    let choice = &request.space.days[day].choices[choice];
    if terms.banned.contains(&(day, choice.kind)) || terms.banned.contains(&(usize::MAX, choice.kind)) {
        return None;
    }
    let limits = multiplier_cost(request, terms, day, choice.into());
    Some(request.prices[choice.shift as usize] + T::of(choice.cost * request.scale + limits))
}

/// What a shift pays for the limits that are priced.
fn multiplier_cost<T: Cost>(request: &Request<'_, T>, terms: &Terms, day: usize, work: Work) -> i64 {
    let mut cost = 0;
    if terms.minutes != 0 {
        cost += terms.minutes * (work.worked_minutes / request.space.unit_minutes);
    }
    for (axis, &multiplier) in request.space.axes.iter().zip(&terms.multipliers) {
        if multiplier != 0 {
            let added: i64 = axis.periods.iter().map(|period| axis.added(period, day, work)).sum();
            cost += multiplier * (added / step_value(request.space, axis));
        }
    }
    cost
}
