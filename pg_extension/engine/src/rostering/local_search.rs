//! Ruin and recreate: a few people lose their days in a window and get the cheapest ones back, one after the other.
//!
//! Simulated annealing over moves whose repair is exact for each person (Schrimpf et al. 2000, "Record breaking
//! optimization results using the ruin and recreate principle", gave the name).

use std::ops::{Range, RangeInclusive};

use super::compiled::Compiled;
use super::control::{Control, Pulse};
use super::incumbent::Incumbent;
use super::parts::Part;
use super::person_path::Cost;
use super::person_path::solve::PathFinder;
use super::pool::Pool;
use super::random::sample;
use super::window::Window;

/// Most people of one move; with more, most moves are lost to chance.
const MOST_PEOPLE: usize = 4;
/// Windows of this many days; the longest is one month.
const WINDOW_DAYS: RangeInclusive<usize> = 7..=28;
/// From this horizon on, half of the windows are two stretches far apart.
const LONG_HORIZON_DAYS: usize = 56;
/// Days of each stretch then.
const STRETCH_DAYS: RangeInclusive<usize> = 5..=14;
/// Moves for each day of each person after which annealing has cooled, however much time there is: a small problem has
/// the rest of it for what is exact.
const MOST_MOVES_PER_DAY: usize = 16;
/// Noise on the prices of half of the moves, as a part of the largest demand weight.
const NOISE_PART: i64 = 5;

/// One searching thread's tools.
pub(super) struct Searcher<'c, 'p, T> {
    pub(super) compiled: &'c Compiled<'p>,
    pub(super) control: &'c Control<'c>,
    /// What may be changed.
    pub(super) part: &'c Part,
    pub(super) pulse: Pulse,
    pub(super) finder: PathFinder<T>,
    pub(super) random: fastrand::Rng,
    pub(super) prices: Vec<T>,
    /// What pricing multiplies costs by, so that dual prices keep some digits.
    pub(super) scale: i64,
    /// Dual price of each shift as last known.
    pub(super) center: Vec<f64>,
    pub(super) pool: Pool,
}

impl<'c, 'p, T: Cost> Searcher<'c, 'p, T> {
    pub(super) fn new(
        compiled: &'c Compiled<'p>,
        control: &'c Control<'c>,
        part: &'c Part,
        seed: u64,
    ) -> Self {
        Self {
            compiled,
            control,
            part,
            pulse: Pulse::default(),
            finder: PathFinder::new(control.limits.memory_bytes / (2 * control.limits.threads.max(1))),
            random: fastrand::Rng::with_seed(seed),
            prices: vec![T::ZERO; compiled.problem.shifts.len()],
            scale: (T::CEILING / 4 / compiled.largest_row_cost()).clamp(1, 64),
            center: vec![0.0; compiled.problem.shifts.len()],
            pool: Pool::new(
                compiled.people(),
                compiled.days(),
                control.limits.memory_bytes / (8 * control.limits.threads.max(1)),
            ),
        }
    }

    /// Gives people their cheapest days, one after the other. Those without any keep the ones they have.
    pub(super) fn construct(&mut self, start: Incumbent, people: &[usize]) -> Incumbent {
        let compiled = self.compiled;
        let window = Window::from(self.part.days.clone());
        let mut incumbent = start;
        for &person in people {
            if self.pulse.ask(self.control, 0) {
                break;
            }
            incumbent.withdraw(compiled, person, window);
            self.reinsert(&mut incumbent, person, window, 0);
        }
        incumbent
    }

    /// Puts a withdrawn person back on their cheapest days of the window; on their old ones if there are none.
    pub(super) fn reinsert(&mut self, incumbent: &mut Incumbent, person: usize, window: Window, noise: i64) {
        let compiled = self.compiled;
        self.price(incumbent, person, window, noise);
        let request = compiled.request(person, incumbent.plan.row(person), window, &self.prices);
        self.control.step();
        let (pulse, control) = (&self.pulse, self.control);
        let stop = |operations: u64| pulse.beat(control, operations);
        if self.finder.find(&request, &mut self.random, &stop).is_some() {
            incumbent.replace(compiled, person, window.start, &self.finder.path);
        } else {
            let path = incumbent.plan.row(person)[window.days()].to_vec();
            incumbent.replace(compiled, person, window.start, &path);
        }
    }

