//! Rest between duties.
//!
//! Assignments that overlap or touch are one duty (Directive 2003/88/EC, article 2: rest is what is not
//! working time). A duty lasts until the latest end of its assignments, which need not be the end of the one
//! that starts last.

use super::row::{Cause, Conflict, ConflictKind, Quantity};
use super::rule::Rule;
use super::sweep::{Placed, Sink};
use crate::duration::Duration;
use crate::span::Span;

/// One conflict for each rest of one person, and each rule, that is too short.
///
/// Assignments come by start, then by position. Of those that end or start together the first by position
/// stands for the duty, so that a later one never takes the blame for a rest that was too short without it.
pub(super) fn too_short<E>(
    rules: &[(usize, &Rule, Duration)],
    team: Option<usize>,
    assignments: &[Placed<'_>],
    window: Span,
    emit: &mut Sink<'_, E>,
) -> Result<(), E> {
    let mut ending_last: Option<Placed<'_>> = None;
    for &placed in assignments {
        let Some(before) = ending_last else {
            ending_last = Some(placed);
            continue;
        };
        let rest = Span::new(before.1.span.end(), placed.1.span.start());
        if let Some(rest) = rest.filter(|rest| rest.overlaps(window))
            // A rest of more than 292,000 years has no length, and is long enough.
            && let Ok(length) = rest.elapsed()
        {
            for (index, rule, minimum) in rules {
                if length < *minimum && rule.is_for(team) && rule.valid.contains(rest.start()) {
                    emit(Conflict {
                        level: rule.level,
                        other_assignment: Some(placed.0),
                        cause: Some(Cause::Rule(*index)),
                        measured: Some(Quantity::Time(length)),
                        limit: Some(Quantity::Time(*minimum)),
                        ..Conflict::of(ConflictKind::InsufficientRest, before, rest)
                    })?;
                }
            }
        }
        let ends = |(index, assignment): Placed<'_>| (assignment.span.end(), std::cmp::Reverse(index));
        if ends(placed) > ends(before) {
            ending_last = Some(placed);
        }
    }
    Ok(())
}
