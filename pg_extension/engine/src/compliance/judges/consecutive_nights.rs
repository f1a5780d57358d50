//! Nights of work in a row.

use super::consecutive_days::Rows;
use super::{Judge, Making, Take};
use crate::compliance::case::{Case, Comparison, count};
use crate::compliance::nights::nights;
use crate::compliance::person::{Person, cut};
use crate::compliance::verdict::Unit;
use crate::error::EngineError;
use crate::rule::ConsecutiveNights;

/// No row of nights with work is longer than so many.
#[derive(Debug)]
pub(super) struct NightsInRow {
    maximum: i64,
    minimum: i64,
    nights: Vec<(i64, i64)>,
    line: usize,
}

impl NightsInRow {
    pub(super) fn of(rule: ConsecutiveNights, line: usize, making: &Making<'_>) -> Result<Self, EngineError> {
        let nights = nights(rule.night, making.frame.days(0), making.zone)?;
        Ok(Self { maximum: rule.maximum.into(), minimum: rule.minimum.microseconds(), nights, line })
    }
}

impl Judge for NightsInRow {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let night = |number: usize| self.nights.get(number).copied();
        let mut rows = Rows::default();
        let mut tell = |row: (usize, usize)| {
            let (Some((start, _)), Some((_, end))) = (night(row.0), night(row.1 - 1)) else { return };
            if person.frame.judges(start, end) {
                let found = Comparison::of(count(row.1 - row.0), self.maximum);
                // A night of which nothing is known may lengthen the row.
                let before = row.0.checked_sub(1).and_then(night).map_or(start, |night| night.0);
                let after = night(row.1).map_or(end, |night| night.1);
                take(Case::at_most(start, end, found, person.is_known(before, after)));
            }
        };
        let work = person.line(self.line).worked().spans();
        let (mut number, mut position, mut time) = (0, 0, 0);
        while let (Some(band), Some(stretch)) = (night(number), work.get(position).copied()) {
            time += cut(stretch, band).map_or(0, |(start, end)| end - start);
            if stretch.1 <= band.1 {
                position += 1;
                let is_over = work.get(position).is_none_or(|next| next.0 >= band.1);
                if !is_over {
                    continue;
                }
            }
            if time > 0
                && time >= self.minimum
                && let Some(row) = rows.add(number)
            {
                tell(row);
            }
            number += 1;
            time = 0;
        }
        if let Some(row) = rows.end() {
            tell(row);
        }
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Nights, 1)
    }

    fn follows_duties(&self) -> bool {
        true
    }
}