    /// Prices the shifts of a window for a person who was withdrawn from it.
    pub(super) fn price(&mut self, incumbent: &Incumbent, person: usize, window: Window, noise: i64) {
        let compiled = self.compiled;
        for day in window.open_days() {
            for &shift in &compiled.by_day[day] {
                let price = incumbent.marginal(compiled, shift as usize);
                let noise = if noise > 0 { self.random.i64(-noise..=noise) } else { 0 };
                self.prices[shift as usize] = T::of(price + noise);
            }
            if !compiled.pairings[person].is_empty() {
                let prices = &mut self.prices;
                incumbent.pairing_prices(compiled, person, day, &mut |shift, cost| {
                    prices[shift] = prices[shift] + T::of(cost);
                });
            }
        }
    }

    /// Searches until the part `until` of the budget is used, or cooled before, starting hot. Returns the best roster seen.
    pub(super) fn anneal(&mut self, start: &Incumbent, from: f64, until: f64) -> Incumbent {
        let compiled = self.compiled;
        if self.part.is_empty() {
            return start.clone();
        }
        let mut current = start.clone();
        let mut best = start.clone();
        let weight = compiled.problem.shifts.iter().map(|shift| shift.short_weight).max().unwrap_or(0);
        let hottest = weight as f64 * 0.3;
        let mut temperature = hottest;
        let most_moves = (MOST_MOVES_PER_DAY * self.part.people.len() * self.part.days.len()) as f64;
        let mut moves = 0_u64;
        let mut undo: Vec<(usize, Vec<u32>)> = Vec::new();
        loop {
            if moves.is_multiple_of(16) {
                let used = (self.control.used() - from) / (until - from).max(1e-9);
                let part = used.max(moves as f64 / most_moves);
                if part >= 1.0 || self.control.is_over() {
                    return best;
                }
                temperature = hottest * (0.01_f64).powf(part);
            }
            moves += 1;
            let window = self.window(&current);
            let wanted = self.random.usize(2..=MOST_PEOPLE);
            let chosen = sample(&mut self.random, self.part.people.len(), wanted);
            let people: Vec<usize> = chosen.into_iter().map(|number| self.part.people[number]).collect();
            let before = current.worth();
            undo.clear();
            for &person in &people {
                undo.push((person, current.plan.row(person)[window.days()].to_vec()));
                current.withdraw(compiled, person, window);
            }
            let noise = if self.random.bool() { weight / NOISE_PART } else { 0 };
            for &person in &people {
                self.reinsert(&mut current, person, window, noise);
            }
            let after = current.worth();
            let rise = (after.1 - before.1) as f64;
            let accepted = after.0 < before.0
                || (after.0 == before.0
                    && (rise <= 0.0 || self.random.f64() < (-rise / temperature.max(1e-9)).exp()));
            if !accepted {
                for (person, _) in &undo {
                    current.withdraw(compiled, *person, window);
                }
                for (person, path) in &undo {
                    current.replace(compiled, *person, window.start, path);
                }
            } else if after < best.worth() {
                best.clone_from(&current);
                self.control.note_worth(after);
            }
        }
    }

    /// A random window of a move. If it is two stretches, one of them rather lies where heads are missing.
    fn window(&mut self, current: &Incumbent) -> Window {
        let twice = self.part.days.len() >= LONG_HORIZON_DAYS && self.random.bool();
        if !twice {
            return self.stretch(WINDOW_DAYS).into();
        }
        let choice = [self.stretch(STRETCH_DAYS), self.stretch(STRETCH_DAYS)];
        let [one, other] = choice.map(|days| (current.missing_cost(self.compiled, days.clone()), days));
        let in_need = if one.0 > other.0 { one.1 } else { other.1 };
        Window::of_two(in_need, self.stretch(STRETCH_DAYS))
    }

    /// Random days in a row, as many as that, which cut no weekend in two.
    pub(super) fn stretch(&mut self, lengths: RangeInclusive<usize>) -> Range<usize> {
        let days = self.part.days.len();
        let length = self.random.usize(lengths).min(days);
        let start = self.part.days.start + self.random.usize(0..=days - length);
        self.compiled.whole_weekends(start..start + length)
    }
}
