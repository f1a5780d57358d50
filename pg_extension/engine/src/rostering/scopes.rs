//! Which part of the problem a thread looks at next.

use std::ops::Range;

use super::columns::scope::Scope;
use super::compiled::Compiled;
use super::incumbent::Incumbent;
use super::local_search::Searcher;
use super::parts::Part;
use super::person_path::Cost;
use super::random::sample;
use super::window::Window;

/// Rows of a linear program that is solved within a second or so.
const ROWS: usize = 330;
/// Rows of one for few people in a long window.
const LONG_ROWS: usize = 500;
/// Days of the longest window for everybody, as long as scopes have not grown.
const LONGEST_WINDOW_DAYS: f64 = 42.0;
/// People of a scope over the whole horizon.
const PEOPLE: std::ops::RangeInclusive<usize> = 4..=14;
/// Size of the first scopes, as a part of the sizes above: how long one takes is only known afterwards.
const FIRST_SIZE: f64 = 0.25;
/// By so much scopes grow or shrink. They also grow, beyond the sizes above, when they bring nothing any more.
const GROWTH: f64 = 1.4;
/// Scopes that take less of the budget than this grow, up to the sizes above.
const LEAST_PART: f64 = 0.01;
/// Scopes that take more of the budget than this shrink.
const MOST_PART: f64 = 0.08;
/// Windows that nobody can better any more grow even if a longer one takes this part of the rest.
const LAST_PART: f64 = 0.3;
/// Failures in a row after which scopes of few people grow.
const PATIENCE: usize = 60;
/// Sweeps that are planned in search of a window that was not tried yet.
const MOST_PLANS: usize = 16;
/// Scopes of few people that tell what one of their size takes.
const FEW_TRIALS: usize = 4;
/// Sweeps without success after which windows for everybody grow.
const SWEEPS: usize = 1;
/// What a failure leaves of the time that a way of cutting is given beside the other; a success gives it back.
const FADING: f64 = 0.85;
/// The least of it, as a part of what it was to begin with.
const LEAST_WEIGHT: f64 = 0.25;
/// What few people in long windows get of the time of everybody in short ones, to begin with.
const LONG_WEIGHT: f64 = 0.33;

/// A way of cutting scopes: how it went so far.
#[derive(Debug)]
struct Way {
    /// Size of its scopes, as a part of the sizes above.
    growth: f64,
    /// Failures in a row.
    failures: usize,
    /// Part of the budget that it took.
    spent: f64,
    /// How much of the time it is given beside the other way.
    weight: f64,
    /// The least of that.
    least_weight: f64,
    /// Scopes of the present size so far.
    tried: usize,
    /// The largest part of the budget that one of them took.
    dearest: f64,
}

impl Way {
    fn new(weight: f64) -> Self {
        let least_weight = weight * LEAST_WEIGHT;
        Self { growth: FIRST_SIZE, failures: 0, spent: 0.0, weight, least_weight, tried: 0, dearest: 0.0 }
    }

    /// Its scopes fit the budget, and it gets more of the time the more it brings. So many of a size tell what one
    /// takes: many bring nothing, which is known soon.
    fn tell(&mut self, better: bool, took: f64, enough: usize) {
        self.spent += took;
        self.tried += 1;
        self.dearest = self.dearest.max(took);
        if took > MOST_PART {
            self.resize((self.growth / GROWTH).max(FIRST_SIZE));
        } else if self.tried >= enough && self.dearest < LEAST_PART && self.growth < 1.0 {
            self.resize((self.growth * GROWTH).min(1.0));
        }
        if better {
            self.failures = 0;
            self.weight = (self.weight / FADING).min(1.0);
        } else {
            self.failures += 1;
            self.weight = (self.weight * FADING).max(self.least_weight);
        }
    }

    fn resize(&mut self, growth: f64) {
        (self.growth, self.tried, self.dearest) = (growth, 0, 0.0);
    }
}

/// One thread's choice of scopes.
pub(super) struct Scopes {
    /// Those whose days a linear program can hold.
    people: Vec<usize>,
    start: usize,
    end: usize,
    shifts: usize,
    sweep: Vec<Window>,
    /// Whether the windows of the sweep have gaps.
    in_two: bool,
    /// Everybody in a window.
    everybody: Way,
    /// A few people in a long window or over all days.
    few: Way,
    /// Which of the two ways the last scope was cut.
    was_few: bool,
}

