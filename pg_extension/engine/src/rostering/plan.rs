//! A roster.

use super::problem::Problem;
use crate::error::EngineError;

/// The entry of a day that is not worked.
pub const FREE: u32 = u32::MAX;

/// One shift or [`FREE`] per person and day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    days: usize,
    cells: Vec<u32>,
}

impl Plan {
    /// A roster in which nobody works.
    #[must_use]
    pub fn free(people: usize, days: usize) -> Self {
        Self { days, cells: vec![FREE; people * days] }
    }

    /// The days of one person.
    #[must_use]
    pub fn row(&self, person: usize) -> &[u32] {
        &self.cells[person * self.days..(person + 1) * self.days]
    }

    /// The days of one person, to be changed.
    pub fn row_mut(&mut self, person: usize) -> &mut [u32] {
        &mut self.cells[person * self.days..(person + 1) * self.days]
    }

    /// Refuses a roster that is not one of this problem: other people or days, shifts that there are not.
    ///
    /// # Errors
    ///
    /// [`EngineError::RosterContradiction`] and [`EngineError::RosterReference`].
    pub fn check(&self, problem: &Problem) -> Result<(), EngineError> {
        if self.days != problem.days || self.cells.len() != problem.people.len() * problem.days {
            return Err(EngineError::RosterContradiction {
                argument: "plan",
                problem: format!(
                    "{} cells in rows of {} days do not fit {} people and {} days",
                    self.cells.len(),
                    self.days,
                    problem.people.len(),
                    problem.days
                ),
            });
        }
        let count = problem.shifts.len();
        match self.worked().find(|&(_, _, shift)| shift >= count) {
            Some((_, _, given)) => Err(EngineError::RosterReference { argument: "plan.shift", given, count }),
            None => Ok(()),
        }
    }

    /// How many people it covers.
    #[must_use]
    pub fn people(&self) -> usize {
        self.cells.len().checked_div(self.days).unwrap_or(0)
    }

    /// How many days it covers.
    #[must_use]
    pub fn days(&self) -> usize {
        self.days
    }

    /// Every worked day: person, day, shift.
    pub fn worked(&self) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
        let days = self.days;
        self.cells
            .iter()
            .enumerate()
            .filter(|&(_, &cell)| cell != FREE)
            .map(move |(index, &cell)| (index / days, index % days, cell as usize))
    }
}
