//! A roster known from before: where a search begins, or what it answers without searching.

use rota_engine::rostering::evaluation::evaluate;
use rota_engine::rostering::{FREE, Limits, Outcome, Plan};

use super::field::Field;
use super::model::Model;
use crate::error::ExtensionError;

/// The largest cost or bound: whole numbers up to here are exact in JSON.
const MOST_COST: i64 = 1 << 53;

/// What is known of a problem: a shift, by its place in the problem's shifts, or a free day for each day of each person.
#[derive(Debug, Clone)]
pub(super) struct Start {
    /// None for a person of whom nothing is known.
    days: Vec<Option<Vec<u32>>>,
    /// What was proven.
    lower_medium: i64,
    lower_bound: i64,
    /// The longest budget that was used up.
    searched_ms: u64,
}

impl Start {
    /// Reads `{"days": [[0, -1, null]], "lower_medium", "lower_bound", "searched_ms"}`, as `rota.recall_roster` gives it.
    pub(super) fn read(field: &Field<'_>) -> Result<Self, ExtensionError> {
        let object = field.object(&["days", "lower_medium", "lower_bound", "searched_ms"])?;
        let mut days = Vec::new();
        for person in object.need("days")?.list()? {
            let row = if person.value().is_null() {
                None
            } else {
                let cells = person.list()?;
                // A free day is -1, which is none of the numbers of shifts.
                let cell = |field: &Field<'_>| {
                    let shift = field.whole(&(-1..=i64::from(FREE) - 1))?;
                    Ok(u32::try_from(shift).unwrap_or(FREE))
                };
                Some(cells.iter().map(cell).collect::<Result<Vec<u32>, ExtensionError>>()?)
            };
            days.push(row);
        }
        let bound =
            |name: &str| Ok::<i64, ExtensionError>(object.whole(name, &(0..=MOST_COST))?.unwrap_or(0));
        Ok(Self {
            days,
            lower_medium: bound("lower_medium")?,
            lower_bound: bound("lower_bound")?,
            searched_ms: bound("searched_ms")?.cast_unsigned(),
        })
    }

    /// Refuses what is not a roster of this problem.
    ///
    /// # Errors
    /// [`ExtensionError::Engine`] for other people or days, and for shifts that there are not.
    pub(super) fn check(&self, model: &Model) -> Result<(), ExtensionError> {
        let problem = &model.problem;
        let fits = self.days.len() == problem.people.len()
            && self.days.iter().flatten().all(|row| row.len() == problem.days);
        if !fits {
            return Err(ExtensionError::UnreadableRoster {
                argument: "options",
                path: "options.start.days".to_owned(),
                fault: format!(
                    "is not a list of {} people with {} days each",
                    problem.people.len(),
                    problem.days
                ),
            });
        }
        Ok(self.plan(model).check(problem)?)
    }

    /// The roster, with settled days as the problem says. Whoever is not known has what the problem's own roster says.
    pub(super) fn plan(&self, model: &Model) -> Plan {
        let mut plan = model.known.clone();
        for (person, row) in self.days.iter().enumerate() {
            let Some(row) = row else { continue };
            for (day, cell) in row.iter().enumerate() {
                if model.is_settled(person, day) {
                    continue;
                }
                if let Some(place) = plan.row_mut(person).get_mut(day) {
                    *place = *cell;
                }
            }
        }
        plan
    }

    /// The answer that needs no search: everybody is known, every rule is kept, and the roster is the best there is or
    /// was searched as long as is asked now.
    pub(super) fn answer(&self, model: &Model, limits: Limits) -> Option<Outcome> {
        if self.days.iter().any(Option::is_none) {
            return None;
        }
        let plan = self.plan(model);
        let evaluation = evaluate(&model.problem, &plan, &mut |_| {});
        let is_proven = (evaluation.medium, evaluation.cost) == (self.lower_medium, self.lower_bound);
        let is_searched = limits.time_ms.is_some_and(|time_ms| time_ms <= self.searched_ms);
        let is_answer = evaluation.broken_hard == 0 && (is_proven || is_searched);
        let (lower_medium, lower_bound) = (self.lower_medium, self.lower_bound);
        is_answer.then_some(Outcome { plan, evaluation, lower_medium, lower_bound })
    }

    /// What was proven before holds still.
    pub(super) fn raise_bounds(&self, found: &mut Outcome) {
        let known = (self.lower_medium, self.lower_bound);
        (found.lower_medium, found.lower_bound) = (found.lower_medium, found.lower_bound).max(known);
    }
}
