//! The whole search: construction, phases, threads.
//!
//! Every thread takes the best roster known, improves a part of it, and puts the change back if the whole is better
//! for it by then. Parts are people × windows: the whole problem at first, if its linear program is small enough for
//! the time there is, then random parts of it that grow when small ones bring nothing any more.

use std::cmp::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::columns::dive::{bound_whole, solve_scope};
use super::columns::scope::Scope;
use super::compiled::Compiled;
use super::control::{Control, Limits, Watch};
use super::evaluation::{Evaluation, evaluate};
use super::incumbent::Incumbent;
use super::levels::{Flattened, split};
use super::local_search::Searcher;
use super::parts::Part;
use super::person_path::Cost;
use super::plain_days::{give_plain_days, has_many_days};
use super::plan::Plan;
use super::problem::Problem;
use super::relaxation::{bound_by_scarcity, raise_bound};
use super::scopes::Scopes;
use super::window::Window;
use crate::error::EngineError;

/// What a search found.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The best roster.
    pub plan: Plan,
    /// What it costs and breaks.
    pub evaluation: Evaluation,
    /// No roster that keeps all hard rules has less medium cost.
    pub lower_medium: i64,
    /// No roster that keeps all hard rules and has that medium cost has less soft cost.
    pub lower_bound: i64,
}

/// Part of the budget for the first ruin and recreate, on horizons of up to eight weeks and on longer ones.
const ANNEALING_PARTS: (f64, f64) = (0.03, 0.12);
/// From this part of the budget on, the prices that parts have left are good enough for a bound on the whole.
const BOUND_FROM: f64 = 0.7;
/// Part of the budget that such a bound may take.
const BOUND_PART: f64 = 0.15;
/// The same for a first one over very many days, which mostly takes far less.
const EARLY_BOUND_PART: f64 = 0.1;
/// Such a first bound is left as it is from this part of the cost on.
const GOOD_BOUND: f64 = 0.6;
/// Longest horizon that counts as short.
pub(super) const SHORT_HORIZON_DAYS: usize = 60;

/// Searches a good roster, from nothing.
///
/// # Errors
///
/// What [`Problem::check`] refuses, and a problem that does not fit the memory.
pub fn search(problem: &Problem, limits: Limits, watch: &dyn Watch) -> Result<Outcome, EngineError> {
    search_from(problem, None, limits, watch)
}

/// Searches a good roster, from a given one if there is one.
///
/// # Errors
///
/// What [`Problem::check`] refuses, a problem that does not fit the memory, and a roster of another shape.
pub fn search_from(
    problem: &Problem,
    start: Option<Plan>,
    limits: Limits,
    watch: &dyn Watch,
) -> Result<Outcome, EngineError> {
    search_part(problem, start, &Part::whole(problem), limits, watch)
}

/// The same for a part only: everything else stays as it stands in the given roster.
pub(super) fn search_part(
    problem: &Problem,
    start: Option<Plan>,
    part: &Part,
    limits: Limits,
    watch: &dyn Watch,
) -> Result<Outcome, EngineError> {
    problem.check()?;
    let flat = Flattened::of(problem);
    let control = Control::new(limits, watch, flat.factor);
    let mut compiled = Compiled::new(&flat.problem, &control)?;
    if let Some(plan) = &start {
        plan.check(problem)?;
    }
    // Sums over the horizon must stay below the ceiling of the type that holds them.
    let narrow = compiled.largest_row_cost().saturating_mul(8) < <i32 as Cost>::CEILING;
    let first = if narrow {
        begin::<i32>(&compiled, &control, part, start)
    } else {
        begin::<i64>(&compiled, &control, part, start)
    };
    let broken = part.people.iter().copied().filter(|&person| !first.is_whole(person));
    // Whoever still breaks rules after an exact search has no days that keep them all.
    let hopeless: Vec<usize> = if control.must_stop() { Vec::new() } else { broken.collect() };
    let softened = compiled.soften(&hopeless, 0);
    let best = if narrow && !softened {
        run::<i32>(&compiled, &control, part, first)
    } else {
        run::<i64>(&compiled, &control, part, first)
    };
    let evaluation = evaluate(problem, &best.plan, &mut |_| {});
    let (mut lower_medium, mut lower_bound) = split(control.lower_bound(), flat.factor);
    if evaluation.broken_hard == 0 {
        (lower_medium, lower_bound) = (lower_medium, lower_bound).min((evaluation.medium, evaluation.cost));
    }
    Ok(Outcome { plan: best.plan, evaluation, lower_medium, lower_bound })
}

