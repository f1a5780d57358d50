//! Reads a problem from JSON.

mod bounds;
mod fairness;
mod natures;
mod people;
mod rotation;
mod rules;
mod shifts;
mod skills;
mod sums;
mod terms;
mod weights;
mod windows;
mod words;
mod work;

use rota_engine::rostering::{Bound, FREE, Pairing, Plan, Problem, Succession};
use serde_json::Value;

use super::field::{Field, Object};
use super::horizon::Horizon;
use super::model::Model;
use crate::error::ExtensionError;
use bounds::{bound, force, no_sum_is_inexact};
use shifts::Demand;
use terms::Terms;
use weights::Weights;
use words::Words;
use work::OtherWork;

const MEMBERS: [&str; 17] = [
    "from_date",
    "to_date",
    "time_zone",
    "known_from",
    "known_to",
    "shifts",
    "people",
    "everybody",
    "rules",
    "successions",
    "minimum_rest",
    "minimum_day_off",
    "fairness",
    "pairings",
    "weights",
    "known",
    "schedule",
];

/// Days of people in one problem. Each costs some bytes per roster that a search holds.
const MOST_CELLS: usize = 10_000_000;

/// Pairs of person and shift in one problem: each is looked at before the search.
const MOST_PAIRS: usize = 50_000_000;

/// Free days that a rule about two shifts may reach over: the engine's own limit.
const MOST_FREE_DAYS: i64 = 14;

/// What the parts of a problem are read into.
struct Draft {
    horizon: Horizon,
    weights: Weights,
    kinds: Words,
    demand: Demand,
    problem: Problem,
    people: Words,
    /// The team of each person.
    teams: Vec<Option<String>>,
    /// The minutes of each person in a week from Monday beyond which work is overtime.
    weekly_minutes: Vec<Option<i64>>,
    /// The day on which each person's employment began, where that is known.
    hired_on: Vec<Option<i64>>,
    /// What each person works beside the days of the search.
    other_work: Vec<Vec<OtherWork>>,
    /// A number that no skill has.
    first_free_skill: usize,
    rules_not_searched: Vec<Value>,
}

/// Reads a problem.
///
/// # Errors
/// [`ExtensionError::UnreadableRoster`] and [`ExtensionError::RosterTooLarge`] with the path of what is wrong; those of
/// the engine's own check.
pub(super) fn read(document: &Value) -> Result<Model, ExtensionError> {
    let object = Field::document("problem", document).object(&MEMBERS)?;
    let horizon = Horizon::read(&object)?;
    let weights = Weights::read(object.find("weights"))?;
    let mut kinds = Words::default();
    let demand = Demand::read(&object, &horizon, &weights, &mut kinds)?;
    let problem = Problem {
        days: horizon.days,
        first_weekday: horizon.first_weekday(),
        shifts: demand.shifts.clone(),
        ..Problem::default()
    };
    let mut draft = Draft {
        horizon,
        weights,
        kinds,
        demand,
        problem,
        people: Words::default(),
        teams: Vec::new(),
        weekly_minutes: Vec::new(),
        hired_on: Vec::new(),
        other_work: Vec::new(),
        first_free_skill: 0,
        rules_not_searched: Vec::new(),
    };
    draft.read_people(&object)?;
    draft.read_successions(&object)?;
    draft.read_rules(&object)?;
    draft.read_pairings(&object)?;
    fairness::read(&mut draft, &object)?;
    draft.problem.kinds = draft.kinds.count();
    draft.problem.check()?;
    no_sum_is_inexact(&draft.problem, object.field())?;
    let known = draft.read_known(&object)?;
    Ok(Model {
        dates: (0..draft.horizon.days).map(|day| draft.horizon.date(day)).collect(),
        people: draft.people.into_words(),
        shifts: draft.demand.names.into_words(),
        kinds: draft.kinds.into_words(),
        teams: draft.teams,
        known,
        rules_not_searched: draft.rules_not_searched,
        problem: draft.problem,
    })
}

/// Minutes of rest between two duties.
fn rest(field: &Field<'_>) -> Result<Bound, ExtensionError> {
    let rest = bound(field)?;
    if rest.value > MOST_FREE_DAYS * 1_440 {
        return Err(field.unfit(&format!("at most {} minutes", MOST_FREE_DAYS * 1_440)));
    }
    Ok(rest)
}

