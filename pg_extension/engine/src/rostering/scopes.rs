//! Which part of the problem a thread looks at next.

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
/// By so much scopes grow or shrink at once. They also grow, beyond the sizes above, when they bring nothing any more.
const GROWTH: f64 = 1.4;
/// Scopes that take less of the budget than this grow, up to the sizes above.
const LEAST_PART: f64 = 0.01;
/// Scopes that take more of the budget than this shrink.
const MOST_PART: f64 = 0.08;
/// Failures in a row after which scopes over the whole horizon grow.
const PATIENCE: usize = 60;

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
    growth: f64,
    failures: usize,
    /// Whether the last scope was one of a sweep, which is where growth is decided.
    swept: bool,
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
            growth: FIRST_SIZE,
            failures: 0,
            swept: false,
        }
    }

    /// Shifts of the whole part.
    pub(super) fn shifts(&self) -> usize {
        self.shifts
    }

    fn rows(&self) -> usize {
        (ROWS as f64 * self.growth) as usize
    }

    /// Rows for few people in a long window.
    fn long_rows(&self) -> usize {
        ((LONG_ROWS as f64 * self.growth.min(1.0)) as usize).max(self.rows())
    }

    fn days(&self) -> usize {
        self.end - self.start
    }

    /// The next scope; none if there is nobody.
    pub(super) fn next<T: Cost>(
        &mut self,
        searcher: &mut Searcher<'_, '_, T>,
        incumbent: &Incumbent,
    ) -> Option<Scope> {
        if self.people.is_empty() || self.days() == 0 {
            return None;
        }
        Some(if self.is_small() { self.few_people(searcher) } else { self.window(searcher, incumbent) })
    }

    /// Hears whether a scope brought anything, and which part of the budget it took.
    pub(super) fn tell(&mut self, better: bool, took: f64) {
        if took > MOST_PART {
            self.growth = (self.growth / GROWTH).max(FIRST_SIZE);
        } else if self.swept && took < LEAST_PART && self.growth < 1.0 {
            self.growth = (self.growth * GROWTH).min(1.0);
        }
        if better {
            self.failures = 0;
            return;
        }
        self.failures += usize::from(self.swept);
        let patience = if self.is_small() { PATIENCE } else { 2 * self.days() / 7 };
        if self.failures > patience {
            self.failures = 0;
            if took < MOST_PART {
                self.growth *= GROWTH;
            }
        }
    }

    /// Whether a linear program can hold the shifts of all days.
    fn is_small(&self) -> bool {
        self.shifts <= self.rows()
    }

    /// A few people over the whole of the part's days.
    fn few_people<T: Cost>(&mut self, searcher: &mut Searcher<'_, '_, T>) -> Scope {
        let most = ((*PEOPLE.end() as f64 * self.growth) as usize).max(*PEOPLE.start());
        let wanted = searcher.random.usize(*PEOPLE.start()..=most);
        self.swept = true;
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

    /// Everybody, window after window until all days were seen; between them few people in long windows.
    fn window<T: Cost>(&mut self, searcher: &mut Searcher<'_, '_, T>, incumbent: &Incumbent) -> Scope {
        let per_day = (self.shifts / self.days()).max(1);
        self.swept = searcher.random.usize(0..4) > 0;
        if self.swept {
            if self.sweep.is_empty() {
                self.plan_sweep(searcher, incumbent, per_day);
            }
            let whole = Window::from(self.start..self.end);
            let window = self.sweep.pop().unwrap_or(whole);
            return Scope { people: self.people.clone(), window };
        }
        let longest = (self.long_rows() / per_day / 7).min(self.days() / 7).max(2);
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

    /// Whether the days are many windows of this length.
    fn is_long(&self, length: usize) -> bool {
        length >= 14 && self.days() >= 3 * length
    }

    /// Windows that together are all days, in random order. On a long horizon every other sweep is of windows with a
    /// gap, so that what is scarce moves from where there is enough to where it is missing.
    fn plan_sweep<T: Cost>(
        &mut self,
        searcher: &mut Searcher<'_, '_, T>,
        incumbent: &Incumbent,
        per_day: usize,
    ) {
        let full = self.rows().saturating_sub(self.people.len()) / per_day / 7 * 7;
        let full = full.clamp(7, (LONGEST_WINDOW_DAYS * self.growth) as usize / 7 * 7);
        self.in_two = !self.in_two && self.is_long(full);
        let length = if self.in_two { full / 14 * 7 } else { full };
        let offset = searcher.random.usize(0..length.max(8) / 7) * 7;
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
