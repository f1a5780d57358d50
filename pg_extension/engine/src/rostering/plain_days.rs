//! First days for people whose horizon is too long for an exact search among all shifts.
//!
//! Whether somebody has days that keep all rules hardly ever depends on which of many kinds they work. So first come the
//! days, of kinds that can stand for each other: they need neither classes nor fractions of minutes to be told apart, which
//! keeps their table small. Then come the shifts on these days: runs and weekends are settled, so that nothing but minutes
//! and the last shift is left to remember.

use super::compiled::Compiled;
use super::incumbent::Incumbent;
use super::local_search::Searcher;
use super::periods::Period;
use super::person_path::Cost;
use super::person_path::relaxed::table_bytes;
use super::person_path::request::Request;
use super::person_path::solve::PathFinder;
use super::person_space::PersonSpace;
use super::plan::FREE;
use super::problem::{Bound, Counted};
use super::window::Window;

/// Tables up to this size are searched for all shifts at once.
const MOST_TABLE_BYTES: usize = 8 << 20;
/// Tables of plain days are no larger than this.
const MOST_PLAIN_BYTES: usize = 128 << 20;
/// Kinds that offer this part of the days that the best offer are good enough.
const ENOUGH: f64 = 0.8;
/// Parts of the least minutes that plain days come to where all of it cannot be had from shifts of one length: longer
/// shifts make up for the rest.
const PARTS_OF_LEAST: [f64; 3] = [0.9, 0.75, 0.5];

/// Whether an exact search over all days of the person is too much for one of very many.
pub(super) fn has_many_days(space: &PersonSpace) -> bool {
    table_bytes(space) > MOST_TABLE_BYTES
}

/// Gives people plain days, one after the other. Those without any keep the ones they have.
pub(super) fn give_plain_days<T: Cost>(
    searcher: &mut Searcher<'_, '_, T>,
    incumbent: &mut Incumbent,
    people: &[usize],
) {
    let compiled = searcher.compiled;
    let window = Window::from(0..compiled.days());
    let memory_bytes = searcher.finder.memory_bytes().min(MOST_PLAIN_BYTES);
    let mut finders = Finders { days: PathFinder::new(memory_bytes), shifts: PathFinder::new(memory_bytes) };
    finders.days.count_all();
    for &person in people {
        if searcher.pulse.ask(searcher.control, 0) {
            return;
        }
        incumbent.withdraw(compiled, person, window);
        searcher.price(incumbent, person, window, 0);
        let row = incumbent.plan.row(person);
        let path = finders.plain_days(searcher, person, row).unwrap_or_else(|| row.to_vec());
        incumbent.replace(compiled, person, 0, &path);
    }
}

/// What plain days are found with.
struct Finders<T> {
    days: PathFinder<T>,
    shifts: PathFinder<T>,
}

impl<T: Cost> Finders<T> {
    /// Days that keep all rules, with shifts that suit demand; none if none were found.
    fn plain_days(
        &mut self,
        searcher: &mut Searcher<'_, '_, T>,
        person: usize,
        row: &[u32],
    ) -> Option<Vec<u32>> {
        let compiled = searcher.compiled;
        let kinds = plain_kinds(compiled, person, &mut searcher.random)?;
        let mut space = compiled.space_of_kinds(person, &kinds);
        if let Some(plain) = find(&mut self.days, searcher, person, &space, row) {
            return self.shifts_on(searcher, person, &plain).or(Some(plain));
        }
        // The shifts that come later keep the limits of kinds.
        space.axes.retain(|axis| !matches!(axis.counted, Counted::Kind(_)));
        let least = space.minutes.as_ref().and_then(Period::hard_least)?;
        PARTS_OF_LEAST.into_iter().find_map(|part| {
            if let Some(minutes) = &mut space.minutes {
                minutes.least = vec![Bound::hard((least as f64 * part) as i64)];
            }
            let plain = find(&mut self.days, searcher, person, &space, row)?;
            self.shifts_on(searcher, person, &plain)
        })
    }

