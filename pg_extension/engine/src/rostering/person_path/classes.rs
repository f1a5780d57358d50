//! The values of a sum that no days to come tell apart, taken together.
//!
//! Minutes of a week take many values, and few of them matter: on Friday only which of the shifts that are left still fit.
//! The days of a window are an automaton without circles, so the smallest one that counts alike comes from one pass
//! forward, for what can be reached, and one back, for what is alike (Revuz 1992, "Minimisation of acyclic deterministic
//! automata in linear time").

use std::collections::HashMap;

use super::counters::Counter;
use crate::rostering::periods::Axis;
use crate::rostering::person_space::PersonSpace;
use crate::rostering::window::Window;

/// The classes of one sum's values on each day of a window, and how they follow each other.
#[derive(Debug)]
pub(super) struct Classes {
    /// Most classes of a day.
    pub(super) size: usize,
    /// For each day of the window.
    days: Vec<Steps>,
    /// What each class costs at the end of the window; none where a limit forbids it.
    ends: Vec<Option<i64>>,
}

/// A value or its class, and what it costs to come to it; none if that is forbidden.
type Step = Option<(usize, i64)>;

/// What follows on a day.
#[derive(Debug)]
struct Steps {
    /// Steps in the period of the day and in the one that begins on the next, of all shifts and of a free day.
    taken: Vec<(i64, i64)>,
    /// For each of them where it leads, value by value, at last class by class.
    next: Vec<Vec<Step>>,
}

impl Classes {
    /// Sorts the values of an axis that a person's days in a window come to.
    pub(super) fn new(space: &PersonSpace, axis: &Axis, counter: &Counter<'_>, window: Window) -> Self {
        // Forward: the values that are reached before each day and after the last, and where they lead.
        let mut reached = vec![vec![0]];
        let mut days = Vec::with_capacity(window.len());
        for day in window.days() {
            let from = reached.last().map_or(&[] as &[usize], Vec::as_slice);
            let taken = taken_on(space, axis, counter.step, day, window);
            let lead = |&(own, next): &(i64, i64)| -> Vec<Step> {
                from.iter().map(|&value| counter.step_on(day, value, own, next)).collect()
            };
            let next: Vec<Vec<Step>> = taken.iter().map(lead).collect();
            let mut to: Vec<usize> = next.iter().flatten().flatten().map(|&(value, _)| value).collect();
            to.sort_unstable();
            to.dedup();
            reached.push(to);
            days.push(Steps { taken, next });
        }
        // Back: values are alike if whatever is taken costs the same and leads to what is alike.
        let last = reached.last().map_or(&[] as &[usize], Vec::as_slice);
        let costs = last.iter().map(|&value| counter.cost_at(window.end, value)).collect();
        let (mut class_of, ends) = sort_out(costs);
        let mut size = ends.len();
        for (steps, to) in days.iter_mut().zip(&reached[1..]).rev() {
            let class = |step: Step| {
                let (value, cost) = step?;
                Some((class_of[to.binary_search(&value).ok()?], cost))
            };
            let values = steps.next.first().map_or(0, Vec::len);
            let futures = (0..values)
                .map(|number| -> Vec<Step> { steps.next.iter().map(|next| class(next[number])).collect() });
            let (classes, futures) = sort_out(futures.collect());
            size = size.max(futures.len());
            for (number, next) in steps.next.iter_mut().enumerate() {
                *next = futures.iter().map(|future| future[number]).collect();
            }
            class_of = classes;
        }
        Self { size, days, ends }
    }

    /// Class and cost after a day of the window, counted from its start.
    pub(super) fn step(&self, offset: usize, class: usize, own: i64, next: i64) -> Step {
        let steps = &self.days[offset];
        let number = steps.taken.iter().position(|taken| *taken == (own, next))?;
        *steps.next[number].get(class)?
    }

    /// Cost of a class at the end of the window; none if a limit forbids it.
    pub(super) fn end_cost(&self, class: usize) -> Option<i64> {
        *self.ends.get(class)?
    }
}

/// What shifts of a day take, each amount once, with the nothing of a free day.
fn taken_on(space: &PersonSpace, axis: &Axis, step: i64, day: usize, window: Window) -> Vec<(i64, i64)> {
    let mut taken = vec![(0, 0)];
    if window.is_open(day) {
        let choices = &space.days[day].choices;
        taken.extend(choices.iter().map(|choice| axis.steps(step, day, choice.into())));
        taken.sort_unstable();
        taken.dedup();
    }
    taken
}

/// Numbers what is alike: the number of each item, and one item for each number.
fn sort_out<T: Clone + Eq + std::hash::Hash>(items: Vec<T>) -> (Vec<usize>, Vec<T>) {
    let mut numbers: HashMap<T, usize> = HashMap::new();
    let mut kinds = Vec::new();
    let number_of = |item: T| {
        *numbers.entry(item).or_insert_with_key(|item| {
            kinds.push(item.clone());
            kinds.len() - 1
        })
    };
    let numbered = items.into_iter().map(number_of).collect();
    (numbered, kinds)
}
