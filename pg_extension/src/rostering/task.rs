//! What is asked about a problem.

use std::time::Duration;

use rota_engine::EngineError;
use rota_engine::rostering::evaluation::{evaluate, heads};
use rota_engine::rostering::repair::{self, repair};
use rota_engine::rostering::{
    FREE, Limits, Outcome, Part, Plan, Problem, Watch, fingerprint, person_fingerprints, search_from,
    search_in_parts,
};
use serde_json::{Value, json};

use super::answer::{Answer, Change};
use super::model::Model;
use super::options::{Options, Parts};
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

/// The numbers by which a problem and the parts of its people are told apart.
///
/// # Errors
/// Those of reading the problem.
pub(crate) fn fingerprints(problem: &Value) -> Result<Value, ExtensionError> {
    let model = reading::read(problem)?;
    let hexadecimal = |number: u128| format!("{number:032x}");
    let people: Vec<String> = person_fingerprints(&model.problem).into_iter().map(hexadecimal).collect();
    Ok(json!({ "roster": hexadecimal(fingerprint(&model.problem)), "people": people }))
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
    let mut options = Options::read(options)?;
    if task == Task::Explain {
        options.limits.time_ms = None;
    }
    let model = reading::read(problem)?;
    if let Some(start) = &options.start {
        start.check(&model)?;
    }
    let schedule = problem.get("schedule").cloned();
    let answered = beside(
        |watch| {
            let found = find(task, &model, &options, watch)?;
            Answer { model: &model, found: &found, task }.to_json(&options, watch, schedule)
        },
        pause,
        look,
    )?;
    Ok(answered?)
}

/// What the engine found.
pub(super) struct Found {
    /// The roster.
    pub(super) outcome: Outcome,
    /// What a repair changed.
    pub(super) changes: Option<Vec<Change>>,
    /// Whether it was known from before, and nothing was searched.
    pub(super) is_known: bool,
}

/// The engine's part.
fn find(task: Task, model: &Model, options: &Options, watch: &SearchWatch) -> Result<Found, EngineError> {
    let Model { problem, known, .. } = model;
    match task {
        Task::Solve => {
            let remembered = options.start.as_ref();
            if let Some(found) = remembered.and_then(|start| start.answer(model, options.limits)) {
                return Ok(Found { outcome: found, changes: None, is_known: true });
            }
            let is_known = known.worked().any(|(person, day, _)| !model.is_settled(person, day));
            let start = match remembered {
                Some(remembered) => Some(remembered.plan(model)),
                None => is_known.then(|| known.clone()),
            };
            let parts = parts(model, options.parts);
            let mut found = if options.parts.any() {
                search_in_parts(problem, start, &parts, options.limits, watch)?
            } else {
                search_from(problem, start, options.limits, watch)?
            };
            if let Some(remembered) = remembered {
                remembered.raise_bounds(&mut found);
            }
            Ok(Found { outcome: found, changes: None, is_known: false })
        }
        Task::Repair => {
            let opened = open_shifts(problem, known);
            // It is done when it finds nothing better, and tells nobody of what it finds until then.
            let limits = Limits { patience_ms: None, ..options.limits };
            let until_ms = options.tidying_ms().map(|tidying_ms| watch.elapsed_ms() + tidying_ms);
            let until_ms =
                until_ms.filter(|until_ms| limits.time_ms.is_none_or(|time_ms| *until_ms < time_ms));
            let quickly = until_ms.map(|until_ms| {
                repair(problem, known, &opened, Limits { time_ms: Some(until_ms), ..limits }, watch)
            });
            let repaired = match quickly.transpose()? {
                Some(repaired) if repaired.opened_heads == 0 => repaired,
                _ => repair(problem, known, &opened, limits, watch)?,
            };
            let found = repaired.outcome;
            let changes = changes(model, &found);
            Ok(Found { outcome: found, changes: Some(changes), is_known: false })
        }
        Task::Explain => {
            let evaluation = evaluate(problem, known, &mut |_| {});
            let outcome = Outcome { plan: known.clone(), evaluation, lower_medium: 0, lower_bound: 0 };
            Ok(Found { outcome, changes: None, is_known: true })
        }
    }
}

/// What is searched one after the other: weeks from the first on, in each of them the teams in the order in which they
/// come. People without a team are one.
fn parts(model: &Model, wanted: Parts) -> Vec<Part> {
    let Model { problem, teams, .. } = model;
    let weeks = wanted.weeks.map_or_else(|| vec![Part::whole(problem)], |weeks| Part::weeks(problem, weeks));
    if !wanted.teams {
        return weeks;
    }
    let mut of_teams: Vec<(&Option<String>, Vec<usize>)> = Vec::new();
    for (person, team) in teams.iter().enumerate() {
        match of_teams.iter_mut().find(|(known, _)| *known == team) {
            Some((_, people)) => people.push(person),
            None => of_teams.push((team, vec![person])),
        }
    }
    let of_week = |week: &Part| {
        let days = week.days.clone();
        of_teams.iter().map(move |(_, people)| Part { people: people.clone(), days: days.clone() })
    };
    weeks.iter().flat_map(of_week).collect()
}

/// Every shift that is short of heads: whatever the reason, heads that are missing now are to be filled.
fn open_shifts(problem: &Problem, known: &Plan) -> Vec<repair::Change> {
    let shifts = problem.shifts.iter().zip(heads(problem, known)).enumerate();
    let short = shifts.filter(|(_, (shift, heads))| *heads < shift.required);
    short.map(|(shift, _)| repair::Change::Shift { shift }).collect()
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
