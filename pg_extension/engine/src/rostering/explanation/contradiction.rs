//! Hard rules of one person that cannot all be kept.

use crate::error::EngineError;
use crate::rostering::compiled::Compiled;
use crate::rostering::control::{Control, Limits, Pulse, Watch};
use crate::rostering::person_path::solve::PathFinder;
use crate::rostering::plan::FREE;
use crate::rostering::problem::{Bound, Force, Problem};

/// Memory of one path search here: these are single calls.
const MEMORY_BYTES: usize = 256 << 20;

/// A part of the hard rules for a person that can be taken away to see whether the rest can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HardRule {
    /// A limit of theirs, by its number.
    Limit(usize),
    /// The longest run of work.
    LongestWork,
    /// The shortest run of work.
    ShortestWork,
    /// The shortest run of rest.
    ShortestRest,
    /// The rotation.
    Rotation,
    /// A fixed day, by its number.
    Fixed(usize),
    /// The days off.
    DaysOff,
    /// The spans in which they are unavailable.
    Unavailable,
    /// A succession, by its number in the problem.
    Succession(usize),
    /// The minimum rest between two shifts.
    MinimumRest,
    /// The minimum rest around a free day.
    MinimumDayOff,
}

/// For everybody who has no days that keep all hard rules: rules that cannot all be kept. Ends early, with those found
/// so far, if the watch wants to stop.
///
/// # Errors
///
/// What [`Problem::check`] refuses.
pub fn contradictions(
    problem: &Problem,
    watch: &dyn Watch,
) -> Result<Vec<(usize, Vec<HardRule>)>, EngineError> {
    let mut found = Vec::new();
    problem.check()?;
    for person in 0..problem.people.len() {
        if watch.cancelled() {
            break;
        }
        found.extend(contradiction(problem, person, watch)?.map(|rules| (person, rules)));
    }
    Ok(found)
}

/// Finds hard rules for one person that cannot all be kept, such that leaving out any of them makes the rest possible.
/// Nothing if the person has days that keep all rules, or if the watch wants to stop.
///
/// Only the rules of one person can contradict: demand may always be left short. The set is found by the deletion
/// filter (Chinneck and Dravnieks 1991), with the path search as the judge.
///
/// # Errors
///
/// What [`Problem::check`] refuses.
pub fn contradiction(
    problem: &Problem,
    person: usize,
    watch: &dyn Watch,
) -> Result<Option<Vec<HardRule>>, EngineError> {
    let person = problem.people.get(person).ok_or(EngineError::RosterReference {
        argument: "person",
        given: person,
        count: problem.people.len(),
    })?;
    let alone = Problem {
        people: vec![person.clone()],
        pairings: Vec::new(),
        fairness: Vec::new(),
        ..problem.clone()
    };
    let mut rules = hard_rules(&alone);
    if is_possible(&alone, watch)? {
        return Ok(None);
    }
    // Successions are many and seldom to blame: all at once first.
    let fewer: Vec<HardRule> =
        rules.iter().copied().filter(|rule| !matches!(rule, HardRule::Succession(_))).collect();
    if !is_possible(&only(&alone, &fewer), watch)? {
        rules = fewer;
    }
    let mut number = 0;
    while number < rules.len() {
        if watch.cancelled() {
            return Ok(None);
        }
        let mut fewer = rules.clone();
        fewer.remove(number);
        if is_possible(&only(&alone, &fewer), watch)? {
            number += 1;
        } else {
            rules = fewer;
        }
    }
    Ok(Some(rules))
}

fn is_hard(bound: Option<Bound>) -> bool {
    bound.is_some_and(|bound| bound.force == Force::Hard)
}

fn hard_rules(alone: &Problem) -> Vec<HardRule> {
    let person = &alone.people[0];
    let mut rules: Vec<HardRule> = Vec::new();
    for (number, limit) in person.limits.iter().enumerate() {
        if is_hard(limit.least) || is_hard(limit.most) {
            rules.push(HardRule::Limit(number));
        }
    }
    let bounds = [
        (person.longest_work, HardRule::LongestWork),
        (person.shortest_work, HardRule::ShortestWork),
        (person.shortest_rest, HardRule::ShortestRest),
        (alone.minimum_rest, HardRule::MinimumRest),
        (alone.minimum_day_off, HardRule::MinimumDayOff),
    ];
    rules.extend(bounds.iter().filter(|(bound, _)| is_hard(*bound)).map(|bound| bound.1));
    if person.rotation.as_ref().is_some_and(|rotation| rotation.force == Force::Hard) {
        rules.push(HardRule::Rotation);
    }
    rules.extend((0..person.fixed.len()).map(HardRule::Fixed));
    if !person.days_off.is_empty() {
        rules.push(HardRule::DaysOff);
    }
    if !person.unavailable.is_empty() {
        rules.push(HardRule::Unavailable);
    }
    let hard = alone.successions.iter().enumerate().filter(|(_, rule)| rule.force == Force::Hard);
    rules.extend(hard.map(|(number, _)| HardRule::Succession(number)));
    rules
}

/// The problem with only these of its hard rules.
fn only(alone: &Problem, rules: &[HardRule]) -> Problem {
    let mut fewer = alone.clone();
    let keeps = |rule: HardRule| rules.contains(&rule);
    let keep_bound = |bound: &mut Option<Bound>, rule: HardRule| {
        if is_hard(*bound) && !keeps(rule) {
            *bound = None;
        }
    };
    keep_bound(&mut fewer.minimum_rest, HardRule::MinimumRest);
    keep_bound(&mut fewer.minimum_day_off, HardRule::MinimumDayOff);
    let mut number = 0;
    fewer.successions.retain(|rule| {
        number += 1;
        rule.force != Force::Hard || keeps(HardRule::Succession(number - 1))
    });
    let person = &mut fewer.people[0];
    keep_bound(&mut person.longest_work, HardRule::LongestWork);
    keep_bound(&mut person.shortest_work, HardRule::ShortestWork);
    keep_bound(&mut person.shortest_rest, HardRule::ShortestRest);
    if !keeps(HardRule::Rotation) {
        person.rotation = None;
    }
    let mut number = 0;
    person.limits.retain(|_| {
        number += 1;
        keeps(HardRule::Limit(number - 1))
    });
    let mut number = 0;
    person.fixed.retain(|_| {
        number += 1;
        keeps(HardRule::Fixed(number - 1))
    });
    if !keeps(HardRule::DaysOff) {
        person.days_off.clear();
    }
    if !keeps(HardRule::Unavailable) {
        person.unavailable.clear();
    }
    fewer
}

/// Whether the one person has any days that keep all hard rules. True if the watch wants to stop: nothing is claimed.
fn is_possible(alone: &Problem, watch: &dyn Watch) -> Result<bool, EngineError> {
    let limits = Limits { time_ms: None, memory_bytes: MEMORY_BYTES, ..Limits::default() };
    let control = Control::new(limits, watch, 1);
    let pulse = Pulse::default();
    let compiled = Compiled::new(alone, &control)?;
    let row = vec![FREE; alone.days];
    let prices = vec![0_i64; alone.shifts.len()];
    let request = compiled.request(0, &row, 0..alone.days, &prices);
    let mut random = fastrand::Rng::with_seed(1);
    let mut finder: PathFinder<i64> = PathFinder::new(MEMORY_BYTES);
    finder.count_all();
    let found = finder.find(&request, &mut random, &|operations| pulse.beat(&control, operations));
    Ok(found.is_some() || pulse.ask(&control, 0))
}
