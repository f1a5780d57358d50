//! Days of work in a row.

use super::{Judge, Take};
use crate::compliance::case::{Case, Comparison, count};
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::rule::{CountedDays, DayLimit};

/// No row of local days with work is longer than so many.
#[derive(Debug)]
pub(super) struct DaysInRow {
    limit: DayLimit,
    line: usize,
}

impl DaysInRow {
    pub(super) fn of(limit: DayLimit, line: usize) -> Self {
        Self { limit, line }
    }
}

impl Judge for DaysInRow {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let days = person.frame.days(0);
        let mut rows = Rows::default();
        let mut tell = |row: (usize, usize)| {
            let (start, end) = (days.start(row.0), days.start(row.1));
            if person.frame.judges(start, end) {
                let found = Comparison::of(count(row.1 - row.0), self.limit.maximum.into());
                // A day of which nothing is known may lengthen the row.
                let is_known = person.is_known(days.start(row.0.saturating_sub(1)), days.start(row.1 + 1));
                take(Case::at_most(start, end, found, is_known));
            }
        };
        for (start, end) in person.line(self.line).elapsed().spans() {
            let (first, last) = (days.at(*start), days.at(*end - 1));
            for day in first..=last {
                // A day into which a night runs is none on which it begins, unless it fills it.
                let counts = match self.limit.counted {
                    CountedDays::Worked => true,
                    CountedDays::Begun => day == first || days.start(day + 1) <= *end,
                };
                if counts && let Some(row) = rows.add(day) {
                    tell(row);
                }
            }
        }
        if let Some(row) = rows.end() {
            tell(row);
        }
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Days, 1)
    }

    fn follows_duties(&self) -> bool {
        true
    }
}

/// Gathers ascending numbers into rows.
#[derive(Debug, Default)]
pub(super) struct Rows {
    running: Option<(usize, usize)>,
}

impl Rows {
    /// Adds a number; gives the row that it ends, from its first number to the one after its last.
    pub(super) fn add(&mut self, number: usize) -> Option<(usize, usize)> {
        match self.running {
            Some((first, end)) if number <= end => {
                self.running = Some((first, end.max(number + 1)));
                None
            }
            before => {
                self.running = Some((number, number + 1));
                before
            }
        }
    }

    /// The last row.
    pub(super) fn end(self) -> Option<(usize, usize)> {
        self.running
    }
}
