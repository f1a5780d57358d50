//! What breaking something costs where a document says no more.

use rota_engine::rostering::Level;
use rota_engine::rostering::check::MOST_WEIGHT;

use crate::error::ExtensionError;
use crate::rostering::field::Field;

/// Weights by what they are of. A missing head outweighs everything soft; what people said about their time outweighs
/// what they would like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights {
    /// Of each head too few.
    pub(super) short: i64,
    /// Whether a head too few outweighs everything soft, whatever the weights.
    pub(super) short_level: Level,
    /// Of each head too many.
    pub(super) surplus: i64,
    /// Of a rule that warns, for each unit that is counted in ones.
    pub(super) warning: i64,
    /// Of a rule that warns, for each minute.
    pub(super) warning_minute: i64,
    /// Of a rule that advises, for each unit that is counted in ones.
    pub(super) advisory: i64,
    /// Of a rule that advises, for each minute.
    pub(super) advisory_minute: i64,
    /// Of each minute beyond a person's weekly minutes.
    pub(super) overtime: i64,
    /// Of a shift in a time that the person named unavailable.
    pub(super) unavailable: i64,
    /// Of a shift not worked in a time that the person would prefer.
    pub(super) preferred: i64,
}

impl Weights {
    /// Reads `weights` of a problem.
    pub(super) fn read(field: Option<Field<'_>>) -> Result<Self, ExtensionError> {
        let mut weights = Self {
            short: 10_000,
            short_level: Level::Soft,
            surplus: 2_000,
            warning: 500,
            warning_minute: 5,
            advisory: 100,
            advisory_minute: 1,
            overtime: 0,
            unavailable: 300,
            preferred: 20,
        };
        let Some(field) = field else { return Ok(weights) };
        let places = [
            ("short", &mut weights.short),
            ("surplus", &mut weights.surplus),
            ("warning", &mut weights.warning),
            ("warning_minute", &mut weights.warning_minute),
            ("advisory", &mut weights.advisory),
            ("advisory_minute", &mut weights.advisory_minute),
            ("overtime", &mut weights.overtime),
            ("unavailable", &mut weights.unavailable),
            ("preferred", &mut weights.preferred),
        ];
        let names = places.each_ref().map(|(name, _)| *name);
        let given = field.object(&[names.as_slice(), &["short_level"]].concat())?;
        for (name, place) in places {
            if let Some(weight) = given.find(name) {
                *place = read_weight(&weight)?;
            }
        }
        if let Some(level) = given.find("short_level") {
            weights.short_level = short_level(&level)?;
        }
        Ok(weights)
    }
}

/// Reads a weight.
pub(super) fn read_weight(field: &Field<'_>) -> Result<i64, ExtensionError> {
    field.whole(&(0..=MOST_WEIGHT))
}

/// Reads whether a missing head outweighs everything soft whatever the weights, or is weighed with the rest.
pub(super) fn short_level(field: &Field<'_>) -> Result<Level, ExtensionError> {
    match field.text()? {
        "medium" => Ok(Level::Medium),
        "soft" => Ok(Level::Soft),
        _ => Err(field.unfit("medium or soft")),
    }
}
