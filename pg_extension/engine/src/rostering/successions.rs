//! What one shift after another costs, over as many free days as any rule reaches.

use std::collections::HashMap;

use super::problem::{Bound, Force, OutsideDay, Problem};

/// Kind, start and end of something worked.
pub(super) type Times = (usize, i64, i64);

/// Times of a shift.
pub(super) fn times_of(problem: &Problem, shift: u32) -> Times {
    let shift = &problem.shifts[shift as usize];
    (shift.kind, shift.start_minute, shift.end_minute)
}

/// Times of a known day outside of the horizon; none if it is free.
pub(super) fn times_outside(day: &OutsideDay) -> Option<Times> {
    match *day {
        OutsideDay::Free => None,
        OutsideDay::Worked { kind, start_minute, end_minute } => Some((kind, start_minute, end_minute)),
    }
}

/// What all rules about one kind after another say together.
#[derive(Debug, Clone, Copy, Default)]
struct Costs {
    weight: i64,
    hard_rules: i64,
}

/// Costs of one kind after another, for the whole problem.
#[derive(Debug, Clone)]
pub(super) struct SuccessionTable {
    costs: HashMap<(usize, usize, usize), Costs>,
    /// What breaking one hard rule costs; none where that is forbidden.
    hard_price: Option<i64>,
    minimum_rest: Option<Bound>,
    minimum_day_off: Option<Bound>,
    /// Free days over which a rule may still bind.
    pub(super) reach: usize,
}

impl SuccessionTable {
    pub(super) fn of(problem: &Problem) -> Self {
        let mut costs: HashMap<(usize, usize, usize), Costs> = HashMap::new();
        for rule in &problem.successions {
            let together = costs.entry((rule.first, rule.next, rule.free_days)).or_default();
            match rule.force.weight() {
                Some(weight) => together.weight += weight,
                None => together.hard_rules += 1,
            }
        }
        let by_rules = problem.successions.iter().map(|rule| rule.free_days).max().unwrap_or(0);
        let by_day_off = usize::from(problem.minimum_day_off.is_some());
        let reach = by_rules.max(by_day_off).max(rest_reach(problem));
        let (minimum_rest, minimum_day_off) = (problem.minimum_rest, problem.minimum_day_off);
        Self { costs, hard_price: None, minimum_rest, minimum_day_off, reach }
    }

    /// The same with every hard rule at a price.
    pub(super) fn softened(&self, price: i64) -> Self {
        let mut soft = self.clone();
        soft.hard_price = Some(price);
        for rest in [&mut soft.minimum_rest, &mut soft.minimum_day_off].into_iter().flatten() {
            rest.force = soften(rest.force, price);
        }
        soft
    }

    /// Cost of the second after the first with so many free days between; none if that is forbidden.
    pub(super) fn cost(
        &self,
        (kind, _, end): Times,
        (next_kind, next_start, _): Times,
        free_days: usize,
    ) -> Option<i64> {
        let together = self.costs.get(&(kind, next_kind, free_days)).copied().unwrap_or_default();
        let mut cost = together.weight;
        if together.hard_rules > 0 {
            cost += self.hard_price? * together.hard_rules;
        }
        let day_off = self.minimum_day_off.filter(|_| free_days == 1);
        for rest in [self.minimum_rest, day_off].into_iter().flatten() {
            if next_start - end < rest.value {
                cost += rest.force.weight()?;
            }
        }
        Some(cost)
    }
}

/// A hard force as one with a price.
pub(super) fn soften(force: Force, price: i64) -> Force {
    if force == Force::Hard { Force::Soft(price) } else { force }
}

/// Free days over which the minimum rest may bind: the latest end and the earliest start of all days tell.
fn rest_reach(problem: &Problem) -> usize {
    const DAY_MINUTES: i64 = 1_440;
    let Some(rest) = problem.minimum_rest else { return 0 };
    let day_start = |day: usize| day as i64 * DAY_MINUTES;
    let outside = |day: &OutsideDay| times_outside(day);
    let known = problem.people.iter().flat_map(|person| {
        let before = person.before.iter().rev().zip(1..).map(|(day, back)| (day, -back));
        let after = person.after.iter().zip(problem.days as i64..);
        before.chain(after).filter_map(move |(day, number)| Some((outside(day)?, number * DAY_MINUTES)))
    });
    let shifts = (0..problem.shifts.len())
        .map(|shift| (times_of(problem, shift as u32), day_start(problem.shifts[shift].day)));
    let (mut latest_end, mut earliest_start) = (i64::MIN, i64::MAX);
    for ((_, start, end), midnight) in shifts.chain(known) {
        latest_end = latest_end.max(end - midnight);
        earliest_start = earliest_start.min(start - midnight);
    }
    if latest_end == i64::MIN {
        return 0;
    }
    let over = |free_days: i64| (free_days + 1) * DAY_MINUTES + earliest_start - latest_end;
    (1..=MOST_REACH).rev().find(|&free_days| over(free_days) < rest.value).unwrap_or(0) as usize
}

/// Beyond this no rule reaches: the check refuses longer rests, and shifts that last for days are cut off here.
const MOST_REACH: i64 = 15;
