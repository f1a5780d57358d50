//! What one person can do on each day, and what they remember from one day to the next.
//!
//! A person's past matters only through a few things: how long the run of worked or free days is that they are in,
//! and which *class* their last shift belongs to. Two shifts of a day are of one class if the same shifts may follow
//! them at the same cost. Sums over periods (minutes, weekends, shifts of a kind) are counted beside that.

mod day_choices;

use std::collections::{HashMap, VecDeque};

use super::periods::{Axis, Period, Work, axes_of};
use super::plan::FREE;
use super::problem::{Bound, Counted, OutsideDay, Person, Problem};
use super::successions::{SuccessionTable, Times, soften, times_of, times_outside};
use day_choices::day_choices;
pub(super) use day_choices::is_kind_forbidden;

/// A shift that a person may take on a day.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) shift: u32,
    pub(super) kind: usize,
    pub(super) worked_minutes: i64,
    /// Those of them that lie after the midnight that ends the day.
    pub(super) late_minutes: i64,
    /// Cost for this person beside demand.
    pub(super) cost: i64,
    /// Class among the shifts of the day.
    pub(super) class: usize,
    /// Row of [`DayChoices::patterns`].
    pub(super) pattern: usize,
}

impl From<&Choice> for Work {
    fn from(choice: &Choice) -> Self {
        let Choice { kind, worked_minutes, late_minutes, .. } = *choice;
        Self { kind, worked_minutes, late_minutes }
    }
}

/// What it costs to follow the last shift before, by the free days between and by its class; none where forbidden.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pattern {
    after: Vec<Vec<Option<i64>>>,
}

impl Pattern {
    fn new(successions: &SuccessionTable, earlier: &VecDeque<Vec<Times>>, next: Times) -> Self {
        let costs = |(free_days, firsts): (usize, &Vec<Times>)| {
            firsts.iter().map(|&first| successions.cost(first, next, free_days)).collect()
        };
        Self { after: earlier.iter().enumerate().map(costs).collect() }
    }

    /// Costs of following each class of the day before.
    #[inline]
    pub(super) fn next_day(&self) -> &[Option<i64>] {
        self.after.first().map_or(&[], Vec::as_slice)
    }

    /// Cost of following a class with so many free days between; none if that is forbidden.
    #[inline]
    pub(super) fn cost(&self, free_days: usize, class: usize) -> Option<i64> {
        *self.after.get(free_days)?.get(class)?
    }
}

/// A state of free days: how many in a row, and the class of the last shift as long as a rule may remember it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    pub(super) length: usize,
    pub(super) class: Option<usize>,
    /// The state after one more free day.
    pub(super) next: usize,
}

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
            cost: bound.force.weight(),
        })
    }

    /// Cost of a run that ends at this length; none if that is forbidden.
    #[inline]
    pub(super) fn shortage(self, length: usize) -> Option<i64> {
        if length >= self.value { Some(0) } else { Some(self.cost? * (self.value - length) as i64) }
    }
}

/// One person's days, compiled.
#[derive(Debug, Clone)]
pub(super) struct PersonSpace {
    pub(super) days: Vec<DayChoices>,
    /// Classes of the busiest day.
    pub(super) classes: usize,
    /// Free days in a row that are told apart: 1 to this; the last means this or more.
    pub(super) rest_lengths: usize,
    /// Free days over which the last shift still matters.
    pub(super) reach: usize,
    /// The states of free days; states of work follow.
    pub(super) rests: Vec<Rest>,
    /// Worked days in a row that are told apart: 1 to this; the last means this or more.
    pub(super) work_lengths: usize,
    pub(super) shortest_work: RunBound,
    pub(super) shortest_rest: RunBound,
    pub(super) longest_work: Option<RunBound>,
    /// The limit on minutes over the whole horizon, which gets the innermost counter.
    pub(super) minutes: Option<Period>,
    pub(super) axes: Vec<Axis>,
    /// Common divisor of the shifts' minutes.
    pub(super) unit_minutes: i64,
    /// Longest shift, in units.
    pub(super) longest_shift_units: usize,
    /// Common divisor of the shifts' minutes before and after midnight.
    pub(super) clock_unit_minutes: i64,
    /// Longest shift, in units of the clock.
    pub(super) longest_clock_units: usize,
    /// Most days that can be worked among the given number of days in a row.
    pub(super) workable: Vec<usize>,
    /// Known days before and after the horizon.
    pub(super) before: Vec<OutsideDay>,
    pub(super) after: Vec<OutsideDay>,
    /// For each known day after the horizon what its shift costs after an earlier one.
    after_patterns: Vec<Option<Pattern>>,
    class_of_shift: HashMap<u32, usize>,
    pattern_of_shift: HashMap<u32, usize>,
}

