//! Shifts that differ in nothing but their price: only the cheapest of a group is a step of the path.

use std::collections::HashMap;

use crate::rostering::periods::Axis;
use crate::rostering::person_space::{DayChoices, PersonSpace};
use crate::rostering::problem::Counted;

/// Choices of a day that lead from the same states to the same states.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) class: usize,
    pub(crate) pattern: usize,
    /// Minutes, in the person's units.
    pub(crate) units: usize,
    /// Which counters it advances: an index of [`Groups::increments`].
    pub(crate) increment: usize,
    /// Indexes of the day's choices.
    pub(crate) choices: Vec<usize>,
}

/// The groups of every day while certain axes are counted.
#[derive(Debug)]
pub(crate) struct Groups {
    pub(crate) days: Vec<Vec<Group>>,
    /// For each kind of increment the axes and amounts. The first advances nothing.
    pub(crate) increments: Vec<Vec<(usize, i64)>>,
}

impl Groups {
    /// Groups for the axes in `tracked`, a bit set. Weekends do not split groups: every shift of a day is alike there.
    pub(crate) fn new(space: &PersonSpace, tracked: u64) -> Self {
        let mut increments = vec![Vec::new()];
        let days = space.days.iter().map(|day| groups_of(space, day, tracked, &mut increments)).collect();
        Self { days, increments }
    }
}

fn groups_of(
    space: &PersonSpace,
    day: &DayChoices,
    tracked: u64,
    increments: &mut Vec<Vec<(usize, i64)>>,
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: HashMap<(usize, usize, usize, usize), usize> = HashMap::new();
    for (index, choice) in day.choices.iter().enumerate() {
        let units =
            if space.minutes.is_some() { (choice.worked_minutes / space.unit_minutes) as usize } else { 0 };
        let advance: Vec<(usize, i64)> = space
            .axes
            .iter()
            .enumerate()
            .filter(|(axis, _)| tracked >> axis & 1 == 1)
            .filter_map(|(number, axis)| {
                let amount = amount(space, axis, choice.kind, choice.worked_minutes);
                (amount > 0).then_some((number, amount))
            })
            .collect();
        let increment = increments.iter().position(|known| *known == advance).unwrap_or_else(|| {
            increments.push(advance);
            increments.len() - 1
        });
        let key = (choice.class, choice.pattern, units, increment);
        let group = *known.entry(key).or_insert_with(|| {
            groups.push(Group {
                class: choice.class,
                pattern: choice.pattern,
                units,
                increment,
                choices: Vec::new(),
            });
            groups.len() - 1
        });
        groups[group].choices.push(index);
    }
    groups
}

/// Steps of the axis that one shift takes. Weekends depend on the day before and are counted elsewhere.
pub(crate) fn amount(space: &PersonSpace, axis: &Axis, kind: usize, worked_minutes: i64) -> i64 {
    match axis.counted {
        Counted::Minutes => worked_minutes / space.unit_minutes,
        Counted::Days => 1,
        Counted::Kind(counted) => i64::from(counted == kind),
        Counted::Weekends => 0,
    }
}

/// What one step of the axis is worth in the unit of its limits.
pub(crate) fn step_value(space: &PersonSpace, axis: &Axis) -> i64 {
    if axis.counted == Counted::Minutes { space.unit_minutes } else { 1 }
}
