//! What a problem must look like before anything is searched.

use super::problem::{Bound, Force, OutsideDay, Person, Problem};
use crate::error::EngineError;

/// Ten years: beyond that, one person's days no longer fit the memory of a search.
const MOST_DAYS: usize = 3_660;
/// People of one problem; a roster of more is made department by department.
const MOST_PEOPLE: usize = 20_000;
/// Shifts of one problem.
const MOST_SHIFTS: usize = 1_000_000;
/// Kinds of shifts; the table of what may follow what is this squared.
const MOST_KINDS: usize = 1_000;
/// Largest weight. People × days × this stays within 64 bits with room for the search's own scaling.
pub const MOST_WEIGHT: i64 = 1_000_000_000;
/// Limits of one person: a search marks those that it counts in one machine word.
const MOST_LIMITS: usize = 60;
/// Largest minute or count: a hundred years.
const MOST_VALUE: i64 = 60 * 24 * 366 * 100;

impl Problem {
    /// Refuses what no search could answer: references to nothing, sizes and weights beyond the limits, two fixed
    /// shifts on one day.
    ///
    /// # Errors
    ///
    /// [`EngineError::RosterReference`], [`EngineError::RosterLimit`] and [`EngineError::RosterContradiction`].
    pub fn check(&self) -> Result<(), EngineError> {
        size("days", self.days, MOST_DAYS)?;
        size("people", self.people.len(), MOST_PEOPLE)?;
        size("shifts", self.shifts.len(), MOST_SHIFTS)?;
        size("kinds", self.kinds, MOST_KINDS)?;
        reference("first_weekday", self.first_weekday, 7)?;
        for shift in &self.shifts {
            reference("shift.day", shift.day, self.days)?;
            reference("shift.kind", shift.kind, self.kinds)?;
            weight("shift.short_weight", shift.short_weight)?;
            weight("shift.surplus_weight", shift.surplus_weight)?;
            value("shift.worked_minutes", shift.worked_minutes)?;
            if shift.end_minute <= shift.start_minute {
                return Err(EngineError::RosterContradiction {
                    argument: "shift.end_minute",
                    problem: format!("{} is not after the start {}", shift.end_minute, shift.start_minute),
                });
            }
        }
        for rule in &self.successions {
            reference("succession.first", rule.first, self.kinds)?;
            reference("succession.next", rule.next, self.kinds)?;
            force("succession.weight", rule.force)?;
        }
        if let Some(rest) = self.minimum_rest {
            bound("minimum_rest", rest)?;
        }
        for pairing in &self.pairings {
            reference("pairing.first", pairing.first, self.people.len())?;
            reference("pairing.second", pairing.second, self.people.len())?;
            weight("pairing.weight", pairing.weight)?;
        }
        for person in &self.people {
            self.check_person(person)?;
        }
        Ok(())
    }

    fn check_person(&self, person: &Person) -> Result<(), EngineError> {
        for &day in &person.days_off {
            reference("person.days_off", day, self.days)?;
        }
        size("person.limits", person.limits.len(), MOST_LIMITS)?;
        for limit in &person.limits {
            reference("limit.days", limit.days.end, self.days + 1)?;
            reference("limit.days", limit.days.start, limit.days.end + 1)?;
            value("limit.already", limit.already)?;
            for side in [limit.least, limit.most].into_iter().flatten() {
                bound("limit.value", side)?;
            }
            if let super::problem::Counted::Kind(kind) = limit.counted {
                reference("limit.kind", kind, self.kinds)?;
            }
        }
        for run in [person.longest_work, person.shortest_work, person.shortest_rest].into_iter().flatten() {
            bound("person.run", run)?;
        }
        for wish in &person.wishes {
            reference("wish.shift", wish.shift, self.shifts.len())?;
            weight("wish.weight", wish.weight)?;
        }
        for &(kind, cost) in &person.kind_costs {
            reference("kind_cost.kind", kind, self.kinds)?;
            weight("kind_cost.cost", cost)?;
        }
        for day in person.before.iter().chain(&person.after) {
            if let OutsideDay::Worked { kind, .. } = *day {
                reference("outside_day.kind", kind, self.kinds)?;
            }
        }
        self.check_fixed(person)
    }

    fn check_fixed(&self, person: &Person) -> Result<(), EngineError> {
        let mut settled = vec![None; self.days];
        for fixed in &person.fixed {
            reference("fixed.day", fixed.day, self.days)?;
            if let Some(shift) = fixed.shift {
                reference("fixed.shift", shift, self.shifts.len())?;
                let day = self.shifts[shift].day;
                if day != fixed.day {
                    return Err(EngineError::RosterContradiction {
                        argument: "fixed.day",
                        problem: format!("{} is not the day {day} of shift {shift}", fixed.day),
                    });
                }
            }
            if settled[fixed.day].is_some_and(|earlier| earlier != fixed.shift) {
                return Err(EngineError::RosterContradiction {
                    argument: "fixed.shift",
                    problem: format!("day {} of one person is fixed to two different things", fixed.day),
                });
            }
            settled[fixed.day] = Some(fixed.shift);
        }
        Ok(())
    }
}

fn size(argument: &'static str, given: usize, limit: usize) -> Result<(), EngineError> {
    if given <= limit { Ok(()) } else { Err(limit_error(argument, given as i64, limit as i64)) }
}

fn reference(argument: &'static str, given: usize, count: usize) -> Result<(), EngineError> {
    if given < count { Ok(()) } else { Err(EngineError::RosterReference { argument, given, count }) }
}

fn weight(argument: &'static str, given: i64) -> Result<(), EngineError> {
    within(argument, given, MOST_WEIGHT)
}

fn value(argument: &'static str, given: i64) -> Result<(), EngineError> {
    within(argument, given, MOST_VALUE)
}

fn within(argument: &'static str, given: i64, limit: i64) -> Result<(), EngineError> {
    if (0..=limit).contains(&given) { Ok(()) } else { Err(limit_error(argument, given, limit)) }
}

fn bound(argument: &'static str, given: Bound) -> Result<(), EngineError> {
    value(argument, given.value)?;
    force(argument, given.force)
}

fn force(argument: &'static str, given: Force) -> Result<(), EngineError> {
    match given {
        Force::Hard => Ok(()),
        Force::Soft(cost) => weight(argument, cost),
    }
}

fn limit_error(argument: &'static str, given: i64, limit: i64) -> EngineError {
    EngineError::RosterLimit { argument, given, limit }
}