impl PersonSpace {
    /// Compiles one person; `by_day` lists the shifts of each day.
    pub(super) fn new(
        problem: &Problem,
        number: usize,
        by_day: &[Vec<u32>],
        successions: &SuccessionTable,
    ) -> Self {
        Self::of(problem, number, &problem.people[number], by_day, successions, None)
    }

    /// The same with shifts of some kinds only, `kinds` says which; settled days stay.
    pub(super) fn of_kinds(
        problem: &Problem,
        number: usize,
        by_day: &[Vec<u32>],
        successions: &SuccessionTable,
        kinds: &[bool],
    ) -> Self {
        Self::of(problem, number, &problem.people[number], by_day, successions, Some(kinds))
    }

    /// The same with a price on every hard rule about sums, runs, successions and rotation, for a person who has no
    /// days that keep them all. Who may take what stays, and so do settled days.
    pub(super) fn softened(
        problem: &Problem,
        number: usize,
        by_day: &[Vec<u32>],
        successions: &SuccessionTable,
        price: i64,
    ) -> Self {
        let mut person = problem.people[number].clone();
        let Person { longest_work, shortest_work, shortest_rest, limits, rotation, .. } = &mut person;
        let runs = [longest_work, shortest_work, shortest_rest].into_iter().flatten();
        let sums = limits.iter_mut().flat_map(|limit| [&mut limit.least, &mut limit.most]).flatten();
        for bound in runs.chain(sums) {
            bound.force = soften(bound.force, price);
        }
        if let Some(rotation) = rotation {
            rotation.force = soften(rotation.force, price);
        }
        Self::of(problem, number, &person, by_day, &successions.softened(price), None)
    }

    fn of(
        problem: &Problem,
        number: usize,
        person: &Person,
        by_day: &[Vec<u32>],
        successions: &SuccessionTable,
        kinds: Option<&[bool]>,
    ) -> Self {
        let is_wanted = |shift: u32| kinds.is_none_or(|kinds| kinds[problem.shifts[shift as usize].kind]);
        let mut days: Vec<DayChoices> = by_day
            .iter()
            .enumerate()
            .map(|(day, shifts)| {
                let wanted: Vec<u32> = shifts.iter().copied().filter(|&shift| is_wanted(shift)).collect();
                day_choices(problem, person, day, &wanted)
            })
            .collect();
        let after_patterns = classify(problem, person, successions, &mut days);
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
        let reach = successions.reach.min(known_days);
        let rest_lengths = shortest_rest.value.max(reach + 1).clamp(1, known_days + 1);
        let classes = days.iter().map(|day| day.classes).max().unwrap_or(0).max(1);
        let work_lengths = shortest_work
            .value
            .max(longest_work.map_or(1, |longest| longest.value))
            .clamp(1, known_days.max(1));
        let unit_minutes = days
            .iter()
            .flat_map(|day| &day.choices)
            .fold(0, |unit, choice| greatest_common_divisor(unit, choice.worked_minutes))
            .max(1);
        let clock_unit_minutes = days
            .iter()
            .flat_map(|day| &day.choices)
            .fold(unit_minutes, |unit, choice| greatest_common_divisor(unit, choice.late_minutes));
        let longest_shift =
            days.iter().flat_map(|day| &day.choices).map(|choice| choice.worked_minutes).max();
        let (minutes, axes) = axes_of(problem, number, person);
        let hard_longest = longest_work.filter(|longest| longest.cost.is_none()).map(|longest| longest.value);
        let hard_rest = if shortest_rest.cost.is_none() { shortest_rest.value.max(1) } else { 1 };
        Self {
            classes,
            days,
            rest_lengths,
            reach,
            rests: rests(rest_lengths, reach, classes),
            work_lengths,
            shortest_work,
            shortest_rest,
            longest_work,
            minutes,
            axes,
            unit_minutes,
            longest_shift_units: (longest_shift.unwrap_or(0) / unit_minutes) as usize,
            clock_unit_minutes,
            longest_clock_units: (longest_shift.unwrap_or(0) / clock_unit_minutes) as usize,
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
            after_patterns,
            class_of_shift,
            pattern_of_shift,
        }
    }

