//! Problems told apart by a number.
//!
//! Two problems with the same fingerprint have the same rosters at the same costs. The number does not depend on the
//! machine or the build: it may be stored. (FNV-1a with 128 bits; Fowler, Noll and Vo.)

use super::problem::{
    Bound, Counted, Fairness, Force, Level, Limit, OutsideDay, Person, Problem, Rotation, Shift, Succession,
    Turn,
};

const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
/// Counts up with every change of what is written below.
const VERSION: i64 = 1;

/// The fingerprint of everything that a problem states. The order of its lists counts.
#[must_use]
pub fn fingerprint(problem: &Problem) -> u128 {
    let mut writer = Writer::of_frame(problem);
    for shift in &problem.shifts {
        writer.numbers(&[i64::from(shift.required), shift.short_weight, level(shift.short_level)]);
        writer.number(shift.surplus_weight);
    }
    for pairing in &problem.pairings {
        writer.indexes(&[pairing.first, pairing.second, usize::from(pairing.together)]);
        writer.number(pairing.weight);
    }
    for number in 0..problem.people.len() {
        writer.person(problem, number);
    }
    writer.state
}

/// For each person the fingerprint of all that decides what their days can be and cost by themselves: their own rules,
/// the shifts without their demand, and the rules for everybody.
#[must_use]
pub fn person_fingerprints(problem: &Problem) -> Vec<u128> {
    let frame = Writer::of_frame(problem);
    (0..problem.people.len())
        .map(|number| {
            let mut writer = frame;
            writer.person(problem, number);
            writer.state
        })
        .collect()
}

#[derive(Clone, Copy)]
struct Writer {
    state: u128,
}

impl Writer {
    /// What holds for everybody.
    fn of_frame(problem: &Problem) -> Self {
        let mut writer = Self { state: OFFSET };
        writer.number(VERSION);
        writer.indexes(&[problem.days, problem.first_weekday, problem.kinds, problem.shifts.len()]);
        for shift in &problem.shifts {
            writer.shift(shift);
        }
        writer.indexes(&[problem.successions.len()]);
        for &Succession { first, next, free_days, force } in &problem.successions {
            writer.indexes(&[first, next, free_days]);
            writer.force(force);
        }
        writer.bound(problem.minimum_rest);
        writer.bound(problem.minimum_day_off);
        writer
    }

    fn number(&mut self, number: i64) {
        for byte in number.to_le_bytes() {
            self.state = (self.state ^ u128::from(byte)).wrapping_mul(PRIME);
        }
    }

    fn numbers(&mut self, numbers: &[i64]) {
        numbers.iter().for_each(|&number| self.number(number));
    }

    fn indexes(&mut self, indexes: &[usize]) {
        indexes.iter().for_each(|&index| self.number(index as i64));
    }

    /// A list of numbers with its length, so that two lists side by side are not mistaken for two others.
    fn list(&mut self, list: &[usize]) {
        self.indexes(&[list.len()]);
        self.indexes(list);
    }

    fn force(&mut self, force: Force) {
        self.numbers(&[level(force.level()), force.weight().unwrap_or(-1)]);
    }

    fn bound(&mut self, bound: Option<Bound>) {
        match bound {
            None => self.number(-1),
            Some(bound) => {
                self.number(bound.value);
                self.force(bound.force);
            }
        }
    }

    fn counted(&mut self, counted: Counted) {
        match counted {
            Counted::Minutes => self.number(0),
            Counted::Days => self.number(1),
            Counted::Weekends => self.number(2),
            Counted::Kind(kind) => self.indexes(&[3, kind]),
            Counted::ClockMinutes => self.number(4),
        }
    }

    fn shift(&mut self, shift: &Shift) {
        self.indexes(&[shift.day, shift.kind]);
        self.numbers(&[shift.start_minute, shift.end_minute, shift.worked_minutes, shift.late_minutes]);
        self.list(&shift.skills);
    }

    fn limit(&mut self, limit: &Limit) {
        self.counted(limit.counted);
        self.indexes(&[limit.days.start, limit.days.end, usize::from(limit.continues)]);
        self.number(limit.already);
        self.bound(limit.least);
        self.bound(limit.most);
    }

    fn outside(&mut self, days: &[OutsideDay]) {
        self.indexes(&[days.len()]);
        for day in days {
            match *day {
                OutsideDay::Free => self.number(-1),
                OutsideDay::Worked { kind, start_minute, end_minute } => {
                    self.numbers(&[kind as i64, start_minute, end_minute]);
                }
            }
        }
    }

    fn rotation(&mut self, rotation: &Rotation) {
        self.indexes(&[rotation.turns.len(), rotation.first]);
        for turn in &rotation.turns {
            self.number(match *turn {
                Turn::Free => -1,
                Turn::Any => -2,
                Turn::Kind(kind) => kind as i64,
            });
        }
        self.force(rotation.force);
    }

    fn person(&mut self, problem: &Problem, number: usize) {
        let person: &Person = &problem.people[number];
        self.list(&person.skills);
        self.indexes(&[person.unavailable.len()]);
        for span in &person.unavailable {
            self.numbers(&[span.start, span.end]);
        }
        self.list(&person.days_off);
        self.indexes(&[person.fixed.len()]);
        for fixed in &person.fixed {
            self.numbers(&[fixed.day as i64, fixed.shift.map_or(-1, |shift| shift as i64)]);
        }
        self.indexes(&[person.limits.len()]);
        for limit in &person.limits {
            self.limit(limit);
        }
        for run in [person.longest_work, person.shortest_work, person.shortest_rest] {
            self.bound(run);
        }
        self.indexes(&[person.wishes.len()]);
        for wish in &person.wishes {
            self.numbers(&[wish.shift as i64, i64::from(wish.work), wish.weight]);
        }
        match &person.rotation {
            None => self.number(-1),
            Some(rotation) => self.rotation(rotation),
        }
        self.indexes(&[person.kind_costs.len()]);
        for &(kind, cost) in &person.kind_costs {
            self.numbers(&[kind as i64, cost]);
        }
        self.outside(&person.before);
        self.outside(&person.after);
        for fairness in &problem.fairness {
            self.fairness(fairness, number);
        }
    }

    fn fairness(&mut self, fairness: &Fairness, person: usize) {
        let Some(share) = fairness.shares.iter().find(|share| share.person == person) else {
            self.number(-1);
            return;
        };
        self.counted(fairness.counted);
        self.indexes(&[fairness.days.start, fairness.days.end]);
        self.numbers(&[fairness.unit, fairness.weight, share.target]);
    }
}

fn level(level: Level) -> i64 {
    match level {
        Level::Hard => 0,
        Level::Medium => 1,
        Level::Soft => 2,
    }
}
