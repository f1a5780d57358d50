//! What a problem must look like before anything is searched.

use super::ceiling::Ceiling;
use super::problem::{Bound, Counted, Fairness, Force, Level, OutsideDay, Person, Problem, Turn};
use crate::error::EngineError;

/// Ten years: beyond that, one person's days no longer fit the memory of a search.
const MOST_DAYS: usize = 3_660;
/// People of one problem; a roster of more is made department by department.
const MOST_PEOPLE: usize = 20_000;
/// Shifts of one problem.
const MOST_SHIFTS: usize = 1_000_000;
/// Kinds of shifts; the table of what may follow what is this squared.
const MOST_KINDS: usize = 1_000;
/// Largest weight.
pub const MOST_WEIGHT: i64 = 1_000_000_000;
/// Limits of one person: a search marks those that it counts in one machine word.
const MOST_LIMITS: usize = 60;
/// Largest minute or count: a hundred years.
const MOST_VALUE: i64 = 60 * 24 * 366 * 100;
/// Most that a whole roster may cost: 64 bits with room for the search to scale costs and to add prices.
pub(super) const MOST_COST: i64 = 1 << 56;
/// Most free days that a rule about two shifts may reach over: the path search tells each of them apart.
const MOST_FREE_DAYS: usize = 14;
/// Longest rest between two shifts, in minutes; see [`MOST_FREE_DAYS`].
const MOST_REST_MINUTES: i64 = MOST_FREE_DAYS as i64 * 1_440;

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
            if shift.short_level == Level::Hard {
                return Err(EngineError::RosterContradiction {
                    argument: "shift.short_level",
                    problem: "demand is medium or soft: a roster with an open head is still a roster"
                        .to_owned(),
                });
            }
            value("shift.worked_minutes", shift.worked_minutes)?;
            within("shift.late_minutes", shift.late_minutes, shift.worked_minutes)?;
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
            size("succession.free_days", rule.free_days, MOST_FREE_DAYS)?;
            force("succession.weight", rule.force)?;
        }
        for rest in [self.minimum_rest, self.minimum_day_off].into_iter().flatten() {
            within("minimum_rest", rest.value, MOST_REST_MINUTES)?;
            force("minimum_rest", rest.force)?;
        }
        for fairness in &self.fairness {
            self.check_fairness(fairness)?;
        }
        for pairing in &self.pairings {
            reference("pairing.first", pairing.first, self.people.len())?;
            reference("pairing.second", pairing.second, self.people.len())?;
            weight("pairing.weight", pairing.weight)?;
        }
        for person in &self.people {
            self.check_person(person)?;
        }
        let worst = Ceiling::of(self).total();
        if worst > i128::from(MOST_COST) {
            let given = i64::try_from(worst).unwrap_or(i64::MAX);
            return Err(limit_error("the sum of all weights", given, MOST_COST));
        }
        Ok(())
    }

    fn check_fairness(&self, fairness: &Fairness) -> Result<(), EngineError> {
        days("fairness.days", &fairness.days, self.days)?;
        if let Counted::Kind(kind) = fairness.counted {
            reference("fairness.kind", kind, self.kinds)?;
        }
        weight("fairness.weight", fairness.weight)?;
        value("fairness.unit", fairness.unit)?;
        let mut shares = vec![false; self.people.len()];
        for share in &fairness.shares {
            reference("fairness.person", share.person, self.people.len())?;
            value("fairness.target", share.target)?;
            if std::mem::replace(&mut shares[share.person], true) {
                return Err(EngineError::RosterContradiction {
                    argument: "fairness.person",
                    problem: format!("person {} has two shares of one thing", share.person),
                });
            }
        }
        Ok(())
    }

    fn check_person(&self, person: &Person) -> Result<(), EngineError> {
        for &day in &person.days_off {
            reference("person.days_off", day, self.days)?;
        }
        size("person.limits", person.limits.len(), MOST_LIMITS)?;
        for limit in &person.limits {
            days("limit.days", &limit.days, self.days)?;
            value("limit.already", limit.already)?;
            for side in [limit.least, limit.most].into_iter().flatten() {
                bound("limit.value", side)?;
            }
            if let Counted::Kind(kind) = limit.counted {
                reference("limit.kind", kind, self.kinds)?;
            }
        }
        for run in [person.longest_work, person.shortest_work, person.shortest_rest].into_iter().flatten() {
            bound("person.run", run)?;
        }
        if let Some(rotation) = &person.rotation {
            if rotation.turns.is_empty() {
                return Err(EngineError::RosterContradiction {
                    argument: "rotation.turns",
                    problem: "a rotation has at least one day".to_owned(),
                });
            }
            reference("rotation.first", rotation.first, rotation.turns.len())?;
            for turn in &rotation.turns {
                if let Turn::Kind(kind) = *turn {
                    reference("rotation.kind", kind, self.kinds)?;
                }
            }
            force("rotation.weight", rotation.force)?;
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

fn days(argument: &'static str, given: &std::ops::Range<usize>, count: usize) -> Result<(), EngineError> {
    reference(argument, given.end, count + 1)?;
    reference(argument, given.start, given.end + 1)
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
        Force::Medium(cost) | Force::Soft(cost) => weight(argument, cost),
    }
}

fn limit_error(argument: &'static str, given: i64, limit: i64) -> EngineError {
    EngineError::RosterLimit { argument, given, limit }
}
