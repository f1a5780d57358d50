//! What a roster can cost at the very most: what keeps sums within 64 bits, and one level above another.

use std::collections::HashMap;
use std::ops::Range;

use super::problem::{Bound, Counted, Force, Level, Person, Problem};

/// Upper bounds on cost, level by level. No roster of the problem costs more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ceiling {
    pub(super) medium: i128,
    pub(super) soft: i128,
    /// The most that the days of one person can cost: their own rules, and demand on the shifts they take or leave.
    pub(super) row: i128,
}

impl Ceiling {
    /// The ceiling of a problem whose references are sound.
    pub(super) fn of(problem: &Problem) -> Self {
        let reader = Reader::new(problem);
        let mut ceiling = Self::default();
        let mut heaviest = 0;
        for shift in &problem.shifts {
            let short = i128::from(shift.short_weight);
            let surplus = i128::from(shift.surplus_weight);
            ceiling.add(shift.short_level, short * i128::from(shift.required));
            ceiling.add(Level::Soft, surplus * problem.people.len() as i128);
            heaviest = heaviest.max(short).max(surplus);
        }
        for pairing in &problem.pairings {
            let cost = 2 * i128::from(pairing.weight);
            ceiling.add(Level::Soft, cost * problem.days as i128);
            heaviest += cost;
        }
        for number in 0..problem.people.len() {
            let own = reader.person(number);
            ceiling.add(Level::Medium, own.medium);
            ceiling.add(Level::Soft, own.soft);
            ceiling.row = ceiling.row.max(own.medium + own.soft);
        }
        ceiling.row += heaviest * problem.days as i128;
        ceiling
    }

    fn add(&mut self, level: Level, cost: i128) {
        match level {
            Level::Hard => {}
            Level::Medium => self.medium += cost,
            Level::Soft => self.soft += cost,
        }
    }

    /// What one unit of medium cost must count as many of soft cost to outweigh all of it.
    pub(super) fn factor(&self) -> i128 {
        if self.medium > 0 { self.soft + 1 } else { 1 }
    }

    /// The most that both levels come to, the medium one weighted by the factor.
    pub(super) fn total(&self) -> i128 {
        self.medium.saturating_mul(self.factor()).saturating_add(self.soft)
    }
}

impl Problem {
    /// More than any roster costs, on the medium and the soft level together. Of a problem that [`Problem::check`] accepts.
    #[must_use]
    pub fn most_cost(&self) -> i128 {
        let ceiling = Ceiling::of(self);
        ceiling.medium + ceiling.soft
    }
}

struct Reader<'a> {
    problem: &'a Problem,
    /// Longest shift of each day, in minutes worked.
    longest: Vec<i128>,
    /// Largest cost of one shift after another, by level: medium, soft.
    rests: [i128; 2],
}

impl<'a> Reader<'a> {
    fn new(problem: &'a Problem) -> Self {
        let mut longest = vec![0; problem.days];
        for shift in &problem.shifts {
            longest[shift.day] = longest[shift.day].max(i128::from(shift.worked_minutes));
        }
        let mut by_pair: HashMap<(usize, usize, usize), [i128; 2]> = HashMap::new();
        for rule in &problem.successions {
            let sums = by_pair.entry((rule.first, rule.next, rule.free_days)).or_default();
            add_force(sums, rule.force, 1);
        }
        let largest = |level: usize| by_pair.values().map(|sums| sums[level]).max().unwrap_or(0);
        let mut rests = [largest(0), largest(1)];
        for rest in [problem.minimum_rest, problem.minimum_day_off].into_iter().flatten() {
            add_force(&mut rests, rest.force, 1);
        }
        Self { problem, longest, rests }
    }

    fn person(&self, number: usize) -> Ceiling {
        let person = &self.problem.people[number];
        let days = self.problem.days as i128;
        // Known days outside of the horizon take part in runs and rests.
        let known = days + (person.before.len() + person.after.len()) as i128;
        let mut sums = self.rests.map(|rest| rest * (days + 1));
        for run in [person.longest_work, person.shortest_work, person.shortest_rest].into_iter().flatten() {
            let units =
                if Some(run) == person.longest_work { known } else { (days / 2 + 2) * i128::from(run.value) };
            add_force(&mut sums, run.force, units);
        }
        for limit in &person.limits {
            let most = |bound: Bound| {
                let reach = i128::from(limit.already) + self.reach(limit.counted, &limit.days);
                (reach - i128::from(bound.value)).max(0)
            };
            if let Some(bound) = limit.most {
                add_force(&mut sums, bound.force, most(bound));
            }
            if let Some(bound) = limit.least {
                add_force(&mut sums, bound.force, i128::from(bound.value));
            }
        }
        if let Some(rotation) = &person.rotation {
            add_force(&mut sums, rotation.force, days);
        }
        sums[1] += self.wishes(person) + self.fairness(number);
        Ceiling { medium: sums[0], soft: sums[1], row: 0 }
    }

    fn wishes(&self, person: &Person) -> i128 {
        let wishes: i128 = person.wishes.iter().map(|wish| i128::from(wish.weight)).sum();
        let kinds: i128 = person.kind_costs.iter().map(|cost| i128::from(cost.1)).sum();
        wishes + kinds * self.problem.days as i128
    }

    fn fairness(&self, person: usize) -> i128 {
        let cost = |fairness: &super::problem::Fairness| {
            let share = fairness.shares.iter().find(|share| share.person == person)?;
            let reach = self.reach(fairness.counted, &fairness.days).max(i128::from(share.target));
            let distance = reach / i128::from(fairness.unit.max(1));
            Some(i128::from(fairness.weight).saturating_mul(distance * distance))
        };
        self.problem.fairness.iter().filter_map(cost).fold(0, i128::saturating_add)
    }

    /// The most that a person can come to on these days.
    fn reach(&self, counted: Counted, days: &Range<usize>) -> i128 {
        match counted {
            Counted::Minutes => self.longest[days.clone()].iter().sum(),
            // The night before the first day reaches in.
            Counted::ClockMinutes => self.longest[days.start.saturating_sub(1)..days.end].iter().sum(),
            Counted::Days | Counted::Kind(_) => days.len() as i128,
            Counted::Weekends => days.len() as i128 / 7 + 2,
        }
    }
}

fn add_force(sums: &mut [i128; 2], force: Force, units: i128) {
    match force {
        Force::Hard => {}
        Force::Medium(weight) => sums[0] += i128::from(weight) * units,
        Force::Soft(weight) => sums[1] += i128::from(weight) * units,
    }
}
