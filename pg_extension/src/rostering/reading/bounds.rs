//! Bounds, and the proof that every sum of costs is exact in JSON.

use rota_engine::rostering::{Bound, Force, Problem};

use super::weights::read_weight;
use crate::error::ExtensionError;
use crate::rostering::field::{Field, Object};

/// Largest value of a bound: a hundred years of minutes, the engine's own limit.
const MOST_VALUE: i64 = 60 * 24 * 366 * 100;

/// Everything that could be broken at once must cost less than this: whole numbers up to here are exact in JSON.
const MOST_COST: i128 = 1 << 53;

/// Reads a bound: a number that may never be broken, or `{"value": 5, "weight": 100}` for one that costs so much for
/// each unit; with `"level": "medium"` before all soft costs.
pub(super) fn bound(field: &Field<'_>) -> Result<Bound, ExtensionError> {
    let allowed = 0..=MOST_VALUE;
    if field.value().is_number() {
        return Ok(Bound::hard(field.whole(&allowed)?));
    }
    let object = field.object(&["value", "weight", "level"])?;
    Ok(Bound { value: object.need("value")?.whole(&allowed)?, force: force(&object)? })
}

/// Reads `weight` and `level` of a rule, which may never be broken where there is no weight.
pub(super) fn force(rule: &Object<'_>) -> Result<Force, ExtensionError> {
    let weight = rule.find("weight").map(|field| read_weight(&field)).transpose()?;
    let Some(level) = rule.find("level") else {
        return Ok(weight.map_or(Force::Hard, Force::Soft));
    };
    let force = match level.text()? {
        "hard" if weight.is_some() => {
            return Err(level.fault("is \"hard\" beside a weight, medium or soft would be right".into()));
        }
        "hard" => return Ok(Force::Hard),
        "medium" => Force::Medium,
        "soft" => Force::Soft,
        _ => return Err(level.unfit("hard, medium or soft")),
    };
    rule.need("weight")?;
    Ok(force(weight.unwrap_or(0)))
}

/// Reads a value that is counted.
pub(super) fn value(field: &Field<'_>) -> Result<i64, ExtensionError> {
    field.whole(&(0..=MOST_VALUE))
}

/// Of two upper bounds the one to keep: a hard one before a soft one, then the lower.
pub(super) fn stricter(one: Bound, other: Bound) -> Bound {
    match (one.force == Force::Hard, other.force == Force::Hard) {
        (true, false) => one,
        (false, true) => other,
        _ if one.value <= other.value => one,
        _ => other,
    }
}

/// Refuses weights that together could sum beyond what is exact, of a problem that is sound otherwise.
pub(super) fn no_sum_is_inexact(problem: &Problem, field: &Field<'_>) -> Result<(), ExtensionError> {
    let most = problem.most_cost();
    if most > MOST_COST {
        return Err(field.excess(format!(
            "has weights that could sum to {most}, at most {MOST_COST} is exact; smaller weights would be right"
        )));
    }
    Ok(())
}
