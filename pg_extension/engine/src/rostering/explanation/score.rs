//! What a roster's cost is made of: by rule, by person, and how evenly burdens are shared.

use std::collections::BTreeMap;

use crate::rostering::evaluation::{Evaluation, Finding, RuleName, evaluate};
use crate::rostering::plan::{FREE, Plan};
use crate::rostering::problem::{Level, Problem};

/// Every breach of every rule, the gravest level first, and the dearest first within a level.
#[must_use]
pub fn violations(problem: &Problem, plan: &Plan) -> Vec<Finding> {
    let mut findings = Vec::new();
    evaluate(problem, plan, &mut |finding| findings.push(finding));
    findings.sort_by_key(|finding| (finding.level, std::cmp::Reverse(finding.cost.unwrap_or(finding.units))));
    findings
}

/// What one rule, or one person, comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// Units by which hard rules are broken.
    pub broken_hard: i64,
    /// Cost at the medium level.
    pub medium: i64,
    /// Cost at the soft level.
    pub cost: i64,
    /// Units by which rules of any level are broken.
    pub units: i64,
}

impl Sum {
    fn add(&mut self, finding: &Finding) {
        let cost = finding.cost.unwrap_or(0);
        match finding.level {
            Level::Hard => self.broken_hard += finding.units,
            Level::Medium => self.medium += cost,
            Level::Soft => self.cost += cost,
        }
        self.units += finding.units;
    }
}

/// How evenly something is shared.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spread {
    /// The least that anybody has.
    pub least: i64,
    /// The most that anybody has.
    pub most: i64,
    /// The mean.
    pub mean: f64,
    /// The standard deviation of all of them.
    pub standard_deviation: f64,
}

impl Spread {
    /// The spread of what people have; zeros for nobody.
    #[must_use]
    pub fn of(values: &[i64]) -> Self {
        let (Some(&least), Some(&most)) = (values.iter().min(), values.iter().max()) else {
            return Self::default();
        };
        let count = values.len() as f64;
        let mean = values.iter().sum::<i64>() as f64 / count;
        let squares: f64 = values.iter().map(|&value| (value as f64 - mean).powi(2)).sum();
        Self { least, most, mean, standard_deviation: (squares / count).sqrt() }
    }
}

/// A roster's cost, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Score {
    /// The whole.
    pub evaluation: Evaluation,
    /// What every rule that is broken comes to.
    pub by_rule: BTreeMap<RuleName, Sum>,
    /// What each person's own rules and wishes come to.
    pub by_person: Vec<Sum>,
    /// Minutes worked by each person.
    pub minutes: Vec<i64>,
    /// Days worked by each person.
    pub days: Vec<i64>,
    /// Weekends worked by each person.
    pub weekends: Vec<i64>,
    /// Shifts of each kind worked by each person: `kinds[kind][person]`.
    pub kinds: Vec<Vec<i64>>,
    /// Wishes of each person that were granted, and all they have.
    pub wishes: Vec<(i64, i64)>,
}

/// Takes a roster's cost apart.
#[must_use]
pub fn score(problem: &Problem, plan: &Plan) -> Score {
    let people = problem.people.len();
    let mut score = Score {
        by_person: vec![Sum::default(); people],
        minutes: vec![0; people],
        days: vec![0; people],
        weekends: vec![0; people],
        kinds: vec![vec![0; people]; problem.kinds],
        wishes: problem.people.iter().map(|person| (0, person.wishes.len() as i64)).collect(),
        ..Score::default()
    };
    let mut by_rule: BTreeMap<RuleName, Sum> = BTreeMap::new();
    let by_person = &mut score.by_person;
    score.evaluation = evaluate(problem, plan, &mut |finding| {
        by_rule.entry(finding.rule).or_default().add(&finding);
        if let Some(person) = finding.person {
            by_person[person].add(&finding);
        }
    });
    score.by_rule = by_rule;
    for (person, day, shift) in plan.worked() {
        let worked = &problem.shifts[shift];
        score.minutes[person] += worked.worked_minutes;
        score.days[person] += 1;
        score.kinds[worked.kind][person] += 1;
        let saturday_worked = day > 0 && plan.row(person)[day - 1] != FREE;
        if problem.is_saturday(day) || (problem.is_sunday(day) && !saturday_worked) {
            score.weekends[person] += 1;
        }
    }
    for (number, person) in problem.people.iter().enumerate() {
        let granted = person.wishes.iter().filter(|wish| {
            let row = plan.row(number);
            let works = |&shift: &usize| row[problem.shifts[shift].day] as usize == shift;
            wish.shifts.iter().any(works) == wish.work
        });
        score.wishes[number].0 = granted.count() as i64;
    }
    score
}
