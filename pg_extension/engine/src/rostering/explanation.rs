//! Why heads stayed open, and which rules of a person contradict each other.

use std::collections::BTreeMap;

use super::compiled::Compiled;
use super::evaluation::{Evaluation, Finding, RuleName, evaluate, evaluate_person, heads, person_cost};
use super::person_path::solve::{PathFinder, Request};
use super::plan::{FREE, Plan};
use super::problem::{Force, Person, Problem};
use super::pruning::excluded_by;

/// Memory of one path search here: these are single calls.
const MEMORY_BYTES: usize = 256 << 20;

/// What keeps a group of people off a shift that is short of heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The rule that putting them there would break; none if only cost speaks against it.
    pub rule: Option<RuleName>,
    /// The people.
    pub people: Vec<usize>,
    /// What the whole roster's cost would change by if one of them, the cheapest, were put there as things stand, rule
    /// or no rule. Below zero, relaxing the rule pays.
    pub cheapest: i64,
}

/// A shift that is short of heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenHead {
    /// The shift.
    pub shift: usize,
    /// Heads missing.
    pub missing: u32,
    /// What speaks against each group of people, the largest group first.
    pub obstacles: Vec<Obstacle>,
}

/// Explains every shift of a roster that is short of heads.
#[must_use]
pub fn open_heads(problem: &Problem, plan: &Plan) -> Vec<OpenHead> {
    let present = heads(problem, plan);
    let mut open = Vec::new();
    for (number, shift) in problem.shifts.iter().enumerate() {
        let missing = shift.required.saturating_sub(present[number]);
        if missing == 0 {
            continue;
        }
        let mut groups: BTreeMap<Option<RuleName>, Obstacle> = BTreeMap::new();
        for person in 0..problem.people.len() {
            let Some((rule, change)) = obstacle(problem, plan, &present, person, number) else { continue };
            let group = groups.entry(rule).or_insert_with(|| Obstacle {
                rule,
                people: Vec::new(),
                cheapest: i64::MAX,
            });
            group.people.push(person);
            group.cheapest = group.cheapest.min(change);
        }
        let mut obstacles: Vec<Obstacle> = groups.into_values().collect();
        obstacles.sort_by_key(|obstacle| std::cmp::Reverse(obstacle.people.len()));
        open.push(OpenHead { shift: number, missing, obstacles });
    }
    open
}

/// The rule that one person would break on the shift, and the change of cost; nothing if they are on it already.
fn obstacle(
    problem: &Problem,
    plan: &Plan,
    present: &[u32],
    person: usize,
    number: usize,
) -> Option<(Option<RuleName>, i64)> {
    let shift = &problem.shifts[number];
    let row = plan.row(person);
    let left = row[shift.day];
    if left as usize == number {
        return None;
    }
    let mut changed = row.to_vec();
    changed[shift.day] = number as u32;
    let before = person_cost(problem, person, row);
    let mut after = Evaluation::default();
    let mut broken = None;
    evaluate_person(problem, person, &changed, &mut |finding: Finding| {
        if finding.cost.is_none() && broken.is_none() {
            broken = Some(finding.rule);
        }
        after.cost += finding.cost.unwrap_or(0);
    });
    let mut change = after.cost - before.cost - shift.short_weight;
    if left != FREE {
        let other = &problem.shifts[left as usize];
        let stays_filled = present[left as usize] > other.required;
        change += if stays_filled { -other.surplus_weight } else { other.short_weight };
    }
    let rule = excluded_by(problem, person, number).or(broken);
    Some((rule, change))
}

/// A part of a person's hard rules that can be taken away to see whether the rest can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HardRule {
    /// A limit, by its number.
    Limit(usize),
    /// The longest run of work.
    LongestWork,
    /// The shortest run of work.
    ShortestWork,
    /// The shortest run of rest.
    ShortestRest,
    /// A fixed day, by its number.
    Fixed(usize),
    /// The days off.
    DaysOff,
    /// The spans in which they are unavailable.
    Unavailable,
}

/// Finds hard rules of one person that cannot all be kept, such that leaving out any of them makes the rest possible.
/// Nothing if the person has days that keep all rules. Rules about successions and rest hold for everybody and stay.
///
/// Only a person's own rules can contradict: demand may always be left short. The set is found by the deletion filter
/// (Chinneck and Dravnieks 1991), with the path search as the judge.
#[must_use]
pub fn contradiction(problem: &Problem, person: usize) -> Option<Vec<HardRule>> {
    if is_possible(problem, person, &problem.people[person]) {
        return None;
    }
    let mut rules = hard_rules(&problem.people[person]);
    let mut number = 0;
    while number < rules.len() {
        let mut fewer = rules.clone();
        fewer.remove(number);
        if is_possible(problem, person, &only(&problem.people[person], &fewer)) {
            number += 1;
        } else {
            rules = fewer;
        }
    }
    Some(rules)
}

