//! What keeps each group of people off a shift that is short of heads, and what relaxing it would give.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::EngineError;
use crate::rostering::compiled::Compiled;
use crate::rostering::control::{Control, Limits, Pulse, Watch};
use crate::rostering::evaluation::{Evaluation, Judge, RuleName, heads, pairings_cost};
use crate::rostering::incumbent::Incumbent;
use crate::rostering::levels::Flattened;
use crate::rostering::person_path::solve::PathFinder;
use crate::rostering::plan::Plan;
use crate::rostering::problem::{Level, Problem};

/// A change of cost, level by level. Below zero is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Difference {
    /// Change of medium cost, which outweighs all soft cost.
    pub medium: i64,
    /// Change of soft cost.
    pub soft: i64,
}

/// What keeps a group of people off a shift that is short of heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The hard rules that putting any of them there would break, all else as it stands; none if only cost speaks
    /// against it.
    pub rules: Vec<RuleName>,
    /// The people.
    pub people: Vec<usize>,
    /// What the whole roster's cost would change by with these rules relaxed: one of them, the cheapest, put there, all
    /// else as it stands. Below zero, relaxing pays.
    pub cheapest: Difference,
    /// What it would change by if one of them took the shift and the rest of their own days were arranged anew with
    /// all rules kept; none if nobody of the group can.
    pub rearranged: Option<Difference>,
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

/// All shifts that are short of heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenHeads {
    /// One entry per shift, in their order.
    pub heads: Vec<OpenHead>,
    /// Whether all of them are there: false if the watch wanted to stop.
    pub complete: bool,
}

/// Explains every shift of a roster that is short of heads.
///
/// # Errors
///
/// What [`Problem::check`] and [`Plan::check`] refuse.
pub fn open_heads(problem: &Problem, plan: &Plan, watch: &dyn Watch) -> Result<OpenHeads, EngineError> {
    problem.check()?;
    plan.check(problem)?;
    let flat = Flattened::of(problem);
    // Neither a gap nor a target ends an explanation: only the watch does.
    let control = Control::new(Limits { time_ms: None, ..Limits::default() }, watch, flat.factor);
    let compiled = Compiled::new(&flat.problem, &control)?;
    let mut reader = Reader {
        problem,
        judge: Judge::new(problem),
        plan,
        present: heads(problem, plan),
        incumbent: Incumbent::new(&compiled, plan.clone()),
        compiled: &compiled,
        control: &control,
        pulse: Pulse::default(),
        finder: PathFinder::new(control.limits.memory_bytes / 2),
        prices: vec![0; problem.shifts.len()],
        random: fastrand::Rng::with_seed(1),
    };
    let mut open = OpenHeads { heads: Vec::new(), complete: true };
    for (number, shift) in problem.shifts.iter().enumerate() {
        let missing = shift.required.saturating_sub(reader.present[number]);
        if missing == 0 {
            continue;
        }
        let Some(obstacles) = reader.obstacles(number) else {
            open.complete = false;
            break;
        };
        open.heads.push(OpenHead { shift: number, missing, obstacles });
    }
    Ok(open)
}

struct Reader<'a> {
    problem: &'a Problem,
    judge: Judge<'a>,
    plan: &'a Plan,
    present: Vec<u32>,
    incumbent: Incumbent,
    compiled: &'a Compiled<'a>,
    control: &'a Control<'a>,
    pulse: Pulse,
    finder: PathFinder<i64>,
    prices: Vec<i64>,
    random: fastrand::Rng,
}

