//! What a path search goes through: the days of a window and the steps that each of them offers.

use super::Cost;
use super::counters::Counters;
use super::forward::Weekday;
use super::groups::{Group, Groups};
use super::steps::Band;
use crate::rostering::person_space::PersonSpace;
use crate::rostering::plan::FREE;
use crate::rostering::window::Window;

/// What the forward pass and the way back both see.
pub(crate) struct Course<'a, T> {
    pub(crate) space: &'a PersonSpace,
    pub(crate) window: Window,
    pub(crate) groups: &'a Groups,
    /// For each day from the window's first to its last the shift that stands there, on the days of the gap.
    pub(crate) settled: &'a [Option<Group>],
    /// The cheapest choice of each group of each day, unreachable if there is none.
    pub(crate) group_costs: &'a [T],
    pub(crate) counters: &'a Counters<T>,
    pub(crate) band: &'a Band,
    pub(crate) scale: i64,
    pub(crate) weekdays: &'a [Weekday],
    /// For each day from the window's first to its last what a weekend that counts there pays.
    pub(crate) weekend_prices: &'a [T],
}

impl<T: Cost> Course<'_, T> {
    /// The groups of shifts that a day offers.
    #[inline]
    pub(crate) fn groups_of(&self, day: usize) -> &[Group] {
        groups_of(self.groups, self.settled, self.window, day)
    }

    /// Whether a day may be free.
    #[inline]
    pub(crate) fn may_be_free(&self, day: usize) -> bool {
        if self.window.is_open(day) {
            self.space.days[day].free
        } else {
            self.settled[day - self.window.start].is_none()
        }
    }

    /// What a shift of a day pays for its weekend: after a worked day, after a free one.
    #[inline]
    pub(crate) fn weekend_prices(&self, day: usize) -> (T, T) {
        let price = self.weekend_prices[day - self.window.start];
        match self.weekday(day) {
            Weekday::Other => (T::ZERO, T::ZERO),
            Weekday::Saturday => (price, price),
            Weekday::Sunday => (T::ZERO, price),
        }
    }

    /// What counters see of a day; those of the gap were counted with all that stands.
    #[inline]
    pub(crate) fn weekday(&self, day: usize) -> Weekday {
        if self.window.is_open(day) { self.weekdays[day] } else { Weekday::Other }
    }
}

/// See [`Course::groups_of`].
#[inline]
pub(crate) fn groups_of<'a>(
    groups: &'a Groups,
    settled: &'a [Option<Group>],
    window: Window,
    day: usize,
) -> &'a [Group] {
    if window.is_open(day) { groups.of_day(day) } else { settled[day - window.start].as_slice() }
}

