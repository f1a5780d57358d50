//! What a roster costs and which rules it breaks, read straight off the rules.
//!
//! Nothing here is shared with the search: each rule is checked by itself, over the whole of a person's known days.

mod finding;

use std::ops::Range;

pub use self::finding::{Evaluation, Finding, RuleName};
use super::plan::{FREE, Plan};
use super::problem::{Bound, Counted, Force, Level, Limit, OutsideDay, Person, Problem, Succession, Turn};

/// Prices a roster; every breach goes to `report` as well.
pub fn evaluate(problem: &Problem, plan: &Plan, report: &mut dyn FnMut(Finding)) -> Evaluation {
    let mut sum = Evaluation::default();
    let mut note = |finding: Finding| {
        sum.add(&finding);
        report(finding);
    };
    let judge = Judge::new(problem);
    for person in 0..problem.people.len() {
        judge.person(person, plan.row(person), &mut note);
    }
    evaluate_demand(problem, plan, &mut note);
    evaluate_pairings(problem, plan, &mut note);
    sum
}

/// What one person's days cost and break by themselves: everything but demand and pairings. For many people or rows
/// a [`Judge`] is faster.
#[must_use]
pub fn person_cost(problem: &Problem, person: usize, row: &[u32]) -> Evaluation {
    Judge::new(problem).cost(person, row)
}

/// Judges people one by one: the rules of a problem, found by the kinds they are about.
#[derive(Debug)]
pub struct Judge<'a> {
    problem: &'a Problem,
    /// For each pair of kinds, and once more, where its successions begin in `successions`.
    first_of_pair: Vec<u32>,
    /// Successions by their pair of kinds.
    successions: Vec<Succession>,
}

impl<'a> Judge<'a> {
    /// The judge of a problem that was checked.
    #[must_use]
    pub fn new(problem: &'a Problem) -> Self {
        let pair = |rule: &Succession| rule.first * problem.kinds + rule.next;
        let mut successions = problem.successions.clone();
        successions.sort_by_key(pair);
        let mut first_of_pair = vec![0; problem.kinds * problem.kinds + 1];
        for rule in &successions {
            first_of_pair[pair(rule) + 1] += 1;
        }
        for number in 1..first_of_pair.len() {
            first_of_pair[number] += first_of_pair[number - 1];
        }
        Self { problem, first_of_pair, successions }
    }

    /// What one person's days cost and break by themselves: everything but demand and pairings.
    #[must_use]
    pub fn cost(&self, person: usize, row: &[u32]) -> Evaluation {
        let mut sum = Evaluation::default();
        self.person(person, row, &mut |finding| sum.add(&finding));
        sum
    }

    /// Reports every breach of one person's own rules.
    pub fn person(&self, number: usize, row: &[u32], note: &mut dyn FnMut(Finding)) {
        let person = &self.problem.people[number];
        let mut rules = Rules { judge: self, problem: self.problem, number, person, row, note };
        rules.days();
        rules.rests();
        rules.runs();
        let whole = rules.whole_sums();
        for limit in &person.limits {
            rules.limit(limit, &whole);
        }
        rules.fairness();
        rules.wishes();
    }

    fn after(&self, first: usize, next: usize) -> &[Succession] {
        let pair = first * self.problem.kinds + next;
        &self.successions[self.first_of_pair[pair] as usize..self.first_of_pair[pair + 1] as usize]
    }
}

/// Everything that limits count, over the whole horizon, as most of them do.
struct WholeSums {
    minutes: i64,
    days: i64,
    weekends: i64,
    kinds: Vec<i64>,
}

/// Start and end in minutes, and the kind, of a worked day.
type Duty = (i64, i64, usize);

struct Rules<'a> {
    judge: &'a Judge<'a>,
    problem: &'a Problem,
    number: usize,
    person: &'a Person,
    row: &'a [u32],
    note: &'a mut dyn FnMut(Finding),
}

