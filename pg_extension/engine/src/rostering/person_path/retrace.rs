//! The way back: a cheapest path, found by equal values, ties broken at random.

use super::Cost;
use super::counters::Advance;
use super::course::Course;
use super::forward::{Layers, Weekday};

/// A cell of a layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) state: usize,
    pub(crate) counter: usize,
    pub(crate) position: usize,
}

/// All that the forward pass was given and what it left.
pub(crate) struct Retrace<'a, 'c, T> {
    pub(crate) course: &'a Course<'c, T>,
    pub(crate) layers: &'a Layers<T>,
}

/// Where a path came from, and by which group; none for a free day.
struct Found {
    cell: Cell,
    group: Option<usize>,
    ties: u32,
}

impl<T: Cost> Retrace<'_, '_, T> {
    /// Writes for each day of the window the group that the path takes.
    pub(crate) fn run(&self, end: Cell, random: &mut fastrand::Rng, taken: &mut Vec<Option<usize>>) -> bool {
        taken.clear();
        let mut cell = end;
        let course = self.course;
        let mut last_group = course.group_costs.len();
        for offset in (0..course.window.len()).rev() {
            let groups = course.groups_of(course.window.start + offset).len();
            last_group -= groups;
            let costs = &course.group_costs[last_group..last_group + groups];
            let mut found: Option<Found> = None;
            self.before(offset, cell, costs, &mut |candidate, group| match &mut found {
                None => found = Some(Found { cell: candidate, group, ties: 1 }),
                Some(found) => {
                    found.ties += 1;
                    if random.u32(0..found.ties) == 0 {
                        (found.cell, found.group) = (candidate, group);
                    }
                }
            });
            let Some(found) = found else { return false };
            taken.push(found.group);
            cell = found.cell;
        }
        taken.reverse();
        true
    }

    /// Every step of the day that arrives at the cell with the cell's value.
    fn before(&self, offset: usize, cell: Cell, costs: &[T], note: &mut dyn FnMut(Cell, Option<usize>)) {
        let Course { space, counters, window, scale, .. } = *self.course;
        let day = window.start + offset;
        let weekday = self.course.weekday(day);
        let value = self.layers.cell(offset + 1, cell.state, cell.counter, cell.position);
        if cell.state < space.rests.len() {
            let advance = counters.advance(offset, 0, false);
            for (source, _) in space.rests.iter().enumerate().filter(|(_, rest)| rest.next == cell.state) {
                self.step(offset, cell, value, source, 0, advance, T::ZERO, None, note);
            }
            for length in 1..=space.work_lengths {
                let Some(cost) = space.end_of_work(length, day) else { continue };
                let cost = T::of(cost * scale);
                for class in (0..space.classes).filter(|&class| space.rest_state(1, class) == cell.state) {
                    let source = space.work_state(class, length);
                    self.step(offset, cell, value, source, 0, advance, cost, None, note);
                }
            }
            return;
        }
        let (class, length) = space.work_of(cell.state);
        for (number, (group, &group_cost)) in self.course.groups_of(day).iter().zip(costs).enumerate() {
            if group.class != class || !group_cost.is_real() {
                continue;
            }
            let taken = Some(number);
            let pattern = &space.days[day].patterns[group.pattern];
            if length == 1 {
                let advance = counters.advance(offset, group.increment, weekday != Weekday::Other);
                for (source, &rest) in space.rests.iter().enumerate() {
                    let Some(cost) = space.begin_of_work(rest, pattern) else { continue };
                    let cost = group_cost + T::of(cost * scale);
                    self.step(offset, cell, value, source, group.units, advance, cost, taken, note);
                }
            }
            let advance = counters.advance(offset, group.increment, weekday == Weekday::Saturday);
            for worked in [length - 1, length] {
                if worked == 0 || space.work_state(class, worked + 1) != cell.state {
                    continue;
                }
                let Some(overrun) = space.overrun(worked) else { continue };
                for (earlier, &following) in pattern.next_day().iter().enumerate() {
                    let Some(following) = following else { continue };
                    let cost = group_cost + T::of((following + overrun) * scale);
                    let source = space.work_state(earlier, worked);
                    self.step(offset, cell, value, source, group.units, advance, cost, taken, note);
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a step is what it is")]
    fn step(
        &self,
        offset: usize,
        cell: Cell,
        value: T,
        source: usize,
        units: usize,
        advance: &Advance<T>,
        cost: T,
        group: Option<usize>,
        note: &mut dyn FnMut(Cell, Option<usize>),
    ) {
        if !self.layers.is_reached(offset, source) {
            return;
        }
        let band = self.course.band;
        let Some(shift) = band.shift(offset, units) else { return };
        let Some(position) = (cell.position + shift.from).checked_sub(shift.to) else { return };
        if position >= band.length(offset) || position < shift.from {
            return;
        }
        let mut visit = |counter: usize, cost: T| {
            let through = self.layers.cell(offset, source, counter, position) + cost;
            if through == value {
                note(Cell { state: source, counter, position }, group);
            }
        };
        if advance.identity {
            visit(cell.counter, cost);
        } else {
            for (counter, &next) in advance.next.iter().enumerate() {
                if next as usize == cell.counter {
                    visit(counter, cost + advance.cost[counter]);
                }
            }
        }
    }
}