/// The first roster: the given one, or everybody's cheapest days one after the other. Those who break hard rules are
/// given other days if there are any.
fn begin<T: Cost>(
    compiled: &Compiled<'_>,
    control: &Control<'_>,
    part: &Part,
    start: Option<Plan>,
) -> Incumbent {
    let mut searcher: Searcher<'_, '_, T> = Searcher::new(compiled, control, part, control.limits.seed);
    let is_long =
        |&person: &usize| part.is_whole(compiled.problem) && has_many_days(&compiled.spaces[person]);
    let broken = |first: &Incumbent| -> Vec<usize> {
        part.people.iter().copied().filter(|&person| !first.is_whole(person)).collect()
    };
    let mut first = match start {
        Some(plan) => {
            let mut first = Incumbent::new(compiled, plan);
            let many: Vec<usize> = broken(&first).into_iter().filter(is_long).collect();
            give_plain_days(&mut searcher, &mut first, &many);
            first
        }
        None => {
            let mut people = part.people.clone();
            searcher.random.shuffle(&mut people);
            let (many, few): (Vec<usize>, Vec<usize>) = people.iter().partition(|person| is_long(person));
            let mut first = Incumbent::new(compiled, Plan::free(compiled.people(), compiled.days()));
            give_plain_days(&mut searcher, &mut first, &many);
            let without: Vec<usize> = many.into_iter().filter(|&person| !first.is_whole(person)).collect();
            let first = searcher.construct(first, &few);
            searcher.construct(first, &without)
        }
    };
    let broken = broken(&first);
    if !broken.is_empty() {
        searcher.finder.count_all();
        first = searcher.construct(first, &broken);
    }
    first
}

fn run<T: Cost>(
    compiled: &Compiled<'_>,
    control: &Control<'_>,
    part: &Part,
    mut first: Incumbent,
) -> Incumbent {
    let mut searcher: Searcher<'_, '_, T> = Searcher::new(compiled, control, part, control.limits.seed);
    if !compiled.softened.is_empty() {
        first = searcher.construct(first, &compiled.softened);
    }
    control.note_worth(first.worth());
    if part.is_empty() {
        return first;
    }
    let shared = Mutex::new(Shared { best: first, tried: Vec::new() });
    // Steps are counted for the sake of equal results: one thread then, whose order of work is always the same.
    let threads = if control.limits.time_ms.is_some() { control.limits.threads.max(1) } else { 1 };
    std::thread::scope(|scope| {
        for thread in 1..threads {
            let shared = &shared;
            scope.spawn(move || {
                let seed =
                    control.limits.seed.wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(thread as u64));
                let mut searcher: Searcher<'_, '_, T> = Searcher::new(compiled, control, part, seed);
                improve(&mut searcher, shared, false);
            });
        }
        improve(&mut searcher, &shared, true);
    });
    shared.into_inner().unwrap_or_else(PoisonError::into_inner).best
}

/// What the threads share.
struct Shared {
    best: Incumbent,
    /// Windows in which days of everybody were looked for that are better than those of the best.
    tried: Vec<Window>,
}

