//! What one person can do on each day, and what they remember from one day to the next.
//!
//! A person's past matters only through a few things: how long the run of worked or free days is that they are in,
//! and which *class* their last shift belongs to. Two shifts of a day are of one class if the same shifts may follow
//! them at the same cost. Sums over periods (minutes, weekends, shifts of a kind) are counted beside that.

use std::collections::HashMap;

use super::evaluation::broken_by_assignment;
use super::plan::FREE;
use super::problem::{Bound, Counted, Force, Limit, OutsideDay, Person, Problem};

/// A shift that a person may take on a day.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) shift: u32,
    pub(super) kind: usize,
    pub(super) worked_minutes: i64,
    /// Cost for this person beside demand.
    pub(super) cost: i64,
    /// Class among the shifts of the day.
    pub(super) class: usize,
    /// Row of [`DayChoices::patterns`].
    pub(super) pattern: usize,
}

/// The costs of following each class of the day before; none where that is forbidden.
pub(super) type Pattern = Vec<Option<i64>>;

/// Everything that can happen on a day.
#[derive(Debug, Clone, Default)]
pub(super) struct DayChoices {
    /// Whether the day may be free.
    pub(super) free: bool,
    pub(super) choices: Vec<Choice>,
    pub(super) patterns: Vec<Pattern>,
    pub(super) classes: usize,
}

/// A limit on a run's length: below `value`, each missing day costs; none means it never may.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunBound {
    pub(super) value: usize,
    pub(super) cost: Option<i64>,
}

impl RunBound {
    fn of(bound: Option<Bound>, absent: usize) -> Self {
        bound.map_or(Self { value: absent, cost: None }, |bound| Self {
            value: bound.value as usize,
            cost: match bound.force {
                Force::Hard => None,
                Force::Soft(weight) => Some(weight),
            },
        })
    }

    /// Cost of a run that ends at this length; none if that is forbidden.
    #[inline]
    pub(super) fn shortage(self, length: usize) -> Option<i64> {
        if length >= self.value { Some(0) } else { Some(self.cost? * (self.value - length) as i64) }
    }
}

/// Limits on the same sum whose periods do not overlap, so that one counter serves them all.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) counted: Counted,
    /// In the order of their days.
    pub(super) periods: Vec<Limit>,
}

/// One person's days, compiled.
#[derive(Debug)]
pub(super) struct PersonSpace {
    pub(super) days: Vec<DayChoices>,
    /// Classes of the busiest day.
    pub(super) classes: usize,
    /// Free days in a row that are told apart: 1 to this; the last means this or more.
    pub(super) rest_lengths: usize,
    /// Worked days in a row that are told apart: 1 to this; the last means this or more.
    pub(super) work_lengths: usize,
    pub(super) shortest_work: RunBound,
    pub(super) shortest_rest: RunBound,
    pub(super) longest_work: Option<RunBound>,
    /// The limit on minutes over the whole horizon, which gets the innermost counter.
    pub(super) minutes: Option<Limit>,
    pub(super) axes: Vec<Axis>,
    /// Common divisor of the shifts' minutes.
    pub(super) unit_minutes: i64,
    /// Longest shift, in units.
    pub(super) longest_shift_units: usize,
    /// Most days that can be worked among the given number of days in a row.
    pub(super) workable: Vec<usize>,
    /// Known days before and after the horizon.
    pub(super) before: Vec<OutsideDay>,
    pub(super) after: Vec<OutsideDay>,
    /// Cost of following each class of the last day with the first day after the horizon.
    pub(super) after_pattern: Pattern,
    class_of_shift: HashMap<u32, usize>,
    pattern_of_shift: HashMap<u32, usize>,
}

/// Costs of one kind after another, for the whole problem.
#[derive(Debug)]
pub(super) struct SuccessionTable {
    kinds: usize,
    costs: Vec<Option<i64>>,
    minimum_rest: Option<Bound>,
}

