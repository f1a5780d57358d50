//! What the settled days after a window ask of the state in which the window ends.

use crate::rostering::person_space::{PersonSpace, Rest};
use crate::rostering::plan::FREE;
use crate::rostering::problem::OutsideDay;

/// The first run after a window.
#[derive(Debug)]
pub(crate) struct Suffix<'a> {
    space: &'a PersonSpace,
    day: usize,
    row: &'a [u32],
    works: bool,
    length: usize,
    reaches_end: bool,
}

impl<'a> Suffix<'a> {
    /// Reads the days from `day` on; none if nothing is known there.
    pub(crate) fn new(space: &'a PersonSpace, row: &'a [u32], day: usize) -> Option<Self> {
        let works = |day: usize| match day.checked_sub(row.len()) {
            None => row[day] != FREE,
            Some(later) => matches!(space.after[later], OutsideDay::Worked { .. }),
        };
        let known = row.len() + space.after.len();
        if day >= known {
            return None;
        }
        let working = works(day);
        let length = (day..known).take_while(|&later| works(later) == working).count();
        Some(Self { space, day, row, works: working, length, reaches_end: day + length == known })
    }

    /// Cost of the suffix after free days; none if that is forbidden.
    pub(crate) fn after_rest(&self, rest: Rest) -> Option<i64> {
        if !self.works {
            let whole = rest.length + self.length;
            if self.reaches_end {
                return Some(0);
            }
            let remembered = rest.class.map_or(Some(0), |class| self.remembered(whole, class))?;
            return Some(self.space.end_of_rest(whole)? + remembered);
        }
        let mut cost = self.space.begin_of_work(rest, self.space.pattern_on(self.row, self.day)?)?;
        // A run outside of the horizon is too long by itself only.
        if self.day < self.row.len() {
            for worked in 1..self.length {
                cost += self.space.overrun(worked)?;
            }
        }
        if !self.reaches_end {
            cost += self.space.shortest_work.shortage(self.length)?;
        }
        Some(cost)
    }

    /// Cost of the suffix after so many worked days, the last a shift of the class; none if that is forbidden.
    pub(crate) fn after_work(&self, class: usize, length: usize) -> Option<i64> {
        if !self.works {
            let ended = self.space.end_of_work(length, self.day)?;
            if self.reaches_end {
                return Some(ended);
            }
            return Some(ended + self.space.end_of_rest(self.length)? + self.remembered(self.length, class)?);
        }
        let mut cost = self.space.pattern_on(self.row, self.day)?.cost(0, class)?;
        for worked in length..length + self.length {
            cost += self.space.overrun(worked)?;
        }
        if !self.reaches_end && !self.space.began_with_known_days(length, self.day) {
            cost += self.space.shortest_work.shortage(length + self.length)?;
        }
        Some(cost)
    }

    /// What the first shift after the suffix's free days costs after a shift of the class, so many free days before.
    fn remembered(&self, free_days: usize, class: usize) -> Option<i64> {
        if free_days > self.space.reach {
            return Some(0);
        }
        self.space.pattern_on(self.row, self.day + self.length)?.cost(free_days, class)
    }
}
