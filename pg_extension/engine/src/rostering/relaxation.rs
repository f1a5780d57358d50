//! A bound on problems whose linear program is too large, and whose people have too many days for exact searches.
//!
//! Lagrangian relaxation: heads have prices, as in column generation, and so have the sums of each person's days. What is
//! left is one shortest path per person without any counter. Prices follow the subgradient (Held and Karp 1971), as far
//! as the distance to the known roster says (Polyak 1969). Where minutes or weekends are scarce, the price of these alone
//! proves much at once.

use super::compiled::Compiled;
use super::control::{Control, Pulse};
use super::incumbent::{Incumbent, demand_cost};
use super::person_path::forward::Weekday;
use super::person_path::relaxed::{Relaxed, SumPrices};
use super::person_path::request::Request;
use super::person_path::solve::PathFinder;
use super::plan::FREE;
use super::problem::Counted;
use super::scarcity::Scarcity;

/// What costs are multiplied by, so that prices keep some digits.
const SCALE: i64 = 64;
/// Price on what a known row does not take, and reward on what it does: more than any row costs.
const FORCING: i64 = 1 << 42;
/// Rounds in which only sums are priced, before the prices of heads move as well.
const ROUNDS_OF_SUMS: usize = 10;
/// Rounds at the prices of what is scarce: further ones hardly prove more.
const ROUNDS_OF_SCARCITY: usize = 2;
/// Rounds without a better bound after which steps get shorter.
const PATIENCE: usize = 6;
/// By so much.
const SHORTER: f64 = 0.7;
/// Steps as short as this are the end.
const SHORTEST_STEP: f64 = 0.01;
/// Part of the last direction that the next one keeps.
const KEPT: f64 = 0.6;

/// One person of the relaxation.
struct Relaxee {
    person: usize,
    sums: SumPrices,
    /// What the path search does not see of their cost, scaled: the same for all their days.
    unseen: i64,
    /// The best bound on their days at the prices of heads as they are.
    bound: i64,
    step: f64,
}

/// Prices, and what they prove.
pub(super) struct Relaxation<'a> {
    compiled: &'a Compiled<'a>,
    control: &'a Control<'a>,
    incumbent: &'a Incumbent,
    pulse: Pulse,
    finder: PathFinder<i64>,
    random: fastrand::Rng,
    people: Vec<Relaxee>,
    /// Heads that these people should provide; below zero where others already are too many.
    required: Vec<i64>,
    /// What one more head on a shift is worth, scaled.
    worth: Vec<f64>,
    /// The same rounded, as a price on taking the shift.
    prices: Vec<i64>,
    /// Cost of everybody else's own days.
    outside_cost: i64,
}

/// Raises the bound on the whole problem until a part of the budget is used. `worth` is what a head on each shift is
/// thought to be worth, where that is known; `people` are those with days that keep all rules.
pub(super) fn raise_bound(
    compiled: &Compiled<'_>,
    control: &Control<'_>,
    incumbent: &Incumbent,
    people: &[usize],
    worth: &[f64],
    until: f64,
) {
    if let Some(mut relaxation) = Relaxation::new(compiled, control, incumbent, people) {
        relaxation.worth = worth.iter().map(|worth| worth * SCALE as f64).collect();
        relaxation.run(until);
    }
}

/// Raises the bound on the whole problem by what scarce minutes and weekends are worth, in a few rounds.
pub(super) fn bound_by_scarcity(
    compiled: &Compiled<'_>,
    control: &Control<'_>,
    incumbent: &Incumbent,
    people: &[usize],
    until: f64,
) {
    if let Some(mut relaxation) = Relaxation::new(compiled, control, incumbent, people) {
        relaxation.price_what_is_scarce();
        for _ in 0..ROUNDS_OF_SCARCITY {
            let Some((bound, _)) = relaxation.round(until) else { return };
            relaxation.note(bound);
        }
    }
}

