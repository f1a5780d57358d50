//! Shifts that differ in nothing but their price: only the cheapest of a group is a step of the path.

use std::collections::HashMap;

use crate::rostering::periods::{Axis, Work};
use crate::rostering::person_space::PersonSpace;
use crate::rostering::problem::Counted;
use crate::rostering::window::Window;

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

/// The groups of days while certain axes are counted.
#[derive(Debug)]
pub(crate) struct Groups {
    tracked: u64,
    /// None until a window was open on the day.
    days: Vec<Option<Vec<Group>>>,
    /// For each kind of increment the axes and amounts. The first advances nothing.
    pub(crate) increments: Vec<Vec<Increment>>,
}

impl Groups {
    /// Groups for the axes in `tracked`, a bit set. Weekends do not split groups: every shift of a day is alike there.
    fn new(space: &PersonSpace, tracked: u64) -> Self {
        let days = space.days.iter().map(|_| None).collect();
        Self { tracked, days, increments: vec![Vec::new()] }
    }

    /// Groups the open days of a window that were not grouped before. Returns the bytes that this took, about.
    fn prepare(&mut self, space: &PersonSpace, window: Window) -> usize {
        let mut bytes = 0;
        for day in window.open_days() {
            let grouped = &mut self.days[day];
            if grouped.is_none() {
                let groups = groups_of(space, day, self.tracked, &mut self.increments);
                bytes += groups.len() * size_of::<Group>();
                bytes += space.days[day].choices.len() * 2 * size_of::<usize>();
                *grouped = Some(groups);
            }
        }
        bytes
    }

    /// The groups of a day that was prepared.
    #[inline]
    pub(crate) fn of_day(&self, day: usize) -> &[Group] {
        self.days[day].as_deref().unwrap_or_default()
    }
}

/// Groups of people and axes that were asked for before.
#[derive(Debug)]
pub(crate) struct KnownGroups {
    known: HashMap<(usize, u64), Groups>,
    bytes: usize,
    most_bytes: usize,
}

impl KnownGroups {
    /// Keeps about so many bytes at most.
    pub(crate) fn new(most_bytes: usize) -> Self {
        Self { known: HashMap::new(), bytes: 0, most_bytes }
    }

    /// Takes out the groups of a person while these axes are counted, with all open days of the window.
    pub(crate) fn take(
        &mut self,
        space: &PersonSpace,
        person: usize,
        tracked: u64,
        window: Window,
    ) -> Groups {
        if self.bytes > self.most_bytes {
            self.forget();
        }
        let known = self.known.remove(&(person, tracked));
        let mut groups = known.unwrap_or_else(|| {
            self.bytes += space.days.len() * size_of::<Option<Vec<Group>>>();
            Groups::new(space, tracked)
        });
        self.bytes += groups.prepare(space, window);
        groups
    }

    /// Forgets all.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
        self.bytes = 0;
    }

    /// Puts them back.
    pub(crate) fn keep(&mut self, person: usize, groups: Groups) {
        self.known.insert((person, groups.tracked), groups);
    }
}

fn groups_of(
    space: &PersonSpace,
    day: usize,
    tracked: u64,
    increments: &mut Vec<Vec<Increment>>,
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: HashMap<(usize, usize, usize, usize), usize> = HashMap::new();
    for (index, choice) in space.days[day].choices.iter().enumerate() {
        let units =
            if space.minutes.is_some() { (choice.worked_minutes / space.unit_minutes) as usize } else { 0 };
        let advance: Vec<Increment> = space
            .axes
            .iter()
            .enumerate()
            .filter(|(axis, _)| tracked >> axis & 1 == 1)
            .map(|(number, axis)| Increment::of(space, number, axis, day, choice.into()))
            .filter(|increment| increment.own > 0 || increment.next > 0)
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

/// Steps that one shift takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Increment {
    /// The axis that they are steps of.
    pub(crate) axis: usize,
    /// In the period of the shift's day.
    pub(crate) own: i64,
    /// In the period that begins on the day after.
    pub(crate) next: i64,
}

impl Increment {
    fn of(space: &PersonSpace, number: usize, axis: &Axis, day: usize, work: Work) -> Self {
        let (own, next) = axis.steps(step_value(space, axis), day, work);
        Self { axis: number, own, next }
    }
}

/// What one step of the axis is worth in the unit of its limits.
pub(crate) fn step_value(space: &PersonSpace, axis: &Axis) -> i64 {
    match axis.counted {
        Counted::Minutes => space.unit_minutes,
        Counted::ClockMinutes => space.clock_unit_minutes,
        Counted::Days | Counted::Kind(_) | Counted::Weekends => 1,
    }
}
