//! Sums over days: limits and fair shares, as the path search counts them.

use std::ops::Range;

use super::problem::{Bound, Counted, Force, Limit, Person, Problem, Shift};

/// A sum over some days with everything that is asked of it.
#[derive(Debug, Clone)]
pub(super) struct Period {
    pub(super) days: Range<usize>,
    /// Whether it goes on after the horizon.
    continues: bool,
    pub(super) already: i64,
    /// Hard and soft bounds alike: one counter serves them all.
    pub(super) least: Vec<Bound>,
    pub(super) most: Vec<Bound>,
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
        let Limit { days, continues, already, least, most, .. } = limit.clone();
        Self {
            days,
            continues,
            already,
            least: least.into_iter().collect(),
            most: most.into_iter().collect(),
            fair: None,
        }
    }

    /// Takes up what another limit asks of the same sum, which may be given in another amount there.
    fn join(&mut self, other: Self) {
        let moved = self.already - other.already;
        let at_par = |bound: Bound| Bound { value: bound.value + moved, ..bound };
        self.least.extend(other.least.into_iter().map(at_par));
        self.most.extend(other.most.into_iter().map(at_par));
    }

    /// The largest sum that hard bounds allow.
    pub(super) fn hard_most(&self) -> Option<i64> {
        hard(&self.most).min()
    }

    /// The smallest sum that hard bounds allow.
    pub(super) fn hard_least(&self) -> Option<i64> {
        hard(&self.least).max()
    }

    /// Cost of a sum of which so much is given; none if a hard bound forbids what was added to that. What is given and
    /// too much already is nobody's choice and costs nothing here.
    pub(super) fn cost(&self, given: i64, sum: i64) -> Option<i64> {
        let mut cost = self.fair_cost(sum);
        cost += self.added_cost(given, sum)?;
        cost += self.missing_cost(sum)?;
        Some(cost)
    }

    /// What a sum costs more than a smaller one for being too large; none if a hard bound forbids it.
    pub(super) fn added_cost(&self, from: i64, to: i64) -> Option<i64> {
        let mut cost = 0;
        for most in &self.most {
            let added = (to - most.value).max(0) - (from - most.value).max(0);
            if added > 0 {
                cost += most.force.weight()? * added;
            }
        }
        Some(cost)
    }

    /// What a sum costs for being too small; none if a hard bound forbids it.
    pub(super) fn missing_cost(&self, sum: i64) -> Option<i64> {
        let mut cost = 0;
        for least in self.least.iter().filter(|least| sum < least.value) {
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
        let least = self.least.iter().any(|least| sum < least.value);
        self.most.iter().any(|most| sum > most.value) || (fair && !least)
    }

    /// Whether a sum is where a bound or a share begins to matter.
    pub(super) fn is_reached(&self, sum: i64) -> bool {
        self.fair.is_some()
            || self.most.iter().any(|most| sum >= most.value)
            || self.least.iter().any(|least| sum <= least.value)
    }
}

/// Values of the hard ones among bounds.
fn hard(bounds: &[Bound]) -> impl Iterator<Item = i64> + '_ {
    bounds.iter().filter(|bound| bound.force == Force::Hard).map(|bound| bound.value)
}

/// Sums of the same thing whose periods do not overlap, so that one counter serves them all.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) counted: Counted,
    /// In the order of their days.
    pub(super) periods: Vec<Period>,
}

/// What of a shift sums add up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    pub(super) kind: usize,
    pub(super) worked_minutes: i64,
    pub(super) late_minutes: i64,
}

impl From<&Shift> for Work {
    fn from(shift: &Shift) -> Self {
        let Shift { kind, worked_minutes, late_minutes, .. } = *shift;
        Self { kind, worked_minutes, late_minutes }
    }
}

impl Axis {
    /// The days whose shifts can add to a period: by the clock, those of the day before it, too.
    pub(super) fn adding_days(&self, period: &Period) -> Range<usize> {
        let earlier = usize::from(self.counted == Counted::ClockMinutes);
        period.days.start.saturating_sub(earlier)..period.days.end
    }