impl Scopes {
    pub(super) fn new(compiled: &Compiled<'_>, part: &Part) -> Self {
        let shifts = compiled.by_day[part.days.clone()].iter().map(Vec::len).sum();
        let people = part.people.iter().copied().filter(|&person| !compiled.is_softened(person)).collect();
        let (start, end) = (part.days.start, part.days.end);
        Self {
            people,
            start,
            end,
            shifts,
            sweep: Vec::new(),
            in_two: true,
            everybody: Way::new(1.0),
            few: Way::new(LONG_WEIGHT),
            was_few: false,
        }
    }

    /// Shifts of the whole part.
    pub(super) fn shifts(&self) -> usize {
        self.shifts
    }

    /// Rows for few people in a long window.
    fn long_rows(&self) -> usize {
        let rows = LONG_ROWS as f64 * self.few.growth.min(1.0);
        rows.max(ROWS as f64 * self.few.growth) as usize
    }

    fn days(&self) -> usize {
        self.end - self.start
    }

    /// The next scope; none if there is nobody. Windows of everybody are noted among those that were tried, and not tried
    /// again.
    pub(super) fn next<T: Cost>(
        &mut self,
        searcher: &mut Searcher<'_, '_, T>,
        incumbent: &Incumbent,
        tried: &mut Vec<Window>,
    ) -> Option<Scope> {
        if self.people.is_empty() || self.days() == 0 {
            return None;
        }
        let small = self.is_small();
        // A window for everybody that is all days is no part of the whole.
        let only_few = small && self.window_days() >= self.days();
        self.was_few =
            only_few || self.few.spent / self.few.weight < self.everybody.spent / self.everybody.weight;
        if !self.was_few {
            if let Some(window) = self.untried(searcher, incumbent, tried) {
                tried.push(window);
                return Some(Scope { people: self.people.clone(), window });
            }
            self.was_few = true;
        }
        Some(if small { self.few_on_all_days(searcher) } else { self.few_in_a_window(searcher) })
    }

    /// Hears whether a scope brought anything, and which part of the budget it took.
    pub(super) fn tell(&mut self, better: bool, budget: Range<f64>) {
        let took = budget.end - budget.start;
        if self.was_few {
            self.few.tell(better, took, FEW_TRIALS);
            if self.few.failures > PATIENCE {
                self.few.failures = 0;
                self.few.resize(self.few.growth * GROWTH);
            }
            return;
        }
        let sweep = self.days() / self.window_days().max(1);
        self.everybody.tell(better, took, sweep);
        if self.everybody.failures > SWEEPS * sweep && self.has_time_for_more(1.0 - budget.end) {
            self.lengthen_windows();
        }
    }

    /// Whether windows one week longer will fit what is left of the budget: what they take grows with the third power of
    /// their rows.
    fn has_time_for_more(&self, left: f64) -> bool {
        let days = self.window_days();
        let longer = (days + 7) as f64 / days.max(1) as f64;
        self.everybody.dearest * longer.powi(3) < LAST_PART * left
    }

    /// Windows are whole weeks: on to the next length.
    fn lengthen_windows(&mut self) {
        let days = self.window_days();
        let mut growth = self.everybody.growth;
        while self.window_days() == days && days < self.most_window_days() {
            growth *= GROWTH;
            self.everybody.growth = growth;
        }
        self.everybody.resize(growth);
        self.everybody.failures = 0;
        self.sweep.clear();
    }

    /// Whether a linear program can hold the shifts of all days.
    fn is_small(&self) -> bool {
        self.shifts <= (ROWS as f64 * self.few.growth) as usize
    }

    /// A few people over the whole of the part's days.
    fn few_on_all_days<T: Cost>(&self, searcher: &mut Searcher<'_, '_, T>) -> Scope {
        let most = ((*PEOPLE.end() as f64 * self.few.growth) as usize).max(*PEOPLE.start());
        let wanted = searcher.random.usize(*PEOPLE.start()..=most);
        let window = Window::from(self.start..self.end);
        Scope { people: self.choose(searcher, wanted), window }
    }

