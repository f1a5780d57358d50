//! First days for people whose horizon is too long for an exact search among all shifts.
//!
//! Whether somebody has days that keep all rules hardly ever depends on which of many kinds they work. Kinds that can stand
//! for each other need neither classes nor fractions of minutes to be told apart, so their table is small. What these days
//! cost matters little: all of them are changed later.

use std::collections::HashMap;

use super::compiled::Compiled;
use super::incumbent::Incumbent;
use super::local_search::Searcher;
use super::person_path::Cost;
use super::person_path::relaxed::table_bytes;
use super::person_path::request::Request;
use super::person_path::solve::PathFinder;
use super::person_space::PersonSpace;
use super::problem::Counted;
use super::window::Window;

/// Tables up to this size are searched for all shifts at once.
const MOST_TABLE_BYTES: usize = 8 << 20;
/// Tables of plain days are no larger than this.
const MOST_PLAIN_BYTES: usize = 128 << 20;
/// The sets of kinds that are tried, small tables first.
const ATTEMPTS: [Kinds; 4] =
    [Kinds::OfOneLength, Kinds::Alike, Kinds::OneOfEachLength, Kinds::OneOfEachLength];
/// Kinds that offer this part of the days that the best offer are good enough.
const ENOUGH: f64 = 0.8;

/// Which kinds plain days are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kinds {
    /// Kinds that differ in nothing but their price.
    OfOneLength,
    /// The same, perhaps of several lengths: for contracts that one length cannot meet.
    Alike,
    /// For each length one kind, whatever may follow it.
    OneOfEachLength,
}

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
    let mut finder: PathFinder<T> = PathFinder::new(searcher.finder.memory_bytes().min(MOST_PLAIN_BYTES));
    finder.count_all();
    for &person in people {
        if searcher.pulse.ask(searcher.control, 0) {
            return;
        }
        incumbent.withdraw(compiled, person, window);
        searcher.price(incumbent, person, window, 0);
        let path = ATTEMPTS
            .into_iter()
            .find_map(|kinds| plain_days(searcher, &mut finder, incumbent, person, kinds));
        let path = path.unwrap_or_else(|| incumbent.plan.row(person).to_vec());
        incumbent.replace(compiled, person, 0, &path);
    }
}

fn plain_days<T: Cost>(
    searcher: &mut Searcher<'_, '_, T>,
    finder: &mut PathFinder<T>,
    incumbent: &Incumbent,
    person: usize,
    kinds: Kinds,
) -> Option<Vec<u32>> {
    let compiled = searcher.compiled;
    let kinds = match kinds {
        Kinds::OneOfEachLength => one_of_each_length(compiled, person, &mut searcher.random),
        Kinds::OfOneLength => plain_kinds(compiled, person, false, &mut searcher.random)?,
        Kinds::Alike => plain_kinds(compiled, person, true, &mut searcher.random)?,
    };
    let space = compiled.space_of_kinds(person, &kinds);
    let row = incumbent.plan.row(person);
    let request = compiled.request(person, row, 0..compiled.days(), &searcher.prices);
    let request = Request { space: &space, ..request };
    finder.forget();
    searcher.control.step();
    let (pulse, control) = (&searcher.pulse, searcher.control);
    finder.find(&request, &mut searcher.random, &|operations| pulse.beat(control, operations))?;
    Some(finder.path.clone())
}

/// Kinds that can stand for each other wherever the person may work them: a random one of those sets that offer the most
/// days.
fn plain_kinds(
    compiled: &Compiled<'_>,
    person: usize,
    any_length: bool,
    random: &mut fastrand::Rng,
) -> Option<Vec<bool>> {
    let space = &compiled.spaces[person];
    let sets = (0..compiled.problem.kinds).filter_map(|kind| {
        let alike = alike(space, kind, compiled.problem.kinds, any_length)?;
        let offered = (0..alike.len()).filter(|&kind| alike[kind]).map(|kind| offered(space, kind)).sum();
        Some((offered, alike))
    });
    let sets: Vec<(i64, Vec<bool>)> = sets.collect();
    let most = sets.iter().map(|set| set.0).max()?;
    let good: Vec<&Vec<bool>> =
        sets.iter().filter(|set| set.0 as f64 >= ENOUGH * most as f64).map(|set| &set.1).collect();
    random.choice(good).cloned()
}

/// For each length of shift a kind that offers many days, at random.
fn one_of_each_length(compiled: &Compiled<'_>, person: usize, random: &mut fastrand::Rng) -> Vec<bool> {
    let space = &compiled.spaces[person];
    let mut best: HashMap<i64, (f64, usize)> = HashMap::new();
    for kind in 0..compiled.problem.kinds {
        let mut choices = space.days.iter().flat_map(|day| &day.choices);
        let Some(choice) = choices.find(|choice| choice.kind == kind) else { continue };
        let worth = offered(space, kind) as f64 * (ENOUGH + (1.0 - ENOUGH) * random.f64());
        let known = best.entry(choice.worked_minutes).or_insert((worth, kind));
        if worth > known.0 {
            *known = (worth, kind);
        }
    }
    let mut kinds = vec![false; compiled.problem.kinds];
    for (_, kind) in best.into_values() {
        kinds[kind] = true;
    }
    kinds
}

/// Kinds that differ from a kind in nothing but their price, and perhaps length, on any day that has both; none if the
/// person may not work the kind on two days in a row.
fn alike(space: &PersonSpace, kind: usize, kinds: usize, any_length: bool) -> Option<Vec<bool>> {
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
        let key = (choice.class, choice.pattern);
        for other in &day.choices {
            met[other.kind] = true;
            let same_length = any_length || choice.worked_minutes == other.worked_minutes;
            differs[other.kind] |= key != (other.class, other.pattern) || !same_length;
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
    use super::*;
    use crate::rostering::control::{Control, NoClock};
    use crate::rostering::parts::Part;
    use crate::rostering::plan::Plan;
    use crate::rostering::problem::{Bound, Limit, Person, Problem, Shift, Succession};
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
            already: 0,
            least: least.map(Bound::hard),
            most: Some(Bound::hard(most)),
        };
        let person = |most_weekends| Person {
            limits: vec![
                limit(Counted::Minutes, Some(16_320), 16_800),
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
            // The last of them cannot keep all rules.
            people: vec![
                person(4),
                person(5),
                person(4),
                Person { days_off: (0..30).collect(), ..person(4) },
            ],
            successions: backwards.to_vec(),
            ..Problem::default()
        }
    }

    #[test]
    fn plain_days_keep_every_rule_and_are_of_kinds_that_stand_for_each_other() {
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
                let kinds = roster.plan.row(person).iter().filter(|cell| **cell != crate::rostering::FREE);
                let kinds: Vec<usize> = kinds.map(|&cell| cell as usize % KINDS).collect();
                assert!(kinds.iter().all(|&kind| kind / 2 == kinds[0] / 2), "seed {seed}: {kinds:?}");
            }
            assert!(!roster.is_whole(3));
            assert!(roster.plan.row(3).iter().all(|&cell| cell == crate::rostering::FREE));
        }
    }
}
