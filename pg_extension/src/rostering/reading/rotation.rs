//! Patterns of days that repeat: two early, two late, two nights, four free.

use rota_engine::rostering::{Rotation, Turn};

use super::Draft;
use super::bounds::force;
use crate::error::ExtensionError;
use crate::rostering::field::Field;
use crate::rostering::horizon::date;

/// Days of one turn, at most: a year and a day, as far as any rule looks.
const MOST_TURNS: usize = 366;

/// Reads `{"turns": ["early", "free", "any"], "begins_on": "2026-03-02"}`: a kind, `free`, or `any` for each day. The
/// first turn is that of `begins_on`, which may lie outside of the horizon; its first day where it is missing.
pub(super) fn read(draft: &Draft, field: &Field<'_>) -> Result<Rotation, ExtensionError> {
    let object = field.object(&["turns", "begins_on", "weight", "level"])?;
    let list = object.need("turns")?;
    let mut turns = Vec::new();
    for turn in list.list()? {
        turns.push(match turn.text()? {
            "free" => Turn::Free,
            "any" => Turn::Any,
            _ => Turn::Kind(draft.kind(&turn)?),
        });
    }
    if turns.is_empty() || turns.len() > MOST_TURNS {
        return Err(list.fault(format!("has {} days, from 1 to {MOST_TURNS} are one turn", turns.len())));
    }
    let length = i64::try_from(turns.len()).unwrap_or(1);
    let begins = object.find("begins_on").map(|field| date(&field)).transpose()?;
    let begins = begins.map_or(0, |date| draft.horizon.day_of_date(date));
    // Day 0 of the horizon is so many days into a turn.
    let first = usize::try_from((-begins).rem_euclid(length)).unwrap_or(0);
    Ok(Rotation { turns, first, force: force(&object)? })
}