    /// The cheapest shifts on the days that a row works; none if none were found.
    fn shifts_on(
        &mut self,
        searcher: &mut Searcher<'_, '_, T>,
        person: usize,
        row: &[u32],
    ) -> Option<Vec<u32>> {
        let mut space = searcher.compiled.spaces[person].clone();
        for (day, &cell) in space.days.iter_mut().zip(row) {
            if cell == FREE {
                day.choices.clear();
            } else {
                day.free = false;
            }
        }
        // They are what the row says.
        space.axes.retain(|axis| !matches!(axis.counted, Counted::Weekends | Counted::Days));
        find(&mut self.shifts, searcher, person, &space, row)
    }
}

fn find<T: Cost>(
    finder: &mut PathFinder<T>,
    searcher: &mut Searcher<'_, '_, T>,
    person: usize,
    space: &PersonSpace,
    row: &[u32],
) -> Option<Vec<u32>> {
    let compiled = searcher.compiled;
    let request = compiled.request(person, row, 0..compiled.days(), &searcher.prices);
    let request = Request { space, ..request };
    finder.forget();
    searcher.control.step();
    let (pulse, control) = (&searcher.pulse, searcher.control);
    finder.find(&request, &mut searcher.random, &|operations| pulse.beat(control, operations))?;
    Some(finder.path.clone())
}

/// Kinds that can stand for each other wherever the person may work them: a random one of those sets that offer the most
/// days.
fn plain_kinds(compiled: &Compiled<'_>, person: usize, random: &mut fastrand::Rng) -> Option<Vec<bool>> {
    let space = &compiled.spaces[person];
    let sets = (0..compiled.problem.kinds).filter_map(|kind| {
        let alike = alike(space, kind, compiled.problem.kinds)?;
        let offered = (0..alike.len()).filter(|&kind| alike[kind]).map(|kind| offered(space, kind)).sum();
        Some((offered, alike))
    });
    let sets: Vec<(i64, Vec<bool>)> = sets.collect();
    let most = sets.iter().map(|set| set.0).max()?;
    let good: Vec<&Vec<bool>> =
        sets.iter().filter(|set| set.0 as f64 >= ENOUGH * most as f64).map(|set| &set.1).collect();
    random.choice(good).cloned()
}

/// Kinds that differ from a kind in nothing but their price, on any day that has both; none if the person may not work the
/// kind on two days in a row.
fn alike(space: &PersonSpace, kind: usize, kinds: usize) -> Option<Vec<bool>> {
    let mut met = vec![false; kinds];
    let mut differs = vec![false; kinds];
    let mut before: Option<usize> = None;
    let mut follows = false;
    for day in &space.days {
        let Some(choice) = day.choices.iter().find(|choice| choice.kind == kind) else {
            before = None;
            continue;
        };
        if let Some(class) = before {
            follows |= day.patterns[choice.pattern].next_day().get(class).is_some_and(Option::is_some);
        }
        before = Some(choice.class);
        let key = (choice.class, choice.pattern, choice.worked_minutes, choice.late_minutes);
        for other in &day.choices {
            met[other.kind] = true;
            differs[other.kind] |=
                key != (other.class, other.pattern, other.worked_minutes, other.late_minutes);
        }
    }
    follows.then(|| (0..kinds).map(|other| met[other] && !differs[other]).collect())
}

