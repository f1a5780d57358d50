//! What is found on one person's time line as a whole: rests, sums of loads, hours and rows of days.
//!
//! Unlike a conflict of two assignments, each of these has to do with every assignment near it. What a change
//! adds to them is told by comparing what was there before with what is there after.

use super::input::Roster;
use super::load::over_allocated;
use super::rest;
use super::rule::Rule;
use super::sweep::{Placed, Sink};
use super::work::Work;
use super::{days::LocalDays, hours, streak};
use crate::duration::Duration;
use crate::rule::Requirement;
use crate::span::Span;

/// The rules of a roster, sorted by what they ask for.
pub(super) struct RuleBook<'a> {
    rests: Vec<(usize, &'a Rule, Duration)>,
    sums: Vec<(usize, &'a Rule)>,
}

impl<'a> RuleBook<'a> {
    pub(super) fn of(roster: &Roster<'a>) -> Self {
        let (mut rests, mut sums) = (Vec::new(), Vec::new());
        for (index, rule) in roster.rules.iter().enumerate() {
            match rule.requirement {
                Requirement::Rest(minimum) => rests.push((index, rule, minimum)),
                Requirement::Time(_) | Requirement::Days(_) => sums.push((index, rule)),
            }
        }
        Self { rests, sums }
    }
}

/// Every such conflict of one person that overlaps the window.
///
/// `assignments` are all that are binding, by start and then by position, and at least one.
pub(super) fn find<E>(
    roster: &Roster<'_>,
    rules: &RuleBook<'_>,
    assignments: &[Placed<'_>],
    window: Span,
    emit: &mut Sink<'_, E>,
) -> Result<(), E> {
    let Some((_, first)) = assignments.first() else { return Ok(()) };
    let team = roster.people.get(first.person).and_then(|person| person.team);
    rest::too_short(&rules.rests, team, assignments, window, emit)?;
    over_allocated(assignments, window, emit)?;
    if rules.sums.is_empty() { Ok(()) } else { find_sums(roster, &rules.sums, assignments, window, emit) }
}

/// As [`find`], by these rules, which are no rest rules.
pub(super) fn find_sums<E>(
    roster: &Roster<'_>,
    rules: &[(usize, &Rule)],
    assignments: &[Placed<'_>],
    window: Span,
    emit: &mut Sink<'_, E>,
) -> Result<(), E> {
    const NO_DAYS: &LocalDays = &LocalDays::NONE;
    let Some((_, first)) = assignments.first() else { return Ok(()) };
    let person = roster.people.get(first.person).copied().unwrap_or_default();
    let days = roster.zones.get(person.zone).unwrap_or(NO_DAYS);
    let work = Work::of(first.person, assignments, days);
    for (index, rule) in rules.iter().copied().filter(|(_, rule)| rule.is_for(person.team)) {
        match rule.requirement {
            Requirement::Rest(_) => {}
            Requirement::Time(limit) => hours::excessive(&work, (index, rule), limit, window, emit)?,
            Requirement::Days(limit) => streak::too_long(&work, (index, rule), limit, window, emit)?,
        }
    }
    Ok(())
}
