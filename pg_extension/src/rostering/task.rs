//! What is asked about a problem.

use std::time::Duration;

use rota_engine::EngineError;
use rota_engine::rostering::evaluation::evaluate;
use rota_engine::rostering::repair::repair;
use rota_engine::rostering::{FREE, Outcome, search_from};
use serde_json::Value;

use super::answer::{Answer, Change};
use super::model::Model;
use super::options::Options;
use super::reading;
use super::thread::{SearchWatch, beside};
use crate::error::ExtensionError;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// A good roster, from the known one if there is any.
    Solve,
    /// A roster that differs as little as possible from the known one.
    Repair,
    /// Nothing but what the known roster costs and lacks.
    Explain,
}

impl Task {
    /// The task of a word.
    ///
    /// # Errors
    /// [`EngineError::UnknownChoice`].
    pub(crate) fn from_word(word: &str) -> Result<Self, ExtensionError> {
        match word {
            "generate" | "solve" => Ok(Self::Solve),
            "repair" => Ok(Self::Repair),
            "explain" => Ok(Self::Explain),
            _ => Err(ExtensionError::Engine(EngineError::UnknownChoice {
                argument: "task",
                value: word.to_owned(),
                choices: "solve, generate, repair, explain",
            })),
        }
    }
}

/// Answers a problem; the backend waits meanwhile and stays open for interrupts.
///
/// # Errors
/// Those of reading problem and options, and of the search.
pub(crate) fn perform(task: Task, problem: &Value, options: &Value) -> Result<Value, ExtensionError> {
    perform_watched(task, problem, options, None, &mut |_| Ok(()))
}

/// As [`perform`]; `look` is called every `pause` while the search runs.
///
/// # Errors
/// As [`perform`], and those of `look`.
pub(super) fn perform_watched(
    task: Task,
    problem: &Value,
    options: &Value,
    pause: Option<Duration>,
    look: &mut dyn FnMut(&SearchWatch) -> Result<(), ExtensionError>,
) -> Result<Value, ExtensionError> {
    let options = Options::read(options)?;
    let model = reading::read(problem)?;
    let schedule = problem.get("schedule").cloned();
    let answered = beside(
        |watch| {
            let found = find(task, &model, &options, watch)?;
            let (outcome, changes) = found;
            let answer = Answer { model: &model, outcome: &outcome, changes: changes.as_deref(), task };
            Ok::<Value, EngineError>(answer.to_json(&options, watch, schedule))
        },
        pause,
        look,
    )?;
    Ok(answered?)
}

/// The engine's part.
fn find(
    task: Task,
    model: &Model,
    options: &Options,
    watch: &SearchWatch,
) -> Result<(Outcome, Option<Vec<Change>>), EngineError> {
    let Model { problem, known, .. } = model;
    match task {
        Task::Solve => {
            let start = known.worked().any(|(person, day, _)| !model.is_settled(person, day));
            let found = search_from(problem, start.then(|| known.clone()), options.limits, watch)?;
            Ok((found, None))
        }
        Task::Repair => {
            let found = repair(problem, known, options.change_weight, options.limits, watch)?;
            let changes = changes(model, &found.outcome);
            Ok((found.outcome, Some(changes)))
        }
        Task::Explain => {
            let evaluation = evaluate(problem, known, &mut |_| {});
            Ok((Outcome { plan: known.clone(), evaluation, lower_bound: 0 }, None))
        }
    }
}

/// Every day of a person that differs from the known roster.
fn changes(model: &Model, outcome: &Outcome) -> Vec<Change> {
    let mut changes = Vec::new();
    for person in 0..model.people.len() {
        let days = model.known.row(person).iter().zip(outcome.plan.row(person)).enumerate();
        for (day, (before, after)) in days.filter(|(_, (before, after))| before != after) {
            let shift = |cell: u32| (cell != FREE).then_some(cell as usize);
            changes.push(Change { person, day, before: shift(*before), after: shift(*after) });
        }
    }
    changes
}