/// How many days of a kind the person could work at most.
fn offered(space: &PersonSpace, kind: usize) -> i64 {
    let days =
        space.days.iter().filter(|day| day.choices.iter().any(|choice| choice.kind == kind)).count() as i64;
    let axes = space.axes.iter().filter(|axis| axis.counted == Counted::Kind(kind));
    let limits =
        axes.flat_map(|axis| &axis.periods).filter_map(|period| Some(period.hard_most()? - period.already));
    limits.min().map_or(days, |limit| limit.clamp(0, days))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::rostering::control::{Control, NoClock};
    use crate::rostering::parts::Part;
    use crate::rostering::plan::Plan;
    use crate::rostering::problem::{Limit, Person, Problem, Shift, Succession};
    use crate::rostering::{Force, Limits};

    const DAYS: usize = 56;
    const KINDS: usize = 6;

    /// Early, day and late shifts of two lengths each, narrow contracts, every other weekend free, few of some kinds.
    fn long_ward() -> Problem {
        let shifts = (0..DAYS * KINDS)
            .map(|number| {
                let (day, kind) = (number / KINDS, number % KINDS);
                let start_minute = day as i64 * 1_440 + [360, 360, 600, 600, 840, 840][kind];
                let worked_minutes = if kind % 2 == 0 { 480 } else { 600 };
                let end_minute = start_minute + worked_minutes;
                Shift {
                    day,
                    kind,
                    start_minute,
                    end_minute,
                    worked_minutes,
                    required: 1,
                    short_weight: 100,
                    surplus_weight: 1,
                    ..Shift::default()
                }
            })
            .collect();
        let limit = |counted, least: Option<i64>, most| Limit {
            counted,
            days: 0..DAYS,
            continues: false,
            already: 0,
            least: least.map(Bound::hard),
            most: Some(Bound::hard(most)),
        };
        let person = |most_weekends, least_minutes| Person {
            limits: vec![
                limit(Counted::Minutes, Some(least_minutes), least_minutes + 480),
                limit(Counted::Weekends, None, most_weekends),
                limit(Counted::Kind(0), None, 7),
                limit(Counted::Kind(4), None, 7),
            ],
            longest_work: Some(Bound::hard(5)),
            shortest_work: Some(Bound::hard(2)),
            shortest_rest: Some(Bound::hard(2)),
            days_off: vec![9, 10, 11, 30],
            ..Person::default()
        };
        let backwards =
            [(2, 0), (2, 1), (3, 0), (3, 1), (4, 0), (4, 1), (4, 2), (4, 3), (5, 0), (5, 1), (5, 2), (5, 3)];
        let backwards =
            backwards.map(|(first, next)| Succession { first, next, free_days: 0, force: Force::Hard });
        Problem {
            days: DAYS,
            kinds: KINDS,
            shifts,
            // The third needs long shifts; the last cannot keep all rules.
            people: vec![
                person(4, 16_320),
                person(5, 16_320),
                person(5, 18_960),
                Person { days_off: (0..30).collect(), ..person(4, 16_320) },
            ],
            successions: backwards.to_vec(),
            ..Problem::default()
        }
    }

    #[test]
    fn plain_days_keep_every_rule_and_fill_heads_of_all_kinds() {
        let problem = long_ward();
        for seed in 0..8 {
            let control = Control::new(Limits { seed, ..Limits::default() }, &NoClock, 1);
            let compiled = Compiled::new(&problem, &control).unwrap();
            let part = Part::whole(&problem);
            let mut searcher: Searcher<'_, '_, i32> = Searcher::new(&compiled, &control, &part, seed);
            let mut roster = Incumbent::new(&compiled, Plan::free(compiled.people(), DAYS));
            give_plain_days(&mut searcher, &mut roster, &[0, 1, 2, 3]);
            for person in 0..3 {
                assert!(roster.is_whole(person), "seed {seed}, person {person}");
                let kinds = roster.plan.row(person).iter().filter(|cell| **cell != FREE);
                let kinds: HashSet<usize> = kinds.map(|&cell| cell as usize % KINDS / 2).collect();
                assert!(kinds.len() > 1, "seed {seed}, person {person}: {kinds:?}");
            }
            assert!(!roster.is_whole(3));
            assert!(roster.plan.row(3).iter().all(|&cell| cell == FREE));
        }
    }
}