/// Writes down what stands in the gap of a window. False if the person may not work as it says.
pub(crate) fn settle(
    space: &PersonSpace,
    row: &[u32],
    window: Window,
    settled: &mut Vec<Option<Group>>,
) -> bool {
    settled.clear();
    if window.is_whole() {
        return true;
    }
    for day in window.days() {
        let cell = row[day];
        if window.is_open(day) || cell == FREE {
            settled.push(None);
            continue;
        }
        let (Some(class), Some(pattern)) = (space.class_of(cell), space.pattern_number(cell)) else {
            return false;
        };
        settled.push(Some(Group { class, pattern, units: 0, increment: 0, choices: Vec::new() }));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rostering::Limits;
    use crate::rostering::compiled::Compiled;
    use crate::rostering::control::{Control, NoClock};
    use crate::rostering::person_path::solve::PathFinder;
    use crate::rostering::problem::{Bound, Counted, Force, Limit, Person, Problem, Shift, Succession};

    const DAYS: usize = 9;

    /// One person with runs, sums and weekends to keep; two kinds of shifts, the second not before the first.
    fn one_person(random: &mut fastrand::Rng) -> Problem {
        let force = |random: &mut fastrand::Rng| {
            if random.bool() { Force::Hard } else { Force::Soft(random.i64(1..30)) }
        };
        let bound = |random: &mut fastrand::Rng, values: std::ops::RangeInclusive<i64>| {
            random.bool().then(|| Bound { value: random.i64(values), force: force(random) })
        };
        let mut shifts = Vec::new();
        for day in 0..DAYS {
            for kind in 0..2 {
                let start_minute = day as i64 * 1_440 + [420, 840][kind];
                let worked_minutes = [480, 600][random.usize(0..2)];
                let end_minute = start_minute + worked_minutes;
                shifts.push(Shift {
                    day,
                    kind,
                    start_minute,
                    end_minute,
                    worked_minutes,
                    late_minutes: random.i64(0..=3) * 60 * kind as i64,
                    ..Shift::default()
                });
            }
        }
        let mut limits = Vec::new();
        for (counted, days, most) in [
            (Counted::Minutes, 0..DAYS, 480 * 7),
            (Counted::Minutes, 2..DAYS, 480 * 5),
            (Counted::ClockMinutes, 0..4, 480 * 3),
            (Counted::ClockMinutes, 4..DAYS, 480 * 3),
            (Counted::Kind(0), 0..DAYS, 4),
            (Counted::Weekends, 0..DAYS, 2),
            (Counted::Days, 0..7, 6),
        ] {
            let (least, most) = (bound(random, 0..=most / 2), bound(random, most / 3..=most));
            let continues = days.end == DAYS && random.bool();
            limits.push(Limit { counted, days, continues, already: 0, least, most });
        }
        let person = Person {
            limits,
            longest_work: bound(random, 2..=4),
            shortest_work: bound(random, 1..=3),
            shortest_rest: bound(random, 1..=3),
            days_off: if random.bool() { vec![random.usize(0..DAYS)] } else { Vec::new() },
            ..Person::default()
        };
        let succession = Succession { first: 1, next: 0, free_days: 0, force: force(random) };
        Problem {
            days: DAYS,
            first_weekday: random.usize(0..7),
            kinds: 2,
            shifts,
            people: vec![person],
            successions: vec![succession],
            ..Problem::default()
        }
    }

    /// Hard units broken and cost of every row that differs in the window only, at these prices; the least.
    fn best_of_all(compiled: &Compiled<'_>, row: &[u32], window: Window, prices: &[i64]) -> (i64, i64) {
        let open: Vec<usize> = window.open_days().collect();
        let mut best = (i64::MAX, i64::MAX);
        let mut tried = row.to_vec();
        for number in 0..3_usize.pow(open.len() as u32) {
            let mut rest = number;
            for &day in &open {
                tried[day] = [FREE, 2 * day as u32, 2 * day as u32 + 1][rest % 3];
                rest /= 3;
            }
            best = best.min(worth(compiled, &tried, window, prices));
        }
        best
    }

    fn worth(compiled: &Compiled<'_>, row: &[u32], window: Window, prices: &[i64]) -> (i64, i64) {
        let own = compiled.person_cost(0, row);
        let worked = window.open_days().filter(|&day| row[day] != FREE);
        (own.broken_hard, own.cost + worked.map(|day| prices[row[day] as usize]).sum::<i64>())
    }

    #[test]
    fn no_row_that_keeps_the_gap_is_cheaper_than_the_one_found() {
        let mut searched = 0;
        for seed in 0..600 {
            let mut random = fastrand::Rng::with_seed(seed);
            let problem = one_person(&mut random);
            let control = Control::new(Limits::default(), &NoClock, 1);
            let compiled = Compiled::new(&problem, &control).unwrap();
            let mut finder: PathFinder<i64> = PathFinder::new(1 << 26);
            finder.count_all();
            let mut prices = || -> Vec<i64> { (0..2 * DAYS).map(|_| random.i64(-60..20)).collect() };
            let (first, second) = (prices(), prices());
            let free = vec![FREE; DAYS];
            let whole = Window::from(0..DAYS);
            let request = compiled.request(0, &free, whole, &first);
            if finder.find(&request, &mut random, &|_| false).is_none() {
                continue;
            }
            let row = finder.path.clone();
            let stretch = |start: usize| compiled.whole_weekends(start..start + 2);
            let window = Window::of_two(stretch(random.usize(0..3)), stretch(random.usize(5..8)));
            let request = compiled.request(0, &row, window, &second);
            let found = finder.find(&request, &mut random, &|_| false).unwrap();
            let mut changed = row.clone();
            changed[window.days()].copy_from_slice(&finder.path);
            let best = best_of_all(&compiled, &row, window, &second);
            assert_eq!(worth(&compiled, &changed, window, &second), best, "seed {seed}");
            assert!(found.bound <= found.cost, "seed {seed}");
            assert!((0..DAYS).all(|day| window.is_open(day) || changed[day] == row[day]), "seed {seed}");
            searched += usize::from(!window.is_whole());
        }
        assert!(searched > 200, "only {searched} windows with a gap");
    }

    #[test]
    fn a_week_of_uneven_minutes_is_counted_exactly() {
        for seed in 0..25 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut problem = one_person(&mut random);
            for shift in &mut problem.shifts {
                shift.worked_minutes = [450, 480, 510][random.usize(0..3)];
            }
            let week = |least, most| Limit {
                counted: Counted::Minutes,
                days: 1..8,
                continues: false,
                already: 0,
                least,
                most,
            };
            let soft = |value, weight| Some(Bound { value, force: Force::Soft(weight) });
            problem.people[0] = Person {
                limits: vec![
                    week(None, Some(Bound::hard(random.i64(1_800..2_400)))),
                    week(soft(random.i64(1_200..1_700), 1), soft(random.i64(1_200..1_700), 2)),
                ],
                longest_work: Some(Bound::hard(6)),
                ..Person::default()
            };
            let control = Control::new(Limits::default(), &NoClock, 1);
            let compiled = Compiled::new(&problem, &control).unwrap();
            let mut finder: PathFinder<i64> = PathFinder::new(1 << 26);
            let prices: Vec<i64> = (0..2 * DAYS).map(|_| random.i64(-900..100)).collect();
            let free = vec![FREE; DAYS];
            let whole = Window::from(0..DAYS);
            let request = compiled.request(0, &free, whole, &prices);
            let found = finder.find(&request, &mut random, &|_| false).unwrap();
            assert_eq!(found.bound, found.cost, "seed {seed}");
            let path = finder.path.clone();
            let best = best_of_all(&compiled, &free, whole, &prices);
            assert_eq!(worth(&compiled, &path, whole, &prices), best, "seed {seed}");
        }
    }

    #[test]
    fn what_is_remembered_of_groups_changes_no_path() {
        for seed in 0..100 {
            let mut random = fastrand::Rng::with_seed(seed);
            let problem = one_person(&mut random);
            let control = Control::new(Limits::default(), &NoClock, 1);
            let compiled = Compiled::new(&problem, &control).unwrap();
            let prices: Vec<i64> = (0..2 * DAYS).map(|_| random.i64(-60..20)).collect();
            let free = vec![FREE; DAYS];
            let paths = |forgets: bool| {
                let mut finder: PathFinder<i64> = PathFinder::new(1 << 26);
                let mut random = fastrand::Rng::with_seed(seed);
                let windows = [3..6, 0..DAYS, 4..DAYS];
                windows.map(|days| {
                    if forgets {
                        finder.forget_groups();
                    }
                    let window = Window::from(compiled.whole_weekends(days));
                    let request = compiled.request(0, &free, window, &prices);
                    let found = finder.find(&request, &mut random, &|_| false);
                    found.map(|found| (found.cost, finder.path.clone()))
                })
            };
            assert_eq!(paths(false), paths(true), "seed {seed}");
        }
    }
}
