//! The shifts that want heads.

use rota_engine::Span;
use rota_engine::rostering::Shift;

use super::natures::Natures;
use super::weights::{Weights, read_weight, short_level};
use super::words::Words;
use crate::error::ExtensionError;
use crate::rostering::field::{Field, Object};
use crate::rostering::horizon::{Horizon, bounded_span};

/// Shifts of one problem: the engine's own limit.
const MOST_SHIFTS: usize = 1_000_000;
/// Heads of one shift.
const MOST_HEADS: i64 = 20_000;
/// Longest shift. A person is on at most one shift of a day, so what reaches past the next day would not be seen there.
const MOST_MINUTES: i64 = 2 * 1_440;

const MEMBERS: [&str; 11] = [
    "id",
    "kind",
    "nature",
    "starts_at",
    "ends_at",
    "worked_minutes",
    "skills",
    "required",
    "short_weight",
    "short_level",
    "surplus_weight",
];

/// The shifts, and what their numbers stand for.
#[derive(Debug, Default)]
pub(super) struct Demand {
    /// As the engine wants them; their skills are filled in when those of people are known.
    pub(super) shifts: Vec<Shift>,
    /// Their ids.
    pub(super) names: Words,
    /// When each is.
    pub(super) spans: Vec<Span>,
    /// The names of the skills that each wants.
    pub(super) skills: Vec<Vec<String>>,
    /// How rules know the kinds of work.
    pub(super) natures: Natures,
}

impl Demand {
    /// Reads `shifts` of a problem.
    pub(super) fn read(
        problem: &Object<'_>,
        horizon: &Horizon,
        weights: &Weights,
        kinds: &mut Words,
    ) -> Result<Self, ExtensionError> {
        let mut demand = Self::default();
        let shifts = problem.list("shifts")?;
        if shifts.len() > MOST_SHIFTS {
            return Err(problem
                .field()
                .excess(format!("has {} shifts, at most {MOST_SHIFTS} are one roster", shifts.len())));
        }
        for field in &shifts {
            demand.read_shift(field, horizon, weights, kinds)?;
        }
        Ok(demand)
    }

    fn read_shift(
        &mut self,
        field: &Field<'_>,
        horizon: &Horizon,
        weights: &Weights,
        kinds: &mut Words,
    ) -> Result<(), ExtensionError> {
        let object = field.object(&MEMBERS)?;
        let id = object.need("id")?;
        if self.names.number(&id.id()?) < self.shifts.len() {
            return Err(id.unfit("an id that no other shift has"));
        }
        let span = bounded_span(&object)?;
        let day = usize::try_from(horizon.day_of(span.start())?).ok().filter(|day| *day < horizon.days);
        let Some(day) = day else {
            return Err(object.need("starts_at")?.unfit("an instant between from_date and to_date"));
        };
        let (start_minute, end_minute) = horizon.minutes(span);
        let elapsed = end_minute - start_minute;
        if elapsed > MOST_MINUTES {
            return Err(
                field.excess(format!("lasts {elapsed} minutes, at most {MOST_MINUTES} are one shift"))
            );
        }
        let weight =
            |name: &str, usual: i64| object.find(name).map_or(Ok(usual), |field| read_weight(&field));
        let required = object.whole("required", &(0..=MOST_HEADS))?.unwrap_or(1);
        let kind = object.find("kind").map_or(Ok("shift"), |field| field.text())?;
        let nature = object.find("nature").map_or(Ok(kind), |field| field.text())?;
        let kind = kinds.number(kind);
        self.natures.note(kind, nature);
        let skills = object.list("skills")?;
        let skills = skills.iter().map(|skill| skill.text().map(str::to_owned)).collect::<Result<_, _>>()?;
        let worked_minutes = object.whole("worked_minutes", &(0..=elapsed))?.unwrap_or(elapsed);
        self.shifts.push(Shift {
            day,
            kind,
            start_minute,
            end_minute,
            worked_minutes,
            late_minutes: horizon.late_minutes(i64::try_from(day).unwrap_or(0), span, worked_minutes)?,
            skills: Vec::new(),
            required: u32::try_from(required).unwrap_or(u32::MAX),
            short_weight: weight("short_weight", weights.short)?,
            short_level: object
                .find("short_level")
                .map_or(Ok(weights.short_level), |level| short_level(&level))?,
            surplus_weight: weight("surplus_weight", weights.surplus)?,
        });
        self.spans.push(span);
        self.skills.push(skills);
        Ok(())
    }
}