/// One thread's work until the budget is used.
fn improve<T: Cost>(searcher: &mut Searcher<'_, '_, T>, shared: &Mutex<Shared>, leads: bool) {
    let (compiled, control) = (searcher.compiled, searcher.control);
    let short = compiled.days() <= SHORT_HORIZON_DAYS;
    let annealing = if short { ANNEALING_PARTS.0 } else { ANNEALING_PARTS.1 };
    let until = control.used() + annealing;
    let start = snapshot(shared);
    let annealed = searcher.anneal(&start, control.used(), until);
    publish(searcher, shared, &start, annealed);
    let mut scopes = Scopes::new(compiled, searcher.part);
    let root = Scope::everybody(compiled, searcher.part);
    let proof = searcher.part.is_whole(compiled.problem);
    let fits = root.people.len() + scopes.shifts() <= root_rows(control);
    if leads && fits && !root.people.is_empty() {
        let start = snapshot(shared);
        let mut best = start.clone();
        solve_scope(searcher, &mut best, root.clone(), proof);
        publish(searcher, shared, &start, best);
    }
    let mut raises_bound = leads && proof && !root.people.is_empty();
    let many_days = root.people.iter().any(|&person| has_many_days(&compiled.spaces[person]));
    if raises_bound && !fits && many_days {
        let known = snapshot(shared);
        bound_by_scarcity(compiled, control, &known, &root.people, control.used() + EARLY_BOUND_PART);
    }
    while !control.is_over() {
        if raises_bound && control.used() > BOUND_FROM {
            raises_bound = false;
            let start = snapshot(shared);
            if fits && short {
                // The first bound was found with the columns of one roster. Many are known by now. On a long horizon
                // that takes what parts bring more with.
                let mut best = start.clone();
                solve_scope(searcher, &mut best, root.clone(), proof);
                publish(searcher, shared, &start, best);
            } else if !fits {
                bound_late(searcher, &start, &root, many_days);
            }
        }
        let (start, scope) = {
            let mut shared = lock(shared);
            let start = shared.best.clone();
            let scope = scopes.next(searcher, &start, &mut shared.tried);
            (start, scope)
        };
        let Some(scope) = scope else {
            // Nobody is left whose days a linear program could hold.
            let annealed = searcher.anneal(&start, control.used(), 1.0);
            publish(searcher, shared, &start, annealed);
            continue;
        };
        let mut best = start.clone();
        let before = control.used();
        let window = scope.window;
        let is_proven = solve_scope(searcher, &mut best, scope, false);
        if !is_proven {
            lock(shared).tried.retain(|tried| *tried != window);
        }
        scopes.tell(best.worth() < start.worth(), before..control.used());
        publish(searcher, shared, &start, best);
    }
}

/// A bound where the whole problem is too large for a linear program, at the prices that its parts have left.
fn bound_late<T: Cost>(searcher: &mut Searcher<'_, '_, T>, known: &Incumbent, root: &Scope, many_days: bool) {
    let (compiled, control) = (searcher.compiled, searcher.control);
    let until = control.used() + BOUND_PART;
    if !many_days {
        bound_whole(searcher, known, root.clone(), until);
    } else if (control.lower_bound() as f64) < GOOD_BOUND * known.cost() as f64 {
        let worth = worth_of_heads(compiled, known, &searcher.center);
        raise_bound(compiled, control, known, &root.people, &worth, until);
    }
}

/// What one head more on each shift is worth: as parts of the problem priced it, else as the roster says.
fn worth_of_heads(compiled: &Compiled<'_>, known: &Incumbent, center: &[f64]) -> Vec<f64> {
    let shifts = compiled.problem.shifts.iter().zip(&known.heads).zip(center);
    shifts
        .map(|((shift, &heads), &price)| match heads.cmp(&shift.required) {
            _ if price != 0.0 => price,
            Ordering::Less => shift.short_weight as f64,
            Ordering::Equal => shift.short_weight as f64 / 2.0,
            Ordering::Greater => -shift.surplus_weight as f64,
        })
        .collect()
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

fn snapshot(shared: &Mutex<Shared>) -> Incumbent {
    lock(shared).best.clone()
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts a result back. If another thread was faster, only the days that changed are put on top of what it left, and
/// only if the whole is better for it.
fn publish<T: Cost>(
    searcher: &Searcher<'_, '_, T>,
    shared: &Mutex<Shared>,
    start: &Incumbent,
    result: Incumbent,
) {
    if result.worth() >= start.worth() {
        return;
    }
    let compiled = searcher.compiled;
    let mut shared = lock(shared);
    let before = shared.best.worth();
    if shared.best.plan == start.plan {
        shared.best = result;
    } else {
        let mut merged = shared.best.clone();
        for person in 0..compiled.people() {
            let (before, after) = (start.plan.row(person), result.plan.row(person));
            if before != after {
                let mut row = merged.plan.row(person).to_vec();
                for (cell, (before, after)) in row.iter_mut().zip(before.iter().zip(after)) {
                    if before != after {
                        *cell = *after;
                    }
                }
                merged.withdraw(compiled, person, 0..compiled.days());
                merged.replace(compiled, person, 0, &row);
            }
        }
        let better = if merged.worth() < result.worth() { merged } else { result };
        if better.worth() < shared.best.worth() {
            shared.best = better;
        }
    }
    if shared.best.worth() < before {
        shared.tried.clear();
    }
    searcher.control.note_worth(shared.best.worth());
}
