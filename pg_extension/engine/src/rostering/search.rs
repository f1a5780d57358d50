//! The whole search: construction, phases, threads.

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

/// Searches a good roster.
///
/// # Errors
///
/// What [`Problem::check`] refuses.
pub fn search(problem: &Problem, limits: Limits, watch: &dyn Watch) -> Result<Outcome, EngineError> {
    problem.check()?;
    let compiled = Compiled::new(problem);
    let control = Control::new(limits, watch, 0);
    let best = run::<i32>(&compiled, &control);
    let evaluation = evaluate(problem, &best.plan, &mut |_| {});
    Ok(Outcome { plan: best.plan, evaluation, lower_bound: control.lower_bound() })
}

fn run<T: Cost>(compiled: &Compiled<'_>, control: &Control<'_>) -> Incumbent {
    let mut searcher: Searcher<'_, '_, T> = Searcher::new(compiled, control, control.limits.seed);
    let first = searcher.construct(Plan::free(compiled.people(), compiled.days()));
    control.note_worth(first.worth());
    let mut best = searcher.anneal(&first, 0.0, 0.03);
    let everybody = Scope::everybody(compiled);
    let root = solve_scope(&mut searcher, &mut best, &everybody);
    control.note_bound((root.bound - 1e-6).ceil() as i64);
    while !control.is_over() {
        let wanted = searcher.random.usize(4..=12);
        let mut people = sample(&mut searcher.random, compiled.people(), wanted);
        people.sort_unstable();
        let scope = Scope { people, start: 0, end: compiled.days() };
        solve_scope(&mut searcher, &mut best, &scope);
    }
    best
}