impl<'a> Relaxation<'a> {
    /// Everything free of charge. None if somebody's days break hard rules, or if the search is over.
    fn new(
        compiled: &'a Compiled<'a>,
        control: &'a Control<'a>,
        incumbent: &'a Incumbent,
        people: &[usize],
    ) -> Option<Self> {
        if compiled.largest_row_cost() > FORCING / (4 * SCALE) {
            return None;
        }
        let memory_bytes = control.limits.memory_bytes / (8 * control.limits.threads.max(1));
        let shifts = compiled.problem.shifts.len();
        let mut relaxation = Self {
            compiled,
            control,
            incumbent,
            pulse: Pulse::default(),
            finder: PathFinder::new(memory_bytes),
            random: fastrand::Rng::with_seed(control.limits.seed),
            people: Vec::with_capacity(people.len()),
            required: Vec::new(),
            worth: vec![0.0; shifts],
            outside_cost: 0,
            prices: vec![0; shifts],
        };
        relaxation.begin(people)?;
        Some(relaxation)
    }

    fn begin(&mut self, people: &[usize]) -> Option<()> {
        let shifts = &self.compiled.problem.shifts;
        self.outside_cost = self.incumbent.cost() - self.incumbent.pairings_cost();
        self.required = shifts.iter().map(|shift| i64::from(shift.required)).collect();
        for (number, required) in self.required.iter_mut().enumerate() {
            let heads = self.incumbent.heads[number];
            self.outside_cost -= demand_cost(self.compiled, number, heads);
            *required -= i64::from(heads);
        }
        for &person in people {
            let own = self.incumbent.own_cost(person);
            self.outside_cost -= own;
            let row = self.incumbent.plan.row(person);
            for (number, shift) in shifts.iter().enumerate() {
                let taken = row[shift.day] as usize == number;
                self.required[number] += i64::from(taken);
                self.prices[number] = if taken { -FORCING } else { FORCING };
            }
            // Prices that leave no choice but the known days tell what the search sees of their cost.
            let sums = SumPrices::none(&self.compiled.spaces[person]);
            let relaxed = self.search(person, &sums)?;
            if self.finder.path != row {
                return None;
            }
            let worked = row.iter().filter(|&&cell| cell != FREE).count() as i64;
            let seen = relaxed.cost + FORCING * worked + relaxed.sums? * SCALE;
            self.people.push(Relaxee {
                person,
                sums,
                unseen: own * SCALE - seen,
                bound: i64::MIN,
                step: 1.0,
            });
        }
        Some(())
    }

    /// Prices heads, minutes and weekends as [`Scarcity`] says.
    fn price_what_is_scarce(&mut self) {
        let compiled = self.compiled;
        let spaces = self.people.iter().map(|relaxee| &compiled.spaces[relaxee.person]);
        let prices = Scarcity::of(compiled, spaces, &self.required).prices();
        let scale = SCALE as f64;
        for (worth, shift) in self.worth.iter_mut().zip(&compiled.problem.shifts) {
            let is_weekend = compiled.weekdays[shift.day] != Weekday::Other;
            *worth = prices.of_head(shift.short_weight, shift.worked_minutes, is_weekend) * scale;
        }
        for relaxee in &mut self.people {
            let space = &compiled.spaces[relaxee.person];
            relaxee.sums.minutes = prices.minute * space.unit_minutes as f64 * scale;
            for (price, axis) in relaxee.sums.axes.iter_mut().zip(&space.axes) {
                *price = if axis.counted == Counted::Weekends { prices.weekend * scale } else { 0.0 };
            }
        }
    }

    fn note(&self, bound: i64) {
        self.control.note_bound(self.outside_cost + bound.div_euclid(SCALE) + i64::from(bound % SCALE != 0));
    }

    fn search(&mut self, person: usize, sums: &SumPrices) -> Option<Relaxed> {
        let row = self.incumbent.plan.row(person);
        let request = self.compiled.request(person, row, 0..self.compiled.days(), &self.prices);
        let request = Request { scale: SCALE, ..request };
        self.control.step();
        let (pulse, control) = (&self.pulse, self.control);
        self.finder.relaxed(&request, sums, &mut self.random, &|operations| pulse.beat(control, operations))
    }

