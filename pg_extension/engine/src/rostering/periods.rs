//! Sums over days: limits and fair shares, as the path search counts them.

use std::ops::Range;

use super::problem::{Bound, Counted, Limit, Person, Problem};

/// A sum over some days with everything that is asked of it.
#[derive(Debug, Clone)]
pub(super) struct Period {
    pub(super) days: Range<usize>,
    pub(super) already: i64,
    pub(super) least: Option<Bound>,
    pub(super) most: Option<Bound>,
    pub(super) fair: Option<Fair>,
}

/// A fair share of a sum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fair {
    target: i64,
    unit: i64,
    weight: i64,
}

impl Period {
    fn of(limit: &Limit) -> Self {
        let Limit { days, already, least, most, .. } = limit.clone();
        Self { days, already, least, most, fair: None }
    }

    /// Cost of a sum of which so much is given; none if a hard bound forbids what was added to that. What is given and
    /// too much already is nobody's choice and costs nothing here.
    pub(super) fn cost(&self, given: i64, sum: i64) -> Option<i64> {
        let mut cost = self.fair_cost(sum);
        if let Some(most) = self.most {
            let added = (sum - most.value).max(0) - (given - most.value).max(0);
            if added > 0 {
                cost += most.force.weight()? * added;
            }
        }
        if let Some(least) = self.least.filter(|least| sum < least.value) {
            cost += least.force.weight()? * (least.value - sum);
        }
        Some(cost)
    }

    /// What the distance from the fair share costs.
    pub(super) fn fair_cost(&self, sum: i64) -> i64 {
        self.fair.map_or(0, |fair| {
            let distance = (sum - self.already - fair.target).abs() / fair.unit.max(1);
            fair.weight * distance * distance
        })
    }

    /// Whether a sum that does not suit is too large, not too small.
    pub(super) fn is_above(&self, sum: i64) -> bool {
        let fair = self.fair.is_some_and(|fair| sum - self.already > fair.target);
        let least = self.least.is_some_and(|least| sum < least.value);
        self.most.is_some_and(|most| sum > most.value) || (fair && !least)
    }
}

/// Sums of the same thing whose periods do not overlap, so that one counter serves them all.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) counted: Counted,
    /// In the order of their days.
    pub(super) periods: Vec<Period>,
}

/// Splits the sums into the one of minutes over the whole horizon and the others, merged where they can share a
/// counter. Limits that bind nobody are left out.
pub(super) fn axes_of(problem: &Problem, number: usize, person: &Person) -> (Option<Period>, Vec<Axis>) {
    let mut minutes: Option<Period> = None;
    let mut axes: Vec<Axis> = Vec::new();
    for limit in &person.limits {
        if is_innermost(limit.counted, &limit.days, problem) && minutes.is_none() {
            minutes = Some(Period::of(limit));
        } else if can_bind(limit) {
            add_period(&mut axes, limit.counted, Period::of(limit));
        }
    }
    for fairness in problem.fairness.iter().filter(|fairness| fairness.weight > 0) {
        let Some(share) = fairness.shares.iter().find(|share| share.person == number) else { continue };
        let fair = Some(Fair { target: share.target, unit: fairness.unit, weight: fairness.weight });
        let fresh = Period { days: fairness.days.clone(), already: 0, least: None, most: None, fair };
        if is_innermost(fairness.counted, &fairness.days, problem)
            && minutes.as_ref().is_none_or(|minutes| minutes.fair.is_none())
        {
            minutes.get_or_insert(Period { fair: None, ..fresh }).fair = fair;
        } else if !fairness.days.is_empty() {
            add_fairness(&mut axes, fairness.counted, fresh);
        }
    }
    (minutes, axes)
}

fn is_innermost(counted: Counted, days: &Range<usize>, problem: &Problem) -> bool {
    counted == Counted::Minutes && *days == (0..problem.days)
}

/// Puts a share on a limit of the same days if there is one: one counter serves both.
fn add_fairness(axes: &mut Vec<Axis>, counted: Counted, fresh: Period) {
    let same = axes
        .iter_mut()
        .filter(|axis| axis.counted == counted)
        .flat_map(|axis| &mut axis.periods)
        .find(|period| period.days == fresh.days && period.fair.is_none());
    match same {
        Some(period) => period.fair = fresh.fair,
        None => add_period(axes, counted, fresh),
    }
}

fn add_period(axes: &mut Vec<Axis>, counted: Counted, fresh: Period) {
    let apart = |period: &Period| period.days.end <= fresh.days.start || fresh.days.end <= period.days.start;
    match axes.iter_mut().find(|axis| axis.counted == counted && axis.periods.iter().all(apart)) {
        Some(axis) => {
            axis.periods.push(fresh);
            axis.periods.sort_by_key(|period| period.days.start);
        }
        None => axes.push(Axis { counted, periods: vec![fresh] }),
    }
}

/// Whether any days could break the limit, or one over no days at all, which is broken or kept whatever they do.
fn can_bind(limit: &Limit) -> bool {
    if limit.days.is_empty() {
        return false;
    }
    let at_most = match limit.counted {
        Counted::Minutes => i64::MAX,
        Counted::Days | Counted::Kind(_) => limit.days.len() as i64,
        Counted::Weekends => limit.days.len() as i64 / 7 + 2,
    };
    limit.least.is_some_and(|least| least.value > limit.already)
        || limit.most.is_some_and(|most| at_most > most.value.saturating_sub(limit.already))
}