impl Rules<'_> {
    fn report(&mut self, rule: RuleName, day: usize, shift: Option<usize>, units: i64, force: Force) {
        let cost = force.weight().map(|weight| weight * units);
        (self.note)(Finding {
            rule,
            person: Some(self.number),
            day,
            shift,
            units,
            cost,
            level: force.level(),
        });
    }

    fn days(&mut self) {
        let fixed_shift =
            |day: usize| self.person.fixed.iter().find(|fixed| fixed.day == day).map(|fixed| fixed.shift);
        for day in 0..self.row.len() {
            let worked = (self.row[day] != FREE).then_some(self.row[day] as usize);
            if let Some(settled) = fixed_shift(day) {
                if settled != worked {
                    self.report(RuleName::Fixed, day, worked, 1, Force::Hard);
                }
                continue;
            }
            self.rotation(day, worked);
            let Some(shift) = worked else { continue };
            for rule in broken_by_assignment(self.problem, self.person, day, shift) {
                self.report(rule, day, worked, 1, Force::Hard);
            }
            let kind = self.problem.shifts[shift].kind;
            let price: i64 =
                self.person.kind_costs.iter().filter(|cost| cost.0 == kind).map(|cost| cost.1).sum();
            if price != 0 {
                self.report(RuleName::KindCost, day, worked, 1, Force::Soft(price));
            }
        }
    }

    fn duty(&self, day: i64) -> Option<Option<Duty>> {
        let outside = |known: &OutsideDay| match *known {
            OutsideDay::Free => None,
            OutsideDay::Worked { kind, start_minute, end_minute } => Some((start_minute, end_minute, kind)),
        };
        let days = self.row.len() as i64;
        if day < 0 {
            let index = self.person.before.len() as i64 + day;
            return usize::try_from(index).ok().map(|index| outside(&self.person.before[index]));
        }
        if day >= days {
            return self.person.after.get((day - days) as usize).map(outside);
        }
        let cell = self.row[day as usize];
        Some((cell != FREE).then(|| {
            let shift = &self.problem.shifts[cell as usize];
            (shift.start_minute, shift.end_minute, shift.kind)
        }))
    }

    fn rotation(&mut self, day: usize, worked: Option<usize>) {
        let Some(rotation) = &self.person.rotation else { return };
        let kind = worked.map(|shift| self.problem.shifts[shift].kind);
        let kept = match rotation.turn(day) {
            Turn::Any => true,
            Turn::Free => kind.is_none(),
            Turn::Kind(wanted) => kind == Some(wanted),
        };
        if !kept {
            self.report(RuleName::Rotation, day, worked, 1, rotation.force);
        }
    }

    /// Every two shifts with no other between, as far as one of them lies in the horizon.
    fn rests(&mut self) {
        let days = self.row.len() as i64;
        let mut last: Option<(i64, Duty)> = None;
        for day in -(self.person.before.len() as i64)..days + self.person.after.len() as i64 {
            let Some(Some(next)) = self.duty(day) else { continue };
            if let Some((earlier, first)) = last.filter(|&(earlier, _)| earlier < days && day >= 0) {
                self.rest(earlier.max(0) as usize, (day - earlier - 1) as usize, first, next);
            }
            last = Some((day, next));
        }
    }

    fn rest(&mut self, shown: usize, free_days: usize, first: Duty, next: Duty) {
        let judge = self.judge;
        for rule in judge.after(first.2, next.2) {
            if rule.free_days == free_days {
                self.report(RuleName::Succession, shown, None, 1, rule.force);
            }
        }
        let day_off = self.problem.minimum_day_off.filter(|_| free_days == 1);
        let rests = [(self.problem.minimum_rest, RuleName::MinimumRest), (day_off, RuleName::MinimumDayOff)];
        for (rest, rule) in rests {
            if let Some(rest) = rest.filter(|rest| next.0 - first.1 < rest.value) {
                self.report(rule, shown, None, 1, rest.force);
            }
        }
    }

    /// Runs reach as far as days are known. A run that ends where the horizon begins, or begins where it ends, may be
    /// too short because of the days inside; it can be too long only by itself. Days before the horizon that were too
    /// many already are nobody's fault here.
    fn runs(&mut self) {
        let days = self.row.len() as i64;
        let known = -(self.person.before.len() as i64)..days + self.person.after.len() as i64;
        let works = |day: i64| self.duty(day).flatten().is_some();
        let mut found = Vec::new();
        let mut start = known.start;
        for day in known.start + 1..=known.end {
            if day == known.end || works(day) != works(start) {
                if day >= 0 && start <= days {
                    found.push((works(start), start, day));
                }
                start = day;
            }
        }
        for (work, start, end) in found {
            let length = end - start;
            let inner = start > known.start && end < known.end;
            let shown = start.clamp(0, (days - 1).max(0)) as usize;
            let least = if work { self.person.shortest_work } else { self.person.shortest_rest };
            let rule = if work { RuleName::ShortestWork } else { RuleName::ShortestRest };
            if let Some(Bound { value, force }) = least.filter(|least| inner && length < least.value) {
                self.report(rule, shown, None, value - length, force);
            }
            let inside = end > 0 && start < days;
            if let Some(Bound { value, force }) = self.person.longest_work.filter(|_| work && inside) {
                let above = end - (start + value).max(0);
                if above > 0 {
                    self.report(RuleName::LongestWork, shown, None, above, force);
                }
            }
        }
    }

    fn whole_sums(&self) -> WholeSums {
        let mut sums = WholeSums { minutes: 0, days: 0, weekends: 0, kinds: vec![0; self.problem.kinds] };
        for (day, &cell) in self.row.iter().enumerate().filter(|(_, cell)| **cell != FREE) {
            let shift = &self.problem.shifts[cell as usize];
            sums.minutes += shift.worked_minutes;
            sums.days += 1;
            sums.weekends += self.counted(Counted::Weekends, day);
            sums.kinds[shift.kind] += 1;
        }
        sums
    }

    fn limit(&mut self, limit: &Limit, whole: &WholeSums) {
        let is_whole = limit.days == (0..self.row.len());
        let added = match limit.counted {
            Counted::ClockMinutes => self.clock_minutes(&limit.days, limit.continues),
            Counted::Minutes if is_whole => whole.minutes,
            Counted::Days if is_whole => whole.days,
            Counted::Weekends if is_whole => whole.weekends,
            Counted::Kind(kind) if is_whole => whole.kinds[kind],
            counted => limit.days.clone().map(|day| self.counted(counted, day)).sum(),
        };
        let sum = limit.already + added;
        let shown = limit.days.start.min(self.row.len().saturating_sub(1));
        if let Some(Bound { value, force }) = limit.most.filter(|most| sum > most.value) {
            self.report(RuleName::Most(limit.counted), shown, None, sum - value, force);
        }
        if let Some(Bound { value, force }) = limit.least.filter(|least| sum < least.value) {
            self.report(RuleName::Least(limit.counted), shown, None, value - sum, force);
        }
    }

    /// Minutes between the midnight that begins the first of some days and the one that ends the last; all that lies
    /// after that one, too, if the period continues.
    fn clock_minutes(&self, days: &Range<usize>, continues: bool) -> i64 {
        let minutes = |day: usize| {
            let Some(shift) = self.problem.shifts.get(self.row[day] as usize) else { return 0 };
            if day < days.start {
                shift.late_minutes
            } else if day + 1 == days.end && !continues {
                shift.worked_minutes - shift.late_minutes
            } else {
                shift.worked_minutes
            }
        };
        let nothing = days.is_empty() && !continues;
        let first = if nothing { days.end } else { days.start.saturating_sub(1) };
        (first..days.end).map(minutes).sum()
    }

    fn counted(&self, counted: Counted, day: usize) -> i64 {
        let works = |day: i64| self.duty(day).flatten().is_some();
        let cell = self.row[day];
        let worked = cell != FREE;
        match counted {
            Counted::Minutes | Counted::ClockMinutes if worked => {
                self.problem.shifts[cell as usize].worked_minutes
            }
            Counted::Kind(kind) if worked => i64::from(self.problem.shifts[cell as usize].kind == kind),
            Counted::Weekends if worked => i64::from(
                self.problem.is_saturday(day) || (self.problem.is_sunday(day) && !works(day as i64 - 1)),
            ),
            Counted::Days => i64::from(worked),
            Counted::Minutes | Counted::ClockMinutes | Counted::Kind(_) | Counted::Weekends => 0,
        }
    }

    fn fairness(&mut self) {
        for index in 0..self.problem.fairness.len() {
            let fairness = &self.problem.fairness[index];
            let Some(share) = fairness.shares.iter().find(|share| share.person == self.number) else {
                continue;
            };
            let sum: i64 = match fairness.counted {
                Counted::ClockMinutes => self.clock_minutes(&fairness.days, false),
                counted => fairness.days.clone().map(|day| self.counted(counted, day)).sum(),
            };
            let distance = fairness.distance(share.target, sum);
            if distance > 0 {
                let (rule, force) = (RuleName::Fairness(fairness.counted), Force::Soft(fairness.weight));
                self.report(rule, fairness.days.start, None, distance * distance, force);
            }
        }
    }

    fn wishes(&mut self) {
        for wish in &self.person.wishes {
            let Some(&first) = wish.shifts.first() else { continue };
            let day = self.problem.shifts[first].day;
            let worked = wish.shifts.iter().copied().find(|&shift| self.row[day] == shift as u32);
            if worked.is_some() != wish.work {
                let shown = worked.or((wish.shifts.len() == 1).then_some(first));
                self.report(RuleName::Wish, day, shown, 1, Force::Soft(wish.weight));
            }
        }
    }
}