    fn run(&mut self, until: f64) {
        let mut direction = vec![0.0; self.worth.len()];
        let mut best = i64::MIN;
        let (mut step, mut failures) = (1.0, 0);
        for round in 0.. {
            let Some((bound, missing)) = self.round(until) else { return };
            if bound > best {
                (best, failures) = (bound, 0);
                self.note(bound);
            } else {
                failures += 1;
                if failures >= PATIENCE {
                    failures = 0;
                    step *= SHORTER;
                }
            }
            if step < SHORTEST_STEP || self.control.is_over() {
                return;
            }
            if round < ROUNDS_OF_SUMS {
                continue;
            }
            let gap = (self.incumbent.cost() - self.outside_cost) * SCALE - bound;
            let mut square = 0.0;
            for (direction, missing) in direction.iter_mut().zip(&missing) {
                *direction = KEPT * *direction + *missing as f64;
                square += *direction * *direction;
            }
            let length = step * gap.max(0) as f64 / f64::max(square, 1.0);
            for (worth, direction) in self.worth.iter_mut().zip(&direction) {
                *worth += length * direction;
            }
            for relaxee in &mut self.people {
                relaxee.bound = i64::MIN;
            }
        }
    }

    /// One search for everybody. Returns the bound on their days and on demand, scaled, and the heads that are missing.
    fn round(&mut self, until: f64) -> Option<(i64, Vec<i64>)> {
        let mut missing = self.required.clone();
        let mut bound = 0;
        for (number, worth) in self.worth.iter_mut().enumerate() {
            let shift = &self.compiled.problem.shifts[number];
            let (lowest, highest) = (-shift.surplus_weight * SCALE, shift.short_weight * SCALE);
            *worth = worth.clamp(lowest as f64, highest as f64);
            let price = (worth.round() as i64).clamp(lowest, highest);
            self.prices[number] = -price;
            bound += price * self.required[number];
        }
        let most = self.compiled.most_multiplier as f64 * SCALE as f64;
        for number in 0..self.people.len() {
            if self.control.used() > until || self.control.is_over() {
                return None;
            }
            let (person, unseen) = (self.people[number].person, self.people[number].unseen);
            let relaxed = {
                let sums = self.people[number].sums.clone();
                self.search(person, &sums)?
            };
            for &cell in self.finder.path.iter().filter(|cell| **cell != FREE) {
                missing[cell as usize] -= 1;
            }
            let row = self.incumbent.plan.row(person).iter().filter(|cell| **cell != FREE);
            let priced: i64 = row.map(|&cell| self.prices[cell as usize]).sum();
            let known = self.incumbent.own_cost(person) * SCALE + priced;
            let relaxee = &mut self.people[number];
            let found = relaxed.bound + unseen;
            if found <= relaxee.bound {
                relaxee.step = f64::max(relaxee.step * SHORTER, SHORTEST_STEP);
            }
            relaxee.bound = relaxee.bound.max(found);
            bound += relaxee.bound;
            let square = relaxed.above.square();
            if square > 0.0 {
                let length = relaxee.step * (known - found).max(0) as f64 / square;
                relaxee.sums.advance(&relaxed.above, length, most);
            }
        }
        Some((bound, missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rostering::control::NoClock;
    use crate::rostering::levels::Flattened;
    use crate::rostering::plan::Plan;
    use crate::rostering::problem::{Bound, Counted, Limit, Person, Problem, Shift, Succession, Wish};
    use crate::rostering::{Force, Limits, evaluate};

    const DAYS: usize = 4;
    const KINDS: usize = 2;

    /// Two people from a Friday on, with sums of every sort.
    fn small_ward(random: &mut fastrand::Rng) -> Problem {
        let shifts = (0..DAYS * KINDS)
            .map(|number| {
                let (day, kind) = (number / KINDS, number % KINDS);
                let start_minute = day as i64 * 1_440 + [420, 840][kind];
                let worked_minutes = [480, 600][kind];
                let end_minute = start_minute + worked_minutes;
                let (short_weight, surplus_weight) = (random.i64(5..100), random.i64(0..9));
                let required = random.u32(0..3);
                Shift {
                    day,
                    kind,
                    start_minute,
                    end_minute,
                    worked_minutes,
                    required,
                    short_weight,
                    surplus_weight,
                    ..Shift::default()
                }
            })
            .collect();
        let mut people = Vec::new();
        for _ in 0..2 {
            let mut bound = |values: std::ops::RangeInclusive<i64>| {
                let force = if random.bool() { Force::Hard } else { Force::Soft(random.i64(1..40)) };
                random.bool().then(|| Bound { value: random.i64(values), force })
            };
            let mut limit = |counted, least, most| Limit {
                counted,
                days: 0..DAYS,
                continues: false,
                already: 0,
                least: bound(least),
                most: bound(most),
            };
            let limits = vec![
                limit(Counted::Minutes, 300..=900, 900..=1_900),
                limit(Counted::Weekends, 0..=1, 0..=1),
                limit(Counted::Kind(0), 0..=1, 1..=2),
            ];
            let wish =
                Wish { shift: random.usize(0..DAYS * KINDS), work: random.bool(), weight: random.i64(1..9) };
            people.push(Person { limits, wishes: vec![wish], ..Person::default() });
        }
        let succession = Succession { first: 1, next: 0, free_days: 0, force: Force::Hard };
        Problem {
            days: DAYS,
            first_weekday: 4,
            kinds: KINDS,
            shifts,
            people,
            successions: vec![succession],
            ..Problem::default()
        }
    }

    /// The best roster of all that keep the hard rules.
    fn best_of_all(problem: &Problem) -> Option<(i64, Plan)> {
        let choices = KINDS + 1;
        let rosters = (0..choices.pow(2 * DAYS as u32)).map(|number| {
            let mut plan = Plan::free(2, DAYS);
            let mut rest = number;
            for cell in 0..2 * DAYS {
                let (day, kind) = (cell % DAYS, rest % choices);
                rest /= choices;
                if kind < KINDS {
                    plan.row_mut(cell / DAYS)[day] = (day * KINDS + kind) as u32;
                }
            }
            plan
        });
        let judged = rosters.map(|plan| (evaluate(problem, &plan, &mut |_| {}), plan));
        let whole =
            judged.filter(|(judged, _)| judged.broken_hard == 0).map(|(judged, plan)| (judged.cost, plan));
        whole.min_by_key(|(cost, _)| *cost)
    }

    #[test]
    fn the_bound_is_never_above_the_optimum_and_mostly_near() {
        let (mut optima, mut bounds) = (0, 0);
        for seed in 0..60 {
            let mut random = fastrand::Rng::with_seed(seed);
            let problem = small_ward(&mut random);
            let flat = Flattened::of(&problem);
            let limits = Limits { time_ms: None, steps: Some(2_000), ..Limits::default() };
            let control = Control::new(limits, &NoClock, flat.factor);
            let compiled = Compiled::new(&flat.problem, &control).unwrap();
            let Some((optimum, plan)) = best_of_all(&problem) else { continue };
            let known = Incumbent::new(&compiled, plan);
            let worth: Vec<f64> =
                problem.shifts.iter().map(|shift| shift.short_weight as f64 / 2.0).collect();
            bound_by_scarcity(&compiled, &control, &known, &[0, 1], 1.0);
            assert!(control.lower_bound() <= optimum, "seed {seed}: {} {optimum}", control.lower_bound());
            raise_bound(&compiled, &control, &known, &[0, 1], &worth, 1.0);
            assert!(control.lower_bound() <= optimum, "seed {seed}: {} {optimum}", control.lower_bound());
            optima += optimum;
            bounds += control.lower_bound();
        }
        assert!(optima > 0 && bounds * 10 > optima * 8, "{bounds} of {optima}");
    }
}