    /// Number of states of a day: the free ones first, then class by class.
    #[inline]
    pub(super) fn states(&self) -> usize {
        self.rests.len() + self.classes * self.work_lengths
    }

    /// The state of having been free for so many days after a shift of the class.
    #[inline]
    pub(super) fn rest_state(&self, length: usize, class: usize) -> usize {
        rest_state(self.rest_lengths, self.reach, self.classes, length, class)
    }

    /// The state of having been free for so long that nothing before matters.
    #[inline]
    pub(super) fn rested_state(&self) -> usize {
        self.rests.len() - 1
    }

    /// The state of having worked so many days, the last one a shift of the class.
    #[inline]
    pub(super) fn work_state(&self, class: usize, length: usize) -> usize {
        self.rests.len() + class * self.work_lengths + length.clamp(1, self.work_lengths) - 1
    }

    /// Class and length of a state of work.
    #[inline]
    pub(super) fn work_of(&self, state: usize) -> (usize, usize) {
        let index = state - self.rests.len();
        (index / self.work_lengths, index % self.work_lengths + 1)
    }

    /// Cost of a shift after a rest; none if that is forbidden.
    #[inline]
    pub(super) fn begin_of_work(&self, rest: Rest, pattern: &Pattern) -> Option<i64> {
        let rested = self.end_of_rest(rest.length)?;
        match rest.class {
            None => Some(rested),
            Some(class) => Some(rested + pattern.cost(rest.length, class)?),
        }
    }

    /// What the shift of a known day, in the horizon or after it, costs after an earlier one.
    pub(super) fn pattern_on(&self, row: &[u32], day: usize) -> Option<&Pattern> {
        match day.checked_sub(row.len()) {
            None => self.pattern_of(day, row[day]),
            Some(later) => self.after_patterns.get(later)?.as_ref(),
        }
    }

    /// Class of a shift among those of its day; none if the person may not take it.
    pub(super) fn class_of(&self, shift: u32) -> Option<usize> {
        self.class_of_shift.get(&shift).copied()
    }

    /// The costs of a shift after each class of the day before.
    pub(super) fn pattern_of(&self, day: usize, shift: u32) -> Option<&Pattern> {
        Some(&self.days[day].patterns[self.pattern_number(shift)?])
    }

    /// Row of a shift in its day's [`DayChoices::patterns`]; none if the person may not take it.
    pub(super) fn pattern_number(&self, shift: u32) -> Option<usize> {
        self.pattern_of_shift.get(&shift).copied()
    }