/// The rules that this person would break by being on this shift at all.
pub fn broken_by_assignment<'a>(
    problem: &'a Problem,
    person: &'a Person,
    day: usize,
    shift: usize,
) -> impl Iterator<Item = RuleName> + 'a {
    let asked = &problem.shifts[shift];
    [
        (asked.day != day, RuleName::WrongDay),
        (asked.skills.iter().any(|skill| !person.skills.contains(skill)), RuleName::Skill),
        (person.days_off.contains(&day), RuleName::DayOff),
        (
            person
                .unavailable
                .iter()
                .any(|span| span.start < asked.end_minute && asked.start_minute < span.end),
            RuleName::Unavailable,
        ),
    ]
    .into_iter()
    .filter_map(|(broken, rule)| broken.then_some(rule))
}

/// Heads on each shift.
#[must_use]
pub fn heads(problem: &Problem, plan: &Plan) -> Vec<u32> {
    let mut heads = vec![0; problem.shifts.len()];
    for (_, _, shift) in plan.worked() {
        heads[shift] += 1;
    }
    heads
}

fn evaluate_demand(problem: &Problem, plan: &Plan, note: &mut dyn FnMut(Finding)) {
    for (number, (shift, &present)) in problem.shifts.iter().zip(&heads(problem, plan)).enumerate() {
        let missing = i64::from(shift.required) - i64::from(present);
        let (rule, units, weight, level) = if missing > 0 {
            (RuleName::Short, missing, shift.short_weight, shift.short_level)
        } else {
            (RuleName::Surplus, -missing, shift.surplus_weight, Level::Soft)
        };
        if units > 0 {
            let cost = Some(units * weight);
            note(Finding { rule, person: None, day: shift.day, shift: Some(number), units, cost, level });
        }
    }
}

fn evaluate_pairings(problem: &Problem, plan: &Plan, note: &mut dyn FnMut(Finding)) {
    for pairing in &problem.pairings {
        for day in 0..problem.days {
            let (first, second) = (plan.row(pairing.first)[day], plan.row(pairing.second)[day]);
            let units = if !pairing.together {
                i64::from(first == second && first != FREE)
            } else if first == second {
                0
            } else {
                i64::from(first != FREE) + i64::from(second != FREE)
            };
            if units > 0 {
                let person = Some(pairing.first);
                let cost = Some(units * pairing.weight);
                let (rule, level) = (RuleName::Pairing, Level::Soft);
                note(Finding { rule, person, day, shift: None, units, cost, level });
            }
        }
    }
}

/// What all pairings of a roster cost.
pub(super) fn pairings_cost(problem: &Problem, plan: &Plan) -> i64 {
    let mut cost = 0;
    evaluate_pairings(problem, plan, &mut |finding| cost += finding.cost.unwrap_or(0));
    cost
}
