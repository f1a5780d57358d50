//! A problem prepared for the search: shared by all threads, never changed.

use super::evaluation::{Evaluation, Judge};
use super::person_path::forward::Weekday;
use super::person_path::request::Request;
use std::ops::Range;

use super::ceiling::Ceiling;
use super::control::{Control, Pulse};
use super::person_space::{Choice, DayChoices, PersonSpace};
use super::problem::Problem;
use super::successions::SuccessionTable;
use super::window::Window;
use crate::error::EngineError;

/// Highest price of a hard rule.
pub(super) const MOST_PRICE: i64 = 1 << 36;
/// Reading one choice is worth about so many additions.
const OPERATIONS_PER_CHOICE: u64 = 500;
/// No multiplier's ceiling is below this.
const LEAST_MULTIPLIER: i64 = 1 << 11;

/// A problem with everything that is computed once.
pub(super) struct Compiled<'a> {
    pub(super) problem: &'a Problem,
    pub(super) spaces: Vec<PersonSpace>,
    pub(super) weekdays: Vec<Weekday>,
    /// Shifts of each day.
    pub(super) by_day: Vec<Vec<u32>>,
    /// For each person the pairings they are in.
    pub(super) pairings: Vec<Vec<usize>>,
    /// Largest price of a limit, in cost units: above any price of a shift that is worth weighing against it.
    pub(super) most_multiplier: i64,
    /// People whose hard rules have a price, as no days keep all of them.
    pub(super) softened: Vec<usize>,
    judge: Judge<'a>,
    successions: SuccessionTable,
    ceiling: Ceiling,
}

/// Bytes of one shift that one person may take.
const CHOICE_BYTES: usize = size_of::<Choice>() + 4 * size_of::<usize>();

impl<'a> Compiled<'a> {
    /// Compiles a problem that was checked.
    ///
    /// # Errors
    ///
    /// [`EngineError::RosterLimit`] if it does not fit the memory that the search may use.
    pub(super) fn new(problem: &'a Problem, control: &Control<'_>) -> Result<Self, EngineError> {
        let mut by_day = vec![Vec::new(); problem.days];
        for (number, shift) in problem.shifts.iter().enumerate() {
            by_day[shift.day].push(number as u32);
        }
        let successions = SuccessionTable::of(problem);
        let mut spaces = Vec::with_capacity(problem.people.len());
        let mut bytes = 0;
        let pulse = Pulse::default();
        for person in 0..problem.people.len() {
            let space = PersonSpace::new(problem, person, &by_day, &successions);
            let choices: usize = space.days.iter().map(|day| day.choices.len()).sum();
            bytes += choices * CHOICE_BYTES + problem.days * size_of::<DayChoices>();
            if bytes > control.limits.memory_bytes {
                return Err(EngineError::RosterLimit {
                    argument: "memory_bytes: people times the shifts that they may take",
                    given: bytes as i64,
                    limit: control.limits.memory_bytes as i64,
                });
            }
            pulse.beat(control, (choices + problem.days) as u64 * OPERATIONS_PER_CHOICE);
            spaces.push(space);
        }
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
        let heaviest = problem.shifts.iter().map(|shift| shift.short_weight.max(shift.surplus_weight)).max();
        let most_multiplier = LEAST_MULTIPLIER.max(4 * heaviest.unwrap_or(0));
        let ceiling = Ceiling::of(problem);
        Ok(Self {
            problem,
            spaces,
            weekdays,
            by_day,
            pairings,
            most_multiplier,
            softened: Vec::new(),
            judge: Judge::new(problem),
            successions,
            ceiling,
        })
    }

    /// One person's days with shifts of some kinds only.
    pub(super) fn space_of_kinds(&self, person: usize, kinds: &[bool]) -> PersonSpace {
        PersonSpace::of_kinds(self.problem, person, &self.by_day, &self.successions, kinds)
    }

    /// Gives hard rules of people for whom no days keep all of them a price that outweighs everything else, so that the
    /// path search finds the days that break the least. `outweighed` is what the caller adds to the cost of a row at most.
    /// False if nobody was softened.
    pub(super) fn soften(&mut self, people: &[usize], outweighed: i64) -> bool {
        let price = self.largest_row_cost().saturating_add(outweighed).saturating_add(1);
        // With more, breaking a sum of minutes all over would no longer fit 64 bits.
        if people.is_empty() || price > MOST_PRICE {
            return false;
        }
        for &person in people {
            self.spaces[person] =
                PersonSpace::softened(self.problem, person, &self.by_day, &self.successions, price);
        }
        self.softened = people.to_vec();
        true
    }

    /// Whether this person's hard rules were given a price.
    pub(super) fn is_softened(&self, person: usize) -> bool {
        self.softened.contains(&person)
    }

    /// A request for one person's cheapest days at these prices.
    pub(super) fn request<'r, T>(
        &'r self,
        person: usize,
        row: &'r [u32],
        window: impl Into<Window>,
        prices: &'r [T],
    ) -> Request<'r, T> {
        Request {
            problem: self.problem,
            space: &self.spaces[person],
            person,
            row,
            window: window.into(),
            prices,
            scale: 1,
            weekdays: &self.weekdays,
            most_multiplier: self.most_multiplier,
        }
    }

    pub(super) fn people(&self) -> usize {
        self.problem.people.len()
    }

    pub(super) fn days(&self) -> usize {
        self.problem.days
    }

    /// What a row costs and breaks by itself.
    pub(super) fn person_cost(&self, person: usize, row: &[u32]) -> Evaluation {
        self.judge.cost(person, row)
    }

    /// Moves the ends of a stretch of days outwards so that no weekend is cut in two.
    pub(super) fn whole_weekends(&self, days: Range<usize>) -> Range<usize> {
        let cut = |day: usize| day > 0 && day < self.days() && self.weekdays[day] == Weekday::Sunday;
        let start = if cut(days.start) { days.start - 1 } else { days.start };
        start..if cut(days.end) { days.end + 1 } else { days.end }
    }

    /// No row of anybody costs more than this, demand and prices on limits included.
    pub(super) fn largest_row_cost(&self) -> i64 {
        let steps = self.spaces.iter().map(PersonSpace::most_steps).max().unwrap_or(1);
        let prices = (self.days() as i64).saturating_mul(self.most_multiplier.saturating_mul(steps));
        i64::try_from(self.ceiling.row).unwrap_or(i64::MAX).saturating_add(prices).max(1)
    }
}