    /// The most steps of all counters together that one shift takes.
    pub(super) fn most_steps(&self) -> i64 {
        let mut by_kind: HashMap<usize, i64> = HashMap::new();
        let mut steps = 0;
        for axis in &self.axes {
            match axis.counted {
                Counted::Minutes => steps += self.longest_shift_units as i64,
                // A night may begin one sum and end another.
                Counted::ClockMinutes => steps += 2 * self.longest_clock_units as i64,
                Counted::Days | Counted::Weekends => steps += 1,
                Counted::Kind(kind) => *by_kind.entry(kind).or_default() += 1,
            }
        }
        steps + by_kind.values().copied().max().unwrap_or(0)
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
            return Some(self.rested_state());
        }
        let working = works(last - 1);
        let length = (0..last).rev().take_while(|&position| works(position) == working).count();
        let class = |position: usize| match position.checked_sub(known) {
            None => Some(0),
            Some(day) => self.class_of(row[day]),
        };
        if working {
            return Some(self.work_state(class(last - 1)?, length));
        }
        if length == last {
            // Free since before anything is known: long enough.
            return Some(self.rested_state());
        }
        let remembered = if length <= self.reach { class(last - 1 - length)? } else { 0 };
        Some(self.rest_state(length, remembered))
    }
}

fn rest_state(rest_lengths: usize, reach: usize, classes: usize, length: usize, class: usize) -> usize {
    let length = length.clamp(1, rest_lengths);
    if length <= reach { (length - 1) * classes + class } else { reach * classes + length - reach - 1 }
}

fn rests(rest_lengths: usize, reach: usize, classes: usize) -> Vec<Rest> {
    let next = |length: usize, class: usize| rest_state(rest_lengths, reach, classes, length + 1, class);
    let remembering = (1..=reach).flat_map(|length| (0..classes).map(move |class| (length, Some(class))));
    let forgetting = (reach + 1..=rest_lengths).map(|length| (length, None));
    remembering
        .chain(forgetting)
        .map(|(length, class)| Rest { length, class, next: next(length, class.unwrap_or(0)) })
        .collect()
}

/// Gives each choice its class and pattern; returns the patterns of the known days after the horizon.
fn classify(
    problem: &Problem,
    person: &Person,
    successions: &SuccessionTable,
    days: &mut [DayChoices],
) -> Vec<Option<Pattern>> {
    let count = days.len();
    let reach = successions.reach;
    // One of each class of the days before, the nearest day first.
    let mut earlier: VecDeque<Vec<Times>> = person
        .before
        .iter()
        .rev()
        .take(reach + 1)
        .map(|day| times_outside(day).into_iter().collect())
        .collect();
    earlier.resize(reach + 1, Vec::new());
    for day in 0..count {
        let (today, later) = days.split_at_mut(day + 1);
        let today = &mut today[day];
        let later: Vec<Vec<Times>> = (0..=reach)
            .map(|free_days| match later.get(free_days) {
                Some(next) => next.choices.iter().map(|choice| times_of(problem, choice.shift)).collect(),
                None => person
                    .after
                    .get(day + 1 + free_days - count)
                    .and_then(times_outside)
                    .into_iter()
                    .collect(),
            })
            .collect();
        let mut representatives: Vec<Times> = Vec::new();
        let mut signatures: Vec<Vec<Option<i64>>> = Vec::new();
        for choice in &mut today.choices {
            let times = times_of(problem, choice.shift);
            choice.pattern =
                position_or_push(&mut today.patterns, Pattern::new(successions, &earlier, times));
            let signature = later.iter().enumerate().flat_map(|(free_days, nexts)| {
                nexts.iter().map(move |&next| successions.cost(times, next, free_days))
            });
            choice.class = position_or_push(&mut signatures, signature.collect());
            if choice.class == representatives.len() {
                representatives.push(times);
            }
        }
        today.classes = representatives.len();
        earlier.pop_back();
        earlier.push_front(representatives);
    }
    let mut after_patterns = Vec::with_capacity(person.after.len());
    for day in &person.after {
        let times = times_outside(day);
        after_patterns.push(times.map(|times| Pattern::new(successions, &earlier, times)));
        earlier.pop_back();
        earlier.push_front(times.into_iter().collect());
    }
    after_patterns
}

fn position_or_push<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|known| *known == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

fn greatest_common_divisor(left: i64, right: i64) -> i64 {
    if right == 0 { left } else { greatest_common_divisor(right, left % right) }
}