impl SuccessionTable {
    pub(super) fn of(problem: &Problem) -> Self {
        let kinds = problem.kinds;
        let mut costs = vec![Some(0); kinds * kinds];
        for rule in &problem.successions {
            let cell: &mut Option<i64> = &mut costs[rule.first * kinds + rule.next];
            *cell = match rule.force {
                Force::Hard => None,
                Force::Soft(weight) => cell.map(|cost| cost + weight),
            };
        }
        Self { kinds, costs, minimum_rest: problem.minimum_rest }
    }

    fn cost(&self, (kind, _, end): Times, (next_kind, next_start, _): Times) -> Option<i64> {
        let cost = self.costs[kind * self.kinds + next_kind]?;
        match self.minimum_rest {
            Some(rest) if next_start - end < rest.value => match rest.force {
                Force::Hard => None,
                Force::Soft(weight) => Some(cost + weight),
            },
            _ => Some(cost),
        }
    }
}

/// Kind, start and end of something worked.
type Times = (usize, i64, i64);

fn times_of(problem: &Problem, shift: u32) -> Times {
    let shift = &problem.shifts[shift as usize];
    (shift.kind, shift.start_minute, shift.end_minute)
}

fn times_outside(day: Option<&OutsideDay>) -> Option<Times> {
    match *day? {
        OutsideDay::Free => None,
        OutsideDay::Worked { kind, start_minute, end_minute } => Some((kind, start_minute, end_minute)),
    }
}

impl PersonSpace {
    /// Compiles one person; `by_day` lists the shifts of each day.
    pub(super) fn new(
        problem: &Problem,
        number: usize,
        by_day: &[Vec<u32>],
        successions: &SuccessionTable,
    ) -> Self {
        let person = &problem.people[number];
        let mut days: Vec<DayChoices> =
            (0..problem.days).map(|day| day_choices(problem, person, day, &by_day[day])).collect();
        let after_pattern = classify(problem, person, successions, &mut days);
        let mut class_of_shift = HashMap::new();
        let mut pattern_of_shift = HashMap::new();
        for choice in days.iter().flat_map(|day| &day.choices) {
            class_of_shift.insert(choice.shift, choice.class);
            pattern_of_shift.insert(choice.shift, choice.pattern);
        }
        let shortest_work = RunBound::of(person.shortest_work, 1);
        let shortest_rest = RunBound::of(person.shortest_rest, 1);
        let longest_work = person.longest_work.map(|bound| RunBound::of(Some(bound), 0));
        // One more than can be counted: the last means rested since before anything is known, too.
        let known_days = problem.days + person.before.len() + person.after.len();
        let rest_lengths = shortest_rest.value.clamp(1, known_days + 1);
        let work_lengths = shortest_work
            .value
            .max(longest_work.map_or(1, |longest| longest.value))
            .clamp(1, known_days.max(1));
        let unit_minutes = days
            .iter()
            .flat_map(|day| &day.choices)
            .fold(0, |unit, choice| greatest_common_divisor(unit, choice.worked_minutes))
            .max(1);
        let longest_shift =
            days.iter().flat_map(|day| &day.choices).map(|choice| choice.worked_minutes).max();
        let (minutes, axes) = axes_of(person, problem.days);
        let hard_longest = longest_work.filter(|longest| longest.cost.is_none()).map(|longest| longest.value);
        let hard_rest = if shortest_rest.cost.is_none() { shortest_rest.value.max(1) } else { 1 };
        Self {
            classes: days.iter().map(|day| day.classes).max().unwrap_or(0).max(1),
            days,
            rest_lengths,
            work_lengths,
            shortest_work,
            shortest_rest,
            longest_work,
            minutes,
            axes,
            unit_minutes,
            longest_shift_units: (longest_shift.unwrap_or(0) / unit_minutes) as usize,
            workable: (0..=problem.days)
                .map(|length| match hard_longest {
                    Some(longest) => {
                        let period = longest + hard_rest;
                        length / period * longest + (length % period).min(longest)
                    }
                    None => length,
                })
                .collect(),
            before: person.before.clone(),
            after: person.after.clone(),
            after_pattern,
            class_of_shift,
            pattern_of_shift,
        }
    }

