//! The whole search: construction, phases, threads.
//!
//! Every thread takes the best roster known, improves a part of it, and puts the change back if the whole is better
//! for it by then. Parts are people × windows: the whole problem at first, if its linear program is small enough for
//! the time there is, then random parts of it.

use std::sync::{Mutex, PoisonError};

use super::columns::dive::solve_scope;
use super::columns::scope::Scope;
use super::compiled::Compiled;
use super::control::{Control, Limits, Watch};
use super::evaluation::{Evaluation, evaluate};
use super::incumbent::Incumbent;
use super::local_search::Searcher;
use super::person_path::Cost;
use super::plan::Plan;
use super::problem::Problem;
use super::random::sample;
use crate::error::EngineError;

/// What a search found.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The best roster.
    pub plan: Plan,
    /// What it costs and breaks.
    pub evaluation: Evaluation,
    /// No roster that keeps all hard rules costs less.
    pub lower_bound: i64,
}

/// Part of the budget for the first ruin and recreate, on horizons of up to eight weeks and on longer ones.
const ANNEALING_PARTS: (f64, f64) = (0.03, 0.12);
/// Longest horizon that counts as short.
const SHORT_HORIZON_DAYS: usize = 60;
/// Rows of a linear program that is solved within a second or so.
const SCOPE_ROWS: usize = 330;
/// Rows of one for few people in a long window.
const LONG_ROWS: usize = 500;

/// Searches a good roster, from nothing.
///
/// # Errors
///
/// What [`Problem::check`] refuses.
pub fn search(problem: &Problem, limits: Limits, watch: &dyn Watch) -> Result<Outcome, EngineError> {
    search_from(problem, None, limits, watch)
}

/// Searches a good roster, from a given one if there is one.
///
/// # Errors
///
/// What [`Problem::check`] refuses.
pub fn search_from(
    problem: &Problem,
    start: Option<Plan>,
    limits: Limits,
    watch: &dyn Watch,
) -> Result<Outcome, EngineError> {
    problem.check()?;
    let compiled = Compiled::new(problem);
    let control = Control::new(limits, watch, lowest_cost(problem));
    // Sums over the horizon must stay below the ceiling of the type that holds them.
    let largest = compiled.largest_row_cost().saturating_mul(8);
    let best = if largest < <i32 as Cost>::CEILING {
        run::<i32>(&compiled, &control, start)
    } else {
        run::<i64>(&compiled, &control, start)
    };
    let evaluation = evaluate(problem, &best.plan, &mut |_| {});
    let lower_bound = if evaluation.broken_hard == 0 {
        control.lower_bound().min(evaluation.cost)
    } else {
        control.lower_bound()
    };
    Ok(Outcome { plan: best.plan, evaluation, lower_bound })
}

/// Below this no roster can cost: everybody's own cheapest kinds, no demand.
fn lowest_cost(problem: &Problem) -> i64 {
    let negative = |person: &super::problem::Person| -> i64 {
        person.kind_costs.iter().map(|cost| cost.1.min(0)).sum::<i64>() * problem.days as i64
    };
    problem.people.iter().map(negative).sum()
}

fn run<T: Cost>(compiled: &Compiled<'_>, control: &Control<'_>, start: Option<Plan>) -> Incumbent {
    let mut searcher: Searcher<'_, '_, T> = Searcher::new(compiled, control, control.limits.seed);
    let first = match start {
        Some(plan) => Incumbent::new(compiled, plan),
        None => searcher.construct(Plan::free(compiled.people(), compiled.days())),
    };
    control.note_worth(first.worth());
    if compiled.people() == 0 || compiled.days() == 0 {
        return first;
    }
    let shared = Mutex::new(first);
    // Steps are counted for the sake of equal results: one thread then, whose order of work is always the same.
    let threads = if control.limits.time_ms.is_some() { control.limits.threads.max(1) } else { 1 };
    std::thread::scope(|scope| {
        for thread in 1..threads {
            let shared = &shared;
            scope.spawn(move || {
                let seed =
                    control.limits.seed.wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(thread as u64));
                let mut searcher: Searcher<'_, '_, T> = Searcher::new(compiled, control, seed);
                improve(&mut searcher, shared, false);
            });
        }
        improve(&mut searcher, &shared, true);
    });
    shared.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// One thread's work until the budget is used.
