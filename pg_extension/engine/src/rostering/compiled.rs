//! A problem prepared for the search: shared by all threads, never changed.

use super::evaluation::{Evaluation, person_cost};
use super::person_path::forward::Weekday;
use super::person_path::solve::MOST_MULTIPLIER;
use super::person_space::{PersonSpace, SuccessionTable};
use super::problem::Problem;

/// A problem with everything that is computed once.
pub(super) struct Compiled<'a> {
    pub(super) problem: &'a Problem,
    pub(super) spaces: Vec<PersonSpace>,
    pub(super) weekdays: Vec<Weekday>,
    /// Shifts of each day.
    pub(super) by_day: Vec<Vec<u32>>,
    /// For each person the pairings they are in.
    pub(super) pairings: Vec<Vec<usize>>,
}

impl<'a> Compiled<'a> {
    pub(super) fn new(problem: &'a Problem) -> Self {
        let mut by_day = vec![Vec::new(); problem.days];
        for (number, shift) in problem.shifts.iter().enumerate() {
            by_day[shift.day].push(number as u32);
        }
        let successions = SuccessionTable::of(problem);
        let spaces = (0..problem.people.len())
            .map(|person| PersonSpace::new(problem, person, &by_day, &successions))
            .collect();
        let weekdays = (0..problem.days)
            .map(|day| {
                if problem.is_saturday(day) {
                    Weekday::Saturday
                } else if problem.is_sunday(day) {
                    Weekday::Sunday
                } else {
                    Weekday::Other
                }
            })
            .collect();
        let mut pairings = vec![Vec::new(); problem.people.len()];
        for (number, pairing) in problem.pairings.iter().enumerate() {
            pairings[pairing.first].push(number);
            if pairing.second != pairing.first {
                pairings[pairing.second].push(number);
            }
        }
        Self { problem, spaces, weekdays, by_day, pairings }
    }

    pub(super) fn people(&self) -> usize {
        self.problem.people.len()
    }

    pub(super) fn days(&self) -> usize {
        self.problem.days
    }

    /// What a row costs and breaks by itself.
    pub(super) fn person_cost(&self, person: usize, row: &[u32]) -> Evaluation {
        person_cost(self.problem, person, row)
    }

    /// Moves the ends of a window outwards so that no weekend is cut in two.
    pub(super) fn whole_weekends(&self, start: usize, end: usize) -> (usize, usize) {
        let cut = |day: usize| day > 0 && day < self.days() && self.weekdays[day] == Weekday::Sunday;
        (if cut(start) { start - 1 } else { start }, if cut(end) { end + 1 } else { end })
    }

    /// No row of anybody costs more than this, demand and prices on limits included.
    pub(super) fn largest_row_cost(&self) -> i64 {
        (self.days() as i64)
            .saturating_mul(self.largest_day_cost() + MOST_MULTIPLIER)
            .saturating_add(self.largest_limit_cost())
            .max(1)
    }

    /// The largest cost of one day of one person.
    fn largest_day_cost(&self) -> i64 {
        let problem = self.problem;
        let demand = problem.shifts.iter().map(|shift| shift.short_weight.max(shift.surplus_weight)).max();
        let own = self.spaces.iter().flat_map(|space| {
            let runs = [
                space.shortest_rest.cost.unwrap_or(0) * space.rest_lengths as i64,
                space.shortest_work.cost.unwrap_or(0) * space.work_lengths as i64,
                space.longest_work.and_then(|longest| longest.cost).unwrap_or(0),
            ]
            .into_iter()
            .sum::<i64>();
            let choices = space.days.iter().flat_map(|day| &day.choices).map(|choice| choice.cost.abs());
            let patterns = space.days.iter().flat_map(|day| &day.patterns).flatten().flatten().copied();
            [runs, choices.max().unwrap_or(0) + patterns.max().unwrap_or(0)]
        });
        let pairs = problem.pairings.iter().map(|pairing| 2 * pairing.weight).sum::<i64>();
        demand.unwrap_or(0) + own.max().unwrap_or(0) * 2 + pairs
    }

    /// The largest cost that soft limits on sums can add to one person's horizon.
    fn largest_limit_cost(&self) -> i64 {
        use super::problem::Force;
        let cost = |person: &super::problem::Person| -> i64 {
            person
                .limits
                .iter()
                .map(|limit| {
                    [limit.least, limit.most]
                        .into_iter()
                        .flatten()
                        .map(|bound| match bound.force {
                            Force::Hard => 0,
                            Force::Soft(weight) => {
                                let reach = limit.days.len() as i64 * 1_440 + limit.already;
                                weight.saturating_mul(bound.value.max(reach))
                            }
                        })
                        .fold(0, i64::saturating_add)
                })
                .fold(0, i64::saturating_add)
        };
        self.problem.people.iter().map(cost).max().unwrap_or(0)
    }
}