    /// Number of states of a day: the free ones first, then class by class.
    #[inline]
    pub(super) fn states(&self) -> usize {
        self.rest_lengths + self.classes * self.work_lengths
    }

    /// The state of having been free for so many days.
    #[inline]
    pub(super) fn rest_state(&self, length: usize) -> usize {
        length.clamp(1, self.rest_lengths) - 1
    }

    /// The state of having worked so many days, the last one a shift of the class.
    #[inline]
    pub(super) fn work_state(&self, class: usize, length: usize) -> usize {
        self.rest_lengths + class * self.work_lengths + length.clamp(1, self.work_lengths) - 1
    }

    /// Class of a shift among those of its day; none if the person may not take it.
    pub(super) fn class_of(&self, shift: u32) -> Option<usize> {
        self.class_of_shift.get(&shift).copied()
    }

    /// The costs of a shift after each class of the day before.
    pub(super) fn pattern_of(&self, day: usize, shift: u32) -> Option<&Pattern> {
        Some(&self.days[day].patterns[*self.pattern_of_shift.get(&shift)?])
    }

    /// Cost of working one more day after a run of this length; none if that is forbidden.
    #[inline]
    pub(super) fn overrun(&self, length: usize) -> Option<i64> {
        match self.longest_work {
            Some(longest) if length >= longest.value => longest.cost,
            _ => Some(0),
        }
    }

    /// Cost of ending a run of work of this length after `day` days of the horizon; none if that is forbidden.
    #[inline]
    pub(super) fn end_of_work(&self, length: usize, day: usize) -> Option<i64> {
        if self.began_with_known_days(length, day) { Some(0) } else { self.shortest_work.shortage(length) }
    }

    /// Whether a run of this length after `day` days of the horizon reaches back to the first known day, so that
    /// nobody knows how long it really is.
    #[inline]
    pub(super) fn began_with_known_days(&self, length: usize, day: usize) -> bool {
        length == day + self.before.len()
    }

    /// Cost of ending a run of free days of this length; none if that is forbidden.
    #[inline]
    pub(super) fn end_of_rest(&self, length: usize) -> Option<i64> {
        if length >= self.rest_lengths { Some(0) } else { self.shortest_rest.shortage(length) }
    }

    /// The state in which a day begins, read off the days before it; none if the person may not have worked as the
    /// row says.
    pub(super) fn state_before(&self, row: &[u32], day: usize) -> Option<usize> {
        let known = self.before.len();
        let works = |position: usize| {
            if position < known {
                matches!(self.before[position], OutsideDay::Worked { .. })
            } else {
                row[position - known] != FREE
            }
        };
        let last = day + known;
        if last == 0 {
            return Some(self.rest_state(self.rest_lengths));
        }
        let working = works(last - 1);
        let length = (0..last).rev().take_while(|&position| works(position) == working).count();
        if !working {
            // Free since before anything is known: long enough.
            return Some(self.rest_state(if length == last { self.rest_lengths } else { length }));
        }
        let class = if day == 0 { 0 } else { self.class_of(row[day - 1])? };
        Some(self.work_state(class, length))
    }
}

fn day_choices(problem: &Problem, person: &Person, day: usize, shifts: &[u32]) -> DayChoices {
    let settled = person.fixed.iter().find(|fixed| fixed.day == day);
    let choice = |shift: u32, settled: bool| {
        let shift_index = shift as usize;
        let asked = &problem.shifts[shift_index];
        let kind_cost: i64 =
            person.kind_costs.iter().filter(|cost| cost.0 == asked.kind).map(|cost| cost.1).sum();
        let wishes: i64 = person
            .wishes
            .iter()
            .filter(|wish| wish.shift == shift_index)
            .map(|wish| if wish.work { -wish.weight } else { wish.weight })
            .sum();
        Choice {
            shift,
            kind: asked.kind,
            worked_minutes: asked.worked_minutes,
            cost: wishes + if settled { 0 } else { kind_cost },
            class: 0,
            pattern: 0,
        }
    };
    let choices = match settled {
        Some(fixed) => fixed.shift.into_iter().map(|shift| choice(shift as u32, true)).collect(),
        None => shifts
            .iter()
            .filter(|&&shift| {
                let shift = shift as usize;
                let kind = problem.shifts[shift].kind;
                broken_by_assignment(problem, person, day, shift).next().is_none()
                    && !is_kind_forbidden(person, kind, day)
            })
            .map(|&shift| choice(shift, false))
            .collect(),
    };
    let free = settled.is_none_or(|fixed| fixed.shift.is_none());
    DayChoices { free, choices, patterns: Vec::new(), classes: 0 }
}

