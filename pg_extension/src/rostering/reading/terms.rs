//! What a person's days must and should be like: sums, runs, days off, a rotation, what kinds cost.
//!
//! A document says it of one person, or of everybody; a person's own word wins, and sums add up.

use rota_engine::rostering::{Bound, Limit, Person, Rotation};

use super::Draft;
use super::bounds::{bound, value};
use super::rotation;
use super::sums::{counted, days};
use super::weights::read_weight;
use crate::error::ExtensionError;
use crate::rostering::field::{Field, Object};
use crate::rostering::horizon::date;

/// The members that say it.
pub(super) const TERMS: [&str; 7] =
    ["limits", "longest_work", "shortest_work", "shortest_rest", "days_off", "rotation", "kind_costs"];

/// What was said.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    limits: Vec<Limit>,
    longest_work: Option<Bound>,
    shortest_work: Option<Bound>,
    shortest_rest: Option<Bound>,
    days_off: Vec<usize>,
    rotation: Option<Rotation>,
    kind_costs: Vec<(usize, i64)>,
}

impl Terms {
    /// Reads `everybody` of a problem.
    pub(super) fn of_everybody(draft: &mut Draft, problem: &Object<'_>) -> Result<Self, ExtensionError> {
        match problem.find("everybody") {
            Some(field) => Self::read(draft, &field.object(&TERMS)?),
            None => Ok(Self::default()),
        }
    }

    /// Reads the members of an object.
    pub(super) fn read(draft: &mut Draft, object: &Object<'_>) -> Result<Self, ExtensionError> {
        let run = |name: &str| object.find(name).map(|field| bound(&field)).transpose();
        let mut kind_costs = Vec::new();
        if let Some(costs) = object.find("kind_costs") {
            for (kind, cost) in costs.any_object()?.members() {
                // A kind that no shift is of costs nobody anything.
                if let Some(kind) = draft.kinds.find(kind) {
                    kind_costs.push((kind, read_weight(&cost)?));
                }
            }
        }
        Ok(Self {
            limits: limits(draft, object)?,
            longest_work: run("longest_work")?,
            shortest_work: run("shortest_work")?,
            shortest_rest: run("shortest_rest")?,
            days_off: object
                .list("days_off")?
                .iter()
                .map(|field| day(draft, field))
                .collect::<Result<_, _>>()?,
            rotation: object.find("rotation").map(|field| rotation::read(draft, &field)).transpose()?,
            kind_costs,
        })
    }

    /// A person of whom this is said, beside what is said of everybody.
    pub(super) fn person(self, everybody: &Self) -> Person {
        let of_kind = |kind: usize| self.kind_costs.iter().any(|(known, _)| *known == kind);
        let costs_of_everybody = everybody.kind_costs.iter().filter(|(kind, _)| !of_kind(*kind));
        Person {
            kind_costs: costs_of_everybody.chain(&self.kind_costs).copied().collect(),
            limits: everybody.limits.iter().cloned().chain(self.limits).collect(),
            longest_work: self.longest_work.or(everybody.longest_work),
            shortest_work: self.shortest_work.or(everybody.shortest_work),
            shortest_rest: self.shortest_rest.or(everybody.shortest_rest),
            days_off: everybody.days_off.iter().copied().chain(self.days_off).collect(),
            rotation: self.rotation.or_else(|| everybody.rotation.clone()),
            ..Person::default()
        }
    }
}

/// A date of the horizon.
fn day(draft: &Draft, field: &Field<'_>) -> Result<usize, ExtensionError> {
    let day = draft.horizon.day_of_date(date(field)?);
    usize::try_from(day)
        .ok()
        .filter(|day| *day < draft.horizon.days)
        .ok_or_else(|| field.unfit("a date of the horizon"))
}

fn limits(draft: &mut Draft, object: &Object<'_>) -> Result<Vec<Limit>, ExtensionError> {
    let mut limits = Vec::new();
    for field in object.list("limits")? {
        let limit = field.object(&["counted", "kind", "from_date", "to_date", "already", "least", "most"])?;
        let counted = counted(draft, &limit)?;
        let days = days(draft, &limit)?;
        let side = |name: &str| -> Result<Option<Bound>, ExtensionError> {
            limit.find(name).map(|field| bound(&field)).transpose()
        };
        let already = limit.find("already").map_or(Ok(0), |field| value(&field))?;
        let (least, most) = (side("least")?, side("most")?);
        limits.push(Limit { counted, days, continues: false, already, least, most });
    }
    Ok(limits)
}