impl Reader<'_> {
    /// The groups of people who are not on the shift; none if it is time to stop.
    fn obstacles(&mut self, shift: usize) -> Option<Vec<Obstacle>> {
        let day = self.problem.shifts[shift].day;
        let mut groups: BTreeMap<Vec<RuleName>, Obstacle> = BTreeMap::new();
        for person in 0..self.problem.people.len() {
            if self.pulse.ask(self.control, 0) {
                return None;
            }
            let row = self.plan.row(person);
            if row[day] as usize == shift {
                continue;
            }
            let mut changed = row.to_vec();
            changed[day] = shift as u32;
            let rules = self.newly_broken(person, &changed);
            let change = self.difference(person, &changed);
            let rearranged = self.rearranged(person, shift);
            let group = groups.entry(rules).or_insert_with_key(|rules| Obstacle {
                rules: rules.clone(),
                people: Vec::new(),
                cheapest: change,
                rearranged: None,
            });
            group.people.push(person);
            group.cheapest = group.cheapest.min(change);
            group.rearranged = match (group.rearranged, rearranged) {
                (Some(known), Some(new)) => Some(known.min(new)),
                (known, new) => known.or(new),
            };
        }
        let mut obstacles: Vec<Obstacle> = groups.into_values().collect();
        obstacles.sort_by_key(|obstacle| std::cmp::Reverse(obstacle.people.len()));
        Some(obstacles)
    }

    /// Hard rules that a row breaks by more than the person's own does.
    fn newly_broken(&self, person: usize, changed: &[u32]) -> Vec<RuleName> {
        let broken = |row: &[u32]| {
            let mut units: BTreeMap<RuleName, i64> = BTreeMap::new();
            self.judge.person(person, row, &mut |finding| {
                if finding.level == Level::Hard {
                    *units.entry(finding.rule).or_default() += finding.units;
                }
            });
            units
        };
        let before = broken(self.plan.row(person));
        let after = broken(changed);
        let more = |(rule, units): (RuleName, i64)| {
            (units > before.get(&rule).copied().unwrap_or(0)).then_some(rule)
        };
        after.into_iter().filter_map(more).collect::<BTreeSet<RuleName>>().into_iter().collect()
    }

    /// What the whole roster's cost changes by if one person has these days.
    fn difference(&self, person: usize, changed: &[u32]) -> Difference {
        let own = |row: &[u32]| self.judge.cost(person, row);
        let row = self.plan.row(person);
        let (before, after) = (own(row), own(changed));
        let mut sum = Difference { medium: after.medium - before.medium, soft: after.cost - before.cost };
        for (&old, &new) in row.iter().zip(changed).filter(|(old, new)| old != new) {
            for (shift, step) in [(old, -1), (new, 1)] {
                let Some(&present) = self.present.get(shift as usize) else { continue };
                let cost = |heads: i64| self.demand(shift as usize, heads);
                let (before, after) = (cost(i64::from(present)), cost(i64::from(present) + step));
                sum.medium += after.medium - before.medium;
                sum.soft += after.cost - before.cost;
            }
        }
        if !self.problem.pairings.is_empty() {
            let mut plan = self.plan.clone();
            plan.row_mut(person).copy_from_slice(changed);
            sum.soft += pairings_cost(self.problem, &plan) - pairings_cost(self.problem, self.plan);
        }
        sum
    }

    fn demand(&self, shift: usize, heads: i64) -> Evaluation {
        let shift = &self.problem.shifts[shift];
        let missing = i64::from(shift.required) - heads;
        let mut sum = Evaluation::default();
        if missing <= 0 {
            sum.cost = -missing * shift.surplus_weight;
        } else if shift.short_level == Level::Medium {
            sum.medium = missing * shift.short_weight;
        } else {
            sum.cost = missing * shift.short_weight;
        }
        sum
    }

    /// The best that one person's other days allow if they take the shift and keep all rules.
    fn rearranged(&mut self, person: usize, shift: usize) -> Option<Difference> {
        let compiled = self.compiled;
        let day = self.problem.shifts[shift].day;
        let may =
            compiled.spaces[person].days[day].choices.iter().any(|choice| choice.shift as usize == shift);
        if !may {
            return None;
        }
        let days = compiled.days();
        self.incumbent.withdraw(compiled, person, 0..days);
        for number in 0..self.prices.len() {
            self.prices[number] = self.incumbent.marginal(compiled, number);
        }
        // The shift is worth more than everything else together.
        self.prices[shift] -= 2 * compiled.largest_row_cost();
        let row = self.plan.row(person).to_vec();
        self.incumbent.replace(compiled, person, 0, &row);
        let request = compiled.request(person, &row, 0..days, &self.prices);
        let (pulse, control) = (&self.pulse, self.control);
        self.finder.find(&request, &mut self.random, &|operations| pulse.beat(control, operations))?;
        let path = std::mem::take(&mut self.finder.path);
        let found = (path[day] as usize == shift).then(|| self.difference(person, &path));
        self.finder.path = path;
        found
    }
}