impl Draft {
    fn read_people(&mut self, object: &Object<'_>) -> Result<(), ExtensionError> {
        let people = object.list("people")?;
        let cells = people.len().saturating_mul(self.horizon.days);
        let pairs = people.len().saturating_mul(self.demand.shifts.len());
        if cells > MOST_CELLS || pairs > MOST_PAIRS {
            return Err(object.field().excess(format!(
                "has {cells} days of people and {pairs} pairs of person and shift, at most {MOST_CELLS} and \
                 {MOST_PAIRS} are one roster"
            )));
        }
        let everybody = Terms::of_everybody(self, object)?;
        people::read(self, &people, &everybody)
    }

    fn read_successions(&mut self, object: &Object<'_>) -> Result<(), ExtensionError> {
        for field in object.list("successions")? {
            let rule = field.object(&["first", "next", "free_days", "weight", "level"])?;
            let (first, next) = (self.kind(&rule.need("first")?)?, self.kind(&rule.need("next")?)?);
            let free_days = rule.whole("free_days", &(0..=MOST_FREE_DAYS))?.unwrap_or(0);
            let free_days = usize::try_from(free_days).unwrap_or(0);
            self.problem.successions.push(Succession { first, next, free_days, force: force(&rule)? });
        }
        let read = |name: &str| object.find(name).map(|field| rest(&field)).transpose();
        self.problem.minimum_rest = read("minimum_rest")?;
        self.problem.minimum_day_off = read("minimum_day_off")?;
        Ok(())
    }

    fn read_pairings(&mut self, object: &Object<'_>) -> Result<(), ExtensionError> {
        for field in object.list("pairings")? {
            let pairing = field.object(&["first", "second", "together", "weight"])?;
            let (first, second) =
                (self.person(&pairing.need("first")?)?, self.person(&pairing.need("second")?)?);
            if first == second {
                return Err(field.fault("pairs somebody with themselves, two people would be right".into()));
            }
            let weight = weights::read_weight(&pairing.need("weight")?)?;
            self.problem.pairings.push(Pairing {
                first,
                second,
                together: pairing.need("together")?.truth()?,
                weight,
            });
        }
        Ok(())
    }

    /// The roster that is known already: settled days, and what `known` says.
    fn read_known(&self, object: &Object<'_>) -> Result<Plan, ExtensionError> {
        let mut plan = Plan::free(self.problem.people.len(), self.horizon.days);
        for (person, rules) in self.problem.people.iter().enumerate() {
            for fixed in &rules.fixed {
                let shift = fixed.shift.and_then(|shift| u32::try_from(shift).ok());
                if let (Some(cell), Some(shift)) = (plan.row_mut(person).get_mut(fixed.day), shift) {
                    *cell = shift;
                }
            }
        }
        for field in object.list("known")? {
            let pair = field.object(&["person", "shift"])?;
            let (person, shift) = (self.person(&pair.need("person")?)?, self.shift(&pair.need("shift")?)?);
            let day = self.problem.shifts.get(shift).map_or(0, |shift| shift.day);
            let number = u32::try_from(shift).unwrap_or(FREE);
            let Some(cell) = plan.row_mut(person).get_mut(day) else { continue };
            if *cell != FREE && *cell != number {
                return Err(field.fault(format!(
                    "is a second shift of that person on {}, one of a day would be right",
                    self.horizon.date(day)
                )));
            }
            *cell = number;
        }
        Ok(plan)
    }

    fn kind(&self, field: &Field<'_>) -> Result<usize, ExtensionError> {
        let word = field.text()?;
        self.kinds
            .find(word)
            .ok_or_else(|| field.fault(format!("names kind \"{word}\", which no shift is of")))
    }

    fn person(&self, field: &Field<'_>) -> Result<usize, ExtensionError> {
        let id = field.id()?;
        self.people
            .find(&id)
            .ok_or_else(|| field.fault(format!("names person \"{id}\", who is not in people")))
    }

    fn shift(&self, field: &Field<'_>) -> Result<usize, ExtensionError> {
        let id = field.id()?;
        self.demand
            .names
            .find(&id)
            .ok_or_else(|| field.fault(format!("names shift \"{id}\", which is not in shifts")))
    }
}
