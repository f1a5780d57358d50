//! Shares of a person, and where they sum to more than the person.
//!
//! Two assignments that each take the whole person are an `overlap`, pair by pair. Everything else is a
//! question of sums: three halves are too much although no two of them are.

use std::fmt;

use super::row::{Conflict, ConflictKind, Quantity};
use super::sweep::{Placed, Sink};
use crate::instant::Instant;
use crate::span::Span;

/// A share of a person, exact to the billionth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Load(i64);

impl Load {
    /// All of a person: the most that anybody has to give.
    pub const WHOLE: Self = Self(1_000_000_000);

    /// From billionths of a person.
    #[must_use]
    pub const fn from_billionths(billionths: i64) -> Self {
        Self(billionths)
    }

    /// Billionths of a person.
    #[must_use]
    pub const fn billionths(self) -> i64 {
        self.0
    }

    /// Whether it takes some of the person and leaves, or wants, another amount than the whole.
    #[must_use]
    pub fn is_partial(self) -> bool {
        self.0 > 0 && self != Self::WHOLE
    }
}

impl Default for Load {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl fmt::Display for Load {
    /// A decimal number without trailing zeros, in the syntax of a Postgres `numeric`: `1.5`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = Self::WHOLE.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let (units, rest) = (self.0.unsigned_abs() / whole, self.0.unsigned_abs() % whole);
        if rest == 0 {
            return write!(formatter, "{sign}{units}");
        }
        let decimals = format!("{rest:09}");
        write!(formatter, "{sign}{units}.{}", decimals.trim_end_matches('0'))
    }
}

/// What takes effect at an instant.
struct Step {
    at: Instant,
    load: i128,
    parts: i64,
}

/// Every stretch of time in which one person's loads sum to more than the person, a partial load among them.
/// The highest sum is what is measured. O(n log n).
pub(super) fn over_allocated<E>(
    assignments: &[Placed<'_>],
    window: Span,
    emit: &mut Sink<'_, E>,
) -> Result<(), E> {
    let Some((_, first)) = assignments.iter().find(|(_, assignment)| assignment.load.is_partial()) else {
        return Ok(());
    };
    let mut steps = Vec::with_capacity(2 * assignments.len());
    for (_, assignment) in assignments {
        let load = i128::from(assignment.load.billionths().max(0));
        let parts = i64::from(assignment.load.is_partial());
        steps.push(Step { at: assignment.span.start(), load, parts });
        steps.push(Step { at: assignment.span.end(), load: -load, parts: -parts });
    }
    steps.sort_unstable_by_key(|step| step.at);
    let (mut load, mut parts) = (0, 0);
    let mut running: Option<(Instant, i128)> = None;
    // What ends and what starts at the same instant takes effect together: touching is no sum.
    for together in steps.chunk_by(|one, two| one.at == two.at) {
        let Some(at) = together.first().map(|step| step.at) else { continue };
        load += together.iter().map(|step| step.load).sum::<i128>();
        parts += together.iter().map(|step| step.parts).sum::<i64>();
        let is_over = parts > 0 && load > i128::from(Load::WHOLE.billionths());
        running = match (running, is_over) {
            (None, true) => Some((at, load)),
            (Some((start, peak)), true) => Some((start, peak.max(load))),
            (Some((start, peak)), false) => {
                if let Some(during) = Span::new(start, at).filter(|during| during.overlaps(window)) {
                    let peak = Load(i64::try_from(peak).unwrap_or(i64::MAX));
                    emit(Conflict {
                        measured: Some(Quantity::Load(peak)),
                        limit: Some(Quantity::Load(Load::WHOLE)),
                        ..Conflict::of_person(ConflictKind::OverAllocated, first.person, during)
                    })?;
                }
                None
            }
            (None, false) => None,
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_are_written_exactly() {
        let written = |billionths| Load::from_billionths(billionths).to_string();
        assert_eq!(written(1_000_000_000), "1");
        assert_eq!(written(1_500_000_000), "1.5");
        assert_eq!(written(333_333_333), "0.333333333");
        assert_eq!(written(1), "0.000000001");
        assert_eq!(written(-250_000_000), "-0.25");
        assert_eq!(written(i64::MAX), "9223372036.854775807");
    }
}