fn hard_rules(person: &Person) -> Vec<HardRule> {
    let is_hard = |force: Force| force == Force::Hard;
    let mut rules: Vec<HardRule> = Vec::new();
    for (number, limit) in person.limits.iter().enumerate() {
        if [limit.least, limit.most].into_iter().flatten().any(|bound| is_hard(bound.force)) {
            rules.push(HardRule::Limit(number));
        }
    }
    let runs = [
        (person.longest_work, HardRule::LongestWork),
        (person.shortest_work, HardRule::ShortestWork),
        (person.shortest_rest, HardRule::ShortestRest),
    ];
    rules.extend(
        runs.iter().filter(|(bound, _)| bound.is_some_and(|bound| is_hard(bound.force))).map(|run| run.1),
    );
    rules.extend((0..person.fixed.len()).map(HardRule::Fixed));
    if !person.days_off.is_empty() {
        rules.push(HardRule::DaysOff);
    }
    if !person.unavailable.is_empty() {
        rules.push(HardRule::Unavailable);
    }
    rules
}

/// The person with only these of their hard rules.
fn only(person: &Person, rules: &[HardRule]) -> Person {
    let mut fewer = person.clone();
    let keeps = |rule: HardRule| rules.contains(&rule);
    let mut number = 0;
    fewer.limits.retain(|_| {
        number += 1;
        keeps(HardRule::Limit(number - 1))
    });
    let mut number = 0;
    fewer.fixed.retain(|_| {
        number += 1;
        keeps(HardRule::Fixed(number - 1))
    });
    if !keeps(HardRule::LongestWork) {
        fewer.longest_work = None;
    }
    if !keeps(HardRule::ShortestWork) {
        fewer.shortest_work = None;
    }
    if !keeps(HardRule::ShortestRest) {
        fewer.shortest_rest = None;
    }
    if !keeps(HardRule::DaysOff) {
        fewer.days_off.clear();
    }
    if !keeps(HardRule::Unavailable) {
        fewer.unavailable.clear();
    }
    fewer
}

/// Whether the person has any days that keep all hard rules.
fn is_possible(problem: &Problem, number: usize, person: &Person) -> bool {
    let alone = Problem { people: vec![person.clone()], pairings: Vec::new(), ..problem.clone() };
    let compiled = Compiled::new(&alone);
    let row = vec![FREE; alone.days];
    let prices = vec![0_i64; alone.shifts.len()];
    let request = Request {
        problem: &alone,
        space: &compiled.spaces[0],
        person: 0,
        row: &row,
        start: 0,
        end: alone.days,
        prices: &prices,
        scale: 1,
        weekdays: &compiled.weekdays,
    };
    let mut random = fastrand::Rng::with_seed(number as u64);
    let mut finder: PathFinder<i64> = PathFinder::new(MEMORY_BYTES);
    finder.most_width = usize::MAX;
    finder.find(&request, &mut random).is_some()
}

/// What each rule costs in a roster, and what each person's rules and wishes cost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Score {
    /// Units and cost of every rule that is broken; a hard rule costs nothing and counts.
    pub by_rule: BTreeMap<RuleName, (i64, i64)>,
    /// Cost of each person's own rules and wishes.
    pub by_person: Vec<i64>,
    /// Minutes worked by each person.
    pub minutes: Vec<i64>,
    /// Weekends worked by each person.
    pub weekends: Vec<i64>,
}

/// Takes a roster's cost apart.
#[must_use]
pub fn score(problem: &Problem, plan: &Plan) -> Score {
    let people = problem.people.len();
    let mut score = Score {
        by_person: vec![0; people],
        minutes: vec![0; people],
        weekends: vec![0; people],
        ..Score::default()
    };
    evaluate(problem, plan, &mut |finding| {
        let sum = score.by_rule.entry(finding.rule).or_default();
        sum.0 += finding.units;
        sum.1 += finding.cost.unwrap_or(0);
        if let Some(person) = finding.person {
            score.by_person[person] += finding.cost.unwrap_or(0);
        }
    });
    for (person, day, shift) in plan.worked() {
        score.minutes[person] += problem.shifts[shift].worked_minutes;
        let saturday_worked = day > 0 && plan.row(person)[day - 1] != FREE;
        if problem.is_saturday(day) || (problem.is_sunday(day) && !saturday_worked) {
            score.weekends[person] += 1;
        }
    }
    score
}