    fn choose<T: Cost>(&self, searcher: &mut Searcher<'_, '_, T>, wanted: usize) -> Vec<usize> {
        let mut people: Vec<usize> = if wanted >= self.people.len() {
            self.people.clone()
        } else {
            let chosen = sample(&mut searcher.random, self.people.len(), wanted);
            chosen.into_iter().map(|number| self.people[number]).collect()
        };
        people.sort_unstable();
        people
    }

    /// A window for everybody, one after the other until all days were seen; none if all that come up were tried.
    fn untried<T: Cost>(
        &mut self,
        searcher: &mut Searcher<'_, '_, T>,
        incumbent: &Incumbent,
        tried: &[Window],
    ) -> Option<Window> {
        for _ in 0..MOST_PLANS {
            while let Some(window) = self.sweep.pop() {
                if !tried.contains(&window) {
                    return Some(window);
                }
            }
            self.plan_sweep(searcher, incumbent);
        }
        None
    }

    /// A few people in a long window, or in two stretches far apart.
    fn few_in_a_window<T: Cost>(&self, searcher: &mut Searcher<'_, '_, T>) -> Scope {
        let longest = (self.long_rows() / self.shifts_per_day() / 7).min(self.days() / 7).max(2);
        let length = searcher.random.usize(2..=longest) * 7;
        let window = if self.is_long(length) && searcher.random.bool() {
            let half = length / 14 * 7;
            let (one, other) = (searcher.stretch(half..=half), searcher.stretch(half..=half));
            Window::of_two(one, other)
        } else {
            searcher.stretch(length..=length).into()
        };
        let wanted = searcher.random.usize(3..=8);
        Scope { people: self.choose(searcher, wanted), window }
    }

    fn shifts_per_day(&self) -> usize {
        (self.shifts / self.days().max(1)).max(1)
    }

    /// Days of a window for everybody: as many weeks as a linear program of the present size holds.
    fn window_days(&self) -> usize {
        let growth = self.everybody.growth;
        let rows = (ROWS as f64 * growth) as usize;
        let held = rows.saturating_sub(self.people.len()) / self.shifts_per_day() / 7 * 7;
        held.clamp(7, ((LONGEST_WINDOW_DAYS * growth) as usize / 7 * 7).max(7))
    }

    /// Days of the longest window for everybody.
    fn most_window_days(&self) -> usize {
        (self.days() / 7 * 7).max(7)
    }

    /// Whether the days are many windows of this length.
    fn is_long(&self, length: usize) -> bool {
        length >= 14 && self.days() >= 3 * length
    }

    /// Windows that together are all days, in random order. On a long horizon every other sweep is of windows with a
    /// gap, so that what is scarce moves from where there is enough to where it is missing.
    fn plan_sweep<T: Cost>(&mut self, searcher: &mut Searcher<'_, '_, T>, incumbent: &Incumbent) {
        let full = self.window_days();
        self.in_two = !self.in_two && self.is_long(full);
        let length = if self.in_two { full / 14 * 7 } else { full };
        // Every other sweep cuts the weeks, too, so that what one holds fast another sets free.
        let offset = searcher.random.usize(0..length);
        let offset = if searcher.random.bool() { offset } else { offset / 7 * 7 };
        let mut stretches = Vec::new();
        let mut start = self.start;
        let mut end = self.start + if offset == 0 { length } else { offset };
        while start < self.end {
            let whole = searcher.compiled.whole_weekends(start..end.min(self.end));
            stretches.push(whole.start.max(self.start)..whole.end.min(self.end));
            start = end;
            end += length;
        }
        searcher.random.shuffle(&mut stretches);
        if !self.in_two {
            self.sweep = stretches.into_iter().map(Window::from).collect();
            return;
        }
        if searcher.random.bool() {
            // The stretch where most is missing with the one where least is.
            stretches
                .sort_by_cached_key(|stretch| incumbent.missing_cost(searcher.compiled, stretch.clone()));
        }
        let (first, second) = stretches.split_at(stretches.len() / 2);
        let pairs = second.iter().rev().zip(first.iter().map(Some).chain(std::iter::once(None)));
        self.sweep =
            pairs.map(|(one, other)| Window::of_two(one.clone(), other.unwrap_or(one).clone())).collect();
        searcher.random.shuffle(&mut self.sweep);
    }
}