fn improve<T: Cost>(searcher: &mut Searcher<'_, '_, T>, shared: &Mutex<Incumbent>, leads: bool) {
    let (compiled, control) = (searcher.compiled, searcher.control);
    let short = compiled.days() <= SHORT_HORIZON_DAYS;
    let annealing = if short { ANNEALING_PARTS.0 } else { ANNEALING_PARTS.1 };
    let root_fits = compiled.people() + compiled.problem.shifts.len() <= root_rows(control);
    let until = control.used() + annealing;
    let start = snapshot(shared);
    let annealed = searcher.anneal(&start, control.used(), until);
    publish(searcher, shared, &start, annealed);
    if leads && root_fits {
        let start = snapshot(shared);
        let mut best = start.clone();
        solve_scope(searcher, &mut best, &Scope::everybody(compiled), true);
        publish(searcher, shared, &start, best);
    }
    let whole_horizon_fits = compiled.problem.shifts.len() <= SCOPE_ROWS;
    let mut sweep = Vec::new();
    while !control.is_over() {
        let scope =
            if whole_horizon_fits { people_scope(searcher) } else { window_scope(searcher, &mut sweep) };
        let start = snapshot(shared);
        let mut best = start.clone();
        solve_scope(searcher, &mut best, &scope, false);
        publish(searcher, shared, &start, best);
    }
}

/// Rows of a linear program that can be solved in the time there is. Its cost grows with the third power.
fn root_rows(control: &Control<'_>) -> usize {
    let seconds = match (control.limits.time_ms, control.limits.steps) {
        (Some(time_ms), _) => time_ms as f64 / 1_000.0,
        // About as many steps as a second has.
        (None, Some(steps)) => steps as f64 / 10_000.0,
        (None, None) => 3_600.0,
    };
    160 + (62.0 * seconds.sqrt()) as usize
}

/// A few people over the whole horizon, or more of them over a part of it.
fn people_scope<T: Cost>(searcher: &mut Searcher<'_, '_, T>) -> Scope {
    let compiled = searcher.compiled;
    let wanted = searcher.random.usize(4..=14);
    let mut people = sample(&mut searcher.random, compiled.people(), wanted);
    people.sort_unstable();
    Scope { people, start: 0, end: compiled.days() }
}

/// First everybody, four weeks after four weeks; then random parts: many people in short windows, few in long ones.
fn window_scope<T: Cost>(searcher: &mut Searcher<'_, '_, T>, sweep: &mut Vec<(usize, usize)>) -> Scope {
    let compiled = searcher.compiled;
    let days = compiled.days();
    let per_day = (compiled.problem.shifts.len() / days.max(1)).max(1);
    let full = (SCOPE_ROWS.saturating_sub(compiled.people()) / per_day / 7 * 7).clamp(7, 42);
    let long = searcher.random.usize(0..4) == 0;
    let (length, wanted) = if long {
        let longest = (LONG_ROWS / per_day / 7).max(2);
        (searcher.random.usize(2..=longest) * 7, searcher.random.usize(3..=8))
    } else {
        (full, compiled.people())
    };
    if !long && sweep.is_empty() {
        let offset = searcher.random.usize(0..full.max(8) / 7) * 7;
        let mut start = 0;
        let mut end = if offset == 0 { full } else { offset };
        while start < days {
            sweep.push((start, end.min(days)));
            start = end;
            end += full;
        }
        searcher.random.shuffle(sweep);
    }
    let (start, end) = match sweep.pop().filter(|_| !long) {
        Some(window) => window,
        None => searcher.window(length.min(days)..=length.min(days)),
    };
    let (start, end) = compiled.whole_weekends(start, end);
    let mut people = sample(&mut searcher.random, compiled.people(), wanted);
    people.sort_unstable();
    Scope { people, start, end }
}

fn snapshot(shared: &Mutex<Incumbent>) -> Incumbent {
    shared.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Puts a result back. If another thread was faster, only the days that changed are put on top of what it left, and
/// only if the whole is better for it.
fn publish<T: Cost>(
    searcher: &Searcher<'_, '_, T>,
    shared: &Mutex<Incumbent>,
    start: &Incumbent,
    result: Incumbent,
) {
    if result.worth() >= start.worth() {
        return;
    }
    let compiled = searcher.compiled;
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    if shared.plan == start.plan {
        *shared = result;
    } else {
        let mut merged = shared.clone();
        for person in 0..compiled.people() {
            let (before, after) = (start.plan.row(person), result.plan.row(person));
            if before != after {
                let mut row = merged.plan.row(person).to_vec();
                for (cell, (before, after)) in row.iter_mut().zip(before.iter().zip(after)) {
                    if before != after {
                        *cell = *after;
                    }
                }
                merged.withdraw(compiled, person, 0, compiled.days());
                merged.replace(compiled, person, 0, &row);
            }
        }
        let better = if merged.worth() < result.worth() { merged } else { result };
        if better.worth() < shared.worth() {
            *shared = better;
        }
    }
    searcher.control.note_worth(shared.worth());
}
