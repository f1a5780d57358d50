//! The forward pass: costs of all states of all days of a window.

use super::Cost;
use super::counters::{Advance, FORBIDDEN};
use super::course::Course;
use super::steps::{LANES, Shift};

/// The cells of all days: for each day, state and counter value a row over minutes.
#[derive(Debug, Default)]
pub(crate) struct Layers<T> {
    values: Vec<T>,
    reached: Vec<bool>,
    states: usize,
    width: usize,
    row: usize,
}

impl<T: Cost> Layers<T> {
    pub(crate) fn lay_out(&mut self, days: usize, states: usize, width: usize, row: usize) {
        (self.states, self.width, self.row) = (states, width, row);
        let cells = (days + 1) * states * width * row;
        if self.values.len() < cells {
            self.values.resize(cells, T::UNREACHABLE);
        }
        self.reached.clear();
        self.reached.resize((days + 1) * states, false);
    }

    /// Bytes that a window of this shape needs.
    pub(crate) fn bytes(days: usize, states: usize, width: usize, row: usize) -> usize {
        (days + 1)
            .saturating_mul(states)
            .saturating_mul(width)
            .saturating_mul(row)
            .saturating_mul(size_of::<T>())
    }

    pub(crate) fn is_reached(&self, offset: usize, state: usize) -> bool {
        self.reached[offset * self.states + state]
    }

    pub(crate) fn cell(&self, offset: usize, state: usize, counter: usize, position: usize) -> T {
        self.values[((offset * self.states + state) * self.width + counter) * self.row + position]
    }

    /// Makes one cell the start of all paths.
    pub(crate) fn start(&mut self, state: usize) {
        let block = self.width * self.row;
        self.values[state * block..(state + 1) * block].fill(T::UNREACHABLE);
        self.values[state * block] = T::ZERO;
        self.reached[state] = true;
    }
}

/// One day's step for all states: what every transition of the day shares.
struct Step<'a, T> {
    from: &'a [T],
    to: &'a mut [T],
    reached: &'a mut [bool],
    row: usize,
    width: usize,
    /// Blocks moved since work was last told of.
    relaxed: u64,
}

impl<T: Cost> Step<'_, T> {
    /// Keeps the smaller of what is there and what arrives.
    #[inline(always)]
    fn relax(&mut self, source: usize, target: usize, shift: Shift, advance: &Advance<T>, cost: T) {
        self.relaxed += 1;
        let block = self.width * self.row;
        let target_block = &mut self.to[target * block..(target + 1) * block];
        if !self.reached[target] {
            self.reached[target] = true;
            target_block.fill(T::UNREACHABLE);
        }
        let source_block = &self.from[source * block..(source + 1) * block];
        let mut counter = 0;
        while counter < self.width {
            let from = counter;
            counter += 1;
            let (next, cost) = if advance.identity {
                (from, cost)
            } else {
                let next = advance.next[from];
                if next == FORBIDDEN {
                    continue;
                }
                (next as usize, cost + advance.cost[from])
            };
            let start = from * self.row + shift.from;
            let end = next * self.row + shift.to;
            let (arriving, _) = source_block[start..start + shift.length].as_chunks::<LANES>();
            let (present, _) = target_block[end..end + shift.length].as_chunks_mut::<LANES>();
            let mut vector = 0;
            // Plain indexes: iterators are not always inlined into code for other vector instructions.
            while vector < present.len() && vector < arriving.len() {
                let mut smaller = present[vector];
                let mut lane = 0;
                while lane < LANES {
                    let through = arriving[vector][lane] + cost;
                    smaller[lane] = if through < smaller[lane] { through } else { smaller[lane] };
                    lane += 1;
                }
                present[vector] = smaller;
                vector += 1;
            }
        }
    }
}

/// A forward pass over a window, to be run with the widest vectors that the processor has.
pub(crate) struct Forward<'a, 'c, T> {
    pub(crate) course: &'a Course<'c, T>,
    pub(crate) layers: &'a mut Layers<T>,
    /// Told of the work done; says whether to give up.
    pub(crate) stop: &'a dyn Fn(u64) -> bool,
}

impl<T: Cost> pulp::WithSimd for Forward<'_, '_, T> {
    /// Whether it was stopped.
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> bool {
        run(self)
    }
}

#[inline(always)]
fn run<T: Cost>(forward: Forward<'_, '_, T>) -> bool {
    let Forward { course, layers, stop } = forward;
    let Course { space, counters, band, scale, .. } = *course;
    let block = (layers.width * layers.row) as u64;
    let layer = layers.states * layers.width * layers.row;
    let mut first_group = 0;
    for (offset, day) in course.window.days().enumerate() {
        let (earlier, later) = layers.values.split_at_mut((offset + 1) * layer);
        let (reached, reached_next) = layers.reached.split_at_mut((offset + 1) * layers.states);
        let reached = &reached[offset * layers.states..];
        let mut step = Step {
            from: &earlier[offset * layer..],
            to: &mut later[..layer],
            reached: &mut reached_next[..layers.states],
            row: layers.row,
            width: layers.width,
            relaxed: 0,
        };
        let cost_of = |cost: i64| T::of(cost * scale);
        if course.may_be_free(day)
            && let Some(shift) = band.shift(offset, 0)
        {
            let advance = counters.advance(offset, 0, false);
            for (state, rest) in space.rests.iter().enumerate() {
                if reached[state] {
                    step.relax(state, rest.next, shift, advance, T::ZERO);
                }
            }
            for length in 1..=space.work_lengths {
                let Some(cost) = space.end_of_work(length, day) else { continue };
                for class in 0..space.classes {
                    let state = space.work_state(class, length);
                    if reached[state] {
                        step.relax(state, space.rest_state(1, class), shift, advance, cost_of(cost));
                    }
                }
            }
        }
        let choices = &space.days[day];
        let groups = course.groups_of(day);
        let weekday = course.weekday(day);
        let costs = &course.group_costs[first_group..first_group + groups.len()];
        first_group += groups.len();
        for (group, &group_cost) in groups.iter().zip(costs) {
            if stop(std::mem::take(&mut step.relaxed) * block) {
                return true;
            }
            let Some(shift) = band.shift(offset, group.units).filter(|_| group_cost.is_real()) else {
                continue;
            };
            let after_work = counters.advance(offset, group.increment, weekday == Weekday::Saturday);
            let after_rest = counters.advance(offset, group.increment, weekday != Weekday::Other);
            let pattern = &choices.patterns[group.pattern];
            for (state, &rest) in space.rests.iter().enumerate() {
                if reached[state]
                    && let Some(cost) = space.begin_of_work(rest, pattern)
                {
                    let target = space.work_state(group.class, 1);
                    step.relax(state, target, shift, after_rest, group_cost + cost_of(cost));
                }
            }
            for (class, &following) in pattern.next_day().iter().enumerate() {
                let Some(following) = following else { continue };
                for length in 1..=space.work_lengths {
                    let state = space.work_state(class, length);
                    if reached[state]
                        && let Some(overrun) = space.overrun(length)
                    {
                        let target = space.work_state(group.class, length + 1);
                        step.relax(
                            state,
                            target,
                            shift,
                            after_work,
                            group_cost + cost_of(following + overrun),
                        );
                    }
                }
            }
        }
        if stop(step.relaxed * block) {
            return true;
        }
    }
    false
}

/// What the counting of weekends must know of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weekday {
    /// Neither Saturday nor Sunday.
    Other,
    /// Its weekend counts if it is worked.
    Saturday,
    /// Its weekend counts if it is worked and the Saturday before was not.
    Sunday,
}