/// Whether a limit leaves no room for even one shift of the kind on that day.
pub(super) fn is_kind_forbidden(person: &Person, kind: usize, day: usize) -> bool {
    person.limits.iter().any(|limit| {
        limit.counted == Counted::Kind(kind)
            && limit.days.contains(&day)
            && limit.most.is_some_and(|most| most.force == Force::Hard && limit.already >= most.value)
    })
}

/// Gives each choice its class and pattern; returns the pattern of the first day after the horizon.
fn classify(
    problem: &Problem,
    person: &Person,
    successions: &SuccessionTable,
    days: &mut [DayChoices],
) -> Pattern {
    let count = days.len();
    let after = times_outside(person.after.first());
    let mut after_pattern = Pattern::new();
    let mut representatives: Vec<Times> = times_outside(person.before.last()).into_iter().collect();
    for day in 0..count {
        let (today, later) = days.split_at_mut(day + 1);
        let today = &mut today[day];
        let mut patterns: Vec<Pattern> = Vec::new();
        for choice in &mut today.choices {
            let times = times_of(problem, choice.shift);
            let pattern: Pattern =
                representatives.iter().map(|&first| successions.cost(first, times)).collect();
            choice.pattern = position_or_push(&mut patterns, pattern);
        }
        today.patterns = patterns;
        let next: Vec<Times> = match later.first() {
            Some(next) => next.choices.iter().map(|choice| times_of(problem, choice.shift)).collect(),
            None => after.into_iter().collect(),
        };
        let mut signatures: Vec<Pattern> = Vec::new();
        representatives.clear();
        for choice in &mut today.choices {
            let times = times_of(problem, choice.shift);
            let signature: Pattern = next.iter().map(|&next| successions.cost(times, next)).collect();
            choice.class = position_or_push(&mut signatures, signature);
            if choice.class == representatives.len() {
                representatives.push(times);
            }
        }
        today.classes = representatives.len();
        if later.is_empty() && after.is_some() {
            after_pattern = signatures.iter().map(|signature| signature[0]).collect();
        }
    }
    after_pattern
}

fn position_or_push(list: &mut Vec<Pattern>, item: Pattern) -> usize {
    list.iter().position(|known| *known == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

/// Splits the limits into the one on minutes over the whole horizon and the others, merged where they can share a
/// counter. Limits that bind nobody are left out.
fn axes_of(person: &Person, days: usize) -> (Option<Limit>, Vec<Axis>) {
    let mut minutes: Option<Limit> = None;
    let mut axes: Vec<Axis> = Vec::new();
    for limit in &person.limits {
        let whole_horizon = limit.days == (0..days);
        if limit.counted == Counted::Minutes && whole_horizon && minutes.is_none() {
            minutes = Some(limit.clone());
            continue;
        }
        if !can_bind(limit) {
            continue;
        }
        let fits = |axis: &&mut Axis| {
            axis.counted == limit.counted
                && axis
                    .periods
                    .iter()
                    .all(|period| period.days.end <= limit.days.start || limit.days.end <= period.days.start)
        };
        if let Some(axis) = axes.iter_mut().find(fits) {
            axis.periods.push(limit.clone());
            axis.periods.sort_by_key(|period| period.days.start);
        } else {
            axes.push(Axis { counted: limit.counted, periods: vec![limit.clone()] });
        }
    }
    (minutes, axes)
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

fn greatest_common_divisor(left: i64, right: i64) -> i64 {
    if right == 0 { left } else { greatest_common_divisor(right, left % right) }
}