    /// What a shift of a day adds to the period of that day, and to the one that begins on the next, in steps.
    pub(super) fn steps(&self, step: i64, day: usize, work: Work) -> (i64, i64) {
        let (mut own, mut next) = (0, 0);
        for period in &self.periods {
            let into = if period.days.contains(&day) { &mut own } else { &mut next };
            *into += self.added(period, day, work);
        }
        (own / step, next / step)
    }

    /// What a shift of a day adds to a period. Weekends depend on the day before and are counted elsewhere.
    pub(super) fn added(&self, period: &Period, day: usize, work: Work) -> i64 {
        if !period.days.contains(&day) {
            let reaches_in = self.counted == Counted::ClockMinutes && day + 1 == period.days.start;
            return if reaches_in { work.late_minutes } else { 0 };
        }
        match self.counted {
            Counted::ClockMinutes if day + 1 == period.days.end && !period.continues => {
                work.worked_minutes - work.late_minutes
            }
            Counted::Minutes | Counted::ClockMinutes => work.worked_minutes,
            Counted::Days => 1,
            Counted::Kind(kind) => i64::from(kind == work.kind),
            Counted::Weekends => 0,
        }
    }
}

/// Splits the sums into the one of minutes over the whole horizon and the others, merged where they can share a
/// counter. Limits that bind nobody are left out.
pub(super) fn axes_of(problem: &Problem, number: usize, person: &Person) -> (Option<Period>, Vec<Axis>) {
    let mut minutes: Option<Period> = None;
    let mut axes: Vec<Axis> = Vec::new();
    for limit in &person.limits {
        if is_innermost(limit.counted, &limit.days, problem) {
            match &mut minutes {
                Some(minutes) => minutes.join(Period::of(limit)),
                None => minutes = Some(Period::of(limit)),
            }
        } else if can_bind(limit) {
            add_period(&mut axes, limit.counted, Period::of(limit));
        }
    }
    for fairness in problem.fairness.iter().filter(|fairness| fairness.weight > 0) {
        let Some(share) = fairness.shares.iter().find(|share| share.person == number) else { continue };
        let fair = Some(Fair { target: share.target, unit: fairness.unit, weight: fairness.weight });
        let fresh = Period {
            days: fairness.days.clone(),
            continues: false,
            already: 0,
            least: Vec::new(),
            most: Vec::new(),
            fair,
        };
        if is_innermost(fairness.counted, &fairness.days, problem)
            && minutes.as_ref().is_none_or(|minutes| minutes.fair.is_none())
        {
            minutes.get_or_insert(Period { fair: None, ..fresh }).fair = fair;
        } else if !fairness.days.is_empty() {
            add_period(&mut axes, fairness.counted, fresh);
        }
    }
    (minutes, axes)
}

fn is_innermost(counted: Counted, days: &Range<usize>, problem: &Problem) -> bool {
    counted == Counted::Minutes && *days == (0..problem.days)
}

/// Puts bounds and shares on a sum over the same days if there is one: one counter serves all of them.
fn add_period(axes: &mut Vec<Axis>, counted: Counted, fresh: Period) {
    let same =
        axes.iter_mut().filter(|axis| axis.counted == counted).flat_map(|axis| &mut axis.periods).find(
            |period| {
                period.days == fresh.days
                    && period.continues == fresh.continues
                    && (period.fair.is_none() || fresh.fair.is_none())
            },
        );
    if let Some(period) = same {
        period.fair = period.fair.or(fresh.fair);
        period.join(fresh);
        return;
    }
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
    let reaches_in = limit.counted == Counted::ClockMinutes && limit.continues;
    if limit.days.is_empty() && !reaches_in {
        return false;
    }
    let at_most = match limit.counted {
        Counted::Minutes | Counted::ClockMinutes => i64::MAX,
        Counted::Days | Counted::Kind(_) => limit.days.len() as i64,
        Counted::Weekends => limit.days.len() as i64 / 7 + 2,
    };
    limit.least.is_some_and(|least| least.value > limit.already)
        || limit.most.is_some_and(|most| at_most > most.value.saturating_sub(limit.already))
}
