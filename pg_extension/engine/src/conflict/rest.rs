//! Rest between duties.
//!
//! Assignments that overlap or touch are one duty (Directive 2003/88/EC, article 2: rest is what is not
//! working time). A duty lasts until the latest end of its assignments, which need not be the end of the one
//! that starts last.

use super::input::{RestRule, Roster};
use super::row::{Cause, Conflict, ConflictKind, Quantity};
use super::sweep::{Placed, Sink};
use crate::span::Span;

/// Follows one person's duties in order of start.
pub(super) struct RestWatch<'a> {
    rules: Vec<(usize, &'a RestRule)>,
    ending_last: Option<Placed<'a>>,
}

impl<'a> RestWatch<'a> {
    /// With the rules that apply to this person.
    pub(super) fn of(roster: &'a Roster<'a>, person: usize) -> Self {
        let team = roster.people.get(person).and_then(|person| person.team);
        let applies = |rule: &RestRule| rule.team.is_none() || rule.team == team;
        let rules = roster.rest_rules.iter().enumerate().filter(|(_, rule)| applies(rule)).collect();
        Self { rules, ending_last: None }
    }

    /// The next assignment by start, then by position. Of assignments that end or start together the first by
    /// position stands for the duty, so that a later one never takes the blame for a rest that was too short
    /// without it.
    pub(super) fn next<E>(&mut self, placed: Placed<'a>, emit: &mut Sink<'_, E>) -> Result<(), E> {
        let Some(before) = self.ending_last else {
            self.ending_last = Some(placed);
            return Ok(());
        };
        if let Some(rest) = Span::new(before.1.span.end(), placed.1.span.start()) {
            self.judge(before, placed, rest, emit)?;
        }
        let ends = |(index, assignment): Placed<'_>| (assignment.span.end(), std::cmp::Reverse(index));
        if ends(placed) > ends(before) {
            self.ending_last = Some(placed);
        }
        Ok(())
    }

    fn judge<E>(
        &self,
        before: Placed<'_>,
        after: Placed<'_>,
        rest: Span,
        emit: &mut Sink<'_, E>,
    ) -> Result<(), E> {
        // A rest of more than 292,000 years has no length, and is long enough.
        let Ok(length) = rest.elapsed() else { return Ok(()) };
        for (index, rule) in &self.rules {
            if length < rule.minimum && rule.valid.contains(rest.start()) {
                emit(Conflict {
                    level: rule.level,
                    other_assignment: Some(after.0),
                    cause: Some(Cause::RestRule(*index)),
                    measured: Some(Quantity::Time(length)),
                    limit: Some(Quantity::Time(rule.minimum)),
                    ..Conflict::of(ConflictKind::InsufficientRest, before, rest)
                })?;
            }
        }
        Ok(())
    }
}
