//! What a path search goes through: the days of a window and the steps that each of them offers.

use super::counters::Counters;
use super::forward::Weekday;
use super::groups::{Group, Groups};
use super::steps::Band;
use crate::rostering::person_space::PersonSpace;
use crate::rostering::plan::FREE;
use crate::rostering::window::Window;

/// What the forward pass and the way back both see.
pub(crate) struct Course<'a, T> {
    pub(crate) space: &'a PersonSpace,
    pub(crate) window: Window,
    pub(crate) groups: &'a Groups,
    /// For each day from the window's first to its last the shift that stands there, on the days of the gap.
    pub(crate) settled: &'a [Option<Group>],
    /// The cheapest choice of each group of each day, unreachable if there is none.
    pub(crate) group_costs: &'a [T],
    pub(crate) counters: &'a Counters<T>,
    pub(crate) band: &'a Band,
    pub(crate) scale: i64,
    pub(crate) weekdays: &'a [Weekday],
}

impl<T> Course<'_, T> {
    /// The groups of shifts that a day offers.
    #[inline]
    pub(crate) fn groups_of(&self, day: usize) -> &[Group] {
        groups_of(self.groups, self.settled, self.window, day)
    }

    /// Whether a day may be free.
    #[inline]
    pub(crate) fn may_be_free(&self, day: usize) -> bool {
        if self.window.is_open(day) {
            self.space.days[day].free
        } else {
            self.settled[day - self.window.start].is_none()
        }
    }

    /// What counters see of a day; those of the gap were counted with all that stands.
    #[inline]
    pub(crate) fn weekday(&self, day: usize) -> Weekday {
        if self.window.is_open(day) { self.weekdays[day] } else { Weekday::Other }
    }
}

/// See [`Course::groups_of`].
#[inline]
pub(crate) fn groups_of<'a>(
    groups: &'a Groups,
    settled: &'a [Option<Group>],
    window: Window,
    day: usize,
) -> &'a [Group] {
    if window.is_open(day) { &groups.days[day] } else { settled[day - window.start].as_slice() }
}

/// Writes down what stands in the gap of a window. False if the person may not work as it says.
pub(crate) fn settle(
    space: &PersonSpace,
    row: &[u32],
    window: Window,
    settled: &mut Vec<Option<Group>>,
) -> bool {
    settled.clear();
    if window.is_whole() {
        return true;
    }
    for day in window.days() {
        let cell = row[day];
        if window.is_open(day) || cell == FREE {
            settled.push(None);
            continue;
        }
        let (Some(class), Some(pattern)) = (space.class_of(cell), space.pattern_number(cell)) else {
            return false;
        };
        settled.push(Some(Group { class, pattern, units: 0, increment: 0, choices: Vec::new() }));
    }
    true
}
