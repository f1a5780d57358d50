//! Which part of the problem a thread looks at next.

use super::columns::scope::Scope;
use super::compiled::Compiled;
use super::local_search::Searcher;
use super::parts::Part;
use super::person_path::Cost;
use super::random::sample;

/// Rows of a linear program that is solved within a second or so.
const ROWS: usize = 330;
/// Rows of one for few people in a long window.
const LONG_ROWS: usize = 500;
/// Days of the longest window for everybody, as long as scopes have not grown.
const LONGEST_WINDOW_DAYS: f64 = 42.0;
/// People of a scope over the whole horizon.
const PEOPLE: std::ops::RangeInclusive<usize> = 4..=14;
/// By so much scopes grow when they bring nothing any more.
const GROWTH: f64 = 1.4;
/// A scope that takes more of the budget than this is not made any larger.
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
    sweep: Vec<(usize, usize)>,
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
        Self { people, start, end, shifts, sweep: Vec::new(), growth: 1.0, failures: 0, swept: false }
    }

    /// Shifts of the whole part.
    pub(super) fn shifts(&self) -> usize {
        self.shifts
    }

    fn rows(&self) -> usize {
        (ROWS as f64 * self.growth) as usize
    }

    fn days(&self) -> usize {
        self.end - self.start
    }

    /// The next scope; none if there is nobody.
    pub(super) fn next<T: Cost>(&mut self, searcher: &mut Searcher<'_, '_, T>) -> Option<Scope> {
        if self.people.is_empty() || self.days() == 0 {
            return None;
        }
        Some(if self.shifts <= ROWS { self.few_people(searcher) } else { self.window(searcher) })
    }

    /// Hears whether a scope brought anything, and which part of the budget it took.
    pub(super) fn tell(&mut self, better: bool, took: f64) {
        if better {
            self.failures = 0;
            return;
        }
        self.failures += usize::from(self.swept);
        let patience = if self.shifts <= ROWS { PATIENCE } else { 2 * self.days() / 7 };
        if self.failures > patience {
            self.failures = 0;
            if took < MOST_PART {
                self.growth *= GROWTH;
            }
        }
    }

    /// A few people over the whole of the part's days.
    fn few_people<T: Cost>(&mut self, searcher: &mut Searcher<'_, '_, T>) -> Scope {
        let most = (*PEOPLE.end() as f64 * self.growth) as usize;
        let wanted = searcher.random.usize(*PEOPLE.start()..=most);
        self.swept = true;
        Scope { people: self.choose(searcher, wanted), start: self.start, end: self.end }
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
    fn window<T: Cost>(&mut self, searcher: &mut Searcher<'_, '_, T>) -> Scope {
        let per_day = (self.shifts / self.days()).max(1);
        let full = self.rows().saturating_sub(self.people.len()) / per_day / 7 * 7;
        let full = full.clamp(7, (LONGEST_WINDOW_DAYS * self.growth) as usize / 7 * 7);
        self.swept = searcher.random.usize(0..4) > 0;
        let (start, end, wanted) = if self.swept {
            if self.sweep.is_empty() {
                self.plan_sweep(searcher, full);
            }
            let (start, end) = self.sweep.pop().unwrap_or((self.start, self.end));
            (start, end, self.people.len())
        } else {
            let longest = (LONG_ROWS.max(self.rows()) / per_day / 7).min(self.days() / 7).max(2);
            let length = searcher.random.usize(2..=longest) * 7;
            let (start, end) = searcher.window(length..=length);
            (start, end, searcher.random.usize(3..=8))
        };
        let (start, end) = searcher.compiled.whole_weekends(start, end);
        Scope { people: self.choose(searcher, wanted), start: start.max(self.start), end: end.min(self.end) }
    }

    /// Windows of so many days, one after the other, in random order.
    fn plan_sweep<T: Cost>(&mut self, searcher: &mut Searcher<'_, '_, T>, full: usize) {
        let offset = searcher.random.usize(0..full.max(8) / 7) * 7;
        let mut start = self.start;
        let mut end = self.start + if offset == 0 { full } else { offset };
        while start < self.end {
            self.sweep.push((start, end.min(self.end)));
            start = end;
            end += full;
        }
        searcher.random.shuffle(&mut self.sweep);
    }
}
